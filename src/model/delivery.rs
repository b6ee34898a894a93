//! One delivery and everything that may happen to it, as one total function (`delivery.md` 6).
//!
//! ```text
//!                 ┌────────────── not tried ──────────────┐
//!                 ▼                                       │
//!  pending ──▶ attempting ──▶ accepted · failed · deferred ──▶ attempting …
//!                 │
//!                 └─ nobody can know ──▶ unknown ──(once)──▶ attempting
//! ```
//!
//! The store does the same in guarded statements, because several processes ask at the same time; a test runs both side by
//! side on random histories.

/// Where a delivery stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Not tried yet.
    Pending,
    /// A letter may be on its way.
    Attempting,
    /// The relay said "later".
    Deferred,
    /// Nobody can know. With a time: it is sent once more then; without: final.
    Unknown,
    /// The relay took it.
    Accepted,
    /// Refused for good, or expired.
    Failed,
    /// Not wanted any more.
    Skipped,
}

impl State {
    /// As it is stored.
    pub fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Attempting => "attempting",
            Self::Deferred => "deferred",
            Self::Unknown => "unknown",
            Self::Accepted => "accepted",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
        }
    }
}

/// One person's letter of one issue. Times are microseconds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Where it stands.
    pub state: State,
    /// Attempts that were made.
    pub attempt_no: i64,
    /// How many of them ended in "later".
    pub deferrals: i64,
    /// How many of them nobody knows the end of.
    pub unknowns: i64,
    /// The node of the last attempt.
    pub owner: Option<i64>,
    /// When it may be tried; `None` when final.
    pub next_at: Option<i64>,
    /// The first attempt: the letter's Date.
    pub first_at: Option<i64>,
}

/// What may happen to a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// A node begins attempt `no`. Whether node, issue and person allow it was asked before.
    Attempt {
        /// The number that this attempt gets.
        no: i64,
        /// Which node.
        owner: i64,
        /// When.
        now: i64,
    },
    /// A node reports the end of its attempt `no`.
    Outcome {
        /// Which attempt.
        no: i64,
        /// Which node.
        owner: i64,
        /// accepted, failed, deferred, pending (not tried) or unknown.
        state: State,
        /// When it may be tried again.
        next_at: Option<i64>,
        /// The attempt had set the Date, and was not made after all.
        forget_first: bool,
    },
    /// The node of the attempt is dead.
    Orphaned {
        /// Which node.
        owner: i64,
        /// When a letter in doubt is sent again, if the author wants that.
        resend_at: Option<i64>,
    },
    /// It is not wanted any more, for the person's sake.
    Skip,
    /// It cannot be made, or is too late.
    Fail,
    /// Its domain is left alone until then.
    Postpone(i64),
    /// The issue is cancelled.
    Cancel,
    /// A person decides: once more, from then on.
    Resend(i64),
    /// A person decides: it arrived.
    Accept,
    /// A person decides: a failed one is tried again, from then on.
    Retry(i64),
}

impl Delivery {
    /// One that was just composed.
    pub fn new(next_at: i64) -> Self {
        Self {
            state: State::Pending,
            attempt_no: 0,
            deferrals: 0,
            unknowns: 0,
            owner: None,
            next_at: Some(next_at),
            first_at: None,
        }
    }

    /// Whether something is still to come.
    pub fn is_open(&self) -> bool {
        match self.state {
            State::Pending | State::Attempting | State::Deferred => true,
            State::Unknown => self.next_at.is_some(),
            State::Accepted | State::Failed | State::Skipped => false,
        }
    }

    /// The delivery after an event; `None` when the event does not fit, and nothing changes.
    #[must_use]
    pub fn after(&self, event: &Event) -> Option<Self> {
        match *event {
            Event::Attempt { no, owner, now } => self.attempt(no, owner, now),
            Event::Outcome {
                no,
                owner,
                state,
                next_at,
                forget_first,
            } => self.outcome((no, owner), state, next_at, forget_first),
            Event::Orphaned { owner, resend_at } => self.orphaned(owner, resend_at),
            Event::Skip => self.close(self.waits(), State::Skipped),
            Event::Fail => self.close(self.waits(), State::Failed),
            Event::Cancel => self.close(self.waits() && self.next_at.is_some(), State::Skipped),
            Event::Postpone(until) => self.postpone(until),
            Event::Resend(at) => self.again(self.is_final_doubt(), at),
            Event::Retry(at) => self
                .again(self.state == State::Failed, at)
                .map(|again| Self { deferrals: 0, ..again }),
            Event::Accept => self.is_final_doubt().then(|| Self {
                state: State::Accepted,
                ..self.clone()
            }),
        }
    }

