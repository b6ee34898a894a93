//! The mailbox of `[bounces.imap]`, against a server that plays its part by heart; Dovecot judges it in `tests/run`.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use letterpress::config::{Imap, Settings, Tls};
use letterpress::mail::examine::{self, Standing};
use letterpress::store::Engine;
use letterpress::worker;
use secrecy::SecretString;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

use crate::support::{Bench, at};

/// What a server has, and how far it goes.
#[derive(Debug, Default)]
struct Script {
    /// Mails that nobody saw, with their numbers.
    unseen: Vec<(u32, String)>,
    /// What it was told, without the tags.
    heard: Vec<String>,
    /// Hangs up when a mail is to be marked.
    drops_marks: bool,
    /// Knows another password.
    refuses: bool,
    /// Cannot give out this mail.
    broken: Option<u32>,
}

/// Starts a server; returns its port and what it knows.
async fn server(script: Script) -> (u16, Arc<Mutex<Script>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let script = Arc::new(Mutex::new(script));
    let shared = Arc::clone(&script);
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            // A client that goes away ends its own conversation only.
            let _ = talk(socket, &shared).await;
        }
    });
    (port, script)
}

async fn talk(socket: TcpStream, script: &Mutex<Script>) -> std::io::Result<()> {
    let mut wire = BufReader::new(socket);
    wire.write_all(b"* OK ready\r\n").await?;
    let mut line = String::new();
    while wire.read_line(&mut line).await? > 0 {
        let (tag, command) = line.trim_end().split_once(' ').unwrap_or(("*", ""));
        let answer = script.lock().unwrap().answer(command);
        let Some((said, end)) = answer else { return Ok(()) };
        wire.write_all(format!("{said}{tag} {end}\r\n").as_bytes()).await?;
        line.clear();
    }
    Ok(())
}

impl Script {
    /// Untagged lines and the end; `None` hangs up.
    fn answer(&mut self, command: &str) -> Option<(String, &'static str)> {
        self.heard.push(command.to_owned());
        let done = |said: String| Some((said, "OK done"));
        let number = || command.split(' ').nth(2)?.parse::<u32>().ok();
        let mail = |script: &Self| {
            let found = script.unseen.iter().find(|(uid, _)| Some(*uid) == number());
            found.cloned()
        };
        if command.starts_with("LOGIN") && self.refuses {
            return Some((String::new(), "NO [AUTHENTICATIONFAILED] wrong word for the mailbox"));
        }
        if command.starts_with("UID SEARCH") {
            let uids: Vec<String> = self.unseen.iter().map(|(uid, _)| uid.to_string()).collect();
            return done(format!("* SEARCH {}\r\n", uids.join(" ")));
        }
        if command.contains("FETCH") && number().is_some() && number() == self.broken {
            return Some((String::new(), "NO [SERVERBUG] this mail is damaged"));
        }
        if command.contains("RFC822.SIZE") {
            let (uid, text) = mail(self)?;
            // News of another mail stand in between.
            let size = text.len();
            return done(format!(
                "* 9 FETCH (FLAGS (\\Seen))\r\n* 1 FETCH (UID {uid} RFC822.SIZE {size})\r\n"
            ));
        }
        if command.contains("BODY.PEEK[]") {
            let (uid, text) = mail(self)?;
            let size = text.len();
            return done(format!("* 1 FETCH (UID {uid} BODY[] {{{size}}}\r\n{text})\r\n"));
        }
        if command.starts_with("UID STORE") {
            if self.drops_marks {
                return None;
            }
            self.unseen.retain(|(uid, _)| Some(*uid) != number());
        }
        done(String::new())
    }
}

fn mailbox(port: u16) -> impl FnOnce(&mut Settings) {
    move |settings| {
        settings.bounces.imap = Some(Imap {
            host: "127.0.0.1".to_owned(),
            port,
            tls: Tls::None,
            username: "bounces".to_owned(),
            password: SecretString::from("a \"quoted\" word"),
            folder: "Returned mail".to_owned(),
            every: Duration::from_mins(5),
            ca_file: None,
        });
    }
}

async fn bench(port: u16) -> Bench {
    Bench::on(Engine::Sqlite, at("2027-01-01T00:00:00Z"), mailbox(port)).await
}

