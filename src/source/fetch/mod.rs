//! The one client that goes out to foreign servers: guarded, capped and polite.
//!
//! A URL may be a stranger's (a callback, a redirect of somebody's feed), so it must not lead into the network that this
//! machine stands in. Names are resolved here and only addresses that may be asked reach the connection: a check before
//! connecting alone is defeated by a name that changes its mind (DNS rebinding). Every redirect is looked at anew.

mod reach;
mod unpack;

use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::redirect::Policy;
use reqwest::{Client, Method};
use url::Url;

/// Names of headers, for those who ask and those who read answers.
pub use reqwest::header;

pub use reach::Reach;

/// Who asks.
const AGENT: &str = concat!(
    "Letterpress/",
    env!("CARGO_PKG_VERSION"),
    " (feed and newsletter service)"
);

/// Why nothing was fetched.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The address may not be asked.
    #[error("fetch {url}: {why}")]
    Refused {
        /// Without user and password.
        url: String,
        /// With what to do.
        why: String,
    },
    /// No answer, or none that can be read.
    #[error("fetch {url}: {why}")]
    Failed {
        /// Without user and password.
        url: String,
        /// In the words of the library.
        why: String,
    },
    /// The answer is larger than it may be.
    #[error("fetch {url}: its answer {why}; it is not read")]
    TooLarge {
        /// Without user and password.
        url: String,
        /// How so.
        why: &'static str,
    },
}

/// How much a request may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caps {
    /// Redirects that are followed.
    pub redirects: usize,
    /// Bytes of the answer, after decompression.
    pub bytes: usize,
    /// Until the connection stands.
    pub connect: Duration,
    /// From the first step to the last byte, redirects included.
    pub whole: Duration,
}

impl Default for Caps {
    fn default() -> Self {
        Self {
            redirects: 5,
            bytes: 10 << 20,
            connect: Duration::from_secs(5),
            whole: Duration::from_secs(30),
        }
    }
}

/// One question.
#[derive(Debug, Clone)]
pub struct Ask {
    method: Method,
    url: Url,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Ask {
    /// `GET`.
    pub fn get(url: Url) -> Self {
        Self::of(Method::GET, url)
    }

    /// `HEAD`.
    pub fn head(url: Url) -> Self {
        Self::of(Method::HEAD, url)
    }

    /// `POST` of a body; after a redirect it is not repeated.
    pub fn post(url: Url, media_type: &str, body: Vec<u8>) -> Self {
        let ask = Self {
            body,
            ..Self::of(Method::POST, url)
        };
        ask.with(&header::CONTENT_TYPE, media_type)
    }

    fn of(method: Method, url: Url) -> Self {
        Self {
            method,
            url,
            headers: HeaderMap::new(),
            body: Vec::new(),
        }
    }

    /// With a header; one that cannot be sent is left out.
    #[must_use]
    pub fn with(mut self, name: &HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.insert(name, value);
        }
        self
    }
}

/// An answer.
#[derive(Debug, Clone)]
pub struct Fetched {
    /// The status code of the last answer.
    pub status: u16,
    /// Where it came from in the end.
    pub url: Url,
    /// Each hop on the way there: its status and where it led.
    pub hops: Vec<(u16, Url)>,
    /// As they came.
    pub headers: HeaderMap,
    /// Decompressed.
    pub body: Vec<u8>,
    /// Bytes on the wire, before decompression.
    pub wire: usize,
}

impl Fetched {
    /// Whether it is a 2xx.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// A header as text; the first one of its name.
    pub fn header(&self, name: &HeaderName) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// The client. Cheap to clone; connections are kept for the next request.
#[derive(Debug, Clone)]
pub struct Fetcher {
    client: Client,
    /// For other ports than those of the web: it reaches opened networks alone.
    opened: Option<Client>,
    reach: Reach,
    caps: Caps,
}

impl Fetcher {
    /// A client that goes as far as `reach`, and spends at most `caps` on each request.
    ///
    /// # Errors
    /// Where this machine has no store of root certificates.
    pub fn new(reach: Reach, caps: Caps) -> Result<Self, FetchError> {
        Self::with_names(reach, caps, &reach::Names::System)
    }

    fn with_names(reach: Reach, caps: Caps, names: &reach::Names) -> Result<Self, FetchError> {
        // The library panics without one; whoever was first is the same one.
        drop(rustls::crypto::aws_lc_rs::default_provider().install_default());
        Ok(Self {
            client: client(reach.resolver(names.clone()), caps)?,
            opened: reach
                .opened_resolver(names.clone())
                .map(|names| client(names, caps))
                .transpose()?,
            reach,
            caps,
        })
    }

    /// Asks, follows redirects and reads the answer.
    pub async fn fetch(&self, ask: Ask) -> Result<Fetched, FetchError> {
        let url = ask.url.clone();
        tokio::time::timeout(self.caps.whole, self.follow(ask))
            .await
            .unwrap_or_else(|_| Err(self.too_late(&url)))
    }

