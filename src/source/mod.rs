//! Where articles come from: files to drafts. Identity, state and storage are the business of `ingest`.
//!
//! A file goes through one stage per module: [`folder`] finds and reads it beneath its root, `decode` makes text of bytes,
//! `header` splits off the fields. Entries of a [`feed`], rows of a [`table`] and pages of a [`site`] become an [`item`] with
//! such fields. Then it is the same for all: `fields`, `dates`, `people`, `marks` and `address` say what they mean, `tags` resolves
//! template tags, `markdown`, `plain` and `page` make HTML of a body, and `html` makes that HTML safe and absolute.
//! [`archive`] reads the exports of other platforms, once, into files for such a folder, and [`generator`] finds that folder
//! in the folder of a site.

pub mod archive;
pub mod discovery;
pub mod feed;
pub mod fetch;
pub mod folder;
pub mod foreign;
pub mod generator;
pub mod item;
pub mod site;
pub mod table;

mod address;
mod basics;
mod beside;
mod body;
mod dates;
mod decode;
mod details;
mod draft;
mod enclosures;
mod entries;
mod episode;
mod fields;
mod finish;
mod header;
mod html;
mod locators;
mod markdown;
mod marks;
mod naming;
mod page;
mod people;
mod plain;
mod prose;
mod tags;
mod title;
