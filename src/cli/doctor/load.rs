//! How many letters a large receiver gets from us in a day, and what it demands at that number (`email.md` 7).

use super::{seen, unasked};
use crate::app::App;
use crate::mail::examine::{Examined, Standing};
use crate::store::{StoreError, audience};

/// From so many letters a day a receiver applies its rules for senders in bulk.
const BULK: i64 = 5_000;

/// A receiver that publishes such rules, with the domains of its mailboxes and what it demands.
struct Receiver {
    name: &'static str,
    domains: &'static [&'static str],
    demands: &'static str,
}

const RECEIVERS: [Receiver; 3] = [
    Receiver {
        name: "Gmail",
        domains: &["gmail.com", "googlemail.com"],
        demands: "SPF and DKIM, DMARC that is aligned, TLS, leaving by one click, and fewer than 3 complaints in 1,000 letters",
    },
    Receiver {
        name: "Yahoo and AOL",
        domains: &[
            "yahoo.com",
            "ymail.com",
            "rocketmail.com",
            "aol.com",
            "yahoo.co.uk",
            "yahoo.fr",
            "yahoo.de",
        ],
        demands: "SPF and DKIM, DMARC that is aligned, leaving by one click, and fewer than 3 complaints in 1,000 letters",
    },
    Receiver {
        name: "Outlook.com",
        domains: &[
            "outlook.com",
            "hotmail.com",
            "live.com",
            "msn.com",
            "hotmail.co.uk",
            "hotmail.fr",
            "outlook.de",
        ],
        demands: "SPF and DKIM that both pass, DMARC that is aligned, and a way to leave that works and is seen",
    },
];

/// One look for each receiver that has mailboxes of ours.
pub(super) async fn look(app: &App) -> Vec<Examined> {
    let mut all = Vec::new();
    for receiver in &RECEIVERS {
        match count(app, receiver).await {
            Ok(0) => {}
            Ok(people) => all.push(said(receiver, people)),
            Err(error) => all.push(unasked(receiver.name, &error.to_string())),
        }
    }
    all
}

async fn count(app: &App, receiver: &Receiver) -> Result<i64, StoreError> {
    let mut conn = app.database.read().await?;
    let mut people = 0;
    for domain in receiver.domains {
        people += audience::at_domain(&mut conn, domain).await?;
    }
    Ok(people)
}

fn said(receiver: &Receiver, people: i64) -> Examined {
    let what = format!("Letters to {}", receiver.name);
    let found = match people {
        1 => "1 subscriber has a mailbox there".to_owned(),
        people => format!("{people} subscribers have a mailbox there"),
    };
    if people < BULK {
        return seen(&what, Standing::Good, &found, "");
    }
    let remedy = format!(
        "from {BULK} letters a day on it demands {}: let everything above be good, and spread an issue with mail.smtp.rate \
         where it refuses for its number",
        receiver.demands
    );
    seen(&what, Standing::Warning, &found, &remedy)
}
