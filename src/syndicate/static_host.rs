//! What a static host has to be told so that it answers as this service does: redirects, what is gone, and headers.

use serde::Serialize;

use crate::app::App;
use crate::feed::Kind;
use crate::model::feed_key::{FeedKey, Format};
use crate::model::feed_paths::ALIASES;

use super::{answer, max_age};

/// What an opened feed may do: show itself, and follow a link that a person clicks. A script in it never runs.
pub const FEED_POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; \
     form-action 'none'; sandbox allow-popups allow-popups-to-escape-sandbox allow-top-navigation-by-user-activation";

/// Settings of a static host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HostSettings {
    /// Path and where it moved to, for good (301).
    pub moved: Vec<(String, String)>,
    /// Paths that are gone for good (410).
    pub gone: Vec<String>,
    /// Files by the end of their name (all of them where it is empty), a header, and its value.
    pub headers: Vec<(&'static str, &'static str, String)>,
}

/// What to set, for the feeds as they are now.
pub fn host_settings(app: &App) -> HostSettings {
    let (shelf, settings) = (app.feeds.shelf(), app.settings());
    let base = settings.feeds.base_url.path();
    let written = settings.feeds.aliases.keys().cloned();
    let built_in = ALIASES.iter().map(|(path, _)| *path);
    // The folder's index answers there by itself.
    let built_in = built_in.filter(|path| *path != "feeds/").map(str::to_owned);
    let formats = &settings.feeds.formats;
    let renamed = shelf.renamed.keys().flat_map(|scope| {
        formats.iter().map(|format| {
            let key = FeedKey {
                scope: scope.clone(),
                format: *format,
            };
            key.path()
        })
    });
    let mut moved: Vec<(String, String)> = written
        .chain(built_in)
        .chain(renamed)
        .filter(|path| !settings.feeds.retired.contains(path))
        .filter_map(|path| {
            let target = answer::moved(&shelf, &settings, &path)?;
            Some((format!("{base}{path}"), format!("{base}{target}")))
        })
        .collect();
    moved.sort();
    moved.dedup();
    let kept = format!("public, max-age={}", max_age(app).as_secs());
    let mut headers = vec![
        ("", "Cache-Control", kept),
        ("", "Access-Control-Allow-Origin", "*".to_owned()),
    ];
    for format in formats {
        let name = format.file_name();
        headers.push((name, "Content-Type", Kind::Feed(*format).content_type(false).to_owned()));
        if *format != Format::Json {
            headers.push((name, "Content-Security-Policy", FEED_POLICY.to_owned()));
        }
    }
    headers.push((".opml", "Content-Type", Kind::Outlines.content_type(false).to_owned()));
    HostSettings {
        moved,
        gone: settings
            .feeds
            .retired
            .iter()
            .map(|path| format!("{base}{path}"))
            .collect(),
        headers,
    }
}
