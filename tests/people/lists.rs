//! Lists of people: import, export, adding, erasing.

use letterpress::model::subscriber::{State, Suppressed};
use letterpress::subscribe::{self, Add, ImportOptions, ImportReport, PeopleFile, SubscribeError};

use super::press::{Press, on_both_engines};
use super::{ROSA, leave_path, notices, status, subscribed, suppress};

on_both_engines! {
    a_list_is_imported_and_every_row_is_accounted_for,
    an_old_list_brings_nobody_back,
    a_persons_own_choices_are_not_overwritten_by_a_list,
    the_most_restrictive_row_wins_wherever_it_stands,
    an_export_comes_back_without_loss,
    a_dry_run_gives_the_same_sums_and_writes_nothing,
    a_newer_export_of_our_own_ends_what_an_older_one_brought,
    an_import_that_was_cut_off_is_finished_by_the_next_run,
    people_added_by_hand_are_asked_unless_somebody_vouches_for_them,
    an_operator_ends_a_subscription_and_a_list_does_not_bring_it_back,
    the_list_shows_the_newest_first,
    an_erased_person_is_found_in_no_byte_of_the_database,
}

async fn import(press: &Press, list: &str) -> ImportReport {
    let options = ImportOptions {
        consent: Some("old list, asked in 2020".to_owned()),
        ..ImportOptions::default()
    };
    subscribe::import(&press.app, list.as_bytes(), &options, |_| {})
        .await
        .unwrap()
}

async fn export(press: &Press) -> String {
    let mut bytes = Vec::new();
    subscribe::export(&press.app, &mut bytes).await.unwrap();
    String::from_utf8(bytes).unwrap()
}

fn sums(report: &ImportReport) -> (u64, u64, u64, u64, u64, usize) {
    let ImportReport {
        rows,
        added,
        updated,
        unchanged,
        suppressed,
        rejected,
        ..
    } = report;
    assert_eq!(*rows, added + updated + unchanged + suppressed + rejected.len() as u64);
    (*rows, *added, *updated, *unchanged, *suppressed, rejected.len())
}

const LIST: &str = "\
email,name,status,newsletter,schedule,topics,favourite colour
rosa@example.org,Rosa,active,,,,red
Paul <paul@example.org>,,Confirmed,tools,monthly,wood; stone,
maria@example.org,,,notes,daily,,
left@example.org,,unsubscribed,,,,
bounced@example.org,,cleaned,,,,
angry@example.org,,complained,,,,
odd@example.org,,maybe,,,,
nobody,,active,,,,
,,active,,,,
lost@example.org,,active,elsewhere,,,
late@example.org,,active,notes,hourly,,
";

async fn a_list_is_imported_and_every_row_is_accounted_for(press: &Press) {
    let report = import(press, LIST).await;
    assert_eq!(sums(&report), (11, 4, 0, 0, 3, 4));
    assert_eq!(report.unused_columns, ["favourite colour"]);
    assert_eq!(
        report.rejected.iter().map(|row| row.row).collect::<Vec<_>>(),
        [9, 10, 11, 12]
    );
    for (who, wanted) in [
        (ROSA, "active"),
        ("paul@example.org", "active"),
        ("maria@example.org", "pending"),
        ("left@example.org", "unsubscribed"),
        ("bounced@example.org", "suppressed"),
        ("angry@example.org", "suppressed"),
        ("odd@example.org", "pending"),
    ] {
        assert_eq!(status(press, who).await, wanted, "{who}");
    }
    let paul = subscribe::show(&press.app, "paul@example.org").await.unwrap();
    assert_eq!(paul.subscriptions[0].topics.names(), ["wood", "stone"]);
    assert_eq!(paul.consents[0].note.as_deref(), Some("old list, asked in 2020"));
    assert_eq!(
        press.floor(paul.id).await,
        press.now(),
        "no old article goes to imported people"
    );
    assert_eq!(
        press.number("SELECT COUNT(*) FROM notices").await,
        0,
        "an import mails nobody"
    );
    assert_eq!(sums(&import(press, LIST).await), (11, 0, 0, 4, 3, 4));
}

