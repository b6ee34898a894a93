//! Lists that other programs wrote: who may be mailed, who may not, and whether every row is accounted for.

use std::path::Path;

use letterpress::subscribe::{self, DateOrder, ImportOptions, ImportReport, PeopleFile, Said, SubscribeError};

use super::press::Press;
use super::status;
use crate::support::shared_data;

/// Active, unconfirmed, left, bounce, complaint, by hand, unknown, rejected, merged.
type Sums = [u64; 9];

fn sums(report: &ImportReport) -> Sums {
    let sums = [
        report.active,
        report.unconfirmed,
        report.left,
        report.bounce,
        report.complaint,
        report.by_hand,
        report.unknown,
        report.rejected.len() as u64,
        report.merged,
    ];
    assert_eq!(report.rows, sums.iter().sum::<u64>(), "every row is accounted for");
    sums
}

async fn read(press: &Press, files: &[(&str, &str)], options: &ImportOptions) -> ImportReport {
    let files = files.iter().map(|(name, text)| PeopleFile {
        name: Some((*name).to_owned()),
        content: Box::new(text.as_bytes()),
    });
    subscribe::import_files(&press.app, files.collect(), options, |_| {})
        .await
        .unwrap()
}

fn dry() -> ImportOptions {
    ImportOptions {
        dry_run: true,
        ..ImportOptions::default()
    }
}

fn with_format(format: &str) -> ImportOptions {
    ImportOptions {
        format: Some(format.to_owned()),
        ..dry()
    }
}

/// Reads files of the shared test data.
async fn corpus(press: &Press, folder: &Path, names: &[&str], options: &ImportOptions) -> ImportReport {
    let files = names.iter().map(|name| {
        let path = folder.join(name);
        PeopleFile {
            name: path.file_name().map(|name| name.to_string_lossy().into_owned()),
            content: Box::new(std::fs::File::open(path).unwrap()),
        }
    });
    subscribe::import_files(&press.app, files.collect(), options, |_| {})
        .await
        .unwrap()
}

#[tokio::test]
async fn the_lists_of_real_programs_give_the_numbers_that_were_counted_by_hand() {
    let Some(shared) = shared_data() else { return };
    let folder = shared.join("subscribers");
    let press = Press::sqlite().await;
    let active = ImportOptions {
        status: Some(Said::Active),
        ..dry()
    };
    let mailchimp = [
        "mailchimp/subscribed.csv",
        "mailchimp/unsubscribed.csv",
        "mailchimp/cleaned.csv",
    ];
    let substack = [
        "substack/fixtures_signup_emails.csv",
        "substack/fixtures_subscriber_emails.csv",
    ];
    let cases: [(&[&str], &ImportOptions, Sums); 13] = [
        (&["beehiiv/members.csv"], &dry(), [5, 1, 3, 0, 0, 0, 0, 0, 0]),
        (&["curated/subscribers.csv"], &dry(), [0, 0, 0, 0, 0, 0, 18, 2, 0]),
        (&["curated/subscribers.csv"], &active, [18, 0, 0, 0, 0, 0, 0, 2, 0]),
        (&mailchimp[..1], &dry(), [5, 0, 0, 0, 0, 0, 0, 0, 0]),
        (&mailchimp[1..2], &dry(), [0, 0, 5, 0, 0, 0, 0, 0, 0]),
        (&mailchimp[2..], &dry(), [0, 0, 0, 5, 0, 0, 0, 0, 0]),
        (&mailchimp, &dry(), [5, 0, 5, 5, 0, 0, 0, 0, 0]),
        (&["medium/members.txt"], &dry(), [0, 0, 0, 0, 0, 0, 5, 0, 0]),
        (&substack[..1], &dry(), [19, 0, 2, 0, 0, 0, 0, 0, 0]),
        (&substack[1..], &dry(), [15, 0, 2, 0, 0, 0, 0, 0, 0]),
        (&substack, &dry(), [19, 0, 2, 0, 0, 0, 0, 0, 17]),
        (&["substack/invalid.csv"], &dry(), [0, 0, 0, 0, 0, 0, 3, 0, 0]),
        (&["tinynews/subs-v2.csv"], &dry(), [1, 0, 1, 0, 0, 0, 0, 0, 0]),
    ];
    for (names, options, wanted) in cases {
        let report = corpus(&press, &folder, names, options).await;
        assert_eq!(sums(&report), wanted, "{names:?}");
    }
    let report = corpus(&press, &folder, &["curated/subscribers.csv"], &active).await;
    assert_eq!(report.smtputf8, 2, "two addresses need a relay with SMTPUTF8");
    let report = corpus(&press, &folder, &["tinynews/subs-v1.csv"], &active).await;
    assert_eq!(sums(&report), [0, 0, 0, 0, 0, 0, 3, 0, 0], "a number is never guessed");
    let words: Vec<&str> = report.unknown_words.iter().map(|word| word.word.as_str()).collect();
    assert_eq!(words, ["0", "1", "4"]);
}

