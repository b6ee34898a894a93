//! Why nothing is composed or sent although its time has come: the ledger may know less than what happened
//! (`delivery.md` 16).

/// A reason to hold all mail until a person has looked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hold {
    /// The database is older than what its place has seen: an old file or snapshot took its place.
    Older,
    /// The database belongs to another place, or to another public address: this is a copy.
    Elsewhere,
    /// A database that was in use lies where nobody knows it.
    Unplaced,
    /// The service was away for long in the middle of its work: a snapshot of the machine may have been brought back.
    Asleep,
    /// It came out of a backup.
    Restored,
}

impl Hold {
    const ALL: [Self; 5] = [
        Self::Older,
        Self::Elsewhere,
        Self::Unplaced,
        Self::Asleep,
        Self::Restored,
    ];

    /// As the database and scripts write it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Older => "older",
            Self::Elsewhere => "elsewhere",
            Self::Unplaced => "unplaced",
            Self::Asleep => "asleep",
            Self::Restored => "restored",
        }
    }

    /// As `/health/ready` says it.
    pub fn code(self) -> &'static str {
        match self {
            Self::Older => "held_older",
            Self::Elsewhere => "held_elsewhere",
            Self::Unplaced => "held_unplaced",
            Self::Asleep => "held_asleep",
            Self::Restored => "held_restored",
        }
    }

    /// Reads what [`Hold::word`] wrote.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|hold| hold.word() == word)
    }

    /// What is the matter, for people.
    pub fn because(self) -> &'static str {
        match self {
            Self::Older => "the database is older than what this place has seen: a backup or a snapshot took its place",
            Self::Elsewhere => {
                "the database belongs to another place or another http.public_url: this is a copy, and the other one may be sending"
            }
            Self::Unplaced => {
                "the database was in use, and the file `place` in the state folder is missing: this may be a copy"
            }
            Self::Asleep => {
                "the service was away for longer than mail.resurrection_guard in the middle of its work: an old state of the \
                 machine may have been brought back"
            }
            Self::Restored => "the database came out of a backup",
        }
    }

    /// What to do about it.
    pub fn remedy() -> &'static str {
        "`letterpress resume --after-restore` takes everything until now as sent and goes on; if nothing was sent that the \
         database does not know, `letterpress resume --after-restore --continue --since 1970-01-01` leaves nothing out"
    }
}

impl std::fmt::Display for Hold {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}; {}", self.because(), Self::remedy())
    }
}

/// What a place remembers of its database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remembered {
    /// ULID of the database.
    pub instance_id: String,
    /// The highest epoch that was seen.
    pub epoch: i64,
}

/// What a database says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// ULID, minted with the database.
    pub instance_id: String,
    /// Whom it works for.
    pub identity: String,
    /// Rises with every start and every issue.
    pub epoch: i64,
}

/// Whether a database may be worked with from here. `identity` is the one of this place; only a database in a file has
/// to be remembered by its place, one on a server may get new nodes at any time.
///
/// A lower epoch in the memory is normal: the database commits first.
pub fn judge(known: &Known, identity: &str, memory: Option<&Remembered>, in_a_file: bool) -> Option<Hold> {
    match memory {
        None if in_a_file && known.epoch > 0 => Some(Hold::Unplaced),
        Some(memory) if memory.instance_id != known.instance_id => Some(Hold::Elsewhere),
        _ if known.identity != identity => Some(Hold::Elsewhere),
        Some(memory) if memory.epoch > known.epoch => Some(Hold::Older),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(epoch: i64) -> Known {
        Known {
            instance_id: "A".to_owned(),
            identity: "https://letters.example.org".to_owned(),
            epoch,
        }
    }

    fn memory(id: &str, epoch: i64) -> Remembered {
        Remembered {
            instance_id: id.to_owned(),
            epoch,
        }
    }

    #[test]
    fn an_author_who_moves_or_copies_the_database_is_asked_before_anything_is_sent() {
        let here = "https://letters.example.org";
        let judged = |known, memory: Option<Remembered>, in_a_file| judge(&known, here, memory.as_ref(), in_a_file);
        assert_eq!(judged(known(0), None, true), None, "a new database");
        assert_eq!(judged(known(7), Some(memory("A", 7)), true), None);
        assert_eq!(
            judged(known(7), Some(memory("A", 3)), true),
            None,
            "a crash before the file was written"
        );
        assert_eq!(judged(known(7), Some(memory("A", 8)), true), Some(Hold::Older));
        assert_eq!(judged(known(7), Some(memory("B", 2)), true), Some(Hold::Elsewhere));
        assert_eq!(judged(known(7), None, true), Some(Hold::Unplaced));
        assert_eq!(judged(known(7), None, false), None, "a new node on a server");
        let staging = judge(&known(7), "http://staging.example.org", Some(&memory("A", 7)), true);
        assert_eq!(staging, Some(Hold::Elsewhere));
    }

    #[test]
    fn every_hold_is_read_as_it_was_written() {
        for hold in Hold::ALL {
            assert_eq!(Hold::parse(hold.word()), Some(hold));
            assert_eq!(hold.code(), format!("held_{}", hold.word()));
        }
        assert_eq!(Hold::parse(""), None);
    }
}
