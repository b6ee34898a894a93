//! A letter over its size budget is shortened by itself and never fails (`email.md` 2.2).

use super::adapt::{blocks, words};
use super::context::letters::{Article, IssueLetter};

/// Longest value of a slot that is reckoned with, in bytes.
const LONGEST_SLOT: usize = 220;
/// A single article keeps at least this many blocks, or becomes its summary.
const FEWEST_BLOCKS: usize = 2;
/// So many letters and digits at the end of a block tell it from others.
const TAIL: usize = 40;

/// The size that a receiver may count: the larger of decoded and transfer-encoded, every slot at its longest.
pub(super) fn size(html: &str, slots: usize) -> usize {
    let encoded: usize = html.bytes().map(|b| if b == b'=' || b > 126 { 3 } else { 1 }).sum();
    encoded + encoded / 25 + slots * LONGEST_SLOT
}

/// Shortens bodies that alone are over the budget, before anything is rendered: megabytes of them would pass what one
/// rendering may write.
pub(super) fn beforehand(letter: &mut IssueLetter) {
    loop {
        let bodies = letter.articles.iter().map(|article| article.html.len()).sum();
        if bodies <= letter.max_html || !step(letter, bodies) {
            return;
        }
    }
}

/// Takes one step towards a letter of at most `letter.max_html`, given its `size` now; `false` when nothing is left to
/// take.
pub(super) fn step(letter: &mut IssueLetter, size: usize) -> bool {
    match letter.articles.as_mut_slice() {
        // A digest of one article, too.
        [only] => shorten_article(only, letter.max_html, size),
        articles => shorten_digest(articles),
    }
}

/// Cuts between top-level blocks, so that about as much is left as the budget allows.
fn shorten_article(article: &mut Article, most: usize, size: usize) -> bool {
    if article.html.is_empty() {
        return false;
    }
    let keep = article.html.len().saturating_mul(most) / size.max(1);
    // Inlined styles weigh differently from block to block: a little less than reckoned, so that few steps are needed.
    let keep = keep * 9 / 10;
    let mut kept = Vec::new();
    let mut length = 0;
    for block in blocks(&article.html) {
        length += block.len();
        if length > keep {
            break;
        }
        kept.push(block);
    }
    while kept.last().is_some_and(|block| is_heading(block)) {
        kept.pop();
    }
    article.truncated = true;
    if kept.len() < FEWEST_BLOCKS {
        article.html.clear();
        article.text.clear();
    } else {
        article.text = text_up_to(&article.text, &kept);
        article.html = kept.join("\n");
    }
    true
}

fn is_heading(block: &str) -> bool {
    (1..=6).any(|level| block.starts_with(&format!("<h{level}")))
}

/// The text part, cut where the HTML was cut: behind the paragraph that ends like the last block that was kept.
fn text_up_to(text: &str, kept: &[String]) -> String {
    let letters: usize = kept.iter().map(|block| bare(&words(block)).chars().count()).sum();
    let tail = bare(&words(kept.last().map_or("", String::as_str)));
    let tail = tail
        .char_indices()
        .rev()
        .nth(TAIL)
        .map_or(tail.as_str(), |(at, _)| &tail[at..]);
    let (mut end, mut seen, mut before) = (0, 0, 0);
    for paragraph in text.split_inclusive("\n\n") {
        let said = bare(&without_addresses(paragraph));
        seen += said.chars().count();
        end += paragraph.len();
        // The text has bullets and alternatives of pictures beside the words, so it never comes too early.
        if seen >= letters && said.ends_with(tail) {
            return text[..end].trim_end().to_owned();
        }
        if seen <= letters {
            before = end;
        }
    }
    text[..before].trim_end().to_owned()
}

/// Letters and digits alone: how blanks and marks are written differs between HTML and text.
fn bare(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).collect()
}

/// Text without the addresses that stand in parentheses behind links.
fn without_addresses(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(" (http") {
        out.push_str(&rest[..at]);
        let behind = &rest[at..];
        rest = behind.find(')').map_or("", |end| &behind[end + 1..]);
    }
    out + rest
}

