//! Where the page goes on after the article has ended: forms, ways elsewhere, the author's card (`sources.md` SI8).

/// A block of a page or of a text taken from one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Piece<'t> {
    /// With its line ends.
    pub(crate) text: &'t str,
    pub(crate) words: usize,
    pub(crate) heading: bool,
    pub(crate) form: bool,
    pub(crate) only_links: bool,
}

/// What is to be cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tail {
    /// Nothing.
    None,
    /// This block and all behind it.
    From(usize),
    /// More than a quarter of the words would go: nothing is cut.
    Uncertain,
}

/// Words that headings at the end of a page are about.
const CORE: &[&str] = &[
    "feedback",
    "comment",
    "comments",
    "share",
    "subscribe",
    "newsletter",
    "related",
    "author",
    "discussion",
    "discuss",
    "thoughts",
    "rate",
    "rating",
    "helpful",
    "follow",
    "webmentions",
    "likes",
    "reactions",
    "responses",
    "replies",
    "next",
    "more",
    "think",
    "enjoyed",
    "kommentare",
    "kommentar",
    "teilen",
    "abonnieren",
    "autor",
    "autorin",
    "rückmeldung",
    "verwandte",
    "commentaires",
    "commentaire",
    "partager",
    "abonner",
    "auteur",
    "comentarios",
    "comentario",
    "compartir",
    "suscribirse",
    "suscríbete",
    "commenti",
    "condividi",
    "iscriviti",
    "autore",
    "comentários",
    "compartilhar",
    "inscreva",
    "reacties",
    "delen",
    "abonneren",
    "コメント",
    "关于作者",
    "评论",
];

/// Words that may stand beside them.
const BESIDE: &[&str] = &[
    "your",
    "my",
    "our",
    "this",
    "that",
    "the",
    "a",
    "an",
    "some",
    "us",
    "me",
    "it",
    "with",
    "on",
    "for",
    "to",
    "and",
    "or",
    "of",
    "in",
    "from",
    "please",
    "leave",
    "give",
    "send",
    "get",
    "posts",
    "post",
    "articles",
    "article",
    "reading",
    "read",
    "stories",
    "story",
    "content",
    "about",
    "also",
    "like",
    "might",
    "may",
    "you",
    "was",
    "is",
    "did",
    "do",
    "what",
    "how",
    "tell",
    "let",
    "know",
    "join",
    "conversation",
    "up",
    "sign",
    "stay",
    "touch",
    "keep",
    "via",
    "email",
    "by",
    "updates",
    "add",
    "write",
    "a",
    "here",
    "found",
    "if",
    "topics",
    "latest",
    "over",
    "den",
    "die",
    "der",
    "das",
    "mehr",
    "artikel",
    "zum",
    "zur",
    "über",
    "deine",
    "ihre",
    "le",
    "la",
    "les",
    "l",
    "un",
    "votre",
    "sur",
    "à",
    "propos",
    "de",
    "del",
    "el",
    "los",
    "sobre",
    "tu",
    "un",
    "o",
    "il",
    "sull",
    "gli",
];

/// Words of links that lead to other articles.
const WAYS: &[&str] = &[
    "back",
    "previous",
    "prev",
    "next",
    "older",
    "newer",
    "zurück",
    "weiter",
    "précédent",
    "suivant",
    "anterior",
    "siguiente",
    "precedente",
    "successivo",
];

const ARROWS: &[char] = &['←', '→', '«', '»', '‹', '›', '⟵', '⟶', '↩'];

