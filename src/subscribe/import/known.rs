//! What is known of the people of a file, and how a row changes it: nothing existing is loosened (X3).

use std::collections::{HashMap, HashSet};

use super::fresh::{new_person, new_subscription};
use super::row::{Own, Row, Who};
use super::status::Said;
use crate::model::subscriber::{ALL, Method, State, Suppressed, Topics};
use crate::store::consents::{self, Consent};
use crate::store::subscribers::{self, Subscriber};
use crate::store::subscriptions::{self, Subscription};
use crate::store::suppressions::{self, Suppression};
use crate::store::{Conn, StoreError};

/// What became of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Became {
    Added,
    Updated,
    Unchanged,
    Suppressed,
}

/// A subscription at hand.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) row: Subscription,
    /// The person signed up here, and not somebody in the person's name.
    pub(super) is_own: bool,
    /// Written down with a new subscription.
    pub(super) consent: Option<Consent>,
    pub(super) is_dirty: bool,
}

/// Everything about one address.
#[derive(Debug, Default)]
pub(super) struct Person {
    /// `None` as long as there is only a suppression.
    pub(super) row: Option<Subscriber>,
    pub(super) is_new: bool,
    pub(super) is_dirty: bool,
    pub(super) subscriptions: Vec<Held>,
    /// With a flag: not yet written.
    pub(super) against: Vec<(Suppression, bool)>,
}

/// The people of a batch, by address key.
#[derive(Debug, Default)]
pub(super) struct Known {
    people: HashMap<Vec<u8>, Person>,
    /// Keys in the order of the file, so that numbers follow it.
    order: Vec<Vec<u8>>,
    /// What the files said so far of a person and newsletter, and the word that nobody understood.
    said: HashMap<(Vec<u8>, String), (Said, Option<String>)>,
    /// Subscriptions that this run brought, by person and newsletter.
    brought: HashSet<(Vec<u8>, String)>,
}

/// What every row of one import shares.
pub(super) struct Terms {
    /// Microseconds.
    pub(super) now: i64,
    /// How people agreed, in the operator's words.
    pub(super) note: String,
}

impl Known {
    /// Reads what the database knows of these keys; with `exclusive`, nobody else changes those people until the transaction
    /// ends.
    pub(super) async fn load(&mut self, conn: &mut Conn, rows: &[Row], exclusive: bool) -> Result<(), StoreError> {
        let mut keys: Vec<Vec<u8>> = Vec::new();
        for row in rows {
            if !self.people.contains_key(&row.key) {
                self.people.insert(row.key.clone(), Person::default());
                self.order.push(row.key.clone());
                keys.push(row.key.clone());
            }
        }
        let found = subscribers::by_keys(conn, &keys).await?;
        let ids: Vec<i64> = found.iter().map(|person| person.id).collect();
        let key_of: HashMap<i64, Vec<u8>> = found
            .iter()
            .map(|person| (person.id, person.address_key.clone()))
            .collect();
        for person in found {
            let known = self.people.entry(person.address_key.clone()).or_default();
            known.row = Some(person);
        }
        if exclusive {
            subscribers::hold_all(conn, &ids).await?;
        }
        let rows = subscriptions::of_many(conn, &ids).await?;
        let consent_ids: Vec<i64> = rows.iter().filter_map(|row| row.consent_id).collect();
        let own: HashMap<i64, bool> = consents::methods_of(conn, &consent_ids)
            .await?
            .into_iter()
            .map(|(id, method)| (id, Method::from_word(&method).is_some_and(Method::is_own)))
            .collect();
        for row in rows {
            let is_own = row.consent_id.is_some_and(|id| own.get(&id).copied().unwrap_or(false));
            let held = Held {
                row,
                is_own,
                consent: None,
                is_dirty: false,
            };
            if let Some(person) = key_of
                .get(&held.row.subscriber_id)
                .and_then(|key| self.people.get_mut(key))
            {
                person.subscriptions.push(held);
            }
        }
        for suppression in suppressions::of_keys(conn, &keys).await? {
            if let Some(person) = self.people.get_mut(&suppression.address_key) {
                person.against.push((suppression, false));
            }
        }
        Ok(())
    }

