//! One file per command.

mod articles;
mod backup;
mod bounces;
mod check;
mod demo;
mod dkim;
mod doctor;
mod feedback;
mod feeds;
mod fsck;
mod health;
mod import_articles;
mod init;
mod issues;
mod lint;
mod move_to;
mod output;
mod people_files;
mod plan;
mod preview;
mod progress;
mod restore;
mod resume;
mod schedule;
mod send;
mod serve;
mod stop;
mod subscribers;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Parser, Subcommand};

use crate::app::App;
use crate::config::{self, ConfigProblems, Settings};

/// What a command ends with: 0 done, 1 the thing failed.
pub type Code = u8;

/// A newsletter and feed service for an author's own site.
#[derive(Debug, Parser)]
#[command(
    name = "letterpress",
    version,
    about = "A newsletter and feed service for an author's own site",
    after_help = "Begin with `letterpress demo`, then `letterpress init DIR`.\n\
                  Exit codes: 0 done, 1 the thing failed, 2 bad usage or bad config.\n\
                  Any key of the config can come from the environment: LETTERPRESS__MAIL__SMTP__HOST."
)]
pub struct Cli {
    /// The config file [default: config/letterpress.toml if it is there, else built-in defaults]
    #[arg(long, global = true, value_name = "FILE", env = "LETTERPRESS_CONFIG")]
    config: Option<PathBuf>,
    /// Print JSON, where a command lists or shows something
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show the main job on sample articles and a local outbox; nothing leaves this machine
    Demo(demo::Demo),
    /// Write a commented config, a sample article and editable templates into a folder
    Init(init::Init),
    /// Run the service: watch, feeds, schedules, sending, public pages
    Serve(serve::Serve),
    /// List every problem of config, templates, sources and database, with line and remedy
    #[command(
        after_help = "Also shows how each schedule was understood, with its next times. Exit code 1 when there is a problem; \
                            warnings alone are exit code 0.\n\nExamples:\n  letterpress check\n  letterpress check --json"
    )]
    Check,
    /// Look at what receivers and the relay see: SPF, DKIM, DMARC, MX, login, TLS, clock, disk
    Doctor(doctor::Doctor),
    /// Ask a running service whether it is alive; for container health checks
    #[command(after_help = "Asks /health/live at http.listen of the config: give it the config of the service.")]
    Health,
    /// Bring the database schema up to date, and do nothing else
    Migrate,
    /// Scan, list and look at articles
    #[command(subcommand)]
    Articles(articles::Articles),
    /// Write feeds as files, examine any feed, take over the ids of an old one
    #[command(subcommand)]
    Feeds(feeds::Feeds),
    /// Whether the ledger holds what it promises; changes nothing
    Fsck(fsck::Fsck),
    /// Show when the next issues are due, and why past ones were skipped
    Schedule(schedule::Schedule),
    /// Show what the next issues would hold and how many people would get which; sends nothing
    Plan(plan::Plan),
    /// Show the exact letter that would go out
    Preview(preview::Preview),
    /// Examine the letters that would go out next: size, alt texts, contrast, links
    Lint(lint::Lint),
    /// Compose an issue now, or send one test letter
    Send(send::Send),
    /// Look at issues and operate them
    #[command(subcommand)]
    Issues(issues::Issues),
    /// Care for the people who get letters
    #[command(subcommand)]
    Subscribers(subscribers::Subscribers),
    /// Read what readers say about articles
    #[command(subcommand)]
    Feedback(feedback::Feedback),
    /// Read reports of letters that came back and complaints
    #[command(subcommand)]
    Bounces(bounces::Bounces),
    /// Make keys that sign letters (DKIM)
    #[command(subcommand)]
    Dkim(dkim::Dkim),
    /// Copy the database and the keys to a file while the service runs
    Backup(backup::Backup),
    /// Bring a backup back, with mail on hold
    Restore(restore::Restore),
    /// Move everything to the other database engine
    #[command(name = "move")]
    MoveTo(move_to::MoveTo),
    /// Let mail go on that is on hold
    Resume(resume::Resume),
}

