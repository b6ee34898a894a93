//! What integration tests share: the real application on a database of its own, with a clock and a chance that tests set.

pub(crate) mod changing;
pub(crate) mod faulty_smtp;
pub(crate) mod mailroom;
pub(crate) mod one_letter;
mod press;
mod wire;
pub(crate) use press::Proof;

pub(crate) use wire::{Got, Served};

pub(crate) mod servers;
pub(crate) mod service;
pub(crate) mod sink;
pub(crate) mod site;
pub(crate) mod subscriber;
pub(crate) mod trial;
pub(crate) mod visitor;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use chrono::{DateTime, NaiveTime, Utc};
use letterpress::app::App;
use letterpress::config::{
    Baseline, DatabaseSettings, Feedback, Feeds, FullOrSummary, Http, Mail, MaxAge, OnUnknown, Settings, Shortcodes,
    Site, SiteAuthor, Source, SourceKind, State, Theme, TransportKind, Watch, WebSub,
};
use letterpress::config::{Bounces, Cadence, CatchUp, Joiner, Newsletter, Order, Overflow, ReturnTo, Schedule};
use letterpress::model::address::Mailbox;
use letterpress::model::clock::{SeededChance, SetClock};
use letterpress::model::entry::Edits;
use letterpress::model::feed_key::{Format, Kind};
use letterpress::model::quiet::Quiet;
use letterpress::store::Engine;
use secrecy::SecretString;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, SqliteConnection};
use tempfile::TempDir;
use url::Url;

/// A test's own installation: a folder with everything in it, thrown away at the end.
pub(crate) struct Bench {
    /// The application.
    pub(crate) app: Arc<App>,
    /// Its clock: stands still until it is moved.
    pub(crate) clock: Arc<SetClock>,
    /// `content` is the first source, `outbox` takes the letters, `state` holds the keys.
    pub(crate) folder: TempDir,
    postgres: Option<OwnDatabase>,
}

impl Bench {
    /// On SQLite, at 2027-01-01, with settings changed as the test needs.
    pub(crate) async fn new(change: impl FnOnce(&mut Settings)) -> Self {
        Self::on(Engine::Sqlite, at("2027-01-01T00:00:00Z"), change).await
    }

    /// On an engine, at a moment.
    pub(crate) async fn on(engine: Engine, now: DateTime<Utc>, change: impl FnOnce(&mut Settings)) -> Self {
        let folder = tempfile::tempdir().expect("the system has room for a folder");
        std::fs::create_dir(folder.path().join("content")).expect("a fresh folder can hold another");
        std::fs::create_dir(folder.path().join("state")).expect("a fresh folder can hold another");
        let postgres = match engine {
            Engine::Sqlite => None,
            Engine::Postgres => Some(OwnDatabase::create().await),
        };
        let mut settings = settings(folder.path());
        if let Some(database) = &postgres {
            settings.database.url = SecretString::from(database.url.clone());
        }
        change(&mut settings);
        let clock = Arc::new(SetClock::at(now));
        let app = App::assemble(settings, clock.clone(), Arc::new(SeededChance::new(7)))
            .await
            .expect("plain settings make an application");
        Self {
            app: Arc::new(app),
            clock,
            folder,
            postgres,
        }
    }

    /// The folder of the first source.
    pub(crate) fn content(&self) -> PathBuf {
        self.folder.path().join("content")
    }

    /// Writes a file below the first source's folder, and the folders above it.
    pub(crate) fn write(&self, locator: &str, text: &str) {
        let path = self.content().join(locator);
        std::fs::create_dir_all(path.parent().expect("a file lies in a folder")).expect("folders can be made");
        std::fs::write(path, text).expect("files can be written");
    }

    /// Somebody else who looks at the SQLite file.
    pub(crate) async fn onlooker(&self) -> Onlooker {
        let url = format!("sqlite://{}", self.folder.path().join("letterpress.db").display());
        Onlooker(
            SqliteConnection::connect(&url)
                .await
                .expect("the file can be opened twice"),
        )
    }

    /// Changes rows behind the application's back, on either engine.
    pub(crate) async fn change(&self, statement: &str) {
        match &self.postgres {
            Some(database) => database.run(statement).await,
            None => self.onlooker().await.change(statement).await,
        }
    }

    /// Moves the clock.
    pub(crate) fn wait(&self, by: Duration) {
        self.clock.advance(by);
    }

    /// Ends the application; a database on a server is dropped.
    pub(crate) async fn close(self) {
        self.app.database.close().await;
        if let Some(database) = self.postgres {
            database.drop().await;
        }
    }
}

/// A connection beside the application's.
pub(crate) struct Onlooker(SqliteConnection);

