//! What this node recorded lately, so that a database that forgot commits can be told once more.
//!
//! A server that fails over to a standby may lack the last moments: deliveries stand there as never tried, although their
//! letters went out. Every group of records raises `nodes.seq`; a number that is lower than the one before betrays it
//! (`delivery.md` 16). SQLite has nothing to fail over to, and keeps no journal.

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

use super::ops::{Answer, Op};
use crate::store::audit::{self, Act};
use crate::store::deliveries::{self, Entry};
use crate::store::{Conn, StoreError, nodes};

/// How long a record is remembered: far longer than a standby lags behind.
const REMEMBERED: Duration = Duration::from_secs(600);
/// Most records, so that memory stays flat however fast letters go.
const MOST: usize = 100_000;

/// The latest records of a node, and how many groups of them it committed.
#[derive(Debug)]
pub(super) struct Journal {
    node: i64,
    groups: i64,
    entries: VecDeque<(Instant, Entry)>,
}

impl Journal {
    pub(super) fn new(node: i64) -> Self {
        Self {
            node,
            groups: 0,
            entries: VecDeque::new(),
        }
    }

    /// Counts a group inside its transaction. If the database fell behind what this node knows to be committed, it is
    /// told again first, so that nobody is taken for not tried; returns how many rows that changed.
    pub(super) async fn open(&self, conn: &mut Conn, now: i64) -> Result<Option<u64>, StoreError> {
        let group = self.groups + 1;
        if nodes::count_group(conn, self.node, group).await? == group {
            return Ok(None);
        }
        let mut mended = 0;
        for entry in self.latest().values().copied() {
            let changed = match entry {
                Entry::Begin(attempt) => deliveries::remember_attempt(conn, attempt).await?,
                // Not tried after all: at most the attempt stands there.
                Entry::Settle(settled) if settled.state == "pending" => {
                    deliveries::record(conn, &[entry]).await?.has(entry)
                }
                Entry::Settle(settled) => deliveries::remember(conn, settled).await?,
            };
            mended += u64::from(changed);
        }
        nodes::set_groups(conn, self.node, group).await?;
        let act = Act {
            actor: "service",
            action: "tell again",
            subject: &format!("node {}", self.node),
            detail: &format!("the database lacked commits; {mended} letters were recorded once more"),
        };
        audit::note(conn, &act, now).await?;
        Ok(Some(mended))
    }

    /// The last word on every delivery.
    fn latest(&self) -> HashMap<(&str, i64), &Entry> {
        self.entries.iter().map(|(_, entry)| (entry.key(), entry)).collect()
    }

    /// A group was committed; what a guard refused is not remembered.
    pub(super) fn close<'a>(&mut self, ops: impl Iterator<Item = (&'a Op, &'a Answer)>) {
        let at = Instant::now();
        self.groups += 1;
        for op in ops {
            if let (Op::Record(entry), Answer::Done) = op {
                self.entries.push_back((at, entry.clone()));
            }
        }
        while self
            .entries
            .front()
            .is_some_and(|(since, _)| self.entries.len() > MOST || at.duration_since(*since) > REMEMBERED)
        {
            self.entries.pop_front();
        }
    }
}
