//! A term that gets another name: whoever reads its feed is led to the new one for good.
//!
//! Nobody says that a term was renamed: its articles carry another one from some moment on, all at once or one after
//! the other. It counts as renamed when the articles that left it last agree on one new term, and that one has no
//! articles but those of the old.

use std::collections::{BTreeSet, HashMap};

use crate::app::App;
use crate::feed::TermIndex;
use crate::model::feed_key::{Kind, Scope, Terms};
use crate::store::articles::Listed;
use crate::store::feeds::{self, Carrier, ScopeRow};
use crate::store::{Conn, StoreError};

/// Which terms got another name.
pub(super) async fn known(conn: &mut Conn) -> Result<HashMap<Scope, Scope>, StoreError> {
    let rows = feeds::renamed(conn).await?;
    let read = |(scope, heir): (String, String)| Some((Scope::from_word(&scope)?, Scope::from_word(&heir)?));
    Ok(rows.into_iter().filter_map(read).collect())
}

/// Notes the new names of terms that lost their last article; `emptied` are their rows from before.
pub(super) async fn note(
    app: &App,
    index: &TermIndex,
    listed: &[Listed],
    emptied: &[(Scope, &ScopeRow)],
    now: i64,
) -> Result<(), StoreError> {
    let mut found = Vec::new();
    for (scope, row) in emptied {
        let Some((Kind::Category | Kind::Tag | Kind::Author, slug)) = scope.gathers() else {
            continue;
        };
        let mut conn = app.database.read().await?;
        let mut carriers = feeds::carriers(&mut conn, slug).await?;
        carriers.retain(|one| scopes(&one.terms, scope).contains(scope));
        if let Some(heir) = heir(index, listed, scope, &carriers, row.updated_at) {
            found.push((row, heir));
        }
    }
    if found.is_empty() {
        return Ok(());
    }
    let mut conn = app.database.begin().await?;
    for (row, heir) in found {
        feeds::rename(&mut conn, &row.scope, &heir.word(), now).await?;
        tracing::info!(
            from = row.scope,
            to = heir.word(),
            "a term has another name; its feed leads there"
        );
    }
    conn.commit().await
}

/// The term that those who left `scope` since `left_since` agree on, if it is one, holds nothing that was not theirs,
/// and at least half of what was.
fn heir(index: &TermIndex, listed: &[Listed], scope: &Scope, carriers: &[Carrier], left_since: i64) -> Option<Scope> {
    let now = |article: &str| {
        let terms = index.terms(article);
        terms.map(|terms| scopes(terms, scope)).unwrap_or_default()
    };
    let gained = carriers
        .iter()
        .filter(|one| one.seen_at >= left_since)
        .map(|one| &now(&one.article) - &scopes(&one.terms, scope));
    let common = gained.reduce(|one, other| &one & &other)?;
    let were_theirs: BTreeSet<&str> = carriers.iter().map(|one| one.article.as_str()).collect();
    let mut heirs = common.into_iter().filter(|heir| {
        let holders = listed.iter().map(|article| article.id.as_str());
        let holders: BTreeSet<&str> = holders.filter(|article| now(article).contains(heir)).collect();
        holders.is_subset(&were_theirs) && 2 * holders.len() >= were_theirs.len()
    });
    heirs.next().filter(|_| heirs.next().is_none())
}

/// The scopes of an article's terms that are of the same kind as `like`.
fn scopes(terms: &Terms, like: &Scope) -> BTreeSet<Scope> {
    let kind = |scope: &Scope| scope.gathers().map(|(kind, _)| kind);
    let all = terms.scopes().into_iter().map(|(scope, _)| scope);
    all.filter(|scope| kind(scope) == kind(like)).collect()
}
