//! `[bounces]`: where returned letters go, and where they are found.

use std::path::{Path, PathBuf};
use std::time::Duration;

use data_encoding::BASE64;
use secrecy::{ExposeSecret, SecretString};

use super::database::is_here;
use super::mail::{TLS, Tls, check_ca_file};
use super::problem::Wrong;
use super::secret::{Files, secret, warn_if_written_in_the_open};
use super::section::Section;
use super::value::{email, filled, host, list, one_of, path, some_time, whole};
use crate::model::address::{AddressError, EmailAddress};
use crate::model::provider::Provider;

/// `[bounces]`
#[derive(Debug, Clone)]
pub struct Bounces {
    /// Where returned letters go.
    pub to: ReturnTo,
    /// A Maildir that the mail of that address is delivered into, absolute; the service reads what is new in it.
    pub maildir: Option<PathBuf>,
    /// A mailbox on another machine that the mail of that address is delivered into.
    pub imap: Option<Imap>,
    /// Providers whose webhooks are believed, and why.
    pub hooks: Vec<Hook>,
}

/// `[bounces.imap]`
#[derive(Debug, Clone)]
pub struct Imap {
    /// Name or address of the server.
    pub host: String,
    /// Default by `tls`: 993, or 143.
    pub port: u16,
    /// How the password is kept secret; default implicit.
    pub tls: Tls,
    /// Login name.
    pub username: String,
    /// Password, from `password` or `password_file`.
    pub password: SecretString,
    /// The folder; default `INBOX`.
    pub folder: String,
    /// How often it is looked into; default 5 m.
    pub every: Duration,
    /// Certificates to trust beside the system's (PEM).
    pub ca_file: Option<PathBuf>,
}

/// `[bounces.PROVIDER]`
#[derive(Debug, Clone)]
pub struct Hook {
    /// Who tells, at `/hooks/bounces/PROVIDER`.
    pub provider: Provider,
    /// What makes it authentic.
    pub trust: HookTrust,
}

/// What makes a webhook authentic.
#[derive(Debug, Clone)]
pub enum HookTrust {
    /// A secret that only the two of us know, or the provider's public key.
    Secret(SecretString),
    /// Topics of SNS whose certificates are looked up.
    Topics(Vec<String>),
}

/// Where returned letters go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReturnTo {
    /// Back to `mail.from`: reports do not say whose letter it was.
    Sender,
    /// To a domain of their own, every address of which is ours: `b.WORD@DOMAIN`.
    Domain(String),
    /// To one mailbox that takes sub-addresses: `bounces+WORD@DOMAIN`.
    Mailbox(EmailAddress),
}

impl Bounces {
    /// The return path of a letter that is known by `word`.
    ///
    /// # Errors
    /// When the mailbox's name leaves no room for the word.
    pub fn return_path(&self, sender: &EmailAddress, word: &str) -> Result<EmailAddress, AddressError> {
        match &self.to {
            ReturnTo::Sender => Ok(sender.clone()),
            ReturnTo::Domain(domain) => EmailAddress::parse(&format!("b.{word}@{domain}")),
            ReturnTo::Mailbox(mailbox) => {
                EmailAddress::parse(&format!("{}+{word}@{}", mailbox.local_part(), mailbox.domain()))
            }
        }
    }

    /// A `mailto:` that ends a subscription when a mail program writes to it (RFC 8058 §3.1); `word` is the folded leave
    /// token. `None` where nobody reads such mail, or the word is longer than an address may be.
    pub fn leave_by_mail(&self, word: &str) -> Option<String> {
        match &self.to {
            ReturnTo::Sender => None,
            ReturnTo::Domain(domain) => {
                let address = format!("unsubscribe+{word}@{domain}");
                EmailAddress::parse(&address).ok().map(|_| format!("mailto:{address}"))
            }
            ReturnTo::Mailbox(mailbox) => Some(format!("mailto:{}?subject=unsubscribe%20{word}", mailbox.as_str())),
        }
    }
}

/// Longest local part that leaves room for `+` and a word in 64 octets.
const ROOM: usize = 64 - 39;

/// Reads `[bounces]`.
pub(super) fn read(mut section: Section<'_>, files: &Files<'_>) -> Bounces {
    if section.has("domain") && section.has("mailbox") {
        section.refuse("mailbox", Wrong::new("stands beside `domain`", "keep one of the two"));
    }
    let domain = section.get("domain", host).map(|domain| domain.to_ascii_lowercase());
    let mailbox = section.get("mailbox", |value| {
        let mailbox = email(value)?;
        if mailbox.local_part().len() > ROOM {
            let message =
                format!("has more than {ROOM} characters before the @, which leaves no room for whose letter it was");
            return Err(Wrong::new(
                message,
                "choose a shorter name, such as bounces@example.org",
            ));
        }
        Ok(mailbox)
    });
    let maildir = section.get("maildir", path(files.base));
    check_maildir(&section, maildir.as_deref());
    let imap = section
        .has("imap")
        .then(|| read_imap(section.section("imap"), files))
        .flatten();
    let hooks = Provider::ALL
        .into_iter()
        .filter_map(|provider| read_hook(&mut section, provider, files));
    let hooks = hooks.collect();
    section.close();
    Bounces {
        to: match (domain, mailbox) {
            (Some(domain), _) => ReturnTo::Domain(domain),
            (None, Some(mailbox)) => ReturnTo::Mailbox(mailbox),
            (None, None) => ReturnTo::Sender,
        },
        maildir,
        imap,
        hooks,
    }
}

