//! Small sites of each generator, written here.

use std::fs;

use super::*;

/// A site of these files; the last number of a name counts copies: `_posts/a.md*3`.
fn site(files: &[(&str, &str)]) -> Found {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let (name, copies) = name.split_once('*').unwrap_or((name, "1"));
        for copy in 0..copies.parse::<usize>().unwrap() {
            let name = if copies == "1" {
                name.to_owned()
            } else {
                name.replace(".md", &format!("-{copy}.md"))
            };
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
    }
    look(folder.path()).unwrap()
}

const POST: &str = "---\ntitle: A\ndate: 2024-01-02\n---\ntext\n";

fn summary(found: &Found) -> (Generator, &str, Vec<&str>, Option<&str>) {
    let include = found.include.iter().map(String::as_str).collect();
    (
        found.generator,
        found.path.as_str(),
        include,
        found.permalink.as_deref(),
    )
}

fn person(found: &Found) -> [Option<&str>; 6] {
    [
        &found.title,
        &found.url,
        &found.language,
        &found.author,
        &found.email,
        &found.time_zone,
    ]
    .map(Option::as_deref)
}

#[test]
fn a_site_of_hugo_is_known_by_its_config_in_any_of_its_languages() {
    let found = site(&[
        (
            "hugo.toml",
            "baseURL = 'https://hugo.example/'\ntitle = 'Hugo Notes'\nlanguageCode = 'de-CH'\ntimeZone = 'Europe/Zurich'\n[params]\n[params.author]\nname = 'Rosa'\nemail = 'rosa@hugo.example'\n[permalinks]\nposts = '/:year/:month/:slug/'\n[languages.de]\n[languages.en]\n",
        ),
        ("content/posts/a.md*4", POST),
        ("content/about.md", POST),
        ("themes/x/content/a.md*9", POST),
    ]);
    assert_eq!(
        summary(&found),
        (
            Generator::Hugo,
            "content",
            vec!["posts/**"],
            Some("/:year/:month/:slug/")
        )
    );
    let wanted = [
        "Hugo Notes",
        "https://hugo.example/",
        "de-CH",
        "Rosa",
        "rosa@hugo.example",
        "Europe/Zurich",
    ];
    assert_eq!(person(&found), wanted.map(Some));
    assert_eq!(
        (found.languages, found.articles),
        (vec!["de".to_owned(), "en".to_owned()], 5)
    );
    let [note] = found.notes.as_slice() else {
        panic!("{:?}", found.notes)
    };
    assert!(note.contains("addresses come from titles"), "{note}");
    let yaml = site(&[
        ("config.yaml", "baseURL: https://h.example\ntitle: Y\n"),
        ("archetypes/default.md", ""),
        ("content/a.md*3", POST),
    ]);
    assert_eq!(summary(&yaml), (Generator::Hugo, "content", vec![], None));
}

#[test]
fn hugo_and_zola_share_the_name_of_a_config_and_are_told_apart() {
    let zola = "base_url = \"https://z.example\"\ntitle = \"Z\"\ndefault_language = \"fr\"\nauthor = \"Rosa\"\n[languages.en]\n";
    let found = site(&[
        ("config.toml", zola),
        ("templates/base.html", ""),
        ("content/blog/a.md*3", POST),
    ]);
    assert_eq!(summary(&found), (Generator::Zola, "content", vec!["blog/**"], None));
    assert_eq!(
        person(&found),
        [
            Some("Z"),
            Some("https://z.example/"),
            Some("fr"),
            Some("Rosa"),
            None,
            None
        ]
    );
    let hugo = site(&[
        ("config.toml", "baseURL = 'https://h.example'\n"),
        ("templates/x.html", ""),
        ("content/a.md", POST),
    ]);
    assert_eq!(hugo.generator, Generator::Hugo);
}

