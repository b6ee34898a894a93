//! A whole press in one process, with letters kept in memory: for tests of who gets what.

use std::sync::Arc;
use std::time::Duration;

use letterpress::app::App;
use letterpress::compose::{self, Composed};
use letterpress::config::{Baseline, Cadence, FullOrSummary, Schedule, Settings};
use letterpress::deliver::{self, Counts};
use letterpress::ingest;
use letterpress::mail::memory::Memory;
use letterpress::mail::transport::Transport;
use letterpress::model::links::{self, code_of};
use letterpress::model::schedule::{CronRule, DayMatch};
use letterpress::store::Engine;
use letterpress::subscribe::{self, Add, Wishes};
use tokio_util::sync::CancellationToken;

use super::{Bench, at, instant_schedule};

/// A press that keeps its letters in memory: a weekly schedule beside the instant one, articles mailed from the start.
pub(crate) struct Press {
    pub(crate) bench: Bench,
    pub(crate) memory: Memory,
}

pub(crate) fn weekly() -> Schedule {
    Schedule {
        id: "weekly".to_owned(),
        name: "Weekly".to_owned(),
        cadence: Cadence::Cron(CronRule::parse("0 8 * * MON", DayMatch::Any).unwrap()),
        cron_text: "0 8 * * MON".to_owned(),
        is_default: false,
        settle: Duration::from_secs(120),
        flood_guard: 25,
        content: FullOrSummary::Summary,
        ..instant_schedule()
    }
}

fn press_settings(settings: &mut Settings) {
    settings.sources[0].baseline = Baseline::Mail;
    settings.newsletters[0].schedules.push(weekly());
    settings.mail.unknown_delay = Duration::ZERO;
}

impl Press {
    /// Opened on Friday, 1 January 2027.
    pub(crate) async fn new(engine: Engine) -> Self {
        Self::with(engine, |_| {}).await
    }

    pub(crate) async fn with(engine: Engine, change: impl FnOnce(&mut Settings)) -> Self {
        let mut bench = Bench::on(engine, at("2027-01-01T00:00:00Z"), |settings| {
            press_settings(settings);
            change(settings);
        })
        .await;
        let memory = Memory::new(4);
        let app = Arc::get_mut(&mut bench.app).unwrap();
        app.transport = Transport::Memory(memory.clone());
        compose::note_schedules(&bench.app).await.unwrap();
        Self { bench, memory }
    }

    pub(crate) fn app(&self) -> &Arc<App> {
        &self.bench.app
    }

    pub(crate) async fn join(&self, name: &str, schedule: &str) {
        let wish = Add {
            email: format!("{name}@example.org"),
            schedule: Some(schedule.to_owned()),
            active: true,
            note: Some("a test".to_owned()),
            ..Add::default()
        };
        subscribe::add(self.app(), &wish).await.unwrap();
    }

    /// What subscriber `id` chooses on the preferences page.
    pub(crate) async fn wish(&self, id: i64, wishes: &Wishes) {
        let app = self.app();
        let link = links::Preferences {
            subscriber: id,
            newsletter: code_of("notes"),
            epoch: 0,
        };
        let path = link.to_path(&app.keys);
        let token = path.strip_prefix("preferences/").unwrap();
        // Who has left has no choices: the link says so.
        drop(subscribe::set_preferences(app, token, wishes).await);
    }

    /// An article that is found by a scan a second from now.
    pub(crate) async fn publish(&self, name: &str) {
        self.bench.wait(Duration::from_secs(1));
        let now = chrono::DateTime::to_rfc3339(&self.app().clock.now());
        self.bench.write(
            &format!("{name}.md"),
            &format!("---\ntitle: {name}\ndate: {now}\n---\n\nAbout {name}, in a few words.\n"),
        );
        ingest::scan_all(self.app(), &|_, _| {}).await.unwrap();
    }

    pub(crate) async fn send(&self) -> Option<String> {
        match compose::send_now(self.app(), "notes", "weekly").await.unwrap() {
            Composed::Issue { id, .. } => Some(id),
            _ => None,
        }
    }

    pub(crate) async fn drain(&self, issue: &str) -> (String, Counts) {
        let stop = CancellationToken::new();
        // What waits for later stays open, because the clock of a test stands still: seen so for a while, it is enough.
        let looks = std::sync::atomic::AtomicU32::new(0);
        let waits = |counts: &Counts| {
            let only_later = counts.open > 0 && counts.open == counts.deferred;
            if only_later && looks.fetch_add(1, std::sync::atomic::Ordering::Relaxed) > 15 {
                stop.cancel();
            }
        };
        deliver::send_issue(self.app(), issue, &stop, &waits).await.unwrap()
    }

    /// `(recipient, subject)` of every letter so far, in alphabetical order.
    pub(crate) fn letters(&self) -> Vec<(String, String)> {
        let mut letters: Vec<_> = self
            .memory
            .letters()
            .iter()
            .map(|kept| {
                let text = String::from_utf8_lossy(&kept.message).into_owned();
                let subject = text
                    .lines()
                    .find_map(|line| line.strip_prefix("Subject: "))
                    .unwrap()
                    .trim()
                    .to_owned();
                (kept.envelope.to.local_part().to_owned(), subject)
            })
            .collect();
        letters.sort();
        letters
    }
}

pub(crate) fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected
        .iter()
        .map(|(who, what)| ((*who).to_owned(), (*what).to_owned()))
        .collect()
}
