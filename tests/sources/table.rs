//! A table of a database as a source: one suite on SQLite and PostgreSQL.

use std::time::Duration;

use letterpress::config::{CursorType, Source, SourceKind, TableSource};
use letterpress::ingest::{self, ScanReport};
use letterpress::store::Engine;
use sqlx::{AssertSqlSafe, Connection, Executor, SqliteConnection};
use tempfile::TempDir;

use super::{public, scan};
use crate::support::{Bench, OwnDatabase, at, engines, source};

const QUERY: &str = "SELECT id, slug, title, body AS markdown, published_at, updated_at, status, tags FROM posts \
     WHERE updated_at >= $1 ORDER BY updated_at, id LIMIT 500";
const KEYS: &str = "SELECT id FROM posts WHERE status = 'published'";

/// The database of somebody's blog.
struct Blog {
    folder: TempDir,
    server: Option<OwnDatabase>,
}

impl Blog {
    async fn on(engine: Engine) -> Self {
        let blog = Self {
            folder: tempfile::tempdir().unwrap(),
            server: match engine {
                Engine::Sqlite => None,
                Engine::Postgres => Some(OwnDatabase::create().await),
            },
        };
        let time = if engine == Engine::Sqlite {
            "TEXT"
        } else {
            "TIMESTAMPTZ"
        };
        blog.run(&format!(
            "CREATE TABLE posts (id INTEGER PRIMARY KEY, slug TEXT, title TEXT, body TEXT, published_at {time}, updated_at {time}, status TEXT, tags TEXT)"
        ))
        .await;
        blog
    }

    async fn run(&self, statements: &str) {
        if let Some(server) = &self.server {
            return server.run(statements).await;
        }
        let url = format!("sqlite://{}?mode=rwc", self.file().display());
        let mut connection = SqliteConnection::connect(&url).await.unwrap();
        connection.execute(AssertSqlSafe(statements)).await.unwrap();
        connection.close().await.unwrap();
    }

    fn file(&self) -> std::path::PathBuf {
        self.folder.path().join("blog.db")
    }

    fn url(&self) -> String {
        match &self.server {
            Some(server) => server.url.clone(),
            None => format!("sqlite://{}", self.file().display()),
        }
    }

    fn source(&self, query: &str, keys: Option<&str>) -> Source {
        Source {
            kind: SourceKind::Table(TableSource {
                database: self.url(),
                password: None,
                query: query.to_owned(),
                keys: keys.map(str::to_owned),
                cursor_type: CursorType::Timestamp,
                full_every: Duration::from_hours(1),
            }),
            permalink: Some("/:year/:slug/".to_owned()),
            every: Duration::from_mins(1),
            raw_templates: true,
            ..source("table", std::path::PathBuf::new())
        }
    }

    async fn write(&self, id: usize, updated: &str) {
        self.run(&format!(
            "INSERT INTO posts VALUES ({id}, 'note-{id}', 'Note {id}', 'Text *{id}* of a note.', '2026-12-01 08:00:00', '{updated}', 'published', 'wood, \
             tools')"
        ))
        .await;
    }

    async fn bench(&self, engine: Engine, query: &str, keys: Option<&str>) -> Bench {
        let source = self.source(query, keys);
        Bench::on(engine, at("2027-01-01T00:00:00Z"), |settings| {
            settings.sources = vec![source];
        })
        .await
    }

    async fn close(self, bench: Bench) {
        bench.close().await;
        if let Some(server) = self.server {
            server.drop().await;
        }
    }
}

fn codes(report: &ScanReport) -> Vec<&str> {
    report.problems.iter().map(|problem| problem.code.as_str()).collect()
}

/// A round of a service that runs.
async fn round(bench: &Bench, after: Duration) -> ScanReport {
    bench.wait(after);
    ingest::scan_due(&bench.app, &|_, _| {}).await.unwrap()
}

