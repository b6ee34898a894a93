//! From composed to sending: each variant's letter is compiled once, from frozen inputs (`delivery.md` 5.3).

use aws_lc_rs::digest::{SHA256, digest};
use data_encoding::HEXLOWER;

use crate::app::App;
use crate::config::{Newsletter, Schedule};
use crate::faults;
use crate::model::author_notice::AuthorNotice;
use crate::model::clock::{from_micros, to_micros};
use crate::model::letter::Letter;
use crate::store::issues::{self, Issue, Variant};
use crate::store::{Conn, articles, notices};

use super::ComposeError;
use super::letters::{self, Carried, IssueFacts};

/// Prepares every issue that was composed; returns how many. What cannot be prepared is paused before a single letter.
pub(super) async fn prepare_all(app: &App) -> Result<usize, ComposeError> {
    let mut conn = app.database.read().await?;
    let waiting = issues::in_state(&mut conn, "preparing").await?;
    drop(conn);
    let count = waiting.len();
    for issue in waiting {
        match prepare(app, &issue).await {
            Ok(()) => tracing::info!(issue = issue.id, candidates = issue.candidates, "issue is sending"),
            Err(error @ ComposeError::Store(_)) => return Err(error),
            Err(error) => pause(app, &issue, &error).await?,
        }
    }
    Ok(count)
}

async fn pause(app: &App, issue: &Issue, error: &ComposeError) -> Result<(), ComposeError> {
    tracing::error!(issue = issue.id, %error, "issue is paused before its first letter");
    let mut conn = app.database.begin().await?;
    let paused = issues::change_state(&mut conn, &issue.id, ("preparing", "paused"), Some("template"), None).await?;
    if paused && app.settings().site.author.email.is_some() {
        let now = to_micros(app.clock.now());
        let notice = AuthorNotice::unmade(&issue.id, &error.to_string());
        notices::tell_author(&mut conn, &format!("unmade:{}:{now}", issue.id), &notice, now).await?;
    }
    Ok(conn.commit().await?)
}

async fn prepare(app: &App, issue: &Issue) -> Result<(), ComposeError> {
    let settings = app.settings();
    let (newsletter, schedule) = letters::find(&settings, &issue.newsletter_id, Some(&issue.schedule_id))?;
    let mut conn = app.database.read().await?;
    let variants = issues::variants(&mut conn, &issue.id).await?;
    let mut compiled = Vec::new();
    for variant in variants {
        let letter = compile(app, &mut conn, issue, (newsletter, schedule), &variant).await?;
        let text = serde_json::to_string(&letter).expect("a letter is plain data with text keys");
        compiled.push((variant.variant_no, text));
    }
    drop(conn);
    let head = serde_json::to_string(&settings.letterhead(newsletter, app.templates.dates(&newsletter.language)))
        .expect("a letterhead is plain data");
    let mut conn = app.database.begin().await?;
    // First, because it locks the issue: of two nodes that compiled it only one may store its letters.
    if !issues::start_sending(&mut conn, &issue.id, &head).await? {
        return Ok(());
    }
    faults::point("prepare.sending");
    for (number, text) in compiled {
        let hash = HEXLOWER.encode(digest(&SHA256, text.as_bytes()).as_ref());
        issues::set_letter(&mut conn, &issue.id, number, &text, &hash).await?;
        faults::point("prepare.variant");
    }
    conn.commit().await?;
    faults::point("prepare.committed");
    Ok(())
}

async fn compile(
    app: &App,
    conn: &mut Conn,
    issue: &Issue,
    names: (&Newsletter, &Schedule),
    variant: &Variant,
) -> Result<Letter, ComposeError> {
    let facts = IssueFacts {
        newsletter: names.0,
        schedule: names.1,
        id: issue.id.clone(),
        due_at: from_micros(issue.due_at),
        archived: true,
    };
    let items = issues::items(conn, &issue.id, variant.variant_no).await?;
    let (told, listed): (Vec<_>, Vec<_>) = items.iter().partition(|(_, role)| role != "listed");
    let [told, listed] = [told, listed].map(|items| items.into_iter().map(|(id, _)| id.as_str()).collect::<Vec<_>>());
    let carried = frozen(conn, &issue.id, &told).await?;
    let mut context = letters::issue_letter(app, conn, &facts, &carried).await?;
    if !listed.is_empty() {
        let listed = frozen(conn, &issue.id, &listed).await?;
        context.listed = listed.iter().map(|one| letters::listed(names.0, one)).collect();
    }
    Ok(app.templates.letter(&context)?)
}

/// The articles `wanted` of an issue, in that order, each in the revision that the issue froze.
pub(super) async fn frozen(conn: &mut Conn, issue_id: &str, wanted: &[&str]) -> Result<Vec<Carried>, ComposeError> {
    let revisions = issues::articles(conn, issue_id).await?;
    let mut carried = Vec::new();
    for id in wanted {
        let revision = revisions
            .iter()
            .find(|(article, _)| article == id)
            .map(|(_, revision)| *revision);
        let Some(article) = articles::one(conn, id).await? else {
            continue;
        };
        let content = match revision {
            Some(revision) => articles::revision(conn, revision).await?,
            None => None,
        };
        let content = content.unwrap_or_else(|| article.content.clone());
        carried.push(Carried { article, content });
    }
    if carried.is_empty() {
        return Err(ComposeError::NoArticle);
    }
    Ok(carried)
}

/// The newest public articles, newest first: what a preview shows when nobody is owed anything.
pub(super) async fn latest(app: &App, conn: &mut Conn, count: usize) -> Result<Vec<Carried>, ComposeError> {
    let public = articles::public(conn, to_micros(app.clock.now())).await?;
    let mut carried = Vec::new();
    for listed in public.iter().take(count) {
        if let Some(article) = articles::one(conn, &listed.id).await? {
            carried.push(Carried::newest(article));
        }
    }
    if carried.is_empty() {
        return Err(ComposeError::NoArticle);
    }
    Ok(carried)
}
