//! Writing one reading of a file: a new article, a new revision, a move, or nothing.

use std::collections::HashMap;

use crate::app::App;
use crate::config::LegacyMode;
use crate::model::article::{Draft, Problem, Visibility};
use crate::model::clock::to_micros;
use crate::model::entry::is_iri;
use crate::model::same_address::comparison_form;
use crate::source::folder::Candidate;
use crate::store::articles::{self, Known, NewRevision, Written};
use crate::store::imported::{self, Imported};
use crate::store::{Conn, StoreError, counters};

use super::elsewhere::Elsewhere;
use super::identity::{Identity, Index, likeness};
use super::own_id;
use super::read::Prepared;
use super::refusal;
use super::report::ScanReport;
use super::row::{self, stamp};

/// What stays the same while one scan writes.
pub(super) struct Scene<'a> {
    pub(super) app: &'a App,
    pub(super) source_id: &'a str,
    pub(super) elsewhere: &'a Elsewhere,
    pub(super) now: i64,
    pub(super) look_back: i64,
    /// Unknown template tags from which on an article is held.
    pub(super) most_leftovers: u32,
    /// New articles of this scan are old ones that we see for the first time.
    pub(super) baseline: bool,
    /// What the author's former generator made of addresses to get the ids that readers know new articles by.
    pub(super) legacy_ids: Option<LegacyMode>,
}

/// What a scan keeps while it writes.
///
/// New articles of one batch are written together, because a statement per row would cost more than reading the files.
#[derive(Debug, Default)]
pub(super) struct Writing {
    /// Numbers of revisions, taken from the store many at a time.
    numbers: std::ops::Range<i64>,
    revisions: Vec<NewRevision>,
    articles: Vec<Written>,
    /// Entries of a feed that was taken over, by the comparison form of their addresses.
    waiting: HashMap<String, Imported>,
}

impl Writing {
    /// Nothing written yet; these entries wait for articles.
    pub(super) fn with(waiting: HashMap<String, Imported>) -> Self {
        Self {
            waiting,
            ..Self::default()
        }
    }

    async fn next_number(&mut self, conn: &mut Conn) -> Result<i64, StoreError> {
        const AT_ONCE: i64 = 200;
        if self.numbers.is_empty() {
            let first = counters::next(conn, "revisions", AT_ONCE).await?;
            self.numbers = first..first + AT_ONCE;
        }
        let number = self.numbers.start;
        self.numbers.start += 1;
        Ok(number)
    }

    /// The id that readers know a new article by: of the entry that waited for it, else what the author's former
    /// generator made of its address. A whole id in the header counts more.
    async fn former_id(
        &mut self,
        scene: &Scene<'_>,
        conn: &mut Conn,
        draft: &Draft,
    ) -> Result<Option<Imported>, StoreError> {
        if let Some(guid) = &draft.guid {
            let free = guid.id.len() <= LONGEST_GUID && !self.is_taken(conn, &guid.id).await?;
            return Ok(free.then(|| Imported {
                address: String::new(),
                entry_id: guid.id.clone(),
                is_permalink: guid.is_permalink,
                published_at: None,
            }));
        }
        // A mere word is no id that readers know: what they knew the article by comes before one minted of it.
        if draft.header_id.as_deref().is_some_and(is_iri) {
            return Ok(None);
        }
        let legacy_ids = scene.legacy_ids.filter(|_| draft.header_id.is_none());
        let found = match (self.waited(draft), legacy_ids) {
            (Some(found), _) => {
                imported::forget(conn, &found.address, &found.entry_id).await?;
                found
            }
            (None, Some(mode)) => legacy(mode, &draft.url),
            (None, None) => return Ok(None),
        };
        let taken = self.is_taken(conn, &found.entry_id).await?;
        Ok((!taken).then_some(found))
    }

    /// Whether readers know another article by this id.
    pub(super) async fn is_taken(&self, conn: &mut Conn, entry_id: &str) -> Result<bool, StoreError> {
        let here = self.articles.iter().any(|new| new.known.entry_id == entry_id);
        Ok(here || articles::has_entry_id(conn, entry_id).await?)
    }

    fn waited(&mut self, draft: &Draft) -> Option<Imported> {
        if self.waiting.is_empty() {
            return None;
        }
        let forms = std::iter::once(&draft.url).chain(&draft.aliases);
        let mut forms = forms.filter_map(|url| comparison_form(url));
        forms.find_map(|form| self.waiting.remove(&form))
    }

    /// Writes the new articles of a batch.
    pub(super) async fn newcomers(&mut self, conn: &mut Conn, now: i64) -> Result<(), StoreError> {
        articles::add_revisions(conn, &std::mem::take(&mut self.revisions), now).await?;
        articles::insert(conn, &std::mem::take(&mut self.articles)).await
    }
}

