//! Compiling a letter: render with sentinels, inline, measure, shorten, split.

use aws_lc_rs::digest::{SHA256, digest};
use css_inline::CSSInliner;
use data_encoding::HEXLOWER;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::adapt::{Below, adapt};
use super::context::letters::{AlreadyLetter, ConfirmationLetter, IssueKind, IssueLetter, NoticeLetter, WelcomeLetter};
use super::shorten;
use super::split::Sentinels;
use super::{TemplateError, Templates};
use crate::model::letter::{Letter, Place, SlotName};
use crate::model::text::truncate_at_word;

/// Steps of shortening before a letter goes out as it is.
const STEPS: usize = 200;
/// Longest line beneath the subject, in characters.
const PREHEADER: usize = 140;

impl Templates {
    /// Compiles the letter of one variant. A letter over its size budget is shortened, never refused.
    pub fn letter(&self, letter: &IssueLetter) -> Result<Letter, TemplateError> {
        let mut letter = fitted(letter);
        shorten::beforehand(&mut letter);
        let folder = letter.kind.word();
        for _ in 0..STEPS {
            let rendered = self.render(folder, &letter, letter.articles.len(), letter.feedback && !letter.web)?;
            let size = rendered.size();
            if size <= letter.max_html || !shorten::step(&mut letter, size) {
                return rendered.into_letter(&letter.frame.site.language);
            }
        }
        let rendered = self.render(folder, &letter, letter.articles.len(), letter.feedback && !letter.web)?;
        rendered.into_letter(&letter.frame.site.language)
    }

    /// Compiles the letter that asks for confirmation.
    pub fn confirmation(&self, letter: &ConfirmationLetter) -> Result<Letter, TemplateError> {
        self.single("confirmation", letter, &letter.frame.site.language)
    }

    /// Compiles the letter that greets.
    pub fn welcome(&self, letter: &WelcomeLetter) -> Result<Letter, TemplateError> {
        self.single("welcome", letter, &letter.frame.site.language)
    }

    /// Compiles the letter that says "you are subscribed".
    pub fn already(&self, letter: &AlreadyLetter) -> Result<Letter, TemplateError> {
        self.single("already", letter, &letter.frame.site.language)
    }

    /// Compiles a letter to the author.
    pub fn notice(&self, letter: &NoticeLetter) -> Result<Letter, TemplateError> {
        self.single(letter.notice.kind.word(), letter, &letter.frame.site.language)
    }

    fn single(&self, folder: &str, context: &impl Serialize, language: &str) -> Result<Letter, TemplateError> {
        self.render(folder, context, 0, false)?.into_letter(language)
    }

    /// Renders a letter with sentinels, and once more for people without a name where that makes a difference.
    fn render(
        &self,
        folder: &str,
        context: &impl Serialize,
        articles: usize,
        feedback: bool,
    ) -> Result<Rendered, TemplateError> {
        let whole = serde_json::to_value(context).expect("contexts are plain data with text keys");
        let hash = HEXLOWER.encode(digest(&SHA256, whole.to_string().as_bytes()).as_ref());
        let contexts = |word: &str, nonce: &str| {
            let mut sentinels = Sentinels::new(format!("{word}{nonce}"));
            let context = with_slots(whole.clone(), articles, feedback, &mut sentinels);
            Words { context, sentinels }
        };
        let named = contexts("lp", &hash[..16]);
        let other = contexts("qv", &hash[16..48]);
        let mut nameless = contexts("nn", &hash[48..]);
        nameless.context["subscriber"]["name"] = Value::String(String::new());
        let mut is_told_apart = false;
        for name in PARTS {
            let path = file_of(folder, name);
            let made = named.sentinels.neutral(&self.part(&path, &named.context)?);
            // What a recipient's value does to the words around it shows when it is another. Whether there is a name at
            // all may decide: then there are two shapes of the letter.
            if made != other.sentinels.neutral(&self.part(&path, &other.context)?) {
                return Err(decided(&path));
            }
            is_told_apart |= made != nameless.sentinels.neutral(&self.part(&path, &nameless.context)?);
        }
        let mut rendered = self.rendered(folder, named)?;
        if is_told_apart {
            rendered.nameless = Some(Box::new(self.rendered(folder, nameless)?));
        }
        Ok(rendered)
    }

    fn part(&self, path: &str, context: &Value) -> Result<String, TemplateError> {
        if path.ends_with("body.html.hbs") {
            self.registries.html(path, context)
        } else {
            self.registries.plain(path, context)
        }
    }

    /// One shape of a letter.
    fn rendered(&self, folder: &str, Words { context, sentinels }: Words) -> Result<Rendered, TemplateError> {
        let [subject, html, text] = PARTS.map(|name| file_of(folder, name));
        let file = html;
        let html = self.part(&file, &context)?;
        let promised = sentinels.count(&html);
        let html = inlined(&html, &file)?;
        if sentinels.count(&html) != promised {
            return Err(TemplateError::new(
                &file,
                None,
                "a recipient's value is lost when styles are inlined",
                "put it into text or a quoted attribute, outside of tables' bare rows",
            ));
        }
        Ok(Rendered {
            subject: self.part(&subject, &context)?,
            text: self.part(&text, &context)?,
            file,
            html,
            sentinels,
            nameless: None,
        })
    }
}

