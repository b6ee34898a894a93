//! Examines a finished letter: what mail programs cut, hide or distrust (`email.md` 2.1, 2.2).

mod contrast;
mod links;

use std::collections::BTreeSet;

use dom_query::Document;

pub use links::targets;

use super::shorten;
pub use crate::model::flaw::{Flaw, Weight};

/// Gmail cuts a letter at about this many bytes of HTML and hides the footer with it; whether before or after transfer
/// encoding is not documented (hteumeuleu/email-bugs#41).
const CLIP: usize = 102_000;
/// From here on the sizes of its parts are told.
const LARGE: usize = 75_000;
/// Gmail drops a longer style block whole.
const STYLE: usize = 8_000;
/// Most characters of a subject that phones show.
const SUBJECT: usize = 70;
/// Smallest text, in pixels.
const SMALL: f64 = 14.0;

/// A letter as one person gets it.
#[derive(Debug, Clone, Copy)]
pub struct Finished<'a> {
    /// The subject line, decoded.
    pub subject: &'a str,
    /// The HTML part, decoded.
    pub html: &'a str,
    /// The text part, decoded.
    pub text: &'a str,
    /// Where this person can leave.
    pub leave: &'a str,
}

/// Every flaw of a letter, the worst first, each once.
pub fn lint(letter: Finished<'_>) -> Vec<Flaw> {
    let document = Document::from(letter.html);
    let mut flaws = Vec::new();
    flaws.extend(subject(letter.subject));
    flaws.extend(parts(letter));
    flaws.extend(size(letter.html, &document));
    flaws.extend(images(&document, letter.text));
    flaws.extend(support(letter.html, &document));
    flaws.extend(links::look(&document));
    flaws.extend(contrast::look(&document));
    let unique: BTreeSet<Flaw> = flaws.into_iter().collect();
    unique.into_iter().collect()
}

fn subject(subject: &str) -> Vec<Flaw> {
    let mut flaws = Vec::new();
    let letters: Vec<char> = subject.chars().filter(|c| c.is_alphabetic()).collect();
    let capitals = letters.iter().filter(|c| c.is_uppercase()).count();
    if letters.len() >= 12 && capitals * 10 > letters.len() * 7 {
        let remedy = "write it as a sentence: filters count capitals";
        flaws.push(Flaw::warning("subject", "the subject shouts in capitals", remedy));
    }
    if subject.matches(['!', '?']).count() > 2 || subject.contains("!!") {
        let remedy = "one mark is enough: filters count them";
        flaws.push(Flaw::warning(
            "subject",
            "the subject has many exclamation or question marks",
            remedy,
        ));
    }
    if subject.chars().count() > SUBJECT {
        let message = format!("the subject has {} characters", subject.chars().count());
        flaws.push(Flaw::warning(
            "subject",
            message,
            "phones show about 40 of them: put what matters first",
        ));
    }
    flaws
}

fn parts(letter: Finished<'_>) -> Vec<Flaw> {
    let mut flaws = Vec::new();
    if letter.text.trim().len() < 40 {
        let remedy = "see the template body.txt.hbs: filters distrust letters without a text part";
        flaws.push(Flaw::error("parts", "the text part is as good as empty", remedy));
    }
    let escaped = letter.leave.replace('&', "&amp;");
    for (name, part) in [("HTML", letter.html), ("text", letter.text)] {
        if !part.contains(letter.leave) && !part.contains(&escaped) {
            let message = format!("the {name} part has no way to leave");
            let remedy = "print {{links.unsubscribe}}: who finds no way out reports spam";
            flaws.push(Flaw::error("parts", message, remedy));
        }
    }
    flaws
}

fn size(html: &str, document: &Document) -> Option<Flaw> {
    let whole = html.len().max(shorten::size(html, 0));
    if whole < LARGE {
        return None;
    }
    let styles: usize = document.select("style").iter().map(|style| style.text().len()).sum();
    let inline: usize = document
        .select("[style]")
        .iter()
        .map(|one| one.attr_or("style", "").len())
        .sum();
    let text = document.select("body").text().len();
    let message = format!(
        "the HTML has {whole} bytes: {styles} in style blocks, {inline} in style attributes, {text} of text; Gmail cuts at \
         {CLIP} and hides the footer"
    );
    let remedy = "set `content = \"summary\"`, fewer max_articles, or a lower mail.max_html";
    Some(if whole > CLIP {
        Flaw::error("size", message, remedy)
    } else {
        Flaw::warning("size", message, remedy)
    })
}

