//! How a feed is served: status, redirects, type, conditional requests, compression.

use url::Url;

use super::check::Checked;
use crate::app::SystemClock;
use crate::feed::check::{Dialect, Flaw, Specimen, examine, is_page};
use crate::model::clock::Clock;
use crate::source::discovery::announced;
use crate::source::fetch::{Ask, Caps, FetchError, Fetched, Fetcher, Reach, header};

/// Feeds of one page that are looked at.
const MOST_FEEDS: usize = 20;
/// A smaller document gains little by compression.
const WORTH_PACKING: usize = 2_000;
const ACCEPT: &str =
    "application/atom+xml, application/rss+xml, application/feed+json, application/xml;q=0.9, */*;q=0.8";

/// Looks at the feed at an address, or at those that a page there announces.
pub(super) async fn look(url: Url) -> anyhow::Result<Vec<Checked>> {
    let fetcher = Fetcher::new(Reach::Anywhere, Caps::default())?;
    let answer = match fetcher.fetch(ask(&url)).await {
        Ok(answer) => answer,
        Err(error) => return Ok(vec![unread(&url, &error)]),
    };
    let text = String::from_utf8_lossy(&answer.body);
    if !(answer.is_success() && is_page(&text)) {
        return Ok(vec![one(&fetcher, &url, &answer).await]);
    }
    let mut all = vec![];
    let mut served = Vec::new();
    let mut seen = Vec::new();
    for feed in announced(&text, &answer.url) {
        match feed.url {
            Some(address) if !seen.contains(&address) && seen.len() < MOST_FEEDS => seen.push(address),
            Some(_) => {}
            None => {
                let message = format!("the page announces “{}”, which is no address", feed.href);
                let remedy = "write the address of the feed into href of its <link rel=\"alternate\">";
                served.push(Flaw::error("discovery", message, remedy));
            }
        }
    }
    if seen.is_empty() && served.is_empty() {
        let message = "the page announces no feed";
        let remedy = "write <link rel=\"alternate\" type=\"application/rss+xml\" href=\"…\"> into its head";
        served.push(Flaw::error("discovery", message, remedy));
    }
    if !served.is_empty() {
        all.push(Checked {
            name: url.to_string(),
            examination: None,
            served,
        });
    }
    for address in seen {
        all.push(match fetcher.fetch(ask(&address)).await {
            Ok(answer) => one(&fetcher, &address, &answer).await,
            Err(error) => unread(&address, &error),
        });
    }
    Ok(all)
}

fn ask(url: &Url) -> Ask {
    Ask::get(url.clone()).with(&header::ACCEPT, ACCEPT)
}

fn unread(url: &Url, error: &FetchError) -> Checked {
    let remedy = "see whether the server runs and lets feed readers in, without sign-in or check for robots";
    Checked {
        name: url.to_string(),
        examination: None,
        served: vec![Flaw::error("http", format!("failed to {error}"), remedy)],
    }
}

async fn one(fetcher: &Fetcher, asked: &Url, answer: &Fetched) -> Checked {
    let mut served = Vec::new();
    way(asked, answer, &mut served);
    if !answer.is_success() {
        let message = format!("it answers {}", answer.status);
        let remedy = "let the server answer 200 to feed readers, without sign-in or check for robots";
        served.push(Flaw::error("http", message, remedy));
        return Checked {
            name: asked.to_string(),
            examination: None,
            served,
        };
    }
    let content_type = answer.header(&header::CONTENT_TYPE).unwrap_or("");
    let charset = content_type.split(';').skip(1).find_map(|part| {
        let (name, value) = part.split_once('=')?;
        name.trim()
            .eq_ignore_ascii_case("charset")
            .then(|| value.trim().trim_matches('"'))
    });
    let examination = examine(Specimen {
        bytes: &answer.body,
        address: Some(&answer.url),
        charset,
        now: SystemClock.now(),
    });
    if let Some(dialect) = examination.dialect {
        media_type(content_type, dialect, &mut served);
    }
    cost(answer, &mut served);
    caching(answer, &mut served);
    again(fetcher, answer, &mut served).await;
    Checked {
        name: asked.to_string(),
        examination: Some(examination),
        served,
    }
}

