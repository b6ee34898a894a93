//! `demo`: the whole way on sample articles and a local outbox; nothing leaves this machine.

mod articles;
mod sample;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::serve::run_service;
use crate::app::App;
use crate::worker::Roles;
use crate::{compose, config, deliver, http, ingest, subscribe, syndicate};

/// When the running demo publishes one more article.
const ONE_MORE_AFTER: Duration = Duration::from_secs(12);
/// How often occurrences are looked for.
const COMPOSE_EVERY: Duration = Duration::from_secs(1);
/// A port that is taken makes way for the next ones.
const PORTS_TO_TRY: u16 = 20;

/// What the demo is asked to do.
#[derive(Debug, clap::Args)]
pub(super) struct Demo {
    /// Port of the pages on 127.0.0.1; the next free one is taken when it is in use
    #[arg(long, default_value_t = 8080)]
    port: u16,
    /// Folder for everything that the demo writes [default: a new folder for temporary files]
    #[arg(long)]
    dir: Option<PathBuf>,
    /// Do one round (publish, print feeds, send) and end
    #[arg(long)]
    once: bool,
}

impl Demo {
    /// Runs the demo.
    pub(super) async fn run(self, stop: CancellationToken) -> anyhow::Result<()> {
        let dir = self.folder()?;
        let wanted = sample::port_of(&dir).unwrap_or(self.port);
        let listener = if self.once { None } else { Some(listen(wanted).await?) };
        let port = match &listener {
            Some(listener) => listener.local_addr()?.port(),
            None => wanted,
        };
        let file = sample::write_config(&dir, port)?;
        let settings = config::load(Some(&file), config::environment())?;
        let app = Arc::new(App::open(settings).await?);
        round(&app, &dir).await?;
        println!("{}", written(&dir));
        let Some(listener) = listener else {
            app.database.close().await;
            return Ok(());
        };
        println!("{}", to_open(port));
        tokio::spawn(one_more(Arc::clone(&app), dir, stop.clone()));
        let options = http::Options {
            outbox: true,
            ..http::Options::default()
        };
        let web = Some((listener, options));
        run_service(&app, Roles::default(), web, COMPOSE_EVERY, stop).await?;
        app.database.close().await;
        Ok(())
    }

    fn folder(&self) -> anyhow::Result<PathBuf> {
        let dir = match &self.dir {
            Some(dir) => dir.clone(),
            None => std::env::temp_dir().join(format!("letterpress-demo-{}", std::process::id())),
        };
        std::fs::create_dir_all(&dir).with_context(|| format!("make the folder {}", dir.display()))?;
        std::path::absolute(&dir).context("find the folder of the demo")
    }
}

async fn listen(port: u16) -> anyhow::Result<TcpListener> {
    let mut last = None;
    for port in (port..=port.saturating_add(PORTS_TO_TRY)).chain([0]) {
        match TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await {
            Ok(listener) => return Ok(listener),
            Err(error) => last = Some(error),
        }
    }
    Err(last.map_or_else(|| anyhow::anyhow!("listen on 127.0.0.1"), Into::into))
}

/// People sign up, articles appear, feeds are printed, letters go into the outbox.
async fn round(app: &Arc<App>, dir: &Path) -> anyhow::Result<()> {
    compose::note_schedules(app).await?;
    let people = subscribe::ImportOptions {
        consent: Some("sample people of the demo".to_owned()),
        ..subscribe::ImportOptions::default()
    };
    subscribe::import(app, sample::PEOPLE.as_bytes(), &people, |_| {}).await?;
    articles::write_first(&dir.join("content"), app.clock.now())?;
    ingest::scan_all(app, &|_, _| {}).await?;
    syndicate::refresh(app).await?;
    syndicate::export(app, &dir.join("feeds"), &|_, _| {}).await?;
    compose::tick(app).await?;
    compose::send_now(app, "notes", "weekly").await?;
    deliver::send_all(app).await?;
    Ok(())
}

/// Publishes one more article while the demo runs, so that feed and outbox visibly change.
async fn one_more(app: Arc<App>, dir: PathBuf, stop: CancellationToken) {
    tokio::select! {
        () = stop.cancelled() => return,
        () = tokio::time::sleep(ONE_MORE_AFTER) => {}
    }
    match articles::write_one_more(&dir.join("content"), app.clock.now()) {
        Ok(Some(title)) => println!("Published just now: “{title}”. Reload the feed and the outbox."),
        Ok(None) => {}
        Err(error) => tracing::warn!(%error, "the demo cannot publish its next article"),
    }
}

fn written(dir: &Path) -> String {
    let dir = dir.display();
    format!(
        "Everything is in {dir}\n  \
         letterpress.toml   the config; carry on with: letterpress --config {dir}/letterpress.toml serve\n  \
         content/           the articles: change one and save it\n  \
         feeds/             rss.xml, atom.xml, feed.json\n  \
         outbox/            the letters, one file each"
    )
}

fn to_open(port: u16) -> String {
    let at = |path: &str| format!("http://127.0.0.1:{port}/{path}");
    format!(
        "Open:\n  \
         {}\tthe start page\n  \
         {}\tthe letters that went out\n  \
         {}\tissues on the web\n  \
         {}\tsign up; the confirmation lands in the outbox\n  \
         {}\tthe feeds, for people\n  \
         {}\tRSS\n  \
         {}\tAtom\n  \
         {}\tJSON Feed\n\
         In a few seconds one more article is published. Ctrl-C ends the demo.",
        at(""),
        at("outbox"),
        at("issues"),
        at("subscribe"),
        at("feeds"),
        at("rss.xml"),
        at("atom.xml"),
        at("feed.json"),
    )
}
