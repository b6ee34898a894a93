//! The slow way to a letter: rendered for one person, where a recipient's values decide what it says.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::TemplateError;
use super::files::Files;
use super::letter::{PARTS, file_of, inlined};
use super::registry::Registries;
use crate::model::letter::{Letter, SlotName, SlotValues};
use crate::model::recipe::Recipe;
use crate::model::text::one_line;

/// A recipe whose templates are parsed.
#[derive(Debug)]
pub struct Renderer {
    registries: Registries,
    recipe: Recipe,
    language: String,
}

impl Renderer {
    /// `None` when the letter has all it needs in its slots.
    pub fn of(letter: &Letter) -> Result<Option<Self>, TemplateError> {
        let Some(recipe) = &letter.recipe else {
            return Ok(None);
        };
        Ok(Some(Self {
            registries: Registries::new(&Files::of(recipe.templates.clone()))?,
            recipe: recipe.as_ref().clone(),
            language: letter.language.clone(),
        }))
    }

    /// The letter of the person with these values, without slots.
    pub fn letter(&self, values: &SlotValues) -> Result<Letter, TemplateError> {
        let Recipe {
            folder,
            context,
            feedback,
            ..
        } = &self.recipe;
        let context = with_values(context.clone(), *feedback, &mut |name| {
            values.get(name).map(ToOwned::to_owned)
        });
        let [subject, html, text] = rendered(&self.registries, folder, &context)?;
        Ok(Letter::whole(&subject, &html, &text, &self.language))
    }
}

/// The letter as a person with these values gets it: its slots are to be filled with the same values.
pub fn for_one<'l>(letter: &'l Letter, values: &SlotValues) -> Result<Cow<'l, Letter>, TemplateError> {
    Ok(match Renderer::of(letter)? {
        Some(renderer) => Cow::Owned(renderer.letter(values)?),
        None => Cow::Borrowed(letter.shape(values)),
    })
}

/// Subject, HTML and text of a letter.
pub(super) fn rendered(registries: &Registries, folder: &str, context: &Value) -> Result<[String; 3], TemplateError> {
    let [subject, html, text] = PARTS.map(|name| file_of(folder, name));
    let body = inlined(&registries.part(&html, context)?, &html)?;
    Ok([
        one_line(&registries.part(&subject, context)?),
        body,
        format!("{}\n", registries.part(&text, context)?.trim()),
    ])
}

/// Adds a recipient's values to a context, or what stands for them. One that is not known is left out, so that a
/// template that asks for it fails.
pub(super) fn with_values(
    mut context: Value,
    feedback: bool,
    put: &mut dyn FnMut(SlotName) -> Option<String>,
) -> Value {
    let Some(fields) = context.as_object_mut() else {
        return context;
    };
    let mut add = |group: &str, names: &[(&str, SlotName)]| {
        let known = fields.entry(group).or_insert_with(|| Value::Object(Map::new()));
        if let Some(known) = known.as_object_mut() {
            known.extend(
                names
                    .iter()
                    .filter_map(|(name, slot)| Some(((*name).to_owned(), Value::String(put(*slot)?)))),
            );
        }
    };
    add(
        "subscriber",
        &[
            ("name", SlotName::Name),
            ("email", SlotName::Email),
            ("since", SlotName::Since),
        ],
    );
    add(
        "confirmation",
        &[("url", SlotName::Confirm), ("expires", SlotName::Expires)],
    );
    add(
        "links",
        &[
            ("unsubscribe", SlotName::Unsubscribe),
            ("preferences", SlotName::Preferences),
            ("feedback", SlotName::Feedback),
        ],
    );
    let articles = fields.get_mut("articles").and_then(Value::as_array_mut);
    let mut count = 0;
    for article in articles.into_iter().flatten().filter_map(Value::as_object_mut) {
        let rating = match u16::try_from(count) {
            Ok(place) if feedback => put(SlotName::ArticleFeedback(place)).map(Value::String),
            _ => Some(Value::Null),
        };
        article.extend(rating.map(|rating| ("feedback_url".to_owned(), rating)));
        count += 1;
    }
    fields.insert("others".to_owned(), json!(usize::saturating_sub(count, 1)));
    context
}

/// The templates among `files` that the letter of a folder needs, and all words.
pub(super) fn needed(files: &Files, folder: &str) -> BTreeMap<String, String> {
    let roots = PARTS.map(|name| file_of(folder, name));
    let needed = files.needed(&roots);
    let texts = files
        .iter()
        .filter(|(path, _)| needed.contains(*path) || path.starts_with("words/"));
    texts.map(|(path, text)| (path.to_owned(), text.to_owned())).collect()
}