    /// Whether an earlier row spoke of the same person and newsletter.
    pub(super) fn has_heard_of(&self, row: &Row) -> bool {
        self.said.contains_key(&(row.key.clone(), row.newsletter.clone()))
    }

    /// Lets a row act on what is known.
    pub(super) fn merge(&mut self, row: &Row, terms: &Terms) -> Result<Became, StoreError> {
        let about = (row.key.clone(), row.newsletter.clone());
        let before = self.said.get(&about).map(|(said, _)| *said);
        let said = before.map_or(row.said, |before| before.max(row.said));
        if before != Some(said) {
            self.said.insert(about.clone(), (said, row.unknown.clone()));
        }
        let is_brought = self.brought.contains(&about);
        let person = self.people.entry(row.key.clone()).or_default();
        let became = match (&row.who, said) {
            (Who::KeyOnly, Said::Not(reason)) => {
                let scope = row.newsletter.clone();
                person.suppress(row, &scope, reason, terms);
                Ok(Became::Suppressed)
            }
            // What weighs more for the file need not weigh more for the suppression: each row brings its own reason.
            (_, Said::Not(reason)) => {
                let reason = if let Said::Not(own) = row.said { own } else { reason };
                person.stop(row, reason, is_brought, terms)
            }
            (_, said) => person.welcome(row, said, before, terms),
        }?;
        if became == Became::Added {
            self.brought.insert(about);
        }
        Ok(became)
    }

    /// What the files said of each person and newsletter, and the word that nobody understood.
    pub(super) fn all_said(&self) -> impl Iterator<Item = (Said, Option<&str>)> {
        self.said.values().map(|(said, word)| (*said, word.as_deref()))
    }

    /// Forgets the people at hand, not what the file said.
    pub(super) fn clear(&mut self) {
        self.people.clear();
        self.order.clear();
    }

    /// The people in the order of the file, to be written.
    pub(super) fn in_order(&mut self) -> Vec<&mut Person> {
        let mut by_key: HashMap<&Vec<u8>, &mut Person> = self.people.iter_mut().collect();
        self.order.iter().filter_map(|key| by_key.remove(key)).collect()
    }
}

impl Person {
    fn holds_against(&self, newsletter: &str, now: i64) -> bool {
        let concerns = |row: &Suppression| row.holds(now) && (row.scope == ALL || row.scope == newsletter);
        self.against.iter().any(|(row, _)| concerns(row))
    }

    /// The row says that the person may be mailed, or is to be asked.
    fn welcome(&mut self, row: &Row, said: Said, before: Option<Said>, terms: &Terms) -> Result<Became, StoreError> {
        if self.holds_against(&row.newsletter, terms.now) {
            return Ok(Became::Suppressed);
        }
        let renamed = self.describe(row, terms);
        let place = self
            .subscriptions
            .iter()
            .position(|held| held.row.newsletter_id == row.newsletter);
        let Some(place) = place else {
            let state = row.own.state.filter(|_| said == Said::Active).unwrap_or(match said {
                Said::Active => State::Active,
                _ => State::Pending,
            });
            self.subscriptions.push(new_subscription(row, state, terms));
            return Ok(Became::Added);
        };
        let held = &mut self.subscriptions[place];
        let stands = held.row.stands()?;
        if stands == State::Unsubscribed {
            return Ok(Became::Suppressed);
        }
        let old = held.row.clone();
        // The person's own choices stand: a sign-up here, or a change on the preferences page.
        if !held.is_own && held.row.reason.is_none() {
            held.choose(row, before.is_some());
            if stands == State::Active && said != Said::Active && before == Some(Said::Active) {
                State::Pending.word().clone_into(&mut held.row.state);
            }
        }
        let is_changed = held.row != old;
        if is_changed {
            held.row.changed_at = terms.now;
            held.is_dirty = true;
        }
        Ok(if is_changed || renamed {
            Became::Updated
        } else {
            Became::Unchanged
        })
    }

