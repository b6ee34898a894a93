//! The one integration binary.

mod architecture;
mod config;
mod feeds;
mod feeds_http;
mod kills;
mod lettre_canaries;
mod people;
mod sending;
mod smtp_faults;
mod smtp_speed;
mod sources;
mod statements;
mod support;
