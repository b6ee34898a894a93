//! Writing one reading of a file: a new article, a new revision, a move, or nothing.

use crate::app::App;
use crate::model::article::{DateOrigin, Draft, Problem, Severity, Visibility};
use crate::model::clock::{from_micros, mint_ulid, to_micros};
use crate::source::folder::Candidate;
use crate::store::articles::{self, Known, Written};
use crate::store::{Conn, StoreError, counters};

use super::identity::{Identity, Index, likeness};
use super::read::Prepared;
use super::report::ScanReport;

/// The word in `not_mailable` until the end of the scan decides.
pub(super) const UNDECIDED: &str = "undecided";

/// What stays the same while one scan writes.
pub(super) struct Scene<'a> {
    pub(super) app: &'a App,
    pub(super) source_id: &'a str,
    pub(super) now: i64,
    pub(super) look_back: i64,
    /// Unknown template tags from which on an article is held.
    pub(super) most_leftovers: u32,
    /// New articles of this scan are old ones that we see for the first time.
    pub(super) baseline: bool,
}

/// Size, modification time in nanoseconds, and inode of a file.
pub(super) fn stamp(candidate: &Candidate) -> (i64, i64, i64) {
    (
        i64::try_from(candidate.size).unwrap_or(i64::MAX),
        candidate.mtime_ns,
        i64::from_ne_bytes(candidate.file_id.to_ne_bytes()),
    )
}

/// Writes what a draft says; returns the file's problems.
pub(super) async fn draft(
    scene: &Scene<'_>,
    conn: &mut Conn,
    index: &mut Index,
    candidate: &Candidate,
    prepared: Prepared,
    report: &mut ScanReport,
) -> Result<Vec<Problem>, StoreError> {
    let draft = &prepared.draft;
    let mut problems = draft.problems.clone();
    if let Some(at) = untouched(scene, index, &prepared) {
        index.claim(at);
        same_bytes(conn, &index.known[at], candidate, &draft.source_hash).await?;
        return Ok(problems);
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
        problems.push(url_taken(draft, other));
        return Ok(problems);
    }
    match identity {
        Identity::Same(at) | Identity::Moved(at) => {
            index.claim(at);
            index.claim_url(&draft.url, &draft.locator);
            let old = index.known[at].clone();
            known(scene, conn, &old, candidate, prepared, report).await?;
        }
        Identity::New => {
            index.claim_url(&draft.url, &draft.locator);
            new(scene, conn, candidate, prepared, report).await?;
        }
        Identity::Duplicate(at) => problems.push(duplicate(draft, &index.known[at])),
        Identity::UrlTaken(at) => {
            problems.push(url_taken(draft, &index.known[at].locator));
            // What was public keeps its last good revision.
            if let Some(here) = index.at_locator(&draft.locator) {
                index.claim(here);
            }
        }
        Identity::Ambiguous(one, other) => problems.push(ambiguous(draft, &index.known[one], &index.known[other])),
    }
    Ok(problems)
}

/// The file has other stamps, or was missing, and holds what it held.
pub(super) async fn same_bytes(
    conn: &mut Conn,
    known: &Known,
    candidate: &Candidate,
    hash: &[u8],
) -> Result<(), StoreError> {
    let stamp = stamp(candidate);
    let noted = (known.file_size, known.file_mtime, known.file_id) == stamp && known.source_hash == hash;
    if noted && known.missing_since.is_none() {
        return Ok(());
    }
    articles::touch(conn, &known.id, stamp, hash).await
}

/// The same article in the same state: there is nothing to write but the file's stamp.
fn untouched(scene: &Scene<'_>, index: &Index, prepared: &Prepared) -> Option<usize> {
    let draft = &prepared.draft;
    let at = index.at_locator(&draft.locator)?;
    let known = &index.known[at];
    let same =
        known.url == draft.url && known.content_hash == prepared.content_hash && known.header_id == draft.header_id;
    let wanted = wanted_visibility(draft, known.published_at, scene.now);
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
    prepared: Prepared,
    report: &mut ScanReport,
) -> Result<(), StoreError> {
    let draft = &prepared.draft;
    let id = mint_ulid(&*scene.app.clock, &*scene.app.chance);
    let published_at = draft.published_at.map_or(scene.now, to_micros);
    let visibility = wanted_visibility(draft, published_at, scene.now);
    let not_mailable = at_first_sight(scene, draft, published_at);
    report.added += u64::from(visibility != Visibility::Excluded);
    report.excluded += u64::from(visibility == Visibility::Excluded);
    report.held += u64::from(not_mailable == "held" && visibility == Visibility::Public);
    let (file_size, file_mtime, file_id) = stamp(candidate);
    let known = Known {
        entry_id: entry_id(scene, draft, &id),
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
        content_hash: prepared.content_hash,
        body_hash: prepared.body_hash,
        revision_id: counters::next(conn, "revisions", 1).await?,
        title: draft.content.title.clone().unwrap_or_default(),
        file_size,
        file_mtime,
        file_id,
        updated_at: draft.updated_at.map(to_micros),
        date_only: draft.date_only,
    };
    articles::add_revision(conn, &known, &prepared.fields, scene.now).await?;
    articles::insert(
        conn,
        &Written {
            known,
            source_id: scene.source_id.to_owned(),
        },
    )
    .await
}

