//! `dkim new`: a key that signs letters, and what is to be published for it.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use chrono::{DateTime, Utc};
use clap::{Args, Subcommand};
use serde::Serialize;

use super::Session;
use super::output::{json, line};
use crate::app::SystemClock;
use crate::model::clock::Clock;
use crate::model::signing_key::{Algorithm, SigningKey};

/// `dkim`
#[derive(Debug, Subcommand)]
pub(super) enum Dkim {
    /// Make a key that signs letters, and print the record to publish
    New(New),
}

/// `dkim new`
#[derive(Debug, Args)]
#[command(
    after_help = "Writes dkim-SELECTOR.pem beside the config (mode 0600) and never overwrites one.\n\n\
                  To change keys later: make one under a new selector, publish it, wait until `letterpress doctor` sees it, then \
                  switch the config over; leave the old record in place for a week.\n\n\
                  Examples:\n  \
                  letterpress dkim new\n  \
                  letterpress dkim new --selector spring2027 --ed25519"
)]
pub(super) struct New {
    /// The name of the key in the DNS [default: lp and the month]
    #[arg(long, value_name = "NAME", value_parser = selector)]
    selector: Option<String>,
    /// An Ed25519 key, for a second signature beside the RSA one
    #[arg(long)]
    ed25519: bool,
    /// The domain that signs [default: that of mail.from]
    #[arg(long)]
    domain: Option<String>,
}

/// What was made, for scripts.
#[derive(Debug, Serialize)]
struct Made {
    file: PathBuf,
    selector: String,
    domain: String,
    /// Name of the TXT record.
    name: String,
    /// Its value in one piece, as web panels want it.
    value: String,
    /// The line of a zone file, in strings of at most 255 octets.
    zone: String,
    /// The lines of the config.
    config: String,
}

/// Labels of letters, digits and hyphens (RFC 6376 §3.1).
fn selector(text: &str) -> Result<String, String> {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    if text.len() <= 100 && text.split('.').all(is_label) {
        Ok(text.to_ascii_lowercase())
    } else {
        Err("write letters, digits and hyphens, such as lp202701".to_owned())
    }
}

impl Dkim {
    pub(super) fn run(self, session: &Session) -> anyhow::Result<()> {
        let Self::New(new) = self;
        let made = new.make(session, SystemClock.now())?;
        if session.json {
            return json(&made);
        }
        line(&told(&made))
    }
}

impl New {
    /// Where the key goes, and the domain of the sender. A config that already names the key that is about to be made
    /// cannot be used yet; with `--domain` it need not be.
    fn surroundings(&self, session: &Session) -> anyhow::Result<(PathBuf, String)> {
        match session.settings() {
            Ok(settings) => Ok((settings.base, settings.mail.from.address.domain().to_owned())),
            Err(problems) => match (&self.domain, &session.config) {
                (Some(domain), Some(file)) => {
                    let folder = file.parent().unwrap_or(Path::new("")).to_owned();
                    Ok((folder, domain.clone()))
                }
                _ => Err(problems.into()),
            },
        }
    }

    fn make(self, session: &Session, now: DateTime<Utc>) -> anyhow::Result<Made> {
        let (base, sender) = self.surroundings(session)?;
        let domain = self.domain.as_deref().unwrap_or(&sender).to_ascii_lowercase();
        if domain.ends_with(".invalid") {
            bail!("make a key: no domain is known; write `mail.from` into the config, or say `--domain`");
        }
        let suffix = if self.ed25519 { "e" } else { "" };
        let selector = self
            .selector
            .unwrap_or_else(|| format!("lp{}{suffix}", now.format("%Y%m")));
        let file = base.join(format!("dkim-{selector}.pem"));
        let algorithm = if self.ed25519 {
            Algorithm::Ed25519
        } else {
            Algorithm::Rsa
        };
        let (key, pem) = SigningKey::generate(algorithm).context("make a key")?;
        write_new(&file, &pem).with_context(|| {
            format!(
                "write {}; a key that is there is never overwritten: choose another `--selector`",
                file.display()
            )
        })?;
        let value = key.record().context("write the record")?;
        let name = format!("{selector}._domainkey.{domain}");
        Ok(Made {
            zone: zone_line(&name, &value),
            config: config_lines(
                (&selector, &file),
                algorithm,
                Some(&domain).filter(|own| **own != sender),
            ),
            file,
            selector,
            domain,
            name,
            value,
        })
    }
}

/// Private from its first byte on, and whole or not there.
fn write_new(file: &Path, text: &str) -> std::io::Result<()> {
    let mut made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(file)?;
    made.write_all(text.as_bytes())
        .and_then(|()| made.sync_all())
        .inspect_err(|_| drop(std::fs::remove_file(file)))
}

fn config_lines((selector, file): (&str, &Path), algorithm: Algorithm, domain: Option<&String>) -> String {
    let section = match algorithm {
        Algorithm::Rsa => "mail.dkim",
        Algorithm::Ed25519 => "mail.dkim.ed25519",
    };
    let name = file.file_name().unwrap_or(file.as_os_str()).to_string_lossy();
    let mut lines = format!("[{section}]\nselector = \"{selector}\"\nkey_file = \"{name}\"\n");
    if let Some(domain) = domain.filter(|_| algorithm == Algorithm::Rsa) {
        lines.push_str(&format!("domain = \"{domain}\"\n"));
    }
    lines
}

/// One string of a TXT record has at most 255 octets; readers join them (RFC 6376 §3.6.2.2).
fn zone_line(name: &str, value: &str) -> String {
    let strings: Vec<String> = value
        .as_bytes()
        .chunks(255)
        .map(|piece| format!("\"{}\"", String::from_utf8_lossy(piece)))
        .collect();
    format!("{name}. IN TXT ( {} )", strings.join(" "))
}

fn told(made: &Made) -> String {
    let Made {
        file,
        name,
        value,
        zone,
        config,
        ..
    } = made;
    format!(
        "The private key is in {}. Keep it to yourself, and keep a copy.\n\n\
         1. Publish a TXT record.\n\n\
         Name, for a web panel (some add the domain by themselves):\n{name}\n\n\
         Value:\n{value}\n\n\
         Or as a line of a zone file:\n{zone}\n\n\
         2. Wait until `letterpress doctor` finds it.\n\n\
         3. Write into the config:\n\n{config}\n\
         From then on every letter is signed.",
        file.display()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_record_is_cut_into_strings_that_name_servers_take() {
        let value = format!("v=DKIM1; k=rsa; p={}", "A".repeat(392));
        let line = zone_line("lp._domainkey.example.org", &value);
        assert!(line.starts_with("lp._domainkey.example.org. IN TXT ( \"v=DKIM1;"));
        let strings: Vec<_> = line.split('"').skip(1).step_by(2).collect();
        assert!(strings.iter().all(|piece| piece.len() <= 255));
        assert_eq!(strings.concat(), value);
    }

    #[test]
    fn a_selector_is_a_name_that_can_be_published() {
        for good in ["lp202611", "a", "s1.mail", "A-b"] {
            assert!(selector(good).is_ok(), "{good}");
        }
        for bad in ["", "a b", "-a", "a.", "ü", "a_b"] {
            assert!(selector(bad).is_err(), "{bad}");
        }
    }
}
