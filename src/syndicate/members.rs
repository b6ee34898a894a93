//! The articles of a feed as entries, and those that cannot be one.

use std::collections::HashMap;
use std::sync::Arc;

use crate::app::App;
use crate::config::Settings;
use crate::feed::Plan;
use crate::model::article::Article;
use crate::model::entry::{Clean, Entry};
use crate::store::{Conn, StoreError, articles};
use crate::template::context::footer::{Above, Footer};
use crate::template::context::letters::Link;

/// Entries kept for the next feed of one rendering: most articles are in several.
const REMEMBERED: usize = 2_000;

/// An article that is in no document, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// Its id, as `articles show` takes it.
    pub article: String,
    /// What is wrong, and what to do.
    pub why: String,
}

/// What a feed can hold of what it should.
#[derive(Debug, Default)]
pub(super) struct Members {
    /// In the order of the plan.
    pub(super) entries: Vec<Arc<Entry>>,
    /// Articles in the plan.
    pub(super) planned: usize,
    /// Those that are no entries.
    pub(super) left_out: Vec<LeftOut>,
    /// Where in the plan each entry is.
    places: Vec<usize>,
}

impl Members {
    /// How many planned articles documents have room for that hold the first `printed` entries.
    pub(super) fn reach(&self, printed: usize) -> usize {
        if printed == self.entries.len() {
            return self.planned;
        }
        printed.checked_sub(1).map_or(0, |last| self.places[last] + 1)
    }
}

/// Entries that were loaded in this rendering, and why other articles cannot be printed.
pub(super) struct Entries<'a> {
    app: &'a App,
    settings: &'a Settings,
    known: HashMap<String, Result<Arc<Entry>, String>>,
}

impl<'a> Entries<'a> {
    /// None yet.
    pub(super) fn new(app: &'a App, settings: &'a Settings) -> Self {
        Self {
            app,
            settings,
            known: HashMap::new(),
        }
    }

    /// The articles of a feed as entries, in order, without those that cannot be printed.
    pub(super) async fn of(&mut self, conn: &mut Conn, plan: &Plan) -> Result<Members, StoreError> {
        let mut members = Members {
            planned: plan.members.len(),
            ..Members::default()
        };
        for (place, id) in plan.members.iter().enumerate() {
            let entry = self.one(conn, id).await?.and_then(|entry| {
                let twice = members.entries.iter().any(|other| other.id == entry.id);
                let why = "its id belongs to another one; give one of them another `id` in its header";
                if twice { Err(why.to_owned()) } else { Ok(entry) }
            });
            match entry {
                Ok(entry) => {
                    members.entries.push(entry);
                    members.places.push(place);
                }
                Err(why) => {
                    tracing::error!(
                        article = id,
                        feed = plan.scope.word(),
                        error = why,
                        "an article is left out of a feed"
                    );
                    self.app.feeds.meters.note_error();
                    let article = id.clone();
                    members.left_out.push(LeftOut { article, why });
                }
            }
        }
        Ok(members)
    }

    async fn one(&mut self, conn: &mut Conn, id: &str) -> Result<Result<Arc<Entry>, String>, StoreError> {
        if let Some(known) = self.known.get(id) {
            return Ok(known.clone());
        }
        let entry = match articles::one(conn, id).await {
            Ok(Some(article)) => self.entry(&article),
            Ok(None) => Err("it is not there any more".to_owned()),
            Err(error @ StoreError::Corrupt { .. }) => Err(error.to_string()),
            Err(error) => return Err(error),
        };
        let entry = entry.map(Arc::new);
        if self.known.len() < REMEMBERED {
            self.known.insert(id.to_owned(), entry.clone());
        }
        Ok(entry)
    }

    fn entry(&self, article: &Article) -> Result<Entry, String> {
        let mut entry = Entry::of(article, self.settings.feeds.updated).map_err(|fault| fault.to_string())?;
        let context = || Footer::new(&self.settings.site, above(article));
        // A template that fails takes no article down.
        let footer = self.app.templates.footer(context).unwrap_or_else(|error| {
            tracing::error!(article = article.id, %error, "an article is printed without a footer");
            self.app.feeds.meters.note_error();
            None
        });
        entry.footer = footer.as_deref().and_then(Clean::text);
        Ok(entry)
    }
}

fn above(article: &Article) -> Above {
    let content = &article.content;
    let link = |name: &str, url: Option<&String>| Link {
        name: name.to_owned(),
        url: url.cloned(),
    };
    Above {
        title: content.display_title(article.published_at),
        url: article.url.clone(),
        category: content.categories.first().map(|term| link(&term.term, None)),
        tags: content.tags.iter().map(|term| term.term.clone()).collect(),
        author: content
            .authors
            .first()
            .map(|author| link(&author.name, author.url.as_ref())),
        date: article.published_at.fixed_offset(),
        language: content.language.clone(),
    }
}
