//! What the compiler promises, shown on every letter and every sample.

use std::path::Path;

use serde::Serialize;
use serde_json::Value;

use super::context::letters::{AlreadyLetter, ConfirmationLetter, IssueKind, IssueLetter, NoticeLetter, WelcomeLetter};
use super::context::{Sample, Voice};
use super::letter::{fitted, inlined, with_slots};
use super::split::Sentinels;
use super::{TemplateError, Templates};
use crate::model::letter::{Letter, SlotName, SlotValues, fill};
use crate::model::text::one_line;

fn templates() -> Templates {
    Templates::load(None).unwrap()
}

fn values() -> SlotValues {
    let mut values = SlotValues::new();
    let address = |path: &str| format!("https://letters.example.org/{path}?a=1&b='2'");
    values
        .set(SlotName::Name, "Zoë \"O'Neil\" & <Daughters> `=`\u{A0}🧨")
        .set(SlotName::Email, "o'neil&co=x@example.org")
        .set(SlotName::Since, "3\u{A0}May 2026")
        .set(SlotName::Expires, "6 May 2026, 08:00")
        .set(SlotName::Unsubscribe, address("unsubscribe/AbC"))
        .set(SlotName::Preferences, address("preferences/DeF"))
        .set(SlotName::Confirm, address("confirm/GhI"))
        .set(SlotName::Feedback, address("feedback/all"));
    for place in 0..20 {
        values.set(SlotName::ArticleFeedback(place), address(&format!("feedback/{place}")));
    }
    values
}

/// Puts a recipient's values where their sentinels are.
fn with_values(context: &mut Value, sentinels: &Sentinels, values: &SlotValues) {
    match context {
        Value::String(text) => *text = sentinels.filled(text, values),
        Value::Array(items) => items.iter_mut().for_each(|item| with_values(item, sentinels, values)),
        Value::Object(fields) => fields
            .values_mut()
            .for_each(|field| with_values(field, sentinels, values)),
        _ => {}
    }
}

/// The letter of one recipient by the slow way: values in the context, rendered and inlined for this one person.
fn whole(
    templates: &Templates,
    folder: &str,
    context: &impl Serialize,
    articles: usize,
    feedback: bool,
) -> [String; 3] {
    let mut sentinels = Sentinels::new("q7q7q7".to_owned());
    let context = serde_json::to_value(context).unwrap();
    let mut context = with_slots(context, articles, feedback, &mut sentinels);
    with_values(&mut context, &sentinels, &values());
    let file = |name: &str| format!("email/{folder}/{name}.hbs");
    let html = templates.registries.html(&file("body.html"), &context).unwrap();
    let subject = templates.registries.plain(&file("subject.txt"), &context).unwrap();
    let text = templates.registries.plain(&file("body.txt"), &context).unwrap();
    let html = inlined(&html, "x").unwrap();
    [one_line(&subject), html, format!("{}\n", text.trim())]
}

fn filled(letter: &Letter) -> [String; 3] {
    [&letter.subject, &letter.html, &letter.text].map(|part| fill(part, &values()).unwrap())
}

#[test]
fn a_subscriber_gets_from_slots_what_rendering_for_them_alone_would_give() {
    let templates = templates();
    for (name, letter) in IssueLetter::samples() {
        let kind = letter.kind.word();
        let slow = whole(
            &templates,
            kind,
            &fitted(&letter),
            letter.articles.len(),
            letter.feedback,
        );
        assert_eq!(filled(&templates.letter(&letter).unwrap()), slow, "{name} {kind}");
    }
    for (name, letter) in ConfirmationLetter::samples() {
        let slow = whole(&templates, "confirmation", &letter, 0, false);
        assert_eq!(filled(&templates.confirmation(&letter).unwrap()), slow, "{name}");
    }
    for (name, letter) in WelcomeLetter::samples() {
        let slow = whole(&templates, "welcome", &letter, 0, false);
        assert_eq!(filled(&templates.welcome(&letter).unwrap()), slow, "{name}");
    }
    for (name, letter) in AlreadyLetter::samples() {
        let slow = whole(&templates, "already", &letter, 0, false);
        assert_eq!(filled(&templates.already(&letter).unwrap()), slow, "{name}");
    }
    for (name, letter) in NoticeLetter::samples() {
        let slow = whole(&templates, letter.notice.kind.word(), &letter, 0, false);
        assert_eq!(filled(&templates.notice(&letter).unwrap()), slow, "{name}");
    }
}

