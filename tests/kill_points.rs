//! The process dies at the worst moments, each in turn, and whatever was left is finished (`delivery.md` 20).

use std::collections::BTreeMap;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use letterpress::store::Engine;
use serde_json::Value;

use crate::support::service::{Service, Setup};
use crate::support::sink::Sink;
use crate::support::{OwnDatabase, engines};

const PEOPLE: usize = 40;
/// Trials side by side: most of the time they wait.
const AT_ONCE: usize = 4;

/// What runs when the process dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum During {
    /// `send`: composing and preparing.
    Compose,
    /// `serve`, with an issue that is due.
    Serve,
    /// `serve`, asked to stop while it sends.
    Stop,
    /// `serve`, which finds what another process left that had died in an attempt.
    TakeOver,
    /// `serve`, with a confirmation to send.
    Notice,
    /// `serve`, which does not die: its database refuses a record and takes the next ones.
    Refused,
}

/// Where to die or to fail, and whether letters may have been handed over by then of which nobody knows.
const POINTS: &[(&str, During, bool)] = &[
    ("compose.locked", During::Compose, false),
    ("compose.occurrence", During::Compose, false),
    ("compose.page", During::Compose, false),
    ("compose.chunk", During::Compose, false),
    ("compose.checked", During::Compose, false),
    ("compose.committed", During::Compose, false),
    ("prepare.variant", During::Compose, false),
    ("prepare.sending", During::Compose, false),
    ("prepare.committed", During::Compose, false),
    ("claim", During::Serve, false),
    ("attempt.written", During::Serve, false),
    ("attempt.written#9", During::Serve, true),
    ("attempt.committed", During::Serve, false),
    ("attempt.committed#9", During::Serve, true),
    ("smtp.mail#5", During::Serve, true),
    ("smtp.rcpt#5", During::Serve, true),
    ("smtp.data#5", During::Serve, true),
    ("smtp.half#5", During::Serve, true),
    ("smtp.gate#5", During::Serve, true),
    ("smtp.dot_begun", During::Serve, true),
    ("smtp.dot", During::Serve, true),
    ("smtp.reply#5", During::Serve, true),
    ("outcome.written#5", During::Serve, true),
    ("outcome.committed#5", During::Serve, true),
    ("chunk.released", During::Serve, false),
    ("finish", During::Serve, false),
    ("takeover.between", During::TakeOver, false),
    ("stop.closed", During::Stop, true),
    ("stop.drained", During::Stop, false),
    ("stop.recorded", During::Stop, false),
    ("record#2", During::Refused, true),
    ("record#5", During::Refused, true),
    ("record#9", During::Refused, true),
    ("notice.written", During::Notice, false),
    ("notice.committed", During::Notice, false),
];

