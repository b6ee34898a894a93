//! Letterpress: a newsletter and feed service for an author's own site.
//!
//! It watches the author's article store, prints feeds (RSS, Atom, JSON Feed) for readers, and posts new
//! articles by email to subscribers, on the schedules that the author writes in one config file.
//!
//! # The two flows
//!
//! ```text
//! source ──▶ ingest ──▶ articles ──▶ syndicate ──▶ feed documents ──▶ http (readers)
//!                          │
//!                          └──▶ compose ──▶ issue + variants + deliveries ──▶ deliver ──▶ SMTP (subscribers)
//!                                  ▲                                             │
//!                           schedule × clock                     replies, reports ──▶ bounces ──▶ suppressions
//! ```
//!
//! # The house: nouns, shelves, verbs, doors
//!
//! | layer | modules | may import |
//! |---|---|---|
//! | 0 nouns | [`model`] | std and data crates |
//! | 1 | [`config`], [`telemetry`], [`faults`] | `model` |
//! | 2 shelves | [`source`], [`feed`], [`template`], [`mail`], [`store`] | layers 0 and 1; never each other |
//! | 3 | [`app`] | layers 0 to 2 |
//! | 4 verbs | [`ingest`], [`syndicate`], [`compose`], [`deliver`], [`subscribe`], [`bounces`], [`feedback`], [`retain`] | layers 0 to 3; never each other |
//! | 5 doors | [`worker`], [`http`] | layers 0, 1, 3, 4; never a shelf |
//! | 6 doors | [`cli`], `main` | everything |
//!
//! `tests/architecture.rs` holds these walls.
//!
//! # The words
//!
//! *article* a published piece · *source* where articles come from · *entry* an article as it appears in a feed ·
//! *newsletter* a named mailing · *schedule* when issues of a newsletter go out · *occurrence* one wall-clock time of a
//! schedule · *issue* one mailing made for one occurrence · *variant* the exact set of articles that some recipients of
//! an issue get · *subscription* a person's consent to one newsletter · *delivery* one issue to one subscriber ·
//! *attempt* one SMTP try · *outcome* accepted, deferred, failed, unknown, skipped · *chunk* the unit of work that a
//! node leases · *accepted* the relay took the message (never "delivered").

pub mod app;
pub mod bounces;
pub mod cli;
pub mod compose;
pub mod config;
pub mod deliver;
pub mod faults;
pub mod feed;
pub mod feedback;
pub mod http;
pub mod ingest;
pub mod mail;
pub mod model;
pub mod retain;
pub mod source;
pub mod store;
pub mod subscribe;
pub mod syndicate;
pub mod telemetry;
pub mod template;
pub mod worker;
