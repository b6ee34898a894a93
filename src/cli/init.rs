//! `init DIR`: everything that an author edits, commented.

use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Args;

use super::output::line;
use crate::template::Templates;

/// The commented example of the repository, which a test holds against the settings, and the article beside it.
const CONFIG: &str = include_str!("../../config/letterpress.toml");
const ARTICLE: &str = include_str!("../../config/content/a-first-article.md");

/// `init`
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  letterpress init press\n  letterpress --config press/letterpress.toml check")]
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

/// The example, with the folder of templates that is written beside it.
fn first_config() -> String {
    CONFIG.replacen("\n#dir = \"templates\"", "\ndir = \"templates\" ", 1)
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