/// Name, text, what `--format` would call it, and the sums.
const LISTS: [(&str, &str, &str, Sums); 19] = [
    (
        "email_list.notes.csv",
        "email,active_subscription,expiry,plan,email_disabled,created_at,first_payment_at\n\
         a@example.org,true,,monthly,false,2024-01-02T03:04:05.000Z,\nb@example.org,false,,other,true,2024-01-02T03:04:05.000Z,\n\
         x1@deletion-request.substack.com,false,,other,true,2024-01-02T03:04:05.000Z,\nc@example.org,false,,other,,,\n",
        "substack",
        [2, 0, 1, 0, 0, 0, 0, 1, 0],
    ),
    (
        "people.csv",
        "Email,Name,Type,Stripe plan,Start date,Paid upgrade date\na@example.org,Ana,Free,,2024-01-02,\n",
        "substack",
        [0, 0, 0, 0, 0, 0, 1, 0, 0],
    ),
    (
        "subscribers.csv",
        "id,email,notes,subscriber_type,source,creation_date,ip_address,subscription_date,unsubscription_date,tags,metadata\n\
         1,a@example.org,,regular,,2024-01-01,192.0.2.9,2024-01-02,,x;y,\"{'k': 1}\"\n2,b@example.org,,premium,,,,,,,\n\
         3,c@example.org,,churned,,,,,,,\n4,d@example.org,,unactivated,,,,,,,\n5,e@example.org,,removed,,,,,,,\n\
         6,f@example.org,,undeliverable,,,,,,,\n7,g@example.org,,complained,,,,,,,\n8,h@example.org,,blocked,,,,,,,\n\
         9,i@example.org,,upcoming,,,,,,,\n10,j@example.org,,paused,,,,,,,\n11,k@example.org,,regular,,,,,2024-05-01,,\n",
        "buttondown",
        [3, 1, 2, 1, 1, 1, 2, 0, 0],
    ),
    (
        "members.csv",
        "id,email,name,note,subscribed_to_emails,complimentary_plan,stripe_customer_id,created_at,deleted_at,labels,tiers\n\
         1,a@example.org,Ana,,true,false,,2024-01-01T00:00:00.000Z,,,\n2,b@example.org,,,false,false,,,,,\n\
         3,c@example.org,,,true,false,,,2024-02-01T00:00:00.000Z,,\n4,d@example.org,,,,false,,,,,\n",
        "ghost",
        [1, 0, 2, 0, 0, 0, 1, 0, 0],
    ),
    (
        "kit.csv",
        "first_name,email,created_at,status,tags\nAna,a@example.org,2024-01-01 10:00:00 UTC,active,x\n,b@example.org,,inactive,\n\
         ,c@example.org,,cancelled,\n,d@example.org,,bounced,\n,e@example.org,,complained,\n,f@example.org,,cold,\n",
        "kit",
        [1, 1, 1, 1, 1, 0, 1, 0, 0],
    ),
    (
        "kit.csv",
        "email_address,state\na@example.org,active\nb@example.org,unconfirmed\n",
        "kit",
        [1, 1, 0, 0, 0, 0, 0, 0, 0],
    ),
    (
        "customers.csv",
        "Email Address,City,State\na@example.org,Sacramento,CA\n",
        "csv",
        [0, 0, 0, 0, 0, 0, 1, 0, 0],
    ),
    (
        "beehiiv.csv",
        "email,First Name,Last Name,status,tier,created_at,unsubscribed_at\na@example.org,,,active,free,2024-01-01 10:00:00 UTC,\n\
         b@example.org,,,inactive,free,,\nc@example.org,,,validating,free,,\nd@example.org,,,active,free,,2024-03-13 11:33:53 UTC\n",
        "beehiiv",
        [1, 1, 2, 0, 0, 0, 0, 0, 0],
    ),
    (
        "listmonk.csv",
        "uuid,email,name,attributes,status,created_at,updated_at\nu1,a@example.org,Ana,{},enabled,2024-01-01 10:00:00 +0000 UTC,\n\
         u2,b@example.org,,{},disabled,,\nu3,c@example.org,,{},blocklisted,,\n",
        "listmonk",
        [0, 0, 1, 0, 0, 1, 1, 0, 0],
    ),
    (
        "mailerlite.csv",
        "Subscriber,Name,Last name,Status,Subscribed,Groups\na@example.org,Ana,,Active,2024-01-01 10:00:00,\"Wood, Stone\"\n\
         b@example.org,,,Unsubscribed,,\nc@example.org,,,Unconfirmed,,\nd@example.org,,,Bounced,,\ne@example.org,,,Junk,,\n",
        "mailerlite",
        [1, 1, 1, 1, 1, 0, 0, 0, 0],
    ),
    (
        "mailpoet.csv",
        "\u{FEFF}Email,First name,Last name,Subscription time,Subscription IP,Confirmation time,List status,Global status,List\n\
         a@example.org,\"A \\\"Z\\\"\",,2024-01-01 10:00:00,192.0.2.7,2024-01-01 10:05:00,subscribed,subscribed,Wood\n\
         a@example.org,,,,,,subscribed,subscribed,Stone\nb@example.org,,,,,,unsubscribed,subscribed,Wood\n\
         c@example.org,,,,,,subscribed,inactive,Wood\nd@example.org,,,,,,unconfirmed,unconfirmed,Wood\n\
         e@example.org,,,,,,subscribed,bounced,Wood\n",
        "mailpoet",
        [1, 1, 1, 1, 0, 0, 1, 0, 1],
    ),
    (
        "mailpoet-de.csv",
        "E-Mail,Vorname,Nachname,Zeit der Anmeldung,Listenstatus,Globaler Status,Liste\n\
         a@example.org,Ana,,2024-01-01 10:00:00,Abonniert,Abonniert,Holz\nb@example.org,,,,Abgemeldet,Abonniert,Holz\n\
         c@example.org,,,,Unbestätigt,Unbestätigt,Holz\nd@example.org,,,,Irgendwas,Abonniert,Holz\n",
        "mailpoet",
        [1, 1, 1, 0, 0, 0, 1, 0, 0],
    ),
    (
        "phplist.csv",
        "id\temail\tconfirmed\tblacklisted\thtmlemail\n1\ta@example.org\t1\t0\t1\n2\tb@example.org\t0\t0\t1\n3\tc@example.org\t1\t1\t1\n",
        "phplist",
        [1, 1, 1, 0, 0, 0, 0, 0, 0],
    ),
    (
        "keila.csv",
        "Email,First name,Last name,Data,Status,External ID\na@example.org,,,{},active,\nb@example.org,,,{},unsubscribed,\nc@example.org,,,{},unreachable,\n",
        "keila",
        [1, 0, 1, 1, 0, 0, 0, 0, 0],
    ),
    (
        "brevo.csv",
        "EMAIL;LASTNAME;FIRSTNAME;EMAIL_BLACKLISTED\na@example.org;;Ana;false\nb@example.org;;;true\n",
        "brevo",
        [1, 0, 1, 0, 0, 0, 0, 0, 0],
    ),
    (
        "activecampaign.csv",
        "Email,First Name,Last Name,Phone,Status\na@example.org,,,,Active\nb@example.org,,,,Unsubscribed\nc@example.org,,,,Bounced\nd@example.org,,,,Unconfirmed\n",
        "csv",
        [1, 1, 1, 1, 0, 0, 0, 0, 0],
    ),
    (
        "constant.csv",
        "Email address,First name,Last name,Email status,Source\na@example.org,,,Active,\nb@example.org,,,Unsubscribed,\nc@example.org,,,Removed,\n",
        "constantcontact",
        [1, 0, 2, 0, 0, 0, 0, 0, 0],
    ),
    (
        "jetpack.csv",
        "Email address,Subscription status,Date subscribed\na@example.org,Subscribed,2024-01-01\nb@example.org,Not confirmed,\nc@example.org,Not sending,\nd@example.org,Not subscribed,\n",
        "jetpack",
        [1, 1, 1, 1, 0, 0, 0, 0, 0],
    ),
    (
        "mailtrain.csv",
        "email,status\na@example.org,1\nb@example.org,2\nc@example.org,3\n",
        "csv",
        [0, 0, 0, 0, 0, 0, 3, 0, 0],
    ),
];

