//! The one integration binary.

mod architecture;
mod feeds;
mod feeds_http;
mod lettre_canaries;
mod smtp_faults;
mod smtp_speed;
mod sources;
mod support;
