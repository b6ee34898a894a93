//! From the relay's name to a socket, and from a socket to TLS.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::net::{TcpStream, lookup_host};
use tokio_rustls::TlsConnector;

use super::wire::{cause_of, within};
use crate::config::{Smtp, Tls};
use crate::mail::stream::Stream;
use crate::model::verdict::{Cause, Phase, Verdict};

/// The relay's addresses as they are now: the name is looked up for every connection, so that a relay may move.
///
/// Without TLS only loopback addresses count.
pub(super) async fn addresses(relay: &Smtp, deadline: Duration) -> Result<Vec<SocketAddr>, Verdict> {
    let found = within(deadline, async {
        let found = lookup_host((relay.host.as_str(), relay.port)).await;
        found.map_err(|error| Cause::Io(format!("look up the relay: {error}")))
    });
    let mut found: Vec<_> = found.await.map_err(failed)?.collect();
    if relay.tls == Tls::None {
        found.retain(|address| address.ip().is_loopback());
        if found.is_empty() {
            return Err(failed(Cause::ClearBeyondLoopback));
        }
    }
    Ok(found)
}

/// Connects to the first address that answers. They share the deadline, so that a dead one leaves time for the next.
pub(super) async fn dial(addresses: &[SocketAddr], deadline: Duration) -> Result<TcpStream, Verdict> {
    let share = deadline / u32::try_from(addresses.len().max(1)).unwrap_or(u32::MAX);
    let mut last = Cause::Io("the relay's name has no address".to_owned());
    for address in addresses {
        let connecting = within(share, async {
            TcpStream::connect(address).await.map_err(|error| cause_of(&error))
        });
        match connecting.await {
            Ok(socket) => {
                // Without it each dot waits for the acknowledgement of the content: 40 ms per letter.
                socket.set_nodelay(true).map_err(|error| failed(cause_of(&error)))?;
                return Ok(socket);
            }
            Err(cause) => last = cause,
        }
    }
    Err(failed(last))
}

fn failed(cause: Cause) -> Verdict {
    Verdict::cause(Phase::Connect, cause)
}

/// Puts TLS over a socket; the certificate must fit the relay's name.
pub(super) async fn secure(
    socket: TcpStream,
    host: &str,
    config: Arc<ClientConfig>,
    deadline: Duration,
) -> Result<Stream, Verdict> {
    let secured = within(deadline, async {
        let name = ServerName::try_from(host.to_owned())
            .map_err(|_| Cause::Tls("the relay's host is no name that a certificate could have".to_owned()))?;
        TlsConnector::from(config)
            .connect(name, socket)
            .await
            .map_err(|error| tls_cause(&error))
    });
    match secured.await {
        Ok(stream) => Ok(Stream::Tls(Box::new(stream))),
        Err(cause) => Err(Verdict::cause(Phase::Tls, cause)),
    }
}

fn tls_cause(error: &io::Error) -> Cause {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        Some(refused) => Cause::Tls(refused.to_string()),
        None => cause_of(error),
    }
}
