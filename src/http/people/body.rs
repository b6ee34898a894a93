//! What visitors send: forms, and JSON for `/subscribe`.

use std::net::IpAddr;

use axum::http::{HeaderMap, StatusCode, header};
use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use serde::Deserialize;

use crate::feedback::Typed;
use crate::model::subscriber::Method;
use crate::subscribe::pages::TRAP;
use crate::subscribe::{SignUp, Wishes};

/// Fields of a form at most.
const MOST_FIELDS: usize = 30;

/// The fields of a form, in order.
pub(super) struct Pairs(Vec<(String, String)>);

impl Pairs {
    /// Reads `application/x-www-form-urlencoded`; `None` for too many fields.
    pub(super) fn read(body: &[u8]) -> Option<Self> {
        let pairs: Vec<_> = url::form_urlencoded::parse(body)
            .into_owned()
            .take(MOST_FIELDS + 1)
            .collect();
        (pairs.len() <= MOST_FIELDS).then_some(Self(pairs))
    }

    fn all(&self, name: &str) -> Vec<String> {
        let named = self
            .0
            .iter()
            .filter(|(field, value)| field == name && !value.trim().is_empty());
        named.map(|(_, value)| value.trim().to_owned()).collect()
    }

    fn first(&self, name: &str) -> Option<String> {
        self.all(name).into_iter().next()
    }

    fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(field, _)| field == name)
    }

    /// The value of a field; empty where there is none.
    pub(super) fn value(&self, name: &str) -> String {
        self.first(name).unwrap_or_default()
    }

    /// The fields of the page that asks how an article was.
    pub(super) fn opinion(&self) -> Typed {
        Typed {
            rating: self.first("rating").unwrap_or_default(),
            comment: self.first("comment").unwrap_or_default(),
            trapped: self.first(TRAP).is_some(),
            ..Typed::default()
        }
    }

    /// The fields of the preferences page. Newsletters that the form has `shown` and that are not ticked any more are
    /// left; `pause_until` is a date, and an empty one ends the pause.
    pub(super) fn wishes(&self) -> Wishes {
        let kept = self.all("newsletter");
        let pause = self
            .has("pause_until")
            .then(|| self.first("pause_until").and_then(|date| midnight(&date)));
        Wishes {
            schedules: self.all("schedule"),
            topics: self.has("topics").then(|| self.all("topics")),
            pause_until: pause.map(|until| until.unwrap_or(DateTime::UNIX_EPOCH)),
            leave: self
                .all("shown")
                .into_iter()
                .filter(|shown| !kept.contains(shown))
                .collect(),
        }
    }
}

fn midnight(date: &str) -> Option<DateTime<Utc>> {
    Some(
        NaiveDate::parse_from_str(date, "%Y-%m-%d")
            .ok()?
            .and_time(NaiveTime::MIN)
            .and_utc(),
    )
}

/// A sign-up as it came.
pub(super) struct SignUpBody {
    pub(super) is_json: bool,
    pub(super) email: String,
    fields: Fields,
    origin: String,
}

/// The fields of a sign-up, in JSON or in a form.
#[derive(Default, Deserialize)]
struct Fields {
    #[serde(default)]
    email: String,
    name: Option<String>,
    newsletter: Option<String>,
    schedule: Option<String>,
    topics: Option<Vec<String>>,
    language: Option<String>,
    #[serde(default, rename = "nickname_2")]
    trap: String,
}

/// A body that cannot be read.
pub(super) struct Refused {
    pub(super) is_json: bool,
    pub(super) status: StatusCode,
    pub(super) reason: &'static str,
}

impl SignUpBody {
    /// Reads a form or JSON, by its content type.
    pub(super) fn read(headers: &HeaderMap, body: &[u8]) -> Result<Self, Refused> {
        let text = |name| {
            headers
                .get(name)
                .and_then(|value| value.to_str().ok())
                .unwrap_or_default()
        };
        let kind = text(header::CONTENT_TYPE)
            .split(';')
            .next()
            .unwrap_or_default()
            .trim()
            .to_ascii_lowercase();
        let is_json = kind == "application/json";
        let refuse = |status, reason| Refused {
            is_json,
            status,
            reason,
        };
        let fields = match kind.as_str() {
            "application/json" => serde_json::from_slice(body)
                .map_err(|_| refuse(StatusCode::BAD_REQUEST, "send an object with `email` as a text"))?,
            "application/x-www-form-urlencoded" => Pairs::read(body)
                .map(Fields::from)
                .ok_or_else(|| refuse(StatusCode::BAD_REQUEST, "the form has too many fields"))?,
            _ => {
                return Err(refuse(
                    StatusCode::UNSUPPORTED_MEDIA_TYPE,
                    "send a form or application/json",
                ));
            }
        };
        Ok(Self {
            is_json,
            email: fields.email.clone(),
            fields,
            origin: text(header::ORIGIN).to_owned(),
        })
    }

