//! How many articles a letter carries, which ones, and from where a newcomer starts (`delivery.md` 4.5, 5.1, 5.2).

use std::time::Duration;

use letterpress::compose;
use letterpress::config::{Joiner, Overflow, Settings};
use letterpress::deliver;
use letterpress::model::verdict::{Phase, Reply, Verdict};
use letterpress::store::occurrences;
use letterpress::subscribe::Wishes;

use crate::support::mailroom::{Press, pairs};
use crate::support::{at, engines};

const HOUR: Duration = Duration::from_hours(1);

async fn wait_until(press: &Press, moment: &str) {
    let by = at(moment) - press.app().clock.now();
    press.bench.wait(by.to_std().unwrap());
    compose::tick(press.app()).await.unwrap();
}

/// Sends whatever is open, and returns how many letters there are by then.
async fn deliver_all(press: &Press) -> usize {
    for issue in deliver::list(press.app(), 20).await.unwrap() {
        if issue.state == "sending" {
            press.drain(&issue.id).await;
        }
    }
    press.letters().len()
}

async fn reasons(press: &Press, schedule: &str) -> Vec<(String, String)> {
    let mut conn = press.app().database.read().await.unwrap();
    let past = occurrences::past(&mut conn, "notes", schedule, 10).await.unwrap();
    past.into_iter()
        .map(|one| (one.state, one.reason.unwrap_or_default()))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn articles_beyond_the_most_are_named_in_the_same_letter_when_the_author_wants_that_and_count_as_mailed() {
    for engine in engines() {
        let press = Press::with(engine, |settings| {
            let weekly = &mut settings.newsletters[0].schedules[1];
            weekly.max_articles = 1;
            weekly.overflow = Overflow::List;
        })
        .await;
        press.join("rosa", "weekly").await;
        for name in ["Ink", "Paper", "Glue"] {
            press.publish(name).await;
        }
        let planned = compose::plan(press.app(), press.app().clock.now() + HOUR)
            .await
            .unwrap();
        let weekly = planned.iter().find(|one| one.schedule == "weekly").unwrap();
        let titles = |list: &[compose::PlannedArticle]| list.iter().map(|one| one.title.clone()).collect::<Vec<_>>();
        assert_eq!(titles(&weekly.variants[0].articles), ["Ink"], "{engine:?}");
        assert_eq!(titles(&weekly.variants[0].listed), ["Glue", "Paper"], "{engine:?}");
        wait_until(&press, "2027-01-04T08:00:10Z").await;
        assert_eq!(deliver_all(&press).await, 1);
        let kept = press.memory.letters().remove(0);
        let text = String::from_utf8_lossy(&kept.message).replace("=\r\n", "");
        assert!(text.contains("Also new") && text.contains("About Ink"), "{text}");
        assert!(text.contains("- Paper") && !text.contains("About Paper"), "{text}");
        wait_until(&press, "2027-01-11T08:00:10Z").await;
        assert_eq!(deliver_all(&press).await, 1, "nothing is left over");
        press.bench.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newcomer_may_start_with_the_three_latest_articles() {
    for engine in engines() {
        let latest = |settings: &mut Settings| {
            for schedule in &mut settings.newsletters[0].schedules {
                schedule.joiner = Joiner::Latest(3);
            }
        };
        let press = Press::with(engine, latest).await;
        for number in 1..=5 {
            press.publish(&format!("Tale {number}")).await;
        }
        press.bench.wait(30 * HOUR);
        press.join("rosa", "weekly").await;
        press.join("nina", "instant").await;
        wait_until(&press, "2027-01-04T08:10:00Z").await;
        deliver_all(&press).await;
        let mut told = Vec::new();
        for kept in press.memory.letters() {
            let text = String::from_utf8_lossy(&kept.message).replace("=\r\n", "");
            let tales = (1..=5)
                .filter(|number| text.contains(&format!("- Tale {number}")))
                .collect::<Vec<_>>();
            told.push((kept.envelope.to.local_part().to_owned(), tales));
        }
        told.sort();
        let expected = [("nina", vec![3, 4, 5]), ("rosa", vec![3, 4, 5])];
        assert_eq!(told, expected.map(|(who, tales)| (who.to_owned(), tales)), "{engine:?}");
        press.bench.close().await;
    }
}

/// Three weeks of look-back hold two occurrences after the article: with the third it would be too old.
#[tokio::test(flavor = "multi_thread")]
async fn an_article_that_would_become_too_old_goes_out_although_there_are_too_few() {
    for engine in engines() {
        let press = Press::with(engine, |settings| {
            settings.newsletters[0].look_back = 24 * 15 * HOUR;
            settings.newsletters[0].schedules[1].min_articles = 2;
        })
        .await;
        press.join("rosa", "weekly").await;
        press.publish("Ink").await;
        for (monday, letters) in [("2027-01-04", 0), ("2027-01-11", 1)] {
            wait_until(&press, &format!("{monday}T08:00:10Z")).await;
            assert_eq!(deliver_all(&press).await, letters, "{engine:?} {monday}");
        }
        press.bench.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_article_that_became_too_old_before_it_was_mailed_is_on_the_record() {
    for engine in engines() {
        let press = Press::with(engine, |settings| settings.newsletters[0].look_back = 24 * 14 * HOUR).await;
        press.join("rosa", "weekly").await;
        press.publish("Ink").await;
        let refused = |_: &_| Some(Verdict::reply(Phase::Rcpt, Reply::new(550, "5.2.2 full")));
        press.memory.answer(refused);
        for monday in ["2027-01-04", "2027-01-11", "2027-01-18", "2027-01-25"] {
            wait_until(&press, &format!("{monday}T08:00:10Z")).await;
            deliver_all(&press).await;
        }
        let record = reasons(&press, "weekly").await;
        let old: Vec<_> = record.iter().filter(|(_, reason)| reason.contains("too_old")).collect();
        assert_eq!(old.len(), 1, "{engine:?} {record:?}");
        assert!(
            old[0].1.contains("1 article(s)") && old[0].1.contains("1 people"),
            "{old:?}"
        );
        press.bench.close().await;
    }
}

/// Nina switched on Friday, when both articles had gone out to the others. On Saturday the first is older than a day.
#[tokio::test(flavor = "multi_thread")]
async fn a_catch_up_letter_leaves_young_articles_for_the_next_one_and_forgets_none() {
    for engine in engines() {
        let press = Press::new(engine).await;
        press.join("nina", "weekly").await;
        press.publish("Ink").await;
        press.bench.wait(10 * HOUR);
        compose::tick(press.app()).await.unwrap();
        press.publish("Paper").await;
        press.bench.wait(HOUR);
        compose::tick(press.app()).await.unwrap();
        let wishes = Wishes {
            schedules: vec!["instant".to_owned()],
            ..Wishes::default()
        };
        press.wish(1, &wishes).await;
        let nina = |titles: &[&str]| pairs(&titles.iter().map(|title| ("nina", *title)).collect::<Vec<_>>());
        for (moment, titles) in [
            ("2027-01-01T20:00:00Z", &[][..]),
            ("2027-01-02T08:00:10Z", &["Ink"][..]),
            ("2027-01-02T23:00:00Z", &["Ink"][..]),
            ("2027-01-03T08:00:10Z", &["Ink", "Paper"][..]),
            ("2027-01-04T08:00:10Z", &["Ink", "Paper"][..]),
        ] {
            wait_until(&press, moment).await;
            deliver_all(&press).await;
            assert_eq!(press.letters(), nina(titles), "{engine:?} {moment}");
        }
        press.bench.close().await;
    }
}
