//! From an open socket to a relay that takes letters: greeting, EHLO, STARTTLS, login.

use std::sync::Arc;

use lettre::transport::smtp::response::Response;
use rustls::ClientConfig;
use tokio::net::TcpStream;

use super::auth::log_in;
use super::deadlines::Deadlines;
use super::dial::secure;
use super::offers::Offers;
use super::reply::expect;
use super::wire::{News, Wire};
use crate::config::{Smtp, Tls};
use crate::mail::stream::Stream;
use crate::model::verdict::{Cause, Phase, Told, Verdict};

/// What opening a session needs to know.
pub(super) struct Opening<'a> {
    pub(super) relay: &'a Smtp,
    pub(super) deadlines: &'a Deadlines,
    /// Missing when the connection stays in clear.
    pub(super) tls: Option<Arc<ClientConfig>>,
}

impl Opening<'_> {
    /// Everything up to the first letter; gives what the relay offers in the end.
    pub(super) async fn open(&self, socket: TcpStream) -> Result<(Wire, Offers), Verdict> {
        let stream = match self.relay.tls {
            Tls::Implicit => self.secured(socket).await?,
            Tls::StartTls | Tls::None => Stream::Clear(socket),
        };
        let mut wire = Wire::new(stream);
        let greeting = wire.reply(self.deadlines.command).await;
        accept(greeting, Phase::Greeting, &[220])?;
        let mut offers = self.hello(&mut wire).await?;
        if self.relay.tls == Tls::StartTls {
            wire = self.start_tls(wire, &offers).await?;
            // What was said in clear may have been said by anybody (RFC 3207 §4.2).
            offers = self.hello(&mut wire).await?;
        }
        log_in(&mut wire, self.relay, &offers, self.deadlines.command).await?;
        Ok((wire, offers))
    }

    async fn hello(&self, wire: &mut Wire) -> Result<Offers, Verdict> {
        let ehlo = format!("EHLO {}\r\n", self.relay.helo);
        let answer = wire.ask(ehlo.as_bytes(), self.deadlines.command).await;
        match accept(answer, Phase::Ehlo, &[250]) {
            Ok(response) => Ok(Offers::read(&response)),
            Err(verdict) if !is_lasting_refusal(&verdict) => Err(verdict),
            Err(_) if is_on_this_machine(wire) => self.old_hello(wire).await,
            Err(_) => Err(Verdict::cause(Phase::Ehlo, Cause::NoEsmtp)),
        }
    }

    /// HELO offers nothing: fit for a catcher of test mail, not for a relay.
    async fn old_hello(&self, wire: &mut Wire) -> Result<Offers, Verdict> {
        let helo = format!("HELO {}\r\n", self.relay.helo);
        let answer = wire.ask(helo.as_bytes(), self.deadlines.command).await;
        accept(answer, Phase::Ehlo, &[250])?;
        Ok(Offers::default())
    }

    async fn start_tls(&self, mut wire: Wire, offers: &Offers) -> Result<Wire, Verdict> {
        let failed = |cause| Verdict::cause(Phase::StartTls, cause);
        if !offers.has("STARTTLS") {
            return Err(failed(Cause::NoStartTls));
        }
        let answer = wire.ask(b"STARTTLS\r\n", self.deadlines.command).await;
        accept(answer, Phase::StartTls, &[220])?;
        // A server speaks only after our TLS greeting: whatever is here already was put in by somebody else.
        match wire.news().await {
            News::Nothing => {}
            News::Bytes => return Err(failed(Cause::Injection)),
            News::Closed => return Err(failed(Cause::Closed)),
        }
        match wire.into_stream() {
            Stream::Clear(socket) => self.secured(socket).await.map(Wire::new),
            secret @ Stream::Tls(_) => Ok(Wire::new(secret)),
        }
    }

    async fn secured(&self, socket: TcpStream) -> Result<Stream, Verdict> {
        let config = self
            .tls
            .clone()
            .ok_or_else(|| Verdict::cause(Phase::Tls, Cause::Tls("no certificates are loaded".to_owned())))?;
        secure(socket, &self.relay.host, config, self.deadlines.connect).await
    }
}

/// A reply as its phase allows it, or the verdict.
pub(super) fn accept(answer: Result<Response, Cause>, phase: Phase, codes: &[u16]) -> Result<Response, Verdict> {
    let response = answer.map_err(|cause| Verdict::cause(phase, cause))?;
    expect(response, phase, codes)
}

fn is_lasting_refusal(verdict: &Verdict) -> bool {
    matches!(&verdict.told, Told::Reply(reply) if reply.code >= 500)
}

fn is_on_this_machine(wire: &Wire) -> bool {
    let peer = wire.stream().socket().peer_addr();
    peer.is_ok_and(|address| address.ip().is_loopback())
}
