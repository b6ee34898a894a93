//! One file of mail: read, proven, judged, and each report written down once.

use serde::Serialize;

use super::BouncesError;
use super::effect::{self, Event};
use super::proof::{self, Letter};
use crate::app::App;
use crate::mail::report::{self, Fate, Report};
use crate::model::address::EmailAddress;
use crate::model::bounce::{Action, Class, Evidence};
use crate::model::links;
use crate::model::token::{code_of, unfolded};
use crate::store::{Conn, StoreError, issues, subscribers};

/// What one mail says about one recipient, and what followed.
#[derive(Debug, Clone, Serialize)]
pub struct Line {
    /// The file, as it was named.
    pub file: String,
    /// As the report writes it.
    pub recipient: Option<String>,
    /// What became of the letter; `null` for a mail that cannot be read.
    pub class: Option<Class>,
    /// `Action` of a delivery status.
    pub action: Option<Action>,
    /// Enhanced code.
    pub status: Option<String>,
    /// Reply code.
    pub reply: Option<u16>,
    /// Which rule decided, and by which words.
    pub evidence: String,
    /// Whether the mail carries our own mark on a letter.
    pub vouched: bool,
    /// By what.
    pub proof: Option<&'static str>,
    /// What followed: `suppressed`, `held`, `counted`, `ended`, `noted`, `known`; `null`: nothing.
    pub effect: Option<String>,
}

/// What a file came to.
#[derive(Debug, Default)]
pub struct TakenIn {
    /// One for each recipient of each mail.
    pub lines: Vec<Line>,
    /// Tokens of people who want to leave, for `subscribe::leave`.
    pub leaves: Vec<String>,
    /// Mails that no reader should read: too large, too deep.
    pub unreadable: usize,
}

impl TakenIn {
    /// A mail that is larger than a report may be.
    pub fn too_large(name: &str) -> Self {
        Self {
            lines: vec![unread(name, "larger than 1 MiB, which no report is")],
            unreadable: 1,
            ..Self::default()
        }
    }
}

/// Reads a file, one mail or an mbox, and does what follows; with `dry_run` nothing.
///
/// # Errors
/// Of the database alone: nothing in a mail stops the reader.
pub async fn take_in(app: &App, name: &str, file: &[u8], dry_run: bool) -> Result<TakenIn, BouncesError> {
    let mut taken = TakenIn::default();
    if file.len() > report::LARGEST * 64 {
        taken.unreadable += 1;
        taken.lines.push(unread(name, "more than 64 MiB; split the file"));
        return Ok(taken);
    }
    for mail in report::split(file) {
        match report::read(&mail) {
            Ok(report) => take_one(app, name, &report, dry_run, &mut taken).await?,
            Err(error) => {
                taken.unreadable += 1;
                taken.lines.push(unread(name, &error.to_string()));
            }
        }
    }
    Ok(taken)
}

fn unread(name: &str, why: &str) -> Line {
    Line {
        file: name.to_owned(),
        recipient: None,
        class: None,
        action: None,
        status: None,
        reply: None,
        evidence: format!("not read: {why}"),
        vouched: false,
        proof: None,
        effect: None,
    }
}

async fn take_one(
    app: &App,
    name: &str,
    report: &Report,
    dry_run: bool,
    taken: &mut TakenIn,
) -> Result<(), BouncesError> {
    if report.fates.is_empty() {
        taken.lines.push(leave(app, name, report, dry_run, &mut taken.leaves));
        return Ok(());
    }
    let mut conn = if dry_run {
        app.database.read().await?
    } else {
        app.database.begin().await?
    };
    let letter = proof::letter(app, &mut conn, &report.traces).await?;
    let counting = match &letter {
        Some(letter) => Some(counting(&mut conn, letter, &report.fates).await?),
        None => None,
    };
    let mut followed = None;
    if let (Some(letter), Some(at), false) = (&letter, counting, dry_run) {
        let fate = &report.fates[at];
        let event = event(report, letter, fate);
        let effect = effect::take(app, &mut conn, event).await?;
        if fate.judgement.class == Class::OptOut {
            taken.leaves.extend(leave_token(app, &mut conn, letter).await?);
        }
        conn.commit().await?;
        followed = Some(effect.to_owned());
    }
    for (at, fate) in report.fates.iter().enumerate() {
        let effect = followed.clone().filter(|_| counting == Some(at));
        taken.lines.push(line(name, fate, letter.as_ref(), effect));
    }
    Ok(())
}

