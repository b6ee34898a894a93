//! What a row says of a person: the first that answers of status column, dates, yes and no, file name, `--status`.

use std::cmp::Ordering;

use super::origin::is_date;
use super::platform::Platform;
use super::table::Line;
use crate::model::subscriber::Suppressed;
use crate::subscribe::columns::Column;

/// What a row says about a person, the least restrictive first. Where several rows speak of one, the last of these wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Said {
    /// May be mailed.
    Active,
    /// Nothing that we understand: never mailed without asking.
    Unknown,
    /// Not confirmed: never mailed without asking.
    Pending,
    /// Must not be mailed.
    Not(Suppressed),
}

impl Said {
    /// All of them, the least restrictive first.
    pub(super) const ALL: [Self; 7] = [
        Self::Active,
        Self::Unknown,
        Self::Pending,
        Self::Not(Suppressed::Left),
        Self::Not(Suppressed::ByHand),
        Self::Not(Suppressed::Bounce),
        Self::Not(Suppressed::Complaint),
    ];

    /// The word for people and `--map`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Unknown => "unknown",
            Self::Pending => "unconfirmed",
            Self::Not(reason) => reason.word(),
        }
    }

    /// What a word means in every list, matched whole and in lower case.
    pub fn from_word(word: &str) -> Option<Self> {
        Some(match word {
            "active" | "confirmed" | "subscribed" | "opted in" | "opted-in" | "abonniert" | "abonné" | "suscrito"
            | "iscritto" | "inscrito" | "geabonneerd" => Self::Active,
            "pending"
            | "unconfirmed"
            | "not confirmed"
            | "unactivated"
            | "validating"
            | "awaiting confirmation"
            | "unbestätigt"
            | "non confirmé"
            | "sin confirmar"
            | "no confirmado"
            | "non confermato"
            | "não confirmado"
            | "niet bevestigd" => Self::Pending,
            "unsubscribed" | "left" | "removed" | "cancelled" | "canceled" | "opted out" | "opted-out" | "opt-out"
            | "blacklisted" | "abgemeldet" | "désabonné" | "désinscrit" | "dado de baja" | "disiscritto"
            | "annullato" | "descadastrado" | "uitgeschreven" => Self::Not(Suppressed::Left),
            "bounce" | "bounced" | "hard bounce" | "hard bounced" | "hard_bounced" | "cleaned" | "undeliverable"
            | "unreachable" | "not sending" | "zurückgewiesen" | "rebotado" => Self::Not(Suppressed::Bounce),
            "complaint" | "complained" | "junk" | "spam" | "marked as spam" | "spam complaint" => {
                Self::Not(Suppressed::Complaint)
            }
            "by_hand" | "by hand" | "blocked" | "blocklisted" | "suppressed" => Self::Not(Suppressed::ByHand),
            "unknown" => Self::Unknown,
            _ => return None,
        })
    }

    /// What a list says of everybody in it by its name: `unsubscribed_export_4711.csv`. Only a whole first word counts.
    pub(super) fn of_file_name(name: &str) -> Option<Self> {
        let name = name.rsplit(['/', '\\']).next()?.to_lowercase();
        let first = name.split(|c: char| !c.is_alphanumeric()).next()?;
        match first {
            "subscribed" => Some(Self::Active),
            "unsubscribed" | "unsubscribes" => Some(Self::Not(Suppressed::Left)),
            "cleaned" | "bounced" | "bounces" => Some(Self::Not(Suppressed::Bounce)),
            "complained" | "complaints" => Some(Self::Not(Suppressed::Complaint)),
            "unconfirmed" | "pending" => Some(Self::Pending),
            "nonsubscribed" => Some(Self::Unknown),
            _ => None,
        }
    }

    fn weight(self) -> usize {
        Self::ALL.iter().position(|one| *one == self).unwrap_or(0)
    }
}

impl Ord for Said {
    fn cmp(&self, other: &Self) -> Ordering {
        self.weight().cmp(&other.weight())
    }
}

impl PartialOrd for Said {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// What answers for a whole file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ladder<'a> {
    pub(super) platform: Platform,
    /// Words that the operator explained, in lower case.
    pub(super) map: &'a [(String, Said)],
    /// What the file's own name or kind says.
    pub(super) by_file: Option<Said>,
    /// What the operator says of those of whom the file says nothing.
    pub(super) otherwise: Option<Said>,
}

/// What a row says, and the word that nobody understood.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) said: Said,
    /// Set when `said` is unknown; empty when there was no word.
    pub(super) word: Option<String>,
}

