//! What must always hold in the ledger (`delivery.md` 17), each as one statement that finds what breaks it.

use super::{Conn, Database, Engine, StoreError};

/// Something that should not be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Breach {
    /// Which invariant: `I3`.
    pub invariant: &'static str,
    /// In words.
    pub sentence: &'static str,
    /// Where, such as an issue and a subscriber.
    pub place: String,
}

struct Rule {
    invariant: &'static str,
    sentence: &'static str,
    sql: &'static str,
}

// Each gives places as text. `$1` is now in microseconds.
const ATTEMPTS_SQL: &str = "SELECT issue_id || ' subscriber ' || CAST(subscriber_id AS TEXT) FROM deliveries \
     WHERE state = 'attempting' AND (owner IS NULL OR attempted_at IS NULL OR attempt_no < 1 OR attempted_at > $1 + 60000000) LIMIT 20";
const HELD_SQL: &str = "SELECT d.issue_id || ' subscriber ' || CAST(d.subscriber_id AS TEXT) FROM deliveries d \
     WHERE d.state = 'attempting' AND $1 > 0 AND NOT EXISTS (SELECT 1 FROM chunks c WHERE c.issue_id = d.issue_id \
       AND d.subscriber_id BETWEEN c.lo AND c.hi AND c.state = 'leased' AND c.owner = d.owner) LIMIT 20";
const SUMS_SQL: &str = "SELECT i.id FROM issues i WHERE i.state IN ('finished', 'cancelled') AND $1 > 0 AND (\
     i.candidates <> (SELECT COUNT(*) FROM deliveries d WHERE d.issue_id = i.id) \
     OR (i.state = 'finished' AND EXISTS (SELECT 1 FROM deliveries d WHERE d.issue_id = i.id \
       AND (d.state IN ('pending', 'deferred', 'attempting') OR (d.state = 'unknown' AND d.next_at IS NOT NULL))))) LIMIT 20";
const OCCURRENCES_SQL: &str = "SELECT o.newsletter_id || '/' || o.schedule_id || ' ' || o.occurrence FROM occurrences o \
     WHERE $1 > 0 AND ((o.state = 'fired' AND NOT EXISTS (SELECT 1 FROM issues i WHERE i.id = o.issue_id)) \
     OR (o.state <> 'fired' AND o.issue_id IS NOT NULL)) LIMIT 20";
const RESENDS_SQL: &str = "SELECT issue_id || ' subscriber ' || CAST(subscriber_id AS TEXT) FROM deliveries \
     WHERE state = 'unknown' AND next_at IS NOT NULL AND unknowns > 1 AND $1 > 0 LIMIT 20";
const OWNERS_SQL: &str = "SELECT c.issue_id || ' chunk ' || CAST(c.chunk_no AS TEXT) FROM chunks c WHERE c.state = 'leased' \
     AND NOT EXISTS (SELECT 1 FROM nodes n WHERE n.id = c.owner AND n.stopped_at IS NULL AND n.lease_until > $1 - 70000000) LIMIT 20";
const COUNTERS_SQL: &str = "SELECT c.issue_id || ' chunk ' || CAST(c.chunk_no AS TEXT) FROM chunks c WHERE c.state = 'done' AND $1 > 0 AND (\
     c.accepted <> (SELECT COUNT(*) FROM deliveries d WHERE d.issue_id = c.issue_id AND d.subscriber_id BETWEEN c.lo AND c.hi AND d.state = 'accepted') \
     OR c.failed <> (SELECT COUNT(*) FROM deliveries d WHERE d.issue_id = c.issue_id AND d.subscriber_id BETWEEN c.lo AND c.hi AND d.state = 'failed') \
     OR c.skipped <> (SELECT COUNT(*) FROM deliveries d WHERE d.issue_id = c.issue_id AND d.subscriber_id BETWEEN c.lo AND c.hi AND d.state = 'skipped') \
     OR c.unknown <> (SELECT COUNT(*) FROM deliveries d WHERE d.issue_id = c.issue_id AND d.subscriber_id BETWEEN c.lo AND c.hi AND d.state = 'unknown')) LIMIT 20";
