//! Who read which feed today, as far as one node can tell. In memory stand hashes that mean nothing after the day; numbers are
//! all that leaves it.

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::model::clock::Chance;
use crate::model::network::household_number;
use crate::model::readers::{Count, Service};

/// Readers of all feeds together that are told apart in a day; with more, the numbers are lower bounds.
const MOST_READERS: usize = 200_000;
/// Feeds of services that are remembered in a day.
const MOST_SERVICES: usize = 2_000;
/// Numbers of past days that wait for the database.
const MOST_WAITING: usize = 20_000;

/// Who read which feed.
#[derive(Debug, Default)]
pub struct Readers(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    today: Option<Today>,
    /// Of days that are over, as far as it is not written.
    past: Vec<Count>,
}

/// One day, and the salt that dies with it.
#[derive(Debug)]
struct Today {
    day: i64,
    salt: [u8; 32],
    /// By scope.
    alone: HashMap<String, Alone>,
    told_apart: usize,
    /// By scope, name and part.
    services: HashMap<(String, String, String), Said>,
}

/// Readers that fetch for themselves.
#[derive(Debug, Default)]
struct Alone {
    hashes: HashSet<u64>,
    is_full: bool,
    written: Option<(usize, bool)>,
}

/// What a service said: the highest number of the day.
#[derive(Debug, Default)]
struct Said {
    readers: u32,
    written: Option<u32>,
}

/// One answered request for a feed.
#[derive(Debug, Clone, Copy)]
pub struct Reading<'a> {
    /// The feed's path without leading slash: `tag/ink/rss.xml`.
    pub path: &'a str,
    /// `User-Agent`; empty where there is none.
    pub agent: &'a str,
    /// Where the reader is, if that is known.
    pub client: Option<IpAddr>,
}

impl Readers {
    /// Counts a reader; `day` is days since 1970.
    pub fn note(&self, reading: Reading<'_>, day: i64, chance: &dyn Chance) {
        let (scope, document) = reading.path.rsplit_once('/').unwrap_or(("all", reading.path));
        // Whoever walks the archives reads the feed, too.
        if scope.starts_with("archive/") {
            return;
        }
        let service = Service::from_agent(reading.agent);
        let mut state = self.lock();
        let today = state.on(day, chance);
        match service {
            Some(service) => today.note_service(scope, document, service),
            None => today.note_alone(scope, reading),
        }
    }

    /// Ends the day before, should it be over: its salt and its hashes are forgotten.
    pub fn turn(&self, day: i64, chance: &dyn Chance) {
        let mut state = self.lock();
        if state.today.is_some() {
            state.on(day, chance);
        }
    }

    /// Numbers that changed since they were written last.
    pub fn unwritten(&self) -> Vec<Count> {
        let state = self.lock();
        let today = state.today.iter().flat_map(Today::unwritten);
        state.past.iter().cloned().chain(today).collect()
    }