fn small_talk() -> Vec<(u32, String)> {
    let talk = |words: &str| format!("Subject: {words}\r\n\r\nHow are you?\r\n");
    let large = format!("Subject: large\r\n\r\n{}", "x".repeat(1 << 21));
    vec![(7, talk("hello")), (9, large), (12, talk("again"))]
}

#[tokio::test]
async fn what_is_new_in_a_mailbox_is_read_once_and_marked() {
    let script = Script {
        unseen: small_talk(),
        ..Script::default()
    };
    let (port, script) = server(script).await;
    let bench = bench(port).await;
    let looked = worker::take_from_mailbox(&bench.app, true).await.unwrap();
    assert_eq!((looked.len(), script.lock().unwrap().unseen.len()), (3, 3));
    let taken = worker::take_from_mailbox(&bench.app, false).await.unwrap();
    let unreadable: Vec<usize> = taken.iter().map(|one| one.unreadable).collect();
    assert_eq!(unreadable, [0, 1, 0]);
    assert!(worker::take_from_mailbox(&bench.app, false).await.unwrap().is_empty());
    let heard = script.lock().unwrap().heard.clone();
    assert!(
        heard.contains(&"LOGIN \"bounces\" \"a \\\"quoted\\\" word\"".to_owned()),
        "{heard:?}"
    );
    assert!(heard.contains(&"SELECT \"Returned mail\"".to_owned()), "{heard:?}");
    assert!(
        !heard.iter().any(|line| line.contains("FETCH 9 (UID BODY")),
        "a large mail is not fetched"
    );
    let flagged: Vec<&String> = heard.iter().filter(|line| line.contains("\\Flagged")).collect();
    assert!(
        flagged.len() == 1 && flagged[0].starts_with("UID STORE 9 "),
        "{heard:?}"
    );
    bench.close().await;
}

#[tokio::test]
async fn a_mail_that_could_not_be_marked_is_read_again() {
    let script = Script {
        unseen: small_talk(),
        drops_marks: true,
        ..Script::default()
    };
    let (port, script) = server(script).await;
    let bench = bench(port).await;
    let error = worker::take_from_mailbox(&bench.app, false)
        .await
        .unwrap_err()
        .to_string();
    assert!(error.contains("mark a mail"), "{error}");
    script.lock().unwrap().drops_marks = false;
    let taken = worker::take_from_mailbox(&bench.app, false).await.unwrap();
    assert_eq!(taken.len(), 3);
    bench.close().await;
}

#[tokio::test]
async fn a_mail_that_the_server_cannot_give_out_does_not_hide_those_behind_it() {
    let script = Script {
        unseen: small_talk(),
        broken: Some(7),
        ..Script::default()
    };
    let (port, script) = server(script).await;
    let bench = bench(port).await;
    let taken = worker::take_from_mailbox(&bench.app, false).await.unwrap();
    assert_eq!(taken.len(), 2);
    let left: Vec<u32> = script.lock().unwrap().unseen.iter().map(|(uid, _)| *uid).collect();
    assert_eq!(left, [7]);
    bench.close().await;
}

#[tokio::test]
async fn an_author_reads_in_the_servers_own_words_why_the_mailbox_stays_closed() {
    let script = Script {
        refuses: true,
        ..Script::default()
    };
    let (port, _script) = server(script).await;
    let bench = bench(port).await;
    let error = worker::take_from_mailbox(&bench.app, false)
        .await
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("Returned mail at 127.0.0.1") && error.contains("wrong word for the mailbox"),
        "{error}"
    );
    assert!(!error.contains("quoted"), "no message shows a secret: {error}");
    bench.close().await;
}

#[tokio::test]
async fn doctor_opens_the_mailbox_and_says_what_keeps_it_shut() {
    for refuses in [false, true] {
        let script = Script {
            unseen: small_talk(),
            refuses,
            ..Script::default()
        };
        let (port, script) = server(script).await;
        let bench = bench(port).await;
        let found = examine::returned(&bench.app.settings()).await.unwrap();
        if refuses {
            assert_eq!(found.standing, Standing::Wrong);
            assert!(found.found.contains("wrong word for the mailbox"), "{found:?}");
        } else {
            assert_eq!(found.standing, Standing::Good);
            assert!(found.found.contains("3 mails wait"), "{found:?}");
        }
        assert_eq!(script.lock().unwrap().unseen.len(), 3);
        bench.close().await;
    }
}