/// Starts a command that is to die at `point`, and waits until it has. With a sink: asks it to stop after some letters.
fn die(service: &Service, arguments: &[&str], point: &str, stop_after: Option<&Sink>) {
    let mut child = service
        .command(arguments)
        .env("LETTERPRESS_TEST_ABORT", point)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let begun = Instant::now();
    let mut asked = false;
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            assert_eq!(status.code(), None, "{point} was not reached: {status}");
            return;
        }
        if !asked && stop_after.is_some_and(|sink| sink.taken().len() > 4) {
            let sent = Command::new("kill").args(["-TERM", &child.id().to_string()]).status();
            assert!(sent.unwrap().success());
            asked = true;
        }
        if begun.elapsed() > Duration::from_secs(30) {
            child.kill().unwrap();
            child.wait().unwrap();
            panic!("{point} was not reached");
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

const SEND: [&str; 4] = ["send", "notes", "--schedule", "weekly"];

fn run_into(service: &Service, sink: &Sink, point: &str, during: During) {
    match during {
        During::Compose => die(service, &SEND, point, None),
        During::Refused => drop(service.run(&SEND)),
        During::Notice => {
            service.run(&["subscribers", "add", "new@example.org"]);
            die(service, &["serve"], point, None);
        }
        During::Serve | During::Stop | During::TakeOver => {
            service.run(&SEND);
            if during == During::TakeOver {
                die(service, &["serve"], "attempt.committed#9", None);
            }
            die(
                service,
                &["serve"],
                point,
                Some(sink).filter(|_| during == During::Stop),
            );
        }
    }
}

/// Dies at a point, goes on, and looks whether everything is as promised.
fn trial(service: &Service, sink: &Sink, connections: usize, (point, during, in_doubt): (&str, During, bool)) {
    run_into(service, sink, point, during);
    if matches!(during, During::Compose | During::Notice) {
        // If the issue was lost with its transaction it is made anew; if not, nobody is owed anything.
        service.run(&SEND);
    }
    let running = service.serve();
    let expected = PEOPLE + usize::from(during == During::Notice);
    let until = Instant::now() + Duration::from_secs(30);
    while sink.taken().len() < expected && Instant::now() < until {
        std::thread::sleep(Duration::from_millis(20));
    }
    let issue = service.wait_for_the_end(Duration::from_secs(30));
    running.kill();
    let found: Value = serde_json::from_str(&service.run(&["fsck", "--json"])).unwrap();
    assert_eq!(found["findings"], serde_json::json!([]), "{point}");
    if during == During::Compose {
        let issues: Value = serde_json::from_str(&service.run(&["issues", "list", "--json"])).unwrap();
        assert_eq!(issues.as_array().unwrap().len(), 1, "{point}: one issue, not two");
    }
    assert_eq!(issue["state"], "finished", "{point}: {issue}");
    let counts = &issue["counts"];
    assert_eq!(counts["candidates"], PEOPLE, "{point}");
    assert_eq!(counts["accepted"], PEOPLE, "{point}: {counts}");
    let taken = sink.taken();
    let copies: BTreeMap<&str, usize> = taken.iter().map(|(who, ids)| (who.as_str(), ids.len())).collect();
    assert_eq!(copies.len(), expected, "{point}: somebody got nothing");
    let repeated = copies.values().sum::<usize>() - expected;
    let bound = match (in_doubt, during) {
        (true, _) | (_, During::TakeOver) => connections,
        _ => 0,
    };
    assert!(repeated <= bound, "{point}: {repeated} repeated");
    assert!(copies.values().all(|copies| *copies <= 2), "{point}: {copies:?}");
    let alike = taken.values().all(|ids| ids.iter().all(|id| *id == ids[0]));
    assert!(alike, "{point}: a second copy has another Message-ID");
}

/// An installation with people and articles, of which every trial gets a copy.
struct Template {
    service: Service,
    database: Option<OwnDatabase>,
    connections: usize,
}

impl Template {
    async fn new(engine: Engine, connections: usize) -> Self {
        let database = match engine {
            Engine::Sqlite => None,
            Engine::Postgres => Some(OwnDatabase::create().await),
        };
        let own = database.as_ref().map(|own| own.url.clone());
        let url = own.unwrap_or_else(|| "sqlite://letterpress.db".to_owned());
        let service = tokio::task::spawn_blocking(move || {
            Service::with_people(&Setup {
                connections,
                database: &url,
                ..Setup::plain(25, PEOPLE)
            })
        });
        Self {
            service: service.await.unwrap(),
            database,
            connections,
        }
    }

    async fn try_point(&self, point: (&'static str, During, bool)) {
        let sink = Sink::start(Duration::from_millis(5)).await;
        let copy = match &self.database {
            Some(own) => Some(own.copy().await),
            None => None,
        };
        let mut overrides = vec![
            ("LETTERPRESS__MAIL__SMTP__PORT", sink.port().to_string()),
            ("LETTERPRESS__MAIL__UNKNOWN_DELAY", "0".to_owned()),
        ];
        if point.1 == During::Refused {
            overrides.push(("LETTERPRESS_TEST_FAIL", point.0.to_owned()));
        }
        overrides.extend(copy.as_ref().map(|own| ("LETTERPRESS__DATABASE__URL", own.url.clone())));
        let service = self.service.copy_with(overrides);
        let (is_copy, connections) = (copy.is_some(), self.connections);
        let tried = tokio::task::spawn_blocking(move || {
            if is_copy {
                service.run(&["resume", "--after-restore", "--continue", "--since", "1970-01-01"]);
            }
            trial(&service, &sink, connections, point);
        });
        tried.await.unwrap();
        if let Some(own) = copy {
            own.drop().await;
        }
    }
}

/// Every point in turn, on copies of one installation.
async fn die_everywhere(engine: Engine, connections: usize) {
    if !engines().contains(&engine) {
        return;
    }
    let template = Template::new(engine, connections).await;
    // Neither composing nor a single notice cares how many connections there are.
    let is_tried = |during| connections == 1 || !matches!(during, During::Compose | During::Notice);
    let points = POINTS.iter().filter(|(_, during, _)| is_tried(*during));
    let tried = futures_util::stream::iter(points).for_each_concurrent(AT_ONCE, |point| template.try_point(*point));
    tried.await;
    if let Some(own) = template.database {
        own.drop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_at_any_point_loses_nobody_with_one_connection() {
    die_everywhere(Engine::Sqlite, 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_at_any_point_loses_nobody_with_eight_connections() {
    die_everywhere(Engine::Sqlite, 8).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_at_any_point_loses_nobody_on_postgres_with_one_connection() {
    die_everywhere(Engine::Postgres, 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_at_any_point_loses_nobody_on_postgres_with_eight_connections() {
    die_everywhere(Engine::Postgres, 8).await;
}
