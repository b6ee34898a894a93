//! Refusals that a session left behind, judged one by one.

use super::{BouncesError, effect};
use crate::app::App;
use crate::model::clock::to_micros;
use crate::model::tick::Tick;
use crate::store::bounces;

/// Most rows of one turn.
const MOST: i64 = 200;
/// How long what came back is kept, in microseconds: 12 months.
const KEPT: i64 = 366 * 86_400_000_000;

/// Forgets what came back more than 12 months ago.
pub async fn forget(app: &App) -> Result<(), BouncesError> {
    let before = to_micros(app.clock.now()) - KEPT;
    let mut conn = app.database.begin().await?;
    bounces::forget(&mut conn, before).await?;
    Ok(conn.commit().await?)
}

/// Judges everything that is `new`: for commands, which have no loop.
pub async fn settle(app: &App) -> Result<(), BouncesError> {
    while tick(app).await? != Tick::Idle {}
    Ok(())
}

/// Judges what is `new`, each row in a transaction of its own.
pub async fn tick(app: &App) -> Result<Tick, BouncesError> {
    let mut conn = app.database.read().await?;
    let rows = bounces::unjudged(&mut conn, MOST).await?;
    drop(conn);
    if rows.is_empty() {
        return Ok(Tick::Idle);
    }
    for row in &rows {
        let mut conn = app.database.begin().await?;
        effect::judge(app, &mut conn, row).await?;
        conn.commit().await?;
    }
    Ok(Tick::Worked(rows.len()))
}
