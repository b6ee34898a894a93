//! The site, the feeds and the page of leaving, opened as their visitors open them.

use url::Url;

use super::{seen, unasked};
use crate::app::App;
use crate::config::Settings;
use crate::mail::examine::{Examined, Standing};
use crate::model::feed_key::Format;
use crate::model::links;
use crate::model::token::code_of;
use crate::source::discovery::{Announced, announced};
use crate::source::fetch::{Ask, Caps, Fetched, Fetcher, Reach, header};

/// A feed reader that many sites see: what is done to it is done to others.
const READER: &str = "FreshRSS/1.27 (Linux; https://freshrss.org)";

/// Opens all of them; what cannot be reached from here is "not checked".
pub(super) async fn look(app: &App) -> Vec<Examined> {
    let settings = app.settings();
    let caps = Caps {
        redirects: 0,
        ..Caps::default()
    };
    let (direct, following) = match (
        Fetcher::new(Reach::Anywhere, caps),
        Fetcher::new(Reach::Anywhere, Caps::default()),
    ) {
        (Ok(direct), Ok(following)) => (direct, following),
        (Err(error), _) | (_, Err(error)) => return vec![unasked("The web", &error.to_string())],
    };
    let mut all = vec![one_click(app, &settings, &direct).await];
    all.push(announcement(&settings, &following).await);
    for format in Format::ALL {
        all.push(feed(&settings, format, &direct).await);
    }
    if let Some(address) = settings.own_hub() {
        all.push(hub(&address, &direct).await);
    }
    all
}

/// Asks to leave for somebody who is not there: what a mail program sends (RFC 8058 §3.2), without harm to anybody.
async fn one_click(app: &App, settings: &Settings, direct: &Fetcher) -> Examined {
    let what = "Leaving by one click";
    let newsletter = settings
        .newsletters
        .first()
        .map_or("", |newsletter| newsletter.id.as_str());
    let link = links::Leave {
        subscriber: 0,
        newsletter: code_of(newsletter),
    };
    let shown = settings.http.address("unsubscribe/TOKEN");
    let Ok(address) = settings.http.address(&link.to_path(&app.keys)).parse::<Url>() else {
        return unasked(what, &format!("{shown} is no address"));
    };
    let press = b"List-Unsubscribe=One-Click".to_vec();
    let asks = [
        ("GET", Ask::get(address.clone())),
        ("POST", Ask::post(address, "application/x-www-form-urlencoded", press)),
    ];
    for (method, ask) in asks {
        match direct.fetch(ask).await {
            Ok(answer) if answer.status == 200 => {}
            Ok(answer) => {
                let found = format!("{method} {shown} answers {}", answer.status);
                let remedy = "let what stands before Letterpress pass /unsubscribe/ on as it is, without redirect, sign-in or \
                              check for robots; an answer 404 from Letterpress itself means other keys: see state.dir";
                return seen(what, Standing::Wrong, &found, remedy);
            }
            Err(error) => return unreached(what, &without_token(&error.to_string(), &shown)),
        }
    }
    let found = format!("{shown} answers 200 to GET and POST");
    if settings.http.public_url.scheme() != "https" {
        let remedy = "write an https:// address into http.public_url: mail programs post to nothing else";
        return seen(what, Standing::Wrong, &found, remedy);
    }
    seen(what, Standing::Good, &found, "")
}

/// Tokens stay out of what may be pasted into a question for help.
fn without_token(text: &str, shown: &str) -> String {
    let start = shown.trim_end_matches("TOKEN");
    let Some(at) = text.find(start) else {
        return text.to_owned();
    };
    let rest = &text[at + start.len()..];
    let end = rest.find([':', ' ', '/']).unwrap_or(rest.len());
    format!("{}{shown}{}", &text[..at], &rest[end..])
}

/// Nobody answered at an address of our own.
fn unreached(what: &str, why: &str) -> Examined {
    let remedy = "start `letterpress serve`, or run this again where the address can be reached";
    seen(what, Standing::NotChecked, why, remedy)
}

