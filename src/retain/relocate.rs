//! From one engine to the other: ids, ledger and feed records stay, and the old copy is left on hold.

use secrecy::{ExposeSecret, SecretString};

use crate::app::{App, PlaceError};
use crate::model::clock::{mint_ulid, to_micros};
use crate::model::hold::{Hold, Remembered};
use crate::store::{Conn, Database, StoreError, instance, nodes, transfer};

/// Why nothing was moved.
#[derive(Debug, thiserror::Error)]
pub enum RelocateError {
    /// Both are of one kind.
    #[error(
        "move to the other engine: both databases are of one kind; copy them with the engine's own tools, or `backup`"
    )]
    SameEngine,
    /// There is something in it.
    #[error("move to an empty database: that one holds {0} rows already; make a new one")]
    NotEmpty(u64),
    /// Somebody works with it.
    #[error("move: {0} process(es) still work with the database; stop them first")]
    InUse(i64),
    /// It may be a copy itself.
    #[error("move: mail is on hold: {0}")]
    Held(Hold),
    /// The state folder, or its lock.
    #[error(transparent)]
    Place(#[from] PlaceError),
    /// One of the databases.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Told as rows are copied: so many of so many.
pub type Progress<'a> = &'a (dyn Fn(u64, u64) + Send + Sync);

/// Copies everything to the empty database at `url`; returns how many rows. The old one is on hold from then on.
pub async fn relocate(app: &App, url: &SecretString, progress: Progress<'_>) -> Result<u64, RelocateError> {
    let lock = app.place.lock(|| mint_ulid(&*app.clock, &*app.chance))?;
    let target = Database::open(url.expose_secret()).await?;
    if target.engine() == app.database.engine() {
        return Err(RelocateError::SameEngine);
    }
    let mut from = app.database.begin().await?;
    from.wait_for_others();
    let now = from.shared_time(to_micros(app.clock.now())).await?;
    match nodes::live_elsewhere(&mut from, &lock.place_id, now).await? {
        0 => {}
        alive => return Err(RelocateError::InUse(alive)),
    }
    if let Some((hold, _)) = app.held(&mut from).await? {
        return Err(RelocateError::Held(hold));
    }
    let mut to = target.begin().await?;
    to.wait_for_others();
    match transfer::rows(&mut to).await? {
        0 => {}
        full => return Err(RelocateError::NotEmpty(full)),
    }
    let all = transfer::rows(&mut from).await?;
    let copied = transfer::copy_all(&mut from, &mut to, &|done| progress(done, all)).await?;
    let memory = settle(app, &mut to).await?;
    // First the old one stops, then the new one begins: in between nobody sends, and never do both.
    instance::hold(&mut from, Hold::Elsewhere, now).await?;
    from.commit().await?;
    to.commit().await?;
    app.place.remember(&memory)?;
    target.close().await;
    drop(lock);
    Ok(copied)
}

/// The new database belongs to this place.
async fn settle(app: &App, to: &mut Conn) -> Result<Remembered, StoreError> {
    let now = to.shared_time(to_micros(app.clock.now())).await?;
    app.release(to, now).await
}
