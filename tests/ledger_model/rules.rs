//! What the tables should hold: the rules of `model::delivery`, and those of chunks, issues, people and processes around it.

use std::collections::BTreeMap;

use letterpress::model::delivery::{Delivery, Event, State};

use super::step::{ADDRESS, Begun, CHUNKS, Ended, PEOPLE, Step};

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ChunkRow {
    pub(super) state: &'static str,
    pub(super) owner: Option<i64>,
    next_at: i64,
    counts: [i64; 4],
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Person {
    active: bool,
    rests_until: Option<i64>,
    pub(super) suppressed: bool,
}

impl Person {
    /// Somebody who wants letters.
    pub(super) const WILLING: Self = Self {
        active: true,
        rests_until: None,
        suppressed: false,
    };
}

#[derive(Debug, Clone, Copy)]
struct Process {
    lives: bool,
    stopped: bool,
}

/// What the rules say that the tables hold.
pub(super) struct Rules {
    pub(super) now: i64,
    pub(super) issue: &'static str,
    pub(super) deliveries: BTreeMap<i64, Delivery>,
    pub(super) chunks: BTreeMap<i64, ChunkRow>,
    pub(super) people: BTreeMap<i64, Person>,
    nodes: BTreeMap<i64, Process>,
}

impl Rules {
    pub(super) fn new(now: i64) -> Self {
        let chunk = ChunkRow {
            state: "open",
            owner: None,
            next_at: now,
            counts: [0; 4],
        };
        Self {
            now,
            issue: "sending",
            deliveries: (1..=PEOPLE).map(|who| (who, Delivery::new(now))).collect(),
            chunks: CHUNKS.map(|(number, ..)| (number, chunk.clone())).into(),
            people: (1..=PEOPLE).map(|who| (who, Person::WILLING)).collect(),
            nodes: BTreeMap::new(),
        }
    }

    pub(super) fn is_alive(&self, node: i64) -> bool {
        self.nodes.get(&node).is_some_and(|node| node.lives && !node.stopped)
    }

    /// Applies an event to one person's delivery.
    fn apply(&mut self, who: i64, event: &Event) -> bool {
        let after = self.deliveries.get(&who).and_then(|delivery| delivery.after(event));
        if let Some(after) = &after {
            self.deliveries.insert(who, after.clone());
        }
        after.is_some()
    }

    fn apply_to_all(&mut self, whom: impl Iterator<Item = i64>, event: &Event) -> i64 {
        whom.map(|who| i64::from(self.apply(who, event))).sum()
    }

    fn recount(&mut self, number: i64) {
        let (_, lo, hi) = CHUNKS[usize::try_from(number - 1).unwrap()];
        let rows: Vec<&Delivery> = self.deliveries.range(lo..=hi).map(|(_, row)| row).collect();
        let count = |state: State| rows.iter().filter(|row| row.state == state && !row.is_open()).count();
        let counts = [State::Accepted, State::Failed, State::Skipped, State::Unknown].map(count);
        let earliest = rows
            .iter()
            .filter(|row| matches!(row.state, State::Pending | State::Deferred | State::Unknown))
            .filter_map(|row| row.next_at)
            .min();
        let is_open = rows.iter().any(|row| row.is_open());
        let chunk = self.chunks.get_mut(&number).unwrap();
        chunk.owner = None;
        chunk.state = if is_open { "open" } else { "done" };
        chunk.next_at = earliest.unwrap_or(chunk.next_at);
        chunk.counts = counts.map(|count| i64::try_from(count).unwrap());
    }

    fn recount_open(&mut self) {
        for (number, ..) in CHUNKS {
            if self.chunks[&number].state == "open" {
                self.recount(number);
            }
        }
    }

    fn release(&mut self, owner: i64, number: i64) -> bool {
        if self.issue == "cancelled" {
            self.apply_to_all(1..=PEOPLE, &Event::Cancel);
        }
        let chunk = &self.chunks[&number];
        let is_ours = chunk.state == "leased" && chunk.owner == Some(owner);
        if is_ours {
            self.recount(number);
        }
        is_ours
    }

    fn may_attempt(&self, owner: i64, who: i64, chunk: i64, address_version: i64) -> bool {
        let person = self.people[&who];
        let (_, lo, hi) = CHUNKS[usize::try_from(chunk - 1).unwrap()];
        self.chunks[&chunk].owner == Some(owner)
            && (lo..=hi).contains(&who)
            && self.issue == "sending"
            && self.is_alive(owner)
            && address_version == ADDRESS
            && person.active
            && person.rests_until.is_none_or(|until| until <= self.now)
            && !person.suppressed
    }

    fn by_hand(&mut self, who: i64, event: &Event) -> i64 {
        let changed = i64::from(self.apply(who, event));
        if changed > 0 {
            for chunk in self.chunks.values_mut().filter(|chunk| chunk.state == "done") {
                chunk.state = "open";
                chunk.next_at = self.now;
            }
            self.recount_open();
            if self.issue == "finished" {
                self.issue = "sending";
            }
        }
        changed
    }

    fn finish(&mut self) -> bool {
        let settled: i64 = self.chunks.values().flat_map(|chunk| chunk.counts).sum();
        let all_done = self.chunks.values().all(|chunk| chunk.state == "done");
        let ends = self.issue == "sending" && all_done && settled == PEOPLE;
        if ends {
            self.issue = "finished";
        }
        ends
    }

    fn claim(&mut self, owner: i64, limit: i64) -> Vec<i64> {
        let open = |chunk: &ChunkRow| chunk.state == "open" && chunk.next_at <= self.now;
        let due = self
            .chunks
            .iter()
            .filter(|(_, chunk)| self.issue == "sending" && open(chunk));
        let due: Vec<i64> = due
            .map(|(number, _)| *number)
            .take(usize::try_from(limit).unwrap())
            .collect();
        for number in &due {
            let chunk = self.chunks.get_mut(number).unwrap();
            (chunk.state, chunk.owner) = ("leased", Some(owner));
        }
        due
    }

    fn take_over(&mut self, here: i64, dead: i64, resend_at: Option<i64>) -> Vec<i64> {
        let leased = |chunk: &ChunkRow| chunk.state == "leased" && chunk.owner == Some(dead);
        let alive = self.is_alive(dead);
        let taken = self.chunks.iter().filter(|(_, chunk)| !alive && leased(chunk));
        let taken: Vec<i64> = taken.map(|(number, _)| *number).collect();
        let mut answers = taken.clone();
        for number in &taken {
            self.chunks.get_mut(number).unwrap().owner = Some(here);
        }
        for number in taken {
            let (_, lo, hi) = CHUNKS[usize::try_from(number - 1).unwrap()];
            let orphaned = Event::Orphaned { owner: dead, resend_at };
            answers.push(self.apply_to_all(lo..=hi, &orphaned));
            self.release(here, number);
        }
        answers
    }

    fn attempt(&mut self, owner: i64, group: &[Begun]) -> Vec<i64> {
        let mut answers = Vec::new();
        for &(who, no, chunk, version) in group {
            let now = self.now;
            let begun = Event::Attempt { no, owner, now };
            answers.push(i64::from(
                self.may_attempt(owner, who, chunk, version) && self.apply(who, &begun),
            ));
        }
        answers
    }

    fn settle(&mut self, owner: i64, group: &[Ended]) -> Vec<i64> {
        let mut answers = Vec::new();
        for &(who, no, state, next_at, forget_first) in group {
            let outcome = Event::Outcome {
                no,
                owner,
                state,
                next_at,
                forget_first,
            };
            answers.push(i64::from(self.apply(who, &outcome)));
        }
        answers
    }

    fn cancel(&mut self) -> Vec<i64> {
        if !matches!(self.issue, "sending" | "paused") {
            return vec![0];
        }
        self.issue = "cancelled";
        let skipped = self.apply_to_all(1..=PEOPLE, &Event::Cancel);
        self.recount_open();
        vec![1, skipped]
    }

    fn turn(&mut self, from: &str, to: &'static str) -> bool {
        let fits = self.issue == from;
        if fits {
            self.issue = to;
        }
        fits
    }

    fn lease(&mut self, node: i64, lives: bool) -> bool {
        let process = self.nodes.get_mut(&node).unwrap();
        let renews = process.lives && !process.stopped;
        process.lives &= lives || !renews;
        renews
    }

    /// What a step answers.
    pub(super) fn step(&mut self, step: &Step) -> Vec<i64> {
        let one = |yes: bool| vec![i64::from(yes)];
        match step {
            Step::Lease(node, lives) => one(self.lease(*node, *lives)),
            Step::Claim(owner, limit) => self.claim(*owner, *limit),
            Step::Release(owner, number) => one(self.release(*owner, *number)),
            Step::TakeOver { here, dead, resend_at } => self.take_over(*here, *dead, *resend_at),
            Step::Attempt(owner, group) => self.attempt(*owner, group),
            Step::Settle(owner, group) => self.settle(*owner, group),
            Step::Skip(who) => one(self.apply(*who, &Event::Skip)),
            Step::Fail(who) => one(self.apply(*who, &Event::Fail)),
            Step::Postpone(who, until) => one(self.apply(*who, &Event::Postpone(*until))),
            Step::Turn(from, to) => one(self.turn(from, to)),
            Step::Cancel => self.cancel(),
            Step::Resend(who) => vec![self.by_hand(*who, &Event::Resend(self.now))],
            Step::Accept(who) => vec![self.by_hand(*who, &Event::Accept)],
            Step::Retry(who) => vec![self.by_hand(*who, &Event::Retry(self.now))],
            Step::Finish => one(self.finish()),
            around => {
                self.around(around);
                Vec::new()
            }
        }
    }

    /// Steps that answer nothing.
    fn around(&mut self, step: &Step) {
        match step {
            Step::Start(node) => {
                let fresh = Process {
                    lives: true,
                    stopped: false,
                };
                self.nodes.insert(*node, fresh);
            }
            Step::Stop(node) => self.nodes.get_mut(node).unwrap().stopped = true,
            Step::Choose(who, active, rests_until) => {
                let person = self.people.get_mut(who).unwrap();
                (person.active, person.rests_until) = (*active, *rests_until);
            }
            Step::Suppress(who) => self.people.get_mut(who).unwrap().suppressed = true,
            Step::Lift(who) => self.people.get_mut(who).unwrap().suppressed = false,
            other => unreachable!("{other:?} answers something"),
        }
    }

    /// Every row as text, in the order of [`Tables::rows`].
    pub(super) fn rows(&self) -> Vec<String> {
        let number = |value: Option<i64>| value.map_or_else(|| "-".to_owned(), |value| value.to_string());
        let mut rows = vec![format!("issue {}", self.issue)];
        for (chunk, row) in &self.chunks {
            let [accepted, failed, skipped, unknown] = row.counts;
            rows.push(format!(
                "chunk {chunk} {} {} {} {accepted} {failed} {skipped} {unknown}",
                row.state,
                number(row.owner),
                row.next_at
            ));
        }
        for (who, row) in &self.deliveries {
            rows.push(format!(
                "delivery {who} {} {} {} {} {} {} {}",
                row.state.word(),
                row.attempt_no,
                row.deferrals,
                row.unknowns,
                number(row.owner),
                number(row.next_at),
                number(row.first_at)
            ));
        }
        rows
    }
}
