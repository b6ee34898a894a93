//! A feed on another server as a source: asked politely, read with care, its entries as items (`sources.md` 3.4,
//! `feeds.md` section 17).

use std::collections::HashSet;
use std::time::Duration;

use chrono::{DateTime, Utc};
use url::Url;

use super::discovery::announced;
use super::fetch::{Ask, FetchError, Fetched, Fetcher, header};
use super::foreign::{self, ForeignError, Text, WholeEntry, WholeFeed};
use super::header::Value;
use super::item::{Body, Item};
use crate::model::article::{DateOrigin, Enclosure, Guid, Problem, Severity};

/// A server may ask for this much patience.
const LONGEST_DELAY: Duration = Duration::from_secs(86_400);

/// What is asked.
#[derive(Debug, Clone)]
pub struct Question {
    /// The feed.
    pub url: Url,
    /// Validators of the document that was read last; `None` asks for it whatever it is.
    pub etag: Option<String>,
    /// The same as a date.
    pub modified: Option<String>,
    /// Who asks: a page where somebody can be found.
    pub contact: String,
}

/// What came of asking.
#[derive(Debug)]
pub enum Answer {
    /// The document is the one that was read last.
    Unchanged(Delay),
    /// A document.
    Feed(Box<Received>),
    /// None; what was read before stays.
    Failed(Failure),
}

/// How long a server wants to be left alone.
pub type Delay = Option<Duration>;

/// A document that was received and read.
#[derive(Debug)]
pub struct Received {
    /// Its entries.
    pub items: Vec<Item>,
    /// For the next question.
    pub etag: Option<String>,
    /// For the next question.
    pub modified: Option<String>,
    /// From its headers, or from the feed itself.
    pub delay: Delay,
    /// What somebody should know of the feed as a whole.
    pub problems: Vec<Problem>,
}

/// Why there is no document.
#[derive(Debug)]
pub struct Failure {
    /// For a person.
    pub problem: Problem,
    /// What the server asked for.
    pub delay: Delay,
    /// It is gone for good.
    pub is_gone: bool,
}

impl Failure {
    /// No client could be made.
    pub fn of(error: &FetchError) -> Self {
        unfetched(error)
    }

    /// It is no feed that can be a source.
    pub fn invalid(message: &str, remedy: &str) -> Self {
        Self {
            problem: invalid(message, remedy),
            delay: None,
            is_gone: false,
        }
    }
}

/// Asks for a feed, and reads it.
pub async fn ask(fetcher: &Fetcher, question: &Question, now: DateTime<Utc>) -> Answer {
    let agent = format!(
        "Letterpress/{} (feed reader; +{})",
        env!("CARGO_PKG_VERSION"),
        question.contact
    );
    let mut ask = Ask::get(question.url.clone()).with(&header::USER_AGENT, &agent).with(
        &header::ACCEPT,
        "application/atom+xml, application/rss+xml, application/feed+json, application/xml;q=0.9, */*;q=0.5",
    );
    if let Some(etag) = &question.etag {
        ask = ask.with(&header::IF_NONE_MATCH, etag);
    }
    if let Some(modified) = &question.modified {
        ask = ask.with(&header::IF_MODIFIED_SINCE, modified);
    }
    let answer = match fetcher.fetch(ask).await {
        Ok(answer) => answer,
        Err(error) => return Answer::Failed(unfetched(&error)),
    };
    let delay = delay(&answer, now);
    let asked_with_validators = question.etag.is_some() || question.modified.is_some();
    match answer.status {
        304 if asked_with_validators => Answer::Unchanged(delay),
        200..=299 => read_on_a_thread(answer, delay).await,
        status => Answer::Failed(refused(status, &question.url, delay)),
    }
}

