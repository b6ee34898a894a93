//! Whether this copy of the database may mail: a ledger that is older than what happened would mail again
//! (`delivery.md` 16).

use std::net::IpAddr;
use std::sync::PoisonError;

use url::{Host, Url};

use super::App;
use crate::config::{Cadence, Settings};
use crate::model::clock::{from_micros, micros, mint_ulid, to_micros};
use crate::model::hold::{Hold, Remembered, judge};
use crate::model::schedule;
use crate::model::watchdog::{Doubt, Reading};
use crate::store::instance::{self, Instance};
use crate::store::{Conn, Engine, StoreError, occurrences};

/// After a release, nodes that have seen a little more than this place are not alarmed again.
const RISE: i64 = 1_000;

impl App {
    /// Why nothing may be composed or sent now, and since when: what people ask for afterwards goes on.
    pub async fn held(&self, conn: &mut Conn) -> Result<Option<(Hold, i64)>, StoreError> {
        // In this order: the memory is written after the database, so that it never looks too new.
        let memory = self.place.remembered();
        let Some(row) = instance::one(conn).await? else {
            return Ok(None);
        };
        let held = match row.held {
            Some(held) => Some(held),
            None => self
                .judge(conn, &row, memory.as_ref())
                .await?
                .map(|hold| (hold, row.beat_at)),
        };
        self.note_held(held.map(|(hold, _)| hold));
        Ok(held)
    }

    async fn judge(
        &self,
        conn: &mut Conn,
        row: &Instance,
        memory: Option<&Remembered>,
    ) -> Result<Option<Hold>, StoreError> {
        let identity = identity(&self.settings(), conn).await?;
        let in_a_file = conn.engine() == Engine::Sqlite;
        Ok(judge(&row.known, &identity, memory, in_a_file))
    }

    /// At the start of a process: gives a new database its row and its place, and looks whether an old state came back.
    pub(super) async fn settle_in(&self) -> Result<(), super::AppError> {
        let memory = self.place.remembered();
        let mut conn = self.database.read().await?;
        let now = conn.shared_time(to_micros(self.clock.now())).await?;
        let row = if let Some(row) = instance::one(&mut conn).await? {
            row
        } else {
            drop(conn);
            let row = self.register(now).await?;
            conn = self.database.read().await?;
            row
        };
        let judged = self.judge(&mut conn, &row, memory.as_ref()).await?;
        if judged.is_none() && memory.is_none() {
            self.place.remember(&remembered(&row))?;
        }
        // These two are facts about the database, whoever finds them; the others are about this place alone.
        let came_back = match judged {
            Some(Hold::Older) => Some(Hold::Older),
            None if self.slept(&mut conn, &row, now).await? => Some(Hold::Asleep),
            _ => None,
        };
        drop(conn);
        if let (Some(hold), None) = (came_back, row.held) {
            let mut conn = self.database.begin().await?;
            instance::hold(&mut conn, hold, now).await?;
            conn.commit().await?;
        }
        let held = row.held.map(|(hold, _)| hold).or(came_back).or(judged);
        if let Some(hold) = held {
            tracing::warn!(reason = hold.word(), "mail is on hold: {hold}");
        }
        self.note_held(held);
        Ok(())
    }

    async fn register(&self, now: i64) -> Result<Instance, StoreError> {
        let id = mint_ulid(&*self.clock, &*self.chance);
        let mut conn = self.database.begin().await?;
        let identity = identity(&self.settings(), &mut conn).await?;
        instance::create(&mut conn, &id, &identity, now).await?;
        let row = instance::one(&mut conn).await?;
        conn.commit().await?;
        row.ok_or(StoreError::Corrupt {
            what: "instance",
            value: "no row".to_owned(),
        })
    }

