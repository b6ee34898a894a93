//! Each of these asserts a defect of a crate. When one fails after an upgrade, delete the work-around that it names.

use std::collections::BTreeMap;
use std::process::{Command, Stdio};

use atom_syndication::extension::Extension;
use atom_syndication::{Content, Entry, Feed};

fn atom_with(attribute: &str) -> String {
    let extension = Extension {
        name: "x:y".to_owned(),
        value: None,
        attrs: BTreeMap::from([("a".to_owned(), attribute.to_owned())]),
        children: BTreeMap::new(),
    };
    let extensions = BTreeMap::from([("x".to_owned(), BTreeMap::from([("y".to_owned(), vec![extension])]))]);
    Feed {
        extensions,
        entries: vec![Entry::default()],
        ..Feed::default()
    }
    .to_string()
}

#[test]
fn characters_that_xml_forbids_are_written_raw() {
    let channel = ::rss::Channel {
        title: "a\u{1}b".to_owned(),
        ..::rss::Channel::default()
    };
    assert!(
        channel.to_string().contains('\u{1}'),
        "model::entry::Clean may let the crate do it"
    );
    assert!(atom_syndication::Text::plain("a\u{1}b").value.contains('\u{1}'));
}

#[test]
fn atom_writes_attributes_of_foreign_elements_unescaped() {
    assert!(
        atom_with("\"><id>").contains("a=\"\"><id>\""),
        "element::into_atom need not escape"
    );
}

#[test]
fn atom_writes_foreign_elements_behind_the_entries() {
    let text = atom_with("b");
    assert!(
        text.find("<x:y").unwrap() > text.find("<entry>").unwrap(),
        "atom::document may write the feed at once"
    );
}

#[test]
fn atom_declares_no_encoding_and_prints_offsets() {
    let text = Feed::default().to_string();
    assert!(
        !text.contains("encoding=") && text.contains("+00:00</updated>"),
        "atom::text may go"
    );
}

#[test]
fn rss_declares_no_prefix_of_generic_elements() {
    let extension = ::rss::extension::Extension {
        name: "media:thumbnail".to_owned(),
        ..Default::default()
    };
    let map = BTreeMap::from([(
        "media".to_owned(),
        BTreeMap::from([("thumbnail".to_owned(), vec![extension])]),
    )]);
    let channel = ::rss::Channel {
        extensions: map,
        ..::rss::Channel::default()
    };
    assert!(
        !channel.to_string().contains("xmlns:media"),
        "element::namespaces may go"
    );
}

#[test]
fn rss_leaves_poll_hints_out_when_their_prefix_is_not_declared() {
    let hint = ::rss::extension::syndication::SyndicationExtension::default();
    let channel = ::rss::Channel {
        syndication_ext: Some(hint),
        ..::rss::Channel::default()
    };
    assert!(
        !channel.to_string().contains("updatePeriod"),
        "rss::channel_elements may use the crate's own"
    );
}

#[test]
fn an_rss_guid_is_a_permalink_unless_told_otherwise() {
    assert!(::rss::Guid::default().permalink);
}

#[test]
fn chrono_prints_years_that_no_reader_can_parse() {
    let far = chrono::DateTime::<chrono::Utc>::MAX_UTC.to_rfc3339();
    assert!(far.starts_with('+'), "FeedDate may print with chrono");
}

#[test]
fn a_bare_carriage_return_stays_in_what_both_write() {
    let channel = ::rss::Channel {
        title: "a\rb".to_owned(),
        ..::rss::Channel::default()
    };
    let feed = Feed {
        title: "a\rb".into(),
        ..Feed::default()
    };
    assert!(
        channel.to_string().contains("a\rb") && feed.to_string().contains("a\rb"),
        "model::entry::Clean need not mind line ends"
    );
}

