//! Bodies full of dots: a line of one dot ends a letter (RFC 5321 §4.5.2), so every one of ours must arrive as it was.

use letterpress::mail::smtp::Smtp;
use letterpress::model::verdict::Class;

use crate::support::faulty_smtp::Relay;
use crate::support::one_letter::{relay_at, to};
use crate::support::service::Dice;

/// Twenty thousand bodies, as `email.md` 9 A3 wants.
const LETTERS: usize = 20_000;
/// How many go over one connection.
const AT_ONCE: usize = 500;

/// A message whose lines are mostly dots, with lines of one dot at every place where a reader could stumble.
fn dotted(dice: &mut Dice) -> Vec<u8> {
    const LINES: [&str; 8] = ["", ".", "..", "...", ". ", ".x", "x.", ".\t."];
    let mut message = b"Subject: dots\r\n\r\n".to_vec();
    for _ in 0..dice.throw(24) {
        let line = LINES[usize::try_from(dice.throw(8)).unwrap()];
        message.extend_from_slice(line.as_bytes());
        message.extend_from_slice(b"\r\n");
    }
    if dice.throw(3) == 0 {
        // Longer than a write, so that a dot may stand where one ends and the next begins.
        for _ in 0..dice.throw(2_000) {
            message.extend_from_slice(b".\r\n");
        }
    }
    message
}

/// What a receiver reads: the first dot of a line is taken away. Written without a look at the sender.
fn read(content: &[u8]) -> Vec<u8> {
    let text = std::str::from_utf8(content).unwrap();
    let lines = text.split_inclusive("\r\n");
    lines
        .map(|line| line.strip_prefix('.').unwrap_or(line))
        .collect::<String>()
        .into_bytes()
}

#[tokio::test(flavor = "multi_thread")]
async fn readers_get_twenty_thousand_bodies_full_of_dots_as_they_were_written() {
    for pipelining in [true, false] {
        let offers: &[&'static str] = if pipelining {
            &["PIPELINING", "SIZE 1000000"]
        } else {
            &[]
        };
        let relay = Relay::start(offers).await;
        let smtp = Smtp::new(&letterpress::config::Smtp {
            messages_per_connection: u32::try_from(AT_ONCE).unwrap(),
            ..relay_at(relay.address.port())
        });
        let mut dice = Dice::new(7);
        let envelope = to("rosa@example.org");
        for _ in 0..LETTERS / AT_ONCE / 2 {
            let written: Vec<Vec<u8>> = (0..AT_ONCE).map(|_| dotted(&mut dice)).collect();
            let mut idle = smtp.connect().await.unwrap();
            for message in &written {
                let (verdict, back) = idle.deliver(&envelope, message, &|| true).await;
                assert_eq!(verdict.class(), Class::Accepted, "{}", verdict.detail());
                idle = match back {
                    Some(open) => open,
                    None => smtp.connect().await.unwrap(),
                };
            }
            idle.quit().await;
            let arrived = std::mem::take(&mut relay.seen().arrived);
            assert_eq!(arrived.len(), written.len());
            for (arrived, written) in arrived.iter().zip(&written) {
                assert!(
                    read(&arrived.content) == *written,
                    "{:?}",
                    String::from_utf8_lossy(written)
                );
            }
        }
        let unknown = relay.seen().lines.iter().filter(|line| line.starts_with('.')).count();
        assert_eq!(unknown, 0, "no part of a letter was taken for a command");
    }
}
