//! The steps of a history, and who makes them up.

use letterpress::model::delivery::State;

use super::rules::{Person, Rules};
use crate::support::service::Dice;

pub(super) const PEOPLE: i64 = 6;
/// Number, first and last person of each chunk.
pub(super) const CHUNKS: [(i64, i64, i64); 2] = [(1, 1, 4), (2, 5, 6)];
const STATES: [State; 8] = [
    State::Accepted,
    State::Accepted,
    State::Accepted,
    State::Accepted,
    State::Failed,
    State::Deferred,
    State::Pending,
    State::Unknown,
];

/// The process that brings a history to its end, counted from the first one.
const LAST_NODE: i64 = 9;
/// The version of an address that never changed.
pub(super) const ADDRESS: i64 = 1;

/// An attempt: person, number, chunk, version of the address.
pub(super) type Begun = (i64, i64, i64, i64);
/// An outcome: person, number of the attempt, state, when again, whether the Date is forgotten.
pub(super) type Ended = (i64, i64, State, Option<i64>, bool);

/// A step of a history. Times are microseconds.
#[derive(Debug, Clone)]
pub(super) enum Step {
    /// A process starts.
    Start(i64),
    /// Its lease is renewed, or runs out.
    Lease(i64, bool),
    /// It stops in order.
    Stop(i64),
    Claim(i64, i64),
    Release(i64, i64),
    TakeOver {
        here: i64,
        dead: i64,
        resend_at: Option<i64>,
    },
    /// Attempts of one node, in one group.
    Attempt(i64, Vec<Begun>),
    /// Outcomes of one node, in one group.
    Settle(i64, Vec<Ended>),
    Skip(i64),
    Fail(i64),
    Postpone(i64, i64),
    /// From one state of the issue to another.
    Turn(&'static str, &'static str),
    Cancel,
    Resend(i64),
    Accept(i64),
    Retry(i64),
    Finish,
    /// The subscription: active, and rests until.
    Choose(i64, bool, Option<i64>),
    Suppress(i64),
    Lift(i64),
}

/// Makes up steps: mostly such that something comes of them, now and then such as only a late or confused process asks for.
pub(super) struct Author {
    pub(super) dice: Dice,
    pub(super) first_node: i64,
    pub(super) nodes: i64,
}

impl Author {
    pub(super) fn throw(&mut self, sides: i64) -> i64 {
        i64::try_from(self.dice.throw(u64::try_from(sides).unwrap())).unwrap()
    }

    fn rarely(&mut self) -> bool {
        self.throw(8) == 0
    }

    fn node(&mut self) -> i64 {
        self.first_node + self.throw(self.nodes)
    }

    fn time_from(&mut self, now: i64) -> Option<i64> {
        (!self.rarely()).then(|| now + self.throw(3) * 60_000_000)
    }

    fn person(&mut self) -> i64 {
        1 + self.throw(PEOPLE)
    }

    /// A few people, each once.
    fn people(&mut self) -> Vec<i64> {
        let first = self.person();
        let count = 1 + self.throw(3);
        (0..count).map(|n| (first - 1 + n) % PEOPLE + 1).collect()
    }

    pub(super) fn next(&mut self, rules: &Rules) -> Step {
        let now = rules.now;
        match self.throw(22) {
            0 if self.nodes < 4 => {
                self.nodes += 1;
                Step::Start(self.first_node + self.nodes - 1)
            }
            0 => Step::Stop(self.node()),
            1 => {
                let lives = !self.rarely();
                Step::Lease(self.node(), lives)
            }
            2 => Step::TakeOver {
                here: self.node(),
                dead: self.node(),
                resend_at: self.time_from(now),
            },
            3 | 4 => {
                let limit = 1 + self.throw(2);
                Step::Claim(self.node(), limit)
            }
            20 if self.rarely() => Step::Retry(self.person()),
            5 | 20 => self.release(rules),
            6..=9 => self.attempt(rules),
            10..=13 => self.settle(rules),
            14 => Step::Choose(self.person(), self.throw(3) > 0, self.time_from(now)),
            15 if self.rarely() => Step::Suppress(self.person()),
            15 => Step::Lift(self.person()),
            16 if self.rarely() => Step::Cancel,
            16 => Step::Turn("paused", "sending"),
            17 if self.rarely() => Step::Turn("sending", "paused"),
            18 if self.rarely() => Step::Skip(self.person()),
            17 | 18 => Step::Finish,
            19 if self.rarely() => Step::Fail(self.person()),
            19 => {
                let until = now + self.throw(3) * 60_000_000;
                Step::Postpone(self.person(), until)
            }
            _ => {
                let who = self.person();
                if self.rarely() {
                    Step::Resend(who)
                } else {
                    Step::Accept(who)
                }
            }
        }
    }

