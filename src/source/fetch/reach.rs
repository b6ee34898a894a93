//! How far a request may go.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

use crate::model::reach::{Range, is_public};

/// Ports of the web.
const PORTS: [u16; 2] = [80, 443];

/// How far a request may go.
#[derive(Debug, Clone)]
pub enum Reach {
    /// To servers on the Internet, and to networks that the author opened by name, there on every port.
    Public(Arc<[Range]>),
    /// Anywhere: the address was typed by the person who runs the command.
    Anywhere,
}

impl Reach {
    /// To the Internet alone, and to `allowed`.
    pub fn public(allowed: impl Into<Arc<[Range]>>) -> Self {
        Self::Public(allowed.into())
    }

    fn may_ask(&self, address: IpAddr) -> bool {
        match self {
            Self::Anywhere => true,
            Self::Public(allowed) => is_public(address) || is_opened(address, allowed),
        }
    }

    /// What can be said about a URL before a name is resolved. A host that is an address never meets the resolver.
    ///
    /// # Errors
    /// Why it may not be asked, with what to do.
    pub fn examine(&self, url: &Url) -> Result<(), String> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(format!(
                "`{}:` is not fetched; write an http or https address",
                url.scheme()
            ));
        }
        let Self::Public(allowed) = self else {
            return Ok(());
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err("a name and password do not belong into an address; take them out".to_owned());
        }
        let address = match url.host() {
            Some(Host::Ipv4(address)) => Some(IpAddr::V4(address)),
            Some(Host::Ipv6(address)) => Some(IpAddr::V6(address)),
            Some(Host::Domain(_)) => None,
            None => return Err("it has no host".to_owned()),
        };
        if let Some(address) = address
            && !self.may_ask(address)
        {
            return Err(inside());
        }
        let port = url.port_or_known_default().unwrap_or_default();
        let is_opened = address.is_some_and(|address| is_opened(address, allowed));
        if PORTS.contains(&port) || is_opened || (address.is_none() && !allowed.is_empty()) {
            return Ok(());
        }
        Err(format!("port {port} is not asked, only 80 and 443"))
    }

    pub(super) fn resolver(&self) -> Resolver {
        Resolver(self.clone())
    }
}

fn is_opened(address: IpAddr, allowed: &[Range]) -> bool {
    allowed.iter().any(|range| range.contains(address))
}

fn inside() -> String {
    "it leads into this machine's own network; open it with allow_private if that is meant".to_owned()
}

/// The system's names, without the addresses that may not be asked: what remains is what is connected to.
#[derive(Debug)]
pub(super) struct Resolver(Reach);

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let reach = self.0.clone();
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            let open: Vec<SocketAddr> = found
                .iter()
                .copied()
                .filter(|address| reach.may_ask(address.ip()))
                .collect();
            if open.is_empty() {
                let why = if found.is_empty() {
                    "the name has no address".to_owned()
                } else {
                    inside()
                };
                return Err(why.into());
            }
            Ok(Box::new(open.into_iter()) as Addrs)
        })
    }
}
