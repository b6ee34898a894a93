//! Where something stands in the file: a second parse that keeps positions. The first one has none.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// One step from the root of the file to a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    Key(String),
    Item(usize),
}

/// The way from the root to a value.
pub(super) type Way = Vec<Step>;

/// A way as people write it: `newsletters[0].schedules[1].cron`.
pub(super) fn dotted(way: &[Step]) -> String {
    let mut text = String::new();
    for step in way {
        match step {
            Step::Key(key) if text.is_empty() => text.push_str(key),
            Step::Key(key) => text.push_str(&format!(".{key}")),
            Step::Item(item) => text.push_str(&format!("[{item}]")),
        }
    }
    text
}

/// Line and column, both from 1; the column counts characters.
pub(super) type Place = (usize, usize);

/// A fault of the syntax: where, as far as is known, and what.
pub(super) type Fault = (Option<Place>, String);

/// The text of a config file, parsed for positions.
pub(super) struct Positions<'t> {
    text: &'t str,
    root: Spanned<DeTable<'t>>,
}

impl<'t> Positions<'t> {
    /// Parses the text and returns every fault of its syntax with it.
    pub(super) fn parse(text: &'t str) -> (Self, Vec<Fault>) {
        let (root, faults) = DeTable::parse_recoverable(text);
        let positions = Self { text, root };
        let faults = faults
            .into_iter()
            .map(|fault| {
                let place = fault.span().map(|span| positions.line_and_column(span.start));
                (place, fault.message().to_owned())
            })
            .collect();
        (positions, faults)
    }

    /// Where the last step of `way` stands, or the innermost section around it that the file has.
    pub(super) fn of(&self, way: &[Step]) -> Option<Place> {
        let mut found = None;
        let mut table = Some(self.root.get_ref());
        let mut list = None;
        for step in way {
            let value = match step {
                Step::Key(key) => {
                    let Some((key, value)) = table.and_then(|table| table.get_key_value(key.as_str())) else {
                        break;
                    };
                    found = Some(key.span().start);
                    value
                }
                Step::Item(item) => {
                    let Some(value) = list.and_then(|list: &toml::de::DeArray<'t>| list.get(*item)) else {
                        break;
                    };
                    found = Some(value.span().start);
                    value
                }
            };
            (table, list) = match value.get_ref() {
                DeValue::Table(table) => (Some(table), None),
                DeValue::Array(list) => (None, Some(list)),
                _ => (None, None),
            };
        }
        found.map(|offset| self.line_and_column(offset))
    }

    fn line_and_column(&self, offset: usize) -> Place {
        let before = self.text.get(..offset).unwrap_or(self.text);
        let line_start = before.rfind('\n').map_or(0, |end| end + 1);
        (
            before.matches('\n').count() + 1,
            before[line_start..].chars().count() + 1,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_author_is_shown_the_line_of_each_key_and_of_the_section_around_a_missing_one() {
        let text = "[site]\ntitle = \"x\"\nauthor = { name = \"ü\", email = 3 }\n\n[[sources]]\n[[sources]]\n  path = 7\n[mail.smtp]\nhost = 1\n";
        let (positions, faults) = Positions::parse(text);
        assert!(faults.is_empty());
        let place = |keys: &[&str]| {
            let way: Way = keys
                .iter()
                .map(|key| key.parse().map_or_else(|_| Step::Key((*key).to_owned()), Step::Item))
                .collect();
            positions.of(&way)
        };
        assert_eq!(place(&["site", "title"]), Some((2, 1)));
        assert_eq!(place(&["site", "author", "email"]), Some((3, 24)));
        assert_eq!(place(&["sources", "1", "path"]), Some((7, 3)));
        assert_eq!(place(&["sources", "0", "path"]), Some((5, 1)));
        assert_eq!(place(&["sources", "1", "id"]), Some((6, 1)));
        assert_eq!(place(&["mail", "smtp", "port"]), Some((8, 7)));
        assert_eq!(place(&["site", "url"]), Some((1, 2)));
        assert_eq!(place(&["http", "listen"]), None);
    }

    #[test]
    fn an_author_with_two_broken_lines_sees_both() {
        let (_, faults) = Positions::parse("[site]\ntitle = \nurl = \"x\nlanguage = \"en\"\n");
        let lines: Vec<usize> = faults
            .iter()
            .filter_map(|(place, _)| place.map(|place| place.0))
            .collect();
        assert_eq!(lines, [2, 3]);
    }
}
