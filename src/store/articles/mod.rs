//! Articles, their revisions, and the version number that tells feeds to render anew.

mod adopt;
mod choose;
mod decide;
mod known;
mod write;

pub use adopt::{Adopter, adopt, adopters, has_entry_id};
pub use choose::{Listed, Mailable, UNSEEN, mailable, public, withdrawn};
pub use decide::{
    announced, approve, counts, decide, dismiss, held, held_of, is_undecided, kinds, newest_addresses, owners_of_url,
    public_at, undecided,
};
pub use known::{Known, OfOthers, known, known_by_id, of_others, one, page};
pub use write::{
    NewRevision, Written, add_revisions, found, insert, missed, next_due, prune_revisions, publish_due, revision,
    set_visibility, touch, update,
};

use super::{Conn, StoreError};
use crate::model::clock::to_micros;

const BUMP: &str = "INSERT INTO content_versions (name, version, changed_at) VALUES ('articles', 1, $1) \
     ON CONFLICT (name) DO UPDATE SET version = content_versions.version + 1, changed_at = $1";
const VERSION: &str = "SELECT version FROM content_versions WHERE name = 'articles'";

/// Says that feeds must be rendered anew.
pub async fn bump_version(conn: &mut Conn, now: chrono::DateTime<chrono::Utc>) -> Result<(), StoreError> {
    on!(conn, |c| sqlx::query(BUMP)
        .bind(to_micros(now))
        .execute(c)
        .await?
        .rows_affected());
    Ok(())
}

/// The number that rises with every change that feeds show; 0 before the first.
pub async fn version(conn: &mut Conn) -> Result<i64, StoreError> {
    let row: Option<(i64,)> = on!(conn, |c| sqlx::query_as(VERSION).fetch_optional(c).await?);
    Ok(row.map_or(0, |r| r.0))
}