impl Onlooker {
    /// Every row of every table, as text.
    pub(crate) async fn everything(&mut self) -> String {
        let tables: Vec<String> = self
            .texts("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
            .await;
        let mut all = String::new();
        for table in tables {
            let columns = self
                .texts(&format!("SELECT name FROM pragma_table_info('{table}')"))
                .await;
            let quoted: Vec<String> = columns.iter().map(|column| format!("quote({column})")).collect();
            let rows = self
                .texts(&format!(
                    "SELECT {} FROM {table} ORDER BY 1",
                    quoted.join(" || ',' || ")
                ))
                .await;
            all.push_str(&[table, rows.join("\n"), String::new()].join("\n"));
        }
        all
    }

    /// Changes rows behind the application's back.
    pub(crate) async fn change(&mut self, statement: &str) {
        let changed = sqlx::query(AssertSqlSafe(statement)).execute(&mut self.0).await;
        assert!(
            changed.expect("tests spell statements right").rows_affected() > 0,
            "{statement}"
        );
    }

    async fn texts(&mut self, statement: &str) -> Vec<String> {
        let rows = sqlx::query_scalar(AssertSqlSafe(statement)).fetch_all(&mut self.0);
        rows.await.expect("the tables can be read")
    }
}

/// A moment from its RFC 3339 spelling.
pub(crate) fn at(text: &str) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339(text)
        .expect("tests spell times right")
        .to_utc()
}

/// The engines that this run can test: SQLite always, PostgreSQL where `LETTERPRESS_TEST_POSTGRES` names a server.
pub(crate) fn engines() -> Vec<Engine> {
    match std::env::var("LETTERPRESS_TEST_POSTGRES") {
        Ok(_) => vec![Engine::Sqlite, Engine::Postgres],
        Err(_) => vec![Engine::Sqlite],
    }
}

/// The open test data, or `None` where it is not at hand.
pub(crate) fn shared_data() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared");
    let folder = std::env::var_os("LETTERPRESS_SHARED")
        .map_or(beside, PathBuf::from)
        .join("data");
    folder.is_dir().then_some(folder)
}

/// One database on the server, for one test.
pub(crate) struct OwnDatabase {
    server: String,
    name: String,
    /// Its address.
    pub(crate) url: String,
}

impl OwnDatabase {
    /// Makes it.
    pub(crate) async fn create() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let server =
            std::env::var("LETTERPRESS_TEST_POSTGRES").expect("engines() asked for PostgreSQL only with a server");
        let name = format!(
            "letterpress_{}_{}",
            std::process::id(),
            COUNT.fetch_add(1, Ordering::Relaxed)
        );
        run(&server, &format!("CREATE DATABASE {name}")).await;
        let mut url = Url::parse(&server).expect("LETTERPRESS_TEST_POSTGRES is a URL");
        url.set_path(&name);
        Self {
            server,
            name,
            url: url.into(),
        }
    }

    /// Makes a copy of it, which nobody may be using.
    pub(crate) async fn copy(&self) -> Self {
        let copy = Self::create().await;
        run(&copy.server, &format!("DROP DATABASE {}", copy.name)).await;
        run(
            &copy.server,
            &format!("CREATE DATABASE {} TEMPLATE {}", copy.name, self.name),
        )
        .await;
        copy
    }

    /// Ends every connection to it on the server's side, in whatever state it is; returns how many.
    pub(crate) async fn cut_off_everybody(&self) -> usize {
        let mut connection = PgConnection::connect(&self.server).await.expect("the server answers");
        let cut: Vec<(bool,)> =
            sqlx::query_as("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1")
                .bind(&self.name)
                .fetch_all(&mut connection)
                .await
                .expect("whoever makes databases may end their connections");
        cut.len()
    }

    /// Runs statements in it, one after the other, in one transaction; again, should the server end it
    /// because it and a working service waited for each other: which of the two has to go is the server's choice.
    pub(crate) async fn run(&self, statements: &str) {
        for _ in 0..20 {
            let mut connection = PgConnection::connect(&self.url).await.expect("the server answers");
            match connection.execute(AssertSqlSafe(statements)).await {
                Err(sqlx::Error::Database(refused)) if refused.code().as_deref() == Some("40P01") => {}
                ran => {
                    ran.expect("tests spell statements right");
                    return;
                }
            }
        }
        panic!("twenty deadlocks in a row: {statements}");
    }

    /// Drops it, whoever is connected.
    pub(crate) async fn drop(self) {
        run(&self.server, &format!("DROP DATABASE {} WITH (FORCE)", self.name)).await;
    }
}

async fn run(server: &str, statement: &str) {
    let mut connection = PgConnection::connect(server)
        .await
        .expect("the server of LETTERPRESS_TEST_POSTGRES answers");
    sqlx::query(AssertSqlSafe(statement))
        .execute(&mut connection)
        .await
        .expect("the server lets tests make databases");
    connection.close().await.expect("a connection can be closed");
}

/// Feeds as the built-in config has them.
fn feeds() -> Feeds {
    let url = |text: &str| Url::parse(text).expect("tests spell addresses right");
    Feeds {
        limit: 20,
        content: FullOrSummary::Full,
        base_url: url("https://letters.example.org/"),
        max_bytes: 512 * 1024,
        max_entry_bytes: 256 * 1024,
        max_age: MaxAge::Fixed(Duration::from_mins(15)),
        updated: Edits::Explicit,
        legacy_ids: None,
        description: String::new(),
        copyright: String::new(),
        icon: None,
        logo: None,
        formats: Format::ALL.to_vec(),
        by: vec![Kind::Category, Kind::Tag, Kind::Author],
        pages: BTreeMap::new(),
        aliases: BTreeMap::new(),
        retired: Vec::new(),
        publish_email: false,
        archives: Some(50),
        tombstones: Duration::ZERO,
        burst: None,
        websub: WebSub::default(),
        podcast: None,
        markdown: false,
        private: false,
    }
}

