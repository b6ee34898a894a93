//! What tells one voter from another without saying who it is.

use aws_lc_rs::hmac;

use super::{FeedbackError, Typed};
use crate::app::App;
use crate::model::network::household;
use crate::model::token::KeyRing;
use crate::store::{Conn, feedback};

/// Bytes of a key.
const KEY: usize = 16;
const DAY: i64 = 86_400;

/// The key of a subscriber for one article: the same for ever, so that a later answer replaces an earlier one.
pub(super) fn of_reader(keys: &KeyRing, article: &str, reader: i64) -> Vec<u8> {
    keys.address_key(&format!("rating {article} {reader}"))
}

/// The key of a visitor for one article today. Its salt is destroyed after 48 hours: from then on nobody can tell who it
/// was, not even with the network and the program in hand.
pub(super) async fn of_visitor(
    app: &App,
    conn: &mut Conn,
    article: &str,
    typed: &Typed,
) -> Result<Vec<u8>, FeedbackError> {
    let day = app.clock.now().timestamp().div_euclid(DAY);
    let mut fresh = [0; 32];
    app.chance.fill(&mut fresh);
    let salt = feedback::salt(conn, day, &fresh).await?;
    let network = typed.network.map(household);
    let who = format!("{article}\n{}\n{}", network.unwrap_or_default(), typed.agent);
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &salt), who.as_bytes());
    Ok(tag.as_ref()[..KEY].to_vec())
}
