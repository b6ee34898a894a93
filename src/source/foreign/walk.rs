//! A feed with its older documents, as far back as it goes.

use std::collections::HashSet;

use reqwest::header;
use url::Url;

use super::super::discovery::announced;
use super::super::fetch::{Ask, Fetched, Fetcher};
use super::{ForeignEntry, ForeignError, ForeignFeed, read};

/// Documents of one feed at most.
const MOST_DOCUMENTS: usize = 200;
/// Entries of all of them at most.
const MOST_ENTRIES: usize = 100_000;

/// What was read.
#[derive(Debug, Default)]
pub struct Walked {
    /// Of all documents, the newest document first.
    pub entries: Vec<ForeignEntry>,
    /// How many were read.
    pub documents: usize,
    /// Why older ones were not.
    pub unread: Vec<String>,
}

/// Reads the feed at an address, or the first one that a page there announces, and its older documents on the same host.
///
/// # Errors
/// The first document could not be had or read.
pub async fn walk(fetcher: &Fetcher, address: Url) -> Result<Walked, ForeignError> {
    let mut answer = fetch(fetcher, &address).await?;
    let page = String::from_utf8_lossy(&answer.body[..answer.body.len().min(1 << 20)]).into_owned();
    if page.trim_start().to_ascii_lowercase().starts_with("<!doctype html") || page.trim_start().starts_with("<html") {
        let feed = announced(&page, &answer.url).into_iter().find_map(|feed| feed.url);
        let feed = feed.ok_or_else(|| ForeignError::Unreadable("this page announces no feed".to_owned()))?;
        answer = fetch(fetcher, &feed).await?;
    }
    let home = answer.url.clone();
    let mut seen = HashSet::from([home.clone()]);
    let mut walked = Walked::default();
    let mut next = walked.take(read_answer(&answer)?);
    while let Some(url) = next.pop() {
        if !seen.insert(url.clone()) {
            continue;
        }
        if url.host_str() != home.host_str() || url.port_or_known_default() != home.port_or_known_default() {
            walked.unread.push(format!(
                "{url} is another server's; import it by itself if you trust it"
            ));
            continue;
        }
        if walked.documents >= MOST_DOCUMENTS || walked.entries.len() >= MOST_ENTRIES {
            walked
                .unread
                .push(format!("{url} and what is older: the feed is too long"));
            break;
        }
        match fetch(fetcher, &url).await.and_then(|answer| read_answer(&answer)) {
            Ok(feed) => next.extend(walked.take(feed)),
            Err(error) => walked.unread.push(format!("{url}: failed to {error}")),
        }
    }
    Ok(walked)
}

impl Walked {
    /// Takes a document; returns where older ones are.
    fn take(&mut self, feed: ForeignFeed) -> Vec<Url> {
        self.documents += 1;
        self.entries.extend(feed.entries);
        feed.older
    }
}

async fn fetch(fetcher: &Fetcher, url: &Url) -> Result<Fetched, ForeignError> {
    let answer = fetcher.fetch(Ask::get(url.clone())).await?;
    if answer.is_success() {
        Ok(answer)
    } else {
        Err(ForeignError::Status {
            url: url.clone(),
            status: answer.status,
        })
    }
}

fn read_answer(answer: &Fetched) -> Result<ForeignFeed, ForeignError> {
    let content_type = answer.header(&header::CONTENT_TYPE).unwrap_or_default();
    let charset = content_type.split(';').skip(1).find_map(|part| {
        let (name, value) = part.split_once('=')?;
        name.trim()
            .eq_ignore_ascii_case("charset")
            .then(|| value.trim().trim_matches('"'))
    });
    read(&answer.body, Some(&answer.url), charset)
}
