//! Which articles are in which feed, and the ids and times of feeds.

use std::collections::{BTreeMap, HashMap};
use std::sync::OnceLock;
use std::time::Duration;

use aws_lc_rs::digest;
use data_encoding::BASE32_NOPAD;

use crate::app::App;
use crate::config::{Feeds, is_loopback};
use crate::feed::{Plan, TermIndex};
use crate::model::clock::{from_micros, micros, mint_ulid, to_micros};
use crate::model::feed_date::FeedDate;
use crate::model::feed_key::{FeedKey, Format, Scope, Terms};
use crate::model::feed_meta::Chain;
use crate::model::podcast;
use crate::store::articles::{self, Listed};
use crate::store::feeds::{self, ScopeRow};
use crate::store::{Conn, StoreError};

use super::{archives, renames};

/// Articles read at once while the index is filled.
const PAGE: i64 = 500;

/// The state that plans follow from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment {
    /// Microseconds.
    pub(super) now: i64,
    /// Content version.
    pub(super) version: i64,
    /// When the content became that version, microseconds.
    pub(super) changed_at: i64,
}

/// Now, in microseconds.
pub(super) fn now(app: &App) -> i64 {
    to_micros(app.clock.now())
}

/// Base32 of the first 128 bits of SHA-256 over the parts, each with its length.
pub(super) fn hash<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> String {
    let mut context = digest::Context::new(&digest::SHA256);
    for part in parts {
        context.update(&part.len().to_le_bytes());
        context.update(part);
    }
    BASE32_NOPAD.encode(&context.finish().as_ref()[..16])
}

/// The feeds of every scope that has or had an article, the main one first; the main feed has room for `room` articles, as
/// far as is known.
pub(super) async fn plan(
    app: &App,
    index: &mut TermIndex,
    moment: Moment,
    room: Option<usize>,
) -> Result<Vec<Plan>, StoreError> {
    let found = Found::now(app, index, moment).await?;
    let settings = app.settings();
    let feeds = &settings.feeds;
    if let Some(size) = feeds.archives {
        let limit = feeds.limit.max(1);
        let fits = room.map_or(limit, |room| room.min(limit));
        archives::seal(app, index, &found.listed, (size, fits), moment.now).await?;
    }
    let chosen = found.members(feeds, index);
    let emptied = found.emptied(&chosen, moment);
    renames::note(app, index, &found.listed, &emptied, moment.now).await?;
    let stored = store(app, &chosen, &found.stored, moment).await?;
    Ok(planned(&chosen, &stored, moment))
}

/// The feeds as they would be now. Nothing is written: ids of feeds that are not known yet are minted for this once.
pub(super) async fn draft(app: &App, moment: Moment) -> Result<Vec<Plan>, StoreError> {
    let mut index = TermIndex::default();
    let found = Found::now(app, &mut index, moment).await?;
    let chosen = found.members(&app.settings().feeds, &index);
    let changed = changed(app, &chosen, &found.stored, moment);
    let rows = found.stored.iter().cloned().chain(changed);
    Ok(planned(&chosen, &by_scope(rows), moment))
}

/// What plans are made from.
struct Found {
    listed: Vec<Listed>,
    stored: Vec<ScopeRow>,
    deleted: Vec<(String, i64)>,
}

impl Found {
    async fn now(app: &App, index: &mut TermIndex, moment: Moment) -> Result<Self, StoreError> {
        let mut conn = app.database.read().await?;
        let listed = articles::public(&mut conn, moment.now).await?;
        learn(&mut conn, index, &listed).await?;
        archives::learn(&mut conn, index).await?;
        let stored = feeds::scopes(&mut conn).await?;
        let deleted = match app.settings().feeds.tombstones {
            Duration::ZERO => Vec::new(),
            kept => articles::withdrawn(&mut conn, moment.now.saturating_sub(micros(kept))).await?,
        };
        Ok(Self {
            listed,
            stored,
            deleted,
        })
    }

