//! The feeds in figures, for `/metrics`.

use std::time::Duration;

use crate::app::App;

use super::scopes;

/// What is counted of the feeds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figures {
    /// Answers since the start, by status.
    pub requests: Vec<(u16, u64)>,
    /// Articles left out and documents not made since the start.
    pub errors: u64,
    /// How long readers have been served what was good last; zero while all is well.
    pub stale: Duration,
    /// Documents in memory, with their compressed copies.
    pub bytes: usize,
    /// Feeds in memory.
    pub resident: usize,
    /// All feeds.
    pub feeds: usize,
}

/// The feeds as they are now. Looks at memory only.
pub fn figures(app: &App) -> Figures {
    let (shelf, meters) = (app.feeds.shelf(), &app.feeds.meters);
    let sizes: Vec<Option<usize>> = shelf.slots().map(|slot| slot.size()).collect();
    let micros = u64::try_from(meters.stale_for(scopes::now(app))).unwrap_or(0);
    Figures {
        requests: meters.requests().collect(),
        errors: meters.errors(),
        stale: Duration::from_micros(micros),
        bytes: sizes.iter().flatten().sum(),
        resident: sizes.iter().flatten().count(),
        feeds: sizes.len(),
    }
}

/// Notes whether the feeds are as new as their articles, after somebody tried to make them so.
pub(super) fn note(app: &App, went_well: bool) {
    if went_well && !app.feeds.shelf().is_stale() {
        app.feeds.meters.note_fresh();
    } else {
        app.feeds.meters.note_stale(scopes::now(app));
    }
}
