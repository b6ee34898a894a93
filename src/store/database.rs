//! The two engines behind one door: opening, migrating, connections.

use std::str::FromStr;
use std::time::Duration;

use sqlx::sqlite::SqliteSynchronous;
use sqlx::sqlite::{SqliteAutoVacuum, SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions};
use sqlx::{Connection, Sqlite, Transaction, pool::PoolConnection};

use super::postgres::{self, Held, Server};

static SQLITE_MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("migrations/sqlite");

/// Which engine a database is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// Inside the process, one writer.
    Sqlite,
    /// A server, for several nodes.
    Postgres,
}

/// What can go wrong below the store's functions.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The engine said no.
    #[error("{}", in_words(.0))]
    Sql(sqlx::Error),
    /// The schema could not be brought up to date.
    #[error("bring the database schema up to date: {0}; a database of a newer Letterpress needs that newer version")]
    Migrate(#[from] sqlx::migrate::MigrateError),
    /// The server did not answer in time; the connection was thrown away.
    #[error("ask the database: it did not answer within {0:?}; see whether the server and the way to it are well")]
    Deadline(Duration),
    /// The engine is older than what is safe.
    #[error("open the database: {found} is older than {wanted}; use a newer one")]
    TooOld {
        /// The version at hand.
        found: String,
        /// The oldest one that is safe.
        wanted: &'static str,
    },
    /// The address of the database means nothing to us.
    #[error("open the database `{0}`: write sqlite://FILE or postgres://USER@HOST/NAME")]
    UnknownUrl(String),
    /// A statement should have changed a row and did not, or the other way round.
    #[error("{what}: expected to change {expected} rows, changed {changed}; this is a defect, please report it")]
    Rows {
        /// What was done.
        what: &'static str,
        /// How many rows should have changed.
        expected: u64,
        /// How many did.
        changed: u64,
    },
    /// A stored value does not parse.
    #[error("read {what} from the database: `{value}` is not one of its words; restore a backup or report it")]
    Corrupt {
        /// Which value.
        what: &'static str,
        /// What stood there.
        value: String,
    },
}

// By hand, because a source would be printed once more after these words.
impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        Self::Sql(error)
    }
}

/// What the engine said, with a remedy where there is one.
fn in_words(error: &sqlx::Error) -> String {
    let said = match error {
        sqlx::Error::Database(said) => said.to_string(),
        other => other.to_string(),
    };
    if is_full(error) {
        format!("the disk under the database is full ({said}); make room and try again: nothing is half-written")
    } else {
        said
    }
}

/// SQLITE_FULL, SQLITE_IOERR_SHMSIZE (no room for the index of the log), and PostgreSQL's `disk_full`.
fn is_full(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Database(error) => matches!(error.code().as_deref(), Some("13" | "4874" | "53100")),
        _ => false,
    }
}

impl StoreError {
    /// Whether a uniqueness constraint refused the row: somebody else was first.
    pub fn is_conflict(&self) -> bool {
        matches!(self, Self::Sql(sqlx::Error::Database(e)) if e.is_unique_violation())
    }

    /// Whether the file is damaged or no database: the primary codes 11 and 26 of SQLite, which the low byte holds.
    pub fn is_damage(&self) -> bool {
        let code = match self {
            Self::Sql(sqlx::Error::Database(error)) => error.code(),
            _ => None,
        };
        let primary = code.and_then(|code| code.parse::<u32>().ok()).map(|code| code & 0xff);
        matches!(primary, Some(11 | 26))
    }

    /// Whether there is no room left on the disk.
    pub fn is_full(&self) -> bool {
        matches!(self, Self::Sql(error) if is_full(error))
    }

    /// Whether trying the same transaction again can help (busy, serialisation failure, deadlock, lost connection).
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Sql(sqlx::Error::Database(e)) => {
                matches!(
                    e.code().as_deref(),
                    Some("5" | "261" | "517" | "40001" | "40P01" | "55P03" | "57P01" | "57P02" | "57P03")
                )
            }
            Self::Deadline(_)
            | Self::Sql(sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::Protocol(_)) => true,
            _ => false,
        }
    }
}

