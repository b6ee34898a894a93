//! `[feeds.podcast]`: what directories of podcasts are told of feeds with recordings.

use config::Value;

use super::problem::Wrong;
use super::section::Section;
use super::value::{Read, email, filled, flag, text, web_address};
use crate::model::podcast::Category;

/// `[feeds.podcast]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Podcast {
    /// Where directories list it.
    pub category: Category,
    /// The owner's address, which directories write to; it stands in the feeds.
    pub email: String,
    /// Not for children; default false.
    pub explicit: bool,
    /// URL of a square picture of 1400 to 3000 pixels; default `feeds.icon`.
    pub image: Option<String>,
    /// Elements of the Podcast Index's namespace, too; default false.
    pub index: bool,
    /// Other hosts may not take the podcast over; default true.
    pub locked: bool,
    /// The UUID that the podcast had elsewhere; default one made of the feed's address, once.
    pub guid: Option<String>,
}

/// Reads `[feeds.podcast]`; `None` where nothing of it is given.
pub(super) fn read(mut section: Section<'_>) -> Option<Podcast> {
    if section.is_empty() {
        return None;
    }
    let category_remedy = "write one of Apple's categories, such as `category = \"Technology\"`";
    let email_remedy = "write the address that directories may write to; it will stand in the feeds";
    let category = section.require("category", category_remedy, category);
    let email = section.require("email", email_remedy, email);
    let read = (
        section.get("explicit", flag).unwrap_or(false),
        section.get("image", web_address).map(String::from),
        section.get("index", flag).unwrap_or(false),
        section.get("locked", flag).unwrap_or(true),
        section.get("guid", guid),
    );
    section.close();
    let (explicit, image, index, locked, guid) = read;
    Some(Podcast {
        category: category?,
        email: email?.as_str().to_owned(),
        explicit,
        image,
        index,
        locked,
        guid,
    })
}

fn category(value: &Value) -> Read<Category> {
    let written = filled(value)?;
    Category::parse(&written).ok_or_else(|| {
        let wanted = written.rsplit('>').next().unwrap_or_default().trim().to_lowercase();
        let near: Vec<String> = Category::all()
            .filter(|known| !wanted.is_empty() && known.to_lowercase().contains(&wanted))
            .map(|known| format!("\"{known}\""))
            .collect();
        let remedy = if near.is_empty() {
            "write one of Apple's, such as \"Technology\" or \"Arts > Books\"".to_owned()
        } else {
            format!("write {}", near.join(" or "))
        };
        Wrong::new(format!("\"{written}\" is no category of podcasts"), remedy)
    })
}

fn guid(value: &Value) -> Read<String> {
    let written = text(value)?.trim().to_lowercase();
    let shape = |(place, byte): (usize, u8)| match place {
        8 | 13 | 18 | 23 => byte == b'-',
        _ => byte.is_ascii_hexdigit(),
    };
    if written.len() == 36 && written.bytes().enumerate().all(shape) {
        return Ok(written);
    }
    Err(Wrong::new(
        format!("\"{written}\" is no UUID"),
        "write the `podcast:guid` of the feed that the podcast had before, or leave it out",
    ))
}
