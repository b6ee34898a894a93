//! Generators, by their config files and layout.

use std::path::{Path, PathBuf};

use walkdir::WalkDir;

/// Who makes a site.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Generator {
    /// Hugo.
    Hugo,
    /// Zola.
    Zola,
    /// Jekyll, and those that share its layout.
    Jekyll,
    /// Hexo.
    Hexo,
    /// Eleventy.
    Eleventy,
    /// Astro.
    Astro,
    /// Pelican.
    Pelican,
    /// Next.js.
    Next,
    /// Gatsby.
    Gatsby,
    /// Docusaurus.
    Docusaurus,
    /// None that we know.
    Plain,
}

/// Where a generator's config keeps what ours asks for, the likeliest first; `a.b` is a key inside another.
pub(super) struct Keys {
    pub(super) title: &'static [&'static str],
    pub(super) url: &'static [&'static str],
    pub(super) language: &'static [&'static str],
    pub(super) author: &'static [&'static str],
    pub(super) email: &'static [&'static str],
    pub(super) time_zone: &'static [&'static str],
    pub(super) languages: &'static [&'static str],
    pub(super) permalink: &'static [&'static str],
}

const DATA: Keys = Keys {
    title: &["title", "name", "site_title"],
    url: &["url", "baseurl", "base_url", "siteurl", "site"],
    language: &[
        "lang",
        "language",
        "languagecode",
        "default_language",
        "defaultcontentlanguage",
        "locale",
    ],
    author: &[
        "author.name",
        "author",
        "params.author.name",
        "params.author",
        "extra.author",
        "author_name",
    ],
    email: &[
        "author.email",
        "email",
        "params.author.email",
        "params.email",
        "author_email",
    ],
    time_zone: &["timezone", "time_zone"],
    languages: &["languages", "language"],
    permalink: &["permalink", "permalinks"],
};
const PROGRAM: Keys = Keys {
    title: &["title", "siteTitle", "SITE_TITLE", "headerTitle", "name"],
    url: &["siteUrl", "site", "url", "SITE_URL", "baseUrl"],
    language: &["language", "lang", "locale", "defaultLocale"],
    author: &["author", "authorName"],
    email: &["email", "authorEmail"],
    time_zone: &["timeZone", "timezone"],
    languages: &[],
    permalink: &["permalink"],
};
const PYTHON: Keys = Keys {
    title: &["SITENAME"],
    url: &["SITEURL"],
    language: &["DEFAULT_LANG"],
    author: &["AUTHOR"],
    email: &["AUTHOR_EMAIL"],
    time_zone: &["TIMEZONE"],
    languages: &[],
    permalink: &["ARTICLE_URL"],
};

/// Files of which one says whose site it is. What several generators could have comes with a folder that only one has.
struct Sign {
    generator: Generator,
    config: &'static [&'static str],
    /// One of these stands beside it; empty: nothing is needed.
    beside: &'static [&'static str],
}

const SIGNS: [Sign; 12] = [
    Sign {
        generator: Generator::Hugo,
        config: &[
            "hugo.toml",
            "hugo.yaml",
            "hugo.yml",
            "hugo.json",
            "config/_default/hugo.toml",
            "config/_default/config.toml",
        ],
        beside: &[],
    },
    Sign {
        generator: Generator::Zola,
        config: &["zola.toml"],
        beside: &[],
    },
    Sign {
        generator: Generator::Hexo,
        config: &["_config.yml", "_config.yaml"],
        beside: &["scaffolds", "source/_posts"],
    },
    Sign {
        generator: Generator::Jekyll,
        config: &["_config.yml", "_config.yaml", "_config.toml", "bridgetown.config.yml"],
        beside: &[],
    },
    Sign {
        generator: Generator::Docusaurus,
        config: &["docusaurus.config.js", "docusaurus.config.ts", "docusaurus.config.mjs"],
        beside: &[],
    },
    Sign {
        generator: Generator::Eleventy,
        config: &[
            ".eleventy.js",
            "eleventy.config.js",
            "eleventy.config.mjs",
            "eleventy.config.cjs",
            "eleventy.config.ts",
        ],
        beside: &[],
    },
    Sign {
        generator: Generator::Astro,
        config: &[
            "astro.config.mjs",
            "astro.config.js",
            "astro.config.ts",
            "astro.config.cjs",
        ],
        beside: &[],
    },
    Sign {
        generator: Generator::Pelican,
        config: &["pelicanconf.py"],
        beside: &[],
    },
    Sign {
        generator: Generator::Gatsby,
        config: &["gatsby-config.js", "gatsby-config.ts", "gatsby-config.mjs"],
        beside: &[],
    },
    Sign {
        generator: Generator::Next,
        config: &["next.config.js", "next.config.mjs", "next.config.ts", "next.config.cjs"],
        beside: &[],
    },
    // Hugo and Zola both know `config.toml`: Hugo's keys are in one word.
    Sign {
        generator: Generator::Zola,
        config: &["config.toml"],
        beside: &["sass", "templates"],
    },
    Sign {
        generator: Generator::Hugo,
        config: &["config.toml", "config.yaml", "config.yml", "config.json"],
        beside: &["archetypes", "layouts", "content", "themes"],
    },
];

