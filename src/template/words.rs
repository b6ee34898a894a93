//! What letters say, by language: `words/en.toml` and its like. What a file lacks is said in English.

use std::collections::BTreeMap;

use intl_pluralrules::{PluralCategory, PluralRuleType, PluralRules};
use toml::{Table, Value};
use unic_langid::LanguageIdentifier;

use super::TemplateError;
use super::files::Files;
use crate::model::date_words::DateWords;

/// The language that knows every message.
const LAST: &str = "en";
/// The forms that a number may take (CLDR).
const FORMS: [&str; 6] = ["zero", "one", "two", "few", "many", "other"];

/// Messages by language, and in it by key: `footer.why`.
#[derive(Debug, Clone, Default)]
pub(super) struct Words(BTreeMap<String, BTreeMap<String, Message>>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Message {
    Plain(String),
    /// By the form of a number.
    Forms(BTreeMap<String, String>),
    /// Names of months.
    List(Vec<String>),
}

impl Words {
    /// Reads the files under `words/`.
    pub(super) fn read(files: &Files) -> Result<Self, TemplateError> {
        let mut all = BTreeMap::new();
        for (path, text) in files.iter() {
            let name = path.strip_prefix("words/").and_then(|name| name.strip_suffix(".toml"));
            if let Some(language) = name {
                all.insert(language.to_ascii_lowercase(), messages(path, text)?);
            }
        }
        let words = Self(all);
        words.check(files)?;
        Ok(words)
    }

    /// A key that English does not have is a slip of the pen: nothing would ever say it.
    fn check(&self, files: &Files) -> Result<(), TemplateError> {
        let Some(known) = self.0.get(LAST) else { return Ok(()) };
        for (path, _) in files.iter().filter(|(path, _)| path.starts_with("words/")) {
            let language = path
                .trim_start_matches("words/")
                .trim_end_matches(".toml")
                .to_ascii_lowercase();
            let own = self.0.get(&language).into_iter().flat_map(BTreeMap::keys);
            if let Some(unknown) = own.into_iter().find(|key| !known.contains_key(*key)) {
                let message = format!("no letter says `{unknown}`");
                return Err(TemplateError::new(
                    path,
                    None,
                    message,
                    "see words/en.toml for what letters say",
                ));
            }
        }
        Ok(())
    }

    /// A language as it is, its main part, English.
    fn find(&self, language: &str, key: &str) -> Option<(&str, &Message)> {
        let tag = language.to_ascii_lowercase().replace('_', "-");
        let main = tag.split('-').next().unwrap_or_default();
        [tag.as_str(), main, LAST].into_iter().find_map(|tag| {
            let (tag, messages) = self.0.get_key_value(tag)?;
            Some((tag.as_str(), messages.get(key)?))
        })
    }

    /// What `key` says in a language, in the form that `count` takes there.
    pub(super) fn say(&self, language: &str, key: &str, count: Option<i64>) -> Option<&str> {
        let (spoken, message) = self.find(language, key)?;
        match message {
            Message::Plain(text) => Some(text),
            Message::Forms(forms) => {
                let form = forms.get(form_of(spoken, count.unwrap_or(0)));
                form.or_else(|| forms.get("other")).map(String::as_str)
            }
            Message::List(_) => None,
        }
    }

    /// How a language writes dates.
    pub(super) fn dates(&self, language: &str) -> DateWords {
        let names = |key: &str| match self.find(language, key) {
            Some((_, Message::List(names))) => Some(names.clone()),
            _ => None,
        };
        let pattern = |key: &str| self.say(language, key, None).map(ToOwned::to_owned);
        let english = DateWords::default();
        DateWords {
            months: names("dates.months").unwrap_or(english.months),
            short_months: names("dates.short_months").unwrap_or(english.short_months),
            long: pattern("dates.long").unwrap_or(english.long),
            short: pattern("dates.short").unwrap_or(english.short),
        }
    }
}

/// The form of a number in a language.
fn form_of(language: &str, count: i64) -> &'static str {
    let rules = language
        .parse::<LanguageIdentifier>()
        .ok()
        .and_then(|tag| PluralRules::create(tag, PluralRuleType::CARDINAL).ok());
    match rules.and_then(|rules| rules.select(count).ok()) {
        Some(PluralCategory::ZERO) => "zero",
        Some(PluralCategory::ONE) => "one",
        Some(PluralCategory::TWO) => "two",
        Some(PluralCategory::FEW) => "few",
        Some(PluralCategory::MANY) => "many",
        _ => "other",
    }
}

/// A message with its braces filled; `Err` names what has no value.
pub(super) fn filled(message: &str, mut value: impl FnMut(&str) -> Option<String>) -> Result<String, String> {
    let mut out = String::new();
    let mut rest = message;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, after) = after.split_once('}').ok_or("a brace that does not close")?;
        out.push_str(before);
        out.push_str(&value(name).ok_or_else(|| format!("{{{name}}}"))?);
        rest = after;
    }
    Ok(out + rest)
}