    /// Notes that these numbers are written.
    pub fn note_written(&self, counts: &[Count]) {
        let mut state = self.lock();
        let written: HashSet<&Count> = counts.iter().collect();
        state.past.retain(|count| !written.contains(count));
        if let Some(today) = &mut state.today {
            for count in counts {
                today.note_written(count);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// The day at hand. A clock that went back changes nothing.
    fn on(&mut self, day: i64, chance: &dyn Chance) -> &mut Today {
        if let Some(over) = self.today.take_if(|today| today.day < day) {
            let room = MOST_WAITING.saturating_sub(self.past.len());
            self.past.extend(over.unwritten().take(room));
        }
        self.today.get_or_insert_with(|| {
            let mut salt = [0; 32];
            chance.fill(&mut salt);
            Today {
                day,
                salt,
                alone: HashMap::new(),
                told_apart: 0,
                services: HashMap::new(),
            }
        })
    }
}

impl Today {
    fn note_service(&mut self, scope: &str, document: &str, service: Service) {
        let part = format!("{document} {}", service.feed_number);
        let key = (scope.to_owned(), service.name, part.trim_end().to_owned());
        if self.services.len() >= MOST_SERVICES && !self.services.contains_key(&key) {
            return;
        }
        let said = self.services.entry(key).or_default();
        said.readers = said.readers.max(service.readers);
    }

    fn note_alone(&mut self, scope: &str, reading: Reading<'_>) {
        let hash = self.hash(reading);
        if !self.alone.contains_key(scope) {
            self.alone.insert(scope.to_owned(), Alone::default());
        }
        let Some(alone) = self.alone.get_mut(scope) else { return };
        if self.told_apart < MOST_READERS {
            self.told_apart += usize::from(alone.hashes.insert(hash));
        } else {
            alone.is_full |= !alone.hashes.contains(&hash);
        }
    }

    /// A household and its program, for this day and this process only.
    fn hash(&self, reading: Reading<'_>) -> u64 {
        let mut hasher = DefaultHasher::new();
        hasher.write(&self.salt);
        reading.client.map(household_number).hash(&mut hasher);
        hasher.write(reading.agent.as_bytes());
        hasher.finish()
    }

    fn unwritten(&self) -> impl Iterator<Item = Count> {
        let alone = self
            .alone
            .iter()
            .filter(|(_, alone)| alone.written != Some(alone.now()));
        let alone = alone.map(|(scope, alone)| Count {
            day: self.day,
            scope: scope.clone(),
            service: String::new(),
            part: String::new(),
            readers: i64::try_from(alone.hashes.len()).unwrap_or(i64::MAX),
            is_floor: alone.is_full,
        });
        let services = self
            .services
            .iter()
            .filter(|(_, said)| said.written != Some(said.readers));
        let services = services.map(|((scope, name, part), said)| Count {
            day: self.day,
            scope: scope.clone(),
            service: name.clone(),
            part: part.clone(),
            readers: i64::from(said.readers),
            is_floor: false,
        });
        alone.chain(services)
    }

    fn note_written(&mut self, count: &Count) {
        if count.day != self.day {
            return;
        }
        if count.service.is_empty() {
            if let Some(alone) = self.alone.get_mut(&count.scope) {
                alone.written = usize::try_from(count.readers)
                    .ok()
                    .map(|readers| (readers, count.is_floor));
            }
            return;
        }
        let key = (count.scope.clone(), count.service.clone(), count.part.clone());
        if let Some(said) = self.services.get_mut(&key) {
            said.written = u32::try_from(count.readers).ok();
        }
    }
}

impl Alone {
    fn now(&self) -> (usize, bool) {
        (self.hashes.len(), self.is_full)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::clock::SeededChance;

    const FEEDLY: &str = "Feedly/1.0 (+https://feedly.com/poller.html; 16 subscribers)";

    fn read(readers: &Readers, chance: &SeededChance, day: i64, path: &str, agent: &str, client: &str) {
        let client = Some(client.parse().unwrap());
        readers.note(Reading { path, agent, client }, day, chance);
    }

    /// Scope, service, part, number; in order.
    fn counted(readers: &Readers) -> Vec<(String, String, String, i64)> {
        let mut all: Vec<_> = readers
            .unwritten()
            .into_iter()
            .map(|count| (count.scope, count.service, count.part, count.readers))
            .collect();
        all.sort();
        all
    }

    fn line(scope: &str, service: &str, part: &str, readers: i64) -> (String, String, String, i64) {
        (scope.to_owned(), service.to_owned(), part.to_owned(), readers)
    }

    #[test]
    fn a_household_with_one_program_is_one_reader_however_often_it_asks_and_a_service_says_its_own() {
        let (readers, chance) = (Readers::default(), SeededChance::new(1));
        for _ in 0..3 {
            read(&readers, &chance, 1, "rss.xml", "NetNewsWire", "192.0.2.1");
            read(&readers, &chance, 1, "atom.xml", "NetNewsWire", "192.0.2.1");
            read(&readers, &chance, 1, "rss.xml", "Vienna", "192.0.2.1");
            read(&readers, &chance, 1, "rss.xml", "Vienna", "2001:db8::1");
            read(&readers, &chance, 1, "rss.xml", "Vienna", "2001:db8::2");
            read(&readers, &chance, 1, "tag/ink/rss.xml", "Vienna", "192.0.2.1");
            read(&readers, &chance, 1, "archive/1/rss.xml", "Vienna", "192.0.2.9");
            read(&readers, &chance, 1, "rss.xml", FEEDLY, "192.0.2.5");
            read(
                &readers,
                &chance,
                1,
                "rss.xml",
                "Feedbin feed-id:7 - 45 subscribers",
                "192.0.2.6",
            );
        }
        let expected = [
            line("all", "", "", 3),
            line("all", "Feedbin", "rss.xml 7", 45),
            line("all", "Feedly", "rss.xml", 16),
            line("tag/ink", "", "", 1),
        ];
        assert_eq!(counted(&readers), expected);
        readers.note_written(&readers.unwritten());
        assert_eq!(counted(&readers), []);
        read(&readers, &chance, 1, "rss.xml", "Vienna", "192.0.2.77");
        assert_eq!(counted(&readers), [line("all", "", "", 4)]);
    }

    #[test]
    fn nobody_is_recognised_on_the_next_day() {
        let (readers, chance) = (Readers::default(), SeededChance::new(1));
        read(&readers, &chance, 1, "rss.xml", "Vienna", "192.0.2.1");
        let hashes = |readers: &Readers| {
            let state = readers.lock();
            let today = state.today.as_ref().unwrap();
            (today.salt, today.alone.get("all").map(|alone| alone.hashes.clone()))
        };
        let (salt, seen) = hashes(&readers);
        readers.turn(1, &chance);
        assert_eq!(hashes(&readers), (salt, seen.clone()));
        readers.turn(2, &chance);
        let (next, none) = hashes(&readers);
        assert!(
            next != salt && none.is_none(),
            "the day is over whether somebody reads or not"
        );
        assert_eq!(
            counted(&readers),
            [line("all", "", "", 1)],
            "its number waits for the database"
        );
        read(&readers, &chance, 2, "rss.xml", "Vienna", "192.0.2.1");
        assert_ne!(hashes(&readers).1, seen);
        readers.turn(1, &chance);
        assert_eq!(hashes(&readers).0, next, "a clock that went back changes nothing");
        readers.note_written(&readers.unwritten());
        assert_eq!(counted(&readers), []);
    }

    #[test]
    fn what_is_remembered_has_an_end_and_says_so() {
        let (readers, chance) = (Readers::default(), SeededChance::new(1));
        for number in 0..u32::try_from(MOST_READERS + 10).unwrap() {
            let client = Some(IpAddr::from(number.to_be_bytes()));
            let reading = Reading {
                path: "rss.xml",
                agent: "Vienna",
                client,
            };
            readers.note(reading, 1, &chance);
        }
        let counts = readers.unwritten();
        let most = i64::try_from(MOST_READERS).unwrap();
        assert_eq!((counts[0].readers, counts[0].is_floor), (most, true));
        for number in 0..MOST_SERVICES + 10 {
            let agent = format!("Forged{number}/1 (5 subscribers)");
            let reading = Reading {
                path: "rss.xml",
                agent: &agent,
                client: None,
            };
            readers.note(reading, 1, &chance);
        }
        assert_eq!(readers.unwritten().len(), MOST_SERVICES + 1);
    }
}