async fn an_old_list_brings_nobody_back(press: &Press) {
    let rows: Vec<String> = (0..50)
        .map(|number| format!("reader{number}@example.org,active\n"))
        .collect();
    let list = format!("email,status\n{}", rows.concat());
    import(press, &list).await;
    for number in 0..50 {
        let id = subscribe::show(&press.app, &format!("reader{number}@example.org"))
            .await
            .unwrap()
            .id;
        match number % 3 {
            0 => assert!(press.post(&leave_path(press, id), "").await.status.is_success()),
            1 => suppress(press, &format!("reader{number}@example.org"), Suppressed::Bounce).await,
            _ => assert_eq!(subscribe::erase(&press.app, &id.to_string()).await.unwrap(), id),
        }
    }
    assert_eq!(sums(&import(press, &list).await), (50, 0, 0, 0, 50, 0));
    let mailable = "SELECT COUNT(*) FROM subscriptions p JOIN subscribers s ON s.id = p.subscriber_id \
                    WHERE p.state = 'active' AND NOT EXISTS (SELECT 1 FROM suppressions x WHERE x.address_key = s.address_key)";
    assert_eq!(press.number(mailable).await, 0);
}

async fn a_persons_own_choices_are_not_overwritten_by_a_list(press: &Press) {
    let rosa = subscribed(press, ROSA, "weekly").await;
    let report = import(press, "email,status,schedule\nrosa@example.org,unsubscribed,daily\n").await;
    assert_eq!(
        sums(&report),
        (1, 0, 0, 1, 0, 0),
        "who confirmed here did so after leaving there"
    );
    let report = import(press, "email,status,schedule\nrosa@example.org,active,daily\n").await;
    assert_eq!(sums(&report), (1, 0, 0, 1, 0, 0));
    let shown = subscribe::show(&press.app, &rosa.to_string()).await.unwrap();
    assert_eq!(
        (
            shown.subscriptions[0].schedule.as_str(),
            shown.subscriptions[0].state.as_str()
        ),
        ("weekly", "active")
    );
    import(press, "email,status\npaul@example.org,active\n").await;
    let report = import(press, "email,status,schedule\npaul@example.org,active,daily\n").await;
    assert_eq!(
        sums(&report),
        (1, 0, 1, 0, 0, 0),
        "what was imported can be imported anew"
    );
    let report = import(press, "email\npaul@example.org\n").await;
    assert_eq!(sums(&report), (1, 0, 0, 1, 0, 0));
    assert_eq!(
        status(press, "paul@example.org").await,
        "active",
        "a list without a status takes nothing away"
    );
    import(press, "email,status\nrosa@example.org,complained\n").await;
    assert_eq!(status(press, ROSA).await, "suppressed");
}

async fn the_most_restrictive_row_wins_wherever_it_stands(press: &Press) {
    let filler = (0..600)
        .map(|number| format!("filler{number}@example.org,active,\n"))
        .collect::<Vec<_>>()
        .concat();
    let list = format!(
        "email,status,topics\na@example.org,active,x\nb@example.org,unsubscribed,\nc@example.org,pending,\nd@example.org,active,\n\
         {filler}A@example.org,active,y\nb@example.org,active,\nc@example.org,active,\nd@example.org,pending,\n"
    );
    let report = import(press, &list).await;
    assert_eq!(report.rows, 608);
    for (who, wanted) in [
        ("a", "active"),
        ("b", "unsubscribed"),
        ("c", "pending"),
        ("d", "pending"),
    ] {
        assert_eq!(status(press, &format!("{who}@example.org")).await, wanted, "{who}");
    }
    let a = subscribe::show(&press.app, "a@example.org").await.unwrap();
    assert_eq!(a.subscriptions[0].topics.names(), ["x", "y"]);
}

