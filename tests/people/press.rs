//! A press with two newsletters, a clock that is moved by hand, and visitors who knock at the real router.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use axum::body::{Body, to_bytes};
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, Request, StatusCode};
use chrono::{DateTime, Duration, Utc};
use letterpress::app::App;
use letterpress::config;
use letterpress::http;
use letterpress::model::clock::{from_micros, to_micros};
use letterpress::store::occurrences::{self, Occurrence};
use letterpress::store::{Database, Engine};
use tower::ServiceExt;

use crate::support::{Bench, at};

/// Each test on SQLite, and on PostgreSQL where the environment names one.
macro_rules! on_both_engines {
    ($($name:ident),+ $(,)?) => {
        mod on_sqlite {
            $(#[tokio::test] async fn $name() {
                let press = super::Press::open(letterpress::store::Engine::Sqlite).await;
                super::$name(&press).await;
                press.close().await;
            })+
        }
        mod on_postgres {
            $(#[tokio::test] async fn $name() {
                if crate::support::engines().contains(&letterpress::store::Engine::Postgres) {
                    let press = super::Press::open(letterpress::store::Engine::Postgres).await;
                    super::$name(&press).await;
                    press.close().await;
                }
            })+
        }
    };
}
pub(crate) use on_both_engines;

pub(crate) struct Press {
    bench: Bench,
    pub(crate) app: Arc<App>,
    visitor: Mutex<SocketAddr>,
}

impl Press {
    pub(crate) async fn sqlite() -> Self {
        Self::open(Engine::Sqlite).await
    }

    pub(crate) async fn open(engine: Engine) -> Self {
        let now = at("2026-11-25T06:30:00Z");
        let bench = Bench::on(engine, now, |settings| {
            let ours = config::parse(SETTINGS, Path::new("/letterpress.toml"), []).unwrap();
            settings.site = ours.site;
            settings.newsletters = ours.newsletters;
            settings.http = ours.http;
        })
        .await;
        let app = Arc::clone(&bench.app);
        let visitor = Mutex::new("192.0.2.7:4711".parse().unwrap());
        Self { bench, app, visitor }
    }

    pub(crate) async fn close(self) {
        drop(self.app);
        self.bench.close().await;
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.app.clock.now()
    }

    pub(crate) fn pass(&self, time: Duration) {
        self.bench.wait(time.to_std().unwrap());
    }