impl Ladder<'_> {
    /// What a row says; `is_paused`: our own export says until when letters rest.
    pub(super) fn answer(&self, line: &Line, is_paused: bool) -> Answer {
        let (explicit, silent_word) = self.explicit(line, is_paused);
        let against = against(line);
        let unclear = unclear(line);
        let said = match &explicit {
            Some((said, _)) => Some(*said),
            None if against.is_none() => match unclear {
                Some(_) => Some(Said::Unknown),
                None => self.flags(line).or(self.by_file).or(self.otherwise),
            },
            None => None,
        };
        // A date of leaving, or a flag against the person, beats every word that is kinder.
        let said = said.max(against).unwrap_or(Said::Unknown);
        let word = (said == Said::Unknown).then(|| {
            let word = explicit.map_or(silent_word, |(_, word)| word);
            word.or_else(|| unclear.map(str::to_owned)).unwrap_or_default()
        });
        Answer { said, word }
    }

    /// What the status columns say, the most restrictive of them, and its word; then a word that says nothing.
    fn explicit<'l>(&self, line: &'l Line, is_paused: bool) -> (Option<(Said, Option<String>)>, Option<String>) {
        let (mut found, mut silent): (Option<(Said, Option<String>)>, Option<String>) = (None, None);
        for cell in line.cells_of(Column::Status).filter(|cell| !cell.is_empty()) {
            let word: &'l str = cell;
            match self.meaning(&word.to_lowercase(), is_paused) {
                Some(said) if found.as_ref().is_none_or(|(known, _)| said > *known) => {
                    found = Some((said, Some(word.to_owned())));
                }
                Some(_) => {}
                None => silent = Some(word.to_owned()),
            }
        }
        (found, silent)
    }

    /// `None`: the word is known to say nothing.
    fn meaning(&self, word: &str, is_paused: bool) -> Option<Said> {
        let mapped = self.map.iter().find(|(known, _)| known == word).map(|(_, said)| *said);
        if let Some(said) = mapped {
            return Some(said);
        }
        if let Some(said) = self.platform.word(word) {
            return said;
        }
        match word {
            "paused" if is_paused => Some(Said::Active),
            "paused" => Some(Said::Pending),
            word => Some(Said::from_word(word).unwrap_or(Said::Unknown)),
        }
    }

    /// What yes and no say for the person, where nothing speaks against.
    fn flags(&self, line: &Line) -> Option<Said> {
        let is = |column| line.cells_of(column).find_map(yes_or_no);
        let kind_if = |is_kind: bool| is_kind.then_some(Said::Active);
        if let Some(confirmed) = is(Column::Confirmed) {
            return Some(if confirmed { Said::Active } else { Said::Pending });
        }
        let is_empty = |column| line.cells_of(column).any(str::is_empty);
        is(Column::Disabled)
            .or_else(|| (self.platform.mails_who_is_not_disabled() && is_empty(Column::Disabled)).then_some(false))
            .and_then(|disabled| kind_if(!disabled))
            .or_else(|| is(Column::Receives).and_then(kind_if))
            .or_else(|| {
                let listed = is(Column::Blacklisted).filter(|_| self.platform.mails_who_is_not_blacklisted())?;
                kind_if(!listed)
            })
    }
}

/// What stands against the person, whatever the status says.
fn against(line: &Line) -> Option<Said> {
    let filled = |column| line.cells_of(column).any(is_filled);
    let is = |column, wanted| line.cells_of(column).any(|cell| yes_or_no(cell) == Some(wanted));
    if filled(Column::ComplainedAt) {
        return Some(Said::Not(Suppressed::Complaint));
    }
    if filled(Column::CleanedAt) {
        return Some(Said::Not(Suppressed::Bounce));
    }
    let left = filled(Column::LeftAt)
        || filled(Column::Against)
        // A word of another language, a date or a reason is no clear no.
        || filled(Column::Disabled)
        || filled(Column::Blacklisted)
        || is(Column::Receives, false);
    if left {
        return Some(Said::Not(Suppressed::Left));
    }
    is(Column::Confirmed, false).then_some(Said::Pending)
}

/// A cell that should say yes or no for the person and says neither, nor when: nobody else may answer in its place.
fn unclear(line: &Line) -> Option<&str> {
    let cells = [Column::Receives, Column::Confirmed].map(|column| line.cells_of(column));
    let is_clear = |cell: &str| yes_or_no(cell).is_some() || !is_filled(cell) || is_date(cell);
    cells.into_iter().flatten().find(|cell| !is_clear(cell))
}

/// A cell that says more than no: a date, a reason, yes.
fn is_filled(cell: &str) -> bool {
    let word = cell.to_lowercase();
    let says_nothing = ["", "null", "nil", "none", "n/a", "-", "never"].contains(&word.as_str());
    !(says_nothing || yes_or_no(cell) == Some(false) || word.starts_with("0000-00-00"))
}

/// Spreadsheets write them in the language of their owner.
const YES: [&str; 14] = [
    "true",
    "yes",
    "y",
    "t",
    "1",
    "on",
    "wahr",
    "ja",
    "vrai",
    "oui",
    "verdadero",
    "vero",
    "sí",
    "sì",
];
const NO: [&str; 11] = [
    "false", "no", "n", "f", "0", "off", "falsch", "nein", "faux", "non", "falso",
];

fn yes_or_no(cell: &str) -> Option<bool> {
    let word = cell.to_lowercase();
    let is_one_of = |words: &[&str]| words.contains(&word.as_str());
    is_one_of(&YES)
        .then_some(true)
        .or_else(|| is_one_of(&NO).then_some(false))
}
