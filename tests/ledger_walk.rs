//! Random lives of a newsletter: articles come, change, go and come back, people join, leave, rest and change their cadence,
//! letters fail and issues are cancelled. Nobody ever gets an article twice, and in the end nobody is owed one
//! (`delivery.md` 5.1, 20).

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use letterpress::compose;
use letterpress::deliver::{self, Unsent};
use letterpress::ingest;
use letterpress::model::verdict::{Phase, Reply, Verdict};
use letterpress::store::Engine;
use letterpress::subscribe::{self, Wishes};

use crate::support::engines;
use crate::support::mailroom::Press;
use crate::support::service::Dice;

/// Steps of one life.
const STEPS: usize = 70;
/// Days after which everything has settled: four weekly issues of ten articles each, and as many catch-up letters.
const SETTLES_IN: usize = 29;
/// These people stay subscribed from the first day to the last.
const FAITHFUL: [&str; 4] = ["ada", "ben", "cleo", "dan"];
/// These come and go.
const FICKLE: [&str; 3] = ["eve", "finn", "gus"];

struct Life {
    press: Press,
    dice: Dice,
    /// Number of each article → where its file lies now and its text; `None` while it is withdrawn.
    articles: BTreeMap<usize, (Option<String>, String)>,
    told: String,
}

impl Life {
    async fn begin(engine: Engine, seed: u64) -> Self {
        // The bulk fuse is for moved folders; here many articles in an hour are meant.
        let press = Press::with(engine, |settings| settings.sources[0].fuse = 1_000).await;
        for (number, name) in FAITHFUL.iter().chain(&FICKLE).enumerate() {
            press
                .join(name, if number % 2 == 0 { "weekly" } else { "instant" })
                .await;
        }
        Self {
            press,
            dice: Dice::new(seed),
            articles: BTreeMap::new(),
            told: String::new(),
        }
    }

    fn throw(&mut self, sides: usize) -> usize {
        usize::try_from(self.dice.throw(sides as u64)).unwrap()
    }

    fn tell(&mut self, what: &str) {
        let now = self.press.app().clock.now();
        self.told.push_str(&format!("{} {what}\n", now.format("%d %H:%M")));
    }

    async fn scan(&self) {
        ingest::scan_all(self.press.app(), &|_, _| {}).await.unwrap();
    }

    /// One thing happens.
    async fn step(&mut self) {
        self.press.bench.wait(Duration::from_secs(61));
        match self.throw(14) {
            0..=3 => self.publish(),
            4 => self.edit(),
            5 => self.withdraw().await,
            6 => self.bring_back(),
            7 => self.rename(),
            8 | 9 => self.choose().await,
            10 => self.come_or_go().await,
            11 => self.cancel_one().await,
            _ => {
                let hours = 1 + self.throw(30) as u64;
                self.press.bench.wait(Duration::from_hours(hours));
                let refused = self.throw(3) == 0;
                self.send_what_is_due(refused).await;
            }
        }
        self.scan().await;
    }

    fn publish(&mut self) {
        let number = self.articles.len();
        let now = self.press.app().clock.now().to_rfc3339();
        let text = format!("---\ntitle: Tale {number}x\ndate: {now}\n---\n\n{}\n", words(number));
        let path = format!("tale-{number}.md");
        self.press.bench.write(&path, &text);
        self.tell(&format!("article {number} appears"));
        self.articles.insert(number, (Some(path), text));
    }

    /// A public article, if there is one.
    fn some_article(&mut self, public: bool) -> Option<usize> {
        let found: Vec<usize> = self
            .articles
            .iter()
            .filter(|(_, (path, _))| path.is_some() == public)
            .map(|(number, _)| *number)
            .collect();
        (!found.is_empty()).then(|| found[self.throw(found.len())])
    }

    fn edit(&mut self) {
        let Some(number) = self.some_article(true) else { return };
        self.tell(&format!("article {number} is edited"));
        let (path, text) = self.articles.get_mut(&number).unwrap();
        text.push_str("\nA correction was made.\n");
        self.press.bench.write(path.as_ref().unwrap(), text);
    }

