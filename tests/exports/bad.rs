//! Exports that are cut off, of the wrong kind, or made to do harm: each ends in a sentence that says what to do.

use std::fs;

use letterpress::ingest::BroughtIn;

use super::brought;
use super::samples::{GHOST, WXR, tarred, zipped};

/// What a person is told, whether nothing could be read or only a part.
fn told(name: &str, bytes: &[u8], format: Option<&str>) -> String {
    let (from, into) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let path = from.path().join(name);
    fs::write(&path, bytes).unwrap();
    match brought(&path, into.path(), format) {
        Ok(BroughtIn { problems, .. }) => {
            let problem = problems
                .first()
                .unwrap_or_else(|| panic!("{name} was read without a word"));
            let line = problem.line.map_or_else(String::new, |line| format!(", line {line}"));
            format!("{}{line}: {}; {}", problem.file, problem.message, problem.remedy)
        }
        Err(error) => error.to_string(),
    }
}

/// A name, what stands under it, what `--format` says, and what must be told.
type Case<'a> = (&'a str, &'a [u8], Option<&'a str>, &'a [&'a str]);

fn each_is_told(cases: &[Case<'_>]) {
    for (name, bytes, format, wanted) in cases {
        let said = told(name, bytes, *format);
        for words in *wanted {
            assert!(said.contains(words), "{name} {format:?}: {said}");
        }
    }
}

#[test]
#[rustfmt::skip]
fn a_document_that_is_cut_off_or_of_another_kind_is_told_with_file_line_and_remedy() {
    let wxr = WXR.as_bytes();
    let table = "post_id,post_date,is_published,email_sent_at,type,audience,title,subtitle,podcast_url\n1.a,2023-01-01,true,,newsletter,everyone,A,,\n";
    each_is_told(&[
        ("site.xml", &wxr[..wxr.len() - 900], None, &["site.xml, line", "breaks off", "export anew"]),
        ("backup.json", &GHOST.as_bytes()[..GHOST.len() - 200], None, &["backup.json, line", "breaks off", "download the whole"]),
        ("empty.xml", b"", None, &["empty", "export anew"]),
        ("notes.json", b"{\"a\": 1}", None, &["whose export", "notes.json", "--format"]),
        ("notes.json", b"{\"a\": 1}", Some("ghost"), &["no list `posts`", "--format"]),
        ("site.xml", b"<html><body>not found</body></html>", Some("wordpress"), &["no WXR", "--format"]),
        ("posts.csv", table.as_bytes(), None, &["posts.csv, line 2", "posts/1.a.html", "whole archive"]),
        ("site.xml", wxr, Some("livejournal"), &["livejournal", "wordpress, ghost", "leave --format out"]),
    ]);
}

#[test]
#[rustfmt::skip]
fn an_archive_that_is_damaged_or_made_to_do_harm_is_told_with_a_remedy() {
    let zeros = vec![0; 40 * 1024 * 1024];
    let bomb = zipped(&[("posts.csv", &zeros)]);
    let mut lying = bomb.clone();
    let at = lying.windows(4).rposition(|four| four == b"PK\x01\x02").unwrap();
    lying[at + 24..at + 28].copy_from_slice(&1000u32.to_le_bytes());
    let whole = zipped(&[("site.xml", WXR.as_bytes())]);
    let tar = tarred(&[("site.xml", WXR.as_bytes())]);
    each_is_told(&[
        ("photo.zip", b"PK\x03\x04 not really", None, &["its end is missing", "download it anew"]),
        ("cut.zip", &whole[..whole.len() / 2], None, &["its end is missing", "download it anew"]),
        ("cut.tar.gz", &tar[..tar.len() / 2], None, &["breaks off", "download it anew"]),
        ("bomb.zip", &bomb, None, &["100 times", "unpack it yourself"]),
        ("lying.zip", &lying, None, &["100 times", "unpack it yourself"]),
        ("bomb.tar.gz", &tarred(&[("posts.csv", &zeros)]), None, &["100 times", "unpack it yourself"]),
    ]);
}

#[test]
#[rustfmt::skip]
fn an_article_of_five_megabytes_is_left_out_with_a_word() {
    let long = format!("<p>{}</p>", "word ".repeat(1_100_000));
    let letter = format!("{{\"posts\":[{{\"title\":\"Long\",\"publishedOn\":\"2023-02-03\",\"body\":\"{long}\"}}]}}");
    let medium = format!("<article class=\"h-entry\"><h1 class=\"p-name\">x</h1><section data-field=\"body\">{long}");
    each_is_told(&[
        ("api.json", letter.as_bytes(), None, &["api.json", "longer than 2 MiB", "split"]),
        ("page.html", medium.as_bytes(), Some("medium"), &["page.html", "5 MiB", "leave the page out"]),
    ]);
}

#[test]
fn a_part_of_an_export_that_cannot_be_read_leaves_the_rest_whole() {
    let (from, into) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let cut = &WXR[..WXR.find("<item><title>Mine").unwrap() + 40];
    fs::write(from.path().join("site.xml"), cut).unwrap();
    let report = brought(from.path(), into.path(), None).unwrap();
    assert_eq!((report.written, report.problems.len()), (1, 1));
}
