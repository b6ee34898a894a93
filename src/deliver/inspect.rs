//! Looks for anything in the ledger that should not be (`delivery.md` 17). Changes nothing.

use aws_lc_rs::digest::{SHA256, digest};
use data_encoding::HEXLOWER;
use serde::Serialize;

use crate::app::App;
use crate::model::clock::to_micros;
use crate::store::{Conn, StoreError, deliveries, invariants};

/// Something that should not be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// `I1` to `I12`, or `files` for what the engine says of its own.
    pub invariant: String,
    /// What it means.
    pub message: String,
    /// Where.
    pub place: String,
}

impl Finding {
    fn new(invariant: &str, message: &str, place: String) -> Self {
        Self {
            invariant: invariant.to_owned(),
            message: message.to_owned(),
            place,
        }
    }
}

/// Everything that should not be; nothing is what it should find.
pub async fn inspect(app: &App) -> Result<Vec<Finding>, StoreError> {
    let mut findings: Vec<Finding> = invariants::damage(&app.database)
        .await?
        .into_iter()
        .map(|line| {
            let message = "the database file is damaged; restore a backup";
            Finding::new("files", message, line)
        })
        .collect();
    let mut conn = app.database.read().await?;
    let now = conn.shared_time(to_micros(app.clock.now())).await?;
    let breaches = invariants::breaches(&mut conn, now).await?;
    findings.extend(
        breaches
            .into_iter()
            .map(|b| Finding::new(b.invariant, b.sentence, b.place)),
    );
    findings.extend(twice(app, &mut conn).await?);
    findings.extend(changed_letters(&mut conn).await?);
    Ok(findings)
}

/// I5: no article twice for one person within one ledger.
async fn twice(app: &App, conn: &mut Conn) -> Result<Vec<Finding>, StoreError> {
    let settings = app.settings();
    let found = deliveries::mailed_twice(conn).await?;
    Ok(found
        .into_iter()
        .filter(|(one, other, _)| settings.ledger_of(one) == settings.ledger_of(other))
        .map(|(_, _, place)| {
            Finding::new(
                "I5",
                "a person was mailed an article that an earlier issue had brought",
                place,
            )
        })
        .collect())
}

/// I10: what is sent again has the same bytes, so a compiled letter never changes.
async fn changed_letters(conn: &mut Conn) -> Result<Vec<Finding>, StoreError> {
    let mut findings = Vec::new();
    let mut after = (String::new(), 0);
    loop {
        let letters = invariants::letters(conn, (&after.0, after.1)).await?;
        let Some((issue, variant, ..)) = letters.last() else {
            return Ok(findings);
        };
        after = (issue.clone(), *variant);
        for (issue, variant, letter, noted) in letters {
            let hash = HEXLOWER.encode(digest(&SHA256, letter.as_bytes()).as_ref());
            if noted.as_deref() != Some(hash.as_str()) {
                let message = "a compiled letter is not the one that was compiled; cancel the issue";
                findings.push(Finding::new("I10", message, format!("{issue} variant {variant}")));
            }
        }
    }
}