/// What every command is given.
#[derive(Debug, Clone)]
struct Session {
    config: Option<PathBuf>,
    json: bool,
}

impl Session {
    fn settings(&self) -> Result<Settings, ConfigProblems> {
        config::load(self.config.as_deref(), config::environment())
    }

    /// The application on the database of the config, which is made and migrated if need be.
    async fn open(&self) -> anyhow::Result<Arc<App>> {
        // Opening is the largest part of every command: on the heap, or each of them would be as large.
        Ok(Arc::new(Box::pin(App::open(self.settings()?)).await?))
    }
}

impl Cli {
    /// Whether the command runs for long and should say what it does.
    pub fn is_service(&self) -> bool {
        matches!(self.command, Command::Serve(_))
    }
}

/// Makes aws-lc-rs the one provider of TLS: without one, building a client panics.
pub fn install_crypto() {
    // A second call finds the first one's choice: it is the same.
    drop(rustls::crypto::aws_lc_rs::default_provider().install_default());
}

/// Runs the command.
pub async fn run(cli: Cli) -> anyhow::Result<Code> {
    let session = Session {
        config: cli.config,
        json: cli.json,
    };
    match cli.command {
        Command::Demo(demo) => demo.run(stop::on_signal()).await.map(|()| 0),
        Command::Init(init) => init.run().map(|()| 0),
        Command::Serve(serve) => serve.run(&session, stop::on_signal()).await.map(|()| 0),
        Command::Check => Box::pin(check::run(&session)).await,
        Command::Doctor(doctor) => Box::pin(doctor.run(&session)).await,
        Command::Health => health::run(&session).await,
        Command::Migrate => {
            let app = session.open().await?;
            app.database.close().await;
            output::line("The database is up to date.")?;
            Ok(0)
        }
        Command::Articles(articles) => articles.run(&session).await,
        Command::Feeds(feeds) => feeds.run(&session).await,
        Command::Fsck(fsck) => fsck.run(&session).await,
        Command::Schedule(schedule) => schedule.run(&session).await.map(|()| 0),
        Command::Plan(plan) => plan.run(&session).await.map(|()| 0),
        Command::Preview(preview) => preview.run(&session).await.map(|()| 0),
        Command::Lint(lint) => lint.run(&session).await,
        Command::Send(send) => send.run(&session, stop::on_signal()).await,
        Command::Issues(issues) => issues.run(&session).await.map(|()| 0),
        Command::Subscribers(subscribers) => subscribers.run(&session).await,
        Command::Feedback(feedback) => feedback.run(&session).await.map(|()| 0),
        Command::Bounces(bounces) => bounces.run(&session).await,
        Command::Dkim(dkim) => dkim.run(&session).map(|()| 0),
        Command::Backup(backup) => backup.run(&session).await.map(|()| 0),
        Command::Restore(restore) => restore.run(&session).await.map(|()| 0),
        Command::MoveTo(move_to) => move_to.run(&session).await.map(|()| 0),
        Command::Resume(resume) => resume.run(&session).await.map(|()| 0),
    }
}

/// Tells a person what went wrong; a wrong config is exit code 2, anything else 1.
pub fn explain(error: &anyhow::Error) -> ExitCode {
    if let Some(problems) = error.downcast_ref::<ConfigProblems>() {
        eprintln!("{problems}");
        return ExitCode::from(2);
    }
    eprintln!("failed to {error:#}");
    ExitCode::FAILURE
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    fn walk(command: &clap::Command) {
        for sub in command.get_subcommands().filter(|sub| sub.get_name() != "help") {
            assert!(
                sub.get_about().is_some(),
                "{} says nothing about itself",
                sub.get_name()
            );
            for argument in sub.get_arguments() {
                assert!(
                    argument.get_help().is_some(),
                    "{} {}",
                    sub.get_name(),
                    argument.get_id()
                );
            }
            walk(sub);
        }
    }

    #[test]
    fn every_command_has_a_help_text() {
        let mut command = Cli::command();
        command.build();
        command.clone().debug_assert();
        walk(&command);
    }
}
