//! Clients that send nothing or read nothing, over raw connections: they are not kept, and nobody waits for them.

use std::time::Duration;

use letterpress::http::Limits;
use letterpress::syndicate;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::{Bench, Served};

/// So little patience that a test sees its end.
const SOON: Limits = Limits {
    connections: 8,
    head: Duration::from_millis(200),
    stall: Duration::from_millis(600),
};
/// Patience with one client at a time: whoever comes next waits for its end.
const ONE: Limits = Limits { connections: 1, ..SOON };
/// Long enough for every end.
const LATE: Duration = Duration::from_secs(20);
/// Begins HTTP/2, with no settings.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";

/// A service with a feed of 800 kB: more than the kernels of both ends keep for a reader.
async fn press() -> Bench {
    let press = Bench::in_the_morning(|settings| settings.feeds.max_bytes = 4 * 1024 * 1024).await;
    for number in 1..=10 {
        press
            .publish(number, |proof| {
                proof.content.body_html = format!("<p>The text of proof {number}.</p>").repeat(3_000);
            })
            .await;
    }
    syndicate::refresh(&press.app).await.expect("feeds can be rendered");
    press
}

/// A frame of HTTP/2 (RFC 9113 section 4.1).
fn frame(kind: u8, flags: u8, stream: u8, payload: &[u8]) -> Vec<u8> {
    let length = u8::try_from(payload.len()).unwrap();
    [&[0, 0, length, kind, flags, 0, 0, 0, stream], payload].concat()
}

/// A GET on stream 1 (RFC 7541: indexed names, plain values).
fn get(path: &str) -> Vec<u8> {
    let text = |name: u8, value: &str| [&[name, u8::try_from(value.len()).unwrap()], value.as_bytes()].concat();
    let fields = [vec![0x82, 0x86], text(0x04, path), text(0x01, "letters.example.org")].concat();
    frame(1, 0x05, 1, &fields)
}

/// The settings that give every answer a window of so many bytes.
fn window(bytes: u16) -> Vec<u8> {
    let [high, low] = bytes.to_be_bytes();
    frame(4, 0, 0, &[0, 4, 0, 0, high, low])
}

async fn says(served: &Served, bytes: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(served.address).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    stream
}

/// Reads what comes, until the service ends the connection.
async fn end_of(mut stream: TcpStream, what: &str) -> Vec<u8> {
    let mut read = Vec::new();
    let end = tokio::time::timeout(LATE, stream.read_to_end(&mut read)).await;
    // A connection that is cut off may end in a reset.
    assert!(end.is_ok(), "the connection is still open: {what}");
    read
}

#[tokio::test(flavor = "multi_thread")]
async fn who_never_finishes_a_request_is_not_kept() {
    let served = press().await.serve_within(SOON).await;
    let asked = [PREFACE, &get("/health/live")].concat();
    let half = get("/health/live");
    let half_asked = [PREFACE, &half[..half.len() - 4]].concat();
    let told: [(&str, &[u8]); 8] = [
        ("nothing", b""),
        ("one byte", b"G"),
        ("half a head", b"GET /rss.xml HTTP/1.1\r\nHost"),
        ("half of what begins HTTP/2", b"PRI * HT"),
        ("what begins HTTP/2, and no settings", &PREFACE[..24]),
        ("what begins HTTP/2", PREFACE),
        ("half a head of HTTP/2", &half_asked),
        ("one request of HTTP/2, and no other", &asked),
    ];
    let mut open = Vec::new();
    for (what, bytes) in told {
        open.push((what, says(&served, bytes).await));
    }
    for (what, stream) in open {
        let read = end_of(stream, what).await;
        // Type 1 is the head of an answer.
        let is_answered = read
            .windows(9)
            .any(|head| head[3] == 1 && head[8] == 1 && head[5..8] == [0, 0, 0]);
        assert_eq!(is_answered, what.starts_with("one request"), "{what}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn silent_clients_in_every_place_keep_nobody_waiting_for_long() {
    let served = press().await.serve_within(SOON).await;
    let mut silent = Vec::new();
    for _ in 0..SOON.connections {
        silent.push(says(&served, b"").await);
    }
    assert_eq!(served.get("/health/live", &[]).await.status, 200);
    drop(silent);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_never_reads_an_answer_does_not_keep_its_place() {
    let served = press().await.serve_within(ONE).await;
    let again = b"GET /rss.xml HTTP/1.1\r\nHost: letters.example.org\r\n\r\n".repeat(40);
    let no_window = [PREFACE, &window(0), &get("/rss.xml")].concat();
    let small_window = [PREFACE, &window(9), &get("/rss.xml")].concat();
    for (what, bytes) in [
        ("HTTP/1", again),
        ("no window", no_window),
        ("small window", small_window),
    ] {
        let stream = says(&served, &bytes).await;
        let next = tokio::time::timeout(LATE, served.get("/health/live", &[])).await;
        assert_eq!(next.expect(what).status, 200, "{what}");
        drop(stream);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_reads_slowly_gets_the_whole_feed() {
    let patient = Limits {
        stall: Duration::from_secs(2),
        ..SOON
    };
    let served = press().await.serve_within(patient).await;
    let whole = served.get("/rss.xml", &[]).await.body;
    assert!(whole.len() > 700_000, "{}", whole.len());
    let mut stream = says(&served, b"GET /rss.xml HTTP/1.1\r\nHost: letters.example.org\r\n\r\n").await;
    let mut got = Vec::new();
    let mut piece = vec![0; 16 * 1024];
    loop {
        let read = stream.read(&mut piece).await.unwrap();
        if read == 0 {
            break;
        }
        got.extend_from_slice(&piece[..read]);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(got.ends_with(&whole), "{} of {} bytes", got.len(), whole.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn who_opens_its_window_slowly_gets_the_whole_feed() {
    let patient = Limits {
        stall: Duration::from_secs(2),
        ..SOON
    };
    let served = press().await.serve_within(patient).await;
    let whole = served.get("/rss.xml", &[]).await.body;
    let mut stream = says(&served, &[PREFACE, &window(16_000), &get("/rss.xml")].concat()).await;
    let (mut got, mut ended) = (Vec::new(), false);
    while !ended {
        let mut head = [0; 9];
        stream.read_exact(&mut head).await.unwrap();
        let mut payload = vec![0; u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize];
        stream.read_exact(&mut payload).await.unwrap();
        if head[3] != 0 {
            continue;
        }
        ended = head[4] & 1 == 1;
        got.extend_from_slice(&payload);
        if ended || payload.is_empty() {
            continue;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
        let read = u32::try_from(payload.len()).unwrap().to_be_bytes();
        let more = [frame(8, 0, 0, &read), frame(8, 0, 1, &read)].concat();
        stream.write_all(&more).await.unwrap();
    }
    assert_eq!(got.len(), whole.len());
    assert!(got == whole, "the feed came in other bytes");
}