#[test]
fn jekyll_and_hexo_share_the_name_of_a_config_and_are_told_apart() {
    let jekyll = "title: >-\n  Jekyll\n  Notes\nurl: \"https://j.example\"\nbaseurl: /blog\nauthor:\n  name: Rosa\n  email: r@j.example\ntimezone: Asia/Kolkata\npermalink: pretty\n";
    let found = site(&[
        ("_config.yml", jekyll),
        ("_posts/2024-01-02-a.md*2", POST),
        ("README.md", "x"),
        ("about.md", POST),
    ]);
    assert_eq!(
        summary(&found),
        (
            Generator::Jekyll,
            "_posts",
            vec![],
            Some("/:categories/:year/:month/:day/:slug/")
        )
    );
    assert_eq!(
        person(&found),
        [
            Some("Jekyll Notes"),
            Some("https://j.example/blog"),
            None,
            Some("Rosa"),
            Some("r@j.example"),
            Some("Asia/Kolkata")
        ]
    );
    assert!(found.split_spaces);
    let several = site(&[
        ("_config.yml", "title: J\npermalink: ordinal\n"),
        ("a/_posts/2024-01-02-a.md", POST),
        ("b/_posts/2024-01-02-b.md", POST),
    ]);
    assert_eq!(
        summary(&several),
        (Generator::Jekyll, ".", vec!["**/_posts/**"], Some("jekyll"))
    );
    assert!(several.notes.iter().any(|note| note.contains("`ordinal`")));
    let hexo = "title: Hexo Notes\nurl: https://x.example\nlanguage: [zh-CN, en]\nauthor: Rosa\ntimezone: ''\npermalink: posts/:title.html\n";
    let found = site(&[
        ("_config.yml", hexo),
        ("scaffolds/post.md", ""),
        ("source/_posts/a.md*2", POST),
        ("source/about/index.md", POST),
    ]);
    assert_eq!(
        summary(&found),
        (Generator::Hexo, "source/_posts", vec![], Some("/posts/:title.html"))
    );
    assert_eq!(
        (found.language.as_deref(), found.languages),
        (Some("zh-CN"), vec!["en".to_owned()])
    );
}

#[test]
fn a_config_that_is_a_program_is_read_and_never_run() {
    let found = site(&[
        (
            "eleventy.config.js",
            "export default function(c) { return { dir: { input: 'content' } } }",
        ),
        (
            "_data/metadata.js",
            "export default {\n  title: \"Eleventy Notes\",\n  url: \"https://e.example/\",\n  language: \"en\",\n  author: {\n    name: \"Rosa\",\n    email: \"r@e.example\"\n  }\n}",
        ),
        ("content/blog/a.md*4", POST),
        ("content/about.md", POST),
        ("node_modules/x/a.md*9", POST),
    ]);
    assert_eq!(
        (found.generator, found.title.as_deref(), found.url.as_deref()),
        (Generator::Eleventy, Some("Eleventy Notes"), Some("https://e.example/"))
    );
    assert_eq!(
        (found.path.as_str(), found.email.as_deref()),
        ("content", Some("r@e.example"))
    );
    let found = site(&[
        (
            "astro.config.mjs",
            "export default defineConfig({ site: 'https://a.example', integrations: [mdx()] });",
        ),
        ("src/consts.ts", "export const SITE_TITLE = 'Astro Notes';"),
        ("src/content/blog/a.md*3", POST),
    ]);
    assert_eq!(
        summary(&found),
        (Generator::Astro, "src/content", vec!["blog/**"], None)
    );
    assert_eq!(
        (found.title.as_deref(), found.url.as_deref()),
        (Some("Astro Notes"), Some("https://a.example/"))
    );
    let python = "AUTHOR = 'Rosa'\nSITENAME = 'Pelican Notes'\nSITEURL = ''\nPATH = 'content'\nTIMEZONE = 'Europe/Paris'\nDEFAULT_LANG = 'fr'\nARTICLE_URL = 'posts/{date:%Y}/{slug}/'\n";
    let found = site(&[
        ("pelicanconf.py", python),
        ("publishconf.py", "SITEURL = 'https://p.example'\n"),
        ("content/a.md*3", POST),
    ]);
    assert_eq!(
        summary(&found),
        (Generator::Pelican, "content", vec![], Some("/posts/:year/:slug/"))
    );
    assert_eq!(
        person(&found),
        [
            Some("Pelican Notes"),
            Some("https://p.example/"),
            Some("fr"),
            Some("Rosa"),
            None,
            Some("Europe/Paris")
        ]
    );
    let meta = "const siteMetadata = {\n  title: 'Next Notes',\n  author: 'Rosa',\n  language: 'en-us',\n  siteUrl: 'https://n.example',\n}";
    let found = site(&[
        ("next.config.js", "module.exports = {}"),
        ("data/siteMetadata.js", meta),
        ("data/blog/a.md*3", POST),
    ]);
    assert_eq!(summary(&found), (Generator::Next, "data/blog", vec![], None));
    assert_eq!(
        (found.title.as_deref(), found.url.as_deref()),
        (Some("Next Notes"), Some("https://n.example/"))
    );
}

