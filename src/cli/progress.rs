//! Everything slow shows how far it is: a bar on a terminal, a line every few seconds elsewhere.

use std::io::IsTerminal;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

const EVERY: Duration = Duration::from_secs(5);

/// A bar, or lines.
#[derive(Debug)]
pub(super) struct Progress {
    what: &'static str,
    bar: Option<ProgressBar>,
    lines: Mutex<Lines>,
}

/// What the lines know: when the last one was said, and where counting began, which is not at 0 for what goes on.
#[derive(Debug)]
struct Lines {
    said: Instant,
    began: Instant,
    first: Option<u64>,
}

impl Progress {
    /// Begins; `what` is said beside the numbers, such as "articles read".
    pub(super) fn new(what: &'static str) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let style = ProgressStyle::with_template("{wide_bar} {pos}/{len} {msg} {per_sec} {eta}");
            let bar = ProgressBar::new(0).with_message(what);
            match style {
                Ok(style) => bar.with_style(style),
                Err(_) => bar,
            }
        });
        let now = Instant::now();
        let lines = Lines {
            said: now,
            began: now,
            first: None,
        };
        Self {
            what,
            bar,
            lines: Mutex::new(lines),
        }
    }

    /// So many of so many; `all` may be 0 where nobody knows.
    pub(super) fn at(&self, done: u64, all: u64) {
        if let Some(bar) = &self.bar {
            bar.set_length(all.max(done));
            bar.set_position(done);
            return;
        }
        let mut lines = self.lines.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let first = *lines.first.get_or_insert(done);
        if lines.said.elapsed() >= EVERY {
            lines.said = Instant::now();
            eprintln!(
                "{}",
                line(
                    self.what,
                    (done, all),
                    done.saturating_sub(first),
                    lines.began.elapsed()
                )
            );
        }
    }
}

/// How far it is, how fast, and how long it will take: `18 of 60 letters, 6 a second, 7 s left`. `new` of them took `took`.
fn line(what: &str, (done, all): (u64, u64), new: u64, took: Duration) -> String {
    let far = if all > 0 {
        format!("{done} of {all} {what}")
    } else {
        format!("{done} {what}")
    };
    let millis = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    if new == 0 || millis == 0 {
        return far;
    }
    let rate = match new.saturating_mul(1_000) / millis {
        0 => format!("{} a minute", (new.saturating_mul(60_000) / millis).max(1)),
        rate => format!("{rate} a second"),
    };
    let left = all.saturating_sub(done).saturating_mul(millis) / new / 1_000;
    match left {
        0 => format!("{far}, {rate}"),
        1..=119 => format!("{far}, {rate}, {left} s left"),
        120..=7_199 => format!("{far}, {rate}, {} min left", left / 60),
        _ => format!("{far}, {rate}, {} h left", left / 3_600),
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_looks_into_a_log_sees_how_far_it_is_how_fast_and_how_long_it_takes() {
        let after = |seconds| Duration::from_secs(seconds);
        assert_eq!(
            line("letters", (18, 60), 18, after(3)),
            "18 of 60 letters, 6 a second, 7 s left"
        );
        // The first half went out before.
        assert_eq!(
            line("letters", (51_000, 100_000), 1_000, after(5)),
            "51000 of 100000 letters, 200 a second, 4 min left"
        );
        assert_eq!(
            line("letters", (2, 1_000), 2, after(60)),
            "2 of 1000 letters, 2 a minute, 8 h left"
        );
        assert_eq!(line("rows", (500, 0), 500, after(5)), "500 rows, 100 a second");
        assert_eq!(line("letters", (0, 60), 0, after(5)), "0 of 60 letters");
    }
}
