//! What a transport asks before the final dot.

use std::future::ready;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

/// Stands before the final dot of a letter. After a no the connection is closed, and the letter counts as not tried.
pub trait Gate: Send + Sync {
    /// Returns once it is settled whether the letter may go. A transport does everything before the dot first, so that
    /// what there is to wait for, a commit, costs nothing.
    fn settled(&self) -> BoxFuture<'_, ()>;

    /// Whether the dot may be written now; asked directly before it, after [`Gate::settled`].
    fn is_open(&self) -> bool;
}

/// A gate that has nothing to wait for.
impl<F: Fn() -> bool + Send + Sync> Gate for F {
    fn settled(&self) -> BoxFuture<'_, ()> {
        ready(()).boxed()
    }

    fn is_open(&self) -> bool {
        self()
    }
}