/// The first block of the page's end, in the last third of the words.
pub(crate) fn tail(pieces: &[Piece<'_>], author: Option<&str>) -> Tail {
    let total: usize = pieces.iter().filter(|piece| !piece.form).map(|piece| piece.words).sum();
    let mut before = 0;
    for (at, piece) in pieces.iter().enumerate() {
        if before * 3 >= total * 2 && begins_tail(piece, author) {
            let goes = total - before;
            return if goes * 4 > total {
                Tail::Uncertain
            } else {
                Tail::From(at)
            };
        }
        before += if piece.form { 0 } else { piece.words };
    }
    // A page's end that begins earlier is too much to cut.
    let early = pieces
        .iter()
        .enumerate()
        .skip(1)
        .any(|(_, piece)| piece.heading && is_tail_heading(piece.text, author));
    if early { Tail::Uncertain } else { Tail::None }
}

fn begins_tail(piece: &Piece<'_>, author: Option<&str>) -> bool {
    let short = piece.words <= 8 && !piece.text.ends_with(['.', ':', ',']);
    piece.form
        || ((piece.heading || short) && is_tail_heading(piece.text, author))
        || is_way_elsewhere(piece)
        || author.is_some_and(|name| is_author_card(piece.text, name))
}

/// A heading whose words are all about feedback, sharing, other articles or the author.
fn is_tail_heading(text: &str, author: Option<&str>) -> bool {
    let lower = text.to_lowercase();
    let own: Vec<String> = author
        .unwrap_or("")
        .to_lowercase()
        .split_whitespace()
        .map(str::to_owned)
        .collect();
    let words: Vec<&str> = lower
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    let core = words.iter().any(|word| CORE.contains(word));
    let known = |word: &&str| CORE.contains(word) || BESIDE.contains(word) || own.iter().any(|name| name == word);
    core && words.len() <= 8 && words.iter().all(known)
}

/// Nothing but links that say back, previous, next, or show arrows.
fn is_way_elsewhere(piece: &Piece<'_>) -> bool {
    let lines: Vec<&str> = piece
        .text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    let arrows = !lines.is_empty()
        && lines
            .iter()
            .all(|line| line.starts_with(ARROWS) || line.ends_with(ARROWS));
    let says_so = piece.only_links && lines.iter().any(|line| leads_elsewhere(line));
    (arrows && piece.words <= 60) || says_so
}

/// A line that leads to another page: it begins with a word such as "back" or "next", or shows an arrow.
pub(crate) fn leads_elsewhere(line: &str) -> bool {
    let lower = line.to_lowercase();
    let first = lower
        .split(|c: char| !c.is_alphanumeric())
        .find(|word| !word.is_empty())
        .unwrap_or("");
    line.contains(ARROWS) || WAYS.contains(&first)
}

/// Repeats the byline's name at the start of one of its first two lines, and is short.
fn is_author_card(text: &str, name: &str) -> bool {
    let name = name.to_lowercase();
    let names = |line: &str| {
        let line = line.trim().to_lowercase();
        let bare = ["about the author", "about", "written by", "author", "by"]
            .iter()
            .find_map(|lead| line.strip_prefix(lead))
            .unwrap_or(&line);
        bare.trim_start_matches([' ', ':']).starts_with(&name)
    };
    text.chars().count() <= 400 && text.lines().filter(|line| !line.trim().is_empty()).take(2).any(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces<'t>(texts: &[&'t str]) -> Vec<Piece<'t>> {
        texts
            .iter()
            .map(|text| Piece {
                text,
                words: text.split_whitespace().count(),
                heading: false,
                form: false,
                only_links: false,
            })
            .collect()
    }

    fn body() -> Vec<String> {
        (0..20)
            .map(|n| format!("Paragraph {n} of the article says one thing and then says another thing."))
            .collect()
    }

    #[test]
    fn whatever_comes_first_ends_the_article() {
        let body = body();
        for first in [
            "Jane Doe\nBuilds shelves.",
            "← Back to all articles",
            "← Prev: One\nNext: Two →",
            "Share Your Feedback",
            "Comments",
            "About the author",
            "Related posts",
            "Leave a comment",
            "What do you think?",
            "Written by Jane Doe",
            "You might also like more",
            "Kommentare",
            "Read next",
        ] {
            let mut texts: Vec<&str> = body.iter().map(String::as_str).collect();
            texts.extend([first, "Takes 30 seconds.", "Thanks!"]);
            assert_eq!(tail(&pieces(&texts), Some("Jane Doe")), Tail::From(20), "{first}");
        }
    }

    #[test]
    fn headings_of_the_article_itself_stay() {
        let body = body();
        for first in [
            "Feedback loops in teams",
            "Related work",
            "More than numbers",
            "The next step for us",
            "Jane Doe's friend was here too and said so at some length.",
        ] {
            let mut texts: Vec<&str> = body.iter().map(String::as_str).collect();
            texts.extend([first, "And one more paragraph."]);
            assert_eq!(tail(&pieces(&texts), Some("John Roe")), Tail::None, "{first}");
        }
    }

    #[test]
    fn an_end_that_would_take_a_quarter_of_the_words_is_left() {
        let texts = [
            "One two three four five six seven eight nine ten.",
            "Comments",
            "One two three four five six seven eight.",
        ];
        assert_eq!(tail(&pieces(&texts), None), Tail::None);
        let mut pieces = pieces(&texts);
        pieces[1].heading = true;
        assert_eq!(tail(&pieces, None), Tail::Uncertain);
    }
}
