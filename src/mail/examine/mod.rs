//! What receivers look at before they read a letter: names in the DNS, and the relay (`email.md` 7).
//!
//! Each look gives what was found, what is wanted and what to do. A lookup that fails is "not checked", never "wrong".

mod dkim;
mod dmarc;
mod dns;
mod spf;

use serde::Serialize;

pub use dns::{Dns, DnsError};

use super::imap::Mailbox;
use super::smtp::Smtp;
use crate::config::{ReturnTo, Settings, TransportKind};

/// How something stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// As it should be.
    Good,
    /// Works, and could be better.
    Warning,
    /// Letters will be refused or land among spam.
    Wrong,
    /// Nobody answered, or there is nothing to ask.
    NotChecked,
}

/// One look.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Examined {
    /// What was looked at.
    pub what: String,
    /// How it stands.
    pub standing: Standing,
    /// What was found.
    pub found: String,
    /// What to do; empty when nothing.
    pub remedy: String,
    /// The record to publish: name and value; empty when there is none to publish.
    pub record: String,
}

impl Examined {
    fn new(what: &str, standing: Standing, found: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            what: what.to_owned(),
            standing,
            found: found.into(),
            remedy: remedy.into(),
            record: String::new(),
        }
    }

    fn good(what: &str, found: impl Into<String>) -> Self {
        Self::new(what, Standing::Good, found, "")
    }

    fn not_checked(what: &str, error: &DnsError) -> Self {
        Self::new(
            what,
            Standing::NotChecked,
            error.to_string(),
            "run it again where names can be looked up",
        )
    }

    fn with_record(self, name: &str, value: &str) -> Self {
        Self {
            record: format!("{name} TXT {value}"),
            ..self
        }
    }
}

/// Providers of mailboxes: letters that claim to come from there are refused when somebody else sends them.
const FREE: &[&str] = &[
    "gmail.com",
    "googlemail.com",
    "yahoo.com",
    "ymail.com",
    "aol.com",
    "outlook.com",
    "hotmail.com",
    "live.com",
    "msn.com",
    "icloud.com",
    "me.com",
    "mac.com",
    "gmx.net",
    "gmx.de",
    "gmx.com",
    "web.de",
    "mail.ru",
    "yandex.ru",
    "yandex.com",
    "proton.me",
    "protonmail.com",
    "qq.com",
    "163.com",
    "126.com",
    "naver.com",
];

/// Looks at everything that stands in the DNS.
pub async fn names(settings: &Settings, dns: &Dns) -> Vec<Examined> {
    let from = settings.mail.from.address.domain();
    let back = match &settings.bounces.to {
        ReturnTo::Sender => from,
        ReturnTo::Domain(domain) => domain,
        ReturnTo::Mailbox(mailbox) => mailbox.domain(),
    };
    let mut all = vec![sender(from)];
    all.push(spf::look(dns, back).await);
    all.extend(dkim::look(dns, settings.mail.dkim.as_ref(), from).await);
    all.extend(dmarc::look(dns, from, back).await);
    all.push(mail_exchangers(dns, back).await);
    all
}

fn sender(from: &str) -> Examined {
    let what = "The sender's domain";
    if FREE.contains(&from) {
        let remedy = "write an address of a domain of your own into mail.from: its owner alone may send for this one";
        return Examined::new(
            what,
            Standing::Wrong,
            format!("{from} is a provider of mailboxes"),
            remedy,
        );
    }
    Examined::good(what, from)
}

async fn mail_exchangers(dns: &Dns, back: &str) -> Examined {
    let what = "Where letters come back to";
    match dns.mx(back).await {
        Err(error) => Examined::not_checked(what, &error),
        Ok(hosts) if hosts.is_empty() => Examined::new(
            what,
            Standing::Wrong,
            format!("{back} has no MX record"),
            format!("give {back} a mail server: receivers refuse letters that cannot come back"),
        ),
        Ok(hosts) => Examined::good(what, format!("{back}: {}", hosts.join(", "))),
    }
}

/// Opens the mailbox of returned letters, as the service does; `None` where there is none.
pub async fn returned(settings: &Settings) -> Option<Examined> {
    const WHAT: &str = "The mailbox of returned letters";
    let imap = settings.bounces.imap.as_ref()?;
    Some(match Mailbox::open(imap).await {
        Ok(mailbox) => {
            let found = format!(
                "{} at {} opens; {} mails wait in it",
                imap.folder,
                imap.host,
                mailbox.waiting()
            );
            mailbox.close().await;
            Examined::good(WHAT, found)
        }
        Err(error) => {
            let remedy = "check host, port, tls, username and password of `bounces.imap`, and the name of the folder";
            Examined::new(WHAT, Standing::Wrong, error.said(), remedy)
        }
    })
}

/// Opens a connection to each relay, logs in, and says goodbye.
pub async fn relays(settings: &Settings) -> Vec<Examined> {
    if settings.mail.transport != TransportKind::Smtp {
        return Vec::new();
    }
    let mut all = Vec::new();
    for relay in std::iter::once(&settings.mail.smtp).chain(&settings.mail.fallbacks) {
        let what = format!("The relay {}:{}", relay.host, relay.port);
        all.push(match Smtp::new(relay).connect().await {
            Ok(idle) => {
                let offers = idle.offers();
                idle.quit().await;
                let login = if relay.username.is_some() { "logged in; " } else { "" };
                Examined::good(&what, format!("{login}it offers {offers}"))
            }
            Err(verdict) => Examined::new(
                &what,
                Standing::Wrong,
                verdict.detail(),
                "see host, port, tls and login of [mail.smtp]",
            ),
        });
    }
    all
}
