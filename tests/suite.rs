//! The one integration binary.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on fails, and the line says where"
)]

mod architecture;
mod archives;
mod author;
mod bounces;
mod choice;
mod cli;
mod config;
mod disk;
mod doctor;
mod exports;
mod feedback;
mod feeds;
mod feeds_as_read;
mod feeds_check;
mod feeds_hidden;
mod feeds_http;
mod feeds_import;
mod feeds_over_time;
mod feeds_stale;
mod feeds_wishes;
mod init_from;
mod kill_points;
mod kills;
mod ledger_model;
mod ledger_walk;
mod lettre_canaries;
mod moving;
mod mutations;
mod operating;
mod own_data;
mod own_feeds;
mod people;
mod quiet;
mod readers;
mod relays;
mod restoring;
mod same_bytes;
mod schedules;
mod sending;
mod server_faults;
mod simulation;
mod slow_clients;
mod smtp_dots;
mod smtp_faults;
mod smtp_speed;
mod sources;
mod statements;
mod support;
mod terminal;
mod websub;
mod what_was_left_out;