#[tokio::test]
async fn every_programs_list_is_recognised_and_says_who_may_be_mailed() {
    let press = Press::sqlite().await;
    for (name, text, format, wanted) in LISTS {
        let report = read(&press, &[(name, text)], &dry()).await;
        assert_eq!(report.files[0].format, format, "{name}: {}", report.files[0].because);
        assert_eq!(sums(&report), wanted, "{name}: {report:?}");
    }
    let numbers = "email,status\na@example.org,1\nb@example.org,2\nc@example.org,3\nd@example.org,4\n";
    let report = read(&press, &[("m.csv", numbers)], &with_format("mailtrain")).await;
    assert_eq!(sums(&report), [1, 0, 1, 1, 1, 0, 0, 0, 0]);
    let report = read(
        &press,
        &[("l.csv", LISTS[8].1)],
        &ImportOptions {
            status: Some(Said::Active),
            ..dry()
        },
    )
    .await;
    assert_eq!(
        sums(&report),
        [1, 0, 1, 0, 0, 1, 0, 0, 0],
        "the operator vouches for the enabled"
    );
}

#[tokio::test]
async fn mailchimp_says_by_the_file_who_is_who_whatever_language_its_headings_are_in() {
    let press = Press::sqlite().await;
    let tail = "OPTIN_TIME,OPTIN_IP,CONFIRM_TIME,CONFIRM_IP";
    let head = format!("Adresse Courriel,Prénom,{tail}");
    let row =
        |who: &str| format!("{who}@example.org,Ana,2024-01-01 10:00:00,192.0.2.77,2024-01-01 10:05:00,192.0.2.77");
    let subscribed = format!(
        "{head},LEID,EUID,NOTES,TAGS\n{},1,e1,,\"\"\"Wood\"\",\"\"Old, stone\"\"\"\n",
        row("a")
    );
    let left = format!(
        "{head},UNSUB_TIME,UNSUB_REASON,LEID,EUID,NOTES,TAGS\n{},2024-02-01 10:00:00,,2,e2,,\n",
        row("b")
    );
    let cleaned = format!(
        "{head},CLEAN_TIME,LEID,EUID,NOTES,TAGS\n{},2024-02-01 10:00:00,3,e3,,\n",
        row("c")
    );
    let files = [
        ("subscribed_email_audience_export_1.csv", subscribed.as_str()),
        ("unsubscribed_email_audience_export_1.csv", left.as_str()),
        ("cleaned_email_audience_export_1.csv", cleaned.as_str()),
        (
            "nonsubscribed_email_audience_export_1.csv",
            &subscribed.replace("a@", "d@"),
        ),
    ];
    let report = read(&press, &files, &dry()).await;
    assert_eq!(sums(&report), [1, 0, 1, 1, 0, 0, 1, 0, 0]);
    let renamed = files.map(|(_, text)| ("audience.csv", text));
    let report = read(&press, &renamed, &dry()).await;
    assert_eq!(
        sums(&report),
        [0, 0, 1, 1, 0, 0, 2, 0, 0],
        "without its name nobody says that they agreed"
    );
    let both = [files[0], ("unsubscribed.csv", "email\na@example.org\n")];
    assert_eq!(sums(&read(&press, &both, &dry()).await), [0, 0, 1, 0, 0, 0, 0, 0, 1]);

    what_mailchimp_knew_of_a_sign_up_is_kept(&press, &files).await;
}

