//! What one turn of a loop did.

/// A loop works until it is idle, then waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tick {
    /// So many things were done; there may be more.
    Worked(usize),
    /// Nothing was due.
    Idle,
}

impl Tick {
    /// The turn that did `count` things.
    pub fn of(count: usize) -> Self {
        if count == 0 { Self::Idle } else { Self::Worked(count) }
    }
}