fn images(document: &Document, text: &str) -> Vec<Flaw> {
    let mut flaws = Vec::new();
    let all = document.select("img");
    for image in &all {
        let src = image.attr_or("src", "").to_string();
        let path = src.split(['?', '#']).next().unwrap_or("").to_ascii_lowercase();
        if !image.has_attr("alt") {
            let remedy = "give it a text, or alt=\"\" when it only decorates";
            flaws.push(Flaw::error("alt", format!("the picture {src} has no alt text"), remedy));
        }
        if src.starts_with("data:") || src.is_empty() {
            let remedy = "put it on your site: mail programs show no picture that travels inside its address";
            flaws.push(Flaw::error("images", "a picture is inside the letter itself", remedy));
        } else if src.starts_with("http:") {
            let remedy = "use https: mail programs load nothing else";
            flaws.push(Flaw::warning(
                "images",
                format!("the picture {src} comes without encryption"),
                remedy,
            ));
        }
        if [".svg", ".webp", ".avif"].iter().any(|end| path.ends_with(end)) {
            let remedy = "use PNG or JPEG: Outlook for Windows shows none of SVG, WebP and AVIF";
            flaws.push(Flaw::warning(
                "images",
                format!("the picture {src} is not shown everywhere"),
                remedy,
            ));
        }
    }
    if all.length() > 0 && text.chars().filter(|c| c.is_alphabetic()).count() < 200 {
        let remedy = "say in words what the pictures show: filters distrust letters of pictures alone";
        flaws.push(Flaw::warning(
            "images",
            "the letter is pictures with hardly any text",
            remedy,
        ));
    }
    flaws
}

/// Elements that mail programs drop or filters refuse.
const REFUSED: &[&str] = &["script", "iframe", "form", "object", "embed", "applet", "base"];
/// Elements that most mail programs do not show.
const RARE: &[&str] = &["video", "audio", "svg", "canvas", "math", "dialog"];
/// Properties that Outlook for Windows or Gmail do not know; with one of these values, or with any.
const UNKNOWN: &[(&str, &[&str])] = &[
    ("position", &["absolute", "fixed", "relative", "sticky"]),
    ("display", &["flex", "grid", "inline-flex", "inline-grid"]),
    ("float", &["left", "right"]),
    ("background-image", &[]),
    ("transform", &[]),
    ("filter", &[]),
];

fn support(html: &str, document: &Document) -> Vec<Flaw> {
    let mut flaws = Vec::new();
    for name in REFUSED {
        if document.select(name).exists() {
            let remedy = "take it out: mail programs drop it and filters distrust it";
            flaws.push(Flaw::error("support", format!("the letter has <{name}>"), remedy));
        }
    }
    for name in RARE {
        if document.select(name).exists() {
            let remedy = "link to it instead: few mail programs show it";
            flaws.push(Flaw::warning("support", format!("the letter has <{name}>"), remedy));
        }
    }
    for one in &document.select("[style]") {
        let style = one.attr_or("style", "").to_ascii_lowercase();
        flaws.extend(declarations(&style).filter_map(|(name, value)| unsupported(name, value)));
        // A spacer has a size, and nothing to read.
        if one.text().chars().any(char::is_alphanumeric) {
            flaws.extend(small(&style));
        }
    }
    let long = document.select("style").iter().any(|style| style.text().len() > STYLE);
    if long || html.contains("@import") || document.select("link[rel='stylesheet']").exists() {
        let remedy =
            "keep style blocks under 8 kB and everything in the letter: Gmail drops what is longer, nobody loads";
        flaws.push(Flaw::warning(
            "support",
            "a style sheet is long, or lies elsewhere",
            remedy,
        ));
    }
    flaws
}

/// `name: value` of a style attribute.
fn declarations(style: &str) -> impl Iterator<Item = (&str, &str)> {
    style
        .split(';')
        .filter_map(|one| one.split_once(':'))
        .map(|(name, value)| (name.trim(), value.trim()))
}

fn unsupported(name: &str, value: &str) -> Option<Flaw> {
    let (_, values) = UNKNOWN.iter().find(|(known, _)| *known == name)?;
    let is_meant = values.is_empty() && value != "none" || values.contains(&value);
    is_meant.then(|| {
        let remedy = "lay out with tables: Outlook for Windows does not know it";
        Flaw::warning("support", format!("a style says `{name}: {value}`"), remedy)
    })
}

