//! Reading beneath an opened root only: no `..`, no link that leads out, regular files (H7).

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use rustix::fd::OwnedFd;
use rustix::fs::{Mode, OFlags, openat};

use crate::model::article::{Problem, Severity};

use super::{Bytes, Candidate};

/// Bytes of a file at most.
pub const LARGEST: u64 = 5 * 1024 * 1024;

pub(super) fn open_root(root: &Path) -> io::Result<OwnedFd> {
    Ok(openat(
        rustix::fs::CWD,
        root,
        OFlags::DIRECTORY | OFlags::RDONLY | OFlags::CLOEXEC,
        Mode::empty(),
    )?)
}

/// Opens a file beneath the root; `path` is the same file from the outside.
pub(super) fn open(root: &OwnedFd, path: &Path, locator: &str) -> io::Result<File> {
    // A FIFO would hold the reader up for ever.
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
    match beneath(root, locator, flags) {
        Ok(file) => Ok(File::from(file)),
        Err(rustix::io::Errno::NOSYS | rustix::io::Errno::PERM) => without_openat2(path, flags),
        Err(error) => Err(error.into()),
    }
}

#[cfg(target_os = "linux")]
fn beneath(root: &OwnedFd, locator: &str, flags: OFlags) -> rustix::io::Result<OwnedFd> {
    use rustix::fs::{ResolveFlags, openat2};
    openat2(
        root,
        locator,
        flags,
        Mode::empty(),
        ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS,
    )
}

#[cfg(not(target_os = "linux"))]
fn beneath(_: &OwnedFd, _: &str, _: OFlags) -> rustix::io::Result<OwnedFd> {
    Err(rustix::io::Errno::NOSYS)
}

/// Where the system cannot hold the file beneath the root itself, links are refused altogether.
fn without_openat2(path: &Path, flags: OFlags) -> io::Result<File> {
    Ok(File::from(openat(
        rustix::fs::CWD,
        path,
        flags | OFlags::NOFOLLOW,
        Mode::empty(),
    )?))
}

/// A regular file as it is now; `None` when there is none beneath the root.
pub(super) fn candidate(root: &Path, locator: &str) -> Option<Candidate> {
    let fd = open_root(root).ok()?;
    let file = open(&fd, &root.join(locator), locator).ok()?;
    let found = file.metadata().ok().filter(std::fs::Metadata::is_file)?;
    Some(Candidate {
        locator: locator.to_owned(),
        size: found.len(),
        ..Candidate::default()
    })
}

pub(super) fn read(root: &Path, candidate: &Candidate) -> Result<Bytes, Problem> {
    let fail = |error: &io::Error| {
        let message = match error.raw_os_error() {
            Some(code)
                if code == rustix::io::Errno::XDEV.raw_os_error() || code == rustix::io::Errno::LOOP.raw_os_error() =>
            {
                "it is a link that leads out of the source's folder".to_owned()
            }
            _ => format!("it cannot be read: {error}"),
        };
        problem(candidate, "unreadable", message, "check the file and its rights")
    };
    let opened = open_root(root).and_then(|fd| open(&fd, &root.join(&candidate.locator), &candidate.locator));
    let mut file = opened.map_err(|error| fail(&error))?;
    let before = file.metadata().map_err(|error| fail(&error))?;
    if !before.is_file() {
        return Err(problem(
            candidate,
            "unreadable",
            "it is no regular file".to_owned(),
            "put a file in its place or exclude it",
        ));
    }
    if before.len() > LARGEST {
        let message = format!("it is {} bytes long, at most 5 MiB are read", before.len());
        return Err(problem(
            candidate,
            "too_large",
            message,
            "split the article, or exclude the file",
        ));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(before.len()).unwrap_or(0) + 1);
    file.by_ref()
        .take(LARGEST + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| fail(&error))?;
    let after = file.metadata().map_err(|error| fail(&error))?;
    let stamp = |m: &std::fs::Metadata| (m.len(), m.mtime(), m.mtime_nsec());
    let as_walked = before.len() == candidate.size && bytes.len() as u64 == before.len();
    Ok(if as_walked && stamp(&before) == stamp(&after) {
        Bytes::Whole(bytes)
    } else {
        Bytes::Changing
    })
}

fn problem(candidate: &Candidate, code: &str, message: String, remedy: &str) -> Problem {
    Problem {
        locator: candidate.locator.clone(),
        line: None,
        code: code.to_owned(),
        message,
        remedy: remedy.to_owned(),
        severity: Severity::Error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::symlink;

    fn candidate(root: &Path, locator: &str) -> Candidate {
        let size = fs::metadata(root.join(locator)).map_or(0, |m| m.len());
        Candidate {
            locator: locator.to_owned(),
            size,
            mtime_ns: 0,
            file_id: 0,
        }
    }

    #[test]
    fn a_file_is_read_beneath_the_root_only() {
        let folder = tempfile::tempdir().unwrap();
        let (root, outside) = (folder.path().join("root"), folder.path().join("secret.md"));
        fs::create_dir(&root).unwrap();
        fs::write(&outside, "secret").unwrap();
        fs::write(root.join("a.md"), "text").unwrap();
        symlink(&outside, root.join("link.md")).unwrap();
        symlink("a.md", root.join("inner.md")).unwrap();
        assert!(matches!(read(&root, &candidate(&root, "a.md")), Ok(Bytes::Whole(bytes)) if bytes == b"text"));
        assert!(matches!(
            read(&root, &candidate(&root, "inner.md")),
            Ok(Bytes::Whole(_))
        ));
        assert_eq!(
            read(&root, &candidate(&root, "link.md")).unwrap_err().code,
            "unreadable"
        );
        assert!(read(&root, &candidate(&root, "../secret.md")).is_err());
        assert!(read(&root, &candidate(&root, "none.md")).is_err());
    }

    #[test]
    fn a_fifo_a_folder_and_a_giant_are_refused_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        rustix::fs::mknodat(
            rustix::fs::CWD,
            root.join("fifo.md"),
            rustix::fs::FileType::Fifo,
            Mode::RUSR | Mode::WUSR,
            0,
        )
        .unwrap();
        fs::create_dir(root.join("folder.md")).unwrap();
        File::create(root.join("giant.md"))
            .unwrap()
            .set_len(LARGEST + 1)
            .unwrap();
        assert_eq!(read(root, &candidate(root, "fifo.md")).unwrap_err().code, "unreadable");
        assert_eq!(
            read(root, &candidate(root, "folder.md")).unwrap_err().code,
            "unreadable"
        );
        assert_eq!(read(root, &candidate(root, "giant.md")).unwrap_err().code, "too_large");
    }

    #[test]
    fn a_file_that_grew_since_the_walk_waits_for_the_next_scan() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a.md"), "longer").unwrap();
        let early = Candidate {
            size: 3,
            ..candidate(folder.path(), "a.md")
        };
        assert!(matches!(read(folder.path(), &early), Ok(Bytes::Changing)));
    }
}
