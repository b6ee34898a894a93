//! The real tables of one issue, changed by the statements that the service uses.

use letterpress::model::subscriber::{self, Suppressed};
use letterpress::store::chunks::{self, Chunk};
use letterpress::store::deliveries::{self, Attempt, Entry, Settled, Which};
use letterpress::store::issues::{self, Issue};
use letterpress::store::nodes::{self, NewNode};
use letterpress::store::subscriptions::{self, Subscription};
use letterpress::store::suppressions::{self, Suppression};
use letterpress::store::{Conn, Database};

use super::step::{Begun, CHUNKS, Ended, PEOPLE, Step};

const HOUR: i64 = 3_600_000_000;

/// The real tables of one issue.
pub(super) struct Tables<'a> {
    pub(super) database: &'a Database,
    pub(super) issue: String,
}

impl Tables<'_> {
    pub(super) async fn open(&self, now: i64) {
        let mut conn = self.database.begin().await.unwrap();
        let issue = Issue {
            id: self.issue.clone(),
            newsletter_id: "notes".to_owned(),
            schedule_id: "weekly".to_owned(),
            occurrence: self.issue.clone(),
            due_at: now,
            created_at: now,
            state: "preparing".to_owned(),
            pause_reason: None,
            candidates: 0,
            finished_at: None,
        };
        issues::insert(&mut conn, &issue, "").await.unwrap();
        issues::set_candidates(&mut conn, &self.issue, PEOPLE).await.unwrap();
        issues::start_sending(&mut conn, &self.issue, "{}").await.unwrap();
        for (number, lo, hi) in CHUNKS {
            let rows: Vec<(i64, i64)> = (lo..=hi).map(|who| (who, 1)).collect();
            deliveries::insert(&mut conn, &self.issue, &rows, now).await.unwrap();
            chunks::insert(&mut conn, &self.chunk(number, lo, hi), now)
                .await
                .unwrap();
        }
        for who in 1..=PEOPLE {
            choose(&mut conn, who, true, None).await;
            lift(&mut conn, who).await;
        }
        conn.commit().await.unwrap();
    }

    /// No later history meets this one's chunks.
    pub(super) async fn close(&self) {
        let mut conn = self.database.begin().await.unwrap();
        issues::change_state(&mut conn, &self.issue, ("sending", "cancelled"), None, None)
            .await
            .unwrap();
        conn.commit().await.unwrap();
    }

    fn chunk(&self, chunk_no: i64, lo: i64, hi: i64) -> Chunk {
        Chunk {
            issue_id: self.issue.clone(),
            chunk_no,
            lo,
            hi,
        }
    }

    /// As `deliver` does it: what was deferred before a cancelled issue's chunk comes back is cancelled, too.
    async fn give_back(&self, conn: &mut Conn, chunk: &Chunk, owner: i64, now: i64) -> bool {
        let issue = issues::one(conn, &self.issue).await.unwrap().unwrap();
        if issue.state == "cancelled" {
            deliveries::cancel(conn, &self.issue, "cancelled", now).await.unwrap();
        }
        chunks::release(conn, chunk, owner).await.unwrap()
    }

    async fn by_hand(&self, conn: &mut Conn, changed: u64, now: i64) -> Vec<i64> {
        if changed > 0 {
            chunks::reopen(conn, &self.issue, now).await.unwrap();
            chunks::recount(conn, &self.issue).await.unwrap();
            issues::change_state(conn, &self.issue, ("finished", "sending"), None, None)
                .await
                .unwrap();
        }
        vec![i64::try_from(changed).unwrap()]
    }

    pub(super) async fn step(&self, now: i64, step: &Step) -> Vec<i64> {
        let mut conn = self.database.begin().await.unwrap();
        let answer = self.run(&mut conn, now, step).await;
        conn.commit().await.unwrap();
        answer
    }

    async fn run(&self, conn: &mut Conn, now: i64, step: &Step) -> Vec<i64> {
        let one = |yes: bool| vec![i64::from(yes)];
        let id = self.issue.as_str();
        let which = |who: i64| Which::Of(vec![who]);
        match step {
            Step::Claim(owner, limit) => {
                let mut claimed = chunks::claim(conn, *owner, now, *limit).await.unwrap();
                claimed.sort_by_key(|chunk| chunk.chunk_no);
                claimed.into_iter().map(|chunk| chunk.chunk_no).collect()
            }
            Step::Release(owner, number) => {
                let (_, lo, hi) = CHUNKS[usize::try_from(number - 1).unwrap()];
                one(self.give_back(conn, &self.chunk(*number, lo, hi), *owner, now).await)
            }
            Step::TakeOver { here, dead, resend_at } => {
                let mut taken = chunks::take_over(conn, *here, *dead, now).await.unwrap();
                taken.sort_by_key(|chunk| chunk.chunk_no);
                let mut answers: Vec<i64> = taken.iter().map(|chunk| chunk.chunk_no).collect();
                for chunk in taken {
                    let orphans = deliveries::orphans_to_unknown(conn, &chunk, *dead, now, *resend_at).await;
                    answers.push(i64::try_from(orphans.unwrap()).unwrap());
                    self.give_back(conn, &chunk, *here, now).await;
                }
                answers
            }
            Step::Attempt(owner, group) => self.attempt(conn, now, *owner, group).await,
            Step::Settle(owner, group) => self.settle(conn, now, *owner, group).await,
            Step::Skip(who) => one(deliveries::skip(conn, id, *who, "unsubscribed", now).await.unwrap()),
            Step::Fail(who) => one(deliveries::fail(conn, (id, *who), "expired", "", now).await.unwrap()),
            Step::Postpone(who, until) => one(deliveries::postpone(conn, (id, *who), *until, now).await.unwrap()),
            Step::Turn(from, to) => one(issues::change_state(conn, id, (from, to), None, None).await.unwrap()),
            Step::Cancel => {
                for state in ["sending", "paused"] {
                    if issues::change_state(conn, id, (state, "cancelled"), None, None)
                        .await
                        .unwrap()
                    {
                        let skipped = deliveries::cancel(conn, id, "cancelled", now).await.unwrap();
                        chunks::recount(conn, id).await.unwrap();
                        return vec![1, i64::try_from(skipped).unwrap()];
                    }
                }
                one(false)
            }
            Step::Resend(who) => {
                let changed = deliveries::resend(conn, id, &which(*who), now).await.unwrap();
                self.by_hand(conn, changed, now).await
            }
            Step::Accept(who) => {
                let changed = deliveries::accept(conn, id, &which(*who), now).await.unwrap();
                self.by_hand(conn, changed, now).await
            }
            Step::Retry(who) => {
                let changed = deliveries::retry(conn, id, &which(*who), now).await.unwrap();
                self.by_hand(conn, changed, now).await
            }
            Step::Finish => one(issues::finish(conn, id, now).await.unwrap()),
            around => people_and_processes(conn, now, around).await,
        }
    }

    async fn attempt(&self, conn: &mut Conn, now: i64, owner: i64, group: &[Begun]) -> Vec<i64> {
        let entry = |(who, no, chunk, version): &Begun| {
            Entry::Begin(Attempt {
                issue_id: self.issue.clone(),
                subscriber_id: *who,
                attempt_no: *no,
                owner,
                now,
                chunk_no: *chunk,
                newsletter_id: "notes".to_owned(),
                address_version: *version,
            })
        };
        record(conn, &group.iter().map(entry).collect::<Vec<_>>()).await
    }

    async fn settle(&self, conn: &mut Conn, now: i64, owner: i64, group: &[Ended]) -> Vec<i64> {
        let entry = |(who, no, state, next_at, forget_first): &Ended| {
            Entry::Settle(Settled {
                issue_id: self.issue.clone(),
                subscriber_id: *who,
                attempt_no: *no,
                owner,
                state: state.word(),
                next_at: *next_at,
                now,
                attempted_at: now,
                code: Some("250 \"quoted\"".to_owned()),
                detail: None,
                forget_first: *forget_first,
            })
        };
        record(conn, &group.iter().map(entry).collect::<Vec<_>>()).await
    }

    pub(super) async fn rows(&self) -> Vec<String> {
        const ISSUE: &str = "SELECT 'issue ' || state FROM issues WHERE id = $1";
        const CHUNK: &str = "SELECT 'chunk ' || chunk_no || ' ' || state || ' ' || COALESCE(CAST(owner AS TEXT), '-') || ' ' || next_at || ' ' \
             || accepted || ' ' || failed || ' ' || skipped || ' ' || unknown FROM chunks WHERE issue_id = $1 ORDER BY chunk_no";
        const DELIVERY: &str = "SELECT 'delivery ' || subscriber_id || ' ' || state || ' ' || attempt_no || ' ' || deferrals || ' ' || unknowns \
             || ' ' || COALESCE(CAST(owner AS TEXT), '-') || ' ' || COALESCE(CAST(next_at AS TEXT), '-') || ' ' \
             || COALESCE(CAST(first_at AS TEXT), '-') FROM deliveries WHERE issue_id = $1 ORDER BY subscriber_id";
        let mut rows = Vec::new();
        for query in [ISSUE, CHUNK, DELIVERY] {
            let found: Vec<String> = match self.database {
                Database::Sqlite { read, .. } => sqlx::query_scalar(query).bind(&self.issue).fetch_all(read).await,
                Database::Postgres(server) => {
                    sqlx::query_scalar(query)
                        .bind(&self.issue)
                        .fetch_all(server.pool())
                        .await
                }
            }
            .unwrap();
            rows.extend(found);
        }
        rows
    }
}