/// Why a new article is not mailed, or that the end of the scan decides.
fn at_first_sight(scene: &Scene<'_>, draft: &Draft, published_at: i64) -> &'static str {
    if draft.already_mailed {
        "already_mailed"
    } else if !draft.mail {
        "mail_false"
    } else if scene.baseline {
        UNDECIDED
    } else if published_at < scene.now - scene.look_back {
        "old"
    } else if draft.leftovers > scene.most_leftovers {
        "held"
    } else {
        UNDECIDED
    }
}

/// Front matter's word, else a tag URI with the day of minting (RFC 4151).
fn entry_id(scene: &Scene<'_>, draft: &Draft, id: &str) -> String {
    let day = from_micros(scene.now).format("%Y-%m-%d");
    let host = url::Url::parse(&draft.url)
        .ok()
        .and_then(|u| u.host_str().map(str::to_lowercase))
        .unwrap_or_default();
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
    prepared: Prepared,
    report: &mut ScanReport,
) -> Result<(), StoreError> {
    let draft = &prepared.draft;
    let seen_differently = old.content_hash != prepared.content_hash;
    let moved = old.locator != draft.locator || old.url != draft.url;
    // A move changes addresses inside the text; that is no edit. Other settings or rules of ours are none either.
    let edited =
        seen_differently && old.source_hash != draft.source_hash && (!moved || old.body_hash != prepared.body_hash);
    let mut next = next_row(scene, old, candidate, &prepared);
    let turned = next.visibility != old.visibility;
    report.moved += u64::from(moved);
    report.updated += u64::from((seen_differently && !moved) || edited || turned);
    report.withdrawn += u64::from(next.visibility == Visibility::Withdrawn && turned);
    if seen_differently {
        next.revision_id = counters::next(conn, "revisions", 1).await?;
        articles::add_revision(conn, &next, &prepared.fields, scene.now).await?;
    }
    if edited || turned {
        next.changed_at = scene.now;
    }
    let written = Written {
        known: next,
        source_id: scene.source_id.to_owned(),
    };
    articles::update(conn, &written).await?;
    if seen_differently {
        articles::prune_revisions(conn, &old.id, written.known.revision_id).await?;
    }
    Ok(())
}

/// The row after this reading: ids, first sight and mail state stay; a date that was public never moves.
fn next_row(scene: &Scene<'_>, old: &Known, candidate: &Candidate, prepared: &Prepared) -> Known {
    let draft = &prepared.draft;
    let was_public = !matches!(old.visibility, Visibility::Scheduled | Visibility::Excluded);
    let said = draft.published_at.map(to_micros);
    let inferred = draft.published_from == DateOrigin::FirstSeen;
    let published_at = if was_public || inferred {
        old.published_at
    } else {
        said.unwrap_or(old.published_at)
    };
    let mut former_urls = old.former_urls.clone();
    for url in draft.aliases.iter().chain((old.url != draft.url).then_some(&old.url)) {
        if !former_urls.contains(url) && *url != draft.url && former_urls.len() < 64 {
            former_urls.push(url.clone());
        }
    }
    let (visibility, reason) = next_visibility(scene, old, draft, published_at);
    let first_public = old.visibility == Visibility::Excluded && visibility != Visibility::Excluded;
    let fell_due =
        old.visibility == Visibility::Scheduled && visibility == Visibility::Public && old.not_mailable.is_none();
    let (file_size, file_mtime, file_id) = stamp(candidate);
    Known {
        header_id: draft.header_id.clone(),
        locator: draft.locator.clone(),
        url: draft.url.clone(),
        former_urls,
        published_at,
        mailable_at: if fell_due { Some(scene.now) } else { old.mailable_at },
        not_mailable: if first_public {
            first_sight(old)
        } else {
            old.not_mailable.clone()
        },
        visibility,
        reason,
        missing_since: None,
        missing_scans: 0,
        source_hash: draft.source_hash.to_vec(),
        content_hash: prepared.content_hash.clone(),
        body_hash: prepared.body_hash.clone(),
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
    Problem {
        locator: draft.locator.clone(),
        line: None,
        code: code.to_owned(),
        message,
        remedy: remedy.to_owned(),
        severity,
    }
}

fn duplicate(draft: &Draft, other: &Known) -> Problem {
    let message = format!("the text equals {}, which is still there", other.locator);
    problem(
        draft,
        "duplicate",
        Severity::Warning,
        message,
        "remove one of the two; it is published when the other is gone",
    )
}

fn url_taken(draft: &Draft, other: &str) -> Problem {
    let message = format!("its address {} belongs to {other}", draft.url);
    problem(
        draft,
        "url_taken",
        Severity::Error,
        message,
        "give one of the two another slug, url or permalink",
    )
}

fn ambiguous(draft: &Draft, one: &Known, other: &Known) -> Problem {
    let message = format!(
        "it could be {} or {}, both of which vanished",
        one.locator, other.locator
    );
    problem(
        draft,
        "ambiguous_move",
        Severity::Error,
        message,
        "write `id:` of the right article into its header",
    )
}
