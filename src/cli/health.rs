//! `health`: asks a running service whether it is alive.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::output::line;
use super::{Code, Session};

const PATIENCE: Duration = Duration::from_secs(4);

/// Asks `/health/live` of `http.listen`.
pub(super) async fn run(session: &Session) -> anyhow::Result<Code> {
    let settings = session.settings()?;
    let mut address = settings.http.listen;
    if address.ip().is_unspecified() {
        address.set_ip(if address.is_ipv4() {
            std::net::Ipv4Addr::LOCALHOST.into()
        } else {
            std::net::Ipv6Addr::LOCALHOST.into()
        });
    }
    match tokio::time::timeout(PATIENCE, ask(address)).await {
        Ok(Ok(true)) => {
            line("alive")?;
            Ok(0)
        }
        Ok(Ok(false)) => anyhow::bail!("get a good answer from http://{address}/health/live; see the service's log"),
        Ok(Err(error)) => anyhow::bail!("reach the service at {address}: {error}; is `letterpress serve` running?"),
        Err(_) => anyhow::bail!("get an answer from {address} within {} s", PATIENCE.as_secs()),
    }
}

async fn ask(address: SocketAddr) -> std::io::Result<bool> {
    let mut stream = TcpStream::connect(address).await?;
    let request = format!("GET /health/live HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.take(64 * 1024).read_to_end(&mut answer).await?;
    Ok(answer.starts_with(b"HTTP/1.1 200"))
}