    /// Whether the last process vanished long ago in the middle of something: an issue, or before an occurrence.
    async fn slept(&self, conn: &mut Conn, row: &Instance, now: i64) -> Result<bool, StoreError> {
        let settings = self.settings();
        if now - row.beat_at <= micros(settings.mail.resurrection_guard) || instance::ended_in_order(conn).await? {
            return Ok(false);
        }
        let fell_due = settings.newsletters.iter().any(|newsletter| {
            newsletter.schedules.iter().any(|schedule| match &schedule.cadence {
                Cadence::Cron(rule) => {
                    let (from, to) = (from_micros(row.beat_at), from_micros(now));
                    let passed = schedule::occurrences(rule, newsletter.time_zone, from, to);
                    passed.iter().any(schedule::Occurrence::fires)
                }
                Cadence::Instant => false,
            })
        });
        Ok(fell_due || instance::is_at_work(conn).await?)
    }

    /// Looks at the clocks; says why nothing may be decided by them now. Each turn of the fire loop is one look.
    pub async fn watch_clock(&self, conn: &mut Conn) -> Result<Option<Doubt>, StoreError> {
        let wall = to_micros(self.clock.now());
        let server = match conn.engine() {
            Engine::Postgres if self.clock.is_real() => Some(conn.shared_time(wall).await?),
            _ => None,
        };
        let newest = occurrences::newest_decision(conn).await?;
        let boot = micros(self.clock.since_boot());
        let mut dog = self.watchdog.lock().unwrap_or_else(PoisonError::into_inner);
        let before = dog.doubt();
        let doubt = dog.look(Reading {
            wall,
            boot,
            server,
            newest,
        });
        match doubt {
            Some(doubt) if before != Some(doubt) => {
                tracing::error!("nothing is composed or sent: {}", doubt.because());
            }
            None if before.is_some() => tracing::info!("the clock is believed again"),
            _ => {}
        }
        Ok(doubt)
    }

    /// Remembers an epoch that was committed. A memory that lags is no harm, so a failure is only logged.
    pub fn remember(&self, epoch: i64) {
        let Some(memory) = self.place.remembered() else { return };
        if let Err(error) = self.place.remember(&Remembered { epoch, ..memory }) {
            tracing::warn!(%error, "the place file was not written");
        }
    }

    /// In the transaction of a person who has looked: this place owns the database from now on. What is returned has to
    /// be remembered with [`App::adopt`] after the commit.
    pub async fn release(&self, conn: &mut Conn, now: i64) -> Result<Remembered, StoreError> {
        let seen = self.place.remembered().map_or(0, |memory| memory.epoch);
        let identity = identity(&self.settings(), conn).await?;
        let epoch = instance::release(conn, &identity, (seen, RISE), now).await?;
        let row = instance::one(conn).await?;
        Ok(Remembered {
            instance_id: row.map(|row| row.known.instance_id).unwrap_or_default(),
            epoch,
        })
    }

    /// The place remembers what [`App::release`] returned.
    pub fn adopt(&self, memory: &Remembered) -> Result<(), super::place::PlaceError> {
        self.place.remember(memory)?;
        self.note_held(None);
        Ok(())
    }
}

fn remembered(row: &Instance) -> Remembered {
    Remembered {
        instance_id: row.known.instance_id.clone(),
        epoch: row.known.epoch,
    }
}

/// Whom a database works for: the public address, and on a server which database that is. An address of this machine
/// only is nobody's, so that trying things out on another port asks nothing.
async fn identity(settings: &Settings, conn: &mut Conn) -> Result<String, StoreError> {
    let public = public_name(&settings.http.public_url);
    let server = instance::server(conn).await?;
    Ok(format!("{public} {server}").trim_end().to_owned())
}

fn public_name(url: &Url) -> String {
    let is_here = match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => IpAddr::V4(address).is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::V6(address).is_loopback(),
        None => true,
    };
    if is_here {
        "loopback".to_owned()
    } else {
        format!(
            "{}{}",
            url.origin().ascii_serialization(),
            url.path().trim_end_matches('/')
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_author_who_tries_things_out_on_another_port_is_asked_nothing() {
        let name = |url: &str| public_name(&Url::parse(url).unwrap());
        assert_eq!(name("http://127.0.0.1:8080/"), name("http://localhost:9090/"));
        assert_eq!(name("https://letters.example.org/"), "https://letters.example.org");
        assert_ne!(name("https://example.org/a/"), name("https://example.org/b/"));
    }
}
