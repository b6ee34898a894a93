//! The one integration binary.

mod architecture;
mod feeds;
mod feeds_http;
mod sources;
mod support;
