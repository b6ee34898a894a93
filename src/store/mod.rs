//! The only SQL. One file per aggregate, one constant per statement, each beside the one function that runs it.
//!
//! [`Database`] is a closed enum of the two engines; [`Conn`] is one connection of either, reading or inside a
//! transaction. The macro `on!` runs the same statement on whichever engine it is: `$1` placeholders, `RETURNING`,
//! `ON CONFLICT` and CTEs mean the same on both, and times are bound, never computed in SQL.

macro_rules! on {
    ($conn:expr, |$c:ident| $body:expr) => {
        match $conn {
            $crate::store::Conn::Sqlite(held) => {
                let $c = &mut **held;
                $body
            }
            $crate::store::Conn::SqliteTx(held) => {
                let $c = &mut **held;
                $body
            }
            $crate::store::Conn::Postgres(held) => {
                let deadline = held.ask();
                let answer = {
                    let $c = held.connection();
                    tokio::time::timeout(deadline, async { Ok::<_, $crate::store::StoreError>($body) }).await
                };
                held.answered(answer)??
            }
        }
    };
}

mod database;
mod postgres;

pub use database::{Conn, Database, Engine, StoreError};

pub mod archives;
pub mod articles;
pub mod audience;
pub mod audit;
pub mod backups;
pub mod bounces;
pub mod breakers;
pub mod budgets;
pub mod chunks;
pub mod consents;
pub mod counters;
pub mod deliveries;
pub mod feedback;
pub mod feeds;
pub mod imported;
pub mod instance;
pub mod invariants;
pub mod issues;
pub mod nodes;
pub mod notices;
pub mod occurrences;
pub mod readers;
pub mod reports;
pub mod sources;
pub mod strangers;
pub mod subscribers;
pub mod subscriptions;
pub mod suppressions;
pub mod transfer;
pub mod visits;
pub mod websub;

/// A statement that must change exactly `expected` rows did.
pub(crate) fn exactly(what: &'static str, expected: u64, changed: u64) -> Result<(), StoreError> {
    if changed == expected {
        Ok(())
    } else {
        Err(StoreError::Rows {
            what,
            expected,
            changed,
        })
    }
}
