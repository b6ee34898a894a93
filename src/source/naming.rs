//! What a file's path says: date, language, and the name that an address is made of (`sources.md` FO5, FO10, FO15).

use chrono_tz::Tz;

use super::dates::{self, Moment};

/// Extensions of files that may be articles, in lower case.
pub(super) const ARTICLES: &[&str] = &[
    "md", "markdown", "mdown", "mkd", "mkdn", "mkdown", "mdx", "text", "txt", "html", "htm", "rmd",
];

/// Formats that people write articles in and that are not read.
pub(super) const UNSUPPORTED: &[&str] = &["dj", "rst", "rest", "adoc", "asciidoc", "org", "textile", "ipynb"];

/// ISO 639-1.
const LANGUAGES: &str = "aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee \
    el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is it iu ja jv ka kg ki kj \
    kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne ng nl nn no nr nv ny oc oj om \
    or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm sn so sq sr ss st su sv sw ta te tg th ti tk tl tn to tr ts tt tw \
    ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu";

/// A path in its parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Naming<'a> {
    /// Folders above the article; a bundle's own folder is its name and not among them.
    pub(super) folders: Vec<&'a str>,
    /// The name without extension, date and language.
    pub(super) stem: &'a str,
    /// Year, month and day before the name.
    pub(super) date: Option<(i32, u32, u32)>,
    /// Language tag behind the name, as written.
    pub(super) language: Option<&'a str>,
}

impl<'a> Naming<'a> {
    pub(super) fn of(locator: &'a str) -> Self {
        let mut folders: Vec<&str> = locator.split('/').collect();
        let file = folders.pop().unwrap_or("");
        let name = file.rsplit_once('.').map_or(file, |(name, _)| name);
        let (name, language) = match name.rsplit_once('.') {
            Some((name, tag)) if !name.is_empty() && is_language(tag) => (name, Some(tag)),
            _ => (name, None),
        };
        let (name, own_date) = match folders.last() {
            Some(folder) if name == "index" || name == *folder => (folders.pop().unwrap_or(name), name == "index"),
            _ => (name, true),
        };
        let (date, stem) = dated(name)
            .filter(|_| own_date)
            .map_or((None, name), |(date, stem)| (Some(date), stem));
        Self {
            folders,
            stem,
            date,
            language,
        }
    }

    /// The day before the name, in a zone.
    pub(super) fn moment(&self, zone: Tz) -> Option<Moment> {
        let (year, month, day) = self.date?;
        dates::day(year, month, day, zone)
    }
}

/// The extension in lower case.
pub(super) fn extension(locator: &str) -> String {
    let file = locator.rsplit('/').next().unwrap_or("");
    file.rsplit_once('.')
        .map(|(_, extension)| extension.to_lowercase())
        .unwrap_or_default()
}

/// `2017-2-5-name` → the day and `name`.
fn dated(name: &str) -> Option<((i32, u32, u32), &str)> {
    let mut rest = name;
    let mut numbers = [0u32; 3];
    for (at, number) in numbers.iter_mut().enumerate() {
        let count = rest.bytes().take_while(u8::is_ascii_digit).count();
        let width = if at == 0 { 4..=4 } else { 1..=2 };
        if !width.contains(&count) {
            return None;
        }
        *number = rest[..count].parse().ok()?;
        rest = &rest[count..];
        if at < 2 {
            rest = rest.strip_prefix('-')?;
        }
    }
    let year = i32::try_from(numbers[0]).ok()?;
    dates::day(year, numbers[1], numbers[2], Tz::UTC)?;
    let date = (year, numbers[1], numbers[2]);
    match rest.strip_prefix(['-', '_', ' ']) {
        Some(stem) if !stem.is_empty() => Some((date, stem)),
        None if rest.is_empty() => Some((date, name)),
        _ => None,
    }
}

/// `de`, `pt-BR`, `zh_tw`, `zh-Hans`.
pub(super) fn is_language(tag: &str) -> bool {
    let mut parts = tag.split(['-', '_']);
    let first = parts.next().unwrap_or("");
    let known = first.len() == 2 && LANGUAGES.split(' ').any(|code| code.trim().eq_ignore_ascii_case(first));
    known && parts.all(|part| (2..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric()))
}

/// A language tag in its usual form: `zh_tw` → `zh-TW`, `zh-hans` → `zh-Hans`.
pub(super) fn tidy_language(tag: &str) -> Option<String> {
    let parts: Vec<&str> = tag.trim().split(['-', '_']).collect();
    let first = parts
        .first()
        .filter(|first| (2..=3).contains(&first.len()) && first.bytes().all(|b| b.is_ascii_alphabetic()))?;
    let mut out = first.to_lowercase();
    for part in &parts[1..] {
        if part.is_empty() || part.len() > 8 || !part.bytes().all(|b| b.is_ascii_alphanumeric()) {
            return None;
        }
        out.push('-');
        match part.len() {
            2 => out.push_str(&part.to_uppercase()),
            4 if part.bytes().all(|b| b.is_ascii_alphabetic()) => {
                out.push_str(&part[..1].to_uppercase());
                out.push_str(&part[1..].to_lowercase());
            }
            _ => out.push_str(&part.to_lowercase()),
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_tells_date_language_and_name() {
        for (locator, folders, stem, date, language) in [
            ("a.md", "", "a", None, None),
            (
                "_posts/2017-2-5-no-zeroes.md",
                "_posts",
                "no-zeroes",
                Some((2017, 2, 5)),
                None,
            ),
            (
                "blog/2024-01-02-name/index.md",
                "blog",
                "name",
                Some((2024, 1, 2)),
                None,
            ),
            ("blog/fourth/fourth.md", "blog", "fourth", None, None),
            (
                "2013-03-19-not-a-post/dubious.md",
                "2013-03-19-not-a-post",
                "dubious",
                None,
                None,
            ),
            ("2018-03-timers.md", "", "2018-03-timers", None, None),
            ("2024-01-02.md", "", "2024-01-02", Some((2024, 1, 2)), None),
            ("x/name.pt-BR.md", "x", "name", None, Some("pt-BR")),
            ("x/index.de.md", "", "x", None, Some("de")),
            ("node.js.md", "", "node.js", None, None),
            ("v0.7.7.md", "", "v0.7.7", None, None),
            ("2024-13-01-x.md", "", "2024-13-01-x", None, None),
        ] {
            let naming = Naming::of(locator);
            assert_eq!(
                (
                    naming.folders.join("/").as_str(),
                    naming.stem,
                    naming.date,
                    naming.language
                ),
                (folders, stem, date, language),
                "{locator}"
            );
        }
    }

    #[test]
    fn language_tags_get_their_usual_form() {
        for (tag, expected) in [
            ("zh_tw", Some("zh-TW")),
            ("EN", Some("en")),
            ("zh-hans", Some("zh-Hans")),
            ("english", None),
            ("", None),
        ] {
            assert_eq!(tidy_language(tag).as_deref(), expected, "{tag}");
        }
    }
}
