//! How many people read a feed: what services say that fetch it for others, and what is kept of it.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::Serialize;

use super::clock::from_micros;

const DAY: i64 = 86_400_000_000;
/// How long a service is believed that said nothing since, in days: they ask several times a day.
const BELIEVED: i64 = 3;
/// Longest `User-Agent` that is looked into, in bytes.
const LONGEST_AGENT: usize = 512;
/// Longest name that is kept, in characters.
const LONGEST_NAME: usize = 40;
/// What services call those they fetch for. LiveJournal and Dreamwidth say `readers`, which also ends names of programs.
const WORDS: [(&str, bool); 2] = [("subscriber", false), ("reader", true)];
/// What stands before a service's own number of a feed: Feedbin, The Old Reader and NewsBlur give each one.
const MARKS: [&str; 4] = ["feed-id:", "feed-id=", "feedid=", "/site/"];

/// What a service says of itself: Feedly, Inoreader, NewsBlur, Feedbin and their like fetch a feed once for all of theirs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    /// Its name without version: `Feedly`. Never empty.
    pub name: String,
    /// Its own number of this feed; empty where it gives none.
    pub feed_number: String,
    /// For how many people it fetches.
    pub readers: u32,
}

impl Service {
    /// Reads a `User-Agent` such as `Feedly/1.0 (+https://feedly.com/poller.html; 16 subscribers)`; `None` where it names no
    /// number of people.
    pub fn from_agent(agent: &str) -> Option<Self> {
        let agent = &agent[..agent.floor_char_boundary(LONGEST_AGENT)];
        let lower = agent.to_ascii_lowercase();
        let (at, readers) = WORDS
            .iter()
            .find_map(|(word, is_separate)| count(&lower, word, *is_separate))?;
        Some(Self {
            name: name(&agent[..at]),
            feed_number: feed_number(&lower),
            readers,
        })
    }
}

/// Where the number before a word begins, and the number. With `is_separate` it must stand at the beginning of a part.
fn count(lower: &str, word: &str, is_separate: bool) -> Option<(usize, u32)> {
    lower.match_indices(word).find_map(|(at, _)| {
        let after = &lower[at + word.len()..];
        let after = after.strip_prefix('s').unwrap_or(after);
        if after.starts_with(|next: char| next.is_alphanumeric()) {
            return None;
        }
        let before = lower[..at].strip_suffix(' ')?;
        let rest = before.trim_end_matches(|c: char| c.is_ascii_digit() || c == ',');
        let digits = before[rest.len()..].trim_start_matches(',');
        let begins = rest.trim_end().ends_with(['(', ';', ',', '-']);
        if rest.ends_with(|last: char| last.is_alphanumeric() || last == '.') || (is_separate && !begins) {
            return None;
        }
        let readers = digits.replace(',', "").parse().ok()?;
        Some((before.len() - digits.len(), readers))
    })
}

/// The name in what stands before the number: the product whose comment holds it, or the part of a browser's comment that is
/// no browser.
fn name(before: &str) -> String {
    let product = match before.rsplit_once('(') {
        Some((product, comment)) if product.trim_start().starts_with("Mozilla/") && !product.contains(')') => comment
            .split(';')
            .map(str::trim)
            .find(|part| !part.is_empty() && !part.eq_ignore_ascii_case("compatible"))
            .unwrap_or_default(),
        Some((product, _)) => product.rsplit(')').next().unwrap_or_default().trim(),
        None => before,
    };
    let words: Vec<&str> = product.split_whitespace().collect();
    // The last product of several: its words stand behind the version of the one before.
    let last = words.len().saturating_sub(1);
    let begins = words[..last]
        .iter()
        .rposition(|word| word.contains('/'))
        .map_or(0, |at| at + 1);
    let named = words[begins..]
        .iter()
        .take_while(|word| !word.contains(':') && **word != "-");
    let named: Vec<&str> = named.map(|word| word.split('/').next().unwrap_or_default()).collect();
    let plain = |c: &char| c.is_alphanumeric() || " .-_+&'".contains(*c);
    let name: String = named.join(" ").chars().filter(plain).take(LONGEST_NAME).collect();
    let name = name.trim();
    if name.is_empty() { "unnamed" } else { name }.to_owned()
}

fn feed_number(lower: &str) -> String {
    let number = MARKS.iter().find_map(|mark| Some(lower.split_once(mark)?.1));
    let plain = number
        .unwrap_or_default()
        .chars()
        .take_while(char::is_ascii_alphanumeric);
    plain.take(LONGEST_NAME).collect()
}

