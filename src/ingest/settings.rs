//! The settings of a source with what it needs to know of the others.

use chrono::{DateTime, Utc};

use crate::config::{Settings, Source};
use crate::model::article::Author;
use crate::model::slug::slug;
use crate::source::folder::FolderSettings;

/// What reading `source` needs; `now` is when the scan began.
pub(super) fn folder_settings(settings: &Settings, source: &Source, now: DateTime<Utc>) -> FolderSettings {
    let author = &settings.site.author;
    let site_author = (!author.name.is_empty()).then(|| Author {
        name: author.name.clone(),
        url: author.url.as_ref().map(ToString::to_string),
        email: author.email.as_ref().map(|address| address.as_str().to_owned()),
        slug: slug(&author.name),
    });
    FolderSettings {
        source: source.clone(),
        site_url: settings.site.url.clone(),
        site_title: settings.site.title.clone(),
        site_author,
        keeps_markdown: settings.feeds.markdown,
        outputs: vec![settings.mail.outbox.clone(), settings.state.dir.clone()],
        now,
    }
}
