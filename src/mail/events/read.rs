//! What a provider's JSON says: one event each for one letter, in our classes.

use serde_json::Value;

use super::{Event, Provider};
use crate::mail::report::Fate;
use crate::model::bounce::{Class, Clues, Evidence, Judgement, Status, judge};

/// Most events of one request.
const MOST: usize = 2_000;
/// Most words of one event.
const WORDS: usize = 50;

/// The events of a body; `None` when it is no JSON that this provider writes.
pub fn read(provider: Provider, body: &[u8]) -> Option<Vec<Event>> {
    let body: Value = serde_json::from_slice(body).ok()?;
    let events = match (provider, &body) {
        (Provider::SendGrid, Value::Array(events)) => events.iter().filter_map(sendgrid).collect(),
        (_, Value::Object(_)) => match provider {
            Provider::Ses => ses(&body),
            Provider::Postmark => postmark(&body).into_iter().collect(),
            Provider::Mailgun => mailgun(&body).into_iter().collect(),
            Provider::Resend => resend(&body).into_iter().collect(),
            Provider::SendGrid => return None,
        },
        _ => return None,
    };
    Some(events).filter(|events: &Vec<Event>| events.len() <= MOST)
}

/// The events of a text with JSON in it, as providers also send them by mail: of the first provider that writes so.
pub(in crate::mail) fn read_mail(text: &str) -> Vec<Event> {
    let Some(at) = text.find('{').filter(|at| text[..*at].trim().is_empty()) else {
        return Vec::new();
    };
    let first = |text: &str| {
        serde_json::Deserializer::from_str(text)
            .into_iter::<Value>()
            .next()?
            .ok()
    };
    // Sendmail breaks lines that are longer than SMTP allows, and marks the place.
    let Some(value) = first(&text[at..]).or_else(|| first(&text[at..].replace("!\n ", ""))) else {
        return Vec::new();
    };
    // SNS wraps what SES says.
    let inner = value["Message"]
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned);
    let told = |provider| read(provider, inner.as_bytes()).unwrap_or_default();
    Provider::ALL
        .into_iter()
        .map(told)
        .find(|events| !events.is_empty())
        .unwrap_or_default()
}

/// What a provider says in its own words about one letter.
#[derive(Debug, Default)]
struct Told<'a> {
    id: String,
    recipient: Option<&'a str>,
    /// What the provider's kind means when the other side's words say nothing.
    class: Option<Class>,
    kind: String,
    status: Option<Status>,
    said: String,
}

impl Told<'_> {
    /// A bounce is judged by what the other side said; where that says nothing, by the provider's kind.
    fn event(self, whole: &Value) -> Option<Event> {
        let class = self.class?;
        let mut judgement = match class {
            Class::Dead | Class::Box | Class::Expired | Class::Unknown | Class::Sender => judge(&Clues {
                status: self.status,
                diagnostic: &self.said,
                ..Clues::default()
            }),
            class => by_kind(class, &self.kind),
        };
        if judgement.evidence == Evidence::Nothing {
            judgement = Judgement {
                status: judgement.status,
                reply: judgement.reply,
                certain: class == Class::Dead,
                ..by_kind(class, &self.kind)
            };
        }
        let mut words = Vec::new();
        gather(whole, &mut words);
        Some(Event {
            id: self.id,
            words,
            fate: Fate {
                recipient: self.recipient.map(str::to_owned),
                action: None,
                judgement,
                said: self.said.chars().take(500).collect(),
            },
        })
    }
}

fn by_kind(class: Class, kind: &str) -> Judgement {
    Judgement {
        class,
        certain: class == Class::Complaint,
        status: None,
        reply: None,
        evidence: Evidence::Feedback(kind.trim().to_owned()),
    }
}

/// Every text in it that could be a token: base64url, not short, not long.
fn gather(value: &Value, words: &mut Vec<String>) {
    match value {
        _ if words.len() >= WORDS => {}
        Value::String(text) => {
            let is_token = |word: &&str| {
                (20..=100).contains(&word.len())
                    && word
                        .bytes()
                        .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
            };
            words.extend(Some(text.trim()).filter(is_token).map(str::to_owned));
        }
        Value::Array(items) => items.iter().for_each(|item| gather(item, words)),
        Value::Object(fields) => fields.values().for_each(|item| gather(item, words)),
        _ => {}
    }
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_default()
}

