//! Everybody, with choices, consents and suppressions, as our own CSV (X6).

use std::collections::HashMap;
use std::io::Write;

use chrono::SecondsFormat;
use data_encoding::HEXLOWER;

use super::columns::{Column, OWN, written};
use super::{SubscribeError, now};
use crate::app::App;
use crate::model::clock::from_micros;
use crate::model::subscriber::{ALL, State, Suppressed, Topics};
use crate::store::audit::{self, Act};
use crate::store::consents::{self, ShownConsent};
use crate::store::subscribers::{self, Subscriber};
use crate::store::subscriptions::{self, Subscription};
use crate::store::suppressions::{self, Suppression};
use crate::store::{Conn, StoreError};

/// People read in one go.
const PAGE: i64 = 1_000;

type Cells = HashMap<Column, String>;

/// Writes everybody, one row per subscription, oldest first; then the suppressions that no subscription speaks for, by
/// key. Imported into an empty database it gives the same bytes again. Returns the number of rows.
pub async fn export(app: &App, out: &mut (dyn Write + Send)) -> Result<u64, SubscribeError> {
    let at = now(app);
    let mut conn = app.database.read().await?;
    writeln!(out, "{}", OWN.map(|(_, name)| name).join(","))?;
    let (mut rows, mut last) = (0, 0);
    loop {
        let people = subscribers::after(&mut conn, last, PAGE).await?;
        let Some(newest) = people.last() else { break };
        last = newest.id;
        for cells in page(&mut conn, &people, at).await? {
            write_row(out, &cells)?;
            rows += 1;
        }
    }
    rows += write_orphans(&mut conn, out).await?;
    drop(conn);
    let mut conn = app.database.begin().await?;
    let detail = format!("{rows} rows");
    let act = Act {
        actor: "operator",
        action: "export",
        subject: "subscribers",
        detail: &detail,
    };
    audit::note(&mut conn, &act, at).await?;
    conn.commit().await?;
    Ok(rows)
}

async fn page(conn: &mut Conn, people: &[Subscriber], at: i64) -> Result<Vec<Cells>, StoreError> {
    let (lo, hi) = (
        people.first().map_or(0, |person| person.id),
        people.last().map_or(0, |person| person.id),
    );
    let keys: Vec<Vec<u8>> = people.iter().map(|person| person.address_key.clone()).collect();
    let against = suppressions::of_keys(conn, &keys).await?;
    let against: HashMap<(&[u8], &str), &Suppression> = against
        .iter()
        .map(|row| ((row.address_key.as_slice(), row.scope.as_str()), row))
        .collect();
    let consents: HashMap<i64, ShownConsent> = consents::in_force(conn, lo, hi)
        .await?
        .into_iter()
        .map(|shown| (shown.consent.id, shown))
        .collect();
    let by_id: HashMap<i64, &Subscriber> = people.iter().map(|person| (person.id, person)).collect();
    let mut all = Vec::new();
    for row in subscriptions::of_range(conn, lo, hi).await? {
        let Some(person) = by_id.get(&row.subscriber_id) else {
            continue;
        };
        let of = |scope: &str| against.get(&(person.address_key.as_slice(), scope)).copied();
        let suppression = of(ALL).or_else(|| of(&row.newsletter_id));
        let mut cells = cells_of(person, &row, suppression, at)?;
        if let Some(shown) = row.consent_id.and_then(|id| consents.get(&id)) {
            add_consent(&mut cells, shown);
        }
        all.push(cells);
    }
    Ok(all)
}

fn cells_of(
    person: &Subscriber,
    row: &Subscription,
    suppression: Option<&Suppression>,
    at: i64,
) -> Result<Cells, StoreError> {
    let mut cells = Cells::from([
        (Column::Email, person.address.clone()),
        (Column::Name, person.name.clone().unwrap_or_default()),
        (Column::Status, status_word(row, suppression, at)?.to_owned()),
        (Column::Newsletter, row.newsletter_id.clone()),
        (Column::Schedule, row.schedule_id.clone()),
        (Column::Topics, Topics::from_json(&row.topics).to_cell()),
        (Column::Language, person.language.clone().unwrap_or_default()),
        (Column::State, row.state.clone()),
        (Column::Reason, row.reason.clone().unwrap_or_default()),
        (Column::PausedUntil, row.paused_until.map_or_else(String::new, time)),
        (Column::Since, time(row.created_at)),
    ]);
    if let Some(suppression) = suppression {
        add_suppression(&mut cells, suppression);
    }
    Ok(cells)
}

/// The most restrictive word, so that whoever reads only this column mails nobody who must not be mailed.
fn status_word(row: &Subscription, suppression: Option<&Suppression>, at: i64) -> Result<&'static str, StoreError> {
    if let Some(suppression) = suppression.filter(|suppression| suppression.scope == ALL) {
        return Ok(suppression_word(suppression.why()?));
    }
    let is_paused = row.paused_until.is_some_and(|until| until > at);
    Ok(match row.stands()? {
        State::Active if is_paused => "paused",
        stands => stands.word(),
    })
}

fn suppression_word(reason: Suppressed) -> &'static str {
    match reason {
        Suppressed::Left => "unsubscribed",
        Suppressed::Bounce => "bounced",
        Suppressed::ByHand => "by_hand",
        Suppressed::Complaint => "complained",
    }
}

fn add_suppression(cells: &mut Cells, suppression: &Suppression) {
    cells.insert(Column::SuppressedSince, time(suppression.since));
    cells.insert(
        Column::SuppressedUntil,
        suppression.until.map_or_else(String::new, time),
    );
    cells.insert(Column::Evidence, suppression.evidence.clone().unwrap_or_default());
}

fn add_consent(cells: &mut Cells, ShownConsent { consent, text }: &ShownConsent) {
    let word = |value: &Option<String>| value.clone().unwrap_or_default();
    cells.insert(Column::ConsentMethod, consent.method.clone());
    cells.insert(Column::ConsentForm, word(&consent.form));
    cells.insert(Column::ConsentLanguage, word(&consent.language));
    cells.insert(Column::ConsentText, text.clone());
    cells.insert(Column::ConsentNetwork, word(&consent.network));
    cells.insert(Column::ConsentNote, word(&consent.note));
    cells.insert(Column::AskedAt, time(consent.asked_at));
    cells.insert(Column::ConfirmedAt, consent.confirmed_at.map_or_else(String::new, time));
}

async fn write_orphans(conn: &mut Conn, out: &mut (dyn Write + Send)) -> Result<u64, SubscribeError> {
    let (mut rows, mut key, mut scope) = (0, Vec::new(), String::new());
    loop {
        let found = suppressions::orphans(conn, (&key, &scope), PAGE).await?;
        let Some(last) = found.last() else { return Ok(rows) };
        (key, scope) = (last.address_key.clone(), last.scope.clone());
        for suppression in &found {
            let mut cells = Cells::from([
                (Column::Status, suppression_word(suppression.why()?).to_owned()),
                (Column::Newsletter, suppression.scope.clone()),
                (Column::AddressKey, HEXLOWER.encode(&suppression.address_key)),
            ]);
            add_suppression(&mut cells, suppression);
            write_row(out, &cells)?;
            rows += 1;
        }
    }
}

fn write_row(out: &mut (dyn Write + Send), cells: &Cells) -> std::io::Result<()> {
    let row = OWN.map(|(column, _)| cells.get(&column).map_or_else(String::new, |cell| written(cell)));
    writeln!(out, "{}", row.join(","))
}

fn time(micros: i64) -> String {
    from_micros(micros).to_rfc3339_opts(SecondsFormat::AutoSi, true)
}
