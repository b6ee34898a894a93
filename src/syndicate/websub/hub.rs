//! What the built-in hub answers: whoever asks rightly is answered at once, and the callback is asked afterwards.

use std::net::IpAddr;
use std::time::Duration;

use data_encoding::HEXLOWER;

use crate::app::App;
use crate::model::clock::{micros, mint_ulid};
use crate::model::websub::{Kind, Mistake, Request, Wish, granted, pair_key};
use crate::source::fetch::Reach;
use crate::store::budgets::{self, Budget};
use crate::store::websub::{self, Job};
use crate::store::{Conn, StoreError};
use crate::syndicate::{Answer, answer};

/// Requests that a household, or all households for one host of callbacks, may make at once.
const BURST: i64 = 64;
/// Callbacks that may wait to be asked.
const MOST_QUESTIONS: i64 = 1_000;
/// How long until one more may be made.
const ONE_MORE_AFTER: Duration = Duration::from_mins(1);

/// Why the hub did not take a request.
#[derive(Debug, thiserror::Error)]
pub enum HubError {
    /// Something in it is wrong.
    #[error(transparent)]
    Mistake(#[from] Mistake),
    /// Not an address of a feed of ours.
    #[error("This hub has no such topic: send the address that a feed here announces as rel=self.")]
    NoTopic,
    /// The feeds are not rendered yet.
    #[error("The feeds are being prepared; please ask again in a moment.")]
    NotYet,
    /// One household, or everybody for one host, asked too often.
    #[error("Too many requests from your network or for this callback's host; please ask again later.")]
    TooMany(Duration),
    /// Everybody together asked for more than can be asked soon.
    #[error("This hub has many callbacks to ask; please ask again later.")]
    Busy(Duration),
    /// The database.
    #[error("take a request for the hub: {0}")]
    Store(#[from] StoreError),
}

/// Takes a request: the fields of a form, and who sent it. Nothing is subscribed before the callback says so.
///
/// # Errors
/// What is wrong with the request, in a sentence for whoever wrote it.
pub async fn ask<K, V>(
    app: &App,
    fields: impl IntoIterator<Item = (K, V)>,
    client: Option<IpAddr>,
) -> Result<(), HubError>
where
    K: AsRef<str>,
    V: Into<String>,
{
    let request = Request::read(fields)?;
    let settings = app.settings();
    check_reach(app, &request)?;
    is_served(app, &request.topic).await?;
    let mut conn = app.database.begin().await?;
    let now = super::now(app, &mut conn).await?;
    let host = request.callback.host_str().unwrap_or_default().to_owned();
    if websub::questions(&mut conn).await? >= MOST_QUESTIONS {
        return Err(HubError::Busy(ONE_MORE_AFTER));
    }
    if !may_ask(app, &mut conn, client, &host, now).await? {
        return Err(HubError::TooMany(ONE_MORE_AFTER));
    }
    let target = request.callback.to_string();
    let key = pair_key(&target, &request.topic);
    let (kind, lease, secret) = match &request.wish {
        Wish::Unsubscribe => (Kind::Unsubscribe, Duration::ZERO, None),
        Wish::Subscribe { lease, secret } => {
            let sealed = secret
                .as_ref()
                .map(|secret| app.keys.seal(&*app.chance, &key, secret.bytes()));
            (Kind::Subscribe, granted(*lease, settings.feeds.websub.lease), sealed)
        }
    };
    let question = Job {
        kind,
        key,
        target,
        topic: request.topic,
        // Nobody else's: an answer to an older question says nothing of this one.
        tag: mint_ulid(&*app.clock, &*app.chance),
        secret,
        lease_seconds: i64::try_from(lease.as_secs()).unwrap_or(0),
        queued_at: now,
        attempts: 0,
        lease_until: 0,
    };
    websub::queue(&mut conn, &question, now).await?;
    conn.commit().await?;
    Ok(())
}

/// A callback must not lead into our own network, nor to ourselves.
fn check_reach(app: &App, request: &Request) -> Result<(), HubError> {
    let settings = app.settings();
    let own = [&settings.http.public_url, &settings.feeds.base_url];
    if own.iter().any(|url| url.origin() == request.callback.origin()) {
        return Err(Mistake("hub.callback is an address of this very service.").into());
    }
    Reach::public(settings.feeds.websub.allow_private.clone())
        .examine(&request.callback)
        .map_err(|_| {
            Mistake("hub.callback may not be called: it must be a public address on port 80 or 443, without a login.")
                .into()
        })
}

async fn is_served(app: &App, topic: &str) -> Result<(), HubError> {
    let settings = app.settings();
    let path = super::path(&settings, topic).ok_or(HubError::NoTopic)?;
    match answer(app, &path).await {
        // Byte for byte: other spellings of the same address are other topics.
        Answer::Document(document) if document.topic() == Some(topic) => Ok(()),
        Answer::NotYet => Err(HubError::NotYet),
        _ => Err(HubError::NoTopic),
    }
}

/// A hub asks callbacks that others name: it must not become a cannon.
async fn may_ask(app: &App, conn: &mut Conn, client: Option<IpAddr>, host: &str, now: i64) -> Result<bool, StoreError> {
    // Keyed, so that a stolen database does not say who asked.
    let host = HEXLOWER.encode(&app.keys.address_key(&format!("host {host}")));
    let wanted = [
        client.map(|client| format!("websub-network/{}", app.keys.household_word(client))),
        Some(format!("websub-host/{host}")),
    ];
    for scope in wanted.into_iter().flatten() {
        let budget = Budget {
            scope,
            interval: micros(ONE_MORE_AFTER),
            burst: BURST,
        };
        if !budgets::take(conn, &budget, now).await? {
            return Ok(false);
        }
    }
    Ok(true)
}
