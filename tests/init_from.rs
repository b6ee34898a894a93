//! `init --from`: the config that is written fits the site at once.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

use crate::support::shared_data;

fn letterpress(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_letterpress"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("LETTERPRESS")) {
        command.env_remove(name);
    }
    command.current_dir(folder).args(arguments).output().unwrap()
}

/// Makes a config for a site, checks it, and scans; the config and the report of the scan.
fn begun(folder: &Path, site: &str) -> (String, Value) {
    let made = letterpress(folder, &["init", "press", "--from", site]);
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let config = ["--config", "press/letterpress.toml"];
    let checked = letterpress(folder, &[&config[..], &["check"]].concat());
    assert!(
        checked.status.success(),
        "{site}: {}",
        String::from_utf8_lossy(&checked.stdout)
    );
    let scanned = letterpress(folder, &[&config[..], &["articles", "scan", "--json"]].concat());
    let text = fs::read_to_string(folder.join("press/letterpress.toml")).unwrap();
    (text, serde_json::from_slice(&scanned.stdout).unwrap())
}

#[test]
fn an_author_of_a_site_has_a_config_that_fits_with_one_command() {
    let folder = tempfile::tempdir().unwrap();
    let site = folder.path().join("site");
    fs::create_dir_all(site.join("_posts")).unwrap();
    let config = "title: \"Rosa's \\\"notes\\\" # 1\"\nurl: https://rosa.example\nauthor: Rosa\ntimezone: Europe/Berlin\npermalink: /blog/:year/:title/\n";
    fs::write(site.join("_config.yml"), config).unwrap();
    let text = "---\ntitle: Saw\ntags: wood steel\n---\nA saw.\n";
    fs::write(site.join("_posts/2024-03-04-saw.md"), text).unwrap();
    let (config, report) = begun(folder.path(), "site");
    assert_eq!(
        (report["added"].as_i64(), report["excluded"].as_i64()),
        (Some(1), Some(0))
    );
    assert!(
        config.contains("path = \"../site/_posts\""),
        "both can be moved together: {config}"
    );
    assert!(config.contains("Please check") || config.contains("Compare a few addresses"));
    let listed = letterpress(
        folder.path(),
        &["--config", "press/letterpress.toml", "articles", "list", "--json"],
    );
    let rows: Value = serde_json::from_slice(&listed.stdout).unwrap();
    assert_eq!(rows[0]["url"], "https://rosa.example/blog/2024/saw/");
    assert_eq!(rows[0]["tags"], serde_json::json!(["wood", "steel"]));
    assert!(
        !folder.path().join("press/content").exists(),
        "no sample stands beside real articles"
    );
    let missing = letterpress(folder.path(), &["init", "other", "--from", "nowhere"]);
    assert_eq!(missing.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&missing.stderr).contains("check the path"));
}

/// Published and kept back by the author (`sources.md` 8.1), without any config of the generator at hand.
const STORES: [(&str, i64, i64); 16] = [
    ("bridgetown-website", 19, 0),
    ("burntsushi", 17, 1),
    ("eleventy-base-blog", 4, 0),
    ("eleventy-site", 14, 1),
    ("gatsby-starter", 3, 0),
    ("hexo-site", 20, 0),
    ("hexo-theme-unit-test", 15, 0),
    ("jekyll-docs", 20, 0),
    ("jekyll-test-source", 54, 3),
    ("matklad", 0, 0),
    ("nodejs-org", 30, 0),
    ("prometheus", 14, 1),
    ("rust-blog", 40, 0),
    ("simonw-til", 20, 0),
    ("tailwind-nextjs", 10, 1),
    ("tokio", 10, 0),
];

#[test]
fn the_articles_of_real_stores_are_found_where_they_are() {
    let Some(shared) = shared_data() else { return };
    for (store, published, excluded) in STORES {
        let folder = tempfile::tempdir().unwrap();
        let site = shared.join("articles").join(store);
        let (_, report) = begun(folder.path(), site.to_str().unwrap());
        let numbers = (report["added"].as_i64().unwrap(), report["excluded"].as_i64().unwrap());
        assert_eq!(numbers, (published, excluded), "{store}");
    }
}

#[test]
fn what_does_not_fit_into_a_config_of_ours_is_left_out_with_a_note() {
    let folder = tempfile::tempdir().unwrap();
    let site = folder.path().join("site");
    fs::create_dir_all(site.join("_posts")).unwrap();
    let config = "title: Notes\nurl: https://rosa.example/?from=old#top\n";
    fs::write(site.join("_config.yml"), config).unwrap();
    fs::write(site.join("_posts/2024-03-04-saw.md"), "---\ntitle: Saw\n---\nA saw.\n").unwrap();
    let (config, _) = begun(folder.path(), "site");
    assert!(config.contains("`site.url` was left out"), "{config}");
    assert!(config.contains("title = \"Notes\""));
}
