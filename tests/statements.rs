//! Every statement of the store is prepared on both engines, and both schemas are the same: what compile-time queries
//! would give, without tying the build to one database.

mod reading;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use letterpress::store::{Conn, Engine, transfer};
use sqlx::{AssertSqlSafe, Executor, SqlSafeStr};

use crate::support::{Bench, at, engines};
use reading::{Statement, statements};

/// Whether a statement is meant for an engine: names that end in one are for that one alone.
fn is_for(statement: &Statement, engine: Engine) -> bool {
    match engine {
        Engine::Sqlite => !statement.name.ends_with("POSTGRES"),
        Engine::Postgres => !statement.name.ends_with("SQLITE"),
    }
}

/// Statements that are built for many rows end where the values begin: one row of NULLs completes them.
fn completed(sql: &str) -> String {
    if sql.trim_end().ends_with("IN (") {
        return format!("{sql}NULL)");
    }
    let Some(columns) = sql
        .trim_end()
        .strip_suffix(')')
        .filter(|_| sql.starts_with("INSERT") && !sql.contains("VALUES"))
    else {
        return sql.to_owned();
    };
    let count = columns.split(',').count();
    format!("{sql} VALUES ({})", vec!["NULL"; count].join(", "))
}

async fn prepare(conn: &mut Conn, sql: &str) -> Result<(), sqlx::Error> {
    let sql = AssertSqlSafe(sql.to_owned()).into_sql_str();
    match conn {
        Conn::Sqlite(c) => (&mut **c).prepare(sql).await.map(drop),
        Conn::SqliteTx(c) => (&mut **c).prepare(sql).await.map(drop),
        Conn::Postgres(held) => {
            let statement = held.connection().prepare(sql).await;
            statement.map(drop)
        }
    }
}

#[tokio::test]
async fn every_statement_is_understood_by_both_engines() {
    let all = statements(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/store"));
    assert!(all.len() > 100, "only {} statements were found", all.len());
    for engine in engines() {
        let bench = Bench::on(engine, at("2027-01-01T00:00:00Z"), |_| {}).await;
        let mut refused = Vec::new();
        for statement in all.iter().filter(|statement| is_for(statement, engine)) {
            let mut conn = bench.app.database.read().await.unwrap();
            if let Err(error) = prepare(&mut conn, &completed(&statement.sql)).await {
                // Without a bound value PostgreSQL cannot guess the type of a parameter that is only compared with NULL;
                // every bind of ours says its type.
                if !error.to_string().contains("could not determine data type of parameter") {
                    refused.push(format!(
                        "{} {}: {error}\n    {}",
                        statement.file, statement.name, statement.sql
                    ));
                }
            }
        }
        bench.close().await;
        assert!(
            refused.is_empty(),
            "{engine:?} refuses {}:\n{}",
            refused.len(),
            refused.join("\n")
        );
    }
}

/// Table and column → type, NOT NULL, place in the primary key.
type Schema = BTreeMap<(String, String), (String, bool, i64)>;

const SQLITE_COLUMNS: &str = "SELECT m.name, c.name, c.type, c.\"notnull\", c.pk FROM sqlite_master m \
     JOIN pragma_table_info(m.name) c WHERE m.type = 'table' AND m.name NOT LIKE '\\_sqlx%' ESCAPE '\\' AND m.name NOT LIKE 'sqlite%'";
const POSTGRES_COLUMNS: &str = "SELECT c.table_name::text, c.column_name::text, c.data_type::text, \
     (c.is_nullable = 'NO')::int::bigint, \
     COALESCE((SELECT k.ordinal_position::bigint FROM information_schema.key_column_usage k \
       JOIN information_schema.table_constraints t ON t.constraint_name = k.constraint_name AND t.table_name = k.table_name \
       WHERE t.constraint_type = 'PRIMARY KEY' AND k.table_name = c.table_name AND k.column_name = c.column_name), 0) \
     FROM information_schema.columns c WHERE c.table_schema = 'public' AND c.table_name NOT LIKE '\\_sqlx%'";

fn same_word(kind: &str) -> String {
    match kind.to_ascii_lowercase().as_str() {
        "integer" | "bigint" => "number",
        "text" => "text",
        "blob" | "bytea" => "bytes",
        other => other,
    }
    .to_owned()
}

async fn schema(bench: &Bench) -> Schema {
    type Row = (String, String, String, i64, i64);
    let mut conn = bench.app.database.read().await.unwrap();
    let rows: Vec<Row> = match &mut conn {
        Conn::Sqlite(c) => sqlx::query_as(SQLITE_COLUMNS).fetch_all(&mut **c).await.unwrap(),
        Conn::Postgres(held) => sqlx::query_as(POSTGRES_COLUMNS)
            .fetch_all(held.connection())
            .await
            .unwrap(),
        Conn::SqliteTx(_) => unreachable!("a connection for reading was asked for"),
    };
    rows.into_iter()
        .map(|(table, column, kind, not_null, key)| ((table, column), (same_word(&kind), not_null != 0, key)))
        .collect()
}

#[tokio::test]
async fn both_engines_have_the_same_tables_columns_and_keys() {
    let mut seen: Option<Schema> = None;
    for engine in engines() {
        let bench = Bench::on(engine, at("2027-01-01T00:00:00Z"), |_| {}).await;
        let found = schema(&bench).await;
        bench.close().await;
        assert!(found.len() > 100, "{engine:?}: only {} columns were found", found.len());
        if let Some(first) = &seen {
            let different: Vec<_> = first
                .iter()
                .filter(|(name, column)| found.get(*name) != Some(*column))
                .chain(found.iter().filter(|(name, _)| !first.contains_key(*name)))
                .collect();
            assert!(different.is_empty(), "the engines differ in {different:#?}");
        }
        let tables: BTreeSet<&str> = found.keys().map(|(table, _)| table.as_str()).collect();
        let moved = BTreeSet::from(transfer::TABLES);
        assert_eq!(tables, moved, "`move` leaves something behind");
        seen = Some(found);
    }
}

#[test]
fn both_folders_of_migrations_hold_the_same_names() {
    let names = |engine: &str| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations").join(engine);
        let mut names: Vec<_> = std::fs::read_dir(folder)
            .unwrap()
            .map(|file| file.unwrap().file_name())
            .collect();
        names.sort();
        names
    };
    assert_eq!(names("sqlite"), names("postgres"));
}