    fn waits(&self) -> bool {
        matches!(self.state, State::Pending | State::Deferred | State::Unknown)
    }

    fn is_final_doubt(&self) -> bool {
        self.state == State::Unknown && self.next_at.is_none()
    }

    fn attempt(&self, no: i64, owner: i64, now: i64) -> Option<Self> {
        let is_due = self.waits() && self.attempt_no == no - 1 && self.next_at.is_some_and(|at| at <= now);
        // The answer to the first time was lost.
        let is_repeated = self.state == State::Attempting && self.attempt_no == no && self.owner == Some(owner);
        (is_due || is_repeated).then(|| Self {
            state: State::Attempting,
            attempt_no: no,
            owner: Some(owner),
            first_at: self.first_at.or(Some(now)),
            ..self.clone()
        })
    }

    fn outcome(&self, (no, owner): (i64, i64), state: State, next_at: Option<i64>, forget_first: bool) -> Option<Self> {
        let is_known = matches!(self.state, State::Attempting | State::Unknown);
        let is_ours = self.attempt_no == no && self.owner == Some(owner);
        let is_new_doubt = state == State::Unknown && self.state != State::Unknown;
        (is_known && is_ours).then(|| Self {
            state,
            attempt_no: no - i64::from(state == State::Pending),
            deferrals: self.deferrals + i64::from(state == State::Deferred),
            unknowns: self.unknowns + i64::from(is_new_doubt),
            next_at,
            first_at: self.first_at.filter(|_| !forget_first),
            ..self.clone()
        })
    }

    fn orphaned(&self, owner: i64, resend_at: Option<i64>) -> Option<Self> {
        (self.state == State::Attempting && self.owner == Some(owner)).then(|| Self {
            state: State::Unknown,
            unknowns: self.unknowns + 1,
            // At most one more copy without a person's word.
            next_at: resend_at.filter(|_| self.unknowns == 0),
            ..self.clone()
        })
    }

    /// Where a copy may be out, it stays in doubt.
    fn close(&self, fits: bool, state: State) -> Option<Self> {
        fits.then(|| Self {
            state: if self.unknowns > 0 { State::Unknown } else { state },
            next_at: None,
            ..self.clone()
        })
    }

    fn postpone(&self, until: i64) -> Option<Self> {
        (self.waits() && self.next_at.is_some()).then(|| Self {
            state: if self.state == State::Unknown {
                State::Unknown
            } else {
                State::Deferred
            },
            next_at: Some(until),
            ..self.clone()
        })
    }

    fn again(&self, fits: bool, at: i64) -> Option<Self> {
        fits.then(|| Self {
            state: State::Pending,
            next_at: Some(at),
            first_at: None,
            ..self.clone()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attempted() -> Delivery {
        let begun = Event::Attempt {
            no: 1,
            owner: 7,
            now: 10,
        };
        Delivery::new(0).after(&begun).unwrap()
    }

    #[test]
    fn a_letter_in_doubt_goes_out_once_more_and_then_only_by_hand() {
        let orphaned = Event::Orphaned {
            owner: 7,
            resend_at: Some(20),
        };
        let doubtful = attempted().after(&orphaned).unwrap();
        assert_eq!((doubtful.state, doubtful.next_at), (State::Unknown, Some(20)));
        let again = Event::Attempt {
            no: 2,
            owner: 7,
            now: 20,
        };
        let twice = doubtful.after(&again).and_then(|again| again.after(&orphaned)).unwrap();
        assert_eq!((twice.is_open(), twice.unknowns), (false, 2));
        assert_eq!(
            twice.after(&Event::Attempt {
                no: 3,
                owner: 7,
                now: 99
            }),
            None
        );
        assert!(twice.after(&Event::Resend(30)).unwrap().is_open());
    }

    #[test]
    fn evidence_that_comes_late_is_believed_as_long_as_nothing_newer_stands_there() {
        let orphaned = Event::Orphaned {
            owner: 7,
            resend_at: Some(20),
        };
        let doubtful = attempted().after(&orphaned).unwrap();
        let late = Event::Outcome {
            no: 1,
            owner: 7,
            state: State::Accepted,
            next_at: None,
            forget_first: false,
        };
        assert_eq!(doubtful.after(&late).unwrap().state, State::Accepted);
        let again = Event::Attempt {
            no: 2,
            owner: 8,
            now: 20,
        };
        assert_eq!(doubtful.after(&again).unwrap().after(&late), None);
    }
}