const MINUTES: Duration = Duration::from_mins(2);

#[tokio::test(flavor = "multi_thread")]
async fn rows_become_articles_and_only_what_comes_later_is_mailed() {
    for engine in engines() {
        let blog = Blog::on(engine).await;
        for id in 1..=3 {
            blog.write(id, "2026-12-02 08:00:00").await;
        }
        let bench = blog.bench(engine, QUERY, Some(KEYS)).await;
        let report = scan(&bench).await;
        assert_eq!(
            (report.added, report.baseline, codes(&report).len()),
            (3, 3, 0),
            "{report:?}"
        );
        let articles = public(&bench).await;
        let first = articles.iter().find(|row| row.title == "Note 1").unwrap();
        assert_eq!(first.url, "https://example.org/2026/note-1/");
        assert_eq!(first.tags, ["wood", "tools"]);
        let shown = ingest::show(&bench.app, &first.id).await.unwrap().article;
        assert_eq!(shown.published_at, "2026-12-01T08:00:00Z");
        // Two with one time, and one that committed late: dated before what was read already.
        blog.write(4, "2026-12-02 08:00:00").await;
        blog.write(5, "2026-12-02 07:57:00").await;
        let late = round(&bench, MINUTES).await;
        assert_eq!((late.added, late.mailable), (2, 2), "{late:?}");
        // An edit is no news.
        blog.run("UPDATE posts SET body = 'Other words.', updated_at = '2026-12-03 08:00:00' WHERE id = 1")
            .await;
        let edited = round(&bench, MINUTES).await;
        assert_eq!((edited.updated, edited.mailable), (1, 0), "{edited:?}");
        // A draft leaves at once.
        blog.run("UPDATE posts SET status = 'draft', updated_at = '2026-12-03 09:00:00' WHERE id = 2")
            .await;
        let soft = round(&bench, MINUTES).await;
        assert_eq!((soft.withdrawn, public(&bench).await.len()), (1, 4), "{soft:?}");
        // A row that is gone leaves when everything has been listed twice.
        blog.run("DELETE FROM posts WHERE id = 3").await;
        assert_eq!(round(&bench, MINUTES).await.withdrawn, 0);
        assert_eq!(round(&bench, Duration::from_hours(2)).await.withdrawn, 0);
        assert_eq!(round(&bench, Duration::from_hours(2)).await.withdrawn, 1);
        assert_eq!(public(&bench).await.len(), 3);
        blog.close(bench).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_look_at_the_same_rows_writes_nothing() {
    let blog = Blog::on(Engine::Sqlite).await;
    for id in 1..=3 {
        blog.write(id, "2026-12-02 08:00:00").await;
    }
    let bench = blog.bench(Engine::Sqlite, QUERY, Some(KEYS)).await;
    scan(&bench).await;
    let mut onlooker = bench.onlooker().await;
    let before = onlooker.everything().await;
    bench.wait(MINUTES);
    scan(&bench).await;
    round(&bench, MINUTES).await;
    assert_eq!(onlooker.everything().await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_away_or_changed_changes_no_article() {
    for engine in engines() {
        let blog = Blog::on(engine).await;
        for id in 1..=8 {
            blog.write(id, "2026-12-02 08:00:00").await;
        }
        let bench = blog.bench(engine, QUERY, Some(KEYS)).await;
        scan(&bench).await;
        for (change, code) in [
            ("ALTER TABLE posts RENAME COLUMN body TO words", "query_failed"),
            ("ALTER TABLE posts RENAME COLUMN words TO body", ""),
            ("ALTER TABLE posts RENAME TO gone", "query_failed"),
            ("ALTER TABLE gone RENAME TO posts", ""),
            ("DELETE FROM posts", "mass_vanish"),
        ] {
            blog.run(change).await;
            let report = round(&bench, Duration::from_hours(2)).await;
            let expected: Vec<&str> = Some(code).filter(|code| !code.is_empty()).into_iter().collect();
            assert_eq!(codes(&report), expected, "{engine:?} {change}: {report:?}");
            assert_eq!(public(&bench).await.len(), 8, "{change}");
        }
        // However long it stays so.
        round(&bench, Duration::from_hours(24)).await;
        assert_eq!(public(&bench).await.len(), 8);
        let mut elsewhere = blog.source(QUERY, None);
        if let SourceKind::Table(table) = &mut elsewhere.kind {
            table.database = match engine {
                Engine::Sqlite => "sqlite:///nowhere/blog.db".to_owned(),
                Engine::Postgres => "postgres://nobody@127.0.0.1:1/nothing".to_owned(),
            };
        }
        let away = ingest::scan_source(&bench.app, &elsewhere, &|_, _| {}).await.unwrap();
        assert_eq!(codes(&away), ["query_failed"]);
        assert_eq!(public(&bench).await.len(), 8);
        blog.close(bench).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_one_statement_that_reads_known_columns_is_run() {
    for engine in engines() {
        let blog = Blog::on(engine).await;
        blog.write(1, "2026-12-02 08:00:00").await;
        let bench = blog.bench(engine, QUERY, None).await;
        for (query, words) in [
            ("SELECT id, body AS markdown FROM posts; DROP TABLE posts", "`;`"),
            ("DROP TABLE posts", "SELECT"),
            (
                "SELECT id, body AS markdown FROM (DELETE FROM posts RETURNING *) AS x",
                "run `query`",
            ),
            (
                "WITH x AS (DELETE FROM posts RETURNING id, body) SELECT id, body AS markdown FROM x",
                "run `query`",
            ),
            ("SELECT id, title, body FROM posts", "body"),
            ("SELECT slug, body AS markdown FROM posts", "`id`"),
            ("SELECT id, title FROM posts", "`markdown`"),
            ("SELECT id, body AS html, body AS markdown FROM posts", "only one"),
            ("SELECT id, body AS markdown FROM posts WHERE id = $2", "$1"),
        ] {
            let source = blog.source(query, None);
            let report = ingest::scan_source(&bench.app, &source, &|_, _| {}).await.unwrap();
            assert_eq!(codes(&report), ["query_failed"], "{engine:?} {query}");
            assert!(report.problems[0].message.contains(words), "{query}: {report:?}");
        }
        let report = scan(&bench).await;
        assert_eq!(report.added, 1, "the table is still there: {report:?}");
        blog.close(bench).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_do_not_say_when_they_changed_are_read_each_time() {
    for engine in engines() {
        let blog = Blog::on(engine).await;
        blog.write(1, "2026-12-02 08:00:00").await;
        blog.run("INSERT INTO posts (id, title, body, published_at, status) VALUES (2, 'Undated', 'Text.', '2026-12-01 08:00:00', 'published')")
            .await;
        let query = "SELECT id, slug, title, body AS markdown, published_at, updated_at, status FROM posts ORDER BY id";
        let bench = blog.bench(engine, query, None).await;
        assert_eq!(scan(&bench).await.added, 2);
        blog.run("UPDATE posts SET body = 'Other text.' WHERE id = 2").await;
        assert_eq!(round(&bench, MINUTES).await.updated, 1);
        blog.run("DELETE FROM posts WHERE id = 2").await;
        assert_eq!(round(&bench, Duration::from_mins(20)).await.withdrawn, 0);
        assert_eq!(round(&bench, Duration::from_mins(20)).await.withdrawn, 1);
        blog.close(bench).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn values_are_read_by_what_their_engine_says_they_are() {
    for engine in engines() {
        let blog = Blog::on(engine).await;
        let query = match engine {
            Engine::Sqlite => {
                "SELECT 'a-b' AS id, 'x' AS slug, 'T *x*' AS title, 'One & <b>' || char(10) || char(10) || 'two' AS text, 1767225600000 AS published_at, \
                 1767225601 AS updated_at, '[\"a, b\", \"c\"]' AS tags, '[{\"name\": \"Jane Doe\"}]' AS authors, 'tag:example.org,2026:1' AS guid"
            }
            Engine::Postgres => {
                "SELECT 'a-b' AS id, 'x' AS slug, 'T *x*' AS title, E'One & <b>' || chr(10) || chr(10) || 'two' AS text, \
                 TIMESTAMPTZ '2026-01-01 01:00:00+01' AS published_at, TIMESTAMP '2026-01-01 00:00:01' AS updated_at, ARRAY['a, b', 'c'] AS tags, \
                 '[{\"name\": \"Jane Doe\"}]'::jsonb AS authors, 'tag:example.org,2026:1' AS guid"
            }
        };
        let query = if engine == Engine::Postgres {
            query.replace("E'One", "'One")
        } else {
            query.to_owned()
        };
        let bench = blog.bench(engine, &query, None).await;
        let report = scan(&bench).await;
        assert_eq!((report.added, codes(&report).len()), (1, 0), "{report:?}");
        let row = &public(&bench).await[0];
        let article = ingest::show(&bench.app, &row.id).await.unwrap().article;
        assert_eq!(
            (article.title.as_str(), article.tags.as_slice()),
            ("T x", ["a, b".to_owned(), "c".to_owned()].as_slice())
        );
        assert_eq!(article.published_at, "2026-01-01T00:00:00Z");
        assert_eq!(article.updated_at.as_deref(), Some("2026-01-01T00:00:01Z"));
        assert_eq!(article.authors, ["Jane Doe"]);
        blog.close(bench).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_that_is_published_after_a_while_is_mailed() {
    for engine in engines() {
        let blog = Blog::on(engine).await;
        blog.write(1, "2026-12-02 08:00:00").await;
        blog.write(2, "2026-12-01 08:00:00").await;
        blog.run("UPDATE posts SET status = 'draft' WHERE id = 2").await;
        let bench = blog.bench(engine, QUERY, Some(KEYS)).await;
        assert_eq!(scan(&bench).await.excluded, 1);
        for _ in 0..3 {
            round(&bench, Duration::from_hours(2)).await;
        }
        let rows = ingest::list(&bench.app).await.unwrap();
        assert!(rows.iter().all(|row| row.status != "withdrawn"), "{rows:?}");
        blog.run("UPDATE posts SET status = 'published', updated_at = '2027-01-01 06:00:00' WHERE id = 2")
            .await;
        let published = round(&bench, MINUTES).await;
        assert_eq!(
            (published.mailable, public(&bench).await.len()),
            (1, 2),
            "{published:?}"
        );
        blog.close(bench).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_that_was_deleted_and_comes_back_published_is_mailed() {
    let blog = Blog::on(Engine::Sqlite).await;
    blog.write(1, "2026-12-02 08:00:00").await;
    blog.write(2, "2026-12-02 08:00:00").await;
    blog.run("UPDATE posts SET status = 'draft' WHERE id = 2").await;
    let bench = blog.bench(Engine::Sqlite, QUERY, None).await;
    scan(&bench).await;
    blog.run("DELETE FROM posts WHERE id = 2").await;
    for _ in 0..3 {
        round(&bench, Duration::from_hours(2)).await;
    }
    blog.write(2, "2027-01-01 05:00:00").await;
    let back = round(&bench, MINUTES).await;
    assert_eq!((back.mailable, public(&bench).await.len()), (1, 2), "{back:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_cursor_passed_over_is_found_by_its_key() {
    for engine in engines() {
        let blog = Blog::on(engine).await;
        blog.write(1, "2026-12-02 08:00:00").await;
        // A clock that goes wrong.
        blog.write(2, "2028-12-02 08:00:00").await;
        let bench = blog.bench(engine, QUERY, Some(KEYS)).await;
        assert_eq!(scan(&bench).await.added, 2);
        blog.write(3, "2027-01-01 00:01:00").await;
        assert_eq!(
            round(&bench, MINUTES).await.mailable,
            1,
            "the cursor is no later than now"
        );
        // Restored from a backup.
        blog.write(4, "2026-11-01 08:00:00").await;
        assert_eq!(round(&bench, MINUTES).await.added, 0);
        let listed = round(&bench, Duration::from_hours(2)).await;
        assert_eq!((listed.mailable, codes(&listed).len()), (1, 0), "{engine:?} {listed:?}");
        // One that no cursor ever finds is named, and stays so.
        blog.run("INSERT INTO posts (id, body, status) VALUES (5, 'Text.', 'published')")
            .await;
        assert_eq!(codes(&round(&bench, Duration::from_hours(2)).await), ["rows_not_given"]);
        assert_eq!(codes(&round(&bench, MINUTES).await), ["rows_not_given"]);
        blog.run("DELETE FROM posts WHERE id = 5").await;
        assert_eq!(codes(&round(&bench, Duration::from_hours(2)).await).len(), 0);
        blog.close(bench).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_look_without_a_row_seals_nothing_unless_the_table_is_empty() {
    let blog = Blog::on(Engine::Sqlite).await;
    blog.run("INSERT INTO posts (id, body, published_at, updated_at, status) VALUES (1, 'Text.', '2026-12-01', NULL, 'published')")
        .await;
    let bench = blog.bench(Engine::Sqlite, QUERY, Some(KEYS)).await;
    assert_eq!(codes(&scan(&bench).await), ["query_failed"]);
    blog.run("UPDATE posts SET updated_at = '2026-12-02'").await;
    let first = scan(&bench).await;
    assert_eq!((first.baseline, first.mailable), (1, 0), "{first:?}");
    let empty = Blog::on(Engine::Sqlite).await;
    let bench = empty.bench(Engine::Sqlite, QUERY, Some(KEYS)).await;
    assert_eq!(codes(&scan(&bench).await).len(), 0);
    empty.write(1, "2026-12-31 23:59:00").await;
    assert_eq!(round(&bench, MINUTES).await.mailable, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_wrong_with_a_table_is_forgotten_when_it_is_over() {
    let blog = Blog::on(Engine::Sqlite).await;
    for id in 1..=8 {
        blog.write(id, "2026-12-02 08:00:00").await;
    }
    let bench = blog.bench(Engine::Sqlite, QUERY, Some(KEYS)).await;
    scan(&bench).await;
    blog.run("ALTER TABLE posts RENAME TO away; CREATE TABLE posts AS SELECT * FROM away WHERE id = 1")
        .await;
    assert_eq!(codes(&round(&bench, Duration::from_hours(2)).await), ["mass_vanish"]);
    blog.run("DROP TABLE posts; ALTER TABLE away RENAME TO posts").await;
    assert_eq!(codes(&round(&bench, MINUTES).await), ["mass_vanish"]);
    assert_eq!(codes(&round(&bench, Duration::from_hours(2)).await).len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_under_another_id_is_the_same_article() {
    for engine in engines() {
        let blog = Blog::on(engine).await;
        for id in 1..=2 {
            blog.write(id, "2026-12-02 08:00:00").await;
        }
        let bench = blog.bench(engine, QUERY, None).await;
        scan(&bench).await;
        blog.run("UPDATE posts SET id = 9, updated_at = '2027-01-01 00:00:00' WHERE id = 1")
            .await;
        let moved = round(&bench, Duration::from_hours(2)).await;
        assert_eq!((moved.moved, moved.added, codes(&moved).len()), (1, 0, 0), "{moved:?}");
        blog.close(bench).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_away_is_asked_less_often() {
    let blog = Blog::on(Engine::Sqlite).await;
    let bench = blog.bench(Engine::Sqlite, QUERY, Some(KEYS)).await;
    assert_eq!(codes(&round(&bench, MINUTES).await).len(), 0);
    let away = blog.folder.path().join("away.db");
    std::fs::rename(blog.file(), &away).unwrap();
    for (after, asked) in [(70, true), (70, false), (70, true), (180, false), (70, true)] {
        let report = round(&bench, Duration::from_secs(after)).await;
        assert_eq!(!report.problems.is_empty(), asked, "{after} {report:?}");
    }
    std::fs::rename(away, blog.file()).unwrap();
    assert_eq!(codes(&round(&bench, Duration::from_hours(1)).await).len(), 0);
    blog.write(1, "2027-01-01 00:00:00").await;
    assert_eq!(round(&bench, MINUTES).await.added, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_is_used_again_takes_the_old_article_away() {
    let blog = Blog::on(Engine::Sqlite).await;
    blog.write(1, "2026-12-02 08:00:00").await;
    let bench = blog.bench(Engine::Sqlite, QUERY, Some(KEYS)).await;
    scan(&bench).await;
    blog.run(
        "UPDATE posts SET slug = 'other', title = 'Other', body = 'Nothing is left here but quite different words.', \
         published_at = '2026-12-31 08:00:00', updated_at = '2027-01-01 00:00:00'",
    )
    .await;
    let again = round(&bench, MINUTES).await;
    let titles: Vec<String> = public(&bench).await.into_iter().map(|row| row.title).collect();
    assert_eq!((titles, again.withdrawn), (vec!["Other".to_owned()], 1), "{again:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn ids_of_a_fixed_length_and_the_newest_version_of_a_row_are_read() {
    for engine in engines().into_iter().filter(|engine| *engine == Engine::Postgres) {
        let blog = Blog::on(engine).await;
        blog.run("CREATE TABLE versions (id char(9), version INTEGER, body TEXT)")
            .await;
        blog.run("INSERT INTO versions SELECT 'post-' || to_char(i, 'FM0000'), v, 'Text ' || i || ' in version ' || v FROM generate_series(1, 700) i, generate_series(1, 2) v")
            .await;
        let query = "SELECT DISTINCT ON (id) id, body AS text FROM versions ORDER BY id, version DESC";
        let bench = blog.bench(engine, query, None).await;
        assert_eq!(scan(&bench).await.added, 700);
        let rows = public(&bench).await;
        assert!(rows.iter().all(|row| row.body_text.ends_with("version 2")));
        blog.close(bench).await;
    }
}

async fn many(engine: Engine, count: usize) {
    let blog = Blog::on(engine).await;
    let rows = match engine {
        Engine::Sqlite => format!("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count})"),
        Engine::Postgres => format!("WITH n AS (SELECT generate_series(1, {count}) AS i)"),
    };
    let time = if engine == Engine::Sqlite {
        "'2026-12-02 08:00:00'"
    } else {
        "TIMESTAMPTZ '2026-12-02 08:00:00'"
    };
    blog.run(&format!(
        "INSERT INTO posts {rows} SELECT i, 'n-' || i, 'Note ' || i, 'Text of ' || i, {time}, {time}, 'published', NULL FROM n"
    ))
    .await;
    let bench = blog.bench(engine, QUERY, Some(KEYS)).await;
    let report = scan(&bench).await;
    assert_eq!((report.added, report.baseline), (count as u64, count as u64));
    let again = round(&bench, MINUTES).await;
    assert_eq!((again.added, again.updated, again.files), (0, 0, count as u64));
    blog.close(bench).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn thousands_of_rows_with_one_time_are_read_page_by_page() {
    for engine in engines() {
        many(engine, 1_234).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "long: run by tests/run --long"]
async fn two_hundred_thousand_rows_are_read() {
    for engine in engines() {
        many(engine, 200_000).await;
    }
}
