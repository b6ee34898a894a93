//! Router, feeds, subscription pages, archive, health.

mod archive;
mod feeds;
mod health;
mod people;
