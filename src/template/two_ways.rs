//! Slots or rendering for one person: whatever the template and whoever the person, the letter is the same.

use std::cell::Cell;
use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::Templates;
use super::context::Voice;
use super::context::letters::{IssueKind, IssueLetter};
use super::files::Files;
use super::letter::fitted;
use super::recipe::{for_one, rendered, with_values};
use crate::model::letter::{SlotName, SlotValues, fill};
use crate::model::text::one_line;

/// What a recipient is called by, in a template.
fn value() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "{{subscriber.name}}",
        "{{subscriber.email}}",
        "{{subscriber.since}}",
        "{{links.unsubscribe}}",
        "{{url links.preferences}}",
        "{{#with subscriber}}{{name}}{{/with}}",
    ])
    .prop_map(str::to_owned)
}

/// Words that say the same to everybody.
fn words() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[a-zäß .,;=&<>'\"!]{0,12}".prop_map(|text| text.replace('<', "&lt;").replace('&', "&amp;")),
        1 => Just("{{articles.[0].title}}".to_owned()),
        1 => Just("{{#each articles}}{{title}}: {{minutes minutes}} {{/each}}".to_owned()),
        1 => Just("{{truncate site.title 5}}".to_owned()),
    ]
}

/// A template that looks at a recipient before it says something: seldom the kind that needs to know more than whether
/// there is a name.
fn decision() -> impl Strategy<Value = String> {
    (value(), words(), words(), 0..12).prop_map(|(value, one, other, kind)| match kind {
        0 => format!("{{{{truncate subscriber.email 4}}}}{one}"),
        1 => format!("{{{{#if (eq subscriber.name \"Zo\u{eb}\")}}}}{one}{{{{else}}}}{value}{{{{/if}}}}"),
        2..7 => format!("{{{{#unless subscriber.name}}}}{one}{{{{else}}}}{value}{other}{{{{/unless}}}}"),
        _ => format!("{{{{#if subscriber.name}}}}{value}{one}{{{{else}}}}{other}{{{{/if}}}}"),
    })
}

fn piece() -> impl Strategy<Value = String> {
    prop_oneof![3 => value(), 4 => words(), 2 => decision()]
}

fn pieces() -> impl Strategy<Value = String> {
    prop::collection::vec(piece(), 0..4).prop_map(|pieces| pieces.concat())
}

/// A body: values in text, in attributes, in cells and in the comments of Outlook.
fn body() -> impl Strategy<Value = String> {
    let element = (pieces(), pieces(), 0..5).prop_map(|(outer, inner, kind)| match kind {
        0 => format!(
            "<p title=\"{}\">{inner}</p>",
            outer.replace('"', "'").replace("'Zo\u{eb}'", "\"Zo\u{eb}\"")
        ),
        1 => format!("<!--[if mso]>{}<![endif]-->{inner}", outer.replace('>', "&gt;")),
        2 => format!("<table><tr><td>{outer}</td><td>{inner}</td></tr></table>"),
        3 => format!("<a href=\"{{{{links.unsubscribe}}}}\">{outer}</a>{inner}"),
        _ => format!("<div class=\"quiet\">{outer}{inner}</div>"),
    });
    prop::collection::vec(element, 1..5).prop_map(|elements| {
        format!(
            "<html><head><style>.quiet {{ color: #333 }}</style></head><body>{}</body></html>",
            elements.concat()
        )
    })
}

fn person() -> impl Strategy<Value = SlotValues> {
    let name = prop_oneof![
        Just(String::new()),
        Just("Zo\u{eb}".to_owned()),
        "[a-zA-Z\u{eb}\u{a0}&<>\"'`={} ]{0,20}".prop_map(|name| name.trim().to_owned()),
    ];
    let address = "[a-z&'=?/]{1,20}".prop_map(|path| format!("https://letters.example.org/{path}"));
    (name, "[a-z'+&]{1,8}@example\\.org", address.clone(), address).prop_map(|(name, email, leave, preferences)| {
        let mut values = SlotValues::new();
        values
            .set(SlotName::Name, name)
            .set(SlotName::Email, email)
            .set(SlotName::Since, "3\u{a0}May 2026")
            .set(SlotName::Unsubscribe, leave)
            .set(SlotName::Preferences, preferences);
        values
    })
}

fn templates(subject: &str, html: &str, text: &str) -> Templates {
    let file = |name: &str, text: &str| (format!("email/digest/{name}.hbs"), text.to_owned());
    let files: BTreeMap<String, String> = [
        file("subject.txt", subject),
        file("body.html", html),
        file("body.txt", text),
    ]
    .into();
    Templates::of(Files::of(files)).unwrap()
}

/// Who has no name leaves no blank at the end of a text, nor one at its beginning.
#[test]
fn an_empty_name_at_the_end_of_a_text_leaves_no_blank() {
    let letter = Voice::plain().issue(IssueKind::Digest);
    let body = "<html><head></head><body><p>Hello</p></body></html>";
    for text in ["Good morning, {{subscriber.name}}", "{{subscriber.name}} good morning,"] {
        let made = templates("Hello", body, text).letter(&letter).unwrap();
        let mut nobody = SlotValues::new();
        nobody.set(SlotName::Name, "");
        let own = for_one(&made, &nobody).unwrap();
        let told = fill(&own.text, &nobody).unwrap();
        assert_eq!(told.to_lowercase(), "good morning,\n");
    }
}

#[test]
fn whatever_the_template_slots_say_to_a_person_what_rendering_for_them_alone_would() {
    let letter = IssueLetter {
        max_html: usize::MAX,
        ..Voice::plain().issue(IssueKind::Digest)
    };
    let (compiled, slow) = (Cell::new(0), Cell::new(0));
    let cases = Config::with_cases(600);
    let strategy = (pieces(), body(), pieces(), person());
    TestRunner::new(cases)
        .run(&strategy, |(subject, html, text, person)| {
            let templates = templates(&subject, &html, &text);
            let made = templates.letter(&letter).unwrap();
            let kind = if made.recipe.is_some() { &slow } else { &compiled };
            kind.set(kind.get() + 1);
            let own = for_one(&made, &person).unwrap();
            let told = serde_json::to_value(fitted(&letter)).unwrap();
            let told = with_values(told, false, &mut |name| person.get(name).map(ToOwned::to_owned));
            let alone = rendered(&templates.registries, "digest", &told).unwrap();
            let [subject, html, text] = [&own.subject, &own.html, &own.text].map(|part| fill(part, &person).unwrap());
            prop_assert_eq!([one_line(&subject), html, text], alone);
            Ok(())
        })
        .unwrap();
    assert!(
        compiled.get() > 100 && slow.get() > 50,
        "{compiled:?} compiled, {slow:?} rendered"
    );
}