async fn what_mailchimp_knew_of_a_sign_up_is_kept(press: &Press, files: &[(&str, &str)]) {
    let real = ImportOptions {
        consent: Some("Mailchimp, double opt-in".to_owned()),
        ..ImportOptions::default()
    };
    read(press, files, &real).await;
    let shown = subscribe::show(&press.app, "a@example.org").await.unwrap();
    let consent = &serde_json::to_value(&shown).unwrap()["consents"][0];
    assert_eq!(consent["network"], "192.0.2.0/24", "{consent}");
    assert!(consent["asked_at"].as_str().unwrap().starts_with("2024-01-01T10:00:00"));
    assert!(
        consent["note"]
            .as_str()
            .unwrap()
            .contains("tags there: Wood, Old, stone")
    );
    assert!(
        shown.subscriptions[0].topics.names().is_empty(),
        "tags elsewhere are no topics here"
    );
    for (who, wanted) in [
        ("a", "active"),
        ("b", "unsubscribed"),
        ("c", "suppressed"),
        ("d", "pending"),
    ] {
        assert_eq!(status(press, &format!("{who}@example.org")).await, wanted);
    }
}

#[tokio::test]
async fn what_speaks_against_a_person_beats_what_speaks_for_them() {
    let press = Press::sqlite().await;
    let list = "email,status,deleted_at,blacklisted,confirmed\na@example.org,active,2024-01-01,,\nb@example.org,active,,yes,\n\
                c@example.org,active,0000-00-00 00:00:00,no,yes\nd@example.org,,,,no\ne@example.org,,,,yes\nf@example.org,actively,,,\n";
    let report = read(&press, &[("a.csv", list)], &dry()).await;
    assert_eq!(sums(&report), [2, 1, 2, 0, 0, 0, 1, 0, 0]);
    assert_eq!(report.unknown_words[0].word, "actively", "words are matched whole");
    let mapped = ImportOptions {
        map: vec![("actively".to_owned(), Said::Active)],
        ..dry()
    };
    assert_eq!(
        sums(&read(&press, &[("a.csv", list)], &mapped).await),
        [3, 1, 2, 0, 0, 0, 0, 0, 0]
    );
    let order = "email,status\na@example.org,active\na@example.org,maybe\nb@example.org,pending\nb@example.org,maybe\n\
                 c@example.org,bounced\nc@example.org,blocked\nc@example.org,unsubscribed\n";
    assert_eq!(
        sums(&read(&press, &[("a.csv", order)], &dry()).await),
        [0, 1, 0, 1, 0, 0, 1, 0, 4]
    );
}

