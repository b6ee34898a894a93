//! The one integration binary.

mod architecture;
mod config;
mod feeds;
mod feeds_http;
mod kills;
mod sources;
mod statements;
mod support;