    fn members(&self, feeds: &Feeds, index: &TermIndex) -> BTreeMap<Scope, Members<'_>> {
        let mut chosen = choose(&self.listed, index, feeds.limit.max(1));
        chosen.entry(Scope::All).or_default().deleted.clone_from(&self.deleted);
        if feeds.archives.is_some() {
            add_archives(&mut chosen, &self.listed, index);
        }
        for row in &self.stored {
            if let Some(scope) = Scope::from_word(&row.scope).filter(|scope| !matches!(scope, Scope::Archive(_))) {
                chosen.entry(scope).or_default();
            }
        }
        self.hold(&mut chosen, index, feeds.limit.max(1));
        let is_wanted = |scope: &Scope| scope.gathers().is_none_or(|(kind, _)| feeds.by.contains(&kind));
        chosen.retain(|scope, _| is_wanted(scope));
        leave_one_language(&mut chosen);
        chosen
    }

    /// A term that seems to have lost its last article may have lost none: while articles are spoilt, it counts as theirs,
    /// and its readers keep what they have.
    fn hold<'a>(&'a self, chosen: &mut BTreeMap<Scope, Members<'a>>, index: &TermIndex, limit: usize) {
        let unread = self.listed.iter().filter(|article| index.unread.contains(&article.id));
        let unread: Vec<&Listed> = unread.take(limit).collect();
        if unread.is_empty() {
            return;
        }
        let empty = Members::default();
        for row in self.stored.iter().filter(|row| row.mark != empty.mark()) {
            let scope = Scope::from_word(&row.scope).filter(|scope| scope.term().is_some());
            let members = scope.and_then(|scope| chosen.get_mut(&scope));
            if let Some(members) = members.filter(|members| members.articles.is_empty()) {
                members.term.clone_from(&row.title);
                members.articles.clone_from(&unread);
            }
        }
    }

    /// Scopes that have no article any more, and had some when their rows were written.
    fn emptied(&self, chosen: &BTreeMap<Scope, Members<'_>>, moment: Moment) -> Vec<(Scope, &ScopeRow)> {
        let empty = Members::default();
        let rows = self.stored.iter();
        rows.filter(|row| row.mark != empty.mark() && row.version <= moment.version)
            .filter_map(|row| Some((Scope::from_word(&row.scope)?, row)))
            .filter(|(scope, _)| chosen.get(scope).is_some_and(|members| members.articles.is_empty()))
            .collect()
    }
}

/// Reads the terms of articles that changed since the index was brought up to date.
async fn learn(conn: &mut Conn, index: &mut TermIndex, listed: &[Listed]) -> Result<(), StoreError> {
    loop {
        let page = feeds::terms_after(conn, index.newest, PAGE).await?;
        let last = page.len() < usize::try_from(PAGE).unwrap_or(usize::MAX);
        for (article, revision, terms) in page {
            index.newest = revision;
            if let Some(terms) = terms {
                index.learn(article, revision, terms);
            }
        }
        if last {
            break;
        }
    }
    index.unread.clear();
    for article in listed {
        if !index.knows(&article.id, article.revision_id) {
            match terms(conn, article.revision_id).await? {
                Some(terms) => index.learn(article.id.clone(), article.revision_id, terms),
                None => drop(index.unread.insert(article.id.clone())),
            }
        }
    }
    Ok(())
}

/// `None` for a revision that is spoilt or not there.
async fn terms(conn: &mut Conn, revision: i64) -> Result<Option<Terms>, StoreError> {
    match articles::revision(conn, revision).await {
        Ok(content) => Ok(content.map(|content| Terms {
            authors: content.authors,
            tags: content.tags,
            categories: content.categories,
            language: content.language,
        })),
        Err(StoreError::Corrupt { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The newest articles of a scope, and its name as the newest of them spells it.
#[derive(Debug, Default)]
struct Members<'a> {
    term: String,
    articles: Vec<&'a Listed>,
    deleted: Vec<(String, i64)>,
    chain: Chain,
    mark: OnceLock<String>,
}

impl<'a> Members<'a> {
    /// Adds an article, unless there are `limit` newer ones.
    fn take(&mut self, article: &'a Listed, limit: usize) {
        if self.articles.len() < limit {
            self.articles.push(article);
        }
    }

    /// Equal for equal members that say the same; they are complete when it is first asked for.
    fn mark(&self) -> &str {
        self.mark.get_or_init(|| {
            let articles = self.articles.iter();
            let parts: Vec<String> = articles
                .map(|a| format!("{} {} {}", a.id, a.revision_id, a.published_at))
                .chain(self.deleted.iter().map(|(id, at)| format!("deleted {id} {at}")))
                .chain((self.chain != Chain::default()).then(|| format!("{:?}", self.chain)))
                .collect();
            hash(parts.iter().map(String::as_bytes))
        })
    }
}

fn choose<'a>(listed: &'a [Listed], index: &TermIndex, limit: usize) -> BTreeMap<Scope, Members<'a>> {
    let mut main = Members::default();
    let mut by_number: Vec<Members<'a>> = index.scopes().iter().map(|_| Members::default()).collect();
    for article in listed {
        main.take(article, limit);
        for number in index.numbers(&article.id) {
            let members = &mut by_number[*number];
            if members.articles.is_empty() {
                index.name(&article.id, *number).clone_into(&mut members.term);
            }
            members.take(article, limit);
        }
    }
    let terms = index.scopes().iter().cloned().zip(by_number);
    let chosen = terms.filter(|(_, members)| !members.articles.is_empty());
    std::iter::once((Scope::All, main)).chain(chosen).collect()
}

/// The archives, and the main feed's place before the newest of them.
fn add_archives<'a>(chosen: &mut BTreeMap<Scope, Members<'a>>, listed: &'a [Listed], index: &TermIndex) {
    let newest = u32::try_from(index.runs).unwrap_or(0);
    for number in 1..=newest {
        let chain = Chain {
            older: (number > 1).then(|| number - 1),
            newer: (number < newest).then(|| number + 1),
        };
        let members = chosen.entry(Scope::Archive(number)).or_default();
        members.chain = chain;
    }
    for article in listed {
        let run = index.sealed.get(&article.id).and_then(|run| u32::try_from(*run).ok());
        if let Some(members) = run.and_then(|run| chosen.get_mut(&Scope::Archive(run))) {
            members.articles.push(article);
        }
    }
    if let Some(main) = chosen.get_mut(&Scope::All) {
        main.chain.older = (newest > 0).then_some(newest);
    }
}

