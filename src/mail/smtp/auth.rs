//! Logging in: PLAIN with an initial response, or LOGIN (RFC 4954, RFC 4616); XOAUTH2 where a token stands in a file.

use std::path::Path;
use std::time::Duration;

use data_encoding::BASE64;
use secrecy::{ExposeSecret, SecretString};

use super::offers::Offers;
use super::session::accept;
use super::wire::Wire;
use crate::config::Smtp;
use crate::model::verdict::{Cause, Phase, Verdict};

/// Logs in if a name is configured; never over a connection in clear.
pub(super) async fn log_in(wire: &mut Wire, relay: &Smtp, offers: &Offers, deadline: Duration) -> Result<(), Verdict> {
    let Some(name) = &relay.username else { return Ok(()) };
    if !wire.stream().is_secret() {
        return Err(Verdict::cause(Phase::Auth, Cause::LoginInClear));
    }
    if let Some(file) = &relay.token_file {
        return with_token(wire, (name, file), offers, deadline).await;
    }
    let password = relay.password.as_ref().map_or("", SecretString::expose_secret);
    if offers.has_parameter("AUTH", "PLAIN") {
        let words = BASE64.encode(format!("\0{name}\0{password}").as_bytes());
        say(wire, &format!("AUTH PLAIN {words}"), 235, deadline).await
    } else if offers.has_parameter("AUTH", "LOGIN") {
        say(wire, "AUTH LOGIN", 334, deadline).await?;
        say(wire, &BASE64.encode(name.as_bytes()), 334, deadline).await?;
        say(wire, &BASE64.encode(password.as_bytes()), 235, deadline).await
    } else {
        Err(Verdict::cause(Phase::Auth, Cause::NoMechanism))
    }
}

/// XOAUTH2, as Google and Microsoft describe it. The token is read for each login: whoever renews it writes a new file.
async fn with_token(
    wire: &mut Wire,
    (name, file): (&str, &Path),
    offers: &Offers,
    deadline: Duration,
) -> Result<(), Verdict> {
    let refused = |cause| Verdict::cause(Phase::Auth, cause);
    if !offers.has_parameter("AUTH", "XOAUTH2") {
        return Err(refused(Cause::NoTokens));
    }
    let token = tokio::fs::read_to_string(file)
        .await
        .map_err(|error| refused(Cause::TokenFile(error.to_string())))?;
    let words = BASE64.encode(format!("user={name}\x01auth=Bearer {}\x01\x01", token.trim()).as_bytes());
    let answer = wire.ask(format!("AUTH XOAUTH2 {words}\r\n").as_bytes(), deadline).await;
    let answer = accept(answer, Phase::Auth, &[235, 334])?;
    if answer.has_code(334) {
        // The relay says in JSON what it does not like; an empty line brings the refusal itself.
        return say(wire, "", 235, deadline).await;
    }
    Ok(())
}

async fn say(wire: &mut Wire, line: &str, code: u16, deadline: Duration) -> Result<(), Verdict> {
    let answer = wire.ask(format!("{line}\r\n").as_bytes(), deadline).await;
    accept(answer, Phase::Auth, &[code]).map(drop)
}
