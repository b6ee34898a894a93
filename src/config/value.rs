//! Single values: what may be written for a text, a number, a duration, a size, a zone, an address.
//!
//! Values from the environment are texts; a number or a boolean is as good in quotes as without. What a message quotes is
//! never a secret: those are read by [`super::secret`].

use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::NaiveTime;
use chrono_tz::{TZ_VARIANTS, Tz};
use config::{Value, ValueKind};
use url::Url;

use super::nearest::nearest;
use super::problem::Wrong;
use super::section::FROM_ENVIRONMENT;
use crate::model::address::{EmailAddress, Mailbox};

/// What reading a value comes to.
pub(super) type Read<T> = Result<T, Wrong>;

/// A text as it is written; empty is allowed.
pub(super) fn text(value: &Value) -> Read<String> {
    match &value.kind {
        ValueKind::String(text) => Ok(text.clone()),
        _ => Err(Wrong::new(
            format!("must be text, not {}", kind(value)),
            "put it in quotes",
        )),
    }
}

/// One line that is not empty.
pub(super) fn filled(value: &Value) -> Read<String> {
    let text = text(value)?.trim().to_owned();
    if text.is_empty() {
        return Err(Wrong::new("is empty", "write something, or remove the key"));
    }
    if text.chars().any(char::is_control) {
        return Err(Wrong::new(
            "holds a line break or a control character",
            "write it on one line",
        ));
    }
    Ok(text)
}

/// The name or IP address of a machine.
pub(super) fn host(value: &Value) -> Read<String> {
    let text = filled(value)?;
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    let is_name = |text: &str| !text.contains(char::is_whitespace) && url::Host::parse(text).is_ok();
    if bare.parse::<std::net::IpAddr>().is_ok() || is_name(&text) {
        return Ok(bare.to_owned());
    }
    let remedy = "write a name such as `smtp.example.org`, without protocol and port";
    Err(Wrong::new(format!("\"{text}\" is not the name of a machine"), remedy))
}

/// `true` or `false`.
pub(super) fn flag(value: &Value) -> Read<bool> {
    let wrong = || {
        Wrong::new(
            format!("must be true or false, not {}", shown(value)),
            "write `true` or `false`",
        )
    };
    match &value.kind {
        ValueKind::Boolean(flag) => Ok(*flag),
        ValueKind::String(text) => match text.trim().to_ascii_lowercase().as_str() {
            "true" | "yes" | "on" | "1" => Ok(true),
            "false" | "no" | "off" | "0" => Ok(false),
            _ => Err(wrong()),
        },
        _ => Err(wrong()),
    }
}

/// A whole number from `least` to what the type holds.
pub(super) fn whole<T: TryFrom<i64>>(least: i64) -> impl Fn(&Value) -> Read<T> {
    move |value| {
        let number = match &value.kind {
            ValueKind::I64(number) => Some(*number),
            ValueKind::String(text) => text.trim().parse().ok(),
            _ => None,
        };
        let number = number.ok_or_else(|| {
            let message = format!("must be a whole number, not {}", shown(value));
            Wrong::new(message, format!("write a number from {least} on"))
        })?;
        if number < least {
            return Err(Wrong::new(
                format!("{number} is too small"),
                format!("write {least} or more"),
            ));
        }
        T::try_from(number).map_err(|_| Wrong::new(format!("{number} is too large"), "write a smaller number"))
    }
}

