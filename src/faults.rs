//! Points at which a test may make the process die: the moments in which a crash would hurt most.
//!
//! A debug build reads `LETTERPRESS_TEST_ABORT`: the name of a point, or `NAME#3` for the third time that it is passed.
//! In a release build there are no points, and the calls are empty.

/// The variable that names a point.
#[cfg(debug_assertions)]
const WANTED: &str = "LETTERPRESS_TEST_ABORT";

#[cfg(debug_assertions)]
mod wanted {
    use std::sync::LazyLock;
    use std::sync::atomic::AtomicU32;

    /// A point, and how many times it is still to be passed.
    pub(super) struct Wanted {
        pub(super) name: String,
        pub(super) left: AtomicU32,
    }

    pub(super) static POINT: LazyLock<Option<Wanted>> = LazyLock::new(|| {
        let text = std::env::var(super::WANTED).ok()?;
        let (name, times) = text.split_once('#').unwrap_or((&text, "1"));
        Some(Wanted {
            name: name.to_owned(),
            left: AtomicU32::new(times.parse().unwrap_or(1)),
        })
    });
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
    if let Some(wanted) = wanted::POINT.as_ref().filter(|wanted| wanted.name == name)
        && wanted.left.fetch_sub(1, std::sync::atomic::Ordering::Relaxed) == 1
    {
        std::process::abort();
    }
    #[cfg(not(debug_assertions))]
    let _ = name;
}
