//! Sends what is due: leases chunks, records `attempting`, hands letters to the transport, records outcomes.
//!
//! ```text
//!  chunks ──▶ [sender] ──[lanes]──▶ [connection] × N ──▶ relay
//!                                     │   ▲
//!                       begin, settle ▼   │ go / refused
//!                                  [writer]  one group commit for all connections
//! ```
//!
//! The outcome of one letter and the attempt of the next are handed over together (`delivery.md` 7), and the next letter
//! travels while they are committed: only its dot waits for that (`recording`). Whatever ends this process, every row says what is known of its letter: `node` takes
//! over what a dead process left, and `gate` keeps a process that lost its lease from sending.

mod admission;
mod author;
mod calm;
mod connection;
mod disk;
mod drain;
mod entries;
mod gate;
mod inspect;
mod journal;
mod lanes;
mod letters;
mod mend;
mod node;
mod notice;
mod operate;
mod ops;
mod outbox;
mod outcome;
mod pace;
mod recording;
mod relay;
mod seal;
mod sender;
mod shared;
mod streak;
mod test_letter;
mod unsent;
mod writer;

pub use crate::store::deliveries::Which;
pub use calm::keep_quiet;
pub use drain::{DrainError, send_all, send_issue};
pub use inspect::{Finding, inspect};
pub use mend::{Resolution, resolve, retry};
pub use node::NodeError;
pub use operate::{
    Counts, IssueArticle, IssueReport, OpenBreaker, OperateError, UnknownDelivery, Unsent, cancel, counts, list, pause,
    pause_all, resume, show,
};
pub use outbox::{OutboxView, outbox_letter, outbox_page};
pub use sender::{DeliverError, Sender};
pub use test_letter::{TestError, TestLetter, send_test, test_letter};
