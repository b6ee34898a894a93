//! From verdict to outcome: the table of `delivery.md` 8, 10 and 12, without any I/O.

use std::time::Duration;

use crate::config::OnUnknown;
use crate::model::clock::Chance;
use crate::model::verdict::{Class, Fault, Verdict};

/// First wait after a deferral; doubles each time.
const BASE: Duration = Duration::from_secs(300);
/// Longest wait after a deferral.
const CAP: Duration = Duration::from_secs(4 * 3600);

/// What stands in the ledger after an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Outcome {
    /// accepted, failed, deferred, pending (not tried) or unknown.
    pub(super) state: &'static str,
    /// How long until the next attempt; `None` when final.
    pub(super) wait: Option<Duration>,
    /// Reply code or reason word.
    pub(super) code: String,
    /// Reply text.
    pub(super) detail: String,
}

impl Outcome {
    /// Nothing of the letter was said to anybody.
    pub(super) fn not_tried() -> Self {
        Self {
            state: "pending",
            wait: Some(Duration::ZERO),
            code: "not tried".to_owned(),
            detail: String::new(),
        }
    }

    /// A letter that cannot be made until somebody mends a template or a key.
    pub(super) fn unwritten(deferrals: i64, detail: &str, chance: &dyn Chance) -> Self {
        Self {
            state: "deferred",
            wait: Some(back_off(deferrals, chance)),
            ..Self::render(detail)
        }
    }

    /// A letter that can never be made.
    pub(super) fn render(detail: &str) -> Self {
        Self {
            state: "failed",
            wait: None,
            code: "render".to_owned(),
            detail: detail.chars().take(500).collect(),
        }
    }
}

/// How the author wants doubt to be handled.
#[derive(Debug, Clone, Copy)]
pub(super) struct Doubt {
    pub(super) policy: OnUnknown,
    pub(super) delay: Duration,
}

impl Doubt {
    /// At most one more copy: the second doubt about one letter is final.
    fn wait(self, unknowns: i64) -> Option<Duration> {
        (matches!(self.policy, OnUnknown::Resend) && unknowns == 0).then_some(self.delay)
    }
}

/// Judges a verdict. `deferrals` and `unknowns` count what happened before this attempt.
pub(super) fn judge(verdict: &Verdict, deferrals: i64, unknowns: i64, doubt: Doubt, chance: &dyn Chance) -> Outcome {
    let (state, wait, word) = match verdict.class() {
        Class::Accepted => ("accepted", None, "accepted"),
        Class::Failed(fault) => ("failed", None, word_of(fault)),
        Class::Deferred(fault) => ("deferred", Some(back_off(deferrals, chance)), word_of(fault)),
        Class::NotTried(_) => ("pending", Some(Duration::ZERO), "not_tried"),
        Class::Unknown => ("unknown", doubt.wait(unknowns), "unknown"),
    };
    let code = verdict
        .code()
        .map_or_else(|| word.to_owned(), |code| format!("{code} {word}"));
    let detail = verdict.detail().chars().take(500).collect();
    Outcome {
        state,
        wait,
        code,
        detail,
    }
}

fn word_of(fault: Fault) -> &'static str {
    match fault {
        Fault::Hard => "hard",
        Fault::Soft => "soft",
        Fault::Policy => "policy",
        Fault::UnsupportedAddress => "unsupported_address",
        Fault::Message => "message",
        Fault::Other => "refused",
    }
}

/// Full jitter: anything up to the doubled base, so that a thousand deferred letters do not come back together.
pub(super) fn back_off(deferrals: i64, chance: &dyn Chance) -> Duration {
    let doublings = u32::try_from(deferrals.clamp(0, 10)).unwrap_or(10);
    let most = BASE.saturating_mul(1 << doublings).min(CAP);
    let mut bytes = [0; 4];
    chance.fill(&mut bytes);
    let part = f64::from(u32::from_le_bytes(bytes)) / f64::from(u32::MAX);
    most.mul_f64(part).max(Duration::from_secs(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::clock::SeededChance;
    use crate::model::verdict::{Cause, Phase, Reply};

    const DOUBT: Doubt = Doubt {
        policy: OnUnknown::Resend,
        delay: Duration::from_secs(900),
    };

    fn judged(verdict: &Verdict, unknowns: i64, doubt: Doubt) -> (&'static str, bool) {
        let outcome = judge(verdict, 0, unknowns, doubt, &SeededChance::new(1));
        (outcome.state, outcome.wait.is_some())
    }

    #[test]
    fn a_reader_with_a_full_mailbox_gets_the_letter_later() {
        let verdict = Verdict::reply(Phase::Rcpt, Reply::new(452, "4.2.2 full"));
        assert_eq!(judged(&verdict, 0, DOUBT), ("deferred", true));
    }

    #[test]
    fn a_doubtful_letter_is_sent_once_more_and_no_further() {
        let doubtful = Verdict {
            dot_began: true,
            ..Verdict::cause(Phase::Dot, Cause::Closed)
        };
        assert_eq!(judged(&doubtful, 0, DOUBT), ("unknown", true));
        assert_eq!(judged(&doubtful, 1, DOUBT), ("unknown", false));
        assert_eq!(
            judged(
                &doubtful,
                0,
                Doubt {
                    policy: OnUnknown::Hold,
                    ..DOUBT
                }
            ),
            ("unknown", false)
        );
        assert_eq!(
            judged(
                &doubtful,
                0,
                Doubt {
                    policy: OnUnknown::Skip,
                    ..DOUBT
                }
            ),
            ("unknown", false)
        );
    }

    #[test]
    fn a_relay_that_is_away_counts_nothing_against_a_reader() {
        let verdict = Verdict::cause(Phase::Connect, Cause::Closed);
        assert_eq!(judged(&verdict, 0, DOUBT), ("pending", true));
    }

    #[test]
    fn waits_grow_and_stay_below_four_hours() {
        let chance = SeededChance::new(7);
        for deferrals in 0..40 {
            let wait = back_off(deferrals, &chance);
            assert!(wait >= Duration::from_secs(1) && wait <= CAP);
        }
    }
}