/// The way to the feed: redirects and encryption.
fn way(asked: &Url, answer: &Fetched, served: &mut Vec<Flaw>) {
    if let Some((status, to)) = answer.hops.iter().find(|(status, _)| !matches!(status, 301 | 308)) {
        let message = format!("it redirects for a while ({status}) to {to}");
        let remedy = "answer 301 or 308 if the feed moved for ever: readers ask the old address for years otherwise";
        served.push(Flaw::warning("redirect", message, remedy));
    } else if let Some((status, to)) = answer.hops.first() {
        let message = format!("it moved for ever ({status}) to {to}");
        served.push(Flaw::warning(
            "redirect",
            message,
            "give readers and pages the new address",
        ));
    }
    if answer.hops.len() > 1 {
        let message = format!("{} redirects stand one behind the other", answer.hops.len());
        served.push(Flaw::warning(
            "redirect",
            message,
            "redirect straight to the last address",
        ));
    }
    let ways = std::iter::once(asked).chain(answer.hops.iter().map(|(_, to)| to));
    if ways
        .clone()
        .zip(ways.skip(1))
        .any(|(from, to)| from.scheme() == "https" && to.scheme() == "http")
    {
        let message = "a redirect leads from https to http";
        served.push(Flaw::error(
            "https",
            message,
            "redirect to https: some readers refuse, and anybody on the way can read",
        ));
    }
    let is_local = matches!(answer.url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
    if answer.url.scheme() == "http" && !is_local {
        let message = "it is served without encryption";
        served.push(Flaw::warning(
            "https",
            message,
            "serve it over https, and redirect http there",
        ));
    }
}

fn media_type(content_type: &str, dialect: Dialect, served: &mut Vec<Flaw>) {
    let main = content_type
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    let (own, remedy): (&[&str], _) = match dialect {
        Dialect::Rss => (
            &["application/rss+xml", "application/xml", "text/xml"],
            "send Content-Type: application/rss+xml",
        ),
        Dialect::Rdf => (
            &[
                "application/rdf+xml",
                "application/rss+xml",
                "application/xml",
                "text/xml",
            ],
            "send Content-Type: application/rdf+xml",
        ),
        Dialect::Atom => (
            &["application/atom+xml", "application/xml", "text/xml"],
            "send Content-Type: application/atom+xml",
        ),
        Dialect::Json => (
            &["application/feed+json", "application/json"],
            "send Content-Type: application/feed+json",
        ),
    };
    if main.is_empty() {
        served.push(Flaw::error("media_type", "it is sent without Content-Type", remedy));
    } else if main == "text/html" {
        let message = format!(
            "{} is sent as {main}: browsers and some readers take it for a page",
            dialect.name()
        );
        served.push(Flaw::error("media_type", message, remedy));
    } else if !own.contains(&main.as_str()) {
        let message = format!("{} is sent as {main}", dialect.name());
        served.push(Flaw::warning("media_type", message, remedy));
    }
}

fn cost(answer: &Fetched, served: &mut Vec<Flaw>) {
    let packed = answer
        .header(&header::CONTENT_ENCODING)
        .is_some_and(|coding| !coding.eq_ignore_ascii_case("identity"));
    if !packed && answer.body.len() > WORTH_PACKING {
        let message = format!("it is sent uncompressed, {} bytes at every visit", answer.wire);
        served.push(Flaw::warning(
            "compression",
            message,
            "let the server compress it with gzip or br: a fifth is left",
        ));
    }
    if answer.header(&header::SET_COOKIE).is_some() {
        let message = "a cookie comes with the feed";
        served.push(Flaw::warning(
            "caching",
            message,
            "send none: caches keep no answer with a cookie",
        ));
    }
}

fn caching(answer: &Fetched, served: &mut Vec<Flaw>) {
    let Some(policy) = answer.header(&header::CACHE_CONTROL) else {
        let remedy = "send Cache-Control: max-age=1800 or what suits you: readers and caches guess without";
        served.push(Flaw::warning("caching", "it is sent without Cache-Control", remedy));
        return;
    };
    let words: Vec<String> = policy.split(',').map(|word| word.trim().to_ascii_lowercase()).collect();
    let seconds = words.iter().find_map(|word| word.strip_prefix("max-age="));
    if words.iter().any(|word| word == "no-store") {
        let message = "Cache-Control: no-store, so every visit costs the whole feed";
        served.push(Flaw::warning("caching", message, "send max-age=1800 instead"));
    } else if let Some(seconds) = seconds {
        match seconds.trim_matches('"').parse::<u64>() {
            Ok(seconds) if seconds > 86_400 => {
                let message = format!("readers may keep it for {} hours without asking", seconds / 3_600);
                served.push(Flaw::warning(
                    "caching",
                    message,
                    "send max-age of at most a day: readers miss what is new",
                ));
            }
            Ok(_) => {}
            Err(_) => {
                let message = format!("max-age is no number of seconds: {seconds}");
                served.push(Flaw::warning(
                    "caching",
                    message,
                    "send whole seconds, such as max-age=1800",
                ));
            }
        }
    }
}

/// Asks once more as a reader does that has the feed already.
async fn again(fetcher: &Fetcher, answer: &Fetched, served: &mut Vec<Flaw>) {
    let etag = answer.header(&header::ETAG);
    let modified = answer.header(&header::LAST_MODIFIED);
    if let Some(date) = modified {
        let read = chrono::DateTime::parse_from_rfc2822(date);
        if read.is_err() {
            let message = format!("Last-Modified cannot be read: {date}");
            served.push(Flaw::warning(
                "conditional",
                message,
                "write it like Wed, 25 Nov 2026 06:30:00 GMT",
            ));
        } else if read.is_ok_and(|read| read > SystemClock.now() + chrono::TimeDelta::minutes(5)) {
            let message = format!("Last-Modified lies in the future: {date}");
            served.push(Flaw::warning(
                "conditional",
                message,
                "send the time at which the bytes changed last",
            ));
        }
    }
    let mut ask = ask(&answer.url);
    if let Some(etag) = etag {
        ask = ask.with(&header::IF_NONE_MATCH, etag);
    }
    if let Some(modified) = modified {
        ask = ask.with(&header::IF_MODIFIED_SINCE, modified);
    }
    if etag.is_none() && modified.is_none() {
        let message = "it is sent with neither ETag nor Last-Modified";
        let remedy = "send one of them: without, every reader fetches all of it at every visit";
        served.push(Flaw::warning("conditional", message, remedy));
        return;
    }
    let remedy = "let the server answer 304 to If-None-Match and If-Modified-Since while nothing changed";
    match fetcher.fetch(ask).await {
        Ok(second) if second.status == 304 => {}
        Ok(second) => {
            let message = format!(
                "asked whether something changed, it answers {} instead of 304",
                second.status
            );
            served.push(Flaw::warning("conditional", message, remedy));
        }
        Err(error) => {
            served.push(Flaw::warning(
                "conditional",
                format!("asked again, it failed to {error}"),
                remedy,
            ));
        }
    }
}
