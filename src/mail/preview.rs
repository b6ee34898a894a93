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
