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

fn unasked(what: &str, why: &str) -> Examined {
    Examined {
        what: what.to_owned(),
        standing: Standing::NotChecked,
        found: why.to_owned(),
        remedy: String::new(),
        record: String::new(),
    }
}

/// Whether people can leave by one click must be seen from outside; the address at least can be looked at here.
fn one_click(settings: &Settings) -> Examined {
    let address = settings.http.address("unsubscribe/TOKEN");
    let mut seen = unasked("Leaving by one click", &format!("{address} is not asked from here"));
    if settings.http.public_url.scheme() == "https" {
        seen.remedy = "see from another machine that the sign-up page of http.public_url opens".to_owned();
    } else {
        seen.standing = Standing::Wrong;
        seen.remedy = "write an https:// address into http.public_url: mail programs post to nothing else".to_owned();
    }
    seen
}

fn disk(settings: &Settings) -> Examined {
    let what = "The disk";
    let folder = &settings.state.dir;
    let shown = folder.display();
    let place = if folder.exists() {
        folder.as_path()
    } else {
        settings.base.as_path()
    };
    match statvfs(place) {
        Err(error) => unasked(what, &format!("{shown}: {error}")),
        Ok(found) => {
            let free = found.f_bavail.saturating_mul(found.f_frsize);
            let mut seen = unasked(what, &format!("{} MB are free under {shown}", free >> 20));
            seen.standing = if free < ROOM { Standing::Wrong } else { Standing::Good };
            if free < ROOM {
                seen.remedy = "make room: issues pause when the disk is full".to_owned();
            }
            seen
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
    let doubt = match looked {
        Ok(doubt) => doubt,
        Err(error) => return unasked(what, &error.to_string()),
    };
    let mut seen = unasked(what, &now);
    seen.standing = if doubt.is_some() {
        Standing::Wrong
    } else {
        Standing::Good
    };
    if let Some(doubt) = doubt {
        seen.found = format!("{now}: {}", doubt.because());
        seen.remedy = "set the clock (NTP); sending waits meanwhile".to_owned();
    }
    seen
}
