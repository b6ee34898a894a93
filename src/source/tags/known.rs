//! What the tags mean that many generators share.

use crate::source::html::escape;

use super::Scene;
use super::arguments::Arguments;

/// What a tag turns out to be.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// Text in its place.
    Text(String),
    /// Everything up to its closing tag is code in this language.
    Code(String),
    /// Everything up to its closing tag is meant literally.
    Literal,
    /// Everything up to its closing tag is a remark.
    Comment,
    /// Everything up to its closing tag is a quotation, with its source.
    Quotation(String),
    /// A closing tag, or one that steers the template: it goes without being counted.
    Nothing,
    /// Nobody knows.
    Unknown,
}

/// What `{{ … }}` prints.
pub(super) fn printed(scene: &Scene<'_>, inner: &str) -> Meaning {
    let expression = inner.split('|').next().unwrap_or("").trim();
    let filters = inner
        .split('|')
        .skip(1)
        .map(|filter| filter.split(':').next().unwrap_or("").trim());
    let quoted = expression.len() >= 2
        && (expression.starts_with('"') && expression.ends_with('"')
            || expression.starts_with('\'') && expression.ends_with('\''));
    if quoted {
        let plain = filters.into_iter().all(|filter| {
            matches!(
                filter,
                "relative_url" | "absolute_url" | "url" | "htmlbaseurl" | "prepend" | "safe"
            )
        });
        return if plain {
            Meaning::Text(expression[1..expression.len() - 1].to_owned())
        } else {
            Meaning::Unknown
        };
    }
    let site = &scene.settings.site_url;
    match expression {
        "site.url" => Meaning::Text(site[..url::Position::BeforePath].to_owned()),
        "site.baseurl" | "site.base_url" => Meaning::Text(site.path().trim_end_matches('/').to_owned()),
        "site.title" | "site.name" => Meaning::Text(scene.settings.site_title.clone()),
        "page.title" | "title" | ".Title" | "$page.title" => Meaning::Text(scene.title.to_owned()),
        _ => Meaning::Unknown,
    }
}

/// What a tag with a name does; `paired` says whether its closing tag follows.
pub(super) fn tag(scene: &Scene<'_>, arguments: &Arguments, paired: bool) -> Meaning {
    let name = arguments.name.as_str();
    if paired && let Some(language) = code_language(arguments) {
        return Meaning::Code(language);
    }
    match name {
        "raw" | "verbatim" if paired => Meaning::Literal,
        "comment" if paired => Meaning::Comment,
        "blockquote" | "quote" | "pullquote" if paired => Meaning::Quotation(quotation_source(arguments)),
        "figure" | "img" | "image" => picture(scene, arguments),
        "youtube" | "vimeo" | "gist" => embedded(scene, arguments),
        "ref" | "relref" | "post_url" | "link" => reference(scene, arguments),
        name if name.starts_with("end") || name.starts_with('/') => Meaning::Nothing,
        "else" | "elsif" | "elif" | "when" | "break" | "continue" => Meaning::Nothing,
        _ => Meaning::Unknown,
    }
}

const LANGUAGES: &[&str] = &[
    "bash",
    "c",
    "clojure",
    "console",
    "cpp",
    "cs",
    "csharp",
    "css",
    "diff",
    "dockerfile",
    "elixir",
    "elm",
    "erlang",
    "fish",
    "fsharp",
    "go",
    "golang",
    "graphql",
    "haskell",
    "html",
    "ini",
    "java",
    "javascript",
    "js",
    "json",
    "jsx",
    "julia",
    "kotlin",
    "latex",
    "lisp",
    "lua",
    "make",
    "makefile",
    "markdown",
    "matlab",
    "md",
    "nix",
    "objc",
    "ocaml",
    "perl",
    "php",
    "plain",
    "powershell",
    "python",
    "py",
    "r",
    "rb",
    "ruby",
    "rs",
    "rust",
    "scala",
    "scheme",
    "scss",
    "sh",
    "shell",
    "sql",
    "swift",
    "text",
    "toml",
    "ts",
    "tsx",
    "txt",
    "typescript",
    "vim",
    "xml",
    "yaml",
    "yml",
    "zig",
    "zsh",
];