#[test]
fn rss_writes_what_is_empty_as_empty_elements_and_an_item_of_nothing() {
    let text = ::rss::Channel {
        items: vec![::rss::Item::default()],
        ..::rss::Channel::default()
    }
    .to_string();
    assert!(
        [
            "<title></title>",
            "<link></link>",
            "<description></description>",
            "<item></item>"
        ]
        .iter()
        .all(|empty| text.contains(empty)),
        "rss may take an entry that says nothing: {text}"
    );
}

#[test]
fn the_defaults_of_both_are_documents_that_readers_refuse() {
    let text = Feed {
        entries: vec![Entry::default()],
        ..Feed::default()
    }
    .to_string();
    let (ids, years) = (
        text.matches("<id></id>").count(),
        text.matches("<updated>1970-01-01").count(),
    );
    assert_eq!((ids, years), (2, 2), "atom need not fill every field: {text}");
    assert!(::rss::Guid::default().value.is_empty(), "rss need not fill every field");
}

#[test]
fn atom_writes_xhtml_as_it_is_and_without_the_div_that_belongs_around_it() {
    let content = Content {
        value: Some("</content><id>planted</id><b>".to_owned()),
        content_type: Some("xhtml".to_owned()),
        ..Content::default()
    };
    let entry = Entry {
        content: Some(content),
        ..Entry::default()
    };
    let text = Feed {
        entries: vec![entry],
        ..Feed::default()
    }
    .to_string();
    assert!(
        text.contains("</content><id>planted</id><b></content>") && !text.contains("<div"),
        "atom could write xhtml: {text}"
    );
}

#[test]
fn an_atom_entry_has_no_language_and_no_base_of_its_own() {
    let source = "<feed xmlns=\"http://www.w3.org/2005/Atom\"><entry xml:lang=\"fr\" xml:base=\"https://example.org/x/\"><title>t</title>\
                  <id>i</id><updated>2026-12-01T00:00:00Z</updated></entry></feed>";
    let text = Feed::read_from(source.as_bytes()).unwrap().to_string();
    assert!(
        text.contains("<entry>") && !text.contains("xml:lang") && !text.contains("xml:base"),
        "atom may set them once for an entry: {text}"
    );
}

/// Says which of the readers of the crates a child process is to be; it does not survive that.
const READER: &str = "LETTERPRESS_CANARY_READER";

/// About 2,700 elements in each other are enough for a stack of 2 MiB; a main thread has more.
fn nested() -> String {
    let depth = 20_000;
    format!("<x:y>{}{}</x:y>", "<x:y>".repeat(depth), "</x:y>".repeat(depth))
}

#[test]
fn both_readers_end_the_process_over_deep_nesting_so_that_neither_may_ever_read() {
    if let Ok(reader) = std::env::var(READER) {
        return read_as(&reader);
    }
    for reader in ["rss", "atom"] {
        let ended = itself(reader);
        assert_eq!(
            ended,
            Some(6),
            "{reader} reads deep nesting: feeds::check need not keep away from it"
        );
    }
    assert_eq!(itself("neither"), None, "the child itself is well");
}

/// Runs this very test in a child process; the signal that ended it, 6 being an abort.
fn itself(reader: &str) -> Option<i32> {
    let name = "feed::canaries::both_readers_end_the_process_over_deep_nesting_so_that_neither_may_ever_read";
    let status = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", name])
        .env(READER, reader)
        .env_remove("RUST_MIN_STACK")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .unwrap();
    let signal = std::os::unix::process::ExitStatusExt::signal(&status);
    assert!(signal.is_some() || status.success(), "{status}");
    signal
}

fn read_as(reader: &str) {
    let inside = nested();
    let rss = format!("<rss xmlns:x=\"urn:x\"><channel>{inside}</channel></rss>");
    let atom = format!("<feed xmlns=\"http://www.w3.org/2005/Atom\" xmlns:x=\"urn:x\">{inside}</feed>");
    match reader {
        "rss" => drop(::rss::Channel::read_from(rss.as_bytes())),
        "atom" => drop(Feed::read_from(atom.as_bytes())),
        _ => {}
    }
}
