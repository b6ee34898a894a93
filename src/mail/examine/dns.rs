//! Names looked up, with as little of the resolver as is needed.

use std::net::SocketAddr;
use std::time::Duration;

use hickory_resolver::TokioResolver;
use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolverConfig};
use hickory_resolver::lookup::Lookup;
use hickory_resolver::net::NetError;
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::proto::rr::RData;

/// How long one question may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// Why a question has no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name} cannot be looked up: {why}")]
pub struct DnsError {
    name: String,
    why: String,
}

/// A resolver.
#[derive(Clone)]
pub struct Dns(TokioResolver);

impl std::fmt::Debug for Dns {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Dns")
    }
}

impl Dns {
    /// The system's resolver, or one server.
    ///
    /// # Errors
    /// When the system's settings cannot be read.
    pub fn new(server: Option<SocketAddr>) -> Result<Self, DnsError> {
        let failed = |error: NetError| DnsError {
            name: "the DNS".to_owned(),
            why: error.to_string(),
        };
        let mut builder = match server {
            None => TokioResolver::builder_tokio().map_err(failed)?,
            Some(server) => {
                let connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()].map(|mut connection| {
                    connection.port = server.port();
                    connection
                });
                let server = NameServerConfig::new(server.ip(), true, connections.to_vec());
                let config = ResolverConfig::from_name_servers(vec![server]);
                TokioResolver::builder_with_config(config, TokioRuntimeProvider::default())
            }
        };
        builder.options_mut().timeout = PATIENCE;
        builder.options_mut().attempts = 1;
        Ok(Self(builder.build().map_err(failed)?))
    }

    /// The texts of a name, the strings of each record joined; none when the name or the record does not exist.
    pub(super) async fn txt(&self, name: &str) -> Result<Vec<String>, DnsError> {
        let found = answers(name, self.0.txt_lookup(absolute(name)).await)?;
        let texts = found.iter().filter_map(|record| match record {
            RData::TXT(txt) => Some(txt.txt_data.concat()),
            _ => None,
        });
        Ok(texts.map(|text| String::from_utf8_lossy(&text).into_owned()).collect())
    }

    /// The mail servers of a name, best first; none when there are none, or when it says that it takes no mail (RFC 7505).
    pub(super) async fn mx(&self, name: &str) -> Result<Vec<String>, DnsError> {
        let found = answers(name, self.0.mx_lookup(absolute(name)).await)?;
        let mut hosts: Vec<(u16, String)> = found
            .iter()
            .filter_map(|record| match record {
                RData::MX(mx) => Some((mx.preference, mx.exchange.to_utf8().trim_end_matches('.').to_owned())),
                _ => None,
            })
            .filter(|(_, host)| !host.is_empty())
            .collect();
        hosts.sort();
        Ok(hosts.into_iter().map(|(_, host)| host).collect())
    }
}

/// With a dot at its end nothing is appended to it.
fn absolute(name: &str) -> String {
    format!("{}.", name.trim_end_matches('.'))
}

fn answers(name: &str, answer: Result<Lookup, NetError>) -> Result<Vec<RData>, DnsError> {
    match answer {
        Ok(lookup) => Ok(lookup.answers().iter().map(|record| record.data.clone()).collect()),
        Err(error) if error.is_no_records_found() || error.is_nx_domain() => Ok(Vec::new()),
        Err(error) => Err(DnsError {
            name: name.to_owned(),
            why: error.to_string(),
        }),
    }
}
