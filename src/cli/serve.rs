//! `serve`: the service.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use clap::{Args, ValueEnum};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::Session;
use crate::app::App;
use crate::http;
use crate::worker::{self, Roles};

/// How often occurrences are looked for.
const COMPOSE_EVERY: Duration = Duration::from_secs(5);

/// `serve`
#[derive(Debug, Args)]
#[command(
    after_help = "Ctrl-C or SIGTERM ends it in order: letters under way get their reply, nothing is lost.\n\
                        SIGHUP reads the config again; it is also read when the file changes.\n\n\
                        Examples:\n  letterpress serve\n  letterpress serve --role web          only pages and feeds\n  \
                        letterpress serve --role send --role watch"
)]
pub(super) struct Serve {
    /// What this process does; may be given several times [default: everything]
    #[arg(long, value_enum)]
    role: Vec<Role>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Role {
    /// Answers HTTP
    Web,
    /// Composes and sends letters, tells hubs and subscribers of feeds what is new
    Send,
    /// Watches sources
    Watch,
}

impl Serve {
    pub(super) async fn run(self, session: &Session, stop: CancellationToken) -> anyhow::Result<()> {
        let app: Arc<App> = session.open().await?;
        let settings = app.settings();
        for finding in &settings.findings {
            tracing::warn!("{finding}");
        }
        let has = |role| self.role.is_empty() || self.role.contains(&role);
        let roles = Roles {
            send: has(Role::Send) && !settings.newsletters.is_empty(),
            announce: has(Role::Send),
            watch: has(Role::Watch),
        };
        let listener = if has(Role::Web) {
            let address = settings.http.listen;
            let listener = TcpListener::bind(address)
                .await
                .with_context(|| format!("listen on {address} (http.listen)"))?;
            tracing::info!(address = %listener.local_addr()?, public_url = %settings.http.public_url, "serving");
            Some(listener)
        } else {
            None
        };
        let web = listener.map(|listener| (listener, http::Options::default()));
        run_service(&app, roles, web, COMPOSE_EVERY, stop).await?;
        app.database.close().await;
        Ok(())
    }
}

/// The loops and the pages together, until `stop` or until the pages cannot go on.
pub(super) async fn run_service(
    app: &Arc<App>,
    roles: Roles,
    web: Option<(TcpListener, http::Options)>,
    compose_every: Duration,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    let loops = tokio::spawn(worker::run(Arc::clone(app), roles, compose_every, stop.clone()));
    let served = match web {
        Some((listener, options)) => http::serve(Arc::clone(app), listener, options, stop.clone()).await,
        None => {
            stop.cancelled().await;
            Ok(())
        }
    };
    stop.cancel();
    loops.await.context("end the loops")?;
    Ok(served?)
}