async fn read_on_a_thread(answer: Fetched, delay: Delay) -> Answer {
    let read = tokio::task::spawn_blocking(move || received(&answer, delay));
    match read.await {
        Ok(Ok(received)) => Answer::Feed(Box::new(received)),
        Ok(Err(problem)) => Answer::Failed(Failure {
            problem,
            delay,
            is_gone: false,
        }),
        Err(_) => Answer::Failed(Failure {
            problem: invalid(
                "reading it ended in a defect of this program",
                "please report it with the address",
            ),
            delay,
            is_gone: false,
        }),
    }
}

fn received(answer: &Fetched, delay: Delay) -> Result<Received, Problem> {
    let feed = read_document(&answer.body, &answer.url, charset(answer).as_deref())?;
    let mut problems = Vec::new();
    if feed.guessed {
        problems.push(problem(
            "not_utf8",
            "the feed does not say how its bytes are to be read; Windows-1252 was taken",
            "let the server send UTF-8",
            Severity::Warning,
        ));
    }
    if let Some((_, target)) = answer.hops.last()
        && answer.hops.iter().all(|(status, _)| matches!(status, 301 | 308))
    {
        problems.push(problem(
            "feed_moved",
            &format!("the feed has moved to {target} for good"),
            "write that address into `url` of the source, and its `id` as it is now",
            Severity::Notice,
        ));
    }
    let own = feed.ttl.map(|minutes| Duration::from_secs(u64::from(minutes) * 60));
    let said = |name: &header::HeaderName| answer.header(name).map(str::to_owned).filter(|text| text.len() <= 512);
    Ok(Received {
        etag: said(&header::ETAG),
        modified: said(&header::LAST_MODIFIED),
        delay: delay.max(own).map(|delay| delay.min(LONGEST_DELAY)),
        items: items(feed, Some(&answer.url)),
        problems,
    })
}

/// Reads the bytes of a feed.
pub(super) fn read_document(bytes: &[u8], address: &Url, charset: Option<&str>) -> Result<WholeFeed, Problem> {
    foreign::read_whole(bytes, Some(address), charset).map_err(|error| {
        let head = String::from_utf8_lossy(&bytes[..bytes.len().min(1 << 20)]);
        if is_page(&head) {
            return not_a_feed(&head, address);
        }
        let said = match error {
            ForeignError::Unreadable(said) => said,
            other => other.to_string(),
        };
        invalid(
            &format!("the feed cannot be read: {said}"),
            "`letterpress feeds check URL` says more; articles that were read before stay",
        )
    })
}

fn is_page(head: &str) -> bool {
    let start = head.trim_start_matches('\u{feff}').trim_start();
    let lower = start.get(..start.len().min(300)).map(str::to_ascii_lowercase);
    let lower = lower.unwrap_or_else(|| start.chars().take(60).collect::<String>().to_ascii_lowercase());
    lower.starts_with("<!doctype html")
        || lower.starts_with("<html")
        || (lower.contains("<html") && !lower.contains("<rss"))
}

fn not_a_feed(page: &str, address: &Url) -> Problem {
    let feed = announced(page, address).into_iter().find_map(|feed| feed.url);
    let remedy = match feed {
        Some(feed) => format!("the page announces {feed}: write that into `url`; articles that were read before stay"),
        None => "look at the address in a browser; articles that were read before stay".to_owned(),
    };
    invalid("a page came in place of the feed", &remedy)
}

fn problem(code: &str, message: &str, remedy: &str, severity: Severity) -> Problem {
    Problem {
        locator: String::new(),
        line: None,
        code: code.to_owned(),
        message: message.to_owned(),
        remedy: remedy.to_owned(),
        severity,
    }
}

fn invalid(message: &str, remedy: &str) -> Problem {
    problem("feed_invalid", message, remedy, Severity::Error)
}