/// The service goes on without it, and reads nothing.
fn check_maildir(section: &Section<'_>, folder: Option<&Path>) {
    let Some(folder) = folder.filter(|folder| !(folder.join("new").is_dir() && folder.join("cur").is_dir())) else {
        return;
    };
    let message = format!("there is no folder {} with `new` and `cur` in it", folder.display());
    let remedy = "write the path of a Maildir that your mail server delivers into, or make one";
    section.report("maildir", Wrong::new(message, remedy));
}

/// Reads `[bounces.imap]`; `None` when something is missing, which is noted.
fn read_imap(mut section: Section<'_>, files: &Files<'_>) -> Option<Imap> {
    let server = section.require(
        "host",
        "write the name of your mail server: `host = \"imap.example.org\"`",
        host,
    );
    let username = section.require("username", "write the name that the mailbox is opened with", filled);
    let password = secret(&mut section, "password", "password_file", files);
    warn_if_written_in_the_open(&section, "password", files);
    if password.is_none() && !section.has("password") && !section.has("password_file") {
        let remedy = "write `password_file = \"FILE\"` with the path of a file that holds the password";
        section.refuse("username", Wrong::new("stands without a password", remedy));
    }
    let tls = section.get("tls", one_of(TLS)).unwrap_or(Tls::Implicit);
    if tls == Tls::None && !server.as_deref().is_none_or(is_here) {
        let message = "sends the password in clear to another machine";
        let remedy = "write `tls = \"implicit\"` or `tls = \"starttls\"`";
        section.refuse("tls", Wrong::new(message, remedy));
    }
    let usual_port = if tls == Tls::Implicit { 993 } else { 143 };
    let ca_file = section.get("ca_file", path(files.base));
    check_ca_file(&section, ca_file.as_deref());
    let read = Imap {
        port: section.get("port", whole(1)).unwrap_or(usual_port),
        folder: section.get("folder", filled).unwrap_or_else(|| "INBOX".to_owned()),
        every: section.get("every", some_time).unwrap_or(Duration::from_mins(5)),
        host: server.unwrap_or_default(),
        username: username.unwrap_or_default(),
        password: password.unwrap_or_default(),
        tls,
        ca_file,
    };
    section.close();
    let is_whole = !read.host.is_empty() && !read.username.is_empty() && !read.password.expose_secret().is_empty();
    is_whole.then_some(read)
}

/// Reads `[bounces.PROVIDER]`; `None` when nothing in it says what to believe.
fn read_hook(section: &mut Section<'_>, provider: Provider, files: &Files<'_>) -> Option<Hook> {
    let is_given = section.has(provider.word());
    let mut own = section.section(provider.word());
    let says_how = ["topics", "public_key", "secret", "secret_file"]
        .iter()
        .any(|key| own.has(key));
    let trust = match provider {
        Provider::Ses => own.get("topics", list(filled)).map(HookTrust::Topics),
        Provider::SendGrid => own
            .get("public_key", filled)
            .map(|key| HookTrust::Secret(SecretString::from(key))),
        _ => {
            let secret = secret(&mut own, "secret", "secret_file", files);
            warn_if_written_in_the_open(&own, "secret", files);
            check_secret(&own, provider, secret.as_ref());
            secret.map(HookTrust::Secret)
        }
    };
    if is_given && !says_how {
        let remedy = match provider {
            Provider::Ses => "write the ARN of your topic: `topics = [\"arn:aws:sns:…\"]`",
            Provider::SendGrid => "write the verification key that SendGrid shows: `public_key = \"…\"`",
            _ => "write `secret_file = \"FILE\"` with the path of a file that holds the secret",
        };
        own.refuse("", Wrong::new("says not how its webhooks are known", remedy));
    }
    own.close();
    Some(Hook {
        provider,
        trust: trust?,
    })
}

/// The secret of Standard Webhooks is base64 after `whsec_`; the one for Postmark needs a name when it is a password.
fn check_secret(section: &Section<'_>, provider: Provider, secret: Option<&SecretString>) {
    let Some(secret) = secret.filter(|_| provider == Provider::Resend) else {
        return;
    };
    let text = secret.expose_secret();
    if BASE64
        .decode(text.strip_prefix("whsec_").unwrap_or(text).as_bytes())
        .is_err()
    {
        let wrong = Wrong::new(
            "is not the signing secret of a webhook",
            "copy it whole, it begins with `whsec_`",
        );
        section.refuse("secret", wrong);
    }
}