/// Whether the author's site tells readers where its feeds are.
async fn announcement(settings: &Settings, following: &Fetcher) -> Examined {
    let what = "The site announces its feeds";
    let ask = Ask::get(settings.site.url.clone()).with(&header::USER_AGENT, READER);
    let page = match following.fetch(ask).await {
        Ok(page) if page.is_success() => page,
        Ok(page) => {
            let found = format!("{} answers {} to a feed reader", settings.site.url, page.status);
            let remedy = "let readers of feeds see the page, also those that run no script";
            return seen(what, Standing::Warning, &found, remedy);
        }
        Err(error) => {
            let remedy = "run this again where the site can be reached";
            return seen(what, Standing::NotChecked, &error.to_string(), remedy);
        }
    };
    let found = announced(&String::from_utf8_lossy(&page.body), &page.url);
    let base = settings.feeds.base_url.as_str();
    let is_ours = |one: &&Announced| one.url.as_ref().is_some_and(|url| url.as_str().starts_with(base));
    let ours: Vec<&Announced> = found.iter().filter(is_ours).collect();
    let lines = "copy the lines that `/feeds` shows into the head of the site's pages";
    if ours.is_empty() {
        let others: Vec<&str> = found.iter().map(|one| one.href.as_str()).collect();
        let found = match others.as_slice() {
            [] => format!("{} announces none", page.url),
            others => format!("{} announces {} and none below {base}", page.url, others.join(", ")),
        };
        return seen(what, Standing::Warning, &found, lines);
    }
    if let Some(relative) = ours.iter().find(|one| !one.is_absolute()) {
        let found = format!("`{}` is not a whole address", relative.href);
        return seen(what, Standing::Warning, &found, lines);
    }
    seen(what, Standing::Good, &format!("{} of them", ours.len()), "")
}

/// Whether a reader gets the feed at its address, and nothing in its place.
async fn feed(settings: &Settings, format: Format, direct: &Fetcher) -> Examined {
    let what = format!("The {} feed", format.name().trim_end_matches(" Feed"));
    let Ok(address) = settings.feeds.base_url.join(format.file_name()) else {
        return unasked(&what, "feeds.base_url is no address");
    };
    let ask = Ask::get(address.clone()).with(&header::USER_AGENT, READER);
    match direct.fetch(ask).await {
        Ok(answer) => said(&what, &address, format, &answer),
        Err(error) => unreached(&what, &error.to_string()),
    }
}

/// Whether subscribers reach the built-in hub that the feeds name: asked for nothing, it says what is missing.
async fn hub(address: &str, direct: &Fetcher) -> Examined {
    let what = "The built-in hub";
    let Ok(url) = address.parse::<Url>() else {
        return unasked(what, &format!("{address} is no address"));
    };
    let ask = Ask::post(url, "application/x-www-form-urlencoded", Vec::new());
    match direct.fetch(ask).await {
        Ok(answer) if answer.status == 400 && answer.body.starts_with(b"hub.mode") => {
            seen(what, Standing::Good, &format!("{address} answers"), "")
        }
        Ok(answer) => {
            let found = format!("{address} answers {} to a subscriber", answer.status);
            let remedy = "let what stands before Letterpress pass POST /websub on, or write `builtin = false` into [feeds.websub]";
            seen(what, Standing::Warning, &found, remedy)
        }
        Err(error) => unreached(what, &error.to_string()),
    }
}

fn said(what: &str, address: &Url, format: Format, answer: &Fetched) -> Examined {
    let kind = answer
        .header(&header::CONTENT_TYPE)
        .unwrap_or("nothing that says what it is")
        .to_owned();
    if (300..400).contains(&answer.status) {
        let found = format!("{address} answers {}: it redirects", answer.status);
        let remedy = "write the final address into feeds.base_url, or http.public_url: some readers follow no redirect";
        return seen(what, Standing::Wrong, &found, remedy);
    }
    if !answer.is_success() {
        let found = format!("{address} answers {} to a feed reader", answer.status);
        let remedy = "let what stands before Letterpress pass feeds on to readers, without sign-in or check for robots";
        return seen(what, Standing::Wrong, &found, remedy);
    }
    if !kind.starts_with(format.media_type()) {
        let found = format!("{address} answers with {kind} instead of {}", format.media_type());
        let remedy = "see what stands before Letterpress: it answers itself, or changes what passes through";
        return seen(what, Standing::Wrong, &found, remedy);
    }
    seen(
        what,
        Standing::Good,
        &format!("{address}, {} kB", answer.body.len().div_ceil(1000)),
        "",
    )
}