    /// What the visitor asks for.
    pub(super) fn sign_up(&self, network: Option<IpAddr>) -> SignUp {
        let Fields {
            email,
            name,
            newsletter,
            schedule,
            topics,
            language,
            trap,
        } = &self.fields;
        let (newsletter, schedule) = choice(newsletter.as_deref(), schedule.as_deref());
        SignUp {
            email: email.clone(),
            name: name.clone(),
            newsletter,
            schedule,
            topics: topics.clone().unwrap_or_default(),
            network,
            method: if self.is_json { Method::Api } else { Method::Form },
            form: self.origin.clone(),
            language: language.clone().filter(|tag| is_language(tag)),
            trapped: !trap.is_empty(),
        }
    }
}

impl From<Pairs> for Fields {
    fn from(pairs: Pairs) -> Self {
        Self {
            email: pairs.first("email").unwrap_or_default(),
            name: pairs.first("name"),
            newsletter: pairs.first("newsletter"),
            schedule: pairs.first("schedule"),
            topics: Some(pairs.all("topics")),
            language: pairs.first("language"),
            trap: pairs.first(TRAP).unwrap_or_default(),
        }
    }
}

/// A schedule may name its newsletter, as in `notes/weekly`; one of another newsletter than the chosen says nothing.
fn choice(newsletter: Option<&str>, schedule: Option<&str>) -> (Option<String>, Option<String>) {
    let owned = |text: Option<&str>| text.map(str::to_owned);
    match (newsletter, schedule.and_then(|schedule| schedule.split_once('/'))) {
        (None, Some((of, schedule))) => (owned(Some(of)), owned(Some(schedule))),
        (Some(newsletter), Some((of, schedule))) => (
            owned(Some(newsletter)),
            owned(Some(schedule).filter(|_| of == newsletter)),
        ),
        (newsletter, None) => (owned(newsletter), owned(schedule)),
    }
}

fn is_language(tag: &str) -> bool {
    (2..=35).contains(&tag.len()) && tag.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(kind: &str, body: &str) -> Result<SignUpBody, Refused> {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, kind.parse().unwrap());
        SignUpBody::read(&headers, body.as_bytes())
    }

    #[test]
    fn a_form_and_json_say_the_same() {
        let form = read(
            "application/x-www-form-urlencoded",
            "email=a%40example.org&schedule=notes%2Fweekly&topics=x&topics=y",
        );
        let json = read(
            "application/json; charset=utf-8",
            r#"{"email":"a@example.org","newsletter":"notes","schedule":"weekly","topics":["x","y"]}"#,
        );
        for body in [form, json] {
            let sign_up = body.ok().unwrap().sign_up(None);
            assert_eq!(sign_up.email, "a@example.org");
            assert_eq!(
                (sign_up.newsletter.as_deref(), sign_up.schedule.as_deref()),
                (Some("notes"), Some("weekly"))
            );
            assert_eq!(sign_up.topics, ["x", "y"]);
            assert!(!sign_up.trapped);
        }
    }

    #[test]
    fn a_schedule_of_another_newsletter_says_nothing() {
        assert_eq!(choice(Some("a"), Some("b/weekly")), (Some("a".to_owned()), None));
        assert_eq!(
            choice(Some("a"), Some("weekly")),
            (Some("a".to_owned()), Some("weekly".to_owned()))
        );
        assert_eq!(choice(None, None), (None, None));
    }

    #[test]
    fn what_is_no_sign_up_is_refused_with_a_reason() {
        let status = |kind, body: &str| read(kind, body).err().unwrap().status;
        assert_eq!(status("application/json", "[]x"), StatusCode::BAD_REQUEST);
        assert_eq!(status("application/json", r#"{"email":7}"#), StatusCode::BAD_REQUEST);
        assert_eq!(
            status("text/plain", r#"{"email":"a@example.org"}"#),
            StatusCode::UNSUPPORTED_MEDIA_TYPE
        );
        assert_eq!(
            status("application/x-www-form-urlencoded", &"a=b&".repeat(31)),
            StatusCode::BAD_REQUEST
        );
        assert!(
            read("application/x-www-form-urlencoded", &format!("{TRAP}=x"))
                .ok()
                .unwrap()
                .sign_up(None)
                .trapped
        );
        assert!(
            read("application/json", r#"{"email":"a@example.org","nickname_2":"x"}"#)
                .ok()
                .unwrap()
                .sign_up(None)
                .trapped
        );
    }

    #[test]
    fn a_pause_is_a_date_and_an_empty_one_ends_it() {
        let wishes = |body: &str| Pairs::read(body.as_bytes()).unwrap().wishes();
        assert_eq!(wishes("schedule=notes/daily").pause_until, None);
        assert_eq!(
            wishes("pause_until=2026-12-24").pause_until.unwrap().to_rfc3339(),
            "2026-12-24T00:00:00+00:00"
        );
        assert_eq!(wishes("pause_until=").pause_until, Some(DateTime::UNIX_EPOCH));
        assert_eq!(wishes("topics=").topics, Some(Vec::new()));
        assert_eq!(wishes("").topics, None);
    }

    #[test]
    fn who_unticks_a_newsletter_leaves_it_and_a_bare_change_of_schedule_leaves_nothing() {
        let leave = |body: &str| Pairs::read(body.as_bytes()).unwrap().wishes().leave;
        assert_eq!(
            leave("shown=a&shown=b&newsletter=b&schedule=a/weekly&schedule=b/daily"),
            ["a"]
        );
        assert!(leave("schedule=a/weekly").is_empty());
    }
}
