//! Nothing is composed or sent in quiet times, and nothing is lost in them (`delivery.md` 4.3).

use std::time::Duration;

use letterpress::compose;
use letterpress::config::Settings;
use letterpress::deliver;
use letterpress::model::quiet::{Day, Quiet, Window};
use letterpress::store::occurrences;

use crate::support::mailroom::Press;
use crate::support::{at, engines};

const HOUR: Duration = Duration::from_hours(1);

fn quiet(settings: &mut Settings, hours: &str, days: &[&str]) {
    for schedule in &mut settings.newsletters[0].schedules {
        schedule.quiet = Quiet {
            hours: vec![Window::parse(hours).unwrap()],
            days: days.iter().map(|day| Day::parse(day).unwrap()).collect(),
        };
    }
}

/// The press's clock is moved to a moment.
fn wait_until(press: &Press, moment: &str) {
    let by = at(moment) - press.app().clock.now();
    press.bench.wait(by.to_std().unwrap());
}

async fn states(press: &Press, schedule: &str) -> Vec<String> {
    let mut conn = press.app().database.read().await.unwrap();
    let past = occurrences::past(&mut conn, "notes", schedule, 10).await.unwrap();
    past.into_iter().map(|one| one.state).collect()
}

/// The weekly issue is due on Monday at 08:00, in a quiet time that ends twelve hours later.
#[tokio::test(flavor = "multi_thread")]
async fn an_issue_that_falls_due_in_a_quiet_time_goes_out_at_its_end_and_is_not_late() {
    for engine in engines() {
        let press = Press::with(engine, |settings| quiet(settings, "07:00-20:00", &[])).await;
        press.join("rosa", "weekly").await;
        press.publish("Ink").await;
        for moment in ["2027-01-04T08:00:30Z", "2027-01-04T19:59:59Z"] {
            wait_until(&press, moment);
            compose::tick(press.app()).await.unwrap();
            assert!(states(&press, "weekly").await.is_empty(), "{engine:?} {moment}");
        }
        wait_until(&press, "2027-01-04T20:00:00Z");
        compose::tick(press.app()).await.unwrap();
        assert_eq!(states(&press, "weekly").await, ["fired"], "{engine:?}");
        let issue = deliver::list(press.app(), 1).await.unwrap().remove(0);
        assert_eq!(issue.due_at, "2027-01-04T20:00:00Z", "late only from there");
        assert_eq!(press.drain(&issue.id).await.1.accepted, 1);
        press.bench.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_of_single_letters_is_not_woken_and_gets_them_on_the_morning_after_a_holiday() {
    for engine in engines() {
        let press = Press::with(engine, |settings| quiet(settings, "22:00-07:00", &["01-02"])).await;
        press.join("rosa", "instant").await;
        wait_until(&press, "2027-01-01T23:00:00Z");
        press.publish("Ink").await;
        for moment in ["2027-01-02T12:00:00Z", "2027-01-03T06:59:00Z"] {
            wait_until(&press, moment);
            compose::tick(press.app()).await.unwrap();
            assert!(states(&press, "instant").await.is_empty(), "{engine:?} {moment}");
        }
        wait_until(&press, "2027-01-03T07:00:10Z");
        compose::tick(press.app()).await.unwrap();
        assert_eq!(states(&press, "instant").await, ["fired"], "{engine:?}");
        press.bench.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_issue_that_runs_into_a_quiet_time_pauses_and_goes_on_by_itself() {
    for engine in engines() {
        let press = Press::with(engine, |settings| quiet(settings, "22:00-07:00", &[])).await;
        press.join("rosa", "weekly").await;
        wait_until(&press, "2027-01-01T21:59:00Z");
        press.publish("Ink").await;
        let issue = press.send().await.unwrap();
        assert_eq!(deliver::keep_quiet(press.app()).await.unwrap(), 0);
        press.bench.wait(HOUR);
        assert_eq!(
            press.drain(&issue).await.0,
            "paused",
            "{engine:?}: the sender itself looks"
        );
        let shown = deliver::show(press.app(), &issue).await.unwrap();
        assert_eq!((shown.pause_reason.as_deref(), shown.counts.open), (Some("quiet"), 1));
        wait_until(&press, "2027-01-02T07:00:00Z");
        assert_eq!(deliver::keep_quiet(press.app()).await.unwrap(), 1);
        assert_eq!(press.drain(&issue).await.1.accepted, 1);
        press.bench.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_issue_that_its_author_paused_stays_paused_after_a_quiet_time() {
    for engine in engines() {
        let press = Press::with(engine, |settings| quiet(settings, "22:00-23:00", &[])).await;
        press.join("rosa", "weekly").await;
        press.publish("Ink").await;
        let issue = press.send().await.unwrap();
        deliver::pause(press.app(), &issue, "operator").await.unwrap();
        wait_until(&press, "2027-01-01T22:30:00Z");
        assert_eq!(deliver::keep_quiet(press.app()).await.unwrap(), 0);
        wait_until(&press, "2027-01-01T23:30:00Z");
        assert_eq!(deliver::keep_quiet(press.app()).await.unwrap(), 0, "{engine:?}");
        press.bench.close().await;
    }
}

/// Every hour, with a night of nine: the first one of the morning speaks for all of them.
#[tokio::test(flavor = "multi_thread")]
async fn the_occurrences_of_a_night_are_one_line_of_the_record() {
    use letterpress::config::Cadence;
    use letterpress::model::schedule::{CronRule, DayMatch};
    for engine in engines() {
        let press = Press::with(engine, |settings| {
            quiet(settings, "22:00-07:00", &[]);
            settings.newsletters[0].schedules[1].cadence =
                Cadence::Cron(CronRule::parse("0 * * * *", DayMatch::Any).unwrap());
        })
        .await;
        press.join("rosa", "weekly").await;
        wait_until(&press, "2027-01-01T21:30:00Z");
        compose::tick(press.app()).await.unwrap();
        let before = states(&press, "weekly").await.len();
        wait_until(&press, "2027-01-02T07:00:20Z");
        press.publish("Ink").await;
        compose::tick(press.app()).await.unwrap();
        let mut after = states(&press, "weekly").await;
        after.truncate(after.len() - before);
        after.sort();
        assert_eq!(after.len(), 2, "{engine:?} {after:?}");
        assert!(after.contains(&"quiet".to_owned()), "{after:?}");
        press.bench.close().await;
    }
}
