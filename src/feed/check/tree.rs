//! A document as a flat list of elements: no depth of it is ever walked by recursion.

/// The vocabularies that a feed may speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Space {
    None,
    Atom,
    Atom03,
    Content,
    Dc,
    Rdf,
    Rss1,
    Xhtml,
    Other,
}

impl Space {
    pub(super) fn of(address: &str) -> Self {
        match address {
            "" => Self::None,
            "http://www.w3.org/2005/Atom" => Self::Atom,
            "http://purl.org/atom/ns#" => Self::Atom03,
            "http://purl.org/rss/1.0/modules/content/" => Self::Content,
            "http://purl.org/dc/elements/1.1/" => Self::Dc,
            "http://www.w3.org/1999/02/22-rdf-syntax-ns#" => Self::Rdf,
            "http://purl.org/rss/1.0/"
            | "http://my.netscape.com/rdf/simple/0.9/"
            | "http://channel.netscape.com/rdf/simple/0.9/" => Self::Rss1,
            "http://www.w3.org/1999/xhtml" => Self::Xhtml,
            _ => Self::Other,
        }
    }
}

/// One element.
#[derive(Debug)]
pub(super) struct Element {
    /// Without prefix.
    pub(super) name: String,
    pub(super) space: Space,
    /// Where its tag begins.
    pub(super) line: usize,
    /// Where its text begins.
    pub(super) text_line: usize,
    /// Its own text, without that of elements in it.
    pub(super) text: String,
    /// With prefixes as they are written; `xmlns` included.
    pub(super) attributes: Vec<(String, String)>,
    pub(super) depth: usize,
    pub(super) parent: Option<usize>,
    /// The first element behind it that is not in it.
    pub(super) end: usize,
}

impl Element {
    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    pub(super) fn is(&self, space: Space, name: &str) -> bool {
        self.space == space && self.name == name
    }
}

/// A document's elements, in the order of their start tags.
#[derive(Debug, Default)]
pub(super) struct Tree {
    pub(super) elements: Vec<Element>,
}

impl Tree {
    pub(super) fn root(&self) -> Option<&Element> {
        self.elements.first()
    }

    pub(super) fn line_of_root(&self) -> usize {
        self.root().map_or(1, |root| root.line)
    }

    /// The elements directly in one, with their places.
    pub(super) fn children(&self, of: usize) -> impl Iterator<Item = (usize, &Element)> {
        let end = self.elements.get(of).map_or(0, |element| element.end);
        let mut next = of + 1;
        std::iter::from_fn(move || {
            let at = next;
            let element = self.elements.get(at).filter(|_| at < end)?;
            next = element.end.max(at + 1);
            Some((at, element))
        })
    }

    /// Everything in an element, however deep.
    pub(super) fn inside(&self, of: usize) -> &[Element] {
        let end = self.elements.get(of).map_or(0, |element| element.end);
        self.elements.get(of + 1..end).unwrap_or_default()
    }

    /// The elements of one name directly in one.
    pub(super) fn named<'a>(&'a self, of: usize, space: Space, name: &'a str) -> impl Iterator<Item = &'a Element> {
        self.children(of)
            .map(|(_, element)| element)
            .filter(move |element| element.is(space, name))
    }

    /// The nearest value of an attribute that is handed down, such as `xml:base`.
    pub(super) fn inherited(&self, of: usize, name: &str) -> Option<&str> {
        let mut at = Some(of);
        while let Some(element) = at.and_then(|at| self.elements.get(at)) {
            if let Some(value) = element.attribute(name) {
                return Some(value);
            }
            at = element.parent;
        }
        None
    }
}
