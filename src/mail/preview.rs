//! One message as files that a person can open: `preview --out`.

use std::io;
use std::path::{Path, PathBuf};

use crate::mail::parts::read_letter;

/// Why a preview could not be written.
#[derive(Debug, thiserror::Error)]
pub enum PreviewError {
    /// A file.
    #[error("write {path}: {error}; choose a folder that can be written")]
    File {
        /// Which one.
        path: PathBuf,
        /// What the operating system said.
        error: io::Error,
    },
    /// The message cannot be read back.
    #[error("read the message back: it is not one of ours; report this as a defect")]
    Unreadable,
}

/// Writes `name.eml` (the message as it goes out), `name.html` and `name.txt` (its decoded parts) into `folder`, which
/// is made if it is missing. Gives the paths in this order.
pub fn write(folder: &Path, name: &str, message: &[u8]) -> Result<[PathBuf; 3], PreviewError> {
    let letter = read_letter(message).ok_or(PreviewError::Unreadable)?;
    let put = |extension: &str, bytes: &[u8]| {
        let path = folder.join(format!("{name}.{extension}"));
        match std::fs::write(&path, bytes) {
            Ok(()) => Ok(path),
            Err(error) => Err(PreviewError::File { path, error }),
        }
    };
    std::fs::create_dir_all(folder).map_err(|error| PreviewError::File {
        path: folder.to_owned(),
        error,
    })?;
    Ok([
        put("eml", message)?,
        put("html", letter.html.as_bytes())?,
        put("txt", letter.text.as_bytes())?,
    ])
}

/// A page beside what [`write()`] wrote: the letter at a desk, on a telephone, in the dark and as plain text, side by side.
/// Gives its path.
///
/// The dark view follows the scheme of its frame, as browsers do since 2022 (CSS Color Adjustment 1 §2.4).
pub fn write_page(folder: &Path, name: &str, message: &[u8]) -> Result<PathBuf, PreviewError> {
    let letter = read_letter(message).ok_or(PreviewError::Unreadable)?;
    // Inside the page itself, and without scripts; of another origin Chromium would not paint it in a picture of the page.
    let html = escaped(&letter.html);
    let frame = |view: &str, class: &str| {
        format!(
            "<figure><figcaption>{view}</figcaption>\
             <iframe class=\"{class}\" title=\"{view}\" sandbox=\"allow-same-origin\" srcdoc=\"{html}\"></iframe></figure>\n"
        )
    };
    let page = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{subject}</title>\n\
         <style>{VIEWS}</style>\n</head>\n<body>\n<h1>{subject}</h1>\n<main>\n{desk}{phone}{dark}\
         <figure><figcaption>Plain text</figcaption><pre tabindex=\"0\">{text}</pre></figure>\n</main>\n</body>\n</html>\n",
        subject = escaped(&letter.subject),
        desk = frame("Desk", "desk"),
        phone = frame("Telephone", "phone"),
        dark = frame("In the dark", "phone dark"),
        text = escaped(&letter.text.replace("\r\n", "\n")),
    );
    let path = folder.join(format!("{name}-views.html"));
    match std::fs::write(&path, page) {
        Ok(()) => Ok(path),
        Err(error) => Err(PreviewError::File { path, error }),
    }
}

/// How the page of views is laid out.
const VIEWS: &str = "body { margin: 24px; font: 16px/1.5 system-ui, sans-serif; background: #e9e6e0; color: #28231e; } \
     main { display: flex; flex-wrap: wrap; gap: 24px; align-items: flex-start; } figure { margin: 0; } \
     figcaption { margin: 0 0 8px; font-weight: bold; } iframe { border: 1px solid #8a8378; height: 900px; } \
     .desk { width: 720px; } .phone { width: 390px; color-scheme: light; } .dark { color-scheme: dark; } \
     pre { box-sizing: border-box; width: 560px; max-width: 90vw; height: 902px; margin: 0; padding: 16px; overflow: auto; \
     border: 1px solid #8a8378; background: #fefcf8; white-space: pre-wrap; }";

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mail::message::tests::{issue_facts, written};
    use crate::model::letter::Letter;

    #[test]
    fn the_author_sees_the_message_and_both_of_its_parts() {
        let folder = tempfile::tempdir().unwrap();
        let (html, text) = ("<p>a  =  b</p>\r\n.\r\n", "From here:\r\n\r\nü \u{1F980}\r\n");
        let message = written(&Letter::whole("S", html, text, "en"), &issue_facts());
        let paths = write(&folder.path().join("new"), "notes-weekly", &message).unwrap();
        let read = |path: &PathBuf| std::fs::read(path).unwrap();
        assert_eq!(read(&paths[0]), message);
        assert_eq!(read(&paths[1]), html.as_bytes());
        assert_eq!(read(&paths[2]), text.as_bytes());
        assert!(paths[2].ends_with("new/notes-weekly.txt"));
    }

    #[test]
    fn the_author_sees_all_views_on_one_page_and_nothing_typed_leaves_its_place() {
        let folder = tempfile::tempdir().unwrap();
        let message = written(
            &Letter::whole("a <b> & c", "<p>x</p>", "<script>1 < 2", "en"),
            &issue_facts(),
        );
        let page = std::fs::read_to_string(write_page(folder.path(), "notes", &message).unwrap()).unwrap();
        assert_eq!(page.matches("srcdoc=\"&lt;p>x&lt;/p>\"").count(), 3);
        assert!(
            page.contains("<title>a &lt;b> &amp; c</title>") && page.contains("&lt;script>1 &lt; 2"),
            "{page}"
        );
        assert!(!page.contains("<script"));
    }

    #[test]
    fn what_is_no_letter_of_ours_is_no_preview() {
        let folder = tempfile::tempdir().unwrap();
        for message in [&b""[..], b"Subject: x\r\n\r\nx", b"\xff\r\n\r\n"] {
            assert!(matches!(
                write(folder.path(), "x", message),
                Err(PreviewError::Unreadable)
            ));
        }
    }
}
