//! What readers of feeds meet when an author edits, plans, renames and moves.

use std::time::Duration;

use letterpress::config::{LegacyIds, LegacyMode, MaxAge};
use letterpress::ingest;
use letterpress::model::article::Term;
use letterpress::model::entry::Edits;
use letterpress::model::feed_key::Kind;
use letterpress::syndicate::{self, Answer};

use crate::support::{Bench, at, engines};

const MINUTE: Duration = Duration::from_mins(1);

fn article(title: &str, tags: &str, text: &str) -> String {
    format!("---\ntitle: {title}\ndate: 2026-12-01\ntags: [{tags}]\n---\n{text}\n")
}

/// Reads the articles and brings the feeds up to date, a minute after the last time.
async fn read(bench: &Bench) {
    bench.wait(MINUTE);
    ingest::scan_all(&bench.app, &|_, _| {}).await.unwrap();
    syndicate::refresh(&bench.app).await.unwrap();
}

async fn text(bench: &Bench, path: &str) -> String {
    match syndicate::answer(&bench.app, path).await {
        Answer::Document(document) => String::from_utf8(document.bodies().identity().to_vec()).unwrap(),
        other => panic!("{path}: {other:?}"),
    }
}

async fn leads_to(bench: &Bench, path: &str) -> Option<String> {
    match syndicate::answer(&bench.app, path).await {
        Answer::Moved(to) => Some(to),
        _ => None,
    }
}

