//! The composition root: settings become the parts that verbs work with.

mod guard;
mod place;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use arc_swap::{ArcSwap, ArcSwapOption};
use chrono::{DateTime, SubsecRound, Utc};
use secrecy::ExposeSecret;

use crate::config::Settings;
use crate::feed::FeedSet;
use crate::mail::transport::Transport;
use crate::model::clock::{Chance, Clock};
use crate::model::hold::Hold;
use crate::model::token::KeyRing;
use crate::model::watchdog::{Doubt, Watchdog};
use crate::store::{Database, StoreError};
use crate::template::{TemplateError, Templates};

pub use place::{Lock, Place, PlaceError};

/// What keeps the parts from being put together.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The templates.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// The state folder.
    #[error(transparent)]
    Place(#[from] PlaceError),
    /// The key ring.
    #[error(
        "read the keys in {path}: {error}; check that the state folder can be written, or restore the file from a backup"
    )]
    Keys {
        /// The file.
        path: std::path::PathBuf,
        /// What went wrong.
        error: String,
    },
}

/// Everything that verbs need, put together once.
#[derive(Debug)]
pub struct App {
    settings: ArcSwap<Settings>,
    /// The store.
    pub database: Database,
    /// Wall time and time since boot.
    pub clock: Arc<dyn Clock>,
    /// Random bytes.
    pub chance: Arc<dyn Chance>,
    /// Letters and pages.
    pub templates: Templates,
    /// How letters leave.
    pub transport: Transport,
    /// Signs links in letters.
    pub keys: KeyRing,
    /// The prepared feeds.
    pub feeds: FeedSet,
    /// One scan at a time.
    pub scanning: tokio::sync::Mutex<()>,
    /// When sources that must be asked were asked last, by id; and their servers, as `host NAME`.
    pub asked: Mutex<HashMap<String, DateTime<Utc>>>,
    /// The state folder.
    pub place: Place,
    /// Why mail was on hold when somebody last looked.
    hold: ArcSwapOption<Hold>,
    /// Whether the clock is believed.
    watchdog: Mutex<Watchdog>,
}

impl App {
    /// Opens everything that the settings name, with the system's clock and random source.
    pub async fn open(settings: Settings) -> Result<Self, AppError> {
        Self::assemble(settings, Arc::new(SystemClock), Arc::new(SystemChance)).await
    }

    /// As [`App::open`], with a clock and a random source of the caller's choice.
    pub async fn assemble(
        settings: Settings,
        clock: Arc<dyn Clock>,
        chance: Arc<dyn Chance>,
    ) -> Result<Self, AppError> {
        let database = Database::open(settings.database.url.expose_secret()).await?;
        let templates = Templates::load(settings.templates.as_deref())?;
        let transport = Transport::new(&settings.mail);
        let keys = read_keys(&settings, &*chance)?;
        let app = Self {
            database,
            clock,
            chance,
            templates,
            transport,
            keys,
            feeds: FeedSet::default(),
            scanning: tokio::sync::Mutex::new(()),
            asked: Mutex::default(),
            place: Place::new(&settings.state.dir),
            hold: ArcSwapOption::empty(),
            watchdog: Mutex::default(),
            settings: ArcSwap::from_pointee(settings),
        };
        app.settle_in().await?;
        Ok(app)
    }

    /// The settings in force.
    pub fn settings(&self) -> Arc<Settings> {
        self.settings.load_full()
    }

    /// Why mail is on hold, as far as memory knows: for those who ask often.
    pub fn last_hold(&self) -> Option<Hold> {
        self.hold.load().as_deref().copied()
    }

    /// Why the clock is not believed, as far as the last look of [`App::watch_clock`] tells.
    pub fn clock_doubt(&self) -> Option<Doubt> {
        self.watchdog.lock().unwrap_or_else(PoisonError::into_inner).doubt()
    }

    fn note_held(&self, hold: Option<Hold>) {
        self.hold.store(hold.map(Arc::new));
    }

    /// Puts newer settings in force.
    pub fn replace_settings(&self, settings: Settings) {
        self.settings.store(Arc::new(settings));
    }
}

/// Reads `keys` in the state folder, or makes it (mode 0600) the first time.
fn read_keys(settings: &Settings, chance: &dyn Chance) -> Result<KeyRing, AppError> {
    let path = settings.state.dir.join("keys");
    let fail = |error: &dyn std::fmt::Display| AppError::Keys {
        path: path.clone(),
        error: error.to_string(),
    };
    match std::fs::read_to_string(&path) {
        Ok(text) => KeyRing::read(&text).map_err(|error| fail(&error)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let ring = KeyRing::generate(chance);
            place::write_private(&path, &ring.write()).map_err(|error| fail(&error))?;
            // Another process may have been first: what stands in the file counts.
            let text = std::fs::read_to_string(&path).map_err(|error| fail(&error))?;
            KeyRing::read(&text).map_err(|error| fail(&error))
        }
        Err(error) => Err(fail(&error)),
    }
}

/// The system's clock.
#[derive(Debug)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> DateTime<Utc> {
        #[expect(
            clippy::disallowed_methods,
            reason = "this is the door through which the time comes in"
        )]
        let now: DateTime<Utc> = SystemTime::now().into();
        now.trunc_subsecs(6)
    }

    fn since_boot(&self) -> Duration {
        let time = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
        Duration::new(
            u64::try_from(time.tv_sec).unwrap_or(0),
            u32::try_from(time.tv_nsec).unwrap_or(0),
        )
    }
}

/// The system's random source.
#[derive(Debug)]
pub struct SystemChance;

impl Chance for SystemChance {
    fn fill(&self, bytes: &mut [u8]) {
        #[expect(
            clippy::disallowed_methods,
            reason = "this is the door through which chance comes in"
        )]
        aws_lc_rs::rand::fill(bytes).expect("the system always has random bytes to give");
    }
}