    async fn withdraw(&mut self) {
        let Some(number) = self.some_article(true) else { return };
        self.tell(&format!("article {number} goes away"));
        let path = self.articles.get_mut(&number).unwrap().0.take().unwrap();
        std::fs::remove_file(self.press.bench.content().join(path)).unwrap();
        self.scan().await;
        self.press.bench.wait(Duration::from_mins(11));
    }

    fn bring_back(&mut self) {
        let Some(number) = self.some_article(false) else { return };
        self.tell(&format!("article {number} comes back"));
        let path = format!("tale-{number}.md");
        let (place, text) = self.articles.get_mut(&number).unwrap();
        self.press.bench.write(&path, text);
        *place = Some(path);
    }

    fn rename(&mut self) {
        let Some(number) = self.some_article(true) else { return };
        let new = format!("renamed-{}/tale-{number}.md", self.throw(1_000));
        self.tell(&format!("article {number} moves to {new}"));
        let (path, text) = self.articles.get_mut(&number).unwrap();
        std::fs::remove_file(self.press.bench.content().join(path.as_ref().unwrap())).unwrap();
        self.press.bench.write(&new, text);
        *path = Some(new);
    }

    fn somebody(&mut self) -> (i64, &'static str) {
        let all: Vec<&'static str> = FAITHFUL.iter().chain(&FICKLE).copied().collect();
        let place = self.throw(all.len());
        (i64::try_from(place).unwrap() + 1, all[place])
    }

    /// Somebody takes another cadence, or rests for some days.
    async fn choose(&mut self) {
        let (id, name) = self.somebody();
        let wishes = match self.throw(4) {
            0 => Wishes {
                pause_until: Some(self.press.app().clock.now() + chrono::TimeDelta::days(3)),
                ..Wishes::default()
            },
            1 | 2 => Wishes {
                schedules: vec!["weekly".to_owned()],
                ..Wishes::default()
            },
            _ => Wishes {
                schedules: vec!["instant".to_owned()],
                ..Wishes::default()
            },
        };
        self.tell(&format!("{name} wants {:?} {:?}", wishes.schedules, wishes.pause_until));
        self.press.wish(id, &wishes).await;
    }

    async fn come_or_go(&mut self) {
        let name = FICKLE[self.throw(FICKLE.len())];
        let address = format!("{name}@example.org");
        let left = subscribe::unsubscribe(self.press.app(), &address, Some("notes")).await;
        if left.is_ok_and(|left| left > 0) {
            self.tell(&format!("{name} leaves"));
        } else {
            self.tell(&format!("{name} joins again"));
            let wish = subscribe::Add {
                email: address,
                schedule: Some("weekly".to_owned()),
                active: true,
                note: Some("a test".to_owned()),
                lift_suppressions: true,
                ..subscribe::Add::default()
            };
            subscribe::add(self.press.app(), &wish).await.unwrap();
        }
    }

    /// Composes by hand and cancels before a letter leaves: the articles stay owed.
    async fn cancel_one(&mut self) {
        self.press.bench.wait(Duration::from_mins(3));
        self.scan().await;
        let Some(issue) = self.press.send().await else { return };
        self.tell("an issue is cancelled");
        deliver::cancel(self.press.app(), &issue, Unsent::Owed).await.unwrap();
    }

    async fn send_what_is_due(&mut self, one_is_refused: bool) {
        self.scan().await;
        let unlucky = self.somebody().1;
        self.tell(&format!(
            "what is due goes out; refused: {}",
            if one_is_refused { unlucky } else { "nobody" }
        ));
        self.press.memory.answer(move |envelope| {
            let refused = one_is_refused && envelope.to.local_part() == unlucky;
            refused.then(|| Verdict::reply(Phase::Rcpt, Reply::new(550, "5.2.2 full")))
        });
        compose::tick(self.press.app()).await.unwrap();
        for issue in deliver::list(self.press.app(), 20).await.unwrap() {
            if issue.state == "sending" {
                let (state, counts) = self.press.drain(&issue.id).await;
                assert_eq!((state.as_str(), counts.open), ("finished", 0), "{}", self.told);
            }
        }
    }