    /// The row says that the person must not be mailed; `is_brought`: an earlier row of this run brought the subscription.
    fn stop(&mut self, row: &Row, reason: Suppressed, is_brought: bool, terms: &Terms) -> Result<Became, StoreError> {
        let held = self
            .subscriptions
            .iter_mut()
            .find(|held| held.row.newsletter_id == row.newsletter);
        let is_own_and_active = match &held {
            Some(held) => held.is_own && !is_brought && held.row.stands()? == State::Active,
            None => false,
        };
        // Who confirmed here did so after leaving, or with an address that works.
        if is_own_and_active && matches!(reason, Suppressed::Left | Suppressed::Bounce) {
            return Ok(Became::Unchanged);
        }
        match held {
            Some(held) if row.own.state.is_none_or(|state| state == State::Unsubscribed) => held.end(reason, terms),
            Some(_) => {}
            None => {
                self.describe(row, terms);
                let state = row
                    .own
                    .state
                    .filter(|_| reason != Suppressed::Left)
                    .unwrap_or(State::Unsubscribed);
                let mut fresh = new_subscription(row, state, terms);
                if row.own.state.is_none() {
                    fresh.row.reason = Some(reason.word().to_owned());
                }
                self.subscriptions.push(fresh);
            }
        }
        let scope = if reason == Suppressed::Left {
            row.newsletter.as_str()
        } else {
            ALL
        };
        self.suppress(row, scope, reason, terms);
        if reason != Suppressed::Left && row.own.state == Some(State::Unsubscribed) {
            self.suppress(row, &row.newsletter, Suppressed::Left, terms);
        }
        Ok(Became::Suppressed)
    }

    fn suppress(&mut self, row: &Row, scope: &str, reason: Suppressed, terms: &Terms) {
        let Own {
            suppressed_since,
            suppressed_until,
            evidence,
            ..
        } = &row.own;
        let fresh = Suppression {
            address_key: row.key.clone(),
            scope: scope.to_owned(),
            reason: reason.word().to_owned(),
            since: suppressed_since.unwrap_or(terms.now),
            until: *suppressed_until,
            evidence: evidence.clone().or_else(|| Some("import".to_owned())),
        };
        match self.against.iter_mut().find(|(known, _)| known.scope == scope) {
            Some((known, _)) if known.holds(terms.now) && Suppressed::from_word(&known.reason) >= Some(reason) => {}
            Some(known) => *known = (fresh, true),
            None => self.against.push((fresh, true)),
        }
    }

    /// Makes the person, or fills in a name and language that were not known; whether something known changed.
    fn describe(&mut self, row: &Row, terms: &Terms) -> bool {
        let Some(person) = &mut self.row else {
            self.row = new_person(row, terms);
            self.is_new = self.row.is_some();
            return false;
        };
        let (name, language) = (
            person.name.is_none() && row.name.is_some(),
            person.language.is_none() && row.language.is_some(),
        );
        if name {
            person.name.clone_from(&row.name);
        }
        if language {
            person.language.clone_from(&row.language);
        }
        self.is_dirty |= name || language;
        name || language
    }
}

impl Held {
    /// Takes the schedule and topics that a row names; two rows of one file are united.
    fn choose(&mut self, row: &Row, is_repeat: bool) {
        if let Some(schedule) = row.schedule.as_ref().filter(|_| !is_repeat) {
            self.row.schedule_id.clone_from(schedule);
        }
        if let Some(topics) = &row.topics {
            let known = Topics::from_json(&self.row.topics);
            self.row.topics = if is_repeat {
                known.united(topics)
            } else {
                topics.clone()
            }
            .to_json();
        }
    }

    fn end(&mut self, reason: Suppressed, terms: &Terms) {
        if self.row.state != State::Unsubscribed.word() {
            State::Unsubscribed.word().clone_into(&mut self.row.state);
            self.row.reason = Some(reason.word().to_owned());
            self.row.changed_at = terms.now;
            self.is_dirty = true;
        }
    }
}