#[test]
fn a_folder_without_a_generator_is_found_by_where_the_texts_are() {
    let found = site(&[
        ("notes/2024/a.md*3", POST),
        ("notes/2023/a.md*3", POST),
        ("README.md", "x"),
    ]);
    assert_eq!(summary(&found), (Generator::Plain, "notes", vec![], None));
    assert!(found.notes.iter().any(|note| note.contains("permalink")));
    let found = site(&[("docs/_posts/2024-01-02-a.md*2", POST)]);
    assert_eq!(
        summary(&found),
        (Generator::Jekyll, "docs/_posts", vec![], Some("jekyll"))
    );
    let found = site(&[("picture.png", "")]);
    assert!(found.notes.iter().any(|note| note.contains("no articles")));
}

#[test]
fn what_a_config_says_wrongly_is_told_and_left_out() {
    let found = site(&[
        (
            "hugo.toml",
            "baseURL = 'http://localhost:1313/'\nlanguageCode = 'english language'\ntimeZone = 'Mars/Olympus'\ncontentDir = '../../etc'\n",
        ),
        ("content/a.md", POST),
    ]);
    assert_eq!(person(&found), [None; 6]);
    for word in ["localhost", "english", "Mars"] {
        assert!(
            found.notes.iter().any(|note| note.contains(word)),
            "{word}: {:?}",
            found.notes
        );
    }
    assert!(!found.path.contains(".."));
    let found = site(&[("hugo.toml", "title = 'broken"), ("content/a.md", POST)]);
    assert!(
        found
            .notes
            .iter()
            .any(|note| note.contains("hugo.toml could not be read"))
    );
}

#[test]
fn every_section_of_dated_articles_is_taken_and_others_are_named() {
    let found = site(&[
        (
            "hugo.toml",
            "baseURL = 'https://h.example'\n[permalinks]\nposts = '/:year/:filename/'\n",
        ),
        ("content/posts/a.md*6", POST),
        ("content/essays [old]/a.md*4", POST),
        ("content/manual/a.md*3", "---\ntitle: A\n---\ntext\n"),
    ]);
    assert_eq!(found.include, ["posts/**", "essays [[]old[]]/**"]);
    assert!(
        found
            .notes
            .iter()
            .any(|note| note.contains("3 texts in content/manual")),
        "{:?}",
        found.notes
    );
    assert!(
        found
            .notes
            .iter()
            .any(|note| note.contains("essays [old]") && note.contains("of its own"))
    );
}

#[test]
fn the_folder_above_posts_is_a_category_unless_the_generator_put_it_there() {
    let config = "title: J\nurl: https://j.example\n";
    let posts = [("_config.yml", config), ("blog/_posts/2024-01-02-a.md*2", POST)];
    assert_eq!(summary(&site(&posts)).2, ["**/_posts/**"]);
    let own = format!("{config}collections_dir: blog\n");
    let posts = [("_config.yml", own.as_str()), ("blog/_posts/2024-01-02-a.md*2", POST)];
    assert_eq!(
        (site(&posts).path.as_str(), site(&posts).include),
        ("blog/_posts", vec![])
    );
}

#[test]
fn an_address_of_a_person_that_is_none_is_not_taken() {
    let found = site(&[("_config.yml", "email: me@\n"), ("_posts/2024-01-02-a.md", POST)]);
    assert_eq!(found.email, None);
}
