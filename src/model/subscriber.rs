//! A subscriber and what may be mailed: states, reasons, topics (`subscribers-and-security.md` 1 and 2).

use serde::{Deserialize, Serialize};

use super::address::DisplayName;

macro_rules! words {
    ($name:ident { $($variant:ident = $word:literal),+ $(,)? }) => {
        impl $name {
            /// The word that is stored and printed.
            pub fn word(self) -> &'static str {
                match self {
                    $(Self::$variant => $word),+
                }
            }

            /// What a stored word means.
            pub fn from_word(word: &str) -> Option<Self> {
                match word {
                    $($word => Some(Self::$variant),)+
                    _ => None,
                }
            }
        }
    };
}

/// Where a subscription stands. *Paused* is active with `paused_until` in the future.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// Asked for, not confirmed: nothing but the confirmation letter is mailed.
    Pending,
    /// Confirmed.
    Active,
    /// Ended.
    Unsubscribed,
}
words!(State { Pending = "pending", Active = "active", Unsubscribed = "unsubscribed" });

/// What lists show of a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// The address must not be mailed at all.
    Suppressed,
    /// A subscription rests until a date.
    Paused,
    /// A subscription is confirmed.
    Active,
    /// A subscription waits for its confirmation.
    Pending,
    /// Everything has ended.
    Unsubscribed,
}

impl Status {
    /// The first that any subscription has; `subscriptions` are states and ends of pauses, `now` in microseconds.
    pub fn of(suppressed: bool, subscriptions: &[(State, Option<i64>)], now: i64) -> Self {
        let any = |wanted: State| subscriptions.iter().any(|(state, _)| *state == wanted);
        let resting =
            |(state, until): &(State, Option<i64>)| *state == State::Active && until.is_some_and(|until| until > now);
        if suppressed {
            Self::Suppressed
        } else if subscriptions.iter().any(resting) {
            Self::Paused
        } else if any(State::Active) {
            Self::Active
        } else if any(State::Pending) {
            Self::Pending
        } else {
            Self::Unsubscribed
        }
    }
}

/// Why an address must not be mailed; the later ones weigh more and replace the earlier ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Suppressed {
    /// The person left a newsletter: blocks imports only, never an attempt.
    Left,
    /// The address does not work; a new double opt-in lifts it.
    Bounce,
    /// A person here decided so.
    ByHand,
    /// The person called a letter spam.
    Complaint,
}
words!(Suppressed { Left = "left", Bounce = "bounce", ByHand = "by_hand", Complaint = "complaint" });

impl Suppressed {
    /// Whether the person can lift it by signing up and confirming.
    pub fn yields_to_confirmation(self) -> bool {
        matches!(self, Self::Left | Self::Bounce)
    }
}

/// How consent was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Method {
    /// A form.
    Form,
    /// JSON from a page or program.
    Api,
    /// A file of an earlier list.
    Import,
    /// A command.
    Operator,
}
words!(Method { Form = "form", Api = "api", Import = "import", Operator = "operator" });

impl Method {
    /// Whether the person acted, and not somebody here in the person's name.
    pub fn is_own(self) -> bool {
        matches!(self, Self::Form | Self::Api)
    }
}

/// Scope of a suppression that holds for every newsletter.
pub const ALL: &str = "all";
/// Longest topic in characters.
const LONGEST_TOPIC: usize = 64;
/// Topics per subscription at most.
const MOST_TOPICS: usize = 20;

/// The topics that a person wants; none means all. Unique without case, in the order in which they were named.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Topics(Vec<String>);

impl Topics {
    /// Cleans a list: one line each, at most 64 characters, at most 20 of them; empty ones go.
    pub fn clean<T: AsRef<str>>(names: impl IntoIterator<Item = T>) -> Self {
        let mut topics = Self::default();
        for name in names {
            if let Some(name) = DisplayName::cleaned(name.as_ref()) {
                topics.push(name.as_str());
            }
        }
        topics
    }

    /// Reads a cell: `tools; wood`.
    pub fn from_cell(cell: &str) -> Self {
        Self::clean(cell.split(';'))
    }

    /// The cell that [`Topics::from_cell`] reads.
    pub fn to_cell(&self) -> String {
        self.0.join("; ")
    }

    /// Reads the stored JSON list; anything else is empty.
    pub fn from_json(json: &str) -> Self {
        serde_json::from_str(json).unwrap_or_default()
    }

