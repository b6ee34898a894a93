//! Writing one reading of a file: a new article, a new revision, a move, or nothing.

use crate::app::App;
use crate::model::article::{DateOrigin, Draft, Problem, Severity, Visibility};
use crate::model::clock::{from_micros, mint_ulid, to_micros};
use crate::source::folder::Candidate;
use crate::store::articles::{self, Known, Written};
use crate::store::{Conn, StoreError, counters};

use super::identity::{Identity, Index, body_hash, content_hash, likeness};
use super::scan::ScanReport;

/// The word in `not_mailable` until the end of the scan decides.
pub(super) const UNDECIDED: &str = "undecided";

/// What stays the same while one scan writes.
pub(super) struct Scene<'a> {
    pub(super) app: &'a App,
    pub(super) source_id: &'a str,
    pub(super) now: i64,
    pub(super) look_back: i64,
}

/// Size, modification time in nanoseconds, and inode of a file.
pub(super) fn stamp(candidate: &Candidate) -> (i64, i64, i64) {
    (
        i64::try_from(candidate.size).unwrap_or(i64::MAX),
        candidate.mtime_ns,
        i64::from_ne_bytes(candidate.file_id.to_ne_bytes()),
    )
}

/// Writes what a draft says; returns problems that only identity could see.
pub(super) async fn draft(
    scene: &Scene<'_>,
    conn: &mut Conn,
    index: &mut Index,
    candidate: &Candidate,
    draft: Draft,
    report: &mut ScanReport,
) -> Result<Vec<Problem>, StoreError> {
    if let Some(at) = untouched(index, &draft) {
        index.claim(at);
        articles::touch(conn, &index.known[at].id, stamp(candidate), &draft.source_hash).await?;
        return Ok(draft.problems);
    }
    let hash = body_hash(&draft);
    let reused = is_reused_path(conn, index, &draft).await?;
    let mut identity = index.identify(&draft, &hash, reused);
    if identity == Identity::New {
        identity = moved_and_edited(conn, index, &draft).await?.unwrap_or(Identity::New);
    }
    let mut problems = draft.problems.clone();
    match identity {
        Identity::Same(at) | Identity::Moved(at) => {
            index.claim(at);
            index.claim_url(&draft.url, &draft.locator);
            known(scene, conn, &index.known[at].clone(), candidate, draft, hash, report).await?;
        }
        Identity::New => {
            if let Some(other) = index.url_claimed_by(&draft.url) {
                problems.push(url_taken(&draft, other));
                return Ok(problems);
            }
            index.claim_url(&draft.url, &draft.locator);
            new(scene, conn, candidate, draft, hash, report).await?;
        }
        Identity::Duplicate(at) => problems.push(duplicate(&draft, &index.known[at])),
        Identity::UrlTaken(at) => problems.push(url_taken(&draft, &index.known[at].locator)),
        Identity::Ambiguous(one, other) => problems.push(ambiguous(&draft, &index.known[one], &index.known[other])),
    }
    Ok(problems)
}

/// The same bytes at the same place and address: nothing else is computed.
fn untouched(index: &Index, draft: &Draft) -> Option<usize> {
    let at = index.at_locator(&draft.locator)?;
    let known = &index.known[at];
    let same = known.source_hash == draft.source_hash && known.url == draft.url && known.content_hash == content_hash(draft);
    let settled = known.visibility == wanted_visibility(draft, known.published_at, i64::MAX) && known.reason == draft.excluded;
    (same && settled).then_some(at)
}

async fn is_reused_path(conn: &mut Conn, index: &Index, draft: &Draft) -> Result<bool, StoreError> {
    let Some(at) = index.at_locator(&draft.locator) else { return Ok(false) };
    let known = &index.known[at];
    let title = draft.content.title.as_deref().unwrap_or("");
    let same_date = draft.published_at.is_none_or(|date| to_micros(date) == known.published_at);
    if known.title == title || same_date {
        return Ok(false);
    }
    let Some(old) = articles::revision(conn, known.revision_id).await? else { return Ok(false) };
    Ok(likeness(&old.body_text, &draft.content.body_text) < 0.1)
}

