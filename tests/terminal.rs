//! What a person at a terminal sees while something slow runs: `script` (bsdutils) lends the program a terminal.

use std::process::{Command, Stdio};

use crate::support::service::{Service, Setup, program};
use crate::support::sink::Sink;

/// What `arguments` print on a terminal, in the service's folder, and whether the program was content.
fn try_on_a_terminal(service: &Service, arguments: &str) -> (String, bool) {
    let command = format!("'{}' --config letterpress.toml {arguments}", program().display());
    let output = Command::new("script")
        .args(["--quiet", "--return", "--command", &command, "/dev/null"])
        .current_dir(service.path())
        .env("TERM", "xterm")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    (said, output.status.success())
}

fn on_a_terminal(service: &Service, arguments: &str) -> String {
    let (said, is_content) = try_on_a_terminal(service, arguments);
    assert!(is_content, "{arguments}: {said}");
    said
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_at_a_terminal_sees_a_bar_and_a_script_sees_none() {
    let sink = Sink::start(std::time::Duration::from_millis(20)).await;
    let relay = sink.port();
    let work = tokio::task::spawn_blocking(move || {
        let service = Service::new(&Setup {
            relay,
            connections: 2,
            database: "sqlite://letterpress.db",
            people: 300,
            mail: "",
            state: "",
        });
        let import = on_a_terminal(
            &service,
            "subscribers import people.csv --consent 'signed a list' --yes",
        );
        assert!(import.contains("300/300 rows read"), "{import:?}");
        let scan = on_a_terminal(&service, "articles scan");
        assert!(scan.contains("3/3 articles read"), "{scan:?}");
        let send = on_a_terminal(&service, "send notes --schedule weekly --wait");
        assert!(send.contains("/300 letters") && send.contains("/s"), "{send:?}");
        let quiet = service.command(&["articles", "scan"]).output().unwrap();
        assert_eq!(String::from_utf8_lossy(&quiet.stderr), "");
    });
    work.await.unwrap();
    assert_eq!(sink.taken().len(), 300);
}

#[test]
fn a_person_at_a_terminal_is_asked_before_a_thousand_letters_leave_and_a_script_is_not() {
    let service = Service::with_people(&Setup::plain(25, 1_001));
    let (asked, went_on) = try_on_a_terminal(&service, "send notes --schedule weekly");
    assert!(asked.contains("Send to up to 1001 people of notes/weekly?"), "{asked}");
    assert!(!went_on, "nobody said yes: {asked}");
    assert_eq!(service.run(&["issues", "list", "--json"]).trim(), "[]");
    let said = on_a_terminal(&service, "send notes --schedule weekly --yes");
    assert!(said.contains("for 1001 people"), "{said}");
}
