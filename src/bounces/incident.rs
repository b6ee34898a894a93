//! A mailbox provider that suddenly calls everybody unknown is broken: nobody is given up because of it (B7).

use serde::Serialize;

use super::effect::{DAY, give_up};
use super::{BouncesError, alarm};
use crate::app::App;
use crate::model::address::EmailAddress;
use crate::model::clock::{from_micros, to_micros};
use crate::model::subscriber::{ALL, Suppressed};
use crate::store::audit::{self, Act};
use crate::store::bounces::{self, Incident};
use crate::store::subscribers::Subscriber;
use crate::store::{Conn, StoreError, suppressions};

/// Fewer people of a domain say nothing about it.
const FEWEST: i64 = 50;
/// One in so many is too many.
const ONE_IN: i64 = 5;

/// Whether a person who is called dead stays, because the whole domain is in doubt. The first such event of an incident
/// takes back what the ones before it did.
pub(super) async fn holds(app: &App, conn: &mut Conn, person: &Subscriber, at: i64) -> Result<bool, StoreError> {
    let Ok(address) = EmailAddress::parse(&person.address) else {
        return Ok(false);
    };
    let domain = address.domain().to_ascii_lowercase();
    if bounces::incidents(conn).await?.iter().any(|open| open.domain == domain) {
        return Ok(true);
    }
    let since = at - DAY;
    let dead = bounces::dead_of(conn, &domain, since).await?;
    if dead < FEWEST / ONE_IN {
        return Ok(false);
    }
    let mailed = bounces::mailed_of(conn, &domain, since).await?;
    if mailed < FEWEST || dead * ONE_IN < mailed {
        return Ok(false);
    }
    let incident = Incident {
        domain,
        opened_at: at,
        dead,
        mailed,
    };
    if bounces::open_incident(conn, &incident).await? {
        for (event, key, _) in bounces::with_effect(conn, &incident.domain, "suppressed", since).await? {
            suppressions::lift(conn, &key, ALL, Suppressed::Bounce).await?;
            bounces::set_effect(conn, &event, "suppressed", "held").await?;
        }
        tracing::warn!(
            domain = incident.domain,
            dead,
            mailed,
            "a domain refuses so many that nobody is given up"
        );
        alarm::incident(app, conn, &incident).await?;
    }
    Ok(true)
}

/// An incident that waits for a decision.
#[derive(Debug, Clone, Serialize)]
pub struct IncidentLine {
    /// The domain.
    pub domain: String,
    /// RFC 3339.
    pub opened_at: String,
    /// People who were called dead.
    pub dead: i64,
    /// People who were sent something.
    pub mailed: i64,
}

/// Every incident that waits for a decision, newest first.
pub async fn incidents(app: &App) -> Result<Vec<IncidentLine>, BouncesError> {
    let mut conn = app.database.read().await?;
    let all = bounces::incidents(&mut conn).await?;
    let line = |incident: Incident| IncidentLine {
        domain: incident.domain,
        opened_at: from_micros(incident.opened_at).to_rfc3339(),
        dead: incident.dead,
        mailed: incident.mailed,
    };
    Ok(all.into_iter().map(line).collect())
}

/// Believes a domain after all: everybody it called dead is given up. How many that are.
///
/// # Errors
/// `NoIncident`.
pub async fn apply(app: &App, domain: &str) -> Result<usize, BouncesError> {
    decide(app, domain, "suppressed").await
}

/// Forgets what a domain said: everybody stays. How many that are.
///
/// # Errors
/// `NoIncident`.
pub async fn drop_held(app: &App, domain: &str) -> Result<usize, BouncesError> {
    decide(app, domain, "dropped").await
}

async fn decide(app: &App, domain: &str, effect: &'static str) -> Result<usize, BouncesError> {
    let domain = domain.trim().to_ascii_lowercase();
    let now = to_micros(app.clock.now());
    let mut conn = app.database.begin().await?;
    if !bounces::close_incident(&mut conn, &domain).await? {
        return Err(BouncesError::NoIncident(domain));
    }
    let held = bounces::with_effect(&mut conn, &domain, "held", 0).await?;
    for (event, key, code) in &held {
        if effect == "suppressed" {
            give_up(&mut conn, key, code.as_deref(), now).await?;
        }
        bounces::set_effect(&mut conn, event, "held", effect).await?;
    }
    let act = Act {
        actor: "operator",
        action: "decide about an incident",
        subject: &domain,
        detail: effect,
    };
    audit::note(&mut conn, &act, now).await?;
    conn.commit().await?;
    Ok(held.len())
}