    /// How a history is brought to its end: one process that does what is to be done, until nothing is.
    pub(super) fn ending(&self, rules: &Rules) -> Option<Step> {
        let here = self.first_node + LAST_NODE;
        if !rules.is_alive(here) {
            return Some(Step::Start(here));
        }
        if let Some(other) = (self.first_node..here).find(|node| rules.is_alive(*node)) {
            return Some(Step::Stop(other));
        }
        if rules.issue == "paused" {
            return Some(Step::Turn("paused", "sending"));
        }
        if let Some((who, person)) = rules.people.iter().find(|(_, person)| **person != Person::WILLING) {
            return Some(if person.suppressed {
                Step::Lift(*who)
            } else {
                Step::Choose(*who, true, None)
            });
        }
        let leased = rules
            .chunks
            .iter()
            .find_map(|(number, chunk)| Some((*number, chunk.owner?)));
        match leased {
            Some((number, owner)) if owner == here => Some(work(rules, here, number)),
            Some((_, dead)) => Some(Step::TakeOver {
                here,
                dead,
                resend_at: Some(rules.now),
            }),
            None if rules.chunks.values().any(|chunk| chunk.state == "open") && rules.issue == "sending" => {
                Some(Step::Claim(here, 1))
            }
            None => (rules.issue == "sending").then_some(Step::Finish),
        }
    }

    fn release(&mut self, rules: &Rules) -> Step {
        let chunk = 1 + self.throw(2);
        let owner = rules.chunks[&chunk].owner.filter(|_| !self.rarely());
        Step::Release(owner.unwrap_or_else(|| self.node()), chunk)
    }

    fn attempt(&mut self, rules: &Rules) -> Step {
        let leased = rules.chunks.values().find_map(|chunk| chunk.owner);
        let owner = leased.filter(|_| !self.rarely()).unwrap_or_else(|| self.node());
        let mut group = Vec::new();
        for who in self.people() {
            let (no, chunk) = (rules.deliveries[&who].attempt_no + 1, if who <= 4 { 1 } else { 2 });
            let no = if self.rarely() { self.throw(4) } else { no };
            let chunk = if self.rarely() { 3 - chunk } else { chunk };
            let version = if self.rarely() { ADDRESS + 1 } else { ADDRESS };
            group.push((who, no, chunk, version));
        }
        Step::Attempt(owner, group)
    }

    fn settle(&mut self, rules: &Rules) -> Step {
        let trying = rules.deliveries.values().find(|row| row.state == State::Attempting);
        let owner = trying.and_then(|row| row.owner).filter(|_| !self.rarely());
        let owner = owner.unwrap_or_else(|| self.node());
        let mut group = Vec::new();
        for who in self.people() {
            let no = rules.deliveries[&who].attempt_no;
            let no = if self.rarely() { self.throw(4) } else { no };
            let state = STATES[usize::try_from(self.throw(8)).unwrap()];
            let next_at = match state {
                State::Accepted | State::Failed => None,
                State::Unknown => self.time_from(rules.now),
                _ => Some(rules.now + self.throw(3) * 60_000_000),
            };
            group.push((who, no, state, next_at, state == State::Pending && no == 1));
        }
        Step::Settle(owner, group)
    }
}

/// The next thing to do in a chunk that a node has leased.
fn work(rules: &Rules, here: i64, number: i64) -> Step {
    let (_, lo, hi) = CHUNKS[usize::try_from(number - 1).unwrap()];
    let rows = || rules.deliveries.range(lo..=hi);
    let trying = rows().filter(|(_, row)| row.state == State::Attempting);
    let trying: Vec<Ended> = trying
        .map(|(who, row)| (*who, row.attempt_no, State::Accepted, None, false))
        .collect();
    let due = rows().filter(|(_, row)| row.next_at.is_some_and(|at| at <= rules.now));
    let due: Vec<Begun> = due
        .map(|(who, row)| (*who, row.attempt_no + 1, number, ADDRESS))
        .collect();
    match (trying.is_empty(), due.is_empty()) {
        (false, _) => Step::Settle(here, trying),
        (true, false) => Step::Attempt(here, due),
        (true, true) => Step::Release(here, number),
    }
}
