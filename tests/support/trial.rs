//! One issue sent through every kind of harm, and what must hold afterwards.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::Value;

use super::service::{Dice, Running, Service, Setup};
use super::sink::{Sink, Taken};

/// How an issue is sent through kills.
#[derive(Clone, Copy)]
pub(crate) struct Trial {
    /// For how many people.
    pub(crate) people: usize,
    /// How many processes are killed.
    pub(crate) kills: usize,
    /// Processes that send side by side.
    pub(crate) nodes: usize,
    /// Connections of each.
    pub(crate) connections: usize,
    /// How long the relay thinks about each letter.
    pub(crate) thinks: Duration,
    /// `on_unknown`.
    pub(crate) policy: &'static str,
    /// A dead node's lease, in seconds.
    pub(crate) lease: u64,
}

impl Trial {
    pub(crate) const fn of(people: usize, kills: usize) -> Self {
        Self {
            people,
            kills,
            nodes: 1,
            connections: 8,
            thinks: Duration::from_millis(15),
            policy: "resend",
            lease: 60,
        }
    }

    /// Copies that so many kills may cause.
    pub(crate) fn bound(&self, kills: usize) -> usize {
        kills * self.connections
    }
}

/// The state folder of a node.
pub(crate) fn place(node: usize) -> String {
    if node == 0 {
        "state".to_owned()
    } else {
        format!("state-{node}")
    }
}

/// What became of an issue.
pub(crate) struct Ended {
    /// As `issues list` shows it.
    pub(crate) issue: Value,
    /// Addresses of everyone whom `issues show` lists as doubtful.
    pub(crate) doubtful: BTreeSet<String>,
}

impl Ended {
    /// Waits for the end.
    pub(crate) fn of(service: &Service, patience: Duration) -> Self {
        let issue = service.wait_for_the_end(patience);
        service.run(&["fsck"]);
        let read = |arguments: &[&str]| -> Value { serde_json::from_str(&service.run(arguments)).unwrap() };
        let shown = read(&["issues", "show", issue["id"].as_str().unwrap(), "--json"]);
        let ids: BTreeSet<i64> = rows(&shown["unknowns"])
            .filter_map(|one| one["subscriber"].as_i64())
            .collect();
        let people = read(&["subscribers", "list", "--json"]);
        let doubtful = rows(&people)
            .filter(|person| person["id"].as_i64().is_some_and(|id| ids.contains(&id)))
            .map(|person| person["email"].as_str().unwrap().to_owned())
            .collect();
        Self { issue, doubtful }
    }
}

fn rows(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array().into_iter().flatten()
}

/// Starts the nodes, kills one after the other at moments that differ from turn to turn and starts it anew; then waits
/// for the end. Returns how many were killed and what became of the issue.
fn send_through_kills(service: &Service, trial: Trial) -> (usize, Ended) {
    let mut dice = Dice::new(0x2545_F491_4F6C_DD1D);
    let mut nodes: Vec<Option<Running>> = (0..trial.nodes)
        .map(|node| Some(service.serve_from(&place(node))))
        .collect();
    let mut killed = 0;
    while killed < trial.kills && (killed % 10 != 9 || service.issue()["state"] != "finished") {
        std::thread::sleep(Duration::from_millis((250 + dice.throw(500)) / trial.nodes as u64));
        let victim = usize::try_from(dice.throw(trial.nodes as u64)).unwrap();
        if let Some(node) = nodes[victim].take() {
            node.kill();
        }
        nodes[victim] = Some(service.serve_from(&place(victim)));
        killed += 1;
    }
    let patience = Duration::from_secs(180.max(trial.people as u64 / 100));
    (killed, Ended::of(service, patience))
}

/// What must hold after an issue was sent through `hits` that each broke off every connection of a process.
///
/// P1: who has no letter is listed as doubtful. With `resend` that takes two hits, each between the record of an attempt
/// and its dot; nobody gets a third attempt (`delivery.md` 12).
pub(crate) fn hold(taken: &Taken, trial: Trial, hits: usize, Ended { issue, doubtful }: &Ended) {
    let people = trial.people;
    let counts = &issue["counts"];
    let of = |name: &str| counts[name].as_u64().unwrap();
    assert_eq!(issue["state"], "finished", "{issue}");
    assert_eq!(of("candidates"), people as u64);
    assert_eq!(of("open"), 0, "{counts}");
    assert_eq!(of("accepted") + of("unknown"), people as u64, "{counts}");
    let without: BTreeSet<String> = (1..=people)
        .map(|n| format!("reader{n}@example.org"))
        .filter(|address| !taken.contains_key(address))
        .collect();
    let lost: Vec<&String> = without.difference(doubtful).collect();
    let copies: BTreeMap<usize, usize> = taken.values().fold(BTreeMap::new(), |mut by, ids| {
        *by.entry(ids.len()).or_default() += 1;
        by
    });
    let repeated: usize = taken.values().map(|ids| ids.len() - 1).sum();
    let alike = taken
        .values()
        .all(|ids| ids.iter().all(|id| *id == ids[0] && !id.is_empty()));
    assert!(alike, "a second copy has another Message-ID");
    println!(
        "{people} people, {hits} hits, {} node(s), {}: {} lost, {} got nothing, {repeated} repeated (bound {}), {} unknown",
        trial.nodes,
        trial.policy,
        lost.len(),
        without.len(),
        trial.bound(hits),
        of("unknown"),
    );
    assert!(lost.is_empty(), "nothing came to {lost:?}, and nobody is told so");
    assert_eq!(of("unknown"), doubtful.len() as u64);
    if trial.policy == "resend" {
        assert!(
            copies.keys().all(|copies| *copies <= 2),
            "copies for each person: {copies:?}"
        );
        assert!(repeated <= trial.bound(hits), "{repeated} repeated after {hits} hits");
    } else {
        assert_eq!(repeated, 0, "nobody asked for second copies");
        assert!(of("unknown") <= trial.bound(hits) as u64);
    }
}

/// An issue for the people of the trial, on a database, and a relay that takes note of every letter.
pub(crate) async fn prepare(database: &str, trial: Trial) -> (Sink, Service) {
    let sink = Sink::start(trial.thinks).await;
    let (relay, database) = (sink.port(), database.to_owned());
    let service = tokio::task::spawn_blocking(move || {
        Service::with_an_issue(&Setup {
            relay,
            connections: trial.connections,
            database: &database,
            people: trial.people,
            mail: &format!("on_unknown = \"{}\"", trial.policy),
            state: &format!("lease = \"{}s\"", trial.lease),
        })
    });
    (sink, service.await.unwrap())
}

pub(crate) async fn survive(database: &str, trial: Trial) {
    let (sink, service) = prepare(database, trial).await;
    let (killed, ended) = tokio::task::spawn_blocking(move || send_through_kills(&service, trial))
        .await
        .unwrap();
    hold(&sink.taken(), trial, killed, &ended);
}
