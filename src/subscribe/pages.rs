//! The pages that people see, as whole HTML documents. Forms and links are paths of this service: they work behind any
//! name under which a visitor found it.

use super::leave::name_of;
use super::{Choices, Confirmed, Left, SubscribeError, newsletter_of};
use crate::app::App;
use crate::config::Settings;
use crate::model::links::{self, code_of};
use crate::model::subscriber::State;
use crate::template::context::Frame;
use crate::template::context::pages::{self as page, NewsletterChoice, Page};

/// Name of the field that people never see and machines fill.
pub const TRAP: &str = page::TRAP;

/// The form for new subscribers; `typed` fills it in again, `error` says what to mend.
pub fn form(app: &App, typed: &str, error: Option<String>) -> Result<String, SubscribeError> {
    let settings = app.settings();
    let mut newsletters: Vec<NewsletterChoice> = settings
        .newsletters
        .iter()
        .map(|newsletter| NewsletterChoice::new(newsletter, None))
        .collect();
    // One choice in all: only the first newsletter's default is marked.
    for (place, newsletter) in newsletters.iter_mut().enumerate() {
        newsletter.chosen = place == 0;
        newsletter
            .schedules
            .iter_mut()
            .for_each(|schedule| schedule.chosen &= place == 0);
    }
    let frame = frame(&settings);
    let action = path(&frame, "subscribe");
    let page = page::SignUp {
        frame,
        action,
        newsletters,
        trap: TRAP,
        email: typed.to_owned(),
        error,
    };
    render(app, &page)
}

/// The one answer to every sign-up.
pub fn check_mailbox(app: &App) -> Result<String, SubscribeError> {
    render(
        app,
        &page::CheckMailbox {
            frame: frame(&app.settings()),
        },
    )
}

/// Asks for the press of a button that confirms. Made from the link alone.
///
/// # Errors
/// `BadLink` for tokens that are unknown, forged or expired.
pub fn ask_to_confirm(app: &App, token: &str) -> Result<String, SubscribeError> {
    let link = links::Confirm::read(&app.keys, token, app.clock.now()).ok_or(SubscribeError::BadLink)?;
    let settings = app.settings();
    let newsletter = newsletter_of(&settings, link.newsletter).ok_or(SubscribeError::BadLink)?;
    let schedule = newsletter
        .schedules
        .iter()
        .find(|schedule| code_of(&schedule.id) == link.schedule);
    let frame = frame(&settings);
    let page = page::Confirm {
        action: path(&frame, &format!("confirm/{token}")),
        frame,
        newsletter: newsletter.name.clone(),
        schedule: schedule.map(|schedule| schedule.name.clone()),
    };
    render(app, &page)
}

/// Says that the subscription stands.
pub fn confirmed(app: &App, done: &Confirmed) -> Result<String, SubscribeError> {
    let frame = frame(&app.settings());
    let page = page::Confirmed {
        preferences_url: done.preferences.as_ref().map(|below| path(&frame, below)),
        frame,
        newsletter: done.newsletter.clone(),
        schedule: done.schedule.clone(),
    };
    render(app, &page)
}

/// Asks for the press of a button that ends the subscription. Made from the link alone.
///
/// # Errors
/// `BadLink` for tokens that were not made here.
pub fn ask_to_leave(app: &App, token: &str) -> Result<String, SubscribeError> {
    let link = links::Leave::read(&app.keys, token).ok_or(SubscribeError::BadLink)?;
    let settings = app.settings();
    let frame = frame(&settings);
    let page = page::Unsubscribe {
        action: path(&frame, &format!("unsubscribe/{token}")),
        frame,
        newsletter: name_of(&settings, link.newsletter),
    };
    render(app, &page)
}

/// Says that the subscription has ended.
pub fn left(app: &App, done: &Left) -> Result<String, SubscribeError> {
    let frame = frame(&app.settings());
    let page = page::Left {
        undo_action: done.undo.as_ref().map(|undo| path(&frame, undo)),
        frame,
        newsletter: done.newsletter.clone(),
    };
    render(app, &page)
}

/// Says that the subscription is back as it was.
pub fn undone(app: &App, done: &Confirmed) -> Result<String, SubscribeError> {
    let frame = frame(&app.settings());
    let page = page::Undone {
        preferences_url: done.preferences.as_ref().map(|below| path(&frame, below)),
        frame,
        newsletter: done.newsletter.clone(),
    };
    render(app, &page)
}

