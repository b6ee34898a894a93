//! `[http]`: the door to the world.

use std::net::{IpAddr, SocketAddr};

use config::Value;
use url::{Host, Url};

use super::problem::Wrong;
use super::section::Section;
use super::value::{Read, base_address, list, text};
use super::websub::network;
use crate::model::reach::Range;

/// `[http]`
#[derive(Debug, Clone)]
pub struct Http {
    /// Address and port; default `127.0.0.1:8080`.
    pub listen: SocketAddr,
    /// Where people find this service, with a trailing slash. It stands in every letter.
    pub public_url: Url,
    /// Proxies whose forwarding headers are believed.
    pub trusted_proxies: Vec<IpAddr>,
    /// Networks beside this machine that may see `/metrics`.
    pub metrics_allow: Vec<Range>,
    /// Where this service was before: whoever asks there is led to `public_url`.
    pub old_hosts: Vec<OldHost>,
}

/// A host that this service had before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OldHost {
    /// In lower case, without port.
    pub name: String,
    /// Only where readers came without encryption: written `http://old.example.org`.
    pub plain_only: bool,
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
    let metrics_allow = section.get("metrics_allow", list(network)).unwrap_or_default();
    let public_url = given.unwrap_or_else(|| own_address(listen));
    let old_hosts = section.get("old_hosts", list(old_host)).unwrap_or_default();
    if let Some(circle) = old_hosts.iter().find(|old| leads_to_itself(old, &public_url)) {
        let what = format!("leads `{}` to itself", circle.name);
        let remedy =
            "leave the host of http.public_url out; `http://` before it leads to https where public_url is https";
        section.refuse("old_hosts", Wrong::new(what, remedy));
    }
    section.close();
    Http {
        listen,
        public_url,
        trusted_proxies,
        metrics_allow,
        old_hosts,
    }
}

/// Whether readers of an old host would be led back to it.
fn leads_to_itself(old: &OldHost, public_url: &Url) -> bool {
    let is_same = public_url
        .host_str()
        .is_some_and(|host| host.trim_matches(['[', ']']) == old.name);
    is_same && !(old.plain_only && public_url.scheme() == "https")
}

/// Whether the host of `base_url` is led elsewhere, so that the addresses in feeds would not be those where they are.
pub(super) fn leads_away(http: &Http, base_url: &Url) -> bool {
    http.old_hosts.iter().any(|old| leads_to_itself(old, base_url))
}

/// Whether an address names this very machine.
pub fn is_loopback(url: &Url) -> bool {
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

/// `old.example.org`, or `http://old.example.org`.
fn old_host(value: &Value) -> Read<OldHost> {
    let written = text(value)?;
    let bare = written.strip_prefix("http://");
    let name = bare.unwrap_or(&written).trim_end_matches(['.', '/']);
    let remedy = "write a name such as `old.example.org`, or `http://old.example.org`, without port and path";
    let Ok(host) = Host::parse(name) else {
        return Err(Wrong::new(format!("\"{written}\" is not the name of a host"), remedy));
    };
    Ok(OldHost {
        name: host.to_string().trim_matches(['[', ']']).to_owned(),
        plain_only: bare.is_some(),
    })
}