/// The longest article falls back to its summary; when there are only summaries, the longest of them goes.
fn shorten_digest(articles: &mut [Article]) -> bool {
    if let Some(longest) = articles
        .iter_mut()
        .filter(|a| !a.html.is_empty())
        .max_by_key(|a| a.html.len())
    {
        longest.html.clear();
        longest.text.clear();
        longest.truncated = true;
        return true;
    }
    let longest = articles
        .iter_mut()
        .filter(|a| !a.summary.is_empty())
        .max_by_key(|a| a.summary.len());
    longest.is_some_and(|article| {
        article.summary.clear();
        true
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template::context::Sample;
    use crate::template::context::letters::IssueKind;

    fn letter(kind: IssueKind, html: &str, text: &str) -> IssueLetter {
        let (_, mut letter) = IssueLetter::samples().remove(0);
        letter.kind = kind;
        letter.articles.truncate(1);
        html.clone_into(&mut letter.articles[0].html);
        text.clone_into(&mut letter.articles[0].text);
        letter
    }

    #[test]
    fn a_long_article_ends_between_two_blocks_and_its_text_there_too() {
        let html: String = (0..20)
            .map(|n| format!("<p>{} end{n}</p><h2>head{n}</h2>", "word ".repeat(50)))
            .collect();
        let text: String = (0..20)
            .map(|n| format!("{} end{n}\n\nhead{n}\n\n", "word ".repeat(50)))
            .collect();
        let mut long = letter(IssueKind::Instant, &html, &text);
        long.max_html = 2_000;
        assert!(step(&mut long, 5_500));
        let article = &long.articles[0];
        assert!(article.truncated && article.html.ends_with("</p>"), "{}", article.html);
        assert_eq!(
            words(&article.html).split(' ').next_back(),
            article.text.split(' ').next_back()
        );
    }

    #[test]
    fn a_text_is_not_cut_at_a_paragraph_that_only_looks_like_the_last() {
        let kept = [
            "<p>It is so.</p>",
            "<p>Then <a href=\"https://e.org/(x\">more</a>: it is so.</p>",
        ]
        .map(str::to_owned);
        let text = "It is so.\n\nThen more (https://e.org/x): it is so.\n\nGone.\n\nIt is so.";
        assert_eq!(
            text_up_to(text, &kept),
            "It is so.\n\nThen more (https://e.org/x): it is so."
        );
        let pictures = ["<p>One.</p>", "<p><img src=\"x\" alt=\"a\"></p>"].map(str::to_owned);
        assert_eq!(text_up_to("One.\n\n[a]\n\nTwo.", &pictures), "One.");
    }

    #[test]
    fn a_digest_of_megabytes_is_made_of_summaries() {
        let (_, mut letter) = IssueLetter::samples().remove(1);
        assert!(letter.articles.len() > 1);
        for article in &mut letter.articles {
            article.html = "<p>word</p>".repeat(200_000);
        }
        beforehand(&mut letter);
        assert!(
            letter
                .articles
                .iter()
                .all(|article| article.html.is_empty() && article.truncated)
        );
    }

    #[test]
    fn a_digest_of_one_long_article_is_cut_between_blocks_like_a_letter_of_one() {
        let mut long = letter(IssueKind::Digest, &"<p>word and word</p>".repeat(500), "x");
        long.max_html = 4_000;
        assert!(step(&mut long, 12_000));
        let kept = &long.articles[0];
        assert!(kept.truncated && kept.html.len() > 2_000 && kept.html.ends_with("</p>"));
    }

    #[test]
    fn one_giant_block_becomes_its_summary_and_then_nothing_is_left_to_take() {
        let mut giant = letter(
            IssueKind::Instant,
            &format!("<table>{}</table>", "x".repeat(9_000)),
            "x",
        );
        giant.max_html = 100;
        assert!(step(&mut giant, 10_000));
        assert!(giant.articles[0].html.is_empty() && giant.articles[0].truncated);
        assert!(!step(&mut giant, 10_000));
    }
}
