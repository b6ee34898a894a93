//! What readers say about an article: one to five, and a few words (`subscribers-and-security.md` 8).

use serde::Serialize;

use super::text::xml_safe;

/// Longest comment, in characters.
const LONGEST: usize = 2_000;

/// One to five.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rating(u8);

impl Rating {
    /// Every rating, the lowest first.
    pub const ALL: [Self; 5] = [Self(1), Self(2), Self(3), Self(4), Self(5)];

    /// Reads `1` to `5`.
    pub fn parse(text: &str) -> Option<Self> {
        let number: u8 = text.trim().parse().ok()?;
        Self::ALL.into_iter().find(|rating| rating.0 == number)
    }

    /// 1 to 5.
    pub fn number(self) -> u8 {
        self.0
    }
}

/// A reader's words: plain text without control characters and without marks that turn the direction of what follows,
/// at most 2,000 characters; may be empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Comment(String);

impl Comment {
    /// Cleans what a reader typed; what is too long is cut.
    pub fn cleaned(typed: &str) -> Self {
        let is_turn = |c: char| matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
        let plain: String = xml_safe(typed).chars().filter(|c| !is_turn(*c)).collect();
        let cut: String = plain.trim().chars().take(LONGEST).collect();
        Self(cut.trim_end().to_owned())
    }

    /// The words.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Where an answer came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// The row under an article of a letter.
    Letter,
    /// The article's own page.
    Page,
}

impl Origin {
    /// As the database and lists have it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Letter => "letter",
            Self::Page => "page",
        }
    }
}

/// Many answers in numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Tally {
    /// How many.
    pub count: i64,
    /// Their mean, 1 to 5; 0 without answers.
    pub mean: f64,
    /// Standard deviation of the population; 0 without answers.
    pub spread: f64,
    /// How many gave 1, 2, 3, 4 and 5.
    pub by_rating: [i64; 5],
}

impl Tally {
    /// From how many gave each rating.
    pub fn of(by_rating: [i64; 5]) -> Self {
        let count: i64 = by_rating.iter().sum();
        if count == 0 {
            return Self::default();
        }
        let weighed = |of: &dyn Fn(f64) -> f64| {
            let sum: f64 = (1..=5_u8)
                .zip(by_rating)
                .map(|(rating, many)| of(f64::from(rating)) * as_real(many))
                .sum();
            sum / as_real(count)
        };
        let mean = weighed(&|rating| rating);
        let spread = weighed(&|rating| (rating - mean).powi(2)).sqrt();
        Self {
            count,
            mean,
            spread,
            by_rating,
        }
    }
}

/// Counts of answers are far below 2^32.
fn as_real(count: i64) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rating_is_one_to_five_and_nothing_else() {
        for good in ["1", " 5 "] {
            assert!(Rating::parse(good).is_some(), "{good}");
        }
        for bad in ["0", "6", "", "-1", "4.5", "five", "1e0"] {
            assert!(Rating::parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn a_comment_keeps_its_lines_and_loses_what_could_turn_a_page() {
        let comment = Comment::cleaned(" Good.\r\n\u{202E}Really\0 <b>good</b> \n");
        assert_eq!(comment.as_str(), "Good.\nReally <b>good</b>");
        assert_eq!(Comment::cleaned(&"ö".repeat(3_000)).as_str().chars().count(), LONGEST);
    }

    #[test]
    fn answers_are_told_by_mean_and_spread() {
        let tally = Tally::of([1, 0, 0, 0, 1]);
        assert_eq!((tally.count, tally.mean, tally.spread), (2, 3.0, 2.0));
        assert_eq!(Tally::of([0; 5]), Tally::default());
    }
}