/// The templates of a letter.
const PARTS: [&str; 3] = ["subject.txt", "body.html", "body.txt"];

fn file_of(folder: &str, name: &str) -> String {
    format!("email/{folder}/{name}.hbs")
}

/// A context with words in the places of a recipient's values.
struct Words {
    context: Value,
    sentinels: Sentinels,
}

fn decided(file: &str) -> TemplateError {
    TemplateError::new(
        file,
        None,
        "a recipient's value decides what the letter says beside it",
        "print `subscriber`, `links` and `confirmation` as they are; only whether there is a name may decide: \
         `{{#if subscriber.name}}`",
    )
}

/// A letter before it is cut into segments.
struct Rendered {
    subject: String,
    html: String,
    text: String,
    file: String,
    sentinels: Sentinels,
    nameless: Option<Box<Rendered>>,
}

impl Rendered {
    /// Of the larger shape.
    fn size(&self) -> usize {
        let own = shorten::size(&self.html, self.sentinels.count(&self.html));
        self.nameless.as_ref().map_or(own, |shape| own.max(shape.size()))
    }

    fn into_letter(self, language: &str) -> Result<Letter, TemplateError> {
        let subject = crate::model::text::one_line(&self.subject);
        let text = format!("{}\n", self.text.trim());
        Ok(Letter {
            subject: self.sentinels.split_plain(&subject, Place::Subject),
            html: self.sentinels.split_html(&self.html, &self.file)?,
            text: self.sentinels.split_plain(&text, Place::Plain),
            language: language.to_owned(),
            nameless: match self.nameless {
                Some(shape) => Some(Box::new(shape.into_letter(language)?)),
                None => None,
            },
        })
    }
}

/// The letter with its articles adapted for mail programs, and what the compiler itself knows filled in.
pub(super) fn fitted(letter: &IssueLetter) -> IssueLetter {
    let mut letter = letter.clone();
    let below = match letter.kind {
        IssueKind::Instant => Below(1),
        IssueKind::Digest => Below(2),
    };
    for (place, article) in letter.articles.iter_mut().enumerate() {
        article.html = adapt(&article.html, below);
        article.lead = place == 0;
    }
    if letter.issue.preheader.is_empty() {
        letter.issue.preheader = preheader(&letter);
    }
    letter
}

/// The first summary, never the title again: the subject says that already.
fn preheader(letter: &IssueLetter) -> String {
    let words = letter.articles.iter().find_map(|article| {
        let said = if article.summary.is_empty() {
            &article.text
        } else {
            &article.summary
        };
        (!said.is_empty()).then(|| crate::model::text::one_line(said))
    });
    truncate_at_word(&words.unwrap_or_default(), PREHEADER)
}

/// Adds the recipient's values to a context, as sentinels.
pub(super) fn with_slots(mut context: Value, articles: usize, feedback: bool, sentinels: &mut Sentinels) -> Value {
    let subscriber = json!({
        "name": sentinels.text(SlotName::Name),
        "email": sentinels.text(SlotName::Email),
        "since": sentinels.text(SlotName::Since),
    });
    let confirmation = json!({
        "url": sentinels.url(SlotName::Confirm),
        "expires": sentinels.text(SlotName::Expires),
    });
    let links = [
        ("unsubscribe", SlotName::Unsubscribe),
        ("preferences", SlotName::Preferences),
        ("feedback", SlotName::Feedback),
    ]
    .map(|(name, slot)| (name.to_owned(), Value::String(sentinels.url(slot))));
    let ratings: Vec<Value> = (0..articles)
        .map(|place| match u16::try_from(place) {
            Ok(place) if feedback => Value::String(sentinels.url(SlotName::ArticleFeedback(place))),
            _ => Value::Null,
        })
        .collect();
    if let Some(fields) = context.as_object_mut() {
        fields.insert("others".to_owned(), json!(articles.saturating_sub(1)));
        fields.insert("subscriber".to_owned(), subscriber);
        fields.insert("confirmation".to_owned(), confirmation);
        let known = fields.entry("links").or_insert_with(|| Value::Object(Map::new()));
        if let Some(known) = known.as_object_mut() {
            known.extend(links);
        }
        if let Some(Value::Array(shown)) = fields.get_mut("articles") {
            for (article, rating) in shown.iter_mut().zip(ratings) {
                if let Some(article) = article.as_object_mut() {
                    article.insert("feedback_url".to_owned(), rating);
                }
            }
        }
    }
    context
}

