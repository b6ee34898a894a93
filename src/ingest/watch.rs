//! Notices changes in the folders of the sources (`sources.md` FO16).

use std::path::PathBuf;
use std::time::Duration;

use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout, timeout_at};

use crate::app::App;
use crate::config;

/// So long nothing must happen before a scan begins.
const QUIET: Duration = Duration::from_millis(200);
/// Steady noise holds a scan up no longer than this.
const LONGEST: Duration = Duration::from_secs(2);

/// Why it is time to scan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Changed {
    /// The file system told of a change, and is quiet again.
    Events,
    /// The shortest `every` of the sources has passed.
    Time,
    /// Changes may have been missed (what the system said): scan everything; walking goes on as before.
    Lost(String),
}

enum Told {
    Change,
    Lost(String),
}

/// Watches the folders of all sources.
#[derive(Debug)]
pub struct Watch {
    told: mpsc::UnboundedReceiver<Told>,
    watcher: Option<RecommendedWatcher>,
    unwatched: Vec<PathBuf>,
    every: Duration,
    lost: Option<String>,
}

impl std::fmt::Debug for Told {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Change => "Change",
            Self::Lost(_) => "Lost",
        })
    }
}

impl Watch {
    /// Begins to watch. Folders that cannot be watched are walked every now and then, like those with `watch = "poll"`.
    pub fn start(app: &App) -> Self {
        let settings = app.settings();
        let every = settings
            .sources
            .iter()
            .map(|source| source.every)
            .min()
            .unwrap_or(Duration::from_secs(30));
        let by_events = settings
            .sources
            .iter()
            .filter(|source| source.kind.has_folder() && source.watch == config::Watch::Events);
        let folders: Vec<PathBuf> = by_events.map(|source| source.path.clone()).collect();
        Self::over(folders, every)
    }

    fn over(folders: Vec<PathBuf>, every: Duration) -> Self {
        let (tell, told) = mpsc::unbounded_channel();
        let mut watch = Self {
            told,
            watcher: None,
            unwatched: folders,
            every,
            lost: None,
        };
        if watch.unwatched.is_empty() {
            return watch;
        }
        match notify::recommended_watcher(move |event| pass_on(&tell, event)) {
            Ok(watcher) => {
                watch.watcher = Some(watcher);
                watch.lost = watch.watch_folders();
            }
            Err(error) => watch.lost = Some(error.to_string()),
        }
        watch
    }

    /// Watches what is not watched yet; returns what the system said about folders that cannot be.
    fn watch_folders(&mut self) -> Option<String> {
        let watcher = self.watcher.as_mut()?;
        let mut said = None;
        self.unwatched
            .retain(|folder| match watcher.watch(folder, RecursiveMode::Recursive) {
                Ok(()) => false,
                Err(error) => {
                    said = Some(error.to_string());
                    true
                }
            });
        said
    }

    /// Waits until there is a reason to scan.
    pub async fn changed(&mut self) -> Changed {
        if let Some(said) = self.lost.take() {
            return Changed::Lost(said);
        }
        let Ok(Some(first)) = timeout(self.every, self.next()).await else {
            // A folder that came back is watched again.
            let before = self.unwatched.len();
            self.watch_folders();
            let regained = self.unwatched.len() < before;
            return if regained { Changed::Events } else { Changed::Time };
        };
        let end = Instant::now() + LONGEST;
        let mut last = first;
        loop {
            if let Told::Lost(said) = last {
                return Changed::Lost(said);
            }
            match timeout_at(end.min(Instant::now() + QUIET), self.next()).await {
                Ok(Some(told)) => last = told,
                Ok(None) | Err(_) => return Changed::Events,
            }
        }
    }

    /// The next thing told; without a watcher it never comes.
    async fn next(&mut self) -> Option<Told> {
        match self.told.recv().await {
            Some(told) => Some(told),
            None => std::future::pending().await,
        }
    }
}

fn pass_on(tell: &mpsc::UnboundedSender<Told>, event: notify::Result<Event>) {
    let told = match event {
        // Reading a file is no change, and our own reading would wake us for ever.
        Ok(event) if matches!(event.kind, EventKind::Access(_)) => return,
        Ok(event) if event.need_rescan() => Told::Lost("events overflowed".to_owned()),
        Ok(_) => Told::Change,
        Err(error) => Told::Lost(error.to_string()),
    };
    // Nobody listens any more: then nobody needs to know.
    let _ = tell.send(told);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_saved_file_wakes_the_scan_within_a_second_and_reading_does_not() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("old.md"), "old").unwrap();
        let mut watch = Watch::over(vec![folder.path().to_owned()], Duration::from_millis(600));
        std::fs::read(folder.path().join("old.md")).unwrap();
        assert_eq!(watch.changed().await, Changed::Time);
        let begun = Instant::now();
        std::fs::write(folder.path().join("a.tmp"), "text").unwrap();
        std::fs::rename(folder.path().join("a.tmp"), folder.path().join("a.md")).unwrap();
        assert_eq!(watch.changed().await, Changed::Events);
        assert!(begun.elapsed() < Duration::from_secs(1));
    }

    #[tokio::test]
    async fn a_folder_that_is_away_is_told_once_and_watched_when_it_is_back() {
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("content");
        let mut watch = Watch::over(vec![inner.clone()], Duration::from_millis(50));
        assert!(matches!(watch.changed().await, Changed::Lost(_)));
        assert_eq!(watch.changed().await, Changed::Time);
        std::fs::create_dir(&inner).unwrap();
        assert_eq!(watch.changed().await, Changed::Events);
    }
}