    /// The files of the database.
    pub(crate) fn files(&self) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(self.bench.folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().path());
        entries.filter(|path| path.is_file()).collect()
    }

    /// From now on requests come from this address.
    pub(crate) fn come_from(&self, address: &str) {
        *self.visitor.lock().unwrap() = SocketAddr::new(address.parse().unwrap(), 4711);
    }

    pub(crate) async fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Got {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut request = request.body(Body::from(body.to_owned())).unwrap();
        request
            .extensions_mut()
            .insert(ConnectInfo(*self.visitor.lock().unwrap()));
        let router = http::router(Arc::clone(&self.app), http::Options::default());
        let response = router.oneshot(request).await.unwrap();
        let (head, body) = response.into_parts();
        let body = to_bytes(body, 1 << 20).await.unwrap().to_vec();
        Got {
            status: head.status,
            headers: head.headers,
            body,
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Got {
        self.send("GET", path, &[], "").await
    }

    /// Sends a form.
    pub(crate) async fn post(&self, path: &str, form: &str) -> Got {
        self.send(
            "POST",
            path,
            &[("content-type", "application/x-www-form-urlencoded")],
            form,
        )
        .await
    }

    pub(crate) async fn sign_up(&self, email: &str, schedule: &str) -> Got {
        self.post(
            "/subscribe",
            &format!("email={}&schedule=notes/{schedule}", email.replace('+', "%2B")),
        )
        .await
    }

    /// Says that an occurrence of a schedule became an issue.
    pub(crate) async fn fired(&self, schedule: &str, at: DateTime<Utc>) {
        let occurrence = Occurrence {
            newsletter_id: "notes".to_owned(),
            schedule_id: schedule.to_owned(),
            occurrence: at.to_rfc3339(),
            due_at: to_micros(at),
            zone: "UTC".to_owned(),
            state: "fired".to_owned(),
            reason: None,
            count: 1,
            issue_id: None,
            decided_at: to_micros(at),
        };
        let mut conn = self.app.database.begin().await.unwrap();
        assert!(occurrences::insert(&mut conn, &occurrence).await.unwrap());
        conn.commit().await.unwrap();
    }

    pub(crate) async fn floor(&self, subscriber: i64) -> DateTime<Utc> {
        from_micros(
            self.number(&format!(
                "SELECT floor_at FROM subscriptions WHERE subscriber_id = {subscriber}"
            ))
            .await,
        )
    }

    pub(crate) async fn number(&self, query: &str) -> i64 {
        let query = sqlx::AssertSqlSafe(query.to_owned());
        match &self.app.database {
            Database::Sqlite { write, .. } => sqlx::query_scalar(query).fetch_one(write).await.unwrap(),
            Database::Postgres(server) => sqlx::query_scalar(query).fetch_one(server.pool()).await.unwrap(),
        }
    }

    /// Everything in the database, as text.
    pub(crate) async fn tables(&self) -> Vec<String> {
        match &self.app.database {
            Database::Sqlite { write, .. } => sqlite_rows(write).await,
            Database::Postgres(server) => postgres_rows(server.pool()).await,
        }
    }
}

async fn sqlite_rows(pool: &sqlx::SqlitePool) -> Vec<String> {
    let tables = "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name";
    let tables: Vec<String> = sqlx::query_scalar(tables).fetch_all(pool).await.unwrap();
    let mut rows = Vec::new();
    for table in tables {
        let columns =
            format!("SELECT group_concat('quote(' || name || ')', ' || ''|'' || ') FROM pragma_table_info('{table}')");
        let columns: String = sqlx::query_scalar(sqlx::AssertSqlSafe(columns))
            .fetch_one(pool)
            .await
            .unwrap();
        let query = format!("SELECT '{table} ' || {columns} FROM {table} ORDER BY 1");
        let found: Vec<String> = sqlx::query_scalar(sqlx::AssertSqlSafe(query))
            .fetch_all(pool)
            .await
            .unwrap();
        rows.extend(found);
    }
    rows
}

async fn postgres_rows(pool: &sqlx::PgPool) -> Vec<String> {
    let tables = "SELECT table_name::text FROM information_schema.tables WHERE table_schema = 'public' ORDER BY 1";
    let tables: Vec<String> = sqlx::query_scalar(tables).fetch_all(pool).await.unwrap();
    let mut rows = Vec::new();
    for table in tables {
        let query = format!("SELECT '{table} ' || t::text FROM {table} t ORDER BY 1");
        let found: Vec<String> = sqlx::query_scalar(sqlx::AssertSqlSafe(query))
            .fetch_all(pool)
            .await
            .unwrap();
        rows.extend(found);
    }
    rows
}

/// An answer.
#[derive(Debug, PartialEq)]
pub(crate) struct Got {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    body: Vec<u8>,
}

impl Got {
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    /// Where the form of the page goes.
    pub(crate) fn action(&self) -> String {
        let (_, rest) = self.text().split_once("action=\"").expect("a form");
        rest.split('"').next().unwrap().to_owned()
    }
}

const SETTINGS: &str = r#"
[site]
title = "Workshop Notes"
url = "https://example.org"
author = { name = "A. Author", email = "author@example.org" }
[[sources]]
kind = "folder"
path = "content"
[[newsletters]]
id = "notes"
name = "Notes"
time_zone = "UTC"
[[newsletters.schedules]]
id = "instant"
settle = "20m"
[[newsletters.schedules]]
id = "daily"
cron = "0 8 * * *"
[[newsletters.schedules]]
id = "weekly"
cron = "0 8 * * MON"
default = true
[[newsletters]]
id = "tools"
name = "Tools"
time_zone = "UTC"
[[newsletters.schedules]]
id = "monthly"
cron = "0 8 1 * *"
[mail]
from = "Workshop Notes <notes@example.org>"
transport = "outbox"
[http]
public_url = "https://letters.example.org"
"#;