/// CSS into `style` attributes; blocks marked `data-css-inline="keep"` stay as they are. Nothing is fetched.
pub(super) fn inlined(html: &str, file: &str) -> Result<String, TemplateError> {
    let inliner = CSSInliner::options()
        .load_remote_stylesheets(false)
        .keep_style_tags(false)
        .keep_at_rules(false)
        .build();
    inliner.inline(html).map_err(|error| {
        TemplateError::new(
            file,
            None,
            format!("its styles cannot be inlined: {error}"),
            "correct the CSS in its style blocks",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::letter::{Segment, SlotValues, fill};
    use crate::template::context::Sample;

    fn templates() -> Templates {
        Templates::load(None).unwrap()
    }

    fn values() -> SlotValues {
        let mut values = SlotValues::new();
        values
            .set(SlotName::Name, "O'Neil & <Daughters>")
            .set(SlotName::Email, "reader@example.org")
            .set(SlotName::Since, "3 May 2026")
            .set(SlotName::Unsubscribe, "https://letters.example.org/unsubscribe/AbC")
            .set(SlotName::Preferences, "https://letters.example.org/preferences/DeF")
            .set(SlotName::Feedback, "https://letters.example.org/feedback/x")
            .set(SlotName::Confirm, "https://letters.example.org/confirm/GhI")
            .set(SlotName::Expires, "6 May 2026");
        for place in 0..20 {
            values.set(
                SlotName::ArticleFeedback(place),
                format!("https://letters.example.org/feedback/{place}"),
            );
        }
        values
    }

    fn whole(letter: &Letter) -> [String; 3] {
        [&letter.subject, &letter.html, &letter.text].map(|part| fill(part, &values()).unwrap())
    }

    fn has_script(html: &str) -> bool {
        dom_query::Document::from(html).select("script").exists()
    }

    #[test]
    fn every_letter_can_be_made_of_every_sample() {
        let templates = templates();
        let mut problems = Vec::new();
        templates.check_letters(&mut problems);
        assert!(problems.is_empty(), "{problems:#?}");
    }

    #[test]
    fn a_subscriber_finds_the_way_out_in_both_parts() {
        for (name, letter) in IssueLetter::samples() {
            let [subject, html, text] = whole(&templates().letter(&letter).unwrap());
            for part in [&html, &text] {
                assert!(part.contains("https://letters.example.org/unsubscribe/AbC"), "{name}");
                assert!(part.contains("https://letters.example.org/preferences/DeF"), "{name}");
                assert!(!part.contains("slot.invalid") && !part.contains("lp0"), "{name}");
            }
            assert!(
                !subject.is_empty() && html.contains("<h1") && !has_script(&html),
                "{name}"
            );
        }
    }

    #[test]
    fn what_an_author_or_a_stranger_types_stays_text() {
        let (_, hostile) = IssueLetter::samples().pop().unwrap();
        let [_, html, _] = whole(&templates().letter(&hostile).unwrap());
        assert!(!has_script(&html) && html.contains("{{site.url}}"), "{html}");
    }

    #[test]
    fn a_letter_shown_on_the_web_has_nothing_of_a_recipient() {
        let (_, letter) = IssueLetter::samples().remove(0);
        let letter = IssueLetter { web: true, ..letter };
        let slots = templates().letter(&letter).unwrap().slots();
        assert!(slots.is_empty(), "{slots:?}");
    }

    #[test]
    fn a_letter_over_its_budget_is_cut_and_says_where_the_rest_is() {
        let (_, mut letter) = IssueLetter::samples().remove(0);
        letter.kind = IssueKind::Instant;
        letter.articles.truncate(1);
        letter.max_html = 60_000;
        letter.articles[0].html = format!("<p>{}</p>", "A long paragraph of many words. ".repeat(20)).repeat(300);
        letter.articles[0].text = format!("{}\n\n", "A long paragraph of many words. ".repeat(20)).repeat(300);
        let [_, html, text] = whole(&templates().letter(&letter).unwrap());
        assert!(
            shorten::size(&html, 0) <= 60_000 && html.len() > 30_000,
            "{} bytes",
            html.len()
        );
        assert!(html.contains("Read the rest on the site") && text.contains("Read the rest on the site"));
        assert!(html.contains("/unsubscribe/AbC"));
    }

    #[test]
    fn compiling_twice_gives_the_same_letter() {
        let (_, letter) = IssueLetter::samples().remove(1);
        assert_eq!(
            templates().letter(&letter).unwrap(),
            templates().letter(&letter).unwrap()
        );
    }

    #[test]
    fn an_error_in_an_authors_template_names_file_and_line() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("email/instant/body.txt.hbs");
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, "one\n{{articles.[0].titel}}\n").unwrap();
        let problems = Templates::check(Some(dir.path()));
        let named = problems
            .iter()
            .any(|p| p.file == "email/instant/body.txt.hbs" && p.line == Some(2));
        assert!(named, "{problems:#?}");
    }

    #[test]
    fn a_letter_holds_as_many_slots_as_its_template_prints() {
        let (_, letter) = IssueLetter::samples().remove(0);
        let compiled = templates().letter(&letter).unwrap();
        let slots = compiled
            .html
            .iter()
            .filter(|segment| matches!(segment, Segment::Slot { .. }))
            .count();
        assert!(slots >= 3, "{slots}");
    }
}
