//! People, subscriptions and consents that an import brings.

use super::known::{Held, Terms};
use super::row::{Row, Who};
use crate::model::subscriber::{Method, State};
use crate::store::consents::Consent;
use crate::store::subscribers::Subscriber;
use crate::store::subscriptions::Subscription;

/// The person of a row; none of a suppression without an address.
pub(super) fn new_person(row: &Row, terms: &Terms) -> Option<Subscriber> {
    let Who::Person(address) = &row.who else { return None };
    Some(Subscriber {
        id: 0,
        address: address.as_str().to_owned(),
        address_key: row.key.clone(),
        name: row.name.clone(),
        language: row.language.clone(),
        token_epoch: 0,
        created_at: row.own.since.unwrap_or(terms.now),
        erased_at: None,
    })
}

/// A new subscription; old articles do not go to imported people (X4).
pub(super) fn new_subscription(row: &Row, state: State, terms: &Terms) -> Held {
    let subscription = Subscription {
        schedule_id: row.schedule.clone().unwrap_or_else(|| row.default_schedule.clone()),
        topics: row.topics.clone().unwrap_or_default().to_json(),
        paused_until: row.own.paused_until,
        owed_check: i64::from(row.own.paused_until.is_some()),
        reason: row.own.reason.clone(),
        created_at: row.own.since.unwrap_or(terms.now),
        ..Subscription::begun(0, &row.newsletter, state, terms.now)
    };
    let consent = new_consent(row, state, terms);
    let is_own = row
        .own
        .consent
        .as_ref()
        .and_then(|own| Method::from_word(&own.method))
        .is_some_and(Method::is_own);
    Held {
        row: subscription,
        is_own,
        consent,
        is_dirty: true,
    }
}

/// The consent that came with the row, else what the operator says; nobody who left needs one.
fn new_consent(row: &Row, state: State, terms: &Terms) -> Option<Consent> {
    let base = Consent {
        newsletter_id: row.newsletter.clone(),
        ..Consent::default()
    };
    if let Some(own) = &row.own.consent {
        return Some(Consent {
            // The text itself is kept by the caller, who put its name here.
            text_id: own.text.clone(),
            method: own.method.clone(),
            form: own.form.clone(),
            language: own.language.clone(),
            asked_at: own.asked_at.unwrap_or(terms.now),
            confirmed_at: own.confirmed_at,
            network: own.network.clone(),
            note: own.note.clone(),
            ..base
        });
    }
    (state != State::Unsubscribed).then(|| Consent {
        method: Method::Import.word().to_owned(),
        asked_at: row.origin.asked_at.unwrap_or(terms.now).min(terms.now),
        confirmed_at: (state == State::Active).then(|| row.origin.confirmed_at.unwrap_or(terms.now).min(terms.now)),
        network: row.origin.network.clone(),
        note: Some(match &row.origin.tags {
            Some(tags) => format!("{} (tags there: {tags})", terms.note),
            None => terms.note.clone(),
        }),
        ..base
    })
}