/// An open database of either engine.
#[derive(Debug, Clone)]
pub enum Database {
    /// Two writer connections and a few readers on one file.
    Sqlite {
        /// Readers.
        read: SqlitePool,
        /// The writer: exactly one connection.
        write: SqlitePool,
        /// The writer of attempts and outcomes: one connection.
        ledger: SqlitePool,
    },
    /// A server.
    Postgres(Server),
}

/// One connection of either engine, for reading or inside a transaction.
#[derive(Debug)]
pub enum Conn {
    /// Reads from SQLite.
    Sqlite(PoolConnection<Sqlite>),
    /// Writes to SQLite, `BEGIN IMMEDIATE`.
    SqliteTx(Transaction<'static, Sqlite>),
    /// Reads from PostgreSQL, or writes to it inside a transaction.
    Postgres(Held),
}

impl Conn {
    /// Makes what was written durable. A connection that only reads has nothing to commit.
    pub async fn commit(self) -> Result<(), StoreError> {
        match self {
            Self::SqliteTx(tx) => tx.commit().await?,
            Self::Postgres(held) => held.commit().await?,
            Self::Sqlite(_) => {}
        }
        Ok(())
    }

    /// Which engine this is.
    pub fn engine(&self) -> Engine {
        match self {
            Self::Sqlite(_) | Self::SqliteTx(_) => Engine::Sqlite,
            Self::Postgres(_) => Engine::Postgres,
        }
    }

    /// The time that all processes on this database share: the server's, or `here` where there is only this machine.
    pub async fn shared_time(&mut self, here: i64) -> Result<i64, StoreError> {
        match self {
            Self::Postgres(held) => held.time().await,
            Self::Sqlite(_) | Self::SqliteTx(_) => Ok(here),
        }
    }

    /// For a statement that waits until another process is done, however long that takes.
    pub fn wait_for_others(&mut self) {
        if let Self::Postgres(held) = self {
            held.wait_for_others();
        }
    }

    /// For statements that go through many rows: a server may think about each of them this long.
    pub fn be_patient(&mut self) {
        if let Self::Postgres(held) = self {
            held.be_patient();
        }
    }
}

impl Database {
    /// Opens the database that `url` names, makes it where it does not exist, and brings its schema up to date.
    ///
    /// # Errors
    /// Refuses unknown addresses, SQLite before 3.51.3 (WAL-reset corruption) and a schema newer than this program.
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        let database = if url.starts_with("sqlite:") {
            Self::open_sqlite(url).await?
        } else if url.starts_with("postgres:") || url.starts_with("postgresql:") {
            Self::Postgres(postgres::open(url).await?)
        } else {
            return Err(StoreError::UnknownUrl(url.to_owned()));
        };
        database.migrate().await?;
        Ok(database)
    }

    async fn open_sqlite(url: &str) -> Result<Self, StoreError> {
        let options = SqliteConnectOptions::from_str(url)?
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            // NORMAL may forget the end of the WAL on power loss, and then a letter goes out twice.
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(Duration::from_secs(10))
            .auto_vacuum(SqliteAutoVacuum::Incremental)
            .pragma("trusted_schema", "OFF")
            .pragma("secure_delete", "ON")
            .pragma("journal_size_limit", "67108864");
        let write = SqlitePoolOptions::new()
            .max_connections(1)
            .idle_timeout(None)
            .max_lifetime(None)
            // There is no wire that could have been cut.
            .test_before_acquire(false)
            .connect_with(options.clone())
            .await?;
        let ledger = SqlitePoolOptions::new()
            .max_connections(1)
            .test_before_acquire(false)
            // Thousands of small commits in a second would fold the log back several times in each.
            .connect_lazy_with(options.clone().pragma("wal_autocheckpoint", "4000"));
        let found: String = sqlx::query_scalar("SELECT sqlite_version()").fetch_one(&write).await?;
        if version_numbers(&found) < vec![3, 51, 3] {
            return Err(StoreError::TooOld {
                found: format!("SQLite {found}"),
                wanted: "SQLite 3.51.3",
            });
        }
        let read = SqlitePoolOptions::new()
            .max_connections(4)
            .test_before_acquire(false)
            .connect_lazy_with(options.pragma("query_only", "ON"));
        Ok(Self::Sqlite { read, write, ledger })
    }