#[tokio::test]
async fn a_date_with_two_readings_is_refused_until_somebody_says_which() {
    let press = Press::sqlite().await;
    let list = "email,status,Subscribed at\na@example.org,active,03/04/2021\nb@example.org,active,2021-04-03\n";
    let report = read(&press, &[("a.csv", list)], &dry()).await;
    assert_eq!(sums(&report), [1, 0, 0, 0, 0, 0, 0, 1, 0]);
    assert!(report.rejected[0].reason.contains("--dates dmy"));
    let told = ImportOptions {
        dates: Some(DateOrder::DayFirst),
        ..dry()
    };
    assert_eq!(
        sums(&read(&press, &[("a.csv", list)], &told).await),
        [2, 0, 0, 0, 0, 0, 0, 0, 0]
    );
}

#[tokio::test]
async fn an_operator_sees_how_a_list_was_read_before_it_is_taken() {
    let press = Press::sqlite().await;
    let list = b"email,name,colour\nr\xF6sa@example.org,R\xF6sa,red\nb@example.org\n\xE9@example.org,x,y,z\n";
    let file = PeopleFile {
        name: Some("list.csv".to_owned()),
        content: Box::new(&list[..]),
    };
    let report = subscribe::import_files(&press.app, vec![file], &dry(), |_| {})
        .await
        .unwrap();
    assert_eq!(sums(&report), [0, 0, 0, 0, 0, 0, 3, 0, 0]);
    assert_eq!(report.unused_columns, ["colour"]);
    assert_eq!(report.sample[0].email, "r…@example.org");
    assert_eq!(report.smtputf8, 2);
    assert_eq!(report.warnings.len(), 2, "{:?}", report.warnings);
    let refused = subscribe::import(&press.app, &b"a@example.org\n"[..], &with_format("pigeon"), |_| {}).await;
    assert!(matches!(refused, Err(SubscribeError::UnknownFormat { .. })));
}