async fn people_and_processes(conn: &mut Conn, now: i64, step: &Step) -> Vec<i64> {
    match step {
        Step::Start(node) => {
            let row = NewNode {
                name: "test".to_owned(),
                place_id: node.to_string(),
                boot_id: String::new(),
            };
            nodes::start(conn, *node, &row, now, now + 10 * HOUR).await.unwrap();
        }
        Step::Lease(node, lives) => {
            let until = if *lives { now + 10 * HOUR } else { now - 10 * HOUR };
            return vec![i64::from(nodes::beat(conn, *node, until, now).await.unwrap())];
        }
        Step::Stop(node) => nodes::stop(conn, *node, now).await.unwrap(),
        Step::Choose(who, active, rests_until) => choose(conn, *who, *active, *rests_until).await,
        Step::Suppress(who) => {
            let row = Suppression {
                address_key: key_of(*who),
                scope: "all".to_owned(),
                reason: Suppressed::Bounce.word().to_owned(),
                since: now,
                until: None,
                evidence: None,
            };
            suppressions::put(conn, &row).await.unwrap();
        }
        Step::Lift(who) => lift(conn, *who).await,
        other => unreachable!("{other:?} concerns the issue"),
    }
    Vec::new()
}

pub(super) fn key_of(who: i64) -> Vec<u8> {
    who.to_le_bytes().to_vec()
}

async fn choose(conn: &mut Conn, who: i64, active: bool, paused_until: Option<i64>) {
    let state = if active {
        subscriber::State::Active
    } else {
        subscriber::State::Unsubscribed
    };
    let row = Subscription {
        schedule_id: "weekly".to_owned(),
        paused_until,
        ..Subscription::begun(who, "notes", state, 0)
    };
    subscriptions::save(conn, &[row]).await.unwrap();
}

async fn lift(conn: &mut Conn, who: i64) {
    suppressions::lift(conn, &key_of(who), "all", Suppressed::Bounce)
        .await
        .unwrap();
}

/// Which of the entries changed their rows.
async fn record(conn: &mut Conn, entries: &[Entry]) -> Vec<i64> {
    let changed = deliveries::record(conn, &entries.iter().collect::<Vec<_>>())
        .await
        .unwrap();
    entries.iter().map(|entry| i64::from(changed.has(entry))).collect()
}
