//! `[database]` and `[state]`: where things are kept.

use std::path::{Path, PathBuf};
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use url::{Host, Url};

use super::problem::Wrong;
use super::secret::{Files, secret, warn_if_written_in_the_open};
use super::section::Section;
use super::value::{path, some_time};

/// `[database]`
#[derive(Debug, Clone)]
pub struct DatabaseSettings {
    /// `sqlite://FILE` (absolute by now) or `postgres://…`; may hold a password.
    pub url: SecretString,
}

impl DatabaseSettings {
    /// The file of an SQLite database; `None` for a server.
    pub fn file(&self) -> Option<PathBuf> {
        let rest = self.url.expose_secret().strip_prefix("sqlite://")?;
        let file = rest.split('?').next().unwrap_or(rest);
        Some(PathBuf::from(file.replace("%3F", "?").replace("%25", "%")))
    }
}

/// `[state]`
#[derive(Debug, Clone)]
pub struct State {
    /// Lock, place file, keys; absolute. Default: beside the SQLite file; required with PostgreSQL.
    pub dir: PathBuf,
    /// How long a process that sends is believed to live without a sign of life; default 60 s.
    pub lease: Duration,
}

/// Reads `[database]`.
pub(super) fn read_database(mut section: Section<'_>, files: &Files<'_>) -> DatabaseSettings {
    let given = secret(&mut section, "url", "url_file", files);
    let given = given.map_or_else(
        || "sqlite://letterpress.db".to_owned(),
        |url| url.expose_secret().to_owned(),
    );
    let has_password = Url::parse(&given).is_ok_and(|url| url.password().is_some());
    if has_password {
        warn_if_written_in_the_open(&section, "url", files);
    }
    let url = checked_url(&given, files.base).unwrap_or_else(|wrong| {
        let key = if section.was_given("url_file") {
            "url_file"
        } else {
            "url"
        };
        section.refuse(key, wrong);
        given
    });
    section.close();
    DatabaseSettings { url: url.into() }
}

/// The address with an absolute path. Messages never quote it: it may hold a password.
pub(super) fn checked_url(text: &str, base: &Path) -> Result<String, Wrong> {
    if let Some(rest) = text.strip_prefix("sqlite:") {
        return absolute_sqlite(rest.strip_prefix("//").unwrap_or(rest), base);
    }
    let remedy = "write `sqlite://FILE` or `postgres://NAME@HOST/DATABASE`";
    let mut url = Url::parse(text).map_err(|_| Wrong::new("is not the address of a database", remedy))?;
    if !matches!(url.scheme(), "postgres" | "postgresql") {
        return Err(Wrong::new(
            format!("`{}` is not a known kind of database", url.scheme()),
            remedy,
        ));
    }
    if is_remote(&url) {
        let mode = url.query_pairs().find(|(key, _)| key == "sslmode" || key == "ssl-mode");
        match mode.map(|(_, mode)| mode.into_owned()).as_deref() {
            None => {
                url.query_pairs_mut().append_pair("sslmode", "verify-full");
            }
            Some("verify-full" | "verify-ca") => {}
            Some(mode) => {
                let message = format!("`sslmode={mode}` lets a stranger stand in for a database on another machine");
                return Err(Wrong::new(
                    message,
                    "write `sslmode=verify-full`, with `sslrootcert=FILE` for an authority of your own",
                ));
            }
        }
    }
    Ok(url.into())
}

fn absolute_sqlite(rest: &str, base: &Path) -> Result<String, Wrong> {
    let (file, query) = rest.split_at(rest.find('?').unwrap_or(rest.len()));
    if file.is_empty() || file == ":memory:" {
        let remedy = "write `sqlite://FILE`: what is sent must be known after a restart";
        return Err(Wrong::new("names no file", remedy));
    }
    // The file is percent-decoded when it is opened; the folder was never encoded.
    let folder = base.display().to_string().replace('%', "%25").replace('?', "%3F");
    let file = Path::new(&folder).join(file);
    let file = std::path::absolute(&file).unwrap_or(file);
    Ok(format!("sqlite://{}{query}", file.display()))
}

/// Whether the way to a PostgreSQL leaves this machine.
fn is_remote(url: &Url) -> bool {
    let named = url.query_pairs().find(|(key, _)| key == "host" || key == "hostaddr");
    if let Some((_, host)) = named {
        return !(host.starts_with('/') || is_here(&host));
    }
    match url.host() {
        // A socket's path, percent-encoded, or nothing at all: the local socket.
        None => false,
        Some(Host::Domain(name)) => !(name.is_empty() || name.to_ascii_lowercase().starts_with("%2f") || is_here(name)),
        Some(Host::Ipv4(address)) => !address.is_loopback(),
        Some(Host::Ipv6(address)) => !address.is_loopback(),
    }
}

/// Whether a host is this very machine.
pub(super) fn is_here(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || bare
            .parse()
            .is_ok_and(|address: std::net::IpAddr| address.is_loopback())
}

/// Reads `[state]`; its default lies beside the SQLite file.
pub(super) fn read_state(mut section: Section<'_>, database: &DatabaseSettings, base: &Path) -> State {
    let url = database.url.expose_secret();
    let file = database.file();
    let folder = file
        .as_deref()
        .map_or(base, |file| file.parent().unwrap_or(Path::new("/")));
    let dir = if url.starts_with("postgres") {
        let remedy =
            "write a folder of this machine, such as `/var/lib/letterpress`: with PostgreSQL it has no default";
        section.require("dir", remedy, path(base))
    } else {
        section.get("dir", path(base))
    };
    let lease = section.get("lease", some_time).unwrap_or(Duration::from_secs(60));
    section.close();
    State {
        dir: dir.unwrap_or_else(|| folder.join("state")),
        lease,
    }
}