async fn an_export_comes_back_without_loss(press: &Press) {
    import(press, LIST).await;
    let paul = subscribed(press, "+formula@example.org", "weekly").await;
    press.sign_up("waiting@example.org", "daily").await;
    let gone = subscribed(press, "gone@example.org", "weekly").await;
    press.post(&leave_path(press, gone), "").await;
    subscribe::erase(&press.app, "left@example.org").await.unwrap();
    import(
        press,
        "email,name,status,newsletter\n+formula@example.org,\"=1+1, \"\"x\"\"\",active,tools\n",
    )
    .await;
    press
        .post(
            &super::preferences_path(press, paul),
            "topics=a&topics=b&pause_until=2027-01-01",
        )
        .await;
    let first = export(press).await;
    assert!(
        first
            .lines()
            .next()
            .unwrap()
            .starts_with("email,name,status,newsletter,schedule,topics")
    );
    assert!(first.contains("\"'+formula@example.org\"") && !first.contains("left@example.org"));
    let other = Press::sqlite().await;
    let report = import(&other, &first).await;
    assert!(
        report.rejected.is_empty() && report.unused_columns.is_empty(),
        "{report:?}"
    );
    assert_eq!(export(&other).await, first);
    assert_eq!(import(&other, &first).await.added, 0);
    assert_eq!(export(&other).await, first);
}

async fn a_dry_run_gives_the_same_sums_and_writes_nothing(press: &Press) {
    let list = format!("{LIST}rosa@example.org,,unsubscribed,,,,\nrosa@example.org,,active,,,,\n");
    let tables = press.tables().await;
    let options = ImportOptions {
        dry_run: true,
        ..ImportOptions::default()
    };
    let dry = subscribe::import(&press.app, list.as_bytes(), &options, |_| {})
        .await
        .unwrap();
    assert_eq!(tables, press.tables().await);
    assert_eq!(import(press, &list).await, dry);
}

async fn a_newer_export_of_our_own_ends_what_an_older_one_brought(press: &Press) {
    let before = Press::sqlite().await;
    let rosa = subscribed(&before, ROSA, "weekly").await;
    let older = export(&before).await;
    assert!(before.post(&leave_path(&before, rosa), "").await.status.is_success());
    let newer = export(&before).await;
    let files = [older.as_str(), newer.as_str()].map(|text| PeopleFile {
        name: None,
        content: Box::new(text.as_bytes()),
    });
    subscribe::import_files(&press.app, files.into(), &ImportOptions::default(), |_| {})
        .await
        .unwrap();
    assert_eq!(status(press, ROSA).await, "unsubscribed");
    let active = "SELECT COUNT(*) FROM subscriptions WHERE state = 'active'";
    assert_eq!(press.number(active).await, 0);
    // What an earlier run brought in the name of an operator ends likewise.
    import(press, "email,status\npaul@example.org,active\n").await;
    let ended = newer.replace(ROSA, "paul@example.org");
    import(press, &ended).await;
    assert_eq!(press.number(active).await, 0);
}

async fn an_import_that_was_cut_off_is_finished_by_the_next_run(press: &Press) {
    let status = |number: u32| ["active", "pending", "unsubscribed", "bounced"][number as usize % 4];
    let rows: Vec<String> = (0..1_300)
        .map(|number| format!("r{}@example.org,{}\n", number % 1_250, status(number)))
        .collect();
    let whole = format!("email,status\n{}", rows.concat());
    let part = format!("email,status\n{}", rows[..700].concat());
    import(press, &part).await;
    import(press, &whole).await;
    let other = Press::sqlite().await;
    import(&other, &whole).await;
    assert_eq!(export(press).await, export(&other).await);
}

