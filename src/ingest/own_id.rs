//! An `id` that the author writes into the header of an article that is known already (`feeds.md` 4).
//!
//! A whole id, such as `tag:…` or `https://…`, is the author's word and wins, with a warning where readers know another one:
//! for them it is a new article. A mere word is what a new article's id is minted of; minting happens once, so that it
//! changes nothing that readers have seen.

use crate::model::article::{Draft, Problem, Severity};
use crate::model::entry::is_iri;
use crate::model::feed_url::percent_encode;
use crate::store::articles::Known;
use crate::store::{Conn, StoreError};

use super::record::{Scene, Writing};
use super::refusal::problem;
use super::row;

/// Puts the id that the header newly asks for into `next`, where it may; says what the author should know of it.
pub(super) async fn heed(
    scene: &Scene<'_>,
    conn: &mut Conn,
    writing: &Writing,
    old: &Known,
    draft: &Draft,
    next: &mut Known,
) -> Result<Option<Problem>, StoreError> {
    // What a feed or an archive says is no word of the author.
    let newly = draft.guid.is_none() && draft.header_id != old.header_id;
    let Some(said) = draft.header_id.as_deref().filter(|said| newly && !says(old, said)) else {
        return Ok(None);
    };
    let seen = row::was_public(old);
    let known = &old.entry_id;
    if seen && !is_iri(said) {
        let message = format!("readers know it by the id {known}, which `id: {said}` does not change");
        let remedy =
            "leave it so; only a whole id, such as tag:… or https://…, takes the place of one that readers know";
        return Ok(Some(problem(draft, "id_kept", Severity::Warning, message, remedy)));
    }
    let wanted = row::header_entry_id(scene, draft, said);
    if writing.is_taken(conn, &wanted).await? {
        let message = format!("the id {wanted} belongs to another article; readers know this one by {known}");
        return Ok(Some(problem(
            draft,
            "id_taken",
            Severity::Warning,
            message,
            "write another `id`, or none",
        )));
    }
    let message = format!("readers know it by the id {known}; its header makes that {wanted}: they see it as new");
    let remedy = "write the former id into the header, unless readers of another feed knew it by the new one";
    next.entry_id = wanted;
    next.is_permalink = false;
    Ok(seen.then(|| problem(draft, "id_changed", Severity::Warning, message, remedy)))
}

/// Whether an article's id is what the header says, or minted of it.
fn says(known: &Known, said: &str) -> bool {
    let key = percent_encode(&said.to_lowercase());
    let is_minted_of = |key: &str| known.entry_id.rsplit_once(':').is_some_and(|(_, own)| own == key);
    known.entry_id == said || (!is_iri(said) && (is_minted_of(&key) || is_minted_of(said)))
}
