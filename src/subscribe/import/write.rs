//! Writes what an import made new or changed: many rows per statement.

use super::known::{Held, Known, Person};
use crate::store::subscriptions::Subscription;
use crate::store::suppressions::Suppression;
use crate::store::{Conn, StoreError, consents, subscribers, subscriptions, suppressions};

/// Rows per statement.
const ROWS: usize = 1_000;

/// Writes everything of a batch that is new or changed.
pub(super) async fn write(conn: &mut Conn, known: &mut Known) -> Result<(), StoreError> {
    let mut people = known.in_order();
    write_people(conn, &mut people).await?;
    write_subscriptions(conn, &mut people).await?;
    let fresh = people
        .iter()
        .flat_map(|person| &person.against)
        .filter(|(_, is_new)| *is_new);
    let fresh: Vec<Suppression> = fresh.map(|(suppression, _)| suppression.clone()).collect();
    suppressions::put_all(conn, &fresh).await
}

async fn write_people(conn: &mut Conn, people: &mut [&mut Person]) -> Result<(), StoreError> {
    let count = people.iter().filter(|person| person.is_new).count();
    let mut id = match count {
        0 => 0,
        count => subscribers::take_ids(conn, i64::try_from(count).unwrap_or(i64::MAX)).await?,
    };
    let mut fresh = Vec::with_capacity(count);
    for person in people.iter_mut() {
        let Some(row) = &mut person.row else { continue };
        if person.is_new {
            row.id = id;
            id += 1;
            fresh.push(row.clone());
        } else if person.is_dirty {
            subscribers::describe(conn, row.id, row.name.as_deref(), row.language.as_deref()).await?;
        }
        person
            .subscriptions
            .iter_mut()
            .for_each(|held| held.row.subscriber_id = row.id);
    }
    let added = subscribers::insert(conn, &fresh).await?;
    // Somebody who signed up in this moment is in the way: the batch is done again by the next run.
    crate::store::exactly("add subscribers", fresh.len() as u64, added)
}

async fn write_subscriptions(conn: &mut Conn, people: &mut [&mut Person]) -> Result<(), StoreError> {
    let mut held: Vec<&mut Held> = people
        .iter_mut()
        .flat_map(|person| &mut person.subscriptions)
        .filter(|held| held.is_dirty)
        .collect();
    let count = held.iter().filter(|held| held.consent.is_some()).count();
    let mut id = match count {
        0 => 0,
        count => consents::take_ids(conn, i64::try_from(count).unwrap_or(i64::MAX)).await?,
    };
    let mut fresh = Vec::with_capacity(count);
    for one in &mut held {
        if let Some(mut consent) = one.consent.take() {
            (consent.id, consent.subscriber_id) = (id, one.row.subscriber_id);
            one.row.consent_id = Some(id);
            id += 1;
            fresh.push(consent);
        }
    }
    consents::insert(conn, &fresh).await?;
    let rows: Vec<Subscription> = held.iter().map(|held| held.row.clone()).collect();
    for rows in rows.chunks(ROWS) {
        subscriptions::save(conn, rows).await?;
    }
    Ok(())
}