fn unfetched(error: &FetchError) -> Failure {
    let (code, remedy) = match error {
        FetchError::TooLarge { .. } => (
            "too_large",
            "ask for a shorter feed; articles that were read before stay",
        ),
        FetchError::Refused { .. } => (
            "fetch_failed",
            "correct `url`, or open the network with `allow_private`",
        ),
        FetchError::Failed { .. } => (
            "fetch_failed",
            "it is tried again by itself; articles that were read before stay",
        ),
    };
    Failure {
        problem: problem(code, &format!("failed to {error}"), remedy, Severity::Error),
        delay: None,
        is_gone: false,
    }
}

fn refused(status: u16, url: &Url, delay: Delay) -> Failure {
    let is_gone = status == 410;
    let (code, message, remedy) = if is_gone {
        (
            "feed_gone",
            format!("{url} answers 410: the feed is gone for good and is not asked any more"),
            "write its new address, or remove the source; articles that were read before stay",
        )
    } else {
        (
            "fetch_failed",
            format!("{url} answers {status}"),
            "look at the address in a browser; it is tried again by itself, and articles that were read before stay",
        )
    };
    Failure {
        problem: problem(code, &message, remedy, Severity::Error),
        delay,
        is_gone,
    }
}

/// `Retry-After`, else `max-age`; at most a day.
fn delay(answer: &Fetched, now: DateTime<Utc>) -> Delay {
    let retry = answer.header(&header::RETRY_AFTER).and_then(|text| {
        let seconds = text.trim().parse().ok().map(Duration::from_secs);
        seconds.or_else(|| {
            let date = DateTime::parse_from_rfc2822(text.trim()).ok()?;
            (date.with_timezone(&Utc) - now).to_std().ok()
        })
    });
    let age = || {
        let control = answer.header(&header::CACHE_CONTROL)?;
        let mut parts = control.split(',').map(str::trim);
        let seconds = parts.find_map(|part| part.strip_prefix("max-age="))?;
        seconds.trim_matches('"').parse().ok().map(Duration::from_secs)
    };
    retry.or_else(age).map(|delay| delay.min(LONGEST_DELAY))
}

fn charset(answer: &Fetched) -> Option<String> {
    let written = answer.header(&header::CONTENT_TYPE)?;
    written.split(';').skip(1).find_map(|part| {
        let (name, value) = part.split_once('=')?;
        let own = name.trim().eq_ignore_ascii_case("charset");
        own.then(|| value.trim().trim_matches(['"', '\'']).to_owned())
    })
}

/// The entries of a feed as items; `address` is where it came from.
pub(super) fn items(feed: WholeFeed, address: Option<&Url>) -> Vec<Item> {
    let mut guids = HashSet::new();
    let mut doubled = HashSet::new();
    for id in feed.entries.iter().filter_map(|entry| entry.entry.id.as_deref()) {
        if !guids.insert(id) {
            doubled.insert(id.to_owned());
        }
    }
    let feed = without_build_times(feed);
    let mut seen = HashSet::new();
    let items = feed.entries.into_iter().map(|mut entry| {
        // An id that several entries have is none.
        if entry.entry.id.as_ref().is_some_and(|id| doubled.contains(id)) {
            entry.entry.id = None;
        }
        item(entry, address)
    });
    items.filter(|item| seen.insert(item.locator.clone())).collect()
}

/// Entries in the feed's language where they say none, and without `updated` where that is when the site was built: more
/// than half of them, and at least three, within a minute (`sources.md` SI6).
pub(super) fn without_build_times(mut feed: WholeFeed) -> WholeFeed {
    let updated = feed.entries.iter().filter_map(|entry| entry.entry.updated);
    let mut times: Vec<i64> = updated.map(|at| at.timestamp()).collect();
    times.sort_unstable();
    let least = (feed.entries.len() / 2 + 1).max(3);
    let built = times
        .windows(least)
        .map(|run| (run[0], run[least - 1]))
        .find(|(first, last)| last - first <= 60)
        .map(|(first, last)| last - 60..=first + 60);
    for entry in &mut feed.entries {
        let is_build = |at: &chrono::DateTime<Utc>| built.as_ref().is_some_and(|built| built.contains(&at.timestamp()));
        entry.entry.updated = entry.entry.updated.filter(|at| !is_build(at));
        entry.language = entry.language.take().or_else(|| feed.language.clone());
    }
    feed
}

