//! A feed on another server as a source: asked politely, read with care, its entries as items (`sources.md` 3.4,
//! `feeds.md` section 17).

use std::time::Duration;

use chrono::{DateTime, Utc};
use url::Url;

use super::discovery::announced;
use super::entries::items;
use super::fetch::{Ask, FetchError, Fetched, Fetcher, header};
use super::foreign::{self, ForeignError, WholeFeed};
use super::item::Item;
use crate::model::article::{Problem, Severity};

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