/// How many people read one feed on one day, as one node counted them: all that is ever kept.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Count {
    /// Days since 1970, UTC.
    pub day: i64,
    /// `all`, `tag/ink`.
    pub scope: String,
    /// Name of the service; empty for readers that fetch for themselves.
    pub service: String,
    /// What tells several feeds of one service apart: the document, and the service's own number. Empty for readers that
    /// fetch for themselves.
    pub part: String,
    /// How many.
    pub readers: i64,
    /// Whether there may be more: the node had no room to tell them apart.
    pub is_floor: bool,
}

/// The day of a moment (microseconds), in days since 1970.
pub fn day_of(micros: i64) -> i64 {
    micros.div_euclid(DAY)
}

/// How many people read one feed, in all its formats.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Audience {
    /// `all`, `tag/ink`.
    pub feed: String,
    /// Those of services and those that fetch for themselves.
    pub readers: i64,
    /// Whether there may be more: a node had no room to tell them apart.
    pub at_least: bool,
    /// Readers that fetch for themselves: of yesterday, or of today so far if those are more.
    pub direct: i64,
    /// Services that fetch for several people, the largest first.
    pub services: Vec<ServiceReaders>,
    /// Readers that fetched for themselves, day by day, the newest first.
    pub days: Vec<DayReaders>,
}

/// What a service said last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ServiceReaders {
    /// As it calls itself.
    pub name: String,
    /// For how many people it fetches.
    pub readers: i64,
}

/// One day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DayReaders {
    /// UTC.
    pub day: NaiveDate,
    /// How many.
    pub direct: i64,
    /// Whether there may be more.
    pub at_least: bool,
}

/// How many people read each feed; the feed of all first, then the largest. `counts` are those of all nodes together, by
/// feed, with the oldest day of each service first.
pub fn audiences(counts: &[Count], today: i64) -> Vec<Audience> {
    let mut by_feed: BTreeMap<&str, Vec<&Count>> = BTreeMap::new();
    for count in counts {
        by_feed.entry(&count.scope).or_default().push(count);
    }
    let of = |(feed, counts): (&str, Vec<&Count>)| audience(feed, &counts, today);
    let mut all: Vec<Audience> = by_feed.into_iter().map(of).collect();
    all.sort_by_key(|audience| (audience.feed != "all", -audience.readers));
    all
}

fn audience(feed: &str, counts: &[&Count], today: i64) -> Audience {
    let (alone, served): (Vec<&Count>, Vec<&Count>) = counts.iter().partition(|count| count.service.is_empty());
    let recent = |count: &&&Count| count.day >= today - 1;
    let most = alone.iter().filter(recent).max_by_key(|count| count.readers);
    let mut last: BTreeMap<(&str, &str), i64> = BTreeMap::new();
    for count in served.iter().filter(|count| count.day > today - BELIEVED) {
        last.insert((&count.service, &count.part), count.readers);
    }
    let mut by_name: BTreeMap<&str, i64> = BTreeMap::new();
    for ((name, _), readers) in last {
        *by_name.entry(name).or_default() += readers;
    }
    let mut services: Vec<ServiceReaders> = by_name
        .into_iter()
        .map(|(name, readers)| ServiceReaders {
            name: name.to_owned(),
            readers,
        })
        .collect();
    services.sort_by_key(|service| -service.readers);
    let direct = most.map_or(0, |count| count.readers);
    Audience {
        feed: feed.to_owned(),
        readers: direct + services.iter().map(|service| service.readers).sum::<i64>(),
        at_least: most.is_some_and(|count| count.is_floor),
        direct,
        services,
        days: alone.iter().rev().map(|count| of_day(count)).collect(),
    }
}