async fn people_added_by_hand_are_asked_unless_somebody_vouches_for_them(press: &Press) {
    let wish = Add {
        email: ROSA.to_owned(),
        ..Add::default()
    };
    let added = subscribe::add(&press.app, &wish).await.unwrap();
    assert_eq!(
        (added.state, notices(press, ROSA, "confirmation").await),
        (State::Pending, 1)
    );
    let vouched = Add {
        active: true,
        note: Some("at the fair".to_owned()),
        ..wish.clone()
    };
    assert_eq!(subscribe::add(&press.app, &vouched).await.unwrap().state, State::Active);
    assert!(!subscribe::add(&press.app, &vouched).await.unwrap().changed);
    suppress(press, "angry@example.org", Suppressed::Complaint).await;
    let angry = Add {
        email: "angry@example.org".to_owned(),
        ..Add::default()
    };
    assert!(matches!(
        subscribe::add(&press.app, &angry).await,
        Err(SubscribeError::Suppressed("complaint"))
    ));
    let lifted = Add {
        lift_suppressions: true,
        ..angry
    };
    assert_eq!(subscribe::add(&press.app, &lifted).await.unwrap().state, State::Pending);
    assert_eq!(press.number("SELECT COUNT(*) FROM audit").await, 3);
}

async fn an_operator_ends_a_subscription_and_a_list_does_not_bring_it_back(press: &Press) {
    subscribed(press, ROSA, "weekly").await;
    assert_eq!(
        subscribe::unsubscribe(&press.app, ROSA, Some("notes")).await.unwrap(),
        1
    );
    assert_eq!(subscribe::unsubscribe(&press.app, ROSA, None).await.unwrap(), 0);
    let unknown = subscribe::unsubscribe(&press.app, ROSA, Some("tools")).await;
    assert!(matches!(unknown, Err(SubscribeError::UnknownNewsletter(_))));
    assert_eq!(
        import(press, "email,status\nrosa@example.org,active\n")
            .await
            .suppressed,
        1
    );
    assert_eq!(status(press, ROSA).await, "unsubscribed");
}

async fn the_list_shows_the_newest_first(press: &Press) {
    import(press, LIST).await;
    subscribed(press, "newest@example.org", "weekly").await;
    let list = serde_json::to_value(subscribe::list(&press.app).await.unwrap()).unwrap();
    assert_eq!(list.as_array().unwrap().len(), 8);
    assert_eq!(list[0]["email"], "newest@example.org");
    assert_eq!(list[6]["email"], "paul@example.org");
    assert_eq!(list[6]["subscriptions"][0]["newsletter"], "tools");
    assert_eq!(
        list[6]["subscriptions"][0]["topics"],
        serde_json::json!(["wood", "stone"])
    );
    assert_eq!(list[7]["status"], "active");
}

async fn an_erased_person_is_found_in_no_byte_of_the_database(press: &Press) {
    let rosa = subscribed(press, "Rosa.Canary@example.org", "weekly").await;
    subscribe::import(
        &press.app,
        &b"email,name,status,newsletter\nrosa.canary@example.org,Canary Name,active,tools\n"[..],
        &ImportOptions {
            consent: Some("she said so".to_owned()),
            ..ImportOptions::default()
        },
        |_| {},
    )
    .await
    .unwrap();
    subscribed(press, "stays@example.org", "weekly").await;
    press.sign_up("Rosa.Canary@example.org", "weekly").await;
    assert!(found(press).await, "the search finds what is there");
    assert_eq!(
        subscribe::erase(&press.app, "rosa.canary@example.org").await.unwrap(),
        rosa
    );
    assert!(!found(press).await);
    assert!(matches!(
        subscribe::show(&press.app, &rosa.to_string()).await,
        Err(SubscribeError::NoSubscriber)
    ));
    assert!(matches!(
        subscribe::erase(&press.app, "rosa.canary@example.org").await,
        Err(SubscribeError::NoSubscriber)
    ));
    assert_eq!(press.post(&leave_path(press, rosa), "").await.status.as_u16(), 200);
    assert_eq!(
        press
            .number("SELECT COUNT(*) FROM suppressions WHERE reason = 'left'")
            .await,
        2
    );
}

/// Whether the address or name of the erased person stands in a table, or in any file of the database.
async fn found(press: &Press) -> bool {
    let is_canary = |bytes: &[u8]| bytes.windows(6).any(|six| six.eq_ignore_ascii_case(b"canary"));
    let tables = press.tables().await;
    tables.iter().any(|row| is_canary(row.as_bytes()))
        || press
            .files()
            .iter()
            .any(|file| is_canary(&std::fs::read(file).unwrap()))
}