/// What an entry is known by: its id, else its address, else its title and date (`feeds.md` section 17).
fn identity(whole: &WholeEntry) -> String {
    let known = whole.entry.identity().map(str::to_owned);
    known.unwrap_or_else(|| {
        let text = whole.body.as_ref().map(Text::written).unwrap_or_default();
        let title = whole.entry.title.as_deref().unwrap_or(text);
        let date = whole.entry.published.map(|date| date.to_rfc3339()).unwrap_or_default();
        let hash = super::draft::hash(format!("{title}\0{date}").as_bytes());
        format!("sha256:{}", data_encoding::HEXLOWER.encode(&hash))
    })
}

pub(super) fn item(whole: WholeEntry, address: Option<&Url>) -> Item {
    let name = identity(&whole);
    let mut item = Item::new(&name, DateOrigin::Feed);
    let entry = whole.entry;
    item.guid = entry.id.map(|id| Guid {
        is_permalink: entry.is_permalink,
        id,
    });
    item.base = whole
        .base
        .or_else(|| entry.link.is_none().then(|| address.map(Url::to_string)).flatten());
    match entry.link {
        Some(link) => item.say("canonical_url", link),
        None => item.say("slug", Some(slug_for(entry.title.as_deref(), &name))),
    }
    item.say("title", entry.title);
    let (published, updated) = match entry.published {
        Some(published) => (Some(published), entry.updated),
        None => (entry.updated, None),
    };
    item.say("date", published.map(|date| date.to_rfc3339()));
    item.say(
        "updated",
        updated
            .filter(|date| Some(*date) != published)
            .map(|date| date.to_rfc3339()),
    );
    let text = |text: &str| Value::Text(text.to_owned());
    let pairs = |pairs: Vec<(&str, Option<String>)>| {
        let given = pairs
            .into_iter()
            .filter_map(|(key, value)| Some((key.to_owned(), Value::Text(value?))));
        Value::Map(given.collect())
    };
    let authors = whole.authors.into_iter();
    let authors = authors.map(|person| {
        pairs(vec![
            ("name", Some(person.name)),
            ("url", person.url),
            ("email", person.email),
        ])
    });
    item.say_all("authors", authors.collect());
    item.say_all("tags", whole.terms.iter().map(|term| text(term)).collect());
    item.say(
        "language",
        whole.language.filter(|tag| super::naming::tidy_language(tag).is_some()),
    );
    item.say("image", whole.image);
    let file = |file: Enclosure| {
        pairs(vec![
            ("url", Some(file.url)),
            ("type", Some(file.media_type).filter(|kind| !kind.is_empty())),
            ("length", file.bytes.map(|bytes| bytes.to_string())),
            ("duration", file.seconds.map(|seconds| seconds.to_string())),
            ("title", Some(file.title).filter(|title| !title.is_empty())),
        ])
    };
    item.say_all("enclosures", whole.enclosures.into_iter().map(file).collect());
    if whole.is_full || whole.summary.is_some() {
        item.say("summary", whole.summary.as_ref().map(Text::words));
    }
    item.body = match whole.body {
        Some(Text::Html(html)) => Body::Html(html),
        Some(Text::Plain(text)) => Body::Text(text),
        None => Body::None,
    };
    item
}

fn slug_for(title: Option<&str>, name: &str) -> String {
    let slug = title.map(crate::model::slug::slug).unwrap_or_default();
    let hash = super::draft::hash(name.as_bytes());
    let short = data_encoding::HEXLOWER.encode(&hash[..4]);
    [slug.as_str(), &short].join("-").trim_matches('-').to_owned()
}