const CHUNKS_SQL: &str = "SELECT d.issue_id || ' subscriber ' || CAST(d.subscriber_id AS TEXT) FROM deliveries d \
     WHERE $1 > 0 AND NOT EXISTS (SELECT 1 FROM chunks c WHERE c.issue_id = d.issue_id AND d.subscriber_id BETWEEN c.lo AND c.hi) LIMIT 20";
const FROZEN_SQL: &str = "SELECT a.issue_id || ' article ' || a.article_id FROM issue_articles a \
     WHERE $1 > 0 AND NOT EXISTS (SELECT 1 FROM revisions r WHERE r.id = a.revision_id AND r.article_id = a.article_id) LIMIT 20";

const RULES: [Rule; 9] = [
    Rule {
        invariant: "I1",
        sentence: "a letter is on its way without a record of who sends it",
        sql: ATTEMPTS_SQL,
    },
    Rule {
        invariant: "I1",
        sentence: "a letter is on its way in a part of an issue that its sender does not hold; nobody would ever look at it \
                   again: this is a defect, please report it",
        sql: HELD_SQL,
    },
    Rule {
        invariant: "I3",
        sentence: "an issue ended and its letters do not add up to its candidates",
        sql: SUMS_SQL,
    },
    Rule {
        invariant: "I4",
        sentence: "an occurrence and its issue do not belong together",
        sql: OCCURRENCES_SQL,
    },
    Rule {
        invariant: "I7",
        sentence: "a letter would be sent by itself for the third time",
        sql: RESENDS_SQL,
    },
    Rule {
        invariant: "I8",
        sentence: "a part of an issue belongs to a process that is dead, and nobody took it over; start `serve`",
        sql: OWNERS_SQL,
    },
    Rule {
        invariant: "I9",
        sentence: "counters of a finished part differ from a recount",
        sql: COUNTERS_SQL,
    },
    Rule {
        invariant: "I9",
        sentence: "a letter lies in no part of its issue and would never be sent",
        sql: CHUNKS_SQL,
    },
    Rule {
        invariant: "I10",
        sentence: "the revision that an issue froze is gone",
        sql: FROZEN_SQL,
    },
];

/// Everything that breaks an invariant, at most 20 places each.
pub async fn breaches(conn: &mut Conn, now: i64) -> Result<Vec<Breach>, StoreError> {
    conn.be_patient();
    let mut found = Vec::new();
    for rule in RULES {
        let places: Vec<(String,)> = on!(&mut *conn, |c| sqlx::query_as(rule.sql).bind(now).fetch_all(c).await?);
        found.extend(places.into_iter().map(|(place,)| Breach {
            invariant: rule.invariant,
            sentence: rule.sentence,
            place,
        }));
    }
    Ok(found)
}

const LETTERS: &str = "SELECT issue_id, variant_no, letter, sha256 FROM variants \
     WHERE letter IS NOT NULL AND (issue_id > $1 OR (issue_id = $1 AND variant_no > $2)) ORDER BY issue_id, variant_no LIMIT 50";

/// The next compiled letters after an issue's variant, with the hash that was noted: `(issue, variant, letter, hash)`.
pub async fn letters(
    conn: &mut Conn,
    after: (&str, i64),
) -> Result<Vec<(String, i64, String, Option<String>)>, StoreError> {
    Ok(on!(conn, |c| sqlx::query_as(LETTERS)
        .bind(after.0)
        .bind(after.1)
        .fetch_all(c)
        .await?))
}

const QUICK_CHECK_SQLITE: &str = "PRAGMA quick_check(20)";

async fn quick_check(conn: &mut Conn) -> Result<Vec<(String,)>, StoreError> {
    Ok(on!(conn, |c| sqlx::query_as(QUICK_CHECK_SQLITE).fetch_all(c).await?))
}

/// What the engine says about its own files; PostgreSQL looks after itself.
pub async fn damage(database: &Database) -> Result<Vec<String>, StoreError> {
    let mut conn = database.read().await?;
    if conn.engine() == Engine::Postgres {
        return Ok(Vec::new());
    }
    let said = match quick_check(&mut conn).await {
        // So badly that the check itself gives up.
        Err(error) if error.is_damage() => return Ok(vec![error.to_string()]),
        said => said?,
    };
    Ok(said
        .into_iter()
        .map(|(line,)| line)
        .filter(|line| line != "ok")
        .collect())
}