/// A site in one language has no feeds by language: they would be the main feed again.
fn leave_one_language(chosen: &mut BTreeMap<Scope, Members<'_>>) {
    let spoken =
        |(scope, members): &(&Scope, &Members<'_>)| matches!(scope, Scope::Language(_)) && !members.articles.is_empty();
    if chosen.iter().filter(spoken).count() < 2 {
        chosen.retain(|scope, _| !matches!(scope, Scope::Language(_)));
    }
}

fn by_scope(rows: impl IntoIterator<Item = ScopeRow>) -> HashMap<String, ScopeRow> {
    rows.into_iter().map(|row| (row.scope.clone(), row)).collect()
}

/// The rows of scopes that are new or whose members changed.
fn changed(app: &App, chosen: &BTreeMap<Scope, Members<'_>>, stored: &[ScopeRow], moment: Moment) -> Vec<ScopeRow> {
    let stored: HashMap<&str, &ScopeRow> = stored.iter().map(|row| (row.scope.as_str(), row)).collect();
    let settings = app.settings();
    chosen
        .iter()
        .filter_map(|(scope, members)| {
            let (word, mark) = (scope.word(), members.mark());
            let before = stored.get(word.as_str());
            let podcast_guid = podcast_guid(&settings.feeds, scope);
            let is_named = |row: &&&ScopeRow| podcast_guid.is_none() || row.podcast_guid.is_some();
            let same = before
                .filter(is_named)
                .is_some_and(|row| row.mark == mark || row.version > moment.version);
            (!same).then(|| ScopeRow {
                feed_id: before.map_or_else(|| mint_feed_id(app, moment), |row| row.feed_id.clone()),
                scope: word,
                title: members.term.clone(),
                updated_at: match before.filter(|row| row.mark == mark) {
                    // Only its name in the Podcast Index is new.
                    Some(row) => row.updated_at,
                    None => members
                        .articles
                        .first()
                        .map_or(0, |a| a.published_at)
                        .max(moment.changed_at),
                },
                mark: mark.to_owned(),
                version: moment.version,
                podcast_guid: before.and_then(|row| row.podcast_guid.clone()).or(podcast_guid),
            })
        })
        .collect()
}

/// What the Podcast Index calls a feed, from the address that it has when that is first asked for.
fn podcast_guid(feeds: &Feeds, scope: &Scope) -> Option<String> {
    feeds.podcast.as_ref().filter(|podcast| podcast.index)?;
    // An archive is a part of the main feed, and an address that only this machine knows would name everybody's podcast.
    if matches!(scope, Scope::Archive(_)) || is_loopback(&feeds.base_url) {
        return None;
    }
    let key = FeedKey {
        scope: scope.clone(),
        format: Format::Rss,
    };
    Some(podcast::guid(&format!("{}{key}", feeds.base_url)))
}

/// Stores scopes that are new or whose members changed; returns all as they are stored now.
async fn store(
    app: &App,
    chosen: &BTreeMap<Scope, Members<'_>>,
    stored: &[ScopeRow],
    moment: Moment,
) -> Result<HashMap<String, ScopeRow>, StoreError> {
    let changed = changed(app, chosen, stored, moment);
    if changed.is_empty() {
        return Ok(by_scope(stored.iter().cloned()));
    }
    let mut conn = app.database.begin().await?;
    for row in &changed {
        feeds::put_scope(&mut conn, row).await?;
    }
    let all = feeds::scopes(&mut conn).await?;
    conn.commit().await?;
    Ok(by_scope(all))
}

/// `tag:HOST,DAY:ULID` (RFC 4151), with the host of the author's site.
fn mint_feed_id(app: &App, moment: Moment) -> String {
    let settings = app.settings();
    let host = settings.site.url.host_str().unwrap_or_default().to_lowercase();
    let day = FeedDate::new(from_micros(moment.now)).day();
    format!(
        "tag:{host},{day}:{}",
        mint_ulid(&*app.clock, &*app.chance).to_lowercase()
    )
}

fn planned(chosen: &BTreeMap<Scope, Members<'_>>, stored: &HashMap<String, ScopeRow>, moment: Moment) -> Vec<Plan> {
    let plan = |(scope, members): (&Scope, &Members<'_>)| {
        let row = stored.get(&scope.word())?;
        let newest = members.articles.first().map_or(0, |article| article.published_at);
        Some(Plan {
            scope: scope.clone(),
            term: row.title.clone(),
            feed_id: row.feed_id.clone(),
            updated_at: row.updated_at.max(newest),
            members: members.articles.iter().map(|article| article.id.clone()).collect(),
            mark: members.mark().to_owned(),
            deleted: members.deleted.clone(),
            chain: members.chain,
            version: moment.version,
            podcast_guid: row.podcast_guid.clone(),
        })
    };
    chosen.iter().filter_map(plan).collect()
}