    async fn migrate(&self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite { write, .. } => SQLITE_MIGRATIONS.run(write).await?,
            Self::Postgres(server) => server.migrate().await?,
        }
        Ok(())
    }

    /// A connection for reading. On SQLite it sees the last commit at its first statement.
    pub async fn read(&self) -> Result<Conn, StoreError> {
        Ok(match self {
            Self::Sqlite { read, .. } => Conn::Sqlite(read.acquire().await?),
            Self::Postgres(server) => Conn::Postgres(server.read().await?),
        })
    }

    /// SQLite's connection for the ledger: each statement is a transaction of its own. `None` on PostgreSQL.
    ///
    /// It is kept by whoever writes attempts and outcomes, thousands in a second, so that none of them passes through the
    /// pool; everybody else shares the other writer, and SQLite lets them take turns.
    pub async fn ledger(&self) -> Result<Option<Conn>, StoreError> {
        Ok(match self {
            Self::Sqlite { ledger, .. } => Some(Conn::Sqlite(ledger.acquire().await?)),
            Self::Postgres(_) => None,
        })
    }

    /// A transaction. On SQLite it holds the one writer until it is committed or dropped.
    pub async fn begin(&self) -> Result<Conn, StoreError> {
        Ok(match self {
            Self::Sqlite { write, .. } => Conn::SqliteTx(begin_sqlite(write).await?),
            Self::Postgres(server) => Conn::Postgres(server.begin().await?),
        })
    }

    /// Which engine this is.
    pub fn engine(&self) -> Engine {
        match self {
            Self::Sqlite { .. } => Engine::Sqlite,
            Self::Postgres(_) => Engine::Postgres,
        }
    }

    /// Closes every connection, so that SQLite folds its write-ahead log back into the file.
    pub async fn close(&self) {
        match self {
            Self::Sqlite { read, write, ledger } => {
                read.close().await;
                ledger.close().await;
                if let Ok(mut connection) = write.acquire().await {
                    let _ = sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)")
                        .execute(&mut *connection)
                        .await;
                    let _ = connection.close().await;
                }
                write.close().await;
            }
            Self::Postgres(server) => server.close().await,
        }
    }

    /// Folds SQLite's write-ahead log back into the file and empties it, so that nothing that was deleted stands in it.
    pub async fn truncate_log(&self) -> Result<(), StoreError> {
        if let Self::Sqlite { write, .. } = self {
            sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(write).await?;
        }
        Ok(())
    }

    /// Asks the database for a sign of life.
    pub async fn ping(&self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite { read, .. } => read.acquire().await?.ping().await?,
            Self::Postgres(server) => server.ping().await?,
        }
        Ok(())
    }
}

/// A full disk or a read error ends a transaction inside SQLite, and sqlx 0.9 goes on counting it as open for ever: such a
/// connection is thrown away.
async fn begin_sqlite(write: &SqlitePool) -> Result<Transaction<'static, Sqlite>, sqlx::Error> {
    match write.begin_with("BEGIN IMMEDIATE").await {
        Err(sqlx::Error::InvalidSavePointStatement) => {
            // The pool holds this one connection only.
            write.acquire().await?.close().await?;
            write.begin_with("BEGIN IMMEDIATE").await
        }
        begun => begun,
    }
}

fn version_numbers(version: &str) -> Vec<u32> {
    version.split('.').map(|part| part.parse().unwrap_or(0)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_author_who_names_no_known_engine_is_told_what_to_write() {
        let error = Database::open("mysql://x").await.unwrap_err();
        assert!(error.to_string().contains("sqlite://FILE"));
    }

    #[tokio::test]
    async fn a_fresh_sqlite_file_is_made_and_migrated_twice_without_harm() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("a.db").display());
        Database::open(&url).await.unwrap().close().await;
        Database::open(&url).await.unwrap().close().await;
    }
}
