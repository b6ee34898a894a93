//! Sentinels to slots: rendered text is cut where the words stand that stand for a recipient's values.

use super::TemplateError;
use crate::model::letter::{Place, Segment, SlotName};

/// Where URL slots seem to lead while templates and inliner work.
const HOST: &str = "https://slot.invalid/";

/// The words of one compilation. They hold letters and digits only, so that escaping and parsing leave them alone.
#[derive(Debug)]
pub(super) struct Sentinels {
    nonce: String,
    names: Vec<SlotName>,
}

impl Sentinels {
    /// `nonce`: letters and digits that the articles cannot hold, because it is made from their hash.
    pub(super) fn new(nonce: String) -> Self {
        Self {
            nonce,
            names: Vec::new(),
        }
    }

    fn word(&mut self, name: SlotName) -> String {
        self.names.push(name);
        format!("{}s{}z", self.nonce, self.names.len() - 1)
    }

    /// What stands for a value: for an address an address, so that `url` takes it.
    pub(super) fn of(&mut self, name: SlotName) -> String {
        let word = self.word(name);
        if name.is_address() {
            format!("{HOST}{word}")
        } else {
            word
        }
    }

    /// How many slots stand in a text.
    pub(super) fn count(&self, text: &str) -> usize {
        text.matches(&self.nonce).count()
    }

    /// The text with every slot in a form that is the same for all words, and nothing in the place of a name.
    pub(super) fn neutral(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut from = 0;
        for (start, end, name) in self.find(text) {
            out.push_str(&text[from..start]);
            if name != SlotName::Name {
                out.push_str(&format!("\0{name}\0"));
            }
            from = end;
        }
        out + &text[from..]
    }

    /// The slots of a text in order: start, end, name.
    fn find(&self, text: &str) -> Vec<(usize, usize, SlotName)> {
        let mut found = Vec::new();
        for (at, _) in text.match_indices(&self.nonce) {
            let rest = &text[at + self.nonce.len()..];
            let number = rest.strip_prefix('s').and_then(|rest| rest.split_once('z'));
            let Some((digits, _)) = number else { continue };
            let Some(name) = digits.parse().ok().and_then(|at: usize| self.names.get(at)) else {
                continue;
            };
            let end = at + self.nonce.len() + digits.len() + 2;
            let start = if text[..at].ends_with(HOST) {
                at - HOST.len()
            } else {
                at
            };
            found.push((start, end, *name));
        }
        found
    }

    /// Cuts a subject or text part.
    pub(super) fn split_plain(&self, text: &str, place: Place) -> Vec<Segment> {
        self.cut(text, |_| place)
    }

    /// Cuts an HTML part; a slot inside a style or script is refused.
    pub(super) fn split_html(&self, html: &str, file: &str) -> Result<Vec<Segment>, TemplateError> {
        let slots = self.find(html);
        let places = places(html, &slots.iter().map(|slot| slot.0).collect::<Vec<_>>());
        if let Some(at) = places.iter().position(Option::is_none) {
            return Err(TemplateError::new(
                file,
                None,
                format!("the recipient's `{}` stands inside a style or script", slots[at].2),
                "move it into the text or into a quoted attribute",
            ));
        }
        let mut places = places.into_iter().flatten();
        Ok(self.cut(html, |_| places.next().unwrap_or(Place::Text)))
    }

    fn cut(&self, text: &str, mut place: impl FnMut(usize) -> Place) -> Vec<Segment> {
        let mut segments = Vec::new();
        let mut from = 0;
        for (start, end, name) in self.find(text) {
            if start > from {
                segments.push(Segment::Fixed(text[from..start].to_owned()));
            }
            segments.push(Segment::Slot {
                name,
                place: place(start),
            });
            from = end;
        }
        if from < text.len() || segments.is_empty() {
            segments.push(Segment::Fixed(text[from..].to_owned()));
        }
        segments
    }
}

/// Where in serialised HTML each offset (ascending) stands; `None` for raw text of styles and scripts.
fn places(html: &str, offsets: &[usize]) -> Vec<Option<Place>> {
    let mut found = Vec::with_capacity(offsets.len());
    let mut wanted = offsets.iter().copied().peekable();
    let mut at = 0;
    while let Some(&offset) = wanted.peek() {
        let (end, place) = next_piece(html, at);
        if offset < end {
            found.push(place);
            wanted.next();
        } else if end <= at {
            break;
        } else {
            at = end;
        }
    }
    found.resize(offsets.len(), Some(Place::Text));
    found
}

/// The piece of HTML that begins at `at`: its end, and what a slot in it would be.
fn next_piece(html: &str, at: usize) -> (usize, Option<Place>) {
    let rest = &html[at..];
    let upto = |mark: &str| rest.find(mark).map_or(html.len(), |end| at + end + mark.len());
    if rest.starts_with("<!--") {
        return (upto("-->"), Some(Place::Comment));
    }
    for raw in ["style", "script"] {
        let opens = rest
            .get(1..=raw.len())
            .is_some_and(|name| name.eq_ignore_ascii_case(raw));
        if rest.starts_with('<') && opens {
            return (upto(&format!("</{raw}>")), None);
        }
    }
    if rest.starts_with('<') {
        return (at + tag_end(rest), Some(Place::Attribute));
    }
    (rest.find('<').map_or(html.len(), |end| at + end), Some(Place::Text))
}

/// Length of the tag at the start of `rest`, quotes respected.
fn tag_end(rest: &str) -> usize {
    let mut quote = None;
    for (at, c) in rest.char_indices().skip(1) {
        match (quote, c) {
            (None, '>') => return at + 1,
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), c) if open == c => quote = None,
            _ => {}
        }
    }
    rest.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_slot_knows_where_it_stands() {
        let mut sentinels = Sentinels::new("q7".to_owned());
        let name = sentinels.of(SlotName::Name);
        let leave = sentinels.of(SlotName::Unsubscribe);
        let html = format!("<p title=\"a > {name}\">x {name}<!-- {name} --><a href=\"{leave}?x=1\">go</a>");
        let segments = sentinels.split_html(&html, "x").unwrap();
        let slots: Vec<_> = segments
            .iter()
            .filter_map(|segment| match segment {
                Segment::Slot { name, place } => Some((*name, *place)),
                Segment::Fixed(_) => None,
            })
            .collect();
        assert_eq!(
            slots,
            [
                (SlotName::Name, Place::Attribute),
                (SlotName::Name, Place::Text),
                (SlotName::Name, Place::Comment),
                (SlotName::Unsubscribe, Place::Attribute)
            ]
        );
        assert_eq!(segments.last(), Some(&Segment::Fixed("?x=1\">go</a>".to_owned())));
        assert_eq!(sentinels.count(&html), 4);
    }

    #[test]
    fn a_recipients_value_inside_a_style_is_refused() {
        let mut sentinels = Sentinels::new("q7".to_owned());
        let html = format!(
            "<style>.a::after {{ content: \"{}\" }}</style>",
            sentinels.of(SlotName::Name)
        );
        assert!(sentinels.split_html(&html, "x").is_err());
    }
}
