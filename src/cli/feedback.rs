//! `feedback`: what readers say about articles.

use clap::Subcommand;

use super::Session;
use super::output::{json, line, table};
use crate::feedback::{self, RatedArticle};

/// `feedback …`
#[derive(Debug, Subcommand)]
pub(super) enum Feedback {
    /// List the articles that readers rated, with what they wrote; the newest answer first
    #[command(
        after_help = "Examples:\n  letterpress feedback list\n  letterpress feedback list --json --article 01J7Q8G3Z5K6M7N8P9QRSTV000"
    )]
    List {
        /// Only about this article
        #[arg(long, value_name = "ID")]
        article: Option<String>,
        /// Only from letters of this issue
        #[arg(long, value_name = "ID")]
        issue: Option<String>,
    },
    /// Print a form for an article's page; it needs no script
    #[command(
        after_help = "Without an address the form holds ARTICLE_URL: put there what the theme of your site generator has for the \
                            address of a page.\n\nExamples:\n  letterpress feedback form https://example.org/posts/ink/\n  \
                            letterpress feedback form '{{ .Permalink }}'"
    )]
    Form {
        /// Address of the article, as `articles list` shows it
        #[arg(default_value = "ARTICLE_URL")]
        article: String,
    },
}

impl Feedback {
    pub(super) async fn run(self, session: &Session) -> anyhow::Result<()> {
        let app = session.open().await?;
        match self {
            Self::List { article, issue } => {
                let report = feedback::report(&app, article.as_deref(), issue.as_deref()).await?;
                if session.json {
                    json(&report)?;
                } else {
                    show(&report)?;
                }
            }
            Self::Form { article } => line(&feedback::form(&app, &article))?,
        }
        app.database.close().await;
        Ok(())
    }
}

/// A table, and below it what readers wrote.
pub(super) fn show(report: &[RatedArticle]) -> anyhow::Result<()> {
    let rows: Vec<[String; 6]> = report
        .iter()
        .map(|rated| {
            [
                rated.title.clone(),
                rated.all.count.to_string(),
                format!("{:.1}", rated.all.mean),
                format!("{:.1}", rated.all.spread),
                rated.letter.count.to_string(),
                rated.page.count.to_string(),
            ]
        })
        .collect();
    let headings = ["ARTICLE", "ANSWERS", "MEAN", "SPREAD", "LETTER", "PAGE"];
    table(headings, &rows, "No reader has answered yet.")?;
    for rated in report.iter().filter(|rated| !rated.comments.is_empty()) {
        line(&format!("\n{}", rated.title))?;
        for comment in &rated.comments {
            let words = comment.comment.replace('\n', "\n     ");
            line(&format!("  {}  {words}", comment.rating))?;
        }
    }
    Ok(())
}