    /// The JSON list that is stored.
    pub fn to_json(&self) -> String {
        serde_json::Value::from(self.0.clone()).to_string()
    }

    /// Both lists in one; a list that means all stays what it is.
    #[must_use]
    pub fn united(&self, other: &Self) -> Self {
        if self.0.is_empty() || other.0.is_empty() {
            return Self::default();
        }
        let mut both = self.clone();
        other.0.iter().for_each(|name| both.push(name));
        both
    }

    /// The names.
    pub fn names(&self) -> &[String] {
        &self.0
    }

    fn push(&mut self, name: &str) {
        // A semicolon parts topics in a cell, so that it cannot stand inside one.
        let name: String = name.replace(';', ",").chars().take(LONGEST_TOPIC).collect();
        let known = self.0.iter().any(|known| known.to_lowercase() == name.to_lowercase());
        if !known && self.0.len() < MOST_TOPICS {
            self.0.push(name);
        }
    }
}

/// The name that a stranger typed into a form, if it can be one: at most 64 characters, nothing that mail programs make
/// a link of. What cannot be a name is left out and no error, because a name is never needed.
pub fn stranger_name(typed: &str) -> Option<DisplayName> {
    if typed.chars().count() > super::address::MAX_DISPLAY_NAME {
        return None;
    }
    let name = DisplayName::cleaned(typed)?;
    let text = name.as_str().to_lowercase();
    let looks_like_link = ["://", "www.", "@", "/", "\\", "<", ">"]
        .iter()
        .any(|part| text.contains(part))
        || text.split_whitespace().any(has_inner_dot);
    (!looks_like_link).then_some(name)
}

/// `example.org`, but not `J. R.` or `St.`
fn has_inner_dot(word: &str) -> bool {
    word.split('.').filter(|part| part.chars().count() > 1).count() > 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_shows_the_first_status_that_any_subscription_has() {
        let now = 100;
        let (pending, active, gone) = (
            (State::Pending, None),
            (State::Active, None),
            (State::Unsubscribed, None),
        );
        let resting = (State::Active, Some(101));
        assert_eq!(Status::of(true, &[active], now), Status::Suppressed);
        assert_eq!(Status::of(false, &[active, resting], now), Status::Paused);
        assert_eq!(Status::of(false, &[gone, pending, active], now), Status::Active);
        assert_eq!(Status::of(false, &[gone, pending], now), Status::Pending);
        assert_eq!(Status::of(false, &[gone], now), Status::Unsubscribed);
        assert_eq!(Status::of(false, &[(State::Active, Some(100))], now), Status::Active);
    }

    #[test]
    fn topics_survive_a_cell_and_the_database() {
        let topics = Topics::clean([" Tools", "tools", "", "Wood; and\nstone", "木"]);
        assert_eq!(topics.names(), ["Tools", "Wood, and stone", "木"]);
        assert_eq!(Topics::from_cell(&topics.to_cell()), topics);
        assert_eq!(Topics::from_json(&topics.to_json()), topics);
        assert_eq!(Topics::from_json("nonsense"), Topics::default());
        assert_eq!(Topics::clean((0..99).map(|n| n.to_string())).names().len(), 20);
    }

    #[test]
    fn all_topics_and_some_topics_are_all_topics() {
        let (all, some) = (Topics::default(), Topics::clean(["a"]));
        assert_eq!(some.united(&all), all);
        assert_eq!(some.united(&Topics::clean(["A", "b"])).names(), ["a", "b"]);
    }

    #[test]
    fn a_strangers_name_holds_nothing_that_becomes_a_link() {
        for name in ["Rosa", "J. R. Hartley", "María-José", "St. John", "山田 太郎", "O'Neil"] {
            assert_eq!(stranger_name(name).unwrap().as_str(), name);
        }
        for name in [
            "Win at https://x.example",
            "buy.example now",
            "a@b.example",
            "www.x",
            "x/y",
            "<b>",
            "\u{202E}",
            &"n".repeat(65),
        ] {
            assert!(stranger_name(name).is_none(), "{name:?} was taken");
        }
    }

    #[test]
    fn what_weighs_more_replaces_what_weighs_less() {
        assert!(Suppressed::Complaint > Suppressed::ByHand && Suppressed::ByHand > Suppressed::Bounce);
        assert!(!Suppressed::ByHand.yields_to_confirmation() && Suppressed::Bounce.yields_to_confirmation());
        assert_eq!(Suppressed::from_word("by_hand"), Some(Suppressed::ByHand));
    }
}