#[test]
fn a_name_in_text_attribute_comment_and_subject_is_escaped_as_for_one_person() {
    let body = "<html><head><title>{{subscriber.name}}</title></head><body><!--[if mso]>{{subscriber.name}}<![endif]-->\
                <p title=\"{{subscriber.name}}\">{{subscriber.name}}</p><a href=\"{{links.unsubscribe}}#x\">go</a></body></html>";
    let dir = folder(&[
        ("email/already/body.html.hbs", body),
        ("email/already/subject.txt.hbs", "{{subscriber.name}},"),
        ("email/already/body.txt.hbs", "{{subscriber.name}} {{subscriber.email}}"),
    ]);
    let templates = Templates::load(Some(dir.path())).unwrap();
    let (_, letter) = AlreadyLetter::samples().remove(0);
    let slow = whole(&templates, "already", &letter, 0, false);
    let [subject, html, text] = filled(&templates.already(&letter).unwrap());
    assert_eq!([one_line(&subject), html, text], slow);
    assert!(subject.starts_with("Zoë \"O'Neil\" & <Daughters>"), "{subject}");
}

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let file = dir.path().join(path);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, text).unwrap();
    }
    dir
}

fn problems(path: &str, text: &str) -> Vec<TemplateError> {
    Templates::check(Some(folder(&[(path, text)]).path()))
}

#[test]
fn a_letter_that_would_differ_by_more_than_its_slots_is_refused() {
    for text in [
        "{{#with subscriber}}{{truncate name 9}}{{/with}}",
        "{{#with subscriber}}{{truncate email 9}}{{/with}}",
        "{{#each links}}{{truncate this 30}}{{/each}}",
    ] {
        let found = problems("email/already/body.txt.hbs", text);
        assert!(
            found.iter().any(|p| p.file == "email/already/body.txt.hbs"),
            "{text} was taken"
        );
    }
    let fine = problems(
        "email/already/body.txt.hbs",
        "{{#with subscriber}}{{name}} {{email}}{{/with}}",
    );
    assert_eq!(fine, []);
}

#[test]
fn who_has_no_name_is_greeted_in_other_words() {
    let greeting = "{{#if subscriber.name}}Dear {{subscriber.name}},{{else}}Good morning,{{/if}}";
    let html = format!("<html><body><p>{greeting}</p><a href=\"{{{{links.unsubscribe}}}}\">leave</a></body></html>");
    let dir = folder(&[
        ("email/already/subject.txt.hbs", greeting),
        ("email/already/body.html.hbs", &html),
        (
            "email/already/body.txt.hbs",
            &format!("{greeting} {{{{subscriber.email}}}}"),
        ),
    ]);
    let templates = Templates::load(Some(dir.path())).unwrap();
    let (_, letter) = AlreadyLetter::samples().remove(0);
    let compiled = templates.already(&letter).unwrap();
    let [subject, html, text] = filled(&compiled);
    assert!(subject.starts_with("Dear Zoë") && html.contains("Dear Zoë") && text.starts_with("Dear Zoë"));
    assert_eq!(
        whole(&templates, "already", &letter, 0, false),
        [one_line(&subject), html, text]
    );
    let mut nameless = values();
    nameless.set(SlotName::Name, "");
    let shape = compiled.shape(&nameless);
    let [subject, html, text] = [&shape.subject, &shape.html, &shape.text].map(|part| fill(part, &nameless).unwrap());
    assert_eq!(subject, "Good morning,");
    assert!(
        html.contains("<p>Good morning,</p>") && html.contains("unsubscribe/AbC"),
        "{html}"
    );
    assert!(text.starts_with("Good morning, o'neil"), "{text}");
    assert_eq!(compiled.shape(&values()), &compiled);
}

#[test]
fn a_template_that_grows_without_end_stops_and_is_named() {
    let huge = "x".repeat(60_000);
    let text = format!(
        "{{{{#each articles}}}}{{{{#each ../articles}}}}{{{{#each ../../articles}}}}{huge}{{{{/each}}}}{{{{/each}}}}{{{{/each}}}}"
    );
    let found = problems("email/digest/body.txt.hbs", &text);
    assert!(found.iter().any(|p| p.message.contains("5 MiB")), "{found:#?}");
}

