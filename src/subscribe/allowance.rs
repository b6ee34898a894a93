//! How many letters strangers may cause (`subscribers-and-security.md` E2): everything persisted and shared by nodes.

use std::net::IpAddr;

use data_encoding::HEXLOWER;

use crate::app::App;
use crate::store::budgets::{self, Budget};
use crate::store::{Conn, StoreError};

const HOUR: i64 = 3_600_000_000;
const DAY: i64 = 24 * HOUR;

/// Letters per hour that one household may cause.
const PER_NETWORK: i64 = 5;
/// Letters per hour that all strangers together may cause.
const TOGETHER: i64 = 50;

/// What sort of letter a stranger's request would cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Letter {
    /// To an address that was not heard of lately.
    Confirmation,
    /// To an address that bounced: one per 30 days.
    SecondChance,
    /// "You are subscribed": one per day and newsletter.
    Already,
}

/// Takes one letter out of every budget that it falls under; `false` when one of them is used up. Then the caller drops
/// the transaction, and nothing was taken.
pub(super) async fn take(
    conn: &mut Conn,
    app: &App,
    letter: Letter,
    address_key: &[u8],
    newsletter: &str,
    network: Option<IpAddr>,
) -> Result<bool, StoreError> {
    let mut wanted = match letter {
        Letter::Confirmation => of_address(address_key).to_vec(),
        Letter::SecondChance => vec![budget("second-chance", &HEXLOWER.encode(address_key), 30 * DAY, 1)],
        Letter::Already => {
            let whom = format!("{}/{newsletter}", HEXLOWER.encode(address_key));
            vec![budget("already", &whom, DAY, 1)]
        }
    };
    if let Some(network) = network {
        // Keyed, so that a stolen database does not say who visited.
        let who = app.keys.household_word(network);
        wanted.push(budget("network", &who, HOUR / PER_NETWORK, PER_NETWORK));
    }
    wanted.push(budget("together", "all", HOUR / TOGETHER, TOGETHER));
    for budget in &wanted {
        if !budgets::take(conn, budget, super::now(app)).await? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The owner of an address has answered: what was used up in the owner's name is given back.
pub(super) async fn give_back(conn: &mut Conn, address_key: &[u8]) -> Result<(), StoreError> {
    for budget in of_address(address_key) {
        budgets::refill(conn, &budget.scope).await?;
    }
    Ok(())
}

/// Whether a welcome letter is due: not within 30 days of the last one.
pub(super) async fn take_welcome(
    conn: &mut Conn,
    subscriber: i64,
    newsletter: &str,
    now: i64,
) -> Result<bool, StoreError> {
    let whom = format!("{subscriber}/{newsletter}");
    budgets::take(conn, &budget("welcome", &whom, 30 * DAY, 1), now).await
}

/// One letter a day, and never more than three in 30 days.
fn of_address(address_key: &[u8]) -> [Budget; 2] {
    let key = HEXLOWER.encode(address_key);
    [
        budget("address-day", &key, DAY, 1),
        budget("address-month", &key, 30 * DAY, 3),
    ]
}

fn budget(name: &str, of: &str, interval: i64, burst: i64) -> Budget {
    Budget {
        scope: format!("{name}/{of}"),
        interval,
        burst,
    }
}
