//! Which article is in which feed, kept between renderings so that a change costs what changed.

use std::collections::{HashMap, HashSet};

use crate::model::feed_key::{Scope, Terms};

/// What is known of the articles' terms and of the archives.
#[derive(Debug, Default)]
pub struct TermIndex {
    /// Revisions up to this one are known.
    pub newest: i64,
    /// Article → the archive that it is in.
    pub sealed: HashMap<String, i64>,
    /// The newest archive.
    pub runs: i64,
    /// Articles of which nobody knows whose feeds they belong into, because their newest revision is spoilt.
    pub unread: HashSet<String>,
    articles: HashMap<String, Carried>,
    /// Every scope that an article is or was in; its place is its number.
    scopes: Vec<Scope>,
    numbers: HashMap<Scope, usize>,
}

/// What one article carries.
#[derive(Debug)]
struct Carried {
    revision: i64,
    terms: Terms,
    /// Numbers of its scopes, in the order of its terms.
    scopes: Vec<usize>,
}

impl TermIndex {
    /// Notes the terms of an article's newest revision.
    pub fn learn(&mut self, article: String, revision: i64, terms: Terms) {
        let found: Vec<Scope> = terms.scopes().into_iter().map(|(scope, _)| scope).collect();
        let scopes = found.into_iter().map(|scope| self.number(scope)).collect();
        let carried = Carried {
            revision,
            terms,
            scopes,
        };
        self.articles.insert(article, carried);
    }

    fn number(&mut self, scope: Scope) -> usize {
        if let Some(known) = self.numbers.get(&scope) {
            return *known;
        }
        let number = self.scopes.len();
        self.scopes.push(scope.clone());
        self.numbers.insert(scope, number);
        number
    }

    /// Whether the terms of this revision are known.
    pub fn knows(&self, article: &str, revision: i64) -> bool {
        self.articles
            .get(article)
            .is_some_and(|carried| carried.revision == revision)
    }

    /// The terms of an article.
    pub fn terms(&self, article: &str) -> Option<&Terms> {
        self.articles.get(article).map(|carried| &carried.terms)
    }

    /// Numbers of the scopes that an article is in beside the main one, none twice; below [`Self::scopes`]'s length.
    pub fn numbers(&self, article: &str) -> &[usize] {
        self.articles.get(article).map_or(&[], |carried| &carried.scopes)
    }

    /// Every scope by its number.
    pub fn scopes(&self) -> &[Scope] {
        &self.scopes
    }

    /// How an article spells the term of a scope.
    pub fn name(&self, article: &str, number: usize) -> &str {
        let terms = self.terms(article).map(Terms::scopes).unwrap_or_default();
        let wanted = self.scopes.get(number);
        let named = terms.into_iter().find(|(scope, _)| Some(scope) == wanted);
        named.map_or("", |(_, name)| name)
    }
}