/// The id that a generator made of an article's address.
fn legacy(mode: LegacyMode, url: &str) -> Imported {
    let id = match mode {
        LegacyMode::Permalink => url,
        // Jekyll's `post.id` is the folder of the address and the slug: the address without its end.
        LegacyMode::Jekyll => url
            .strip_suffix(".html")
            .or_else(|| url.strip_suffix('/'))
            .unwrap_or(url),
    };
    Imported {
        address: String::new(),
        entry_id: id.to_owned(),
        is_permalink: mode == LegacyMode::Permalink,
        published_at: None,
    }
}

/// Bytes of a foreign id that readers are shown.
const LONGEST_GUID: usize = 1024;

/// What became of one reading.
pub(super) struct Recorded {
    /// The file's problems.
    pub(super) problems: Vec<Problem>,
    /// Whether a row of an article was written.
    pub(super) wrote: bool,
}

/// Writes what a draft says.
pub(super) async fn draft(
    scene: &Scene<'_>,
    conn: &mut Conn,
    index: &mut Index,
    writing: &mut Writing,
    candidate: &Candidate,
    prepared: Prepared,
    report: &mut ScanReport,
) -> Result<Recorded, StoreError> {
    let draft = &prepared.draft;
    let mut problems = draft.problems.clone();
    if let Some(at) = untouched(scene, index, &prepared) {
        index.claim(at);
        let wrote = same_bytes(conn, &index.known[at], candidate, &draft.source_hash).await?;
        return Ok(Recorded { problems, wrote });
    }
    let reused = reused_path(conn, index, draft).await?;
    if let Some(at) = reused {
        index.replace(at);
    }
    let mut identity = index.identify(draft, &prepared.body_hash, reused.is_some());
    if identity == Identity::New {
        identity = moved_and_edited(conn, index, draft).await?.unwrap_or(Identity::New);
    }
    if let (Identity::New, Some(other)) = (identity, index.url_claimed_by(&draft.url)) {
        problems.push(refusal::url_taken(draft, other));
        return Ok(Recorded { problems, wrote: false });
    }
    if let Some(owner) = scene.elsewhere.owner(index, draft, identity) {
        problems.push(refusal::url_taken(draft, owner));
        // What was public keeps its last good revision.
        if let Identity::Same(at) | Identity::Moved(at) = identity {
            index.claim(at);
        }
        return Ok(Recorded { problems, wrote: false });
    }
    if identity == Identity::New
        && let Some(left) = scene.elsewhere.heir_of(conn, draft).await?
    {
        index.claim_url(&draft.url, &draft.locator);
        problems.extend(known(scene, conn, writing, &left, candidate, prepared, report).await?);
        return Ok(Recorded { problems, wrote: true });
    }
    let wrote = matches!(identity, Identity::Same(_) | Identity::Moved(_) | Identity::New);
    match identity {
        Identity::Same(at) | Identity::Moved(at) => {
            index.claim(at);
            index.claim_url(&draft.url, &draft.locator);
            let old = index.known[at].clone();
            problems.extend(known(scene, conn, writing, &old, candidate, prepared, report).await?);
        }
        Identity::New => {
            index.claim_url(&draft.url, &draft.locator);
            new(scene, conn, writing, candidate, prepared, report).await?;
        }
        Identity::Duplicate(at) => problems.push(refusal::duplicate(draft, &index.known[at])),
        Identity::UrlTaken(at) => {
            problems.push(refusal::url_taken(draft, &index.known[at].locator));
            // What was public keeps its last good revision.
            if let Some(here) = index.at_locator(&draft.locator) {
                index.claim(here);
            }
        }
        Identity::Ambiguous(one, other) => {
            problems.push(refusal::ambiguous(draft, &index.known[one], &index.known[other]));
        }
    }
    Ok(Recorded { problems, wrote })
}

/// The file may have other stamps, or was missing, and holds what it held; says whether that was written.
pub(super) async fn same_bytes(
    conn: &mut Conn,
    known: &Known,
    candidate: &Candidate,
    hash: &[u8],
) -> Result<bool, StoreError> {
    let stamp = stamp(candidate);
    let noted = (known.file_size, known.file_mtime, known.file_id) == stamp && known.source_hash == hash;
    if noted && known.missing_since.is_none() {
        return Ok(false);
    }
    articles::touch(conn, &known.id, stamp, hash).await?;
    Ok(true)
}

/// The same article in the same state: there is nothing to write but the file's stamp.
fn untouched(scene: &Scene<'_>, index: &Index, prepared: &Prepared) -> Option<usize> {
    let draft = &prepared.draft;
    let at = index.at_locator(&draft.locator)?;
    let known = &index.known[at];
    let same =
        known.url == draft.url && known.content_hash == prepared.content_hash && known.header_id == draft.header_id;
    let wanted = row::wanted_visibility(draft, known.published_at, scene.now);
    let redated = known.visibility == Visibility::Scheduled
        && draft
            .published_at
            .is_some_and(|date| to_micros(date) != known.published_at);
    (same && !redated && known.visibility == wanted && known.reason == draft.excluded).then_some(at)
}