fn of_day(count: &Count) -> DayReaders {
    DayReaders {
        day: from_micros(count.day.saturating_mul(DAY)).date_naive(),
        direct: count.readers,
        at_least: count.is_floor,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(agent: &str) -> Option<(String, String, u32)> {
        Service::from_agent(agent).map(|service| (service.name, service.feed_number, service.readers))
    }

    /// `User-Agent`, name, number of the feed, readers.
    const SENT: [(&str, &str, &str, u32); 14] = [
        (
            "Feedly/1.0 (+http://www.feedly.com/fetcher.html; 42 subscribers; like FeedFetcher-Google)",
            "Feedly",
            "",
            42,
        ),
        (
            "Feedly/1.0 (+https://feedly.com/poller.html; 16 subscribers; )",
            "Feedly",
            "",
            16,
        ),
        (
            "Mozilla/5.0 (compatible; inoreader.com; 5 subscribers)",
            "inoreader.com",
            "",
            5,
        ),
        (
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0 Safari/537.36 Inoreader/1.0 \
             (+http://www.inoreader.com/feed-fetcher; 2 subscribers; )",
            "Inoreader",
            "",
            2,
        ),
        (
            "NewsBlur Feed Fetcher - 12 subscribers - http://www.newsblur.com/site/1186180/workshop-notes (Mozilla/5.0 \
             (Macintosh; Intel Mac OS X 10_7_1) AppleWebKit/534.48.3)",
            "NewsBlur Feed Fetcher",
            "1186180",
            12,
        ),
        ("Feedbin feed-id:1373711 - 45 subscribers", "Feedbin", "1373711", 45),
        (
            "Mozilla/5.0 (compatible; theoldreader.com; 1 subscribers; feed-id=53a1b)",
            "theoldreader.com",
            "53a1b",
            1,
        ),
        (
            "Mozilla/5.0 (compatible; BazQux/2.4; +https://bazqux.com/fetcher; 1 subscriber)",
            "BazQux",
            "",
            1,
        ),
        (
            "Feed Wrangler/1.0 (1 subscriber; feed-id=7; http://feedwrangler.net; Allow like Gecko)",
            "Feed Wrangler",
            "7",
            1,
        ),
        (
            "LiveJournal.com (webmaster@livejournal.com; for https://x.example/; 14 readers)",
            "LiveJournal.com",
            "",
            14,
        ),
        ("Zhuaxia.com 3 Subscribers", "Zhuaxia.com", "", 3),
        ("Big/1 (1,234 subscribers)", "Big", "", 1234),
        ("Feedly/1.0 (0 subscribers)", "Feedly", "", 0),
        ("7 subscribers", "unnamed", "", 7),
    ];

    #[test]
    fn what_services_send_is_read_as_they_send_it() {
        for (agent, name, number, readers) in SENT {
            assert_eq!(
                read(agent),
                Some((name.to_owned(), number.to_owned(), readers)),
                "{agent}"
            );
        }
    }

    #[test]
    fn a_program_that_one_person_uses_speaks_for_nobody_else() {
        for agent in [
            "",
            "FreshRSS/1.27 (Linux; https://freshrss.org)",
            "NetNewsWire (RSS Reader; https://netnewswire.com/)",
            "Some Feed 2 Reader",
            "Vienna 3 readers/1.0",
            "App/2.14 subscribers",
            "Mozilla/5.0 (subscribers)",
            "x 99999999999999999999 subscribers",
            "x , subscribers",
            "x 5 subscribersheet",
            "12subscribers",
        ] {
            assert_eq!(read(agent), None, "{agent}");
        }
    }

    #[test]
    fn an_author_sees_the_last_whole_day_and_what_each_service_said_last() {
        let count = |day, service: &str, part: &str, readers| Count {
            day,
            scope: "all".to_owned(),
            service: service.to_owned(),
            part: part.to_owned(),
            readers,
            is_floor: false,
        };
        let counts = [
            count(97, "", "", 99),
            count(99, "", "", 40),
            count(100, "", "", 3),
            count(98, "Feedly", "atom.xml", 4),
            count(97, "Feedly", "rss.xml", 1),
            count(99, "Feedly", "rss.xml", 16),
            count(97, "Gone", "rss.xml", 500),
        ];
        let all = audiences(&counts, 100);
        assert_eq!((all.len(), all[0].readers, all[0].direct), (1, 60, 40));
        let feedly = ServiceReaders {
            name: "Feedly".to_owned(),
            readers: 20,
        };
        assert_eq!(all[0].services, [feedly]);
        let days: Vec<i64> = all[0].days.iter().map(|day| day.direct).collect();
        assert_eq!(
            (all[0].days[0].day.to_string().as_str(), days),
            ("1970-04-11", vec![3, 40, 99])
        );
        assert_eq!(audiences(&counts, 200)[0].readers, 0);
    }

    #[test]
    fn whatever_a_stranger_sends_a_name_is_short_and_plain() {
        let agent = format!(
            "{}\u{202e}<b>\u{7}/1 (9 subscribers; feed-id={})",
            "ü".repeat(200),
            "9".repeat(400)
        );
        let service = Service::from_agent(&agent);
        assert!(service.is_none_or(|service| service.name.chars().count() <= 40 && service.feed_number.len() <= 40));
        let (name, ..) = read("<script>\u{202e}x\u{7}</script>/1 (9 subscribers)").unwrap();
        assert_eq!(name, "scriptx");
    }
}