/// One of a few words.
pub(super) fn one_of<T: Copy>(words: &[(&'static str, T)]) -> impl Fn(&Value) -> Read<T> {
    move |value| {
        let names = || words.iter().map(|(word, _)| *word);
        let written = text(value).unwrap_or_default();
        let found = words.iter().find(|(word, _)| *word == written);
        found.map(|(_, meaning)| *meaning).ok_or_else(|| {
            let list = names()
                .map(|word| format!("\"{word}\""))
                .collect::<Vec<_>>()
                .join(" or ");
            let remedy = match nearest(&written, names()) {
                Some(meant) => format!("did you mean \"{meant}\"? possible are {list}"),
                None => format!("write {list}"),
            };
            Wrong::new(format!("{} is not possible here", shown(value)), remedy)
        })
    }
}

/// A list of values; from the environment a text with commas.
pub(super) fn list<T>(read: impl Fn(&Value) -> Read<T>) -> impl Fn(&Value) -> Read<Vec<T>> {
    move |value| match &value.kind {
        ValueKind::Array(items) => items.iter().map(&read).collect(),
        ValueKind::String(text) if value.origin() == Some(FROM_ENVIRONMENT) => text
            .split(',')
            .map(str::trim)
            .filter(|item| !item.is_empty())
            .map(|item| read(&Value::new(None, item)))
            .collect(),
        ValueKind::String(text) => Err(Wrong::new(
            "must be a list, not text",
            format!("write it in brackets: `[\"{text}\"]`"),
        )),
        _ => Err(Wrong::new(
            format!("must be a list, not {}", kind(value)),
            "write it in brackets: `[\"one\", \"two\"]`",
        )),
    }
}

/// A path, relative to `base`.
pub(super) fn path(base: &Path) -> impl Fn(&Value) -> Read<PathBuf> {
    move |value| {
        let path = base.join(filled(value)?);
        Ok(std::path::absolute(&path).unwrap_or(path))
    }
}

/// A span of time: `90s`, `20m`, `1h30m`, `2d`, `1w`.
pub(super) fn duration(value: &Value) -> Read<Duration> {
    let wrong = |message: String| Wrong::new(message, "write a number with a unit, such as `20m`: s, m, h, d or w");
    let text = match &value.kind {
        ValueKind::String(text) => text.trim().to_owned(),
        ValueKind::I64(number) => return Err(wrong(format!("{number} has no unit"))),
        _ => return Err(wrong(format!("must be a span of time, not {}", kind(value)))),
    };
    let unreadable = || wrong(format!("\"{text}\" is not a span of time"));
    let mut seconds = 0u64;
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let number: u64 = rest[..digits].parse().map_err(|_| unreadable())?;
        let after = rest[digits..].trim_start();
        let letters = after.find(|c: char| !c.is_alphabetic()).unwrap_or(after.len());
        let unit = match &after[..letters] {
            "s" => 1,
            "m" | "min" => 60,
            "h" => 3_600,
            "d" => 86_400,
            "w" => 7 * 86_400,
            "" if text == "0" => 1,
            _ => return Err(unreadable()),
        };
        seconds = number
            .checked_mul(unit)
            .and_then(|span| seconds.checked_add(span))
            .ok_or_else(unreadable)?;
        rest = after[letters..].trim_start();
    }
    // Times are kept in microseconds; a century is more than anybody can mean.
    if text.is_empty() || seconds > 100 * 366 * 86_400 {
        return Err(unreadable());
    }
    Ok(Duration::from_secs(seconds))
}

/// A span of time that is not zero.
pub(super) fn some_time(value: &Value) -> Read<Duration> {
    match duration(value)? {
        Duration::ZERO => Err(Wrong::new("must not be zero", "write a span of time such as `30s`")),
        span => Ok(span),
    }
}

/// A number of bytes: `512KiB`, `1MiB`, `90kB`, or a plain number.
pub(super) fn size(value: &Value) -> Read<usize> {
    let wrong = || {
        Wrong::new(
            format!("{} is not a size", shown(value)),
            "write bytes or a unit, such as `512KiB` or `90kB`",
        )
    };
    let text = match &value.kind {
        ValueKind::I64(number) => number.to_string(),
        ValueKind::String(text) => text.trim().to_owned(),
        _ => return Err(wrong()),
    };
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let number: usize = text[..digits].parse().map_err(|_| wrong())?;
    let unit = match text[digits..].trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "kb" => 1_000,
        "mb" => 1_000_000,
        "kib" => 1 << 10,
        "mib" => 1 << 20,
        _ => return Err(wrong()),
    };
    number.checked_mul(unit).filter(|size| *size > 0).ok_or_else(wrong)
}

/// A time of the day: `08:00`.
pub(super) fn time_of_day(value: &Value) -> Read<NaiveTime> {
    let text = text(value)?;
    NaiveTime::parse_from_str(&text, "%H:%M").map_err(|_| {
        Wrong::new(
            format!("\"{text}\" is no time of the day"),
            "write hours and minutes, such as `08:00`",
        )
    })
}

