//! Letters to the author: queued where something happens, written when it is their turn.

use chrono::{DateTime, Datelike, Duration, NaiveTime, Utc, Weekday};
use chrono_tz::Tz;

use crate::app::App;
use crate::config::Settings;
use crate::model::address::DisplayName;
use crate::model::author_notice::{AUTHOR, AuthorNotice, Fact, NamedArticle, Opinion, fact};
use crate::model::bounce::Class;
use crate::model::clock::{from_micros, to_micros};
use crate::model::letter::{Envelope, SlotValues};
use crate::model::readers::{audiences, day_of};
use crate::store::feedback::Counted;
use crate::store::notices::DueNotice;
use crate::store::{Conn, StoreError, deliveries, notices, readers, reports};
use crate::template::context::Frame;
use crate::template::context::letters::NoticeLetter;

use super::letters::{Facts, LetterError, Person};
use super::notice::NoticeError;
use super::seal::write_sealed;

/// The same trouble is told again after so long, in microseconds.
const TOLD_AGAIN: i64 = 6 * 3_600_000_000;
/// When the report of the week before is due on a Monday.
const REPORT_AT: NaiveTime = NaiveTime::from_hms_opt(8, 0, 0).expect("a time of the day");

/// Queues a letter about a pause; the same one is not told again for some hours. Without an address of the author in the
/// config there is nobody to tell.
pub(super) async fn tell_paused(app: &App, reason: &str, issue: Option<&str>, said: &str) -> Result<(), StoreError> {
    let now = app.clock.now();
    let span = to_micros(now) / TOLD_AGAIN;
    let key = format!("paused:{}:{reason}:{span}", issue.unwrap_or("all"));
    queue(app, &key, &AuthorNotice::paused(reason, issue, said), now).await
}

/// Tells the author, once in a while, that letters of a kind wait because they cannot be written.
pub(super) async fn tell_unwritten(app: &App, due: &DueNotice, said: &str) {
    if due.subscriber_id == AUTHOR {
        return;
    }
    let now = app.clock.now();
    let key = format!("unwritten:{}:{}", due.kind, to_micros(now) / TOLD_AGAIN);
    if let Err(error) = queue(app, &key, &AuthorNotice::unwritten(&due.kind, said), now).await {
        tracing::warn!(%error, "the author cannot be told that letters wait");
    }
}

async fn queue(app: &App, key: &str, notice: &AuthorNotice, now: DateTime<Utc>) -> Result<(), StoreError> {
    if app.settings().site.author.email.is_none() {
        return Ok(());
    }
    let mut conn = app.database.begin().await?;
    notices::tell_author(&mut conn, key, notice, to_micros(now)).await?;
    conn.commit().await
}

/// Queues the report of the week that ended on Sunday, once for all nodes, if anything happened in it.
pub(super) async fn report_week(app: &App) -> Result<(), StoreError> {
    let settings = app.settings();
    let Some(zone) = wanted_in(&settings) else {
        return Ok(());
    };
    let now = app.clock.now();
    let Some((from, to)) = week_before(now, zone) else {
        return Ok(());
    };
    let key = format!("report:{}", from.date_naive());
    let span = (to_micros(from.to_utc()), to_micros(to.to_utc()));
    let mut conn = app.database.read().await?;
    if notices::is_known(&mut conn, &key).await? {
        return Ok(());
    }
    let numbers = reports::of(&mut conn, span).await?;
    let feed = of_the_feed(&mut conn, to_micros(to.to_utc())).await?;
    drop(conn);
    if numbers.is_quiet() {
        return Ok(());
    }
    let notice = AuthorNotice::report(
        &spelt(from, to),
        facts_of(&numbers).into_iter().chain(feed).collect(),
        named(&numbers),
        opinions(&numbers),
    );
    queue(app, &key, &notice, now).await
}

/// The zone in which weeks are counted; nothing where no report is wanted.
fn wanted_in(settings: &Settings) -> Option<Tz> {
    let first = settings.newsletters.first()?;
    (settings.mail.report && settings.site.author.email.is_some()).then_some(first.time_zone)
}

/// The last whole week before `now`, from Monday to Monday, once Monday's hour has come.
fn week_before(now: DateTime<Utc>, zone: Tz) -> Option<(DateTime<Tz>, DateTime<Tz>)> {
    let here = now.with_timezone(&zone);
    if here.weekday() == Weekday::Mon && here.time() < REPORT_AT {
        return None;
    }
    let monday = here.date_naive() - Duration::days(i64::from(here.weekday().num_days_from_monday()));
    let at = |day: chrono::NaiveDate| day.and_time(NaiveTime::MIN).and_local_timezone(zone).earliest();
    Some((at(monday - Duration::days(7))?, at(monday)?))
}

fn spelt(from: DateTime<Tz>, to: DateTime<Tz>) -> String {
    let last = to - Duration::days(1);
    format!("{} to {}", from.format("%-d %B"), last.format("%-d %B %Y"))
}