/// The stored article of this path, if title and date are new and hardly a word is left: the path is used again.
async fn reused_path(conn: &mut Conn, index: &Index, draft: &Draft) -> Result<Option<usize>, StoreError> {
    let Some(at) = index.at_locator(&draft.locator) else {
        return Ok(None);
    };
    let known = &index.known[at];
    let title = draft.content.title.as_deref().unwrap_or("");
    let same_date = draft
        .published_at
        .is_none_or(|date| to_micros(date) == known.published_at);
    if known.title == title || same_date || known.header_id.is_some() {
        return Ok(None);
    }
    let Some(old) = articles::revision(conn, known.revision_id).await? else {
        return Ok(None);
    };
    Ok((likeness(&old.body_text, &draft.content.body_text) < 0.1).then_some(at))
}

/// Moved and edited at once: at least 50 words, nine tenths of them alike, and the title or the date as before.
async fn moved_and_edited(conn: &mut Conn, index: &Index, draft: &Draft) -> Result<Option<Identity>, StoreError> {
    if draft.content.words < 50 {
        return Ok(None);
    }
    let mut found = None;
    for at in index.like(draft) {
        let Some(old) = articles::revision(conn, index.known[at].revision_id).await? else {
            continue;
        };
        if likeness(&old.body_text, &draft.content.body_text) < 0.9 {
            continue;
        }
        if let Some(Identity::Moved(first)) = found {
            return Ok(Some(Identity::Ambiguous(first, at)));
        }
        found = Some(Identity::Moved(at));
    }
    Ok(found)
}

async fn new(
    scene: &Scene<'_>,
    conn: &mut Conn,
    writing: &mut Writing,
    candidate: &Candidate,
    prepared: Prepared,
    report: &mut ScanReport,
) -> Result<(), StoreError> {
    let revision_id = writing.next_number(conn).await?;
    let former = writing.former_id(scene, conn, &prepared.draft).await?;
    let mut known = row::first(scene, candidate, &prepared, revision_id, former);
    if prepared.draft.header_id.is_some() && writing.is_taken(conn, &known.entry_id).await? {
        known.entry_id = row::minted_id(scene, &prepared.draft.url, &known.id);
    }
    let held = known.not_mailable.as_deref() == Some("held");
    report.added += u64::from(known.visibility != Visibility::Excluded);
    report.excluded += u64::from(known.visibility == Visibility::Excluded);
    report.held += u64::from(held && known.visibility == Visibility::Public);
    writing.revisions.push(revision_of(&known, prepared.fields));
    writing.articles.push(Written {
        known,
        source_id: scene.source_id.to_owned(),
    });
    Ok(())
}

fn revision_of(known: &Known, fields: String) -> NewRevision {
    NewRevision {
        id: known.revision_id,
        article_id: known.id.clone(),
        content_hash: known.content_hash.clone(),
        fields,
    }
}

/// Writes what is new of a known article; returns what the author should know of its id.
async fn known(
    scene: &Scene<'_>,
    conn: &mut Conn,
    writing: &mut Writing,
    old: &Known,
    candidate: &Candidate,
    prepared: Prepared,
    report: &mut ScanReport,
) -> Result<Option<Problem>, StoreError> {
    let draft = &prepared.draft;
    let mut next = row::next(scene, old, candidate, &prepared);
    let about_id = own_id::heed(scene, conn, writing, old, draft, &mut next).await?;
    let seen_differently = old.content_hash != prepared.content_hash || old.entry_id != next.entry_id;
    let moved = old.locator != draft.locator || old.url != draft.url;
    // A move changes addresses inside the text; that is no edit. Other settings or rules of ours are none either.
    let edited =
        seen_differently && old.source_hash != draft.source_hash && (!moved || old.body_hash != prepared.body_hash);
    let turned = next.visibility != old.visibility;
    report.moved += u64::from(moved);
    report.updated += u64::from((seen_differently && !moved) || edited || turned);
    report.withdrawn += u64::from(next.visibility == Visibility::Withdrawn && turned);
    if seen_differently {
        next.revision_id = writing.next_number(conn).await?;
        articles::add_revisions(conn, &[revision_of(&next, prepared.fields.clone())], scene.now).await?;
    }
    if edited || turned {
        next.changed_at = scene.now;
    }
    if edited && old.visibility == Visibility::Public && has_new_text(conn, old, draft, moved).await? {
        next.edited_at = Some(scene.now);
    }
    let written = Written {
        known: next,
        source_id: scene.source_id.to_owned(),
    };
    articles::update(conn, &written).await?;
    if seen_differently {
        articles::prune_revisions(conn, &old.id, written.known.revision_id).await?;
    }
    Ok(about_id)
}

/// Whether the text itself changed; a move alone changes the addresses in it.
async fn has_new_text(conn: &mut Conn, old: &Known, draft: &Draft, moved: bool) -> Result<bool, StoreError> {
    let Some(before) = articles::revision(conn, old.revision_id).await? else {
        return Ok(false);
    };
    let now = &draft.content;
    Ok(before.body_text != now.body_text || (!moved && before.body_html != now.body_html))
}
