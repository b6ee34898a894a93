//! The one integration binary.

mod architecture;
mod feeds;
mod feeds_http;
mod people;
mod sources;
mod support;