fn small(style: &str) -> Option<Flaw> {
    let is_hidden = style.contains("display: none") || style.contains("display:none");
    let size = declarations(style).find(|(name, _)| *name == "font-size")?.1;
    let pixels: f64 = size.strip_suffix("px")?.trim().parse().ok()?;
    (!is_hidden && pixels < SMALL).then(|| {
        let remedy = "use 14 px or more: phones do not enlarge it";
        Flaw::warning("support", format!("text of {pixels} px"), remedy)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::letter::{SlotName, SlotValues, fill};
    use crate::template::Templates;
    use crate::template::context::Sample;
    use crate::template::context::letters::IssueLetter;

    const LEAVE: &str = "https://letters.example.org/unsubscribe/AbC";

    fn flaws(body: &str) -> Vec<(&'static str, String)> {
        let html = format!("<html><body>{body}<a href=\"{LEAVE}\">leave</a></body></html>");
        let text = format!("{} {LEAVE}", "Words that fill a letter. ".repeat(20));
        let found = lint(Finished {
            subject: "Ink on paper",
            html: &html,
            text: &text,
            leave: LEAVE,
        });
        found.into_iter().map(|flaw| (flaw.rule, flaw.message)).collect()
    }

    #[test]
    fn each_flaw_is_found_and_a_plain_letter_has_none() {
        assert_eq!(flaws("<p>Words.</p><img src=\"https://e.org/a.png\" alt=\"\">"), []);
        let cases = [
            ("<img src=\"https://e.org/a.png\">", "alt"),
            ("<img src=\"data:image/png;base64,AA\" alt=\"\">", "images"),
            ("<img src=\"https://e.org/a.webp?x=1\" alt=\"\">", "images"),
            ("<img src=\"http://e.org/a.png\" alt=\"\">", "images"),
            ("<script>x</script>", "support"),
            ("<video src=\"https://e.org/v\"></video>", "support"),
            ("<div style=\"display: flex\">x</div>", "support"),
            ("<p style=\"font-size: 11px\">x</p>", "support"),
            ("<p style=\"color: #999999\">x</p>", "contrast"),
            ("<a href=\"/about\">about</a>", "links"),
            ("<a href=\"#nowhere\">down</a>", "links"),
            ("<a href=\"http://127.0.0.1/x\">x</a>", "links"),
            ("<a href=\"https://other.example/\">www.bank.example</a>", "links"),
            ("<a href=\"javascript:x()\">x</a>", "links"),
            ("<a href=\"https://e.org/\"></a>", "links"),
            ("<a href=\"https://bit.ly/x\">x</a>", "links"),
        ];
        for (body, rule) in cases {
            let found = flaws(body);
            assert!(found.iter().any(|(found, _)| *found == rule), "{body}: {found:?}");
        }
    }

    #[test]
    fn a_letter_without_a_way_out_or_over_the_limit_is_an_error() {
        let found = lint(Finished {
            subject: "BUY NOW AND NEVER AGAIN!!",
            html: &format!("<body>{}</body>", "<p>word</p>".repeat(12_000)),
            text: "short",
            leave: LEAVE,
        });
        let errors: Vec<_> = found.iter().filter(|flaw| flaw.weight == Weight::Error).collect();
        assert_eq!(errors.len(), 4, "{errors:?}");
        assert!(found[0].weight == Weight::Error, "the worst first");
        assert_eq!(found.iter().filter(|flaw| flaw.rule == "subject").count(), 2);
    }

    #[test]
    fn our_own_letters_have_no_flaw() {
        let templates = Templates::load(None).unwrap();
        let mut values = SlotValues::new();
        values.set(SlotName::Unsubscribe, LEAVE);
        for name in [SlotName::Preferences, SlotName::Feedback, SlotName::Browser] {
            values.set(name, "https://letters.example.org/x");
        }
        for name in [SlotName::Name, SlotName::Since, SlotName::Email] {
            values.set(name, "x");
        }
        for place in 0..30 {
            values.set(SlotName::ArticleFeedback(place), "https://letters.example.org/x");
        }
        // The samples of long and hostile texts have flaws of their own.
        for (voice, letter) in IssueLetter::samples().into_iter().take(2) {
            let made = templates.letter(&letter).unwrap();
            let [html, text] = [&made.html, &made.text].map(|part| fill(part, &values).unwrap());
            let found = lint(Finished {
                subject: "Ink on paper",
                html: &html,
                text: &text,
                leave: LEAVE,
            });
            assert_eq!(found, [], "{voice}");
        }
    }
}
