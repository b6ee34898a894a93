//! Articles that no feed can show (`feeds.md` 15): readers do not miss what they never saw, and the author should know.

use super::{seen, unasked};
use crate::app::App;
use crate::mail::examine::{Examined, Standing};
use crate::syndicate::{self, LeftOut};

/// Articles that are named one by one.
const NAMED: usize = 3;

/// Whether every article that belongs into a feed can be printed there.
pub(super) async fn look(app: &App) -> Examined {
    let what = "The articles in the feeds";
    let found = match syndicate::left_out(app).await {
        Ok(found) => found,
        Err(error) => return unasked(what, &error.to_string()),
    };
    let missing = found.left_out.len();
    let remedy = "correct them in their source; `letterpress articles show ID` says where each is";
    match missing {
        0 => seen(
            what,
            Standing::Good,
            &format!("all {} can be printed", found.planned),
            "",
        ),
        _ if found.main_is_stale => {
            let none = format!(
                "none can be printed, so that readers keep the feed as it was: {}",
                named(&found.left_out)
            );
            seen(what, Standing::Wrong, &none, remedy)
        }
        _ => {
            let some = format!("{missing} of {} left out: {}", found.planned, named(&found.left_out));
            seen(what, Standing::Warning, &some, remedy)
        }
    }
}

fn named(left_out: &[LeftOut]) -> String {
    let first = left_out.iter().take(NAMED);
    let each: Vec<String> = first.map(|one| format!("{} ({})", one.article, one.why)).collect();
    match left_out.len().saturating_sub(NAMED) {
        0 => each.join(", "),
        more => format!("{} and {more} more", each.join(", ")),
    }
}