/// A name of the IANA time zone database.
pub(super) fn zone(value: &Value) -> Read<Tz> {
    let text = text(value)?;
    if let Ok(zone) = text.parse() {
        return Ok(zone);
    }
    let names = || TZ_VARIANTS.iter().map(|zone| zone.name());
    let same_city = || {
        names().find(|name| {
            name.rsplit('/')
                .next()
                .is_some_and(|city| city.eq_ignore_ascii_case(&text.replace(' ', "_")))
        })
    };
    let remedy = match nearest(&text, names()).or_else(same_city) {
        Some(meant) => format!("did you mean \"{meant}\"?"),
        None => "write a name of the IANA database, such as \"Asia/Kolkata\" or \"UTC\"".to_owned(),
    };
    Err(Wrong::new(format!("\"{text}\" is not a known time zone"), remedy))
}

/// A BCP 47 language tag.
pub(super) fn language(value: &Value) -> Read<String> {
    let text = text(value)?;
    let mut parts = text.split('-');
    let first = parts
        .next()
        .is_some_and(|part| (2..=3).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphabetic()));
    let rest = parts.all(|part| (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric()));
    if first && rest {
        return Ok(text);
    }
    Err(Wrong::new(
        format!("\"{text}\" is not a language tag"),
        "write a tag such as `en`, `pt-BR` or `zh-Hant`",
    ))
}

/// An id that is part of headers and links.
pub(super) fn id(value: &Value) -> Read<String> {
    let text = text(value)?;
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if (1..=40).contains(&text.len()) && text.bytes().all(allowed) {
        return Ok(text);
    }
    Err(Wrong::new(
        format!("\"{text}\" is not an id"),
        "write 1 to 40 of the characters a-z, 0-9 and `-`",
    ))
}

/// The address of a person.
pub(super) fn email(value: &Value) -> Read<EmailAddress> {
    EmailAddress::parse(&text(value)?).map_err(|error| split(&error.to_string()))
}

/// An address with a name.
pub(super) fn mailbox(value: &Value) -> Read<Mailbox> {
    Mailbox::parse(&text(value)?).map_err(|error| split(&error.to_string()))
}

/// An absolute http or https address.
pub(super) fn web_address(value: &Value) -> Read<Url> {
    let text = text(value)?;
    let wrong = |what: &str| {
        Wrong::new(
            format!("\"{text}\" {what}"),
            "write an address such as `https://example.org/`",
        )
    };
    let url = Url::parse(text.trim()).map_err(|_| wrong("is not a web address"))?;
    if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
        return Err(wrong("is not a web address"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Wrong::new("holds a name or password", "write the address without them"));
    }
    Ok(url)
}

/// A web address that others are made from: with a trailing slash, without query and fragment.
pub(super) fn base_address(value: &Value) -> Read<Url> {
    let mut url = web_address(value)?;
    if url.query().is_some() || url.fragment().is_some() {
        return Err(Wrong::new(
            format!("\"{url}\" has a query or a fragment"),
            "end the address before the `?` or `#`",
        ));
    }
    if !url.path().ends_with('/') {
        url.set_path(&format!("{}/", url.path()));
    }
    Ok(url)
}

/// A colour, as `#rrggbb`.
pub(super) fn colour(value: &Value) -> Read<String> {
    let text = text(value)?;
    let digits = text.strip_prefix('#').unwrap_or("").to_ascii_lowercase();
    match (digits.len(), digits.bytes().all(|byte| byte.is_ascii_hexdigit())) {
        (6, true) => Ok(format!("#{digits}")),
        (3, true) => Ok(format!(
            "#{}",
            digits.chars().flat_map(|digit| [digit, digit]).collect::<String>()
        )),
        _ => Err(Wrong::new(
            format!("\"{text}\" is not a colour"),
            "write six hexadecimal digits, such as `#8a3b12`",
        )),
    }
}

