//! Proxies before the service that the config does not name: their clients cannot be told apart.

use super::{seen, unasked};
use crate::app::App;
use crate::mail::examine::{Examined, Standing};
use crate::store::StoreError;
use crate::store::strangers::Stranger;
use crate::syndicate;

/// Proxies that are named one by one.
const NAMED: usize = 3;

/// Nothing where no such proxy was seen.
pub(super) async fn look(app: &App) -> Option<Examined> {
    let what = "The proxy";
    match unlisted(app).await {
        Ok(found) if found.is_empty() => None,
        Ok(found) => Some(seen(what, Standing::Warning, &said(&found), &remedy(&found))),
        Err(error) => Some(unasked(what, &error.to_string())),
    }
}

async fn unlisted(app: &App) -> Result<Vec<Stranger>, StoreError> {
    let mut conn = app.database.read().await?;
    syndicate::unlisted_proxies(app, &mut conn).await
}

fn said(found: &[Stranger]) -> String {
    let each: Vec<String> = found
        .iter()
        .take(NAMED)
        .map(|one| match one.requests {
            1 => format!("{} (1 request)", one.whereabouts),
            requests => format!("{} ({requests} requests)", one.whereabouts),
        })
        .collect();
    let more = match found.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more networks"),
    };
    format!(
        "requests name a client and come from {}{more}, which http.trusted_proxies does not name: readers behind a proxy there are one \
         to us, no limit holds for their feeds, and one for all of them on sign-up",
        each.join(", ")
    )
}

fn remedy(found: &[Stranger]) -> String {
    let own = found.iter().find(|one| !one.whereabouts.contains('/'));
    own.map_or_else(
        || "if your proxy stands there, write its address into http.trusted_proxies; else it is strangers' play, and no harm".to_owned(),
        |own| {
            format!(
                "if that is your proxy, write http.trusted_proxies = [\"{}\"], and let it set X-Forwarded-For",
                own.whereabouts
            )
        },
    )
}
