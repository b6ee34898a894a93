//! Points at which a test may make the process die, or a step fail: the moments in which that would hurt most.
//!
//! A debug build reads `LETTERPRESS_TEST_ABORT` and `LETTERPRESS_TEST_FAIL`: the name of a point, or `NAME#3` for the
//! third time that it is passed. In a release build there are no points, and the calls are empty.

#[cfg(debug_assertions)]
mod wanted {
    use std::sync::LazyLock;
    use std::sync::atomic::{AtomicU32, Ordering};

    /// A point, and how many times it is still to be passed.
    pub(super) struct Wanted {
        pub(super) name: String,
        pub(super) left: AtomicU32,
    }

    impl Wanted {
        fn by(variable: &str) -> Option<Self> {
            let text = std::env::var(variable).ok()?;
            let (name, times) = text.split_once('#').unwrap_or((&text, "1"));
            Some(Self {
                name: name.to_owned(),
                left: AtomicU32::new(times.parse().unwrap_or(1)),
            })
        }

        /// Whether this is the point, and the time.
        pub(super) fn is_now(&self, name: &str) -> bool {
            self.name == name && self.left.fetch_sub(1, Ordering::Relaxed) == 1
        }
    }

    /// Where to die.
    pub(super) static POINT: LazyLock<Option<Wanted>> = LazyLock::new(|| Wanted::by("LETTERPRESS_TEST_ABORT"));
    /// Where to fail.
    pub(super) static FAULT: LazyLock<Option<Wanted>> = LazyLock::new(|| Wanted::by("LETTERPRESS_TEST_FAIL"));
}

/// Whether a test wants the process to die at the point `name`.
#[cfg(debug_assertions)]
pub fn wants(name: &str) -> bool {
    wanted::POINT.as_ref().is_some_and(|wanted| wanted.name == name)
}

/// Whether a test wants the process to die at the point `name`: never in a release build.
#[cfg(not(debug_assertions))]
pub fn wants(_name: &str) -> bool {
    false
}

/// Dies here if a test wants it: no destructor runs, no buffer is flushed.
pub fn point(name: &str) {
    #[cfg(debug_assertions)]
    if wanted::POINT.as_ref().is_some_and(|wanted| wanted.is_now(name)) {
        std::process::abort();
    }
    #[cfg(not(debug_assertions))]
    let _ = name;
}

/// Whether a test wants the step at the point `name` to fail.
#[cfg(debug_assertions)]
pub fn strikes(name: &str) -> bool {
    wanted::FAULT.as_ref().is_some_and(|wanted| wanted.is_now(name))
}

/// Whether a test wants the step at the point `name` to fail: never in a release build.
#[cfg(not(debug_assertions))]
pub fn strikes(_name: &str) -> bool {
    false
}
