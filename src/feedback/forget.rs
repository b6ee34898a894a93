//! What is kept for a while only: who might have answered, and what was written.

use super::FeedbackError;
use crate::app::App;
use crate::model::clock::to_micros;
use crate::store::feedback;

const HOUR: i64 = 3_600_000_000;
const DAY: i64 = 24 * HOUR;
/// How long a voter of a page can be told from another.
const VOTERS: i64 = 48 * HOUR;
/// How long comments are kept: two years.
const WORDS: i64 = 730 * DAY;

/// Destroys the keys and salts of votes after 48 hours, and comments after two years.
pub async fn tick(app: &App) -> Result<(), FeedbackError> {
    let now = to_micros(app.clock.now());
    // A salt goes when the first vote of its day is so old: later days have their own.
    let day = (now - VOTERS).div_euclid(DAY) + 1;
    let mut conn = app.database.begin().await?;
    feedback::forget(&mut conn, now - VOTERS, day, now - WORDS).await?;
    Ok(conn.commit().await?)
}
