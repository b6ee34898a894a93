//! `doctor`: what receivers and the relay will say, before a reader notices.

use std::net::SocketAddr;

use clap::Args;
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
    after_help = "Looks up what receivers look up (SPF, DKIM, DMARC, MX) and opens a connection to the relay; sends nothing.\n\
                  Exit code 1 when something is wrong; warnings and what could not be checked are exit code 0.\n\n\
                  Examples:\n  letterpress doctor\n  letterpress doctor --dns 9.9.9.9:53\n  letterpress doctor --json"
)]
pub(super) struct Doctor {
    /// The name server to ask [default: the system's]
    #[arg(long, value_name = "ADDRESS:PORT")]
    dns: Option<SocketAddr>,
}

impl Doctor {
    pub(super) async fn run(self, session: &Session) -> anyhow::Result<Code> {
        let settings = session.settings()?;
        let mut all = Vec::new();
        match Dns::new(self.dns) {
            Ok(dns) => all.extend(examine::names(&settings, &dns).await),
            Err(error) => all.push(unasked("The DNS", &error.to_string())),
        }
        all.extend(examine::relays(&settings).await);
        all.push(one_click(&settings));
        all.push(disk(&settings));
        all.push(clock(&settings).await);
        let code = Code::from(all.iter().any(|one| one.standing == Standing::Wrong));
        if session.json {
            json(&all)?;
        } else {
            say(&all)?;
        }
        Ok(code)
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

/// Whether people can leave by one click must be seen from outside; the address at least can be looked at here.
fn one_click(settings: &Settings) -> Examined {
    let address = settings.http.address("unsubscribe/TOKEN");
    let found = format!("{address} is not asked from here");
    let (standing, remedy) = if settings.http.public_url.scheme() == "https" {
        let remedy = "see from another machine that the sign-up page of http.public_url opens";
        (Standing::NotChecked, remedy)
    } else {
        let remedy = "write an https:// address into http.public_url: mail programs post to nothing else";
        (Standing::Wrong, remedy)
    };
    seen("Leaving by one click", standing, &found, remedy)
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
async fn clock(settings: &Settings) -> Examined {
    let what = "The clock";
    let app = match App::open(settings.clone()).await {
        Ok(app) => app,
        Err(error) => return unasked(what, &error.to_string()),
    };
    let now = app.clock.now().format("%Y-%m-%d %H:%M:%S UTC").to_string();
    let looked = async {
        let mut conn = app.database.read().await?;
        app.watch_clock(&mut conn).await
    };
    let looked = looked.await;
    app.database.close().await;
    match looked {
        Ok(None) => seen(what, Standing::Good, &now, ""),
        Ok(Some(doubt)) => {
            let found = format!("{now}: {}", doubt.because());
            let remedy = "set the clock (NTP); sending waits meanwhile";
            seen(what, Standing::Wrong, &found, remedy)
        }
        Err(error) => unasked(what, &error.to_string()),
    }
}
