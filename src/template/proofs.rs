//! What the compiler promises, shown on every letter and every sample.

use std::path::Path;

use serde::Serialize;

use super::context::letters::{
    AlreadyLetter, ConfirmationLetter, IssueKind, IssueLetter, NoticeLetter, UnsubscribedLetter, WelcomeLetter,
};
use super::context::{Sample, Voice};
use super::letter::fitted;
use super::recipe::{for_one, rendered, with_values};
use super::{TemplateError, Templates};
use crate::model::letter::{Letter, SlotName, SlotValues, fill};
use crate::model::palette::{Chosen, Palette};
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

/// The letter of one recipient by the slow way: values in the context, rendered and inlined for this one person.
fn whole(
    templates: &Templates,
    folder: &str,
    context: &impl Serialize,
    feedback: bool,
    to: &SlotValues,
) -> [String; 3] {
    let context = serde_json::to_value(context).unwrap();
    let context = with_values(context, feedback, &mut |name| to.get(name).map(ToOwned::to_owned));
    rendered(&templates.registries, folder, &context).unwrap()
}

fn filled(letter: &Letter) -> [String; 3] {
    [&letter.subject, &letter.html, &letter.text].map(|part| fill(part, &values()).unwrap())
}

#[test]
fn a_subscriber_gets_from_slots_what_rendering_for_them_alone_would_give() {
    let templates = templates();
    for (name, letter) in IssueLetter::samples() {
        let kind = letter.kind.word();
        let slow = whole(&templates, kind, &fitted(&letter), letter.feedback, &values());
        assert_eq!(filled(&templates.letter(&letter).unwrap()), slow, "{name} {kind}");
    }
    for (name, letter) in ConfirmationLetter::samples() {
        let slow = whole(&templates, "confirmation", &letter, false, &values());
        assert_eq!(filled(&templates.confirmation(&letter).unwrap()), slow, "{name}");
    }
    for (name, letter) in WelcomeLetter::samples() {
        let slow = whole(&templates, "welcome", &letter, false, &values());
        assert_eq!(filled(&templates.welcome(&letter).unwrap()), slow, "{name}");
    }
    for (name, letter) in AlreadyLetter::samples() {
        let slow = whole(&templates, "already", &letter, false, &values());
        assert_eq!(filled(&templates.already(&letter).unwrap()), slow, "{name}");
    }
    for (name, letter) in UnsubscribedLetter::samples() {
        let slow = whole(&templates, "unsubscribed", &letter, false, &values());
        assert_eq!(filled(&templates.unsubscribed(&letter).unwrap()), slow, "{name}");
    }
    for (name, letter) in NoticeLetter::samples() {
        let slow = whole(&templates, letter.notice.kind.word(), &letter, false, &values());
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
    let slow = whole(&templates, "already", &letter, false, &values());
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
fn a_letter_that_differs_by_more_than_its_slots_is_rendered_for_each_person() {
    for text in [
        "{{#with subscriber}}{{truncate name 9}}{{/with}}",
        "{{#with subscriber}}{{truncate email 9}}{{/with}}",
        "{{#each links}}{{truncate this 30}}{{/each}}",
        "{{#if (eq subscriber.name \"\")}}Good morning{{else}}Dear {{truncate subscriber.name 9}}{{/if}}",
        "{{len subscriber.email}} characters",
    ] {
        let dir = folder(&[("email/already/body.txt.hbs", text)]);
        let templates = Templates::load(Some(dir.path())).unwrap();
        let (_, letter) = AlreadyLetter::samples().remove(0);
        let compiled = templates.already(&letter).unwrap();
        assert!(compiled.recipe.is_some(), "{text} was compiled");
        let stored: Letter = serde_json::from_str(&serde_json::to_string(&compiled).unwrap()).unwrap();
        let mut nameless = values();
        nameless.set(SlotName::Name, "");
        for person in [values(), nameless] {
            let own = for_one(&stored, &person).unwrap();
            let parts = [&own.subject, &own.html, &own.text].map(|part| fill(part, &SlotValues::new()).unwrap());
            assert_eq!(parts, whole(&templates, "already", &letter, false, &person), "{text}");
        }
    }
    let fine = folder(&[(
        "email/already/body.txt.hbs",
        "{{#with subscriber}}{{name}} {{email}}{{/with}}",
    )]);
    let (_, letter) = AlreadyLetter::samples().remove(0);
    let compiled = Templates::load(Some(fine.path())).unwrap().already(&letter).unwrap();
    assert_eq!(compiled.recipe, None);
}

#[test]
fn a_letter_under_way_keeps_the_templates_that_it_was_composed_with() {
    let text = "{{#if (eq subscriber.email \"x\")}}x{{else}}first edition{{/if}}{{> email/rule}}";
    let dir = folder(&[
        ("email/already/body.txt.hbs", text),
        ("partials/email/rule.hbs", "first rule"),
    ]);
    let (_, letter) = AlreadyLetter::samples().remove(0);
    let compiled = Templates::load(Some(dir.path())).unwrap().already(&letter).unwrap();
    for path in ["email/already/body.txt.hbs", "partials/email/rule.hbs"] {
        std::fs::write(dir.path().join(path), "second").unwrap();
    }
    let own = for_one(&compiled, &values()).unwrap();
    assert_eq!(
        fill(&own.text, &SlotValues::new()).unwrap(),
        "first editionfirst rule\n"
    );
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
        whole(&templates, "already", &letter, false, &values()),
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
    let chosen = Chosen {
        accent: Some("#123456".to_owned()),
        ..Chosen::default()
    };
    let theme = crate::config::Theme {
        light: Palette::light(&chosen),
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
