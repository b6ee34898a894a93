//! What a source that must be asked would give, without writing anything: for `check`.

use std::sync::Arc;

use serde::Serialize;

use crate::app::App;
use crate::config::{FeedSource, SiteSource, Source, SourceKind, TableSource};
use crate::model::article::{Problem, Severity};
use crate::source::feed::{Answer, Question, ask};
use crate::source::fetch::{Caps, Fetcher, Reach};
use crate::source::folder::{Bytes, FolderSettings, Locators, Reading};
use crate::source::item::Item;
use crate::source::site;
use crate::source::table::Table;

use super::super::report::{IngestError, ProblemRow};
use super::super::settings::folder_settings;
use super::table;

/// Articles that are shown of each source.
const EXAMPLES: usize = 5;

/// What a look at a source showed.
#[derive(Debug, Serialize)]
pub struct Trial {
    /// Its id.
    pub source: String,
    /// `site`, `feed` or `table`.
    pub kind: &'static str,
    /// Entries, rows or pages that were seen.
    pub found: usize,
    /// There are more rows.
    pub more: bool,
    /// Some of them, as they would be published.
    pub examples: Vec<Example>,
    /// What is wrong.
    pub problems: Vec<ProblemRow>,
}

/// An article as it would be published.
#[derive(Debug, Serialize)]
pub struct Example {
    /// Empty when it has none.
    pub title: String,
    /// Open it to see that the address is right.
    pub url: String,
    /// RFC 3339; `None` when nothing says so.
    pub published_at: Option<String>,
}

/// Looks at every site, feed and table as a first scan would. Nothing is written.
pub async fn try_sources(app: &App) -> Result<Vec<Trial>, IngestError> {
    let mut trials = Vec::new();
    for source in &app.settings().sources {
        let settings = Arc::new(folder_settings(&app.settings(), source, app.clock.now()));
        let seen = match &source.kind {
            SourceKind::Folder => continue,
            SourceKind::Feed(feed) => of_feed(app, feed).await,
            SourceKind::Table(table) => of_table(table).await,
            SourceKind::Site(site) => of_site(&settings, site).await?,
        };
        let source = source.clone();
        // Reading is work for a thread that may block.
        trials.push(tokio::task::spawn_blocking(move || trial(&source, &settings, seen)).await?);
    }
    Ok(trials)
}

/// What was seen before it was read.
#[derive(Default)]
struct Seen {
    items: Vec<Item>,
    more: bool,
    problems: Vec<Problem>,
}

impl Seen {
    fn nothing(problem: Problem) -> Self {
        Self {
            problems: vec![problem],
            ..Self::default()
        }
    }
}

async fn of_feed(app: &App, feed: &FeedSource) -> Seen {
    let question = Question {
        url: feed.url.clone(),
        etag: None,
        modified: None,
        contact: app.settings().site.url.to_string(),
    };
    let fetcher = match Fetcher::new(Reach::public(feed.allow_private.clone()), Caps::default()) {
        _ if super::feed::is_own(app, feed) => return Seen::nothing(super::feed::own_feed().problem),
        Ok(fetcher) => fetcher,
        Err(error) => return Seen::nothing(crate::source::feed::Failure::of(&error).problem),
    };
    match ask(&fetcher, &question, app.clock.now()).await {
        Answer::Feed(received) => Seen {
            items: received.items,
            more: false,
            problems: received.problems,
        },
        Answer::Failed(failure) => Seen::nothing(failure.problem),
        Answer::Unchanged(_) => Seen::default(),
    }
}

async fn of_table(table: &TableSource) -> Seen {
    let looking = async {
        let mut open = Table::open(table).await?;
        let page = open.page(None, None).await?;
        let ids = open.ids().await?;
        open.close().await;
        Ok((page, ids))
    };
    match looking.await {
        Err(error) => Seen::nothing(table::problem(&error)),
        Ok((page, ids)) => {
            let none = page.items.is_empty() || ids.is_empty();
            let empty = none.then(|| Problem {
                severity: Severity::Warning,
                message: "`query` or `keys` finds no row".to_owned(),
                remedy: "look whether it should, and at the rights of the database's user".to_owned(),
                code: "query_failed".to_owned(),
                locator: String::new(),
                line: None,
            });
            Seen {
                items: page.items,
                more: page.next.is_some(),
                problems: empty.into_iter().collect(),
            }
        }
    }
}

async fn of_site(settings: &Arc<FolderSettings>, site: &SiteSource) -> Result<Seen, IngestError> {
    let (settings, site) = (Arc::clone(settings), site.clone());
    let looked = tokio::task::spawn_blocking(move || site::look(&settings, &site, &|_| false)).await?;
    Ok(match looked {
        Ok(looked) => Seen {
            items: looked.items,
            more: false,
            problems: looked.problems,
        },
        Err(error) => Seen::nothing(Problem {
            locator: String::new(),
            line: None,
            code: "mass_vanish".to_owned(),
            message: format!("failed to {error}"),
            remedy: "check `path` and its rights".to_owned(),
            severity: Severity::Error,
        }),
    })
}

fn trial(source: &Source, settings: &FolderSettings, seen: Seen) -> Trial {
    let locators = Locators::new(&[]);
    let mut problems = seen.problems;
    let mut examples = Vec::new();
    for item in &seen.items {
        let bytes = match item.bytes(settings) {
            Ok(Bytes::Whole(bytes)) => bytes,
            Ok(Bytes::Changing) => continue,
            Err(problem) => {
                problems.push(problem);
                continue;
            }
        };
        match item.parse_guarded(settings, &bytes, &locators) {
            Reading::Draft(draft) => {
                problems.extend(draft.problems);
                if draft.excluded.is_none() && examples.len() < EXAMPLES {
                    examples.push(Example {
                        title: draft.content.title.unwrap_or_default(),
                        url: draft.url,
                        published_at: draft.published_at.map(|at| at.to_rfc3339()),
                    });
                }
            }
            Reading::NotAnArticle => {}
            Reading::Problem(problem) => problems.push(problem),
        }
    }
    let rows = problems.into_iter().map(|problem| ProblemRow::new(&source.id, problem));
    Trial {
        source: source.id.clone(),
        kind: source.kind.word(),
        found: seen.items.len(),
        more: seen.more,
        examples,
        problems: rows.collect(),
    }
}
