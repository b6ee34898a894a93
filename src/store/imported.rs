//! Ids and dates of a feed of before that wait for their articles.

use super::{Conn, StoreError};

/// What is kept of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    /// [`crate::model::same_address::comparison_form`] of its page.
    pub address: String,
    /// Letter for letter.
    pub entry_id: String,
    /// The feed said that the id is the entry's address.
    pub is_permalink: bool,
    /// Microseconds.
    pub published_at: Option<i64>,
}

const WAITING: &str = "SELECT address, entry_id, is_permalink, published_at FROM imported_ids ORDER BY address";

/// Everything that waits.
pub async fn waiting(conn: &mut Conn) -> Result<Vec<Imported>, StoreError> {
    let rows: Vec<(String, String, i64, Option<i64>)> = on!(conn, |c| sqlx::query_as(WAITING).fetch_all(c).await?);
    Ok(rows
        .into_iter()
        .map(|(address, entry_id, is_permalink, published_at)| Imported {
            address,
            entry_id,
            is_permalink: is_permalink != 0,
            published_at,
        })
        .collect())
}

const KEEP: &str = "INSERT INTO imported_ids (address, entry_id, is_permalink, published_at) VALUES ($1, $2, $3, $4) \
     ON CONFLICT (address) DO UPDATE SET entry_id = excluded.entry_id, is_permalink = excluded.is_permalink, \
     published_at = excluded.published_at";

/// Keeps an entry; what waited for its address before is forgotten.
pub async fn keep(conn: &mut Conn, imported: &Imported) -> Result<(), StoreError> {
    on!(conn, |c| sqlx::query(KEEP)
        .bind(&imported.address)
        .bind(&imported.entry_id)
        .bind(i64::from(imported.is_permalink))
        .bind(imported.published_at)
        .execute(c)
        .await?
        .rows_affected());
    Ok(())
}

const FORGET: &str = "DELETE FROM imported_ids WHERE address = $1 OR entry_id = $2";

/// Forgets what waits for an address, or with an id: an article has it now.
pub async fn forget(conn: &mut Conn, address: &str, entry_id: &str) -> Result<(), StoreError> {
    on!(conn, |c| sqlx::query(FORGET)
        .bind(address)
        .bind(entry_id)
        .execute(c)
        .await?
        .rows_affected());
    Ok(())
}