/// The language of a pair of tags around code: by the name of the tag, or because its first word names a language.
fn code_language(arguments: &Arguments) -> Option<String> {
    let first = arguments.word(0).unwrap_or("").to_lowercase();
    let names_language = LANGUAGES.contains(&first.as_str());
    let name = arguments.name.as_str();
    let for_code = ["code", "highlight", "prism", "snippet"]
        .iter()
        .any(|start| name.starts_with(start));
    if !for_code {
        return (names_language && arguments.words.len() <= 3).then_some(first);
    }
    let from_name = name
        .rsplit_once('-')
        .map(|(_, language)| language)
        .filter(|language| LANGUAGES.contains(language));
    let stated = arguments
        .value(&["lang", "language", "type"])
        .or(from_name)
        .map(str::to_lowercase);
    Some(stated.or_else(|| names_language.then_some(first)).unwrap_or_default())
}

fn quotation_source(arguments: &Arguments) -> String {
    // `left` and `right` say where a theme puts it.
    let words = arguments
        .words
        .iter()
        .filter(|word| !matches!(word.as_str(), "left" | "right"));
    words.cloned().collect::<Vec<_>>().join(" ")
}

fn picture(scene: &Scene<'_>, arguments: &Arguments) -> Meaning {
    let looks_like_address = |word: &&String| word.contains('/') || word.contains('.');
    let address = arguments
        .value(&["src", "link", "url"])
        .or_else(|| arguments.words.iter().find(looks_like_address).map(String::as_str));
    let Some(address) = address else {
        return Meaning::Unknown;
    };
    let behind = arguments
        .words
        .iter()
        .skip_while(|word| word.as_str() != address)
        .skip(1);
    let texts: Vec<&String> = behind
        .filter(|word| !word.is_empty() && !word.bytes().all(|b| b.is_ascii_digit()))
        .collect();
    let caption = arguments.value(&["caption", "title"]).unwrap_or("");
    let alt = arguments
        .value(&["alt"])
        .or_else(|| texts.last().map(|text| text.as_str()))
        .unwrap_or(caption);
    let picture = format!("<img src=\"{}\" alt=\"{}\">", escape(address), escape(alt));
    let figure = arguments.name == "figure" && !caption.is_empty();
    let text = if figure {
        format!("<figure>{picture}<figcaption>{}</figcaption></figure>", escape(caption))
    } else {
        picture
    };
    // HTML in Markdown stands apart from the paragraphs around it.
    Meaning::Text(if figure && !scene.html {
        format!("\n\n{text}\n\n")
    } else {
        text
    })
}

fn embedded(scene: &Scene<'_>, arguments: &Arguments) -> Meaning {
    let Some(id) = arguments.value(&["id", "src"]).or_else(|| arguments.word(0)) else {
        return Meaning::Unknown;
    };
    let url = match arguments.name.as_str() {
        _ if id.contains("://") => id.to_owned(),
        "youtube" => format!("https://www.youtube.com/watch?v={id}"),
        "vimeo" => format!("https://vimeo.com/{id}"),
        _ => match arguments.word(1).filter(|file| !file.contains('.')) {
            Some(number) => format!("https://gist.github.com/{id}/{number}"),
            None => format!("https://gist.github.com/{id}"),
        },
    };
    let label = arguments.value(&["title"]).unwrap_or(&url).to_owned();
    Meaning::Text(scene.link(&url, &label))
}

fn reference(scene: &Scene<'_>, arguments: &Arguments) -> Meaning {
    let Some(name) = arguments.value(&["path"]).or_else(|| arguments.word(0)) else {
        return Meaning::Unknown;
    };
    let (path, fragment) = name.find('#').map_or((name, ""), |at| name.split_at(at));
    match scene.locators.by_name(scene.settings, scene.locator, path) {
        Some(url) => Meaning::Text(url + fragment),
        None => Meaning::Unknown,
    }
}