#[tokio::test]
async fn an_edit_is_an_update_when_the_author_wants_it_and_a_move_never_is() {
    for (edits, is_told) in [(Edits::Explicit, false), (Edits::Content, true)] {
        let bench = Bench::new(|settings| settings.feeds.updated = edits).await;
        bench.write("a.md", &article("One", "", "A word and [a link](#there)."));
        read(&bench).await;
        assert!(!text(&bench, "/rss.xml").await.contains("<atom:updated>"));
        // Another tag and another place change no word of the text.
        bench.write("a.md", &article("One", "ink", "A word and [a link](#there)."));
        read(&bench).await;
        std::fs::rename(bench.content().join("a.md"), bench.content().join("b.md")).unwrap();
        read(&bench).await;
        assert!(!text(&bench, "/rss.xml").await.contains("<atom:updated>"));
        bench.write("b.md", &article("One", "ink", "Another word and [a link](#there)."));
        read(&bench).await;
        let edited = "<atom:updated>2027-01-01T00:04:00Z</atom:updated>";
        assert_eq!(text(&bench, "/rss.xml").await.contains(edited), is_told);
        let atom = text(&bench, "/atom.xml").await;
        assert_eq!(
            atom.matches("<updated>2027-01-01T00:04:00Z</updated>").count(),
            1 + usize::from(is_told)
        );
        bench.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn readers_may_be_told_that_a_file_went_and_not_that_a_draft_did() {
    let bench = Bench::new(|settings| {
        settings.feeds.tombstones = 60 * MINUTE;
        settings.sources[0].vanish_after = MINUTE;
        settings.sources[0].permalink = Some("/:slug/".to_owned());
        settings.feeds.legacy_ids = Some(LegacyIds {
            mode: LegacyMode::Permalink,
            before: at("2028-01-01T00:00:00Z"),
        });
    })
    .await;
    bench.write("stays.md", &article("Stays", "", "Text."));
    bench.write("goes.md", &article("Goes", "", "Text."));
    bench.write(
        "draft.md",
        &article("Draft", "", "Text.").replace("date:", "draft: true\ndate:"),
    );
    read(&bench).await;
    std::fs::remove_file(bench.content().join("goes.md")).unwrap();
    std::fs::remove_file(bench.content().join("draft.md")).unwrap();
    for _ in 0..3 {
        read(&bench).await;
    }
    let atom = text(&bench, "/atom.xml").await;
    assert_eq!(atom.matches("<at:deleted-entry ").count(), 1, "{atom}");
    assert!(
        atom.contains("<at:deleted-entry ref=\"https://example.org/goes/\""),
        "{atom}"
    );
    bench.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn readers_are_told_to_come_back_when_the_next_article_is_due() {
    let bench = Bench::new(|settings| settings.feeds.max_age = MaxAge::Adaptive).await;
    bench.write("a.md", &article("One", "ink", "Text."));
    read(&bench).await;
    let served = bench.serve().await;
    let age = async || {
        let got = served.get("/rss.xml", &[]).await;
        let kept = got.header("cache-control").unwrap().to_owned();
        assert!(kept.ends_with(", stale-while-revalidate=60, stale-if-error=86400"));
        kept.split(['=', ',']).nth(2).unwrap().parse::<u64>().unwrap()
    };
    assert_eq!(age().await, 900, "nobody knows what comes next");
    bench.write("b.md", "---\ntitle: Later\ndate: 2027-01-01T10:00:00Z\n---\nText.\n");
    read(&bench).await;
    assert_eq!(age().await, 21_600);
    bench.wait(Duration::from_hours(9));
    assert_eq!(age().await, 3_480);
    bench.wait(Duration::from_mins(57));
    assert_eq!(age().await, 300);
    let rss = text(&bench, "/rss.xml").await;
    assert!(
        !rss.contains("<ttl>") && !rss.contains("sy:update") && !rss.contains("xmlns:sy"),
        "{rss}"
    );
}

fn legacy(mode: LegacyMode) -> LegacyIds {
    LegacyIds {
        mode,
        before: at("2027-01-02T00:00:00Z"),
    }
}

#[tokio::test]
async fn readers_of_a_site_that_jekyll_made_know_old_articles_by_its_ids() {
    let bench = Bench::new(|settings| settings.feeds.legacy_ids = Some(legacy(LegacyMode::Jekyll))).await;
    for (name, address) in [("ink", "/2024/01/02/ink.html"), ("paper", "/2024/01/03/paper/")] {
        let text = format!("---\ntitle: About {name}\ndate: 2024-01-03\nurl: {address}\n---\nText of {name}.\n");
        bench.write(&format!("{name}.md"), &text);
    }
    read(&bench).await;
    let (atom, rss) = (text(&bench, "/atom.xml").await, text(&bench, "/rss.xml").await);
    for (id, address) in [
        ("2024/01/02/ink", "2024/01/02/ink.html"),
        ("2024/01/03/paper", "2024/01/03/paper/"),
    ] {
        assert!(atom.contains(&format!("<id>https://example.org/{id}</id>")), "{atom}");
        let guid = format!("<guid isPermaLink=\"false\">https://example.org/{id}</guid>");
        assert!(rss.contains(&guid), "{rss}");
        assert!(
            rss.contains(&format!("<link>https://example.org/{address}</link>")),
            "{rss}"
        );
    }
    bench.close().await;
}

#[tokio::test]
async fn readers_of_a_moved_site_know_old_articles_by_their_addresses() {
    let bench = Bench::new(|settings| settings.feeds.legacy_ids = Some(legacy(LegacyMode::Permalink))).await;
    bench.write("old.md", &article("Old", "", "Text of the old one."));
    bench.write(
        "own.md",
        "---\ntitle: Own\nid: my-own\ndate: 2026-12-02\n---\nText of its own.\n",
    );
    read(&bench).await;
    let rss = text(&bench, "/rss.xml").await;
    assert!(rss.contains("<guid>https://example.org/old/</guid>"), "{rss}");
    assert!(rss.contains(":my-own</guid>"), "{rss}");
    assert!(
        text(&bench, "/atom.xml")
            .await
            .contains("<id>https://example.org/old/</id>")
    );
    // The file of an article that is gone holds another one: its id is taken for ever.
    bench.write(
        "old.md",
        "---\ntitle: Quite another\ndate: 2026-12-30\n---\nNothing here is as it was before.\n",
    );
    read(&bench).await;
    let rss = text(&bench, "/rss.xml").await;
    assert!(
        rss.contains("Quite another") && !rss.contains("<guid>https://example.org/old/</guid>"),
        "{rss}"
    );
    bench.wait(Duration::from_hours(24));
    bench.write("new.md", &article("New", "", "Text of the new one."));
    read(&bench).await;
    assert!(
        !text(&bench, "/rss.xml")
            .await
            .contains("<guid>https://example.org/new/</guid>")
    );
    bench.close().await;
}

#[tokio::test]
async fn who_reads_a_term_that_gets_another_name_is_led_to_it_in_one_step() {
    for engine in engines() {
        let bench = Bench::on(engine, at("2027-01-01T00:00:00Z"), |_| {}).await;
        for n in 0..3 {
            bench.write(
                &format!("{n}.md"),
                &article(&format!("Article {n}"), "Ink, Wood", &format!("Text {n}.")),
            );
        }
        bench.write("x.md", &article("Left out", "Ink", "Text of x."));
        read(&bench).await;
        // One article loses the term for good, long before.
        bench.write("x.md", &article("Left out", "Paper", "Text of x."));
        read(&bench).await;
        // The others are renamed one after the other.
        for n in 0..3 {
            assert_eq!(leads_to(&bench, "/tag/ink/rss.xml").await, None, "{n}");
            bench.write(
                &format!("{n}.md"),
                &article(&format!("Article {n}"), "Inks, Wood", &format!("Text {n}.")),
            );
            read(&bench).await;
        }
        let to = Some("/tag/inks/rss.xml".to_owned());
        assert_eq!(leads_to(&bench, "/tag/ink/rss.xml").await, to);
        assert_eq!(leads_to(&bench, "/tag/INK/rss.xml").await, to);
        assert_eq!(leads_to(&bench, "/tag/wood/rss.xml").await, None);
        assert!(!text(&bench, "/feeds.opml").await.contains("/tag/ink/"));
        // Another name still, and another process: one step from each.
        for n in 0..3 {
            bench.write(
                &format!("{n}.md"),
                &article(&format!("Article {n}"), "Printing ink, Wood", &format!("Text {n}.")),
            );
        }
        read(&bench).await;
        let other = bench.another_node().await;
        bench.wait(Duration::from_hours(40 * 24));
        syndicate::refresh(&other).await.unwrap();
        for old in ["ink", "inks"] {
            let answer = syndicate::answer(&other, &format!("/tag/{old}/feed.json")).await;
            assert!(
                matches!(answer, Answer::Moved(ref to) if to == "/tag/printing-ink/feed.json"),
                "{answer:?}"
            );
        }
        other.database.close().await;
        // A term that is used again is itself again.
        bench.write("y.md", &article("Back", "Ink", "Text of y."));
        read(&bench).await;
        assert!(text(&bench, "/tag/ink/rss.xml").await.contains("Back"));
        bench.close().await;
    }
}

#[tokio::test]
async fn a_term_whose_articles_went_different_ways_leads_nowhere() {
    let bench = Bench::in_the_morning(|_| {}).await;
    let tags = |names: &[&str]| -> Vec<Term> {
        let term = |name: &&str| Term {
            term: (*name).to_owned(),
            slug: (*name).to_owned(),
        };
        names.iter().map(term).collect()
    };
    let tagged = async |number: i64, names: &[&str]| {
        bench.publish(number, |proof| proof.content.tags = tags(names)).await;
    };
    tagged(1, &["split", "doubled"]).await;
    tagged(2, &["split", "wood"]).await;
    tagged(3, &["merged"]).await;
    syndicate::refresh(&bench.app).await.unwrap();
    bench.wait(MINUTE);
    tagged(1, &["one", "half", "other"]).await;
    tagged(2, &["two", "wood"]).await;
    tagged(3, &["wood"]).await;
    syndicate::refresh(&bench.app).await.unwrap();
    for old in ["split", "doubled", "merged"] {
        let answer = syndicate::answer(&bench.app, &format!("/tag/{old}/rss.xml")).await;
        assert!(matches!(answer, Answer::Document(_)), "{old}: {answer:?}");
    }
    bench.close().await;
}

#[tokio::test]
async fn an_author_says_where_the_readers_of_an_empty_term_go() {
    let bench = Bench::in_the_morning(|settings| {
        settings.feeds.by = vec![Kind::Tag];
        settings.feeds.aliases = [("tag/ink/rss.xml".to_owned(), "rss.xml".to_owned())].into();
        settings.feeds.retired = vec!["tag/ink/atom.xml".to_owned()];
    })
    .await;
    bench.publish(1, |_| {}).await;
    syndicate::refresh(&bench.app).await.unwrap();
    assert!(
        text(&bench, "/tag/ink/rss.xml").await.contains("Proof 1"),
        "a term with articles is served"
    );
    bench.withdraw(1).await;
    syndicate::refresh(&bench.app).await.unwrap();
    assert_eq!(leads_to(&bench, "/tag/ink/rss.xml").await.as_deref(), Some("/rss.xml"));
    assert!(matches!(
        syndicate::answer(&bench.app, "/tag/ink/atom.xml").await,
        Answer::Gone
    ));
    assert!(matches!(
        syndicate::answer(&bench.app, "/tag/ink/feed.json").await,
        Answer::Document(_)
    ));
    bench.close().await;
}

#[tokio::test]
async fn a_picture_has_its_size_and_an_article_the_place_where_people_talk_about_it() {
    let bench = Bench::new(|_| {}).await;
    let png = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\x02\x80\0\0\x01\xe0\x08";
    std::fs::create_dir(bench.content().join("press")).unwrap();
    std::fs::write(bench.content().join("press/the cover.png"), png).unwrap();
    let with = |lines: &str| format!("---\ntitle: One\ndate: 2026-12-01\n{lines}\n---\nText.\n");
    bench.write(
        "press/a.md",
        &with("image: ./the%20cover.png\ncomments: /press/a/#talk"),
    );
    bench.write("b.md", &with("image: /press/the cover.png\ncomments: true"));
    bench.write(
        "c.md",
        &with("image: https://example.net/far.png\ncomments: https://talk.example.net/c?x=1&y=2"),
    );
    bench.write("d.md", &with("image: ../../etc/passwd\ncomments: ftp://example.net/d"));
    read(&bench).await;
    let (rss, atom) = (text(&bench, "/rss.xml").await, text(&bench, "/atom.xml").await);
    for document in [&rss, &atom] {
        assert_eq!(document.matches("width=\"640\"").count(), 4, "{document}");
        assert_eq!(document.matches("height=\"480\"").count(), 4, "{document}");
        assert_eq!(document.matches("<media:content ").count(), 4, "{document}");
    }
    assert!(
        rss.contains("<comments>https://example.org/press/a/#talk</comments>"),
        "{rss}"
    );
    assert!(
        rss.contains("<comments>https://talk.example.net/c?x=1&amp;y=2</comments>"),
        "{rss}"
    );
    assert_eq!(rss.matches("<comments>").count(), 2);
    let replies: Vec<&str> = atom.split('<').filter(|tag| tag.contains("rel=\"replies\"")).collect();
    assert!(
        replies.len() == 2 && replies.iter().all(|link| link.contains("type=\"text/html\"")),
        "{replies:?}"
    );
    bench.close().await;
}

/// The ids of a document of one article after the other, as RSS, Atom and JSON Feed print them.
async fn ids(bench: &Bench) -> [Vec<String>; 3] {
    let every = |text: &str, start: &str, end: &str| -> Vec<String> {
        let parts = text.split(start).skip(1);
        parts.map(|rest| rest.split(end).next().unwrap().to_owned()).collect()
    };
    let rss = every(
        &text(bench, "/rss.xml").await,
        "<guid isPermaLink=\"false\">",
        "</guid>",
    );
    let atom = text(bench, "/atom.xml").await;
    let atom = every(atom.split_once("<entry>").unwrap().1, "<id>", "</id>");
    [rss, atom, every(&text(bench, "/feed.json").await, "\"id\":\"", "\"")]
}

#[tokio::test]
async fn what_an_author_calls_an_article_is_the_same_id_in_every_format() {
    let bench = Bench::new(|_| {}).await;
    let written = ["'a b  c'", "'10:30 a'", "Ünï", "'50%'", "'tag:example.org,2020:Own'"];
    for (n, id) in written.iter().enumerate() {
        let text = format!(
            "---\ntitle: Article {n}\nid: {id}\ndate: 2026-12-0{}\n---\nText {n}.\n",
            9 - n
        );
        bench.write(&format!("{n}.md"), &text);
    }
    read(&bench).await;
    let minted = |key: &str| format!("tag:example.org,2027-01-01:{key}");
    let expected = [
        minted("a%20b%20%20c"),
        minted("10%3A30%20a"),
        minted("%C3%BCn%C3%AF"),
        minted("50%25"),
        "tag:example.org,2020:Own".to_owned(),
    ];
    for found in ids(&bench).await {
        assert_eq!(found, expected);
    }
    bench.close().await;
}

/// Codes of what the author hears of the articles.
async fn codes(bench: &Bench) -> Vec<String> {
    let problems = ingest::problems(&bench.app).await.unwrap();
    problems.into_iter().map(|problem| problem.code).collect()
}

#[tokio::test]
async fn an_author_who_writes_an_id_into_an_article_that_readers_know_is_warned() {
    let bench = Bench::new(|_| {}).await;
    let with = |name: &str, lines: &str| {
        let text = format!("---\ntitle: {name}\ndate: 2026-12-01\n{lines}---\nText of {name}.\n");
        bench.write(&format!("{name}.md"), &text);
    };
    with("a", "");
    with("b", "draft: true\n");
    read(&bench).await;
    let [known, ..] = ids(&bench).await;
    assert_eq!(known.len(), 1);
    // A word is what new ids are minted of.
    with("a", "id: my-word\n");
    read(&bench).await;
    assert_eq!(ids(&bench).await[0], known);
    assert_eq!(codes(&bench).await, ["id_kept"]);
    // What readers know may be written down.
    with("a", &format!("id: '{}'\n", known[0]));
    read(&bench).await;
    assert_eq!(ids(&bench).await[0], known);
    assert_eq!(codes(&bench).await, [""; 0]);
    // A whole id is the author's word.
    with("a", "id: https://old.example/?p=7\n");
    read(&bench).await;
    for found in ids(&bench).await {
        assert_eq!(found, ["https://old.example/?p=7"]);
    }
    assert_eq!(codes(&bench).await, ["id_changed"]);
    read(&bench).await;
    assert_eq!(codes(&bench).await, ["id_changed"], "until the file changes again");
    // Nobody knows a draft.
    with("b", "draft: true\nid: b-word\n");
    read(&bench).await;
    with("b", "id: b-word\n");
    read(&bench).await;
    let [both, ..] = ids(&bench).await;
    assert!(
        both.contains(&"tag:example.org,2027-01-01:b-word".to_owned()),
        "{both:?}"
    );
    with("a", "");
    read(&bench).await;
    assert_eq!(ids(&bench).await[0], both, "a line less changes nothing");
    assert_eq!(codes(&bench).await, [""; 0]);
    bench.close().await;
}

#[tokio::test]
async fn an_id_that_readers_know_another_article_by_is_not_given_again() {
    let bench = Bench::new(|_| {}).await;
    bench.write("a.md", &article("One", "", "Text of one."));
    bench.write(
        "b.md",
        "---\ntitle: Two\nid: tag:two\ndate: 2026-12-02\n---\nText of two.\n",
    );
    read(&bench).await;
    let before = ids(&bench).await;
    bench.write(
        "b.md",
        "---\ntitle: Two\nid: tag:other\ndate: 2026-12-02\n---\nText of two.\n",
    );
    read(&bench).await;
    bench.write("b.md", "---\ntitle: Two\ndate: 2026-12-02\n---\nText of two.\n");
    read(&bench).await;
    bench.write(
        "a.md",
        "---\ntitle: One\nid: tag:other\ndate: 2026-12-01\n---\nText of one.\n",
    );
    read(&bench).await;
    let after = ids(&bench).await;
    assert_eq!(after[0], ["tag:other".to_owned(), before[0][1].clone()]);
    assert_eq!(codes(&bench).await, ["id_taken"]);
    bench.close().await;
}