fn facts_of(numbers: &reports::Week) -> Vec<Fact> {
    let mut facts = vec![
        fact("Issues", numbers.issues),
        fact("Letters accepted", numbers.accepted),
        fact("Letters refused", numbers.failed),
        fact("Letters in doubt", numbers.unknown),
    ];
    let returned = numbers.returned.iter();
    facts.extend(returned.filter_map(|(class, count)| Some(fact(reason(Class::from_word(class)?)?, count))));
    facts.extend([
        fact("People who joined", numbers.joined),
        fact("People who left", numbers.left),
        fact("People who get letters now", numbers.active),
    ]);
    facts
}

/// How many read the feed of all articles when the week ended (microseconds), if somebody did.
async fn of_the_feed(conn: &mut Conn, ended: i64) -> Result<Option<Fact>, StoreError> {
    // The day that ends with the week, or holds its end.
    let day = day_of(ended - 1);
    let mut counts = readers::since(conn, day - 6).await?;
    counts.retain(|count| count.day <= day && count.scope == "all");
    let read = audiences(&counts, day)
        .into_iter()
        .find(|audience| audience.readers > 0);
    Ok(read.map(|audience| fact("People who read the feed", audience.readers)))
}

/// Why letters came back; nothing for those that did not.
fn reason(class: Class) -> Option<&'static str> {
    Some(match class {
        Class::Dead => "Came back: nobody is there",
        Class::Box => "Came back: the mailbox takes nothing",
        Class::Expired => "Came back: not delivered in time",
        Class::Sender => "Came back because of the sender",
        Class::Unknown => "Came back without a clear reason",
        Class::OptOut => "Opted out at a provider",
        Class::Complaint => "Called abuse",
        Class::Delivered | Class::Delayed | Class::Auto => return None,
    })
}

fn named(numbers: &reports::Week) -> Vec<NamedArticle> {
    let named = |(title, url): &(String, String)| NamedArticle {
        title: title.clone(),
        url: url.clone(),
    };
    numbers.articles.iter().map(named).collect()
}

/// What readers said, by article.
fn opinions(numbers: &reports::Week) -> Vec<Opinion> {
    let told = |counted: &Counted| {
        let tally = counted.tally();
        let readers = if tally.count == 1 { "reader" } else { "readers" };
        let comments = numbers.comments.iter();
        Opinion {
            title: if counted.title.is_empty() {
                counted.url.clone()
            } else {
                counted.title.clone()
            },
            url: counted.url.clone(),
            numbers: format!("{:.1} of 5 from {} {readers}", tally.mean, tally.count),
            comments: comments
                .filter(|comment| comment.article_id == counted.article_id)
                .map(|comment| format!("{} of 5: {}", comment.rating, comment.comment))
                .collect(),
        }
    };
    numbers.rated.iter().map(told).collect()
}

/// Queues a letter about an issue that ended with letters in doubt: somebody should decide about them.
pub(super) async fn tell_of_doubt(conn: &mut Conn, issue_id: &str, now: i64) -> Result<(), StoreError> {
    let counts = deliveries::counts(conn, issue_id).await?;
    let of = |state: &str| counts.get(state).copied().unwrap_or(0);
    if of("unknown") == 0 {
        return Ok(());
    }
    let notice = AuthorNotice::in_doubt(issue_id, of("accepted"), of("unknown"));
    notices::tell_author(conn, &format!("doubt:{issue_id}"), &notice, now).await
}

/// Writes a letter to the author.
pub(super) async fn write(
    app: &App,
    due: &DueNotice,
    now: DateTime<Utc>,
    out: &mut Vec<u8>,
) -> Result<Envelope, NoticeError> {
    let settings = app.settings();
    let newsletter = settings
        .first_newsletter()
        .ok_or_else(|| NoticeError::NoNewsletter(String::new()))?;
    let author = &settings.site.author;
    let address = author.email.clone().ok_or(NoticeError::NoAuthor)?;
    let content = due.content.as_deref().unwrap_or_default();
    let notice: AuthorNotice = serde_json::from_str(content).map_err(|_| NoticeError::UnknownKind(due.kind.clone()))?;
    let letter = app.templates.notice(&NoticeLetter {
        frame: Frame::new(&settings, &settings.site.language),
        notice,
    })?;
    let head = settings.letterhead(newsletter, app.templates.dates(&newsletter.language));
    let facts = Facts {
        head: &head,
        settings: &settings,
        keys: &app.keys,
        date: due.first_at.map_or(now, from_micros),
    };
    let person = Person {
        id: due.subscriber_id,
        address,
        name: DisplayName::cleaned(&author.name),
        epoch: 0,
        since: now,
    };
    let outgoing = facts
        .single(&person, &format!("notice {}", due.id))
        .map_err(LetterError::from)?;
    Ok(write_sealed(app, &letter, &SlotValues::new(), &outgoing, out).await?)
}
