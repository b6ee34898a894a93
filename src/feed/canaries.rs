//! Each of these asserts a defect of a crate. When one fails after an upgrade, delete the work-around that it names.

use std::collections::BTreeMap;

use atom_syndication::extension::Extension;
use atom_syndication::{Entry, Feed};

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
