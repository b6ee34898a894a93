//! Whether a reader has the newest bytes already (RFC 9110 §13).

use axum::http::{HeaderMap, header};
use chrono::{DateTime, Utc};

use crate::model::feed_date::FeedDate;

use super::date;

/// What proxies and careless readers append to a tag, inside or behind its quotes, when they compress.
const SUFFIXES: [&str; 6] = ["-gzip", "-br", "-zstd", ";gzip", ";br", ";zstd"];

/// Whether the answer is 304: by `If-None-Match` if there is one, else by `If-Modified-Since`.
///
/// `tag` is the entity tag without `W/` and quotes; `changed` is `None` while the document announces no date.
pub(super) fn has_newest(headers: &HeaderMap, tag: &str, changed: Option<FeedDate>, now: DateTime<Utc>) -> bool {
    if headers.contains_key(header::IF_NONE_MATCH) {
        let lines = headers.get_all(header::IF_NONE_MATCH).iter();
        return lines
            .map(|line| String::from_utf8_lossy(line.as_bytes()))
            .any(|line| lists(&line, tag));
    }
    let since = headers
        .get(header::IF_MODIFIED_SINCE)
        .and_then(|value| value.to_str().ok());
    let since = since.and_then(|text| date::parse(text, now));
    matches!((since, changed), (Some(since), Some(changed)) if changed.seconds() <= since)
}

/// Whether a list of tags holds `tag`, by weak comparison (§8.8.3.2).
fn lists(line: &str, tag: &str) -> bool {
    let mut quoted = false;
    line.split(|c| {
        quoted ^= c == '"';
        c == ',' && !quoted
    })
    .any(|candidate| is_same(candidate.trim(), tag))
}

fn is_same(candidate: &str, tag: &str) -> bool {
    if candidate == "*" {
        return true;
    }
    let opaque = candidate
        .strip_prefix("W/")
        .or_else(|| candidate.strip_prefix("w/"))
        .unwrap_or(candidate);
    let bare = without_suffix(opaque.trim_start_matches('"').trim_end_matches('"'));
    bare == tag || without_suffix(opaque).trim_matches('"') == tag
}

fn without_suffix(text: &str) -> &str {
    SUFFIXES
        .iter()
        .find_map(|suffix| text.strip_suffix(suffix))
        .unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    const TAG: &str = "ABC234";

    fn asked(pairs: &[(&'static str, &'static str)]) -> bool {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, HeaderValue::from_static(value));
        }
        let now = FeedDate::from_seconds(1_795_588_200).moment();
        has_newest(&headers, TAG, Some(FeedDate::from_seconds(784_111_777)), now)
    }

    #[test]
    fn a_reader_that_has_the_newest_bytes_is_not_sent_them_again() {
        for tag in [
            "W/\"ABC234\"",
            "\"ABC234\"",
            "ABC234",
            "W/ABC234",
            "*",
            "\"x\", W/\"ABC234\"",
            "\"a,b\",\"ABC234\"",
            "W/\"ABC234-gzip\"",
            "\"ABC234\"-gzip",
            "\"ABC234-br\"",
            "\"ABC234;gzip\"",
            "\"ABC234\";gzip",
            "w/\"ABC234\"",
            "  \"ABC234\"  ",
            "\"x\",*",
        ] {
            assert!(asked(&[("if-none-match", tag)]), "{tag}");
        }
        assert!(asked(&[("if-none-match", "\"x\""), ("if-none-match", "\"ABC234\"")]));
        assert!(asked(&[("if-modified-since", "Sun, 06 Nov 1994 08:49:37 GMT")]));
        assert!(asked(&[("if-modified-since", "Sunday, 06-Nov-94 08:49:38 GMT")]));
    }

    #[test]
    fn a_reader_that_has_older_bytes_gets_the_new_ones() {
        for tag in [
            "\"abc234\"",
            "\"\"",
            "",
            "\"*\"",
            "\"ABC23\"",
            "\"ABC2345\"",
            "\"ABC234-x\"",
            "\"x, ABC234\"",
            "-gzip",
        ] {
            assert!(!asked(&[("if-none-match", tag)]), "{tag}");
        }
        assert!(!asked(&[]));
        assert!(!asked(&[("if-modified-since", "Sun, 06 Nov 1994 08:49:36 GMT")]));
        assert!(!asked(&[("if-modified-since", "yesterday")]));
        // If-None-Match alone counts when both are there (§13.1.3).
        assert!(!asked(&[
            ("if-none-match", "\"x\""),
            ("if-modified-since", "Sun, 06 Nov 2094 08:49:37 GMT")
        ]));
    }
}
