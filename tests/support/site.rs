//! A web server of a few pages, for what is fetched from foreign servers.

use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// A web server of a few pages: path to status line, further headers and body. One with an ETag answers 304.
pub(crate) async fn site(pages: Vec<(&'static str, &'static str, String)>) -> u16 {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("the loopback has a free port");
    let port = listener.local_addr().expect("a listener has an address").port();
    let pages = Arc::new(pages);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let pages = Arc::clone(&pages);
            tokio::spawn(async move {
                let mut asked = vec![0; 8192];
                let read = stream.read(&mut asked).await.unwrap_or(0);
                let asked = String::from_utf8_lossy(&asked[..read]).to_ascii_lowercase();
                let path = asked.split(' ').nth(1).unwrap_or("").to_owned();
                let page = pages.iter().find(|(known, ..)| *known == path);
                let (mut head, mut body) = page.map_or(("404 Not Found", ""), |(_, head, body)| (*head, body.as_str()));
                // A HEAD gets no body.
                if asked.starts_with("head ") {
                    body = "";
                }
                if asked.contains("if-none-match: \"one\"") && head.contains("\"one\"") {
                    (head, body) = ("304 Not Modified\r\nETag: \"one\"", "");
                }
                let length = body.len();
                let answer = format!("HTTP/1.1 {head}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}");
                let _ = stream.write_all(answer.as_bytes()).await;
            });
        }
    });
    port
}
