//! What the fetcher refuses, and what it makes of servers that mean no good.

use std::collections::VecDeque;
use std::io::Write;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::reach::Names;
use super::*;

/// A server that gives each connection in turn one of the answers, and the last one to all that follow.
async fn server(answers: Vec<Vec<u8>>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let mut turn = 0;
        while let Ok((mut stream, _)) = listener.accept().await {
            let answer = answers[turn.min(answers.len() - 1)].clone();
            turn += 1;
            tokio::spawn(async move {
                let mut asked = [0; 4096];
                let _ = stream.read(&mut asked).await;
                let _ = stream.write_all(&answer).await;
                if answer.is_empty() {
                    std::future::pending::<()>().await;
                }
            });
        }
    });
    address
}

fn answer(head: &str, body: &[u8]) -> Vec<u8> {
    let mut bytes = format!(
        "HTTP/1.1 {head}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    )
    .into_bytes();
    bytes.extend_from_slice(body);
    bytes
}

fn url(address: SocketAddr) -> Url {
    format!("http://{address}/feed").parse().unwrap()
}

fn near() -> Reach {
    Reach::public(["127.0.0.0/8".parse().unwrap()])
}

fn quick() -> Caps {
    Caps {
        bytes: 2 << 20,
        whole: Duration::from_millis(1500),
        ..Caps::default()
    }
}

async fn get(url: Url) -> Result<Fetched, FetchError> {
    Fetcher::new(near(), quick()).unwrap().fetch(Ask::get(url)).await
}

#[tokio::test]
async fn an_answer_is_unpacked_and_its_way_is_told() {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    packed.write_all(b"hello").unwrap();
    let far = server(vec![answer(
        "200 OK\r\nContent-Encoding: gzip",
        &packed.finish().unwrap(),
    )])
    .await;
    let moved = format!("301 Moved Permanently\r\nLocation: http://{far}/new");
    let fetched = get(url(server(vec![answer(&moved, b"")]).await)).await.unwrap();
    assert_eq!((fetched.status, fetched.body.as_slice()), (200, b"hello".as_slice()));
    assert_eq!(fetched.url.path(), "/new");
    assert_eq!(fetched.hops, vec![(301, fetched.url.clone())]);
    assert!(fetched.wire > fetched.body.len());
}

#[tokio::test]
async fn nothing_is_asked_inside_our_own_network() {
    let public = Fetcher::new(Reach::public([]), quick()).unwrap();
    for address in [
        "http://127.0.0.1/",
        "http://[::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://2130706433/",
        "http://0x7f.1/",
        "http://localhost/",
        "http://169.254.169.254/latest/meta-data/",
        "http://example.org:22/",
        "ftp://example.org/",
        "file:///etc/passwd",
        "http://name:word@example.org/",
    ] {
        let refused = public.fetch(Ask::get(address.parse().unwrap())).await;
        let words = refused.unwrap_err().to_string();
        assert!(!words.contains("word@"), "{words}");
    }
    // A redirect is looked at like a first address.
    let there = server(vec![answer("302 Found\r\nLocation: http://10.0.0.1/admin", b"")]).await;
    let refused = get(url(there)).await.unwrap_err().to_string();
    assert!(refused.contains("own network"), "{refused}");
}

#[tokio::test]
async fn other_ports_than_those_of_the_web_are_asked_in_opened_networks_alone() {
    let there = server(vec![answer("200 OK", b"read")]).await;
    let by_name: Url = format!("http://localhost:{}/", there.port()).parse().unwrap();
    assert_eq!(get(by_name.clone()).await.unwrap().body, b"read");
    let elsewhere = Fetcher::new(Reach::public(["10.0.0.0/8".parse().unwrap()]), quick()).unwrap();
    let refused = elsewhere.fetch(Ask::get(by_name)).await.unwrap_err().to_string();
    assert!(refused.contains("80 and 443"), "{refused}");
}

#[tokio::test]
async fn a_server_that_means_no_good_costs_little() {
    let bomb = |bytes: usize| {
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        packed.write_all(&vec![0; bytes]).unwrap();
        answer("200 OK\r\nContent-Encoding: gzip", &packed.finish().unwrap())
    };
    let long = answer("200 OK", &vec![b'x'; 3 << 20]);
    let broken = answer("200 OK\r\nContent-Encoding: br", b"no brotli at all");
    let strange = answer("200 OK\r\nContent-Encoding: compress", b"x");
    let circle = answer("302 Found\r\nLocation: /feed", b"");
    let nowhere = answer("302 Found\r\nLocation: http://", b"");
    for (bytes, words) in [
        (bomb(64 << 20), "too long when it is unpacked"),
        (bomb(1900 << 10), "more than a hundred times"),
        (long, "too long"),
        (broken, "cannot be unpacked"),
        (strange, "not asked for"),
        (circle, "more than 5 redirects"),
        (nowhere, "no address"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nab".to_vec(), ""),
        (b"SSH-2.0\r\n".to_vec(), ""),
        // Never says anything.
        (Vec::new(), "no whole answer"),
    ] {
        let failed = get(url(server(vec![bytes]).await)).await.unwrap_err().to_string();
        assert!(failed.contains(words), "{words}: {failed}");
    }
}

#[tokio::test]
async fn a_post_that_is_sent_on_is_not_repeated() {
    let far = server(vec![answer("200 OK", b"read")]).await;
    let there = server(vec![answer(
        &format!("307 Temporary Redirect\r\nLocation: http://{far}/"),
        b"",
    )])
    .await;
    let fetcher = Fetcher::new(near(), quick()).unwrap();
    let ask = Ask::post(url(there), "text/plain", b"body".to_vec());
    assert_eq!(fetcher.fetch(ask).await.unwrap().body, b"read");
}

/// A server that never ends: after `head` it sends a byte every few milliseconds, so that no pause is ever long.
async fn dripping(head: &'static str) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut asked = [0; 4096];
                let _ = stream.read(&mut asked).await;
                let mut next = stream.write_all(head.as_bytes()).await;
                while next.is_ok() {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                    next = stream.write_all(b"x").await;
                }
            });
        }
    });
    address
}

