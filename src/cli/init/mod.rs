//! `init DIR`: everything that an author edits, commented.

mod from_site;

use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Args;

use super::output::line;
use crate::template::Templates;

/// The commented example of the repository, which a test holds against the settings, and the article beside it.
const CONFIG: &str = include_str!("../../../config/letterpress.toml");
const ARTICLE: &str = include_str!("../../../config/content/a-first-article.md");

/// `init`
#[derive(Debug, Args)]
#[command(
    after_help = "With --from the folder of a site is looked at: its generator (Hugo, Zola, Jekyll, Hexo, Eleventy, Astro, \
                  Pelican, Next.js, Gatsby, Docusaurus, or none) and the generator's own config say where the articles are and \
                  how their addresses are made. Nothing in that folder is changed, and nothing of it is run.\n\n\
                  Examples:\n  letterpress init press\n  letterpress init press --from ~/sites/notes\n  \
                  letterpress --config press/letterpress.toml check"
)]
pub(super) struct Init {
    /// The folder; it may exist, but nothing in it is overwritten
    dir: PathBuf,
    /// The folder of a site whose articles are to be published
    #[arg(long, value_name = "SITE_FOLDER")]
    from: Option<PathBuf>,
}

impl Init {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let dir = &self.dir;
        let mut found = self
            .from
            .as_deref()
            .map(|site| from_site::look(site, dir))
            .transpose()?;
        let config = match &mut found {
            Some(found) => found.config(&first_config())?,
            None => first_config(),
        };
        write(&dir.join("letterpress.toml"), &config)?;
        if found.is_none() {
            write(&dir.join("content/a-first-article.md"), ARTICLE)?;
        }
        for (path, text) in Templates::defaults() {
            write(&dir.join("templates").join(path), &text)?;
        }
        let shown = dir.display();
        let what = match &found {
            Some(found) => {
                found.say()?;
                format!("Wrote {shown}/letterpress.toml and the templates.")
            }
            None => format!("Wrote {shown}/letterpress.toml, a sample article and the templates."),
        };
        line(&format!(
            "{what}\n\
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
