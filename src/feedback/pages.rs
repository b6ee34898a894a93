//! The pages behind a link: the question with a rating chosen, and the thanks.

use super::{About, FeedbackError, Typed};
use crate::app::App;
use crate::model::rating::{Origin, Rating};
use crate::template::context::Frame;
use crate::template::context::pages::{FeedbackForm, FeedbackThanks, FeedbackUnknown, RatingChoice, TRAP};

/// The question; `typed` fills it in, `is_missing` says that a rating has to be chosen.
pub fn ask(app: &App, token: &str, about: &About, typed: &Typed, is_missing: bool) -> Result<String, FeedbackError> {
    let frame = frame(app, about);
    let chosen = Rating::parse(&typed.rating);
    let page = FeedbackForm {
        action: format!("{}/feedback/{token}", frame.base),
        frame,
        title: about.article.content.display_title(about.article.published_at),
        url: about.article.url.clone(),
        ratings: Rating::ALL
            .map(|rating| RatingChoice {
                number: rating.number(),
                chosen: chosen == Some(rating),
            })
            .to_vec(),
        comment: typed.comment.clone(),
        trap: (about.origin() == Origin::Page).then_some(TRAP),
        is_missing,
    };
    Ok(app.templates.page(&page)?)
}

/// Says that the answer is kept.
pub fn thanks(app: &App, about: &About) -> Result<String, FeedbackError> {
    let page = FeedbackThanks {
        frame: frame(app, about),
        title: about.article.content.display_title(about.article.published_at),
        url: about.article.url.clone(),
    };
    Ok(app.templates.page(&page)?)
}

/// Says that an article cannot be rated.
pub fn unknown(app: &App) -> Result<String, FeedbackError> {
    let settings = app.settings();
    let page = FeedbackUnknown {
        frame: Frame::new(&settings, &settings.site.language),
    };
    Ok(app.templates.page(&page)?)
}

/// In the language of the article.
fn frame(app: &App, about: &About) -> Frame {
    let settings = app.settings();
    let language = Some(about.article.content.language.as_str()).filter(|language| !language.is_empty());
    Frame::new(&settings, language.unwrap_or(&settings.site.language))
}
