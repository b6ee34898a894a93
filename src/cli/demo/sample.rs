//! The demo's config and its subscribers.

use std::path::{Path, PathBuf};

use anyhow::Context;

/// Who gets letters: every cadence, and one person who has not confirmed yet.
pub(super) const PEOPLE: &str = "\
email,name,status,newsletter,schedule,topics
at-once@example.org,,active,notes,instant,
also-at-once@example.org,,active,notes,instant,
weekly@example.org,,active,notes,weekly,
also-weekly@example.org,,active,notes,weekly,
monthly@example.org,,active,notes,monthly,
undecided@example.org,,pending,notes,weekly,
";

/// The port in a config that an earlier run left: links in its letters lead there.
pub(super) fn port_of(dir: &Path) -> Option<u16> {
    let text = std::fs::read_to_string(dir.join("letterpress.toml")).ok()?;
    let address = text
        .lines()
        .find_map(|line| line.strip_prefix("listen = \"127.0.0.1:"))?;
    address.trim_end_matches('"').parse().ok()
}

/// Writes `letterpress.toml`, unless there is one: then the demo carries on with it.
pub(super) fn write_config(dir: &Path, port: u16) -> anyhow::Result<PathBuf> {
    let file = dir.join("letterpress.toml");
    if !file.exists() {
        std::fs::write(&file, CONFIG.replace("{{port}}", &port.to_string()))
            .with_context(|| format!("write {}", file.display()))?;
    }
    Ok(file)
}

const CONFIG: &str = r#"# The demo's config: letters go into a folder, nothing leaves this machine.
[site]
title = "Workshop Notes"
description = "On keeping a newsletter."
url = "https://example.org"
language = "en"
author = { name = "A. Author", email = "author@example.org", note = "Writes about letters, feeds and the people who read them." }

[[sources]]
kind = "folder"
path = "content"
permalink = "/notes/:slug/"
baseline = "mail"                      # the demo mails what it finds at first; a real site never does

[[newsletters]]
id = "notes"
name = "Workshop Notes"
description = "Everything new about keeping a newsletter."
time_zone = "UTC"
[[newsletters.schedules]]
id = "instant"
name = "At once"
settle = "0s"                          # no waiting in a demo; give yourself 20m to correct mistakes
[[newsletters.schedules]]
id = "weekly"
name = "Weekly"
cron = "0 8 * * MON"
settle = "0s"
default = true
[[newsletters.schedules]]
id = "monthly"
name = "Monthly"
cron = "0 8 1 * *"
settle = "0s"

[mail]
from = "Workshop Notes <notes@example.org>"
transport = "outbox"
outbox = "outbox"

[database]
url = "sqlite://letterpress.db"

[http]
listen = "127.0.0.1:{{port}}"
public_url = "http://127.0.0.1:{{port}}"
"#;