#[tokio::test]
async fn a_server_that_sends_a_byte_now_and_then_is_not_waited_for() {
    let caps = Caps {
        whole: Duration::from_millis(300),
        ..Caps::default()
    };
    let fetcher = Fetcher::new(near(), caps).unwrap();
    for head in [
        "HTTP/1.1 200 OK\r\nContent-Length: 9000000\r\n\r\n",
        "HTTP/1.1 200 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX-Slow: ",
    ] {
        let ask = Ask::get(url(dripping(head).await));
        let failed = fetcher.fetch(ask).await.unwrap_err().to_string();
        assert!(failed.contains("no whole answer"), "{head}: {failed}");
    }
    assert_eq!(
        Caps::default().whole,
        Duration::from_secs(30),
        "what sources have in all"
    );
}

/// Each name is looked up once for each connection, and what was looked at is what is connected to. 127.0.0.1 stands here for
/// the Internet, and 127.0.0.2 for our own network.
#[tokio::test]
async fn a_name_that_changes_its_mind_leads_nowhere_else() {
    let [outside, inside]: [IpAddr; 2] = ["127.0.0.1", "127.0.0.2"].map(|text| text.parse().unwrap());
    let again = answer("302 Found\r\nLocation: /again", b"");
    let outer = server(vec![again, answer("200 OK", b"outside")]).await;
    let inner = TcpListener::bind((inside, outer.port())).await.unwrap();
    let reach = Reach::public(["127.0.0.1/32".parse().unwrap()]);
    for (told, stays_outside) in [
        (vec![vec![outside], vec![inside]], false),
        (vec![vec![inside], vec![outside]], false),
        (vec![vec![outside, inside], vec![inside]], true),
    ] {
        let names = Names::Told(Arc::new(Mutex::new(VecDeque::from(told))));
        let fetcher = Fetcher::with_names(reach.clone(), quick(), &names).unwrap();
        let address: Url = format!("http://changing.example:{}/", outer.port()).parse().unwrap();
        match fetcher.fetch(Ask::get(address)).await {
            Ok(answer) => assert!(stays_outside && answer.body == b"outside"),
            Err(refused) => assert!(
                !stays_outside && refused.to_string().contains("80 and 443"),
                "{refused}"
            ),
        }
    }
    let nobody = tokio::time::timeout(Duration::ZERO, inner.accept()).await;
    assert!(nobody.is_err(), "nobody came inside");
}
