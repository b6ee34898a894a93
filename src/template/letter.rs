//! Compiling a letter: render with sentinels, inline, measure, shorten, split.

use aws_lc_rs::digest::{SHA256, digest};
use css_inline::CSSInliner;
use data_encoding::HEXLOWER;
use serde::Serialize;
use serde_json::Value;

use super::adapt::{Below, adapt};
use super::context::letters::{
    AlreadyLetter, ConfirmationLetter, IssueKind, IssueLetter, LinkLetter, NewAddressLetter, NoticeLetter,
    UnsubscribedLetter, WelcomeLetter,
};
use super::recipe::{needed, rendered, with_values};
use super::shorten;
use super::split::Sentinels;
use super::{TemplateError, Templates};
use crate::model::letter::{Letter, Place, SlotName};
use crate::model::recipe::Recipe;
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
        let feedback = letter.feedback && !letter.web;
        for _ in 0..STEPS {
            let rendered = self.render(folder, &letter, feedback)?;
            let size = rendered.size();
            if size <= letter.max_html || !shorten::step(&mut letter, size) {
                return rendered.into_letter(&letter.frame.site.language);
            }
        }
        self.render(folder, &letter, feedback)?
            .into_letter(&letter.frame.site.language)
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

    /// Compiles the letter with a fresh link.
    pub fn link(&self, letter: &LinkLetter) -> Result<Letter, TemplateError> {
        self.single("link", letter, &letter.frame.site.language)
    }

    /// Compiles the letter that asks a new address.
    pub fn new_address(&self, letter: &NewAddressLetter) -> Result<Letter, TemplateError> {
        self.single("new-address", letter, &letter.frame.site.language)
    }

    /// Compiles the letter that says "you have left".
    pub fn unsubscribed(&self, letter: &UnsubscribedLetter) -> Result<Letter, TemplateError> {
        self.single("unsubscribed", letter, &letter.frame.site.language)
    }

    /// Compiles a letter to the author.
    pub fn notice(&self, letter: &NoticeLetter) -> Result<Letter, TemplateError> {
        self.single(letter.notice.kind.word(), letter, &letter.frame.site.language)
    }

    fn single(&self, folder: &str, context: &impl Serialize, language: &str) -> Result<Letter, TemplateError> {
        self.render(folder, context, false)?.into_letter(language)
    }

    /// Renders a letter with sentinels, and once more for people without a name where that makes a difference.
    fn render(&self, folder: &str, context: &impl Serialize, feedback: bool) -> Result<Rendered, TemplateError> {
        let whole = serde_json::to_value(context).expect("contexts are plain data with text keys");
        let hash = HEXLOWER.encode(digest(&SHA256, whole.to_string().as_bytes()).as_ref());
        let contexts = |word: &str, nonce: &str| {
            let mut sentinels = Sentinels::new(format!("{word}{nonce}"));
            let context = with_values(whole.clone(), feedback, &mut |name| Some(sentinels.of(name)));
            Words { context, sentinels }
        };
        let named = contexts("lp", &hash[..16]);
        let other = contexts("qv", &hash[16..48]);
        let mut nameless = contexts("nn", &hash[48..]);
        nameless.context["subscriber"]["name"] = Value::String(String::new());
        let mut is_told_apart = false;
        let mut is_decided = self.is_decided(folder);
        for name in PARTS {
            let path = file_of(folder, name);
            let part = |words: &Words| {
                let part = self.registries.part(&path, &words.context)?;
                // Texts lose the blanks at their ends, and where an end is may hang on whether a name stands there.
                let kept = if name == PARTS[1] { &part } else { part.trim() };
                Ok::<_, TemplateError>(words.sentinels.neutral(kept))
            };
            let made = part(&named)?;
            // What a recipient's value does to the words around it shows when it is another. Whether there is a name at
            // all may decide: then there are two shapes of the letter.
            is_decided |= made != part(&other)?;
            is_told_apart |= made != part(&nameless)?;
        }
        if is_decided {
            let recipe = Recipe {
                folder: folder.to_owned(),
                templates: needed(&self.files, folder),
                context: whole,
                feedback,
            };
            return self.by_recipe(recipe, &named);
        }
        let mut rendered = self.rendered(folder, named)?;
        if is_told_apart {
            rendered.nameless = Some(Box::new(self.rendered(folder, nameless)?));
        }
        Ok(rendered)
    }

    /// Whether a template of this letter looks at a recipient's value before it prints something.
    fn is_decided(&self, folder: &str) -> bool {
        let mut looks = self.registries.looks().iter().map(|look| look.file.as_str()).peekable();
        // The built-in templates look at none.
        looks.peek().is_some() && {
            let needed = needed(&self.files, folder);
            looks.any(|file| needed.contains_key(file))
        }
    }

    /// A letter that is rendered anew for each recipient; what it shows meanwhile is a letter to nobody in particular.
    fn by_recipe(&self, recipe: Recipe, named: &Words) -> Result<Rendered, TemplateError> {
        let folder = recipe.folder.clone();
        let [_, file, _] = PARTS.map(|name| file_of(&folder, name));
        // A recipient's value inside a style is refused here, too.
        let printed = self.registries.part(&file, &named.context)?;
        named.sentinels.split_html(&printed, &file)?;
        let nobody = with_values(recipe.context.clone(), recipe.feedback, &mut |name| {
            Some(stranger(name))
        });
        let [subject, html, text] = rendered(&self.registries, &folder, &nobody)?;
        Ok(Rendered {
            subject,
            html,
            text,
            file,
            slots: named.sentinels.count(&printed),
            sentinels: Sentinels::new("no slots".to_owned()),
            nameless: None,
            recipe: Some(Box::new(recipe)),
        })
    }

    /// One shape of a letter.
    fn rendered(&self, folder: &str, Words { context, sentinels }: Words) -> Result<Rendered, TemplateError> {
        let file = file_of(folder, "body.html");
        let promised = sentinels.count(&self.registries.part(&file, &context)?);
        let [subject, html, text] = rendered(&self.registries, folder, &context)?;
        let slots = sentinels.count(&html);
        if slots != promised {
            return Err(TemplateError::new(
                &file,
                None,
                "a recipient's value is lost when styles are inlined",
                "put it into text or a quoted attribute, outside of tables' bare rows",
            ));
        }
        Ok(Rendered {
            subject,
            html,
            text,
            file,
            slots,
            sentinels,
            nameless: None,
            recipe: None,
        })
    }
}

