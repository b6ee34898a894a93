//! Connections to PostgreSQL: every query has a deadline, and a connection that missed one is thrown away.
//!
//! sqlx 0.9 sets neither keepalive nor `TCP_USER_TIMEOUT`: a query in flight stays blocked long after the way to the
//! server is cut. So the program counts, and whatever was not answered in time leaves with its connection.
//!
//! Behind a pooler of transactions (pgbouncer) every transaction may meet another server connection. So there reads are
//! transactions, too, and each begins by forgetting the prepared statements of whoever was there before: sqlx numbers
//! its own from 1 on every connection, and would meet its namesakes.

use std::str::FromStr;
use std::sync::LazyLock;
use std::time::Duration;

use sqlx::migrate::Migrator;
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPool, PgPoolOptions};
use sqlx::{Connection, Executor, Postgres};

use super::StoreError;

/// A query of a few rows.
const SHORT: Duration = Duration::from_secs(5);
/// A query that goes through a whole issue.
const LONG: Duration = Duration::from_secs(60);
/// A query that waits for another process: a scan of everything may go before it.
const FOR_OTHERS: Duration = Duration::from_secs(3600);
/// Both travel together.
const BEGIN_POOLED: &str = "BEGIN; DEALLOCATE ALL";
/// What the end of an unfinished transaction may take.
const ROLLBACK: Duration = Duration::from_secs(1);

static MIGRATIONS: LazyLock<Migrator> = LazyLock::new(|| {
    let mut migrations = sqlx::migrate!("migrations/postgres");
    // Its lock belongs to a session, which a pooler does not give.
    migrations.set_locking(false);
    migrations
});
/// One process at a time migrates: a number of our own among advisory locks.
const MIGRATING_POSTGRES: &str = "SELECT pg_advisory_xact_lock(6107412835)";

/// A pool of at most five connections.
#[derive(Debug, Clone)]
pub struct Server {
    pool: PgPool,
    pooled: bool,
}

impl Server {
    pub(super) async fn read(&self) -> Result<Held, StoreError> {
        let mut held = Held::new(&self.pool).await?;
        if self.pooled {
            held.say(BEGIN_POOLED).await?;
        }
        Ok(held)
    }

    pub(super) async fn begin(&self) -> Result<Held, StoreError> {
        let mut held = Held::new(&self.pool).await?;
        held.say(if self.pooled { BEGIN_POOLED } else { "BEGIN" }).await?;
        held.in_transaction = true;
        Ok(held)
    }

    /// All pending migrations or none: they are one transaction, which no other process runs meanwhile.
    pub(super) async fn migrate(&self) -> Result<(), StoreError> {
        let mut all = self.pool.begin().await?;
        if self.pooled {
            all.execute("DEALLOCATE ALL").await?;
        }
        all.execute(MIGRATING_POSTGRES).await?;
        MIGRATIONS.run(&mut *all).await?;
        Ok(all.commit().await?)
    }

    pub(super) async fn close(&self) {
        self.pool.close().await;
    }

    pub(super) async fn ping(&self) -> Result<(), StoreError> {
        Ok(self.pool.acquire().await?.ping().await?)
    }

    /// What is beneath, for tests that look at tables themselves.
    pub fn pool(&self) -> &PgPool {
        &self.pool
    }
}

/// Opens it. `?pooler=true` in the address stands for a pooler of transactions between us and the server (pgbouncer): then
/// nothing is kept on a connection from one transaction to the next.
pub(super) async fn open(url: &str) -> Result<Server, StoreError> {
    let (url, pooled) = without_pooler(url);
    let mut options = PgConnectOptions::from_str(&url)?.application_name("letterpress");
    if pooled {
        // A pooler refuses settings of a session that it does not know.
        options = options.statement_cache_capacity(0).extra_float_digits(None);
    }
    let pool = PgPoolOptions::new()
        .max_connections(5)
        .acquire_timeout(SHORT * 2)
        // A cancelled begin() puts a connection with an open transaction back (transact-rs/sqlx#4385).
        .after_release(|connection, _| Box::pin(async move { Ok(roll_back(connection).await) }))
        .connect_with(options)
        .await?;
    Ok(Server { pool, pooled })
}