/// A message of the form "what is wrong; what to do".
fn split(message: &str) -> Wrong {
    let (message, remedy) = message.split_once("; ").unwrap_or((message, "correct it"));
    Wrong::new(message, remedy)
}

fn kind(value: &Value) -> &'static str {
    match value.kind {
        ValueKind::Nil => "nothing",
        ValueKind::Boolean(_) => "true or false",
        ValueKind::I64(_) | ValueKind::I128(_) | ValueKind::U64(_) | ValueKind::U128(_) | ValueKind::Float(_) => {
            "a number"
        }
        ValueKind::String(_) => "text",
        ValueKind::Table(_) => "a section",
        ValueKind::Array(_) => "a list",
    }
}

pub(super) fn shown(value: &Value) -> String {
    match &value.kind {
        ValueKind::String(text) => format!("\"{text}\""),
        ValueKind::I64(number) => number.to_string(),
        ValueKind::Float(number) => number.to_string(),
        ValueKind::Boolean(flag) => flag.to_string(),
        _ => kind(value).to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> Value {
        Value::new(None, text)
    }

    #[test]
    fn a_span_of_time_is_a_number_with_a_unit() {
        let seconds = |text: &str| duration(&value(text)).ok().map(|span| span.as_secs());
        for (text, expected) in [
            ("90s", 90),
            ("20m", 1_200),
            ("1h30m", 5_400),
            ("1h 30m", 5_400),
            ("2d", 172_800),
            ("1w", 604_800),
            ("0", 0),
        ] {
            assert_eq!(seconds(text), Some(expected), "{text}");
        }
        for text in [
            "",
            "20",
            "m",
            "1.5h",
            "-1m",
            "5 years",
            "99999999999999999999d",
            "200000d",
        ] {
            assert_eq!(seconds(text), None, "{text}");
        }
        assert!(some_time(&value("0s")).is_err());
    }

    #[test]
    fn a_size_may_count_in_tens_or_in_twos() {
        let bytes = |text: &str| size(&value(text)).ok();
        assert_eq!(bytes("512KiB"), Some(524_288));
        assert_eq!(bytes("90kB"), Some(90_000));
        assert_eq!(bytes("1 MiB"), Some(1_048_576));
        assert_eq!(bytes("300"), Some(300));
        for text in ["0", "", "KiB", "-1", "1.5MB", "9999999999999999MiB"] {
            assert_eq!(bytes(text), None, "{text}");
        }
    }

    #[test]
    fn an_address_that_others_are_made_from_ends_in_a_slash() {
        let url = |text: &str| base_address(&value(text)).ok().map(String::from);
        assert_eq!(url("https://example.org").as_deref(), Some("https://example.org/"));
        assert_eq!(
            url("https://Example.org/blog").as_deref(),
            Some("https://example.org/blog/")
        );
        for text in [
            "example.org",
            "/blog",
            "mailto:a@example.org",
            "https://a:b@example.org",
            "https://example.org/?a",
        ] {
            assert_eq!(url(text), None, "{text}");
        }
    }

    #[test]
    fn an_author_who_names_only_the_city_is_shown_its_zone() {
        assert_eq!(zone(&value("Asia/Kolkata")).unwrap(), Tz::Asia__Kolkata);
        for (written, meant) in [
            ("Kolkata", "Asia/Kolkata"),
            ("new york", "America/New_York"),
            ("Europe/Berln", "Europe/Berlin"),
        ] {
            assert!(zone(&value(written)).unwrap_err().remedy.contains(meant), "{written}");
        }
    }

    #[test]
    fn ids_languages_colours_and_hosts_keep_to_their_alphabets() {
        assert!(id(&value("weekly-2")).is_ok() && id(&value("Weekly")).is_err() && id(&value("")).is_err());
        assert!(language(&value("zh-Hant-TW")).is_ok() && language(&value("zh_TW")).is_err());
        assert_eq!(colour(&value("#ABC")).unwrap(), "#aabbcc");
        assert!(colour(&value("red;}")).is_err());
        assert_eq!(host(&value("[::1]")).unwrap(), "::1");
        assert!(host(&value("smtp.example.org")).is_ok() && host(&value("a\r\nb")).is_err());
    }
}