/// An id may be a number.
fn id(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// <https://docs.aws.amazon.com/ses/latest/dg/notification-contents.html>: one object for all its recipients.
fn ses(body: &Value) -> Vec<Event> {
    let kind = body["notificationType"]
        .as_str()
        .or(body["eventType"].as_str())
        .unwrap_or_default();
    let message = &body["mail"];
    let told = |id: &str, recipient: &Value, class, kind: &str| {
        let address = recipient["emailAddress"].as_str();
        Told {
            id: format!("{id}/{}", address.unwrap_or_default()),
            recipient: address,
            class: Some(class),
            kind: kind.to_owned(),
            status: Status::parse(text(recipient, "status")),
            said: text(recipient, "diagnosticCode").to_owned(),
        }
        .event(message)
    };
    let of = |part: &str, recipients: &str, class: Class, kind: &str| -> Vec<Event> {
        let part = &body[part];
        let own = part["feedbackId"]
            .as_str()
            .or(message["messageId"].as_str())
            .unwrap_or_default();
        let list = part[recipients].as_array().map(Vec::as_slice).unwrap_or_default();
        list.iter().filter_map(|one| told(own, one, class, kind)).collect()
    };
    match kind {
        "Bounce" => {
            let (kind, sub) = (
                text(&body["bounce"], "bounceType"),
                text(&body["bounce"], "bounceSubType"),
            );
            let class = match (kind, sub) {
                (_, "MailboxFull" | "MessageTooLarge") => Class::Box,
                (_, "ContentRejected" | "AttachmentRejected") => Class::Sender,
                ("Permanent", _) => Class::Dead,
                ("Transient", _) => Class::Expired,
                _ => Class::Unknown,
            };
            of("bounce", "bouncedRecipients", class, &format!("{kind} {sub}"))
        }
        "Complaint" => {
            let kind = text(&body["complaint"], "complaintFeedbackType");
            let class = if kind == "not-spam" {
                Class::Auto
            } else {
                Class::Complaint
            };
            of("complaint", "complainedRecipients", class, kind)
        }
        "DeliveryDelay" => of("deliveryDelay", "delayedRecipients", Class::Delayed, kind),
        _ => Vec::new(),
    }
}

/// <https://postmarkapp.com/developer/webhooks/bounce-webhook>
fn postmark(body: &Value) -> Option<Event> {
    let record = text(body, "RecordType");
    let kind = text(
        body,
        if record == "SubscriptionChange" {
            "SuppressionReason"
        } else {
            "Type"
        },
    );
    let class = match (record, kind) {
        ("SubscriptionChange", _) if body["SuppressSending"] != true => return None,
        ("SpamComplaint", _) | ("Bounce" | "SubscriptionChange", "SpamComplaint") => Class::Complaint,
        ("SubscriptionChange", "HardBounce") | ("Bounce", "HardBounce" | "BadEmailAddress") => Class::Dead,
        ("SubscriptionChange", _) | ("Bounce", "Unsubscribe" | "ManuallyDeactivated") => Class::OptOut,
        ("Bounce", "SpamNotification" | "VirusNotification" | "Blocked" | "DMARCPolicy" | "OpenRelayTest") => {
            Class::Sender
        }
        ("Bounce", "AutoResponder" | "AddressChange" | "ChallengeVerification" | "Subscribe") => Class::Auto,
        ("Bounce", "SoftBounce" | "Transient" | "DnsError") => Class::Expired,
        ("Bounce", _) => Class::Unknown,
        _ => return None,
    };
    let number = if body["ID"].is_null() {
        &body["MessageID"]
    } else {
        &body["ID"]
    };
    Told {
        id: format!("{record}/{}", id(number)),
        recipient: body["Email"].as_str().or(body["Recipient"].as_str()),
        class: Some(class),
        kind: kind.to_owned(),
        status: None,
        said: format!("{} {}", text(body, "Details"), text(body, "Description"))
            .trim()
            .to_owned(),
    }
    .event(body)
}

/// <https://documentation.mailgun.com/docs/mailgun/user-manual/events/event-structure/>
fn mailgun(body: &Value) -> Option<Event> {
    let event = &body["event-data"];
    let status = &event["delivery-status"];
    let severity = text(event, "severity");
    let class = match (text(event, "event"), severity) {
        ("failed", "temporary") => Class::Delayed,
        ("failed", _) if text(event, "reason") == "suppress-complaint" => Class::Complaint,
        ("failed", _) if text(event, "reason") == "suppress-unsubscribe" => Class::OptOut,
        ("failed", _) if text(event, "reason") == "suppress-bounce" => Class::Dead,
        ("failed", _) => Class::Unknown,
        ("complained", _) => Class::Complaint,
        ("unsubscribed", _) => Class::OptOut,
        _ => return None,
    };
    let code = status["code"].as_i64().map(|code| code.to_string()).unwrap_or_default();
    let said = format!("{code} {} {}", text(status, "message"), text(status, "description"));
    Told {
        id: id(&event["id"]),
        recipient: event["recipient"].as_str(),
        class: Some(class),
        kind: format!("{} {severity}", text(event, "event")),
        status: Status::parse(text(status, "enhanced-code")),
        said: said.trim().to_owned(),
    }
    .event(event)
}

/// <https://resend.com/docs/dashboard/webhooks/event-types>
fn resend(body: &Value) -> Option<Event> {
    let data = &body["data"];
    let bounce = &data["bounce"];
    let class = match (text(body, "type"), text(bounce, "type")) {
        ("email.bounced", "Permanent") => Class::Dead,
        ("email.bounced", "Transient") => Class::Expired,
        ("email.bounced", _) => Class::Unknown,
        ("email.complained", _) => Class::Complaint,
        ("email.delivery_delayed", _) => Class::Delayed,
        _ => return None,
    };
    let recipient = data["to"].as_str().or(data["to"][0].as_str());
    Told {
        id: format!("{}/{}", text(body, "type"), id(&data["email_id"])),
        recipient,
        class: Some(class),
        kind: format!("{} {}", text(body, "type"), text(bounce, "subType")),
        status: None,
        said: text(bounce, "message").to_owned(),
    }
    .event(body)
}

/// <https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/event>
fn sendgrid(event: &Value) -> Option<Event> {
    let class = match (text(event, "event"), text(event, "type"), text(event, "reason")) {
        ("bounce", "blocked", _) => Class::Sender,
        ("bounce", ..) | ("dropped", _, "Bounced Address") => Class::Dead,
        ("spamreport", ..) | ("dropped", _, "Spam Reporting Address") => Class::Complaint,
        ("unsubscribe" | "group_unsubscribe", ..) | ("dropped", _, "Unsubscribed Address") => Class::OptOut,
        ("deferred", ..) => Class::Delayed,
        _ => return None,
    };
    Told {
        id: id(&event["sg_event_id"]),
        recipient: event["email"].as_str(),
        class: Some(class),
        kind: text(event, "event").to_owned(),
        status: Status::parse(text(event, "status")),
        said: text(event, "reason").to_owned(),
    }
    .event(event)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "AQEGsZ2D0aYfAX0123456789abcdefABCDEF";

    fn of(provider: Provider, body: &Value) -> Vec<(Class, bool)> {
        let events = read(provider, body.to_string().as_bytes()).unwrap();
        let told = |event: Event| (event.fate.judgement.class, event.words.contains(&TOKEN.to_owned()));
        events.into_iter().map(told).collect()
    }

    #[test]
    fn each_provider_tells_the_same_in_its_own_words() {
        use serde_json::json;
        let cases = [
            (
                Provider::Postmark,
                json!({"RecordType": "Bounce", "ID": 7, "Type": "HardBounce", "Details": "550 5.1.1 unknown user",
                       "Metadata": {"delivery": TOKEN}}),
                Class::Dead,
            ),
            (
                Provider::Postmark,
                json!({"RecordType": "Bounce", "ID": 8, "Type": "HardBounce", "Details": "550 5.7.1 blocked using a list",
                       "Metadata": {"delivery": TOKEN}}),
                Class::Sender,
            ),
            (
                Provider::Postmark,
                json!({"RecordType": "SpamComplaint", "ID": 9, "Metadata": {"delivery": TOKEN}}),
                Class::Complaint,
            ),
            (
                Provider::Mailgun,
                json!({"event-data": {"event": "failed", "severity": "permanent", "id": "a", "user-variables": {"delivery": TOKEN},
                       "delivery-status": {"code": 552, "message": "mailbox full"}}}),
                Class::Box,
            ),
            (
                Provider::Mailgun,
                json!({"event-data": {"event": "failed", "severity": "temporary", "id": "b", "user-variables": {"delivery": TOKEN}}}),
                Class::Delayed,
            ),
            (
                Provider::Resend,
                json!({"type": "email.bounced", "data": {"email_id": "c", "to": ["a@b.example"], "headers": [{"value": TOKEN}],
                       "bounce": {"type": "Permanent", "subType": "General", "message": ""}}}),
                Class::Dead,
            ),
            (
                Provider::Ses,
                json!({"notificationType": "Complaint", "mail": {"messageId": "d", "tags": {"delivery": [TOKEN]}},
                       "complaint": {"feedbackId": "e", "complainedRecipients": [{"emailAddress": "a@b.example"}]}}),
                Class::Complaint,
            ),
        ];
        for (provider, body, class) in cases {
            assert_eq!(of(provider, &body), [(class, true)], "{body}");
        }
        let several = json!([
            {"event": "bounce", "type": "bounce", "status": "5.1.1", "reason": "550 no", "sg_event_id": "1", "delivery": TOKEN},
            {"event": "open", "sg_event_id": "2"},
            {"event": "spamreport", "sg_event_id": "3", "delivery": TOKEN}
        ]);
        assert_eq!(
            of(Provider::SendGrid, &several),
            [(Class::Dead, true), (Class::Complaint, true)]
        );
        assert!(read(Provider::Postmark, b"no").is_none() && read(Provider::SendGrid, b"{}").is_none());
    }
}
