//! Squarespace: WXR as WordPress writes it, with pictures that a script of the site loads.

use dom_query::Document;

use super::container::Shelf;
use super::wordpress::read_with;
use super::{ArchiveError, Piece};

pub(super) fn read(shelf: &mut Shelf, take: &mut dyn FnMut(Piece)) -> Result<(), ArchiveError> {
    read_with(shelf, take, &with_pictures)
}

/// HTML in which every picture has its address where browsers look for it, once.
fn with_pictures(html: &str) -> String {
    let has_some = html.contains("data-src") || html.contains("<noscript");
    if !has_some || crate::source::html::guard(html, super::LARGEST_TEXT).is_err() {
        return html.to_owned();
    }
    let document = Document::fragment(html);
    document.select("noscript").remove();
    for picture in &document.select("img[data-src]") {
        if let Some(url) = picture.attr("data-src").filter(|_| picture.attr("src").is_none()) {
            picture.set_attr("src", &url);
        }
    }
    super::medium::inner(&document)
}
