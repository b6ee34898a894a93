//! The outbox as pages: each letter as HTML, text and source. For the demo, and for authors who are still trying.

use chrono::DateTime;

use crate::app::App;
use crate::mail::outbox;
use crate::template::TemplateError;
use crate::template::context::pages::{HeaderLine, Outbox, OutboxLetter, OutboxLine};
use crate::template::context::{Frame, moment};

/// What can be asked of one letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutboxView {
    /// The page around it.
    Page,
    /// The HTML part alone.
    Html,
    /// The file as it is.
    Source,
}

/// The list of letters, newest first.
pub fn outbox_page(app: &App) -> Result<String, TemplateError> {
    let settings = app.settings();
    let letters = outbox::list(&settings.mail.outbox).into_iter().map(|entry| OutboxLine {
        url: settings.http.address(&format!("outbox/{}", entry.name)),
        subject: entry.subject,
        to: entry.to,
        date: moment(entry.date.unwrap_or(DateTime::UNIX_EPOCH), chrono_tz::UTC),
    });
    app.templates.page(&Outbox {
        letters: letters.collect(),
        frame: Frame::new(&settings, &settings.site.language),
    })
}

/// One letter; `None` when there is none of that name.
pub fn outbox_letter(app: &App, name: &str, view: OutboxView) -> Result<Option<String>, TemplateError> {
    let settings = app.settings();
    let Some(letter) = outbox::read(&settings.mail.outbox, name) else {
        return Ok(None);
    };
    let at = |what: &str| settings.http.address(&format!("outbox/{name}{what}"));
    match view {
        OutboxView::Html => Ok(Some(letter.html)),
        OutboxView::Source => Ok(Some(letter.source)),
        OutboxView::Page => app
            .templates
            .page(&OutboxLetter {
                frame: Frame::new(&settings, &settings.site.language),
                outbox_url: settings.http.address("outbox"),
                subject: letter.subject,
                headers: headers(&letter.source),
                html_url: at("/html"),
                text: letter.text,
                source_url: at("/source"),
            })
            .map(Some),
    }
}

/// The header lines of a message, unfolded.
fn headers(source: &str) -> Vec<HeaderLine> {
    let head = source
        .split("\r\n\r\n")
        .next()
        .unwrap_or_default()
        .replace("\r\n ", " ");
    let lines = head.split("\r\n").filter_map(|line| line.split_once(": "));
    lines
        .map(|(name, value)| HeaderLine {
            name: name.to_owned(),
            value: value.to_owned(),
        })
        .collect()
}
