//! Issues, occurrences, variants, and the schedules' anchors.

use super::{Conn, StoreError};

/// A row of `issues`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issue {
    /// ULID.
    pub id: String,
    /// Which newsletter.
    pub newsletter_id: String,
    /// Which schedule of it.
    pub schedule_id: String,
    /// Occurrence key, `delivery.md` 4.2.
    pub occurrence: String,
    /// Microseconds.
    pub due_at: i64,
    /// Microseconds.
    pub created_at: i64,
    /// preparing, sending, paused, finished, cancelled.
    pub state: String,
    /// Why it is paused.
    pub pause_reason: Option<String>,
    /// How many deliveries were made.
    pub candidates: i64,
    /// Microseconds.
    pub finished_at: Option<i64>,
}

type Row = (
    String,
    String,
    String,
    String,
    i64,
    i64,
    String,
    Option<String>,
    i64,
    Option<i64>,
);

fn from_row(row: Row) -> Issue {
    Issue {
        id: row.0,
        newsletter_id: row.1,
        schedule_id: row.2,
        occurrence: row.3,
        due_at: row.4,
        created_at: row.5,
        state: row.6,
        pause_reason: row.7,
        candidates: row.8,
        finished_at: row.9,
    }
}

const ONE: &str = "SELECT id, newsletter_id, schedule_id, occurrence, due_at, created_at, state, pause_reason, candidates, \
     finished_at FROM issues WHERE id = $1";

/// One issue.
pub async fn one(conn: &mut Conn, id: &str) -> Result<Option<Issue>, StoreError> {
    let row: Option<Row> = on!(conn, |c| sqlx::query_as(ONE).bind(id).fetch_optional(c).await?);
    Ok(row.map(from_row))
}

const LIST: &str = "SELECT id, newsletter_id, schedule_id, occurrence, due_at, created_at, state, pause_reason, candidates, \
     finished_at FROM issues ORDER BY created_at DESC, id DESC LIMIT $1";

/// The newest issues.
pub async fn list(conn: &mut Conn, limit: i64) -> Result<Vec<Issue>, StoreError> {
    let rows: Vec<Row> = on!(conn, |c| sqlx::query_as(LIST).bind(limit).fetch_all(c).await?);
    Ok(rows.into_iter().map(from_row).collect())
}

const IN_STATE: &str = "SELECT id, newsletter_id, schedule_id, occurrence, due_at, created_at, state, pause_reason, candidates, \
     finished_at FROM issues WHERE state = $1 ORDER BY due_at, id";

/// Issues in a state, earliest due first.
pub async fn in_state(conn: &mut Conn, state: &str) -> Result<Vec<Issue>, StoreError> {
    let rows: Vec<Row> = on!(conn, |c| sqlx::query_as(IN_STATE).bind(state).fetch_all(c).await?);
    Ok(rows.into_iter().map(from_row).collect())
}

const INSERT: &str = "INSERT INTO issues (id, newsletter_id, schedule_id, occurrence, due_at, created_at, state, template_hash, \
     candidates) VALUES ($1, $2, $3, $4, $5, $6, 'preparing', $7, 0)";

/// Adds an issue in `preparing`; its candidates are set when they are counted.
pub async fn insert(conn: &mut Conn, issue: &Issue, template_hash: &str) -> Result<(), StoreError> {
    let changed = on!(conn, |c| sqlx::query(INSERT)
        .bind(&issue.id)
        .bind(&issue.newsletter_id)
        .bind(&issue.schedule_id)
        .bind(&issue.occurrence)
        .bind(issue.due_at)
        .bind(issue.created_at)
        .bind(template_hash)
        .execute(c)
        .await?
        .rows_affected());
    super::exactly("add an issue", 1, changed)
}

const SET_CANDIDATES: &str =
    "UPDATE issues SET candidates = $2 WHERE id = $1 AND state = 'preparing' AND candidates = 0";

/// Stores how many deliveries were made.
pub async fn set_candidates(conn: &mut Conn, id: &str, candidates: i64) -> Result<(), StoreError> {
    let changed = on!(conn, |c| sqlx::query(SET_CANDIDATES)
        .bind(id)
        .bind(candidates)
        .execute(c)
        .await?
        .rows_affected());
    super::exactly("count an issue's candidates", 1, changed)
}

const MOVE: &str = "UPDATE issues SET state = $3, pause_reason = $4, finished_at = $5 WHERE id = $1 AND state = $2";