/// The templates of a letter.
pub(super) const PARTS: [&str; 3] = ["subject.txt", "body.html", "body.txt"];

pub(super) fn file_of(folder: &str, name: &str) -> String {
    format!("email/{folder}/{name}.hbs")
}

/// A context with words in the places of a recipient's values.
struct Words {
    context: Value,
    sentinels: Sentinels,
}

/// What stands in a letter to nobody in particular.
fn stranger(name: SlotName) -> String {
    if name.is_address() {
        "https://slot.invalid/x".to_owned()
    } else {
        String::new()
    }
}

/// A letter before it is cut into segments.
struct Rendered {
    subject: String,
    html: String,
    text: String,
    file: String,
    slots: usize,
    sentinels: Sentinels,
    nameless: Option<Box<Rendered>>,
    recipe: Option<Box<Recipe>>,
}

impl Rendered {
    /// Of the larger shape.
    fn size(&self) -> usize {
        let own = shorten::size(&self.html, self.slots);
        self.nameless.as_ref().map_or(own, |shape| own.max(shape.size()))
    }

    fn into_letter(self, language: &str) -> Result<Letter, TemplateError> {
        Ok(Letter {
            subject: self.sentinels.split_plain(&self.subject, Place::Subject),
            html: self.sentinels.split_html(&self.html, &self.file)?,
            text: self.sentinels.split_plain(&self.text, Place::Plain),
            language: language.to_owned(),
            nameless: match self.nameless {
                Some(shape) => Some(Box::new(shape.into_letter(language)?)),
                None => None,
            },
            recipe: self.recipe,
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