    /// Everybody rests no more, nobody is refused, and the days go by.
    async fn settle(&mut self) {
        let now = self.press.app().clock.now();
        for id in (1..).take(FAITHFUL.len() + FICKLE.len()) {
            let wishes = Wishes {
                pause_until: Some(now),
                ..Wishes::default()
            };
            self.press.wish(id, &wishes).await;
        }
        for _ in 0..SETTLES_IN {
            // At 08:10 each day, so that the weekly hour is never missed.
            let now = self.press.app().clock.now();
            let next = (now.date_naive() + chrono::Days::new(1))
                .and_hms_opt(8, 10, 0)
                .unwrap()
                .and_utc();
            self.press.bench.wait((next - now).to_std().unwrap());
            self.send_what_is_due(false).await;
        }
    }

    /// Who got which articles, one entry for each letter.
    fn received(&self) -> BTreeMap<String, Vec<BTreeSet<usize>>> {
        let mut received: BTreeMap<String, Vec<BTreeSet<usize>>> = BTreeMap::new();
        for kept in self.press.memory.letters() {
            let text = String::from_utf8_lossy(&kept.message)
                .replace("=\r\n", "")
                .replace("\r\n", " ");
            // Titles stand in links to other articles, too; first words only where an article is told.
            let tales = text
                .split("word")
                .filter_map(|rest| rest.split_once("of0 ")?.0.parse().ok());
            let tales: BTreeSet<usize> = tales.collect();
            received
                .entry(kept.envelope.to.local_part().to_owned())
                .or_default()
                .push(tales);
        }
        received
    }

    fn judge(&self) {
        let received = self.received();
        for (who, letters) in &received {
            let mut seen = BTreeSet::new();
            for tale in letters.iter().flatten() {
                assert!(
                    seen.insert(*tale),
                    "{who} got article {tale} twice: {letters:?}\n{}",
                    self.told
                );
            }
        }
        let public = self.articles.iter().filter(|(_, (path, _))| path.is_some());
        for (tale, _) in public {
            for who in FAITHFUL {
                let got = received
                    .get(who)
                    .is_some_and(|letters| letters.iter().any(|letter| letter.contains(tale)));
                assert!(got, "{who} never got article {tale}\n{}", self.told);
            }
        }
    }
}

/// Texts that are nothing alike, so that no article is taken for another one.
fn words(number: usize) -> String {
    (0..60).map(|place| format!("word{number}of{place} ")).collect()
}

async fn live(engine: Engine, seed: u64) {
    let mut life = Life::begin(engine, seed).await;
    for _ in 0..STEPS {
        life.step().await;
    }
    life.settle().await;
    life.judge();
    let planned = compose::plan(life.press.app(), life.press.app().clock.now())
        .await
        .unwrap();
    let owed: u64 = planned
        .iter()
        .flat_map(|one| &one.variants)
        .map(|variant| variant.recipients)
        .sum();
    assert_eq!(owed, 0, "somebody is still owed something\n{}", life.told);
    let findings = deliver::inspect(life.press.app()).await.unwrap();
    assert!(findings.is_empty(), "{findings:?}\n{}", life.told);
    life.press.bench.close().await;
}

/// Lives for each engine; `LETTERPRESS_TEST_LIVES` makes them more.
fn lives() -> usize {
    std::env::var("LETTERPRESS_TEST_LIVES")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(4)
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_happens_nobody_gets_an_article_twice_and_nobody_misses_one() {
    for engine in engines() {
        for life in 0..lives() {
            let seed = 0x9E37_79B9_7F4A_7C15_u64.wrapping_mul(life as u64 + 1);
            println!("{engine:?}, seed {seed}");
            live(engine, seed).await;
        }
    }
}