/// Moves an issue from one state to another; `false` when it was in another one.
pub async fn change_state(
    conn: &mut Conn,
    id: &str,
    states: (&str, &str),
    reason: Option<&str>,
    finished_at: Option<i64>,
) -> Result<bool, StoreError> {
    Ok(on!(conn, |c| sqlx::query(MOVE)
        .bind(id)
        .bind(states.0)
        .bind(states.1)
        .bind(reason)
        .bind(finished_at)
        .execute(c)
        .await?
        .rows_affected())
        == 1)
}

// `finished` is a claim, so the statement itself demands the proof: all chunks done, and every candidate in a final state.
const FINISH: &str = "UPDATE issues SET state = 'finished', finished_at = $2 WHERE id = $1 AND state = 'sending' \
     AND NOT EXISTS (SELECT 1 FROM chunks c WHERE c.issue_id = $1 AND c.state <> 'done') \
     AND candidates = (SELECT COALESCE(CAST(SUM(c.accepted + c.failed + c.skipped + c.unknown) AS BIGINT), 0) \
                       FROM chunks c WHERE c.issue_id = $1)";

/// Ends an issue when nothing of it is open; `false` while something is.
pub async fn finish(conn: &mut Conn, id: &str, now: i64) -> Result<bool, StoreError> {
    Ok(on!(conn, |c| sqlx::query(FINISH)
        .bind(id)
        .bind(now)
        .execute(c)
        .await?
        .rows_affected())
        == 1)
}

const ADD_ARTICLE: &str = "INSERT INTO issue_articles (issue_id, article_id, revision_id) VALUES ($1, $2, $3)";

/// Freezes the revision of an article for an issue.
pub async fn add_article(
    conn: &mut Conn,
    issue_id: &str,
    article_id: &str,
    revision_id: i64,
) -> Result<(), StoreError> {
    on!(conn, |c| sqlx::query(ADD_ARTICLE)
        .bind(issue_id)
        .bind(article_id)
        .bind(revision_id)
        .execute(c)
        .await?
        .rows_affected());
    Ok(())
}

const ARTICLES: &str = "SELECT article_id, revision_id FROM issue_articles WHERE issue_id = $1 ORDER BY article_id";

/// The articles of an issue with their frozen revisions.
pub async fn articles(conn: &mut Conn, issue_id: &str) -> Result<Vec<(String, i64)>, StoreError> {
    Ok(on!(conn, |c| sqlx::query_as(ARTICLES)
        .bind(issue_id)
        .fetch_all(c)
        .await?))
}

/// The exact set of articles that some recipients of an issue get.
#[derive(Debug, Clone)]
pub struct Variant {
    /// 1, 2, …
    pub variant_no: i64,
    /// BCP 47 tag.
    pub language: String,
    /// `instant` or `digest`.
    pub template: String,
    /// Hash of the list of articles and their roles.
    pub items_hash: String,
    /// How many deliveries.
    pub recipients: i64,
    /// The compiled letter, JSON, once prepared.
    pub letter: Option<String>,
}

const ADD_VARIANT: &str = "INSERT INTO variants (issue_id, variant_no, language, template, items_hash, recipients) \
     VALUES ($1, $2, $3, $4, $5, $6)";
const ADD_ITEM: &str =
    "INSERT INTO variant_items (issue_id, variant_no, place, article_id, role) VALUES ($1, $2, $3, $4, $5)";

/// Adds a variant with its articles in the order of the letter.
pub async fn add_variant(
    conn: &mut Conn,
    issue_id: &str,
    variant: &Variant,
    articles: &[(String, &str)],
) -> Result<(), StoreError> {
    on!(&mut *conn, |c| sqlx::query(ADD_VARIANT)
        .bind(issue_id)
        .bind(variant.variant_no)
        .bind(&variant.language)
        .bind(&variant.template)
        .bind(&variant.items_hash)
        .bind(variant.recipients)
        .execute(c)
        .await?
        .rows_affected());
    for (place, (article, role)) in (1_i64..).zip(articles) {
        on!(&mut *conn, |c| sqlx::query(ADD_ITEM)
            .bind(issue_id)
            .bind(variant.variant_no)
            .bind(place)
            .bind(article)
            .bind(*role)
            .execute(c)
            .await?
            .rows_affected());
    }
    Ok(())
}

const SET_RECIPIENTS: &str = "UPDATE variants SET recipients = $3 WHERE issue_id = $1 AND variant_no = $2";

/// Stores how many deliveries carry a variant.
pub async fn set_recipients(
    conn: &mut Conn,
    issue_id: &str,
    variant_no: i64,
    recipients: i64,
) -> Result<(), StoreError> {
    on!(conn, |c| sqlx::query(SET_RECIPIENTS)
        .bind(issue_id)
        .bind(variant_no)
        .bind(recipients)
        .execute(c)
        .await?
        .rows_affected());
    Ok(())
}

