//! A page as a flat list of blocks, in reading order.

use dom_query::NodeRef;

use crate::model::text::one_line;

use super::tail::Piece;

/// A block: one element, or a run of inline nodes between two.
#[derive(Debug)]
pub(crate) struct Block<'d> {
    pub(super) nodes: Vec<NodeRef<'d>>,
    /// Plain text; line breaks and the borders of child elements are line ends.
    pub(super) text: String,
    pub(super) heading: Option<u8>,
    /// Fields to fill in, with the words around them.
    pub(super) form: bool,
    pub(super) links: usize,
    /// Everything that can be read is a link.
    pub(super) only_links: bool,
}

/// Blocks that are not looked into.
const ATOMS: &[&str] = &[
    "p",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "ul",
    "ol",
    "dl",
    "table",
    "pre",
    "blockquote",
    "figure",
    "hr",
    "address",
];
const CONTAINERS: &[&str] = &[
    "div", "section", "article", "main", "header", "body", "form", "fieldset", "center", "details", "hgroup", "li",
    "td",
];
/// Words around fields that may still be part of the form.
const WORDS_OF_A_FORM: usize = 60;

/// The blocks below an element.
pub(super) fn blocks<'d>(root: &NodeRef<'d>) -> Vec<Block<'d>> {
    let mut found = Vec::new();
    visit(root, &mut found);
    found
}

fn visit<'d>(node: &NodeRef<'d>, found: &mut Vec<Block<'d>>) {
    let mut run: Vec<NodeRef<'d>> = Vec::new();
    for child in node.children() {
        let name = child.node_name().map(|name| name.to_string()).unwrap_or_default();
        let atom = ATOMS.contains(&name.as_str());
        let container = CONTAINERS.contains(&name.as_str());
        if child.is_comment() {
            continue;
        }
        let inline = !child.is_element() || !holds_blocks(&child);
        if inline && !atom && !container {
            run.push(child);
            continue;
        }
        flush(&mut run, found);
        if is_form(&child, &name) {
            found.push(Block {
                form: true,
                ..block(vec![child], None)
            });
        } else if atom || !holds_blocks(&child) {
            let heading = name.strip_prefix('h').and_then(|level| level.parse().ok());
            push(block(vec![child], heading), found);
        } else {
            visit(&child, found);
        }
    }
    flush(&mut run, found);
}

fn flush<'d>(run: &mut Vec<NodeRef<'d>>, found: &mut Vec<Block<'d>>) {
    if !run.is_empty() {
        push(block(std::mem::take(run), None), found);
    }
}

fn push<'d>(block: Block<'d>, found: &mut Vec<Block<'d>>) {
    let shows = block.nodes.iter().any(|node| node.has_name("hr") || holds(node, "img"));
    if shows || !block.text.trim().is_empty() {
        found.push(block);
    }
}

fn holds_blocks(node: &NodeRef<'_>) -> bool {
    node.descendants_it().any(|inner| {
        inner
            .node_name()
            .is_some_and(|name| ATOMS.contains(&&*name) || CONTAINERS.contains(&&*name))
    })
}

fn holds(node: &NodeRef<'_>, name: &str) -> bool {
    node.has_name(name) || node.descendants_it().any(|inner| inner.has_name(name))
}

/// A form, or a small part of the page that holds fields: its thanks and remarks belong to it.
fn is_form(node: &NodeRef<'_>, name: &str) -> bool {
    if name == "form" {
        return true;
    }
    let field = |inner: &NodeRef<'_>| {
        let kind = inner.node_name();
        match kind.as_deref() {
            Some("form" | "textarea" | "select") => true,
            Some("input") => inner.attr("type").is_none_or(|kind| &*kind != "checkbox"),
            _ => false,
        }
    };
    name != "body"
        && node.descendants_it().any(|inner| field(&inner))
        && node.text().split_whitespace().count() <= WORDS_OF_A_FORM
}

fn block(nodes: Vec<NodeRef<'_>>, heading: Option<u8>) -> Block<'_> {
    let mut text = String::new();
    let (mut links, mut outside) = (0, 0);
    for node in &nodes {
        gather(node, &mut text, false, &mut links, &mut outside);
    }
    Block {
        nodes,
        text,
        heading,
        form: false,
        links,
        only_links: links > 0 && outside == 0,
    }
}

fn gather(node: &NodeRef<'_>, text: &mut String, in_link: bool, links: &mut usize, outside: &mut usize) {
    if node.is_text() {
        let words = node.text();
        if !in_link {
            *outside += words.chars().filter(|c| c.is_alphanumeric()).count();
        }
        text.push_str(&words.replace('\n', " "));
        return;
    }
    let name = node.node_name().map(|name| name.to_string()).unwrap_or_default();
    if name == "br" {
        text.push('\n');
    }
    *links += usize::from(name == "a");
    // Emphasis inside a sentence is no border.
    let border = !matches!(
        name.as_str(),
        "b" | "strong" | "em" | "i" | "code" | "abbr" | "sup" | "sub" | "mark" | "br" | "small" | "q" | "u" | "s" | ""
    );
    let inside = in_link || name == "a";
    if border && !text.is_empty() && !text.ends_with('\n') && name != "a" {
        text.push('\n');
    }
    for child in node.children() {
        gather(&child, text, inside, links, outside);
    }
    if border && !text.is_empty() && !text.ends_with('\n') && name != "a" {
        text.push('\n');
    }
}

/// Whether the blocks are all that some small element holds.
pub(super) fn share_small_parent(group: &[Block<'_>]) -> bool {
    let Some(first) = group.first().and_then(|block| block.nodes.first()) else {
        return false;
    };
    let Some(parent) = first.parent() else { return false };
    let inside = |block: &Block<'_>| {
        block
            .nodes
            .iter()
            .all(|node| node.ancestors_it(None).any(|above| above.id == parent.id))
    };
    parent.text().trim().chars().count() <= 160 && group.iter().all(inside)
}

impl Block<'_> {
    /// The text on one line.
    pub(super) fn line(&self) -> String {
        one_line(&self.text)
    }

    pub(super) fn piece(&self) -> Piece<'_> {
        Piece {
            text: self.text.trim(),
            words: self.text.split_whitespace().count(),
            heading: self.heading.is_some(),
            form: self.form,
            only_links: self.only_links,
        }
    }

    /// Takes the block out of the page, and elements that are empty without it.
    pub(super) fn remove(&self) {
        for node in &self.nodes {
            let mut above = node.parent();
            node.remove_from_parent();
            while let Some(parent) = above.filter(|parent| is_empty(parent)) {
                above = parent.parent();
                parent.remove_from_parent();
            }
        }
    }
}

fn is_empty(node: &NodeRef<'_>) -> bool {
    let name = node.node_name().map(|name| name.to_string()).unwrap_or_default();
    !matches!(name.as_str(), "" | "body" | "html" | "article" | "main")
        && node.text().trim().is_empty()
        && !holds(node, "img")
}
