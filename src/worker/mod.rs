//! One task per loop: supervisor, cancellation, drain.
