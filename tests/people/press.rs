//! A press with two newsletters, a clock that is moved by hand, and visitors who knock at the real router.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use axum::body::{Body, to_bytes};
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, Request, StatusCode};
use chrono::{DateTime, Duration, Utc};
use letterpress::app::App;
use letterpress::config::{self, Settings};
use letterpress::http;
use letterpress::model::clock::{Clock, SeededChance, SetClock, from_micros, to_micros};
use letterpress::store::Database;
use letterpress::store::occurrences::{self, Occurrence};
use sqlx::Connection;
use tower::ServiceExt;

/// Each test on SQLite, and on PostgreSQL where the environment names one.
macro_rules! on_both_engines {
    ($($name:ident),+ $(,)?) => {
        mod on_sqlite {
            $(#[tokio::test] async fn $name() { super::$name(super::Press::sqlite().await).await })+
        }
        mod on_postgres {
            $(#[tokio::test] async fn $name() {
                if let Some(press) = super::Press::postgres().await {
                    super::$name(press).await;
                }
            })+
        }
    };
}
pub(crate) use on_both_engines;

/// Wed, 25 Nov 2026 06:30:00 GMT
const MORNING: i64 = 1_795_588_200;

pub struct Press {
    pub app: Arc<App>,
    clock: Arc<SetClock>,
    visitor: Mutex<SocketAddr>,
    folder: tempfile::TempDir,
}

impl Press {
    pub async fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("letterpress.db").display());
        Self::open(folder, &url).await
    }

    /// On a database of its own; `None` where there is no server.
    pub async fn postgres() -> Option<Self> {
        let server = std::env::var("LETTERPRESS_TEST_POSTGRES").ok()?;
        let folder = tempfile::tempdir().unwrap();
        let name = folder
            .path()
            .file_name()?
            .to_str()?
            .replace(|c: char| !c.is_ascii_alphanumeric(), "_")
            .to_lowercase();
        let name = format!("people_{}_{name}", std::process::id());
        let mut connection = sqlx::PgConnection::connect(&server).await.unwrap();
        let make = sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"));
        sqlx::query(make).execute(&mut connection).await.unwrap();
        let (base, _) = server.rsplit_once('/').unwrap();
        Some(Self::open(folder, &format!("{base}/{name}")).await)
    }

    async fn open(folder: tempfile::TempDir, url: &str) -> Self {
        let clock = Arc::new(SetClock::at(DateTime::from_timestamp(MORNING, 0).unwrap()));
        let settings = settings(&folder, url);
        let chance = Arc::new(SeededChance::new(1));
        let app = App::assemble(settings, Arc::clone(&clock) as Arc<dyn Clock>, chance)
            .await
            .unwrap();
        let visitor = Mutex::new("192.0.2.7:4711".parse().unwrap());
        Self {
            app: Arc::new(app),
            clock,
            visitor,
            folder,
        }
    }

    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    pub fn pass(&self, time: Duration) {
        self.clock.advance(time.to_std().unwrap());
    }

    /// The files of the database.
    pub fn files(&self) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(self.folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().path());
        entries.filter(|path| path.is_file()).collect()
    }

    /// From now on requests come from this address.
    pub fn come_from(&self, address: &str) {
        *self.visitor.lock().unwrap() = SocketAddr::new(address.parse().unwrap(), 4711);
    }

    pub async fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Got {
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

    pub async fn get(&self, path: &str) -> Got {
        self.send("GET", path, &[], "").await
    }

    /// Sends a form.
    pub async fn post(&self, path: &str, form: &str) -> Got {
        self.send(
            "POST",
            path,
            &[("content-type", "application/x-www-form-urlencoded")],
            form,
        )
        .await
    }

    pub async fn sign_up(&self, email: &str, schedule: &str) -> Got {
        self.post(
            "/subscribe",
            &format!("email={}&schedule=notes/{schedule}", email.replace('+', "%2B")),
        )
        .await
    }

    /// Says that an occurrence of a schedule became an issue.
    pub async fn fired(&self, schedule: &str, at: DateTime<Utc>) {
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

    pub async fn floor(&self, subscriber: i64) -> DateTime<Utc> {
        from_micros(
            self.number(&format!(
                "SELECT floor_at FROM subscriptions WHERE subscriber_id = {subscriber}"
            ))
            .await,
        )
    }

    pub async fn number(&self, query: &str) -> i64 {
        let query = sqlx::query_scalar(sqlx::AssertSqlSafe(query.to_owned()));
        match &self.app.database {
            Database::Sqlite { write, .. } => query.fetch_one(write).await.unwrap(),
            Database::Postgres(pool) => {
                let sql = sqlx::AssertSqlSafe(sqlx::Execute::sql(query).as_str().to_owned());
                sqlx::query_scalar(sql).fetch_one(pool).await.unwrap()
            }
        }
    }

    /// Everything in the database, as text.
    pub async fn tables(&self) -> Vec<String> {
        match &self.app.database {
            Database::Sqlite { write, .. } => sqlite_rows(write).await,
            Database::Postgres(pool) => postgres_rows(pool).await,
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
pub struct Got {
    pub status: StatusCode,
    pub headers: HeaderMap,
    body: Vec<u8>,
}

impl Got {
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    /// Where the form of the page goes.
    pub fn action(&self) -> String {
        let (_, rest) = self.text().split_once("action=\"").expect("a form");
        rest.split('"').next().unwrap().to_owned()
    }
}

fn settings(folder: &tempfile::TempDir, url: &str) -> Settings {
    let text = format!(
        r#"
[site]
title = "Workshop Notes"
url = "https://example.org"
author = {{ name = "A. Author", email = "author@example.org" }}
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
[database]
url = "{url}"
[state]
dir = "state"
[http]
public_url = "https://letters.example.org"
"#
    );
    std::fs::create_dir_all(folder.path().join("content")).unwrap();
    config::parse(&text, &folder.path().join("letterpress.toml"), []).unwrap()
}
