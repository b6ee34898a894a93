//! The relay of the fault tests, started by hand: a server that behaves, except where it is told not to.
//!
//! ```text
//! cargo run --example faulty_smtp -- WHEN=ACT …
//!
//!   WHEN   greeting ehlo helo mail rcpt data content dot after-dot rset
//!   ACT    say:LINE      answers with a line, such as  rcpt=say:"450 4.2.1 later"
//!          bye:LINE      answers with a line and closes
//!          close[:N]     closes; with content, after so many bytes of it
//!          reset[:N]     as close, by RST
//!          after:SECONDS answers well, but later
//!          silence       waits for ever
//! ```
//!
//! It listens on a free port of 127.0.0.1, prints it, and then every command and letter that comes.

#[path = "../tests/support/faulty_smtp.rs"]
#[expect(dead_code, reason = "the tests use the rest of it")]
mod faulty_smtp;

use std::time::Duration;

use faulty_smtp::{Act, Relay, When};

const OFFERS: &[&str] = &["PIPELINING", "8BITMIME", "SMTPUTF8", "DSN", "SIZE 10485760"];

fn when(word: &str) -> Option<When> {
    Some(match word {
        "greeting" => When::Greeting,
        "ehlo" => When::Ehlo,
        "helo" => When::Helo,
        "mail" => When::Mail,
        "rcpt" => When::Rcpt,
        "data" => When::Data,
        "content" => When::Content,
        "dot" => When::Dot,
        "after-dot" => When::AfterDot,
        "rset" => When::Rset,
        _ => return None,
    })
}

fn act(text: &str) -> Option<Act> {
    let (word, rest) = text.split_once(':').unwrap_or((text, "0"));
    Some(match word {
        "say" => Act::say(rest),
        "bye" => Act::bye(rest),
        "close" => Act::Close(rest.parse().ok()?),
        "reset" => Act::Reset(rest.parse().ok()?),
        "after" => Act::After(Duration::from_secs(rest.parse().ok()?)),
        "silence" => Act::Silence,
        _ => return None,
    })
}

/// Prints what came since the last look.
fn tell(relay: &Relay, (lines, letters): (usize, usize)) -> (usize, usize) {
    let seen = relay.seen();
    for line in &seen.lines[lines..] {
        println!("> {}", line.trim_end());
    }
    for letter in &seen.arrived[letters..] {
        let (from, to, bytes) = (&letter.from, &letter.to, letter.content.len());
        println!(
            "letter over connection {}: {from} -> {to}, {bytes} bytes",
            letter.connection
        );
    }
    (seen.lines.len(), seen.arrived.len())
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let relay = Relay::start(OFFERS).await;
    for rule in std::env::args().skip(1) {
        let understood = rule
            .split_once('=')
            .and_then(|(moment, deed)| Some((when(moment)?, act(deed)?)));
        let Some((moment, deed)) = understood else {
            anyhow::bail!("`{rule}` is no rule: write WHEN=ACT, such as dot=close or rcpt=say:\"450 4.2.1 later\"");
        };
        relay.always(moment, deed);
    }
    println!("listening on {}", relay.address);
    let mut told = (0, 0);
    loop {
        told = tell(&relay, told);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
