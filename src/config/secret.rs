//! Secrets: from the config, or from a file of their own. No message shows one.

use std::path::{Path, PathBuf};

use secrecy::SecretString;

use super::problem::Wrong;
use super::section::Section;
use super::value::{path, text};

/// More than any secret has.
const LONGEST: u64 = 64 * 1024;

/// Where the config lies.
#[derive(Debug, Clone, Copy)]
pub(super) struct Files<'f> {
    /// Relative paths are relative to this folder.
    pub(super) base: &'f Path,
    /// The config file itself.
    pub(super) config: Option<&'f Path>,
}

/// Reads `key`, or the file that its twin `key_file` names. Both at once are refused.
pub(super) fn secret(
    section: &mut Section<'_>,
    key: &'static str,
    file_key: &'static str,
    files: &Files<'_>,
) -> Option<SecretString> {
    if section.has(key) && section.has(file_key) {
        let message = format!("stands beside `{file_key}`");
        section.refuse(key, Wrong::new(message, "keep one of the two"));
    }
    let written = section.get(key, |value| {
        let written = text(value).ok().filter(|text| !text.is_empty());
        // A number in the place of a secret must not be quoted back.
        written.ok_or_else(|| Wrong::new("must be text that is not empty", "put it in quotes"))
    });
    let file = section.get(file_key, path(files.base));
    let from_file = file.and_then(|file| read_file(section, file_key, &file));
    written.or(from_file).map(SecretString::from)
}

fn read_file(section: &Section<'_>, key: &str, file: &PathBuf) -> Option<String> {
    let refuse = |message: String, remedy: &str| {
        section.refuse(key, Wrong::new(message, remedy));
        None
    };
    let shown = file.display();
    let readable = "write the path of a file that this program may read";
    let size = match std::fs::metadata(file) {
        Ok(found) if found.is_file() => found.len(),
        Ok(_) => return refuse(format!("{shown} is not a file"), readable),
        Err(error) => return refuse(format!("{shown} cannot be read: {error}"), readable),
    };
    if size > LONGEST {
        return refuse(format!("{shown} is too long for a secret"), readable);
    }
    let text = match std::fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) => return refuse(format!("{shown} cannot be read: {error}"), readable),
    };
    warn_if_others_can_read(section, key, file);
    let text = without_line_end(&text);
    if text.is_empty() {
        return refuse(format!("{shown} is empty"), "write the secret into the file");
    }
    Some(text.to_owned())
}

/// Editors end a file with one line end; a secret may end in any other character.
fn without_line_end(text: &str) -> &str {
    let text = text.strip_suffix('\n').unwrap_or(text);
    text.strip_suffix('\r').unwrap_or(text)
}

/// Warns when `key` holds a secret in a config file that others than its owner may read.
pub(super) fn warn_if_written_in_the_open(section: &Section<'_>, key: &str, files: &Files<'_>) {
    if let Some(config) = files.config.filter(|_| section.is_from_file(key)) {
        warn_if_others_can_read(section, key, config);
    }
}

fn warn_if_others_can_read(section: &Section<'_>, key: &str, file: &Path) {
    use std::os::unix::fs::PermissionsExt;
    let Ok(found) = std::fs::metadata(file) else { return };
    let mode = found.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        let message = format!(
            "holds a secret, and others may read {} (mode {mode:04o})",
            file.display()
        );
        section.warn(
            key,
            Wrong::new(message, "allow only the owner: `chmod 600` on the file"),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_end_goes_and_everything_else_stays() {
        assert_eq!(without_line_end("007\n"), "007");
        assert_eq!(without_line_end(" a b \r\n"), " a b ");
        assert_eq!(without_line_end("x\n\n"), "x\n");
        assert_eq!(without_line_end("x"), "x");
    }
}