    /// Asks, follows no redirect, and reads the status of the answer alone.
    pub async fn knock(&self, ask: Ask) -> Result<u16, FetchError> {
        let asked = tokio::time::timeout(self.caps.whole, self.one(&ask)).await;
        let answer = asked.unwrap_or_else(|_| Err(self.too_late(&ask.url)))?;
        Ok(answer.status().as_u16())
    }

    fn too_late(&self, url: &Url) -> FetchError {
        FetchError::Failed {
            url: shown(url),
            why: format!("no whole answer within {} s", self.caps.whole.as_secs()),
        }
    }

    async fn follow(&self, mut ask: Ask) -> Result<Fetched, FetchError> {
        let mut hops = Vec::new();
        loop {
            let answer = self.one(&ask).await?;
            let target = redirect(&answer).filter(|_| self.caps.redirects > 0);
            let Some(target) = target else {
                return self.read(answer, hops).await;
            };
            if hops.len() >= self.caps.redirects {
                return Err(FetchError::Refused {
                    url: shown(&ask.url),
                    why: format!("more than {} redirects", self.caps.redirects),
                });
            }
            let next = ask.url.join(&target).map_err(|_| FetchError::Failed {
                url: shown(&ask.url),
                why: "it redirects to something that is no address".to_owned(),
            })?;
            if ask.url.scheme() == "https" && next.scheme() != "https" {
                return Err(FetchError::Refused {
                    url: shown(&ask.url),
                    why: "it leads from an encrypted address to one that is not".to_owned(),
                });
            }
            hops.push((answer.status().as_u16(), next.clone()));
            ask.url = next;
            if ask.method == Method::POST {
                ask = Ask::get(ask.url);
            }
        }
    }

    async fn one(&self, ask: &Ask) -> Result<reqwest::Response, FetchError> {
        self.reach.examine(&ask.url).map_err(|why| FetchError::Refused {
            url: shown(&ask.url),
            why,
        })?;
        let others = self.opened.as_ref().filter(|_| self.reach.is_other_port(&ask.url));
        let request = others
            .unwrap_or(&self.client)
            .request(ask.method.clone(), ask.url.clone())
            .header(header::ACCEPT_ENCODING, unpack::ACCEPTED)
            .headers(ask.headers.clone())
            .body(ask.body.clone());
        request.send().await.map_err(|error| FetchError::Failed {
            url: shown(&ask.url),
            why: chain(&error),
        })
    }

    async fn read(&self, mut answer: reqwest::Response, hops: Vec<(u16, Url)>) -> Result<Fetched, FetchError> {
        let url = answer.url().clone();
        let too_large = |why| FetchError::TooLarge { url: shown(&url), why };
        let mut packed = Vec::new();
        loop {
            let chunk = answer.chunk().await.map_err(|error| FetchError::Failed {
                url: shown(&url),
                why: chain(&error),
            })?;
            let Some(chunk) = chunk else { break };
            if packed.len() + chunk.len() > self.caps.bytes {
                return Err(too_large("is too long"));
            }
            packed.extend_from_slice(&chunk);
        }
        let wire = packed.len();
        let coding = answer.headers().get(header::CONTENT_ENCODING).cloned();
        let coding = coding.as_ref().and_then(|name| name.to_str().ok()).unwrap_or_default();
        let body = match unpack::unpack(packed, coding, self.caps.bytes) {
            Ok(body) => body,
            Err(unpack::Unread::TooLarge(why)) => return Err(too_large(why)),
            Err(unpack::Unread::Broken(why)) => {
                return Err(FetchError::Failed { url: shown(&url), why });
            }
        };
        Ok(Fetched {
            status: answer.status().as_u16(),
            headers: answer.headers().clone(),
            url,
            hops,
            body,
            wire,
        })
    }
}

fn client(names: reach::Resolver, caps: Caps) -> Result<Client, FetchError> {
    let client = Client::builder()
        .user_agent(AGENT)
        .redirect(Policy::none())
        .no_proxy()
        .connect_timeout(caps.connect)
        .dns_resolver(names)
        .build();
    client.map_err(|error| FetchError::Failed {
        url: "anything".to_owned(),
        why: format!("{}; install the package ca-certificates", chain(&error)),
    })
}

/// Where an answer sends on to.
fn redirect(answer: &reqwest::Response) -> Option<String> {
    if !matches!(answer.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    let target = answer.headers().get(header::LOCATION)?;
    Some(String::from_utf8_lossy(target.as_bytes()).into_owned())
}

/// An address as messages and logs may show it.
fn shown(url: &Url) -> String {
    let mut url = url.clone();
    // Neither fails on an address with a host, and one without has nothing to hide.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.to_string()
}

/// An error with its causes: the library's own sentence is the least telling of them.
fn chain(error: &dyn std::error::Error) -> String {
    let mut words = String::new();
    let mut next = error.source();
    while let Some(cause) = next {
        words = cause.to_string();
        next = cause.source();
    }
    if words.is_empty() { error.to_string() } else { words }
}

#[cfg(test)]
mod tests;