async fn roll_back(connection: &mut PgConnection) -> bool {
    matches!(
        tokio::time::timeout(ROLLBACK, connection.execute("ROLLBACK")).await,
        Ok(Ok(_))
    )
}

/// The address without our own key, and whether that key was set.
fn without_pooler(address: &str) -> (String, bool) {
    let Ok(mut url) = url::Url::parse(address) else {
        return (address.to_owned(), false);
    };
    let others: Vec<(String, String)> = url
        .query_pairs()
        .filter(|(key, _)| key != "pooler")
        .map(|(key, value)| (key.into_owned(), value.into_owned()))
        .collect();
    let pooled = url.query_pairs().any(|(key, value)| key == "pooler" && value == "true");
    if others.is_empty() {
        url.set_query(None);
    } else {
        url.query_pairs_mut().clear().extend_pairs(others);
    }
    (url.into(), pooled)
}

/// A connection out of the pool, for reading or inside a transaction.
#[derive(Debug)]
pub struct Held {
    /// Away only while the connection is being dropped.
    connection: Option<PoolConnection<Postgres>>,
    deadline: Duration,
    in_transaction: bool,
    /// A query was begun and not answered: what comes next on this connection belongs to it.
    unanswered: bool,
}

impl Held {
    async fn new(pool: &PgPool) -> Result<Self, StoreError> {
        Ok(Self {
            connection: Some(pool.acquire().await?),
            deadline: SHORT,
            in_transaction: false,
            unanswered: false,
        })
    }

    pub(super) async fn commit(mut self) -> Result<(), StoreError> {
        if self.in_transaction {
            self.say("COMMIT").await?;
        }
        Ok(())
    }

    pub(super) fn be_patient(&mut self) {
        self.deadline = LONG;
    }

    pub(super) fn wait_for_others(&mut self) {
        self.deadline = FOR_OTHERS;
    }

    /// The server's time in microseconds.
    pub(super) async fn time(&mut self) -> Result<i64, StoreError> {
        const TIME_POSTGRES: &str = "SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT)";
        let deadline = self.ask();
        let row = tokio::time::timeout(deadline, sqlx::query_as(TIME_POSTGRES).fetch_one(self.connection())).await;
        let (time,): (i64,) = self.answered(row)??;
        Ok(time)
    }

    async fn say(&mut self, statement: &'static str) -> Result<(), StoreError> {
        let deadline = self.ask();
        let answer = tokio::time::timeout(deadline, self.connection().execute(statement)).await;
        self.answered(answer)??;
        Ok(())
    }

    /// A query begins; it must be answered within the result.
    pub(super) fn ask(&mut self) -> Duration {
        self.unanswered = true;
        self.deadline
    }

    /// What a query is run on.
    pub fn connection(&mut self) -> &mut PgConnection {
        self.connection.as_mut().expect("it is there until this is dropped")
    }

    /// A query ended, in time or not.
    pub(super) fn answered<T>(&mut self, answer: Result<T, tokio::time::error::Elapsed>) -> Result<T, StoreError> {
        self.unanswered = answer.is_err();
        answer.map_err(|_| StoreError::Deadline(self.deadline))
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if self.unanswered
            && let Some(connection) = self.connection.take()
        {
            // Closed, not returned: nobody else may read the answer that is still to come.
            drop(connection.detach());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_for_a_pooler_is_ours_and_does_not_reach_the_server() {
        assert_eq!(
            without_pooler("postgres://a@h/d?sslmode=verify-full&pooler=true"),
            ("postgres://a@h/d?sslmode=verify-full".to_owned(), true)
        );
        assert_eq!(
            without_pooler("postgres://a@h/d"),
            ("postgres://a@h/d".to_owned(), false)
        );
    }
}
