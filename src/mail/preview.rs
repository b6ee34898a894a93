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