/// Files with values of the site beside a config that is a program.
pub(super) const SITE_DATA: [&str; 22] = [
    "_data/metadata.json",
    "_data/site.json",
    "src/_data/metadata.json",
    "src/_data/site.json",
    "_data/metadata.js",
    "_data/site.js",
    "src/_data/metadata.js",
    "src/_data/site.js",
    "_data/metadata.yaml",
    "_data/site.yaml",
    "src/consts.ts",
    "src/consts.js",
    "src/config.ts",
    "src/site.config.ts",
    "site.config.js",
    "site.config.ts",
    "data/siteMetadata.js",
    "data/siteMetadata.json",
    "data/site.json",
    "site.json",
    "publishconf.py",
    "config.ts",
];

/// How deep below the given folder a site may begin.
const DEEPEST: usize = 3;

/// Whose site it is.
pub(super) struct Recognised {
    pub(super) generator: Generator,
    pub(super) because: String,
    /// The folder of the generator's config.
    pub(super) base: PathBuf,
    /// Its config files, in the order in which they count.
    pub(super) files: Vec<PathBuf>,
}

impl Generator {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Hugo => "Hugo",
            Self::Zola => "Zola",
            Self::Jekyll => "Jekyll",
            Self::Hexo => "Hexo",
            Self::Eleventy => "Eleventy",
            Self::Astro => "Astro",
            Self::Pelican => "Pelican",
            Self::Next => "Next.js",
            Self::Gatsby => "Gatsby",
            Self::Docusaurus => "Docusaurus",
            Self::Plain => "a plain folder",
        }
    }

    pub(super) fn keys(self) -> &'static Keys {
        match self {
            Self::Hugo | Self::Zola | Self::Jekyll | Self::Hexo => &DATA,
            Self::Pelican => &PYTHON,
            _ => &PROGRAM,
        }
    }
}

/// Looks for a config in the folder, then below it, level by level.
pub(super) fn recognise(site: &Path) -> std::io::Result<Recognised> {
    std::fs::read_dir(site)?;
    let walk = WalkDir::new(site).max_depth(DEEPEST).sort_by_file_name().into_iter();
    let folders =
        walk.filter_entry(|entry| entry.depth() == 0 || !is_passed_over(&entry.file_name().to_string_lossy()));
    let mut folders: Vec<(usize, PathBuf)> = folders
        .filter_map(Result::ok)
        .filter(|entry| entry.file_type().is_dir())
        .take(2_000)
        .map(|entry| (entry.depth(), entry.into_path()))
        .collect();
    folders.sort();
    for (_, base) in folders {
        for sign in &SIGNS {
            let here: Vec<PathBuf> = sign
                .config
                .iter()
                .map(|name| base.join(name))
                .filter(|path| path.exists())
                .collect();
            let has_beside = sign.beside.is_empty() || sign.beside.iter().any(|name| base.join(name).exists());
            let Some(first) = here.first().filter(|_| has_beside) else {
                continue;
            };
            let is_hugo_in_fact = sign.generator == Generator::Zola
                && first.ends_with("config.toml")
                && names_base_url_in_one_word(first);
            if is_hugo_in_fact {
                continue;
            }
            let shown = first.strip_prefix(site).unwrap_or(first).display().to_string();
            return Ok(Recognised {
                generator: sign.generator,
                because: shown,
                base,
                files: here,
            });
        }
    }
    Ok(Recognised {
        generator: Generator::Plain,
        because: "no config of a generator".to_owned(),
        base: site.to_owned(),
        files: Vec::new(),
    })
}

/// Without a config the layout alone speaks: `source/_posts` is Hexo's, any other `_posts` Jekyll's.
pub(super) fn by_layout(path: &str, include: &[String]) -> Option<Generator> {
    let has_posts = path == "_posts" || path.ends_with("/_posts") || include.iter().any(|one| one.contains("_posts"));
    match path {
        "source/_posts" => Some(Generator::Hexo),
        _ => has_posts.then_some(Generator::Jekyll),
    }
}

/// Hugo writes `baseURL`, Zola `base_url`.
fn names_base_url_in_one_word(path: &Path) -> bool {
    let text = super::values::bounded(path).unwrap_or_default().to_lowercase();
    text.contains("baseurl") && !text.contains("base_url")
}

/// Folders that hold no articles of the site: what a build makes, what others wrote, what is hidden.
pub(super) fn is_passed_over(name: &str) -> bool {
    name.starts_with('.')
        || matches!(
            name,
            "node_modules"
                | "public"
                | "_site"
                | "dist"
                | "build"
                | "vendor"
                | "themes"
                | "target"
                | "resources"
                | "_layouts"
                | "_includes"
                | "archetypes"
                | "layouts"
                | "static"
                | "assets"
                | "_drafts"
                | "drafts"
                | "output"
                | "scaffolds"
        )
}
