//! `doctor`: what receivers and the relay will say, before a reader notices.

mod articles;
mod load;
mod proxies;
mod web;

use std::net::SocketAddr;

use clap::{Args, ValueEnum};
use rustix::fs::statvfs;

use super::output::{json, line};
use super::{Code, Session};
use crate::app::App;
use crate::config::Settings;
use crate::mail::examine::{self, Dns, Examined, Standing};

/// Free bytes below which a disk is nearly full: issues pause a little later.
const ROOM: u64 = 256 << 20;

/// `doctor`
#[derive(Debug, Args)]
#[command(
    after_help = "Looks up what receivers look up (SPF, DKIM, DMARC, MX), opens a connection to the relay, and opens the site, its \
                  feeds and the page of one-click leaving as their visitors would; sends nothing and changes nothing.\n\
                  Exit code 1 when something is wrong; warnings and what could not be checked are exit code 0.\n\n\
                  Examples:\n  letterpress doctor\n  letterpress doctor web\n  letterpress doctor names --dns 9.9.9.9:53\n  letterpress doctor --json"
)]
pub(super) struct Doctor {
    /// What to look at [default: everything]
    #[arg(value_enum, value_name = "PART")]
    parts: Vec<Part>,
    /// The name server to ask [default: the system's]
    #[arg(long, value_name = "ADDRESS:PORT")]
    dns: Option<SocketAddr>,
}

/// What can be looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// SPF, DKIM, DMARC, MX
    Names,
    /// The relay: certificate, login, what it can do; the mailbox of returned letters
    Relay,
    /// Disk and clock
    Machine,
    /// The site, the feeds, the page of one-click leaving
    Web,
    /// Letters to large receivers
    Load,
}

impl Doctor {
    fn wants(&self, part: Part) -> bool {
        self.parts.is_empty() || self.parts.contains(&part)
    }

    pub(super) async fn run(self, session: &Session) -> anyhow::Result<Code> {
        let settings = session.settings()?;
        let mut all = Vec::new();
        if self.wants(Part::Names) {
            match Dns::new(self.dns) {
                Ok(dns) => all.extend(examine::names(&settings, &dns).await),
                Err(error) => all.push(unasked("The DNS", &error.to_string())),
            }
        }
        if self.wants(Part::Relay) {
            all.extend(examine::relays(&settings).await);
            all.extend(examine::returned(&settings).await);
        }
        if self.wants(Part::Machine) {
            all.push(disk(&settings));
        }
        match App::open(settings.clone()).await {
            Ok(app) => {
                all.extend(self.service(&app).await);
                app.database.close().await;
            }
            Err(error) => all.push(unasked("The database", &error.to_string())),
        }
        let code = Code::from(all.iter().any(|one| one.standing == Standing::Wrong));
        if session.json {
            json(&all)?;
        } else {
            say(&all)?;
        }
        Ok(code)
    }

    /// What is looked at with the keys and the ledger at hand.
    async fn service(&self, app: &App) -> Vec<Examined> {
        let mut all = Vec::new();
        if self.wants(Part::Machine) {
            all.push(clock(app).await);
        }
        if self.wants(Part::Web) {
            all.extend(web::look(app).await);
            all.push(articles::look(app).await);
            all.extend(proxies::look(app).await);
        }
        if self.wants(Part::Load) {
            all.extend(load::look(app).await);
        }
        all
    }
}

fn say(all: &[Examined]) -> anyhow::Result<()> {
    for one in all {
        let word = match one.standing {
            Standing::Good => "good       ",
            Standing::Warning => "warning    ",
            Standing::Wrong => "WRONG      ",
            Standing::NotChecked => "not checked",
        };
        line(&format!("{word}  {}: {}", one.what, one.found))?;
        for (label, text) in [("do", &one.remedy), ("record", &one.record)] {
            if !text.is_empty() {
                line(&format!("             {label}: {text}"))?;
            }
        }
    }
    let wrong = all.iter().filter(|one| one.standing == Standing::Wrong).count();
    line(&match wrong {
        0 => "\nNothing is wrong.".to_owned(),
        1 => "\n1 thing is wrong.".to_owned(),
        count => format!("\n{count} things are wrong."),
    })
}

fn seen(what: &str, standing: Standing, found: &str, remedy: &str) -> Examined {
    Examined {
        what: what.to_owned(),
        standing,
        found: found.to_owned(),
        remedy: remedy.to_owned(),
        record: String::new(),
    }
}

fn unasked(what: &str, why: &str) -> Examined {
    seen(what, Standing::NotChecked, why, "")
}

fn disk(settings: &Settings) -> Examined {
    let what = "The disk";
    let folder = &settings.state.dir;
    let shown = folder.display();
    let place = if folder.exists() { folder } else { &settings.base };
    match statvfs(place) {
        Err(error) => unasked(what, &format!("{shown}: {error}")),
        Ok(room) => {
            let free = room.f_bavail.saturating_mul(room.f_frsize);
            let found = format!("{} MB are free under {shown}", free >> 20);
            if free < ROOM {
                let remedy = "make room: issues pause when the disk is full";
                seen(what, Standing::Wrong, &found, remedy)
            } else {
                seen(what, Standing::Good, &found, "")
            }
        }
    }
}

/// The clock as the ledger knows it: one that went back would send early or twice.
async fn clock(app: &App) -> Examined {
    let what = "The clock";
    let now = app.clock.now().format("%Y-%m-%d %H:%M:%S UTC").to_string();
    let looked = async {
        let mut conn = app.database.read().await?;
        app.watch_clock(&mut conn).await
    };
    match looked.await {
        Ok(None) => seen(what, Standing::Good, &now, ""),
        Ok(Some(doubt)) => {
            let found = format!("{now}: {}", doubt.because());
            let remedy = "set the clock (NTP); sending waits meanwhile";
            seen(what, Standing::Wrong, &found, remedy)
        }
        Err(error) => unasked(what, &error.to_string()),
    }
}