#[test]
fn every_way_to_abort_the_process_ends_in_a_named_error() {
    let deep = format!("{}{}", "{{#if site}}".repeat(20_000), "{{/if}}".repeat(20_000));
    let chain = format!("{{{{#if x}}}}{}{{{{/if}}}}", "{{else if y}}".repeat(20_000));
    let nested = format!(
        "{{{{#if {}x{}}}}}a{{{{/if}}}}",
        "(not ".repeat(20_000),
        ")".repeat(20_000)
    );
    for text in [&deep, &chain, &nested] {
        let dir = folder(&[("email/digest/body.txt.hbs", text.as_str())]);
        let error = Templates::load(Some(dir.path())).unwrap_err();
        assert!(
            error.file == "email/digest/body.txt.hbs" && error.line == Some(1),
            "{error}"
        );
    }
    let circle = folder(&[
        ("partials/email/rule.hbs", "\n{{> email/byline}}"),
        ("partials/email/byline.hbs", "{{> email/rule}}"),
    ]);
    let error = Templates::load(Some(circle.path())).unwrap_err();
    assert!(
        error.file.starts_with("partials/email/") && error.line.is_some(),
        "{error}"
    );
}

#[test]
fn an_authors_file_changes_the_letter_and_the_hash() {
    let dir = folder(&[("email/instant/subject.txt.hbs", "New: {{articles.[0].title}}")]);
    let own = Templates::load(Some(dir.path())).unwrap();
    let (_, letter) = IssueLetter::samples().remove(0);
    let [subject, ..] = filled(&own.letter(&letter).unwrap());
    assert!(subject.starts_with("New: What a plane iron"), "{subject}");
    assert_ne!(own.hash(), templates().hash());
    assert_eq!(templates().hash(), templates().hash());
}

#[test]
fn a_letter_of_megabytes_still_goes_out() {
    for kind in [IssueKind::Instant, IssueKind::Digest] {
        let mut letter = Voice::plain().issue(kind);
        for article in &mut letter.articles {
            let words = "A paragraph of some words. ".repeat(30);
            article.html = format!("<p>{words}</p>").repeat(2_300);
            article.text = format!("{words}\n\n").repeat(1_200);
        }
        let [_, html, text] = filled(&templates().letter(&letter).unwrap());
        assert!(
            html.len() < letter.max_html && text.len() < letter.max_html,
            "{kind:?} {} {}",
            html.len(),
            text.len()
        );
        assert!(text.contains("Read the rest on the site") && html.contains("unsubscribe/AbC"));
    }
}

#[test]
fn a_page_takes_the_colours_of_the_author() {
    let theme = crate::config::Theme {
        accent: "#123456".to_owned(),
        font: "sans".to_owned(),
        ..crate::config::Theme::default()
    };
    let css = templates().css(&theme);
    assert!(css.contains("--accent: #123456") && css.contains("Segoe UI"), "{css}");
}

/// Snapshots show a change of a letter as a change of a file.
#[test]
fn an_instant_letter_and_a_digest_look_as_they_did() {
    for kind in [IssueKind::Instant, IssueKind::Digest] {
        let mut letter = Voice::plain().issue(kind);
        for article in &mut letter.articles {
            if !article.html.is_empty() {
                article.text =
                    "Every spring I sharpen the plane irons.\n\n- Look at the edge.\n- Stop while it cuts.".to_owned();
            }
        }
        let compiled = templates().letter(&letter).unwrap();
        let [subject, html, text] = filled(&compiled);
        insta::assert_snapshot!(format!("{}_html", kind.word()), html);
        insta::assert_snapshot!(format!("{}_text", kind.word()), format!("Subject: {subject}\n\n{text}"));
    }
}

#[test]
fn init_writes_templates_that_are_the_built_in_ones() {
    let files = Templates::defaults();
    let pairs: Vec<(&str, &str)> = files
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_str()))
        .collect();
    let dir = folder(&pairs);
    assert_eq!(Templates::load(Some(dir.path())).unwrap().hash(), templates().hash());
    assert!(
        Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("templates/pages/pages.css")
            .exists()
    );
    assert_eq!(Templates::check(Some(dir.path())), []);
}
