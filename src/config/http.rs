//! `[http]`: the door to the world.

use std::net::{IpAddr, SocketAddr};

use url::Url;

/// `[http]`
#[derive(Debug, Clone)]
pub struct Http {
    /// Address and port; default `127.0.0.1:8080`.
    pub listen: SocketAddr,
    /// Where people find this service, with a trailing slash. It stands in every letter.
    pub public_url: Url,
    /// Proxies whose forwarding headers are believed.
    pub trusted_proxies: Vec<IpAddr>,
}

impl Http {
    /// An absolute address under `public_url`; `path` without a leading slash.
    pub fn address(&self, path: &str) -> String {
        format!("{}{path}", self.public_url)
    }
}