/// Moved and edited at once: at least 50 words, nine tenths of them alike, and the title or the date as before.
async fn moved_and_edited(conn: &mut Conn, index: &Index, draft: &Draft) -> Result<Option<Identity>, StoreError> {
    if draft.content.words < 50 {
        return Ok(None);
    }
    let title = draft.content.title.as_deref().unwrap_or("");
    let mut found = None;
    for at in index.unclaimed_missing() {
        let known = &index.known[at];
        let same_date = draft.published_at.is_some_and(|date| to_micros(date) == known.published_at);
        if known.title != title && !same_date {
            continue;
        }
        let Some(old) = articles::revision(conn, known.revision_id).await? else { continue };
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

fn wanted_visibility(draft: &Draft, published_at: i64, now: i64) -> Visibility {
    if draft.excluded.is_some() {
        Visibility::Excluded
    } else if published_at > now {
        Visibility::Scheduled
    } else {
        Visibility::Public
    }
}

async fn new(
    scene: &Scene<'_>,
    conn: &mut Conn,
    candidate: &Candidate,
    draft: Draft,
    hash: Vec<u8>,
    report: &mut ScanReport,
) -> Result<(), StoreError> {
    let app = scene.app;
    let id = mint_ulid(&*app.clock, &*app.chance);
    let published_at = draft.published_at.map_or(scene.now, to_micros);
    let visibility = wanted_visibility(&draft, published_at, scene.now);
    let old = published_at < scene.now - scene.look_back;
    let not_mailable = match (draft.already_mailed, draft.mail, old) {
        (true, ..) => "already_mailed",
        (_, false, _) => "mail_false",
        (.., true) => "old",
        _ => UNDECIDED,
    };
    report.added += u64::from(visibility != Visibility::Excluded);
    report.excluded += u64::from(visibility == Visibility::Excluded);
    let (file_size, file_mtime, file_id) = stamp(candidate);
    let known = Known {
        entry_id: entry_id(scene, &draft, &id),
        id,
        locator: draft.locator.clone(),
        header_id: draft.header_id.clone(),
        url: draft.url.clone(),
        former_urls: draft.aliases.clone(),
        published_at,
        published_from: draft.published_from.word().to_owned(),
        first_seen: scene.now,
        changed_at: scene.now,
        mailable_at: None,
        not_mailable: Some(not_mailable.to_owned()),
        visibility,
        reason: draft.excluded.clone(),
        missing_since: None,
        missing_scans: 0,
        source_hash: draft.source_hash.to_vec(),
        content_hash: content_hash(&draft),
        body_hash: hash,
        revision_id: counters::next(conn, "revisions", 1).await?,
        title: draft.content.title.clone().unwrap_or_default(),
        file_size,
        file_mtime,
        file_id,
        updated_at: draft.updated_at.map(to_micros),
        date_only: draft.date_only,
    };
    let written = Written { known, source_id: scene.source_id.to_owned(), content: draft.content };
    articles::add_revision(conn, written.known.revision_id, &written, scene.now).await?;
    articles::insert(conn, &written).await
}

/// Front matter's word, else a tag URI with the day of minting (RFC 4151).
fn entry_id(scene: &Scene<'_>, draft: &Draft, id: &str) -> String {
    let day = from_micros(scene.now).format("%Y-%m-%d");
    let host = url::Url::parse(&draft.url).ok().and_then(|u| u.host_str().map(str::to_lowercase)).unwrap_or_default();
    match draft.header_id.as_deref() {
        Some(header) if header.contains(':') => header.to_owned(),
        Some(header) => format!("tag:{host},{day}:{}", header.to_lowercase()),
        None => format!("tag:{host},{day}:{}", id.to_lowercase()),
    }
}

async fn known(
    scene: &Scene<'_>,
    conn: &mut Conn,
    old: &Known,
    candidate: &Candidate,
    draft: Draft,
    hash: Vec<u8>,
    report: &mut ScanReport,
) -> Result<(), StoreError> {
    let content_hash = content_hash(&draft);
    let moved = old.locator != draft.locator || old.url != draft.url;
    let edited = old.content_hash != content_hash && old.body_hash != hash || !moved && old.content_hash != content_hash;
    let next = next_row(scene, old, candidate, &draft, hash, content_hash.clone());
    let turned = next.visibility != old.visibility;
    report.moved += u64::from(moved);
    report.updated += u64::from(edited || turned);
    report.withdrawn += u64::from(next.visibility == Visibility::Withdrawn && turned);
    let mut written = Written { known: next, source_id: scene.source_id.to_owned(), content: draft.content };
    if old.content_hash != content_hash {
        written.known.revision_id = counters::next(conn, "revisions", 1).await?;
        articles::add_revision(conn, written.known.revision_id, &written, scene.now).await?;
    }
    if edited || turned {
        written.known.changed_at = scene.now;
    }
    articles::update(conn, &written).await?;
    articles::prune_revisions(conn, &old.id, written.known.revision_id).await
}

/// The row after this reading: ids, first sight and mail state stay; a date that was public never moves.
fn next_row(scene: &Scene<'_>, old: &Known, candidate: &Candidate, draft: &Draft, hash: Vec<u8>, content_hash: Vec<u8>) -> Known {
    let was_public = !matches!(old.visibility, Visibility::Scheduled | Visibility::Excluded);
    let said = draft.published_at.map(to_micros);
    let inferred = draft.published_from == DateOrigin::FirstSeen;
    let published_at = if was_public || inferred { old.published_at } else { said.unwrap_or(old.published_at) };
    let mut former_urls = old.former_urls.clone();
    for url in draft.aliases.iter().chain((old.url != draft.url).then_some(&old.url)) {
        if !former_urls.contains(url) && *url != draft.url && former_urls.len() < 64 {
            former_urls.push(url.clone());
        }
    }
    let (visibility, reason) = next_visibility(scene, old, draft, published_at);
    let first_public = old.visibility == Visibility::Excluded && visibility != Visibility::Excluded;
    let (file_size, file_mtime, file_id) = stamp(candidate);
    Known {
        header_id: draft.header_id.clone(),
        locator: draft.locator.clone(),
        url: draft.url.clone(),
        former_urls,
        published_at,
        not_mailable: if first_public { first_sight(old) } else { old.not_mailable.clone() },
        visibility,
        reason,
        missing_since: None,
        missing_scans: 0,
        source_hash: draft.source_hash.to_vec(),
        content_hash,
        body_hash: hash,
        title: draft.content.title.clone().unwrap_or_default(),
        file_size,
        file_mtime,
        file_id,
        updated_at: draft.updated_at.map(to_micros),
        date_only: draft.date_only,
        ..old.clone()
    }
}

/// A draft that becomes public for the first time is new now, whatever a first scan said of it as a draft.
fn first_sight(old: &Known) -> Option<String> {
    match old.not_mailable.as_deref() {
        Some("baseline" | UNDECIDED) | None => Some(UNDECIDED.to_owned()),
        Some(other) => Some(other.to_owned()),
    }
}

fn next_visibility(scene: &Scene<'_>, old: &Known, draft: &Draft, published_at: i64) -> (Visibility, Option<String>) {
    let wanted = wanted_visibility(draft, draft.published_at.map_or(published_at, to_micros), scene.now);
    let by_hand = old.visibility == Visibility::Withdrawn && old.reason.as_deref() == Some("by hand");
    if by_hand {
        return (Visibility::Withdrawn, old.reason.clone());
    }
    match (old.visibility, wanted) {
        (Visibility::Public | Visibility::Withdrawn | Visibility::Gone, Visibility::Excluded) => {
            (Visibility::Withdrawn, draft.excluded.clone())
        }
        (Visibility::Public | Visibility::Withdrawn | Visibility::Gone, Visibility::Scheduled) => {
            (Visibility::Withdrawn, Some("dated in the future".to_owned()))
        }
        (_, wanted) => (wanted, draft.excluded.clone()),
    }
}

fn problem(draft: &Draft, code: &str, severity: Severity, message: String, remedy: &str) -> Problem {
    Problem { locator: draft.locator.clone(), line: None, code: code.to_owned(), message, remedy: remedy.to_owned(), severity }
}

fn duplicate(draft: &Draft, other: &Known) -> Problem {
    let message = format!("the text equals {}, which is still there", other.locator);
    problem(draft, "duplicate", Severity::Warning, message, "remove one of the two; it is published when the other is gone")
}

fn url_taken(draft: &Draft, other: &str) -> Problem {
    let message = format!("its address {} belongs to {other}", draft.url);
    problem(draft, "url_taken", Severity::Error, message, "give one of the two another slug, url or permalink")
}

fn ambiguous(draft: &Draft, one: &Known, other: &Known) -> Problem {
    let message = format!("it could be {} or {}, both of which vanished", one.locator, other.locator);
    problem(draft, "ambiguous_move", Severity::Error, message, "write `id:` of the right article into its header")
}
