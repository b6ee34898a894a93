//! The row of an article: at first sight, and after each reading.

use crate::model::article::{DateOrigin, Draft, Visibility};
use crate::model::clock::{from_micros, mint_ulid, to_micros};
use crate::model::entry::is_iri;
use crate::model::feed_url::percent_encode;
use crate::source::folder::Candidate;
use crate::store::articles::Known;
use crate::store::imported::Imported;

use super::read::Prepared;
use super::record::Scene;

/// The word in `not_mailable` until the end of the scan decides.
const UNDECIDED: &str = "undecided";

/// Size, modification time in nanoseconds, and inode of a file.
pub(super) fn stamp(candidate: &Candidate) -> (i64, i64, i64) {
    (
        i64::try_from(candidate.size).unwrap_or(i64::MAX),
        candidate.mtime_ns,
        i64::from_ne_bytes(candidate.file_id.to_ne_bytes()),
    )
}

/// What the author's marks and the date ask for.
pub(super) fn wanted_visibility(draft: &Draft, published_at: i64, now: i64) -> Visibility {
    if draft.excluded.is_some() {
        Visibility::Excluded
    } else if published_at > now {
        Visibility::Scheduled
    } else {
        Visibility::Public
    }
}

/// The row of a new article; `former` is the id, and maybe the date, that readers know it by.
pub(super) fn first(
    scene: &Scene<'_>,
    candidate: &Candidate,
    prepared: &Prepared,
    revision_id: i64,
    former: Option<Imported>,
) -> Known {
    let draft = &prepared.draft;
    let id = mint_ulid(&*scene.app.clock, &*scene.app.chance);
    let known_date = former.as_ref().and_then(|one| one.published_at);
    let published_at = known_date.unwrap_or_else(|| draft.published_at.map_or(scene.now, to_micros));
    let published_from = if known_date.is_some() {
        DateOrigin::Feed
    } else {
        draft.published_from
    };
    let (file_size, file_mtime, file_id) = stamp(candidate);
    Known {
        is_permalink: former.as_ref().is_some_and(|one| one.is_permalink),
        entry_id: former.map_or_else(|| entry_id(scene, draft, &id), |one| one.entry_id),
        id,
        locator: draft.locator.clone(),
        header_id: draft.header_id.clone(),
        url: draft.url.clone(),
        former_urls: draft.aliases.clone(),
        published_at,
        published_from: published_from.word().to_owned(),
        first_seen: scene.now,
        changed_at: scene.now,
        mailable_at: None,
        not_mailable: Some(at_first_sight(scene, draft, published_at).to_owned()),
        visibility: wanted_visibility(draft, published_at, scene.now),
        reason: draft.excluded.clone(),
        missing_since: None,
        missing_scans: 0,
        source_hash: draft.source_hash.to_vec(),
        content_hash: prepared.content_hash.clone(),
        body_hash: prepared.body_hash.clone(),
        revision_id,
        title: draft.content.title.clone().unwrap_or_default(),
        file_size,
        file_mtime,
        file_id,
        updated_at: draft.updated_at.map(to_micros),
        edited_at: None,
        date_only: draft.date_only,
    }
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
    // The guid of a feed that is another article's already is no word of the author.
    let header = draft.header_id.as_deref().filter(|_| draft.guid.is_none());
    match header {
        Some(header) => header_entry_id(scene, draft, header),
        None => minted_id(scene, &draft.url, id),
    }
}

/// What the header says, letter for letter if it is a whole id (an absolute IRI), else a tag URI made of it.
pub(super) fn header_entry_id(scene: &Scene<'_>, draft: &Draft, said: &str) -> String {
    if is_iri(said) {
        said.to_owned()
    } else {
        minted_id(scene, &draft.url, said)
    }
}

/// A tag URI with the day of minting (RFC 4151). Whatever the author wrote, every format prints it as it is.
pub(super) fn minted_id(scene: &Scene<'_>, url: &str, id: &str) -> String {
    let day = from_micros(scene.now).format("%Y-%m-%d");
    let host = url::Url::parse(url)
        .ok()
        .and_then(|u| u.host_str().map(str::to_lowercase))
        .unwrap_or_default();
    format!("tag:{host},{day}:{}", percent_encode(&id.to_lowercase()))
}

/// The row after this reading: ids, first sight and mail state stay; a date that was public never moves.
pub(super) fn next(scene: &Scene<'_>, old: &Known, candidate: &Candidate, prepared: &Prepared) -> Known {
    let draft = &prepared.draft;
    let stood = stood(old);
    let was_public = was_public(old);
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
    let first_public = stood == Visibility::Excluded && visibility != Visibility::Excluded;
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
            Some(first_sight(old))
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

/// Whether readers may have seen an article.
pub(super) fn was_public(old: &Known) -> bool {
    !matches!(stood(old), Visibility::Scheduled | Visibility::Excluded)
}

/// What an article counts as: one that went before anybody saw it comes back as the draft that it was.
fn stood(old: &Known) -> Visibility {
    let went = matches!(old.visibility, Visibility::Gone | Visibility::Withdrawn);
    // Whatever was public once was decided about.
    let undecided = old.mailable_at.is_none() && old.not_mailable.is_none();
    if went && undecided {
        Visibility::Excluded
    } else {
        old.visibility
    }
}

/// A draft that becomes public for the first time is new now, whatever a first scan said of it as a draft.
fn first_sight(old: &Known) -> String {
    match old.not_mailable.as_deref() {
        Some("baseline") | None => UNDECIDED.to_owned(),
        Some(other) => other.to_owned(),
    }
}

fn next_visibility(scene: &Scene<'_>, old: &Known, draft: &Draft, published_at: i64) -> (Visibility, Option<String>) {
    let wanted = wanted_visibility(draft, draft.published_at.map_or(published_at, to_micros), scene.now);
    let by_hand = old.visibility == Visibility::Withdrawn && old.reason.as_deref() == Some("by hand");
    if by_hand {
        return (Visibility::Withdrawn, old.reason.clone());
    }
    match (stood(old), wanted) {
        (Visibility::Public | Visibility::Withdrawn | Visibility::Gone, Visibility::Excluded) => {
            (Visibility::Withdrawn, draft.excluded.clone())
        }
        (Visibility::Public | Visibility::Withdrawn | Visibility::Gone, Visibility::Scheduled) => {
            (Visibility::Withdrawn, Some("dated in the future".to_owned()))
        }
        (_, wanted) => (wanted, draft.excluded.clone()),
    }
}
