//! What an export says of its articles and what it does not: marks of the author, letters, other tables beside it.

use std::fs;
use std::path::Path;

use letterpress::ingest::{BringIn, bring_in};

use super::{brought, drafts, left_out, public};

fn put(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

#[test]
fn no_letter_carries_an_imported_article_unless_its_author_wants_that() {
    let (from, into) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    put(from.path(), "_posts/2020-01-01-a.md", "---\ntitle: A\n---\ntext\n");
    put(from.path(), "_drafts/b.md", "---\ntitle: B\n---\ntext\n");
    let mut wish = BringIn {
        from: vec![from.path().to_owned()],
        into: into.path().join("old"),
        drafts: true,
        ..BringIn::default()
    };
    bring_in(&wish, |_| {}).unwrap();
    let read = drafts(&wish.into);
    assert!(!read["2020-01-01-a.md"].mail, "it is old");
    assert!(read["b.md"].mail, "it is new when it is published");
    wish.into = into.path().join("new");
    wish.mailable = true;
    bring_in(&wish, |_| {}).unwrap();
    assert!(drafts(&wish.into)["2020-01-01-a.md"].mail);
}

#[test]
fn marks_in_a_tree_of_jekyll_hold_after_the_import() {
    let (from, into) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for (name, mark) in [
        ("hidden", "hidden: true"),
        ("private", "private: true"),
        ("noindex", "noindex: true"),
        ("paid", "visibility: paid"),
        ("moved", "redirect_to: /x"),
        ("sketch", "status: draft"),
        ("unclear", "draft: maybe"),
        ("mailed", "already_mailed: 2020-01-03"),
        ("quiet", "mail: false"),
        ("over", "expirydate: 2021-01-01"),
        ("slip", "date: TBD"),
    ] {
        let text = format!("---\ntitle: {name}\n{mark}\n---\ntext\n");
        put(from.path(), &format!("_posts/2020-01-02-{name}.md"), &text);
    }
    let wish = BringIn {
        from: vec![from.path().to_owned()],
        into: into.path().to_owned(),
        mailable: true,
        ..BringIn::default()
    };
    let report = bring_in(&wish, |_| {}).unwrap();
    assert_eq!((left_out(&report, "kept back"), report.drafts), (5, 1));
    let [unclear] = report.problems.as_slice() else {
        panic!("{:?}", report.problems)
    };
    assert_eq!(
        (unclear.line, unclear.remedy.contains("true or false")),
        (Some(3), true)
    );
    let read = drafts(into.path());
    let names: Vec<&str> = read.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "2020-01-02-mailed.md",
            "2020-01-02-over.md",
            "2020-01-02-quiet.md",
            "2020-01-02-slip.md"
        ]
    );
    assert!(read["2020-01-02-mailed.md"].already_mailed && read["2020-01-02-mailed.md"].mail);
    assert_eq!(read["2020-01-02-over.md"].excluded.as_deref(), Some("expired"));
    assert!(!read["2020-01-02-quiet.md"].mail);
}

#[test]
fn a_list_of_subscribers_beside_the_articles_is_no_article() {
    let people = "email,active_subscription,created_at\na@example.org,true,2024-01-01\n";
    for (name, table, text) in [
        (
            "posts.csv",
            "post_id,post_date,is_published,email_sent_at,type,audience,title\n1.a,2023-01-01,true,2023-01-01,newsletter,everyone,A\n",
            Some("posts/1.a.html"),
        ),
        (
            "emails.csv",
            "id,subject,publish_date,slug\n1,A,2023-01-01,a\n",
            Some("emails/a.md"),
        ),
        (
            "beehiiv.csv",
            "web_title,content_html,status,slug,publish_date\nA,<p>x</p>,confirmed,a,2023-01-01\n",
            None,
        ),
        (
            "wix.csv",
            "Title,Plain Content,Rich Content,Published Date,Slug\nA,x,,2023-01-01,a\n",
            None,
        ),
    ] {
        let (from, into) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        put(from.path(), "a-subscribers.csv", people);
        put(from.path(), name, table);
        if let Some(path) = text {
            put(from.path(), path, "<p>x</p>");
        }
        let report = brought(from.path(), into.path(), None).unwrap();
        assert_eq!((report.written, report.problems), (1, vec![]), "{name}");
        assert_eq!(public(into.path()).len(), 1);
        let alone = tempfile::tempdir().unwrap();
        put(alone.path(), "a.csv", people);
        assert!(brought(alone.path(), into.path(), Some(&report.format)).is_err());
    }
}

#[test]
fn a_letter_was_mailed_even_where_nobody_says_when() {
    let (from, into) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    put(
        from.path(),
        "emails.csv",
        "id,subject,publish_date,slug,status,body\n1,A,,a,sent,x\n2,B,,b,draft,x\n",
    );
    assert_eq!(brought(from.path(), into.path(), None).unwrap().already_mailed, 1);
    let beehiiv = tempfile::tempdir().unwrap();
    put(
        beehiiv.path(),
        "beehiiv.csv",
        "web_title,content_html,status,email_subject_line\nC,<p>x</p>,confirmed,C\n",
    );
    assert_eq!(brought(beehiiv.path(), into.path(), None).unwrap().already_mailed, 1);
}

#[test]
fn articles_that_only_a_number_tells_apart_get_addresses_of_their_own() {
    let (from, into) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let item = |number: u32| {
        format!(
            "<item><title>A {number}</title><link>https://old.example/blog/?p={number}</link><content:encoded><![CDATA[text]]></content:encoded>\
             <wp:post_type>post</wp:post_type><wp:status>publish</wp:status></item>"
        )
    };
    let text = format!(
        "<rss><channel><wp:wxr_version>1.2</wp:wxr_version>{}{}</channel></rss>",
        item(7),
        item(8)
    );
    put(from.path(), "site.xml", &text);
    assert_eq!(brought(from.path(), into.path(), None).unwrap().written, 2);
    let urls: Vec<String> = public(into.path()).into_iter().map(|draft| draft.url).collect();
    assert!(urls.iter().all(|url| !url.ends_with("/blog/")), "{urls:?}");
}

#[test]
fn drafts_that_say_nothing_of_themselves_are_not_doubles_of_each_other() {
    let (from, into) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let item = |text: &str| {
        format!(
            "<item><title></title><content:encoded><![CDATA[{text}]]></content:encoded><wp:post_type>post</wp:post_type>\
             <wp:status>draft</wp:status></item>"
        )
    };
    let text = format!(
        "<rss><channel><wp:wxr_version>1.2</wp:wxr_version>{}{}</channel></rss>",
        item("one"),
        item("two")
    );
    put(from.path(), "site.xml", &text);
    let wish = BringIn {
        from: vec![from.path().to_owned()],
        into: into.path().to_owned(),
        drafts: true,
        ..BringIn::default()
    };
    let report = bring_in(&wish, |_| {}).unwrap();
    assert_eq!((report.written, report.doubles), (2, 0));
}
