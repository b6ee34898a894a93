//! Logs. They hold ids and counts, never addresses or tokens.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

/// The variables that choose what is logged, such as `info` or `letterpress::deliver=debug`; the first one counts.
const LEVELS: [&str; 2] = ["LETTERPRESS_LOG", "RUST_LOG"];
/// Set to `json`, each line is a JSON object.
const FORMAT: &str = "LETTERPRESS_LOG_FORMAT";

/// Starts logging to standard error: a service says what it does, a command only what is wrong.
pub fn start(is_service: bool) {
    let default = if is_service { "letterpress=info,warn" } else { "warn" };
    let chosen = LEVELS
        .iter()
        .find_map(|name| std::env::var(name).ok().filter(|level| !level.is_empty()));
    let filter = EnvFilter::try_new(chosen.as_deref().unwrap_or(default)).unwrap_or_else(|error| {
        eprintln!("warning: {} is ignored: {error}", LEVELS[0]);
        EnvFilter::new(default)
    });
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        // A line that cannot be written, as on a full disk, is lost; a complaint about that would end the task that wrote it.
        .log_internal_errors(false)
        .with_writer(std::io::stderr);
    let is_json = std::env::var(FORMAT).is_ok_and(|format| format.eq_ignore_ascii_case("json"));
    let started = if is_json {
        lines.json().try_init()
    } else {
        lines
            .with_ansi(std::io::stderr().is_terminal())
            .with_target(false)
            .try_init()
    };
    // Started twice (tests do): the first one stays.
    drop(started);
}
