//! Copies of exports that were cut and changed at random: each ends in articles or in a sentence.

use proptest::prelude::*;

use super::*;

const DOCUMENTS: [(&str, &str); 7] = [
    (
        "site.xml",
        "<rss><channel><wp:author><wp:author_login>r</wp:author_login></wp:author><item><title><![CDATA[A &amp; b]]></title>\
         <content:encoded><![CDATA[[caption id='1']<img src='a'> x[/caption]\n\n<p>t</p> [embed]http://x[/embed]]]></content:encoded>\
         <wp:post_type>post</wp:post_type><wp:status>publish</wp:status><category domain='post_tag'>t</category></item></channel></rss>",
    ),
    (
        "backup.json",
        r#"{"db":[{"data":{"posts":[{"id":"1","title":"T","slug":"t","html":"<p>x</p>","status":"published","published_at":"2022-01-01"}],"tags":[{"id":"1","name":"n"}],"posts_tags":[{"post_id":"1","tag_id":"1"}]}}]}"#,
    ),
    (
        "page.html",
        "<article class=\"h-entry\"><h1 class=\"p-name\">T</h1><section data-field=\"body\"><h3 class='graf--title'>T</h3><p>x</p></section>\
         <a class='p-canonical' href='https://m.example/t-0123456789'>c</a></article>",
    ),
    (
        "posts.csv",
        "post_id,post_date,is_published,email_sent_at,type,audience,title,subtitle\n1.a,2023-01-01,true,2023-01-01,newsletter,everyone,\"A, b\",\n",
    ),
    (
        "wix.csv",
        "Title,Plain Content,Rich Content,Published Date,Cover Image\nT,a,\"{\"\"nodes\"\":[{\"\"type\"\":\"\"PARAGRAPH\"\",\"\"nodes\"\":[{\"\"type\"\":\"\"TEXT\"\",\"\"textData\"\":{\"\"text\"\":\"\"x\"\"}}]}]}\",2024-01-01,wix:image://v1/a.jpg/b\n",
    ),
    (
        "blog.xml",
        "<feed xmlns='http://www.w3.org/2005/Atom'><entry><id>tag:blogger.com,1999:1</id><title>T</title><content>&lt;p&gt;x</content></entry></feed>",
    ),
    ("_posts/2020-01-01-a.md", "---\ntitle: T\ntags: a b\n---\ntext\n"),
];

/// A tree of Jekyll with one article as a zip archive, in base64.
const ZIP: &str = "UEsDBBQAAAAIADuke12Wh9VcGQAAAG4AAAAWAAAAX3Bvc3RzLzIwMjAtMDEtMDEtYS5tZNPV1eUqySzJSbVSCOHSBXFSK0ogDBqIAgBQSwECFA\
    MUAAAACAA7pHtdlofVXBkAAABuAAAAFgAAAAAAAAAAAAAAgAEAAAAAX3Bvc3RzLzIwMjAtMDEtMDEtYS5tZFBLBQYAAAAAAQABAEQAAABNAAAA\
    AAA=";
/// The same with a second one, whose name stands in a pax header, as a tar archive.
const TAR_GZ: &str = "H4sIAAAAAAACA+3VvQrCMBSG4cy9it5A2pP0RxAER0cH9xJpQUFR2gi9fGuHDgVBwVbB9yGQ5CxnCCdfcb00vomtWNFiHstF51J9lHTyNO33zn\
    gXk+XDua8bI0mmQlEzuDXe1V179Z+01oE/+lO1DHdBf6laH0xVVfgxURzF661rN5Urq3qaHk/mfph5axej+RdrchW2zP/kTGbCq/OHVTEKAqv3\
    X9LlDx/FXOZ49rfzPxFJLflP/gMAAAAAAAAAAAAAXnUHfsTYVgAoAAA=";

/// One change of a document: where, what is put there, how much goes.
fn changed(
    whole: &[u8],
    changes: &[(prop::sample::Index, Vec<u8>, usize)],
    cut: Option<prop::sample::Index>,
) -> Vec<u8> {
    let mut bytes = whole.to_vec();
    for (at, put, gone) in changes {
        let at = at.index(bytes.len() + 1);
        let end = (at + gone).min(bytes.len());
        bytes.splice(at..end, put.iter().copied());
    }
    if let Some(cut) = cut {
        bytes.truncate(cut.index(bytes.len() + 1));
    }
    bytes
}

fn piece() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..6),
        prop::sample::select(vec![
            "<",
            ">",
            "]]>",
            "<![CDATA[",
            "<!--",
            "\"",
            "&",
            "&#x110000;",
            "[caption]",
            "{{",
            "\n",
            "'",
            "<item>",
            "</item>",
            "\0",
            "é"
        ])
        .prop_map(|text| text.as_bytes().to_vec()),
    ]
}

/// Reads a document as each format and writes what comes of it.
fn read_every_way(name: &str, bytes: &[u8]) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, bytes).unwrap();
    let formats = NAMES.iter().map(|(format, _)| Some(*format));
    for format in std::iter::once(None).chain(formats) {
        let read = read(folder.path(), format, &mut |piece| {
            if let Piece::Article(article) = piece {
                let file = article_file(&article, 1);
                assert!(file.stem.len() <= 140 && !file.stem.contains(['/', '.', '\\']));
                let header = crate::source::header::split(&file.content).expect("we read what we write");
                assert!(header.present && header.body < file.content.len());
            }
        });
        if let Err(error) = read {
            assert!(error.to_string().len() > 20);
        }
    }
}

fn mutate(cases: u32) {
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig {
        cases,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    let changes = prop::collection::vec((any::<prop::sample::Index>(), piece(), 0usize..20), 0..5);
    let strategy = (changes, prop::option::of(any::<prop::sample::Index>()));
    for (name, text) in DOCUMENTS {
        runner
            .run(&strategy, |(changes, cut)| {
                read_every_way(name, &changed(text.as_bytes(), &changes, cut));
                Ok(())
            })
            .unwrap();
    }
}

fn mutate_archives(cases: u32) {
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig {
        cases,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    let changes = prop::collection::vec((any::<prop::sample::Index>(), piece(), 0usize..20), 0..5);
    let strategy = (changes, prop::option::of(any::<prop::sample::Index>()));
    runner
        .run(&strategy, |(changes, cut)| {
            for (name, text) in [("a.zip", ZIP), ("a.tar.gz", TAR_GZ)] {
                let whole = data_encoding::BASE64.decode(text.as_bytes()).unwrap();
                let bytes = changed(&whole, &changes, cut);
                let folder = tempfile::tempdir().unwrap();
                let path = folder.path().join(name);
                std::fs::write(&path, bytes).unwrap();
                let _ = read(&path, None, &mut |_| {});
            }
            Ok(())
        })
        .unwrap();
}

#[test]
fn three_hundred_broken_copies_of_each_export_end_in_articles_or_a_sentence() {
    mutate(300);
    mutate_archives(300);
}

#[test]
#[ignore = "ten thousand copies of each take minutes"]
fn ten_thousand_broken_copies_of_each_export_end_in_articles_or_a_sentence() {
    mutate(10_000);
    mutate_archives(10_000);
}