#[tokio::test]
async fn whoever_has_something_in_a_cell_of_leaving_is_not_mailed_whatever_the_operator_says() {
    let press = Press::sqlite().await;
    let active = ImportOptions {
        status: Some(Said::Active),
        ..dry()
    };
    let not_mailed = [
        ("email_disabled", "WAHR", [0, 0, 1, 0, 0, 0, 0, 0, 0]),
        ("Opted Out", "2024-05-01", [0, 0, 1, 0, 0, 0, 0, 0, 0]),
        ("blacklisted", "ja", [0, 0, 1, 0, 0, 0, 0, 0, 0]),
        ("subscribed", "FALSCH", [0, 0, 1, 0, 0, 0, 0, 0, 0]),
        ("subscribed", "kanske", [0, 0, 0, 0, 0, 0, 1, 0, 0]),
        ("confirmed", "nein", [0, 1, 0, 0, 0, 0, 0, 0, 0]),
        ("confirmed", "kanske", [0, 0, 0, 0, 0, 0, 1, 0, 0]),
        ("Unsubscribed from all email", "true", [0, 0, 1, 0, 0, 0, 0, 0, 0]),
        ("Opt-out", "x", [0, 0, 1, 0, 0, 0, 0, 0, 0]),
        ("Do not mail", "1", [0, 0, 1, 0, 0, 0, 0, 0, 0]),
        ("Reason of unsubscribing", "too many", [0, 0, 1, 0, 0, 0, 0, 0, 0]),
        ("Hard bounce", "yes", [0, 0, 0, 1, 0, 0, 0, 0, 0]),
        ("Complained", "1", [0, 0, 0, 0, 1, 0, 0, 0, 0]),
    ];
    for (heading, cell, wanted) in not_mailed {
        let list = format!("email,{heading}\na@example.org,{cell}\n");
        let report = read(&press, &[("a.csv", &list)], &active).await;
        assert_eq!(sums(&report), wanted, "{heading}: {cell}");
    }
    for (heading, cell) in [
        ("Opted Out", "no"),
        ("blacklisted", "0"),
        ("Suppressed", "false"),
        ("Bounce count", "0"),
        ("subscribed", "2024-01-02"),
        ("unsubscribe_url", "https://example.org/u/1"),
    ] {
        let list = format!("email,{heading}\na@example.org,{cell}\n");
        let report = read(&press, &[("a.csv", &list)], &active).await;
        assert_eq!(sums(&report)[0], 1, "{heading}: {cell}");
    }
}

#[tokio::test]
async fn a_list_without_heading_is_read_by_what_stands_in_its_columns() {
    let press = Press::sqlite().await;
    let active = ImportOptions {
        status: Some(Said::Active),
        ..dry()
    };
    let list = "a@example.org\nb@example.org,unsubscribed,Rosa\nc@example.org,Active,Paul\nd@example.org,,\n";
    let report = read(&press, &[("a.csv", list)], &active).await;
    assert_eq!(sums(&report), [3, 0, 1, 0, 0, 0, 0, 0, 0]);
    assert_eq!(report.unused_columns, ["column 3"]);
}

#[tokio::test]
async fn nothing_is_taken_as_long_as_one_file_cannot_be_read_and_who_left_is_read_first() {
    let press = Press::sqlite().await;
    let file = |name: &str, text: &'static str| PeopleFile {
        name: Some(name.to_owned()),
        content: Box::new(text.as_bytes()),
    };
    let files = vec![
        file("subscribed.csv", "email\na@example.org\n"),
        file("unsubscribed.csv", "name\nRosa\n"),
    ];
    let refused = subscribe::import_files(&press.app, files, &ImportOptions::default(), |_| {}).await;
    assert!(matches!(refused, Err(SubscribeError::File { line: 1, .. })));
    assert_eq!(press.number("SELECT COUNT(*) FROM subscribers").await, 0);

    let rows: String = (0..6_000).map(|number| format!("r{number}@example.org\n")).collect();
    let long = Broken(std::io::Cursor::new(format!("email\n{rows}").into_bytes()));
    let files = vec![
        PeopleFile {
            name: Some("subscribed.csv".to_owned()),
            content: Box::new(long),
        },
        file("unsubscribed.csv", "email\nr7@example.org\n"),
    ];
    let broken = subscribe::import_files(&press.app, files, &ImportOptions::default(), |_| {}).await;
    let error = broken.unwrap_err();
    assert!(matches!(error, SubscribeError::CutOff { rows: 500.., .. }), "{error}");
    assert!(error.to_string().contains("run the same import again"));
    assert_eq!(status(&press, "r7@example.org").await, "unsubscribed");
}

/// A file on a disk that fails at its end.
struct Broken(std::io::Cursor<Vec<u8>>);

impl std::io::Read for Broken {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        match self.0.read(out)? {
            0 => Err(std::io::Error::other("the disk is gone")),
            count => Ok(count),
        }
    }
}

#[tokio::test]
async fn a_row_against_a_person_is_taken_whatever_else_stands_in_it() {
    let press = Press::sqlite().await;
    let list = "email,status,newsletter,schedule,Subscribed at\na@example.org,unsubscribed,,hourly,03/04/2021\n\
                b@example.org,bounced,elsewhere,,03/04/2021\nc@example.org,complained,elsewhere,x,\n\
                d@example.org,unsubscribed,elsewhere,,\n";
    let report = read(&press, &[("a.csv", list)], &dry()).await;
    assert_eq!(sums(&report), [0, 0, 1, 1, 1, 0, 0, 1, 0]);
}
