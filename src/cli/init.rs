//! `init DIR`: everything that an author edits, commented.

use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Args;

use super::output::line;
use crate::template::Templates;

/// The commented example of the repository, which a test holds against the settings.
const CONFIG: &str = include_str!("../../config/letterpress.toml");
const ARTICLE: &str = "\
---
title: A first article
date: 2026-01-15
category: Notes
tags: [beginnings]
summary: What stands here appears in feeds and below the subject of a letter.
---

Write in Markdown. Save the file, and within a second it is in the feeds.

Articles that are here before the first scan go into the feeds and are not mailed; whatever you add afterwards is news.
";

/// `init`
#[derive(Debug, Args)]
pub(super) struct Init {
    /// The folder; it may exist, but nothing in it is overwritten
    dir: PathBuf,
}

impl Init {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let dir = &self.dir;
        write(&dir.join("letterpress.toml"), &first_config())?;
        write(&dir.join("content/a-first-article.md"), ARTICLE)?;
        for (path, text) in Templates::defaults() {
            write(&dir.join("templates").join(path), &text)?;
        }
        let shown = dir.display();
        line(&format!(
            "Wrote {shown}/letterpress.toml, a sample article and the templates.\n\
             Next: edit letterpress.toml, then run\n  \
             letterpress --config {shown}/letterpress.toml check\n  \
             letterpress --config {shown}/letterpress.toml articles scan\n\
             Remove templates that you do not want to change: the built-in ones take their place."
        ))
    }
}

/// The example, with letters going into a folder until a relay is filled in.
fn first_config() -> String {
    CONFIG
        .replace("transport = \"smtp\"  ", "transport = \"outbox\"")
        .replace("\nusername = ", "\n# username = ")
        .replace("\npassword_file = ", "\n# password_file = ")
}

/// Writes a file that must not be there yet.
fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).with_context(|| format!("make the folder {}", folder.display()))?;
    }
    let file = std::fs::OpenOptions::new().write(true).create_new(true).open(path);
    let mut file = match file {
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            anyhow::bail!(
                "write {}: it is there already; choose another folder or move it away",
                path.display()
            )
        }
        file => file.with_context(|| format!("write {}", path.display()))?,
    };
    std::io::Write::write_all(&mut file, text.as_bytes()).with_context(|| format!("write {}", path.display()))
}