/// A person's choices, under the token that opened them; `error` says what to mend.
pub fn preferences(app: &App, token: &str, choices: &Choices, error: Option<String>) -> Result<String, SubscribeError> {
    let settings = app.settings();
    let active = choices.choices.iter().filter(|choice| choice.state == State::Active);
    let newsletters: Vec<NewsletterChoice> = active
        .filter_map(|choice| {
            let newsletter = settings.newsletter(&choice.newsletter)?;
            Some(NewsletterChoice::new(newsletter, Some(&choice.schedule)))
        })
        .collect();
    let ended = newsletters
        .is_empty()
        .then_some("Your subscription has ended. You can sign up again at any time.");
    let frame = frame(&settings);
    let page = page::Preferences {
        action: path(&frame, &format!("preferences/{token}")),
        link_action: path(&frame, &format!("preferences/{token}/link")),
        leave_url: choices.leave.as_ref().map(|leave| path(&frame, leave)),
        feed_url: choices.own_feed.as_ref().map(|feed| settings.http.address(feed)),
        renew_action: path(&frame, &format!("preferences/{token}/renew")),
        frame,
        newsletters,
        error: error.or(ended.map(str::to_owned)),
    };
    render(app, &page)
}

/// Says that a letter with a fresh link is under way.
pub fn link_sent(app: &App) -> Result<String, SubscribeError> {
    render(
        app,
        &page::LinkSent {
            frame: frame(&app.settings()),
        },
    )
}

/// What a person can do with the data that is kept; `error` says what to mend.
pub fn data(app: &App, token: &str, email: &str, error: Option<String>) -> Result<String, SubscribeError> {
    let frame = frame(&app.settings());
    let page = page::Data {
        action: path(&frame, &format!("preferences/{token}/data")),
        frame,
        email: email.to_owned(),
        error,
    };
    render(app, &page)
}

/// Says that nothing is kept any more.
pub fn erased(app: &App) -> Result<String, SubscribeError> {
    render(
        app,
        &page::Erased {
            frame: frame(&app.settings()),
        },
    )
}

/// Says that a letter to the new address is under way.
pub fn address_asked(app: &App, email: &str) -> Result<String, SubscribeError> {
    let page = page::AddressAsked {
        frame: frame(&app.settings()),
        email: email.to_owned(),
    };
    render(app, &page)
}

/// Asks for the press of a button that puts a new address in the place of the old one; `error` says why it could not be.
pub fn new_address(app: &App, token: &str, email: &str, error: Option<String>) -> Result<String, SubscribeError> {
    let frame = frame(&app.settings());
    let page = page::NewAddress {
        action: path(&frame, &format!("preferences/{token}/address")),
        frame,
        email: email.to_owned(),
        error,
    };
    render(app, &page)
}

/// Says where letters go from now on.
pub fn address_changed(app: &App, email: &str) -> Result<String, SubscribeError> {
    let page = page::AddressChanged {
        frame: frame(&app.settings()),
        email: email.to_owned(),
    };
    render(app, &page)
}

/// Says that the choices are kept.
pub fn saved(app: &App, token: &str) -> Result<String, SubscribeError> {
    let frame = frame(&app.settings());
    let page = page::Saved {
        preferences_url: path(&frame, &format!("preferences/{token}")),
        frame,
    };
    render(app, &page)
}

/// Says that older links open nothing any more; `preferences` is the path of the new page.
pub fn renewed(app: &App, preferences: &str) -> Result<String, SubscribeError> {
    let frame = frame(&app.settings());
    let page = page::Renewed {
        preferences_url: path(&frame, preferences),
        frame,
    };
    render(app, &page)
}

/// The one answer to unknown, forged and expired links.
pub fn bad_link(app: &App) -> Result<String, SubscribeError> {
    render(
        app,
        &page::BadLink {
            frame: frame(&app.settings()),
        },
    )
}

fn frame(settings: &Settings) -> Frame {
    Frame::new(settings, &settings.site.language)
}

fn path(frame: &Frame, below: &str) -> String {
    format!("{}/{below}", frame.base)
}

fn render<P: Page>(app: &App, page: &P) -> Result<String, SubscribeError> {
    Ok(app.templates.page(page)?)
}
