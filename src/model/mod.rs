//! Nouns: plain types and pure rules. No I/O, no clock reads; constructors parse, fields that carry an invariant are private.

pub mod address;
pub mod article;
pub mod author_notice;
pub mod clock;
pub mod delivery;
pub mod entry;
pub mod feed_date;
pub mod feed_key;
pub mod feed_meta;
pub mod feed_url;
pub mod hold;
pub mod letter;
pub mod letterhead;
pub mod links;
pub mod network;
pub mod quiet;
pub mod rate;
pub mod schedule;
pub mod signing_key;
pub mod slug;
pub mod subscriber;
pub mod text;
pub mod tick;
pub mod token;
pub mod verdict;
pub mod watchdog;