fn messages(path: &str, text: &str) -> Result<BTreeMap<String, Message>, TemplateError> {
    let table: Table = text.parse().map_err(|error: toml::de::Error| {
        let before = error.span().and_then(|span| text.get(..span.start));
        let line = before.map(|before| before.matches('\n').count() + 1);
        TemplateError::new(path, line, error.message().to_owned(), "correct the TOML there")
    })?;
    let mut found = BTreeMap::new();
    collect(&table, "", &mut found).map_err(|key| {
        let message = format!("`{key}` is no text");
        TemplateError::new(
            path,
            None,
            message,
            "write a text in quotes, or texts for the forms one and other",
        )
    })?;
    Ok(found)
}

fn collect(table: &Table, above: &str, found: &mut BTreeMap<String, Message>) -> Result<(), String> {
    for (name, value) in table {
        let key = format!("{above}{name}");
        match value {
            Value::Table(forms) if forms.keys().all(|form| FORMS.contains(&form.as_str())) => {
                let texts = forms
                    .iter()
                    .map(|(form, text)| Some((form.clone(), text.as_str()?.to_owned())));
                found.insert(key.clone(), Message::Forms(texts.collect::<Option<_>>().ok_or(key)?));
            }
            Value::Table(inner) => collect(inner, &format!("{key}."), found)?,
            Value::Array(names) => {
                let names = names.iter().map(|name| Some(name.as_str()?.to_owned()));
                found.insert(key.clone(), Message::List(names.collect::<Option<_>>().ok_or(key)?));
            }
            Value::String(text) => {
                found.insert(key, Message::Plain(text.clone()));
            }
            _ => return Err(key),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use chrono::DateTime;

    use super::*;

    fn words() -> Words {
        Words::read(&Files::read(None).unwrap()).unwrap()
    }

    fn places(text: &str) -> BTreeSet<&str> {
        text.split('{')
            .skip(1)
            .filter_map(|rest| Some(rest.split_once('}')?.0))
            .collect()
    }

    #[test]
    fn every_language_says_everything_and_leaves_nothing_out() {
        let words = words();
        let english = &words.0[LAST];
        for (language, messages) in &words.0 {
            assert_eq!(
                messages.keys().collect::<Vec<_>>(),
                english.keys().collect::<Vec<_>>(),
                "{language}"
            );
            for (key, message) in messages {
                match (message, &english[key]) {
                    (Message::Plain(own), Message::Plain(other)) => {
                        assert_eq!(places(own), places(other), "{language} {key}");
                    }
                    (Message::Forms(own), Message::Forms(other)) => {
                        assert_eq!(places(&own["other"]), places(&other["other"]), "{language} {key}");
                    }
                    (Message::List(own), Message::List(_)) => assert_eq!(own.len(), 12, "{language} {key}"),
                    other => panic!("{language} {key}: {other:?}"),
                }
            }
        }
        assert_eq!(words.0.len(), 6);
    }

    #[test]
    fn a_reader_sees_dates_and_numbers_as_their_language_writes_them() {
        let words = words();
        let at = DateTime::parse_from_rfc3339("2024-09-12T08:00:00+02:00").unwrap();
        for (language, date) in [
            ("en", "12 September 2024"),
            ("de-AT", "12. September 2024"),
            ("fr", "12 septembre 2024"),
            ("es", "12 de septiembre de 2024"),
            ("it", "12 settembre 2024"),
            ("hi", "12 सितंबर 2024"),
            ("tlh", "12 September 2024"),
        ] {
            assert_eq!(words.dates(language).long(&at), date, "{language}");
        }
        assert_eq!(
            words.say("fr", "digest.subject", Some(0)),
            Some("{title} et {count} autre")
        );
        assert_eq!(
            words.say("de", "digest.subject", Some(0)),
            Some("{title} und {count} weitere Artikel")
        );
    }

    #[test]
    fn an_author_who_adds_a_language_is_told_of_a_slip_with_its_line() {
        let file = |text: &str| Files::of([("words/pl.toml".to_owned(), text.to_owned())].into());
        let error = Words::read(&file("\n\nminutes = 3")).unwrap_err();
        assert!(error.message.contains("`minutes` is no text"), "{error}");
        let error = Words::read(&file("[article]\nrest = \"x")).unwrap_err();
        assert_eq!((error.file.as_str(), error.line), ("words/pl.toml", Some(2)), "{error}");
        let polish = "minutes = { one = \"{count} minuta\", few = \"{count} minuty\", many = \"{count} minut\", other = \"{count} minuty\" }";
        let words = Words::read(&file(polish)).unwrap();
        let said = [1, 3, 5, 22].map(|count| words.say("pl", "minutes", Some(count)).unwrap().replace("{count} ", ""));
        assert_eq!(said, ["minuta", "minuty", "minut", "minuty"]);
    }
}
