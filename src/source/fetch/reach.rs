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
        // Where a name leads is for its resolver to say.
        let may_be_opened = address.map_or(!allowed.is_empty(), |address| is_opened(address, allowed));
        if !self.is_other_port(url) || may_be_opened {
            return Ok(());
        }
        Err(other_port())
    }

    /// The names for requests to the ports of the web.
    pub(super) fn resolver(&self, names: Names) -> Resolver {
        Resolver {
            reach: self.clone(),
            names,
            opened_alone: false,
        }
    }

    /// The names for requests to all other ports, which only opened networks are asked at; `None` where none is opened.
    pub(super) fn opened_resolver(&self, names: Names) -> Option<Resolver> {
        let has_opened = matches!(self, Self::Public(allowed) if !allowed.is_empty());
        has_opened.then(|| Resolver {
            reach: self.clone(),
            names,
            opened_alone: true,
        })
    }

    /// Whether only opened networks are asked at the port of `url`.
    pub(super) fn is_other_port(&self, url: &Url) -> bool {
        let port = url.port_or_known_default().unwrap_or_default();
        matches!(self, Self::Public(_)) && !PORTS.contains(&port)
    }
}

fn is_opened(address: IpAddr, allowed: &[Range]) -> bool {
    allowed.iter().any(|range| range.contains(address))
}

fn inside() -> String {
    "it leads into this machine's own network; open it with allow_private if that is meant".to_owned()
}

fn other_port() -> String {
    "only ports 80 and 443 are asked; open the network that it leads into with allow_private if another one is meant"
        .to_owned()
}

/// Who says which addresses a name stands for.
#[derive(Debug, Clone, Default)]
pub(super) enum Names {
    /// The system.
    #[default]
    System,
    /// A test: what it says first, then, and so on.
    #[cfg(test)]
    Told(Arc<std::sync::Mutex<std::collections::VecDeque<Vec<IpAddr>>>>),
}

impl Names {
    async fn look_up(&self, name: &str) -> std::io::Result<Vec<SocketAddr>> {
        match self {
            Self::System => Ok(tokio::net::lookup_host((name, 0)).await?.collect()),
            #[cfg(test)]
            Self::Told(answers) => {
                let answer = answers.lock().unwrap().pop_front().unwrap_or_default();
                Ok(answer.into_iter().map(|address| SocketAddr::new(address, 0)).collect())
            }
        }
    }
}

/// The names without the addresses that may not be asked: what remains is what is connected to.
#[derive(Debug, Clone)]
pub(super) struct Resolver {
    reach: Reach,
    names: Names,
    /// The Internet is not asked.
    opened_alone: bool,
}

impl Resolver {
    fn may_ask(&self, address: IpAddr) -> bool {
        match &self.reach {
            Reach::Public(allowed) if self.opened_alone => is_opened(address, allowed),
            reach => reach.may_ask(address),
        }
    }

    /// What may be asked of what a name stands for.
    fn admit(&self, found: &[SocketAddr]) -> Result<Vec<SocketAddr>, String> {
        let open = found.iter().copied().filter(|address| self.may_ask(address.ip()));
        let open: Vec<SocketAddr> = open.collect();
        if !open.is_empty() {
            return Ok(open);
        }
        Err(if found.is_empty() {
            "the name has no address".to_owned()
        } else if self.opened_alone {
            other_port()
        } else {
            inside()
        })
    }
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let own = self.clone();
        Box::pin(async move {
            let found = own.names.look_up(name.as_str()).await?;
            Ok(Box::new(own.admit(&found)?.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_author_who_opens_a_network_opens_no_ports_of_the_internet() {
        let reach = Reach::public(["10.1.0.0/16".parse().unwrap()]);
        let at = |address: &str| SocketAddr::new(address.parse().unwrap(), 0);
        let found = ["93.184.215.14", "10.1.2.3", "10.2.0.1", "127.0.0.1"].map(at);
        let others = reach.opened_resolver(Names::System).unwrap();
        assert_eq!(others.admit(&found).unwrap(), [at("10.1.2.3")]);
        assert!(others.admit(&found[..1]).unwrap_err().contains("80 and 443"));
        let web = reach.resolver(Names::System);
        assert_eq!(web.admit(&found).unwrap(), [at("93.184.215.14"), at("10.1.2.3")]);
        assert!(web.admit(&found[2..]).unwrap_err().contains("own network"));
        for (address, may_be_asked) in [
            ("http://10.1.2.3:8080/", true),
            ("http://93.184.215.14:8080/", false),
            ("http://93.184.215.14/", true),
            ("https://reader.example:8443/", true),
        ] {
            assert_eq!(
                reach.examine(&address.parse().unwrap()).is_ok(),
                may_be_asked,
                "{address}"
            );
        }
        assert!(Reach::public([]).opened_resolver(Names::System).is_none());
        let closed = Reach::public([]).examine(&"https://reader.example:8443/".parse().unwrap());
        assert!(closed.is_err());
    }
}
