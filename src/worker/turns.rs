//! One turn of a loop, of which neither an error nor a panic ends the loop.

use std::fmt::Display;
use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;

/// Runs one turn; an error is logged, a panic too, and both give `None`.
pub(super) async fn turns<T, E, F>(what: &'static str, turn: impl FnOnce() -> F) -> Option<T>
where
    E: Display,
    F: Future<Output = Result<T, E>>,
{
    match AssertUnwindSafe(turn()).catch_unwind().await {
        Ok(Ok(done)) => Some(done),
        Ok(Err(error)) => {
            tracing::error!(%error, "failed to {what}");
            None
        }
        Err(_) => {
            tracing::error!("failed to {what}: it panicked; please report this defect");
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_loop_survives_its_errors_and_panics() {
        assert_eq!(turns("count", || async { Ok::<_, String>(3) }).await, Some(3));
        assert_eq!(turns("count", || async { Err::<u8, _>("no") }).await, None);
        let panics = || async {
            let empty: [u8; 0] = [];
            Ok::<_, String>(empty[std::hint::black_box(0)])
        };
        assert_eq!(turns("count", panics).await, None);
    }
}
