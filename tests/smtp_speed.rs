//! How fast letters leave over the wire alone: a figure to read, never an assertion about time.

#![expect(clippy::unwrap_used, reason = "a test ends at the first surprise")]

use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use letterpress::config::Smtp as Settings;
use letterpress::mail::smtp::Smtp;
use letterpress::model::verdict::Class;
use tokio::time::{Instant, sleep};

use crate::support::one_letter::{relay_at, to};

const LETTERS: usize = 20_000;
const BYTES: usize = 50_000;
const CONNECTIONS: usize = 8;

/// Postfix's `smtp-sink`, ended with the test.
struct Sink(Child);

impl Sink {
    fn start(port: u16) -> Self {
        let mut command = Command::new("/usr/sbin/smtp-sink");
        command.args(["-u", "postfix", &format!("127.0.0.1:{port}"), "128"]);
        Self(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap())
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn settings(port: u16) -> Settings {
    Settings {
        connections: CONNECTIONS,
        ..relay_at(port)
    }
}

async fn send_share(smtp: Smtp, message: Arc<Vec<u8>>, left: Arc<AtomicUsize>) {
    let envelope = to("rosa@example.org");
    let mut idle = None;
    while left
        .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1))
        .is_ok()
    {
        let open = match idle.take() {
            Some(open) => open,
            None => smtp.connect().await.unwrap(),
        };
        let (verdict, back) = open.deliver(&envelope, &message, &|| true).await;
        assert_eq!(verdict.class(), Class::Accepted);
        idle = back;
    }
    if let Some(idle) = idle {
        idle.quit().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement: needs smtp-sink of Postfix"]
async fn letters_per_second_into_a_sink() {
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let _sink = Sink::start(port);
    sleep(Duration::from_millis(500)).await;
    let line = format!("{}\r\n", "x".repeat(74));
    let message = Arc::new(format!("Subject: x\r\n\r\n{}", line.repeat(BYTES / line.len())).into_bytes());
    let smtp = Smtp::new(&settings(port));
    let left = Arc::new(AtomicUsize::new(LETTERS));
    let start = Instant::now();
    let workers: Vec<_> = (0..CONNECTIONS)
        .map(|_| tokio::spawn(send_share(smtp.clone(), Arc::clone(&message), Arc::clone(&left))))
        .collect();
    for worker in workers {
        worker.await.unwrap();
    }
    let seconds = start.elapsed().as_secs_f64();
    println!(
        "{LETTERS} letters of {BYTES} bytes over {CONNECTIONS} connections: {:.0}/s",
        f64::from(20_000) / seconds
    );
}