/// Plain settings of an installation in a folder.
pub(crate) fn settings(folder: &Path) -> Settings {
    let url = |text: &str| Url::parse(text).expect("tests spell addresses right");
    Settings {
        file: None,
        findings: Vec::new(),
        bounces: Bounces {
            to: ReturnTo::Sender,
            maildir: None,
            imap: None,
            hooks: Vec::new(),
        },
        feedback: Feedback::default(),
        base: folder.to_owned(),
        site: Site {
            title: "Workshop Notes".to_owned(),
            description: String::new(),
            url: url("https://example.org/"),
            language: "en".to_owned(),
            author: SiteAuthor {
                name: "A. Author".to_owned(),
                ..SiteAuthor::default()
            },
            theme: Theme::default(),
        },
        sources: vec![source("content", folder.join("content"))],
        feeds: feeds(),
        newsletters: vec![newsletter("notes")],
        mail: mail(folder),
        templates: None,
        database: DatabaseSettings {
            url: SecretString::from(format!("sqlite://{}", folder.join("letterpress.db").display())),
        },
        state: State {
            dir: folder.join("state"),
            lease: Duration::from_secs(60),
        },
        http: Http {
            listen: "127.0.0.1:0".parse().expect("a loopback address"),
            public_url: url("https://letters.example.org/"),
            trusted_proxies: Vec::new(),
            metrics_allow: Vec::new(),
            old_hosts: Vec::new(),
        },
    }
}

/// A source of kind folder with the built-in defaults, noticed by walking.
pub(crate) fn source(id: &str, path: PathBuf) -> Source {
    Source {
        id: id.to_owned(),
        kind: SourceKind::Folder,
        path,
        include: vec!["**/*".to_owned()],
        exclude: Vec::new(),
        permalink: None,
        time_zone: chrono_tz::Tz::UTC,
        language: "en".to_owned(),
        languages: Vec::new(),
        map: std::collections::BTreeMap::new(),
        authors: std::collections::BTreeMap::new(),
        shortcodes: Shortcodes::Strip,
        raw_templates: false,
        title_html: false,
        embeds: Vec::new(),
        split_spaces: Vec::new(),
        assets: None,
        body_selector: None,
        strip_selectors: Vec::new(),
        fuse: 5,
        baseline: Baseline::Feeds,
        vanish_after: Duration::from_mins(10),
        every: Duration::from_secs(30),
        watch: Watch::Poll,
        look_back: Duration::from_hours(90 * 24),
        words_per_minute: 225,
    }
}

fn newsletter(id: &str) -> Newsletter {
    Newsletter {
        id: id.to_owned(),
        name: "Workshop Notes".to_owned(),
        description: String::new(),
        time_zone: chrono_tz::Tz::UTC,
        language: "en".to_owned(),
        categories: Vec::new(),
        tags: Vec::new(),
        look_back: Duration::from_hours(90 * 24),
        goodbye: false,
        own_ledger: false,
        schedules: vec![instant_schedule()],
    }
}

/// One issue per article, once it has not changed for 20 minutes.
pub(crate) fn instant_schedule() -> Schedule {
    Schedule {
        id: "instant".to_owned(),
        name: "At once".to_owned(),
        cadence: Cadence::Instant,
        cron_text: String::new(),
        is_default: true,
        settle: Duration::from_mins(20),
        max_articles: 10,
        min_articles: 1,
        overflow: Overflow::Next,
        max_lateness: Duration::from_hours(6),
        catch_up: CatchUp::Merge,
        catch_up_at: NaiveTime::from_hms_opt(8, 0, 0).expect("eight in the morning exists"),
        flood_guard: 5,
        order: Order::Newest,
        joiner: Joiner::Issue,
        content: FullOrSummary::Full,
        quiet: Quiet::default(),
    }
}

fn mail(folder: &Path) -> Mail {
    Mail {
        enabled: true,
        from: Mailbox::parse("Workshop Notes <notes@example.org>").expect("a plain mailbox"),
        reply_to: None,
        transport: TransportKind::Outbox,
        outbox: folder.join("outbox"),
        on_unknown: OnUnknown::Resend,
        unknown_delay: Duration::from_mins(15),
        expire_after: Duration::from_hours(48),
        grace: Duration::from_secs(25),
        restart_breaker: 10,
        resurrection_guard: Duration::from_hours(2),
        max_html: 90_000,
        dkim: None,
        report: false,
        fallbacks: Vec::new(),
        sendmail: "/usr/sbin/sendmail".into(),
        limits: Vec::new(),
        smtp: one_letter::relay_at(25),
    }
}
