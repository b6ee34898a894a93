//! What is stored, in a few lines: for a look after the first scan (`sources.md` AR6).

use std::collections::BTreeMap;

use crate::app::App;
use crate::store::{StoreError, articles, feeds};

use super::report::IngestError;

/// Articles read at once.
const PAGE: i64 = 500;
/// Addresses to open.
const EXAMPLES: i64 = 5;

/// Counts of all articles that are not gone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Overview {
    /// By state.
    pub states: BTreeMap<String, u64>,
    /// By where the date comes from.
    pub dates: BTreeMap<String, u64>,
    /// By BCP 47 tag.
    pub languages: BTreeMap<String, u64>,
    /// Addresses of the newest public ones.
    pub newest: Vec<String>,
}

/// Counts what is stored.
///
/// # Errors
/// Of the database.
pub async fn overview(app: &App) -> Result<Overview, IngestError> {
    let mut conn = app.database.read().await?;
    let mut overview = Overview {
        newest: articles::newest_addresses(&mut conn, EXAMPLES).await?,
        ..Overview::default()
    };
    for (state, origin, count) in articles::kinds(&mut conn).await? {
        let count = u64::try_from(count).unwrap_or(0);
        *overview.states.entry(state).or_default() += count;
        *overview.dates.entry(origin).or_default() += count;
    }
    overview.languages = languages(&mut conn).await?;
    Ok(overview)
}

async fn languages(conn: &mut crate::store::Conn) -> Result<BTreeMap<String, u64>, StoreError> {
    let (mut found, mut newest) = (BTreeMap::new(), 0);
    loop {
        let page = feeds::terms_after(conn, newest, PAGE).await?;
        let Some((_, last, _)) = page.last() else {
            return Ok(found);
        };
        newest = *last;
        for (_, _, terms) in page {
            let language = terms.map(|terms| terms.language).unwrap_or_default();
            *found.entry(language).or_default() += 1;
        }
    }
}
