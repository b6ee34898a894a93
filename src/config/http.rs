//! `[http]`: the door to the world.

use std::net::{IpAddr, SocketAddr};

use config::Value;
use url::{Host, Url};

use super::problem::Wrong;
use super::section::Section;
use super::value::{Read, base_address, list, text};

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

/// Reads `[http]`.
pub(super) fn read(mut section: Section<'_>) -> Http {
    let listen = section
        .get("listen", address_and_port)
        .unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 8080)));
    let given = section.get("public_url", base_address);
    if let Some(url) = given.as_ref().filter(|url| url.scheme() == "http" && !is_loopback(url)) {
        let remedy = format!(
            "write `https://{}`; plain http is for loopback only",
            &url.as_str()["http://".len()..]
        );
        section.refuse("public_url", Wrong::new("is not encrypted", remedy));
    }
    if given.is_none() && !listen.ip().is_loopback() && !section.was_given("public_url") {
        let remedy = "write the address under which people reach this service: it stands in every letter";
        section.refuse("public_url", Wrong::new("is missing", remedy));
    }
    let trusted_proxies = section.get("trusted_proxies", list(ip_address)).unwrap_or_default();
    section.close();
    Http {
        listen,
        public_url: given.unwrap_or_else(|| own_address(listen)),
        trusted_proxies,
    }
}

/// Whether an address names this very machine.
fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// Whether readers find the feeds on another host while this service can be reached from its own machine only.
pub(super) fn is_out_of_reach(public_url: &Url, base_url: &Url) -> bool {
    is_loopback(public_url) && !is_loopback(base_url)
}

fn own_address(listen: SocketAddr) -> Url {
    Url::parse(&format!("http://{listen}/")).expect("an address and a port always make a web address")
}

fn address_and_port(value: &Value) -> Read<SocketAddr> {
    let text = text(value)?;
    let remedy = "write an IP address and a port, such as `127.0.0.1:8080` or `[::1]:8080`";
    text.parse()
        .map_err(|_| Wrong::new(format!("\"{text}\" is not an address to listen on"), remedy))
}

fn ip_address(value: &Value) -> Read<IpAddr> {
    let text = text(value)?;
    text.parse().map_err(|_| {
        Wrong::new(
            format!("\"{text}\" is not an IP address"),
            "write one such as `10.0.0.7`",
        )
    })
}