const VARIANTS: &str = "SELECT variant_no, language, template, items_hash, recipients, letter FROM variants \
     WHERE issue_id = $1 ORDER BY variant_no";

/// The variants of an issue.
pub async fn variants(conn: &mut Conn, issue_id: &str) -> Result<Vec<Variant>, StoreError> {
    type VariantRow = (i64, String, String, String, i64, Option<String>);
    let rows: Vec<VariantRow> = on!(conn, |c| sqlx::query_as(VARIANTS).bind(issue_id).fetch_all(c).await?);
    Ok(rows
        .into_iter()
        .map(
            |(variant_no, language, template, items_hash, recipients, letter)| Variant {
                variant_no,
                language,
                template,
                items_hash,
                recipients,
                letter,
            },
        )
        .collect())
}

const ITEMS: &str = "SELECT article_id, role FROM variant_items WHERE issue_id = $1 AND variant_no = $2 ORDER BY place";

/// The articles of a variant in the order of the letter, with their role (`full` or `listed`).
pub async fn items(conn: &mut Conn, issue_id: &str, variant_no: i64) -> Result<Vec<(String, String)>, StoreError> {
    Ok(on!(conn, |c| sqlx::query_as(ITEMS)
        .bind(issue_id)
        .bind(variant_no)
        .fetch_all(c)
        .await?))
}

const ITEM: &str = "SELECT article_id FROM variant_items WHERE issue_id = $1 AND variant_no = $2 AND place = $3";

/// The article at a place (from 1) of a variant's letter.
pub async fn item(conn: &mut Conn, issue_id: &str, variant_no: i64, place: i64) -> Result<Option<String>, StoreError> {
    let row: Option<(String,)> = on!(conn, |c| sqlx::query_as(ITEM)
        .bind(issue_id)
        .bind(variant_no)
        .bind(place)
        .fetch_optional(c)
        .await?);
    Ok(row.map(|row| row.0))
}

const LETTERHEAD: &str = "SELECT letterhead FROM issues WHERE id = $1";

/// What stands above the letters of an issue, JSON, once prepared.
pub async fn letterhead(conn: &mut Conn, id: &str) -> Result<Option<String>, StoreError> {
    let row: Option<(Option<String>,)> = on!(conn, |c| sqlx::query_as(LETTERHEAD).bind(id).fetch_optional(c).await?);
    Ok(row.and_then(|row| row.0))
}

const START_SENDING: &str =
    "UPDATE issues SET state = 'sending', letterhead = $2 WHERE id = $1 AND state = 'preparing'";

/// Ends the preparing of an issue; `false` when somebody else did, whose letters are the ones that count.
pub async fn start_sending(conn: &mut Conn, id: &str, letterhead: &str) -> Result<bool, StoreError> {
    Ok(on!(conn, |c| sqlx::query(START_SENDING)
        .bind(id)
        .bind(letterhead)
        .execute(c)
        .await?
        .rows_affected())
        == 1)
}

const SET_LETTER: &str = "UPDATE variants SET letter = $3, sha256 = $4 WHERE issue_id = $1 AND variant_no = $2";

/// Stores the compiled letter of a variant and its hash.
pub async fn set_letter(
    conn: &mut Conn,
    issue_id: &str,
    variant_no: i64,
    letter: &str,
    sha256: &str,
) -> Result<(), StoreError> {
    let changed = on!(conn, |c| sqlx::query(SET_LETTER)
        .bind(issue_id)
        .bind(variant_no)
        .bind(letter)
        .bind(sha256)
        .execute(c)
        .await?
        .rows_affected());
    super::exactly("store a compiled letter", 1, changed)
}

const CARRIERS: &str = "SELECT vi.issue_id, vi.variant_no, i.newsletter_id FROM variant_items vi \
     JOIN issues i ON i.id = vi.issue_id WHERE vi.article_id = $1";

/// The variants that carried an article: `(issue, variant, newsletter)`.
pub async fn carriers(conn: &mut Conn, article_id: &str) -> Result<Vec<(String, i64, String)>, StoreError> {
    Ok(on!(conn, |c| sqlx::query_as(CARRIERS)
        .bind(article_id)
        .fetch_all(c)
        .await?))
}

const LOCK_LEDGER: &str =
    "INSERT INTO ledgers (name, seq) VALUES ($1, 1) ON CONFLICT (name) DO UPDATE SET seq = ledgers.seq + 1";

/// Serialises composing: two schedules never read the same gap in the ledger.
pub async fn lock_ledger(conn: &mut Conn, name: &str) -> Result<(), StoreError> {
    on!(conn, |c| sqlx::query(LOCK_LEDGER)
        .bind(name)
        .execute(c)
        .await?
        .rows_affected());
    Ok(())
}
