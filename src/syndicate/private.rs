//! A person's own feed: what the person's subscriptions would send, for a feed reader instead of a mailbox.
//!
//! Its address holds a token, and whoever has the address can read it: it is in no list, no cache of others, and no log,
//! and it is gone with the person or with a new `token_epoch`.

use std::sync::Arc;

use crate::app::App;
use crate::config::Settings;
use crate::feed::{Documents, Kind, Limits, Plan, Prepared};
use crate::model::clock::from_micros;
use crate::model::feed_date::FeedDate;
use crate::model::feed_key::{Format, Scope, Terms};
use crate::model::feed_meta::Chain;
use crate::model::links::OwnFeed;
use crate::model::subscriber::{State, Topics};
use crate::store::subscribers::{self, Subscriber};
use crate::store::subscriptions::{self, Subscription};
use crate::store::{StoreError, articles, feeds};

use super::members::Entries;
use super::{Answer, SyndicateError, fingerprint, render, scopes};

/// What stands before the token in a path.
pub(super) const PREFIX: &str = "private/";

/// What the rest of a path after [`PREFIX`] means: a token and the name of a document.
pub(super) async fn answer(app: &App, rest: &str) -> Answer {
    let settings = app.settings();
    let format = |name: &str| {
        let mut formats = settings.feeds.formats.iter().copied();
        formats.find(|format| format.file_name() == name)
    };
    let asked = rest.split_once('/').filter(|_| settings.feeds.private);
    let asked = asked.and_then(|(token, name)| Some((OwnFeed::read(&app.keys, token)?, token, format(name)?)));
    let Some((link, token, format)) = asked else {
        return Answer::NotFound;
    };
    match documents(app, &settings, link, token).await {
        Ok(Some(documents)) => Answer::Private(Arc::clone(&documents[format as usize])),
        Ok(None) => Answer::Gone,
        Err(error) => {
            tracing::error!(subscriber = link.subscriber, %error, "failed to make a person's own feed");
            Answer::NotYet
        }
    }
}

/// The three documents; `None` when the person is gone or the link was taken back.
async fn documents(
    app: &App,
    settings: &Settings,
    link: OwnFeed,
    token: &str,
) -> Result<Option<Arc<Documents>>, SyndicateError> {
    let mut conn = app.database.read().await?;
    let person = subscribers::by_id(&mut conn, link.subscriber).await?;
    let Some(person) = person.filter(|person| person.erased_at.is_none() && person.token_epoch == link.epoch) else {
        return Ok(None);
    };
    let wishes = Wishes::of(settings, subscriptions::of_subscriber(&mut conn, person.id).await?)?;
    let (version, _) = feeds::content_version(&mut conn).await?.unwrap_or_default();
    drop(conn);
    if app.feeds.shelf().version != Some(version) {
        super::refresh(app).await?;
    }
    let said = format!("{version} {wishes:?} {token} {}", fingerprint(app, settings));
    let mark = scopes::hash([said.as_bytes()]);
    if let Some(known) = app.feeds.own.get(person.id, &mark) {
        return Ok(Some(known));
    }
    let plan = plan(app, settings, &person, &wishes, token).await?;
    let made = Arc::new(print(app, settings, plan).await?);
    app.feeds.own.put(person.id, mark, Arc::clone(&made));
    Ok(Some(made))
}

/// What a person's active subscriptions ask for.
#[derive(Debug)]
struct Wishes {
    /// Of each newsletter: terms of which an article must carry one, and the same of the person's topics.
    each: Vec<(Vec<String>, Topics)>,
    /// Names of the newsletters.
    names: String,
}

impl Wishes {
    fn of(settings: &Settings, all: Vec<Subscription>) -> Result<Self, StoreError> {
        let (mut each, mut names) = (Vec::new(), Vec::new());
        for one in all {
            let Some(newsletter) = settings.newsletter(&one.newsletter_id) else {
                continue;
            };
            if one.stands()? != State::Active {
                continue;
            }
            let filter = newsletter.categories.iter().chain(&newsletter.tags).cloned();
            each.push((filter.collect(), Topics::from_json(&one.topics)));
            if newsletter.name != settings.site.title {
                names.push(newsletter.name.clone());
            }
        }
        Ok(Self {
            each,
            names: names.join(", "),
        })
    }
}

async fn plan(
    app: &App,
    settings: &Settings,
    person: &Subscriber,
    wishes: &Wishes,
    token: &str,
) -> Result<Plan, StoreError> {
    let mut conn = app.database.read().await?;
    let listed = articles::public(&mut conn, scopes::now(app)).await?;
    // Whoever holds the index may be waiting for a connection.
    drop(conn);
    let index = app.feeds.index.lock().await;
    let is_wanted = |article: &str| {
        let terms = index.terms(article);
        let carries = |terms: &Terms| {
            let mut each = wishes.each.iter();
            each.any(|(filter, topics)| terms.carry_one_of(filter) && terms.carry_one_of(topics.names()))
        };
        terms.is_some_and(carries)
    };
    let wanted = listed.iter().filter(|article| is_wanted(&article.id));
    let members: Vec<_> = wanted.take(settings.feeds.limit.max(1)).collect();
    let changed = members
        .iter()
        .map(|article| article.published_at.max(article.changed_at));
    let host = settings.site.url.host_str().unwrap_or_default().to_lowercase();
    let day = FeedDate::new(from_micros(person.created_at)).day();
    Ok(Plan {
        scope: Scope::Private(token.to_owned()),
        term: wishes.names.clone(),
        // The same for ever, and it tells nobody who it is.
        feed_id: format!("tag:{host},{day}:{}", app.keys.message_word("own feed", person.id)),
        updated_at: changed.max().unwrap_or(person.created_at),
        members: members.iter().map(|article| article.id.clone()).collect(),
        mark: String::new(),
        deleted: Vec::new(),
        chain: Chain::default(),
        version: 0,
        podcast_guid: None,
    })
}

async fn print(app: &App, settings: &Settings, plan: Plan) -> Result<Documents, SyndicateError> {
    let mut conn = app.database.read().await?;
    let members = Entries::new(app, settings).of(&mut conn, &plan).await?;
    drop(conn);
    let meta = render::meta(settings, &plan, &plan.feed_id)?;
    let limits = Limits::of(&settings.feeds);
    let addresses = Format::ALL.map(|format| meta.address(format));
    let (bodies, _) = tokio::task::spawn_blocking(move || render::write(&meta, &members, limits)).await??;
    let mut formats = Format::ALL.into_iter().zip(addresses);
    Ok(bodies.map(|made| {
        let (format, address) = formats.next().unwrap_or((Format::Json, String::new()));
        // Its bytes follow from articles, choices and settings, and nobody notes when they last became others.
        Arc::new(Prepared::new(Kind::Feed(format), made, None, Some(&address)))
    }))
}