/// Which fate of a report counts: a letter goes to one address, and what it was forwarded to may fail without it. So the
/// one that names the address counts, else the mildest.
async fn counting(conn: &mut Conn, letter: &Letter, fates: &[Fate]) -> Result<usize, StoreError> {
    let person = subscribers::by_id(conn, letter.subscriber).await?;
    let form = |text: &str| EmailAddress::parse(text).ok().map(|address| address.comparison_form());
    let own = person.and_then(|person| form(&person.address));
    let is_own = |fate: &Fate| own.is_some() && fate.recipient.as_deref().and_then(form) == own;
    let named = fates.iter().position(is_own);
    let mildest = fates
        .iter()
        .enumerate()
        .min_by_key(|(_, fate)| fate.judgement.class)
        .map_or(0, |(at, _)| at);
    Ok(named.unwrap_or(mildest))
}

fn event(report: &Report, letter: &Letter, fate: &Fate) -> Event {
    let judgement = &fate.judgement;
    Event {
        // Some reporters write the same words each time, without an id.
        key: format!(
            "report/{}/{}/{}",
            letter.subscriber,
            letter.issue.as_deref().unwrap_or_default(),
            report.key
        ),
        source: "report".to_owned(),
        subscriber: letter.subscriber,
        issue: letter.issue.clone(),
        class: judgement.class,
        certain: judgement.certain,
        code: judgement
            .status
            .map(|status| status.to_string())
            .or_else(|| judgement.reply.map(|code| code.to_string())),
        said: fate.said.clone(),
    }
}

fn line(name: &str, fate: &Fate, letter: Option<&Letter>, effect: Option<String>) -> Line {
    let judgement = &fate.judgement;
    Line {
        file: name.to_owned(),
        recipient: fate.recipient.clone(),
        class: Some(judgement.class),
        action: fate.action,
        status: judgement.status.map(|status| status.to_string()),
        reply: judgement.reply,
        evidence: judgement.evidence.to_string(),
        vouched: letter.is_some(),
        proof: letter.map(|letter| letter.proof.words()),
        effect,
    }
}

/// A mail to `unsubscribe+TOKEN@…` (L7): relays may have folded the case of the token.
fn leave(app: &App, name: &str, report: &Report, dry_run: bool, leaves: &mut Vec<String>) -> Line {
    let written = report.traces.leave.as_deref().unwrap_or_default();
    let ours = |token: &String| links::Leave::read(&app.keys, token).is_some();
    let token = [Some(written.to_owned()), unfolded(written)]
        .into_iter()
        .flatten()
        .find(ours);
    let vouched = token.is_some();
    if !dry_run {
        leaves.extend(token);
    }
    Line {
        class: Some(Class::OptOut),
        evidence: Evidence::Feedback("a mail that asks to leave".to_owned()).to_string(),
        vouched,
        proof: vouched.then_some("leave token"),
        effect: (vouched && !dry_run).then(|| "ended".to_owned()),
        ..unread(name, "")
    }
}

/// The link by which the person of a letter leaves its newsletter.
pub(super) async fn leave_token(app: &App, conn: &mut Conn, letter: &Letter) -> Result<Option<String>, StoreError> {
    let Some(issue) = &letter.issue else { return Ok(None) };
    let newsletter = issues::one(conn, issue).await?.map(|issue| issue.newsletter_id);
    Ok(newsletter.and_then(|newsletter| {
        let link = links::Leave {
            subscriber: letter.subscriber,
            newsletter: code_of(&newsletter),
        };
        let path = link.to_path(&app.keys);
        path.rsplit('/').next().map(str::to_owned)
    }))
}
