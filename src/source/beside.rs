//! Files that lie beside an article, or in the folder of its source: how large they are.

use std::fs::File;
use std::io::Read;
use std::path::{Component, Path, PathBuf};

use crate::model::feed_url::percent_decode;

use super::folder::FolderSettings;

/// The head of a picture, in which its size stands: behind a profile of colours or a small copy at the latest.
const HEAD: u64 = 256 << 10;

/// Where a file is that an article names by a relative path, or by one from the root of the source; `None` when there is
/// none inside the source's folder.
pub(super) fn path(settings: &FolderSettings, locator: &str, written: &str) -> Option<PathBuf> {
    // What is no file has nothing beside it.
    if written.contains("://") || !settings.source.kind.has_folder() {
        return None;
    }
    let written = percent_decode(written.split(['?', '#']).next()?)?;
    let root = &settings.source.path;
    let (folder, relative) = match written.strip_prefix('/') {
        Some(relative) => (root.clone(), relative),
        None => (root.join(Path::new(locator).parent()?), written.as_str()),
    };
    let relative = Path::new(relative.trim_start_matches("./"));
    let stays_inside = relative.components().all(|part| matches!(part, Component::Normal(_)));
    let path = folder.join(relative);
    let is_file = stays_inside && std::fs::symlink_metadata(&path).is_ok_and(|found| found.is_file());
    is_file.then_some(path)
}

/// Bytes of a file.
pub(super) fn size(path: &Path) -> Option<u64> {
    std::fs::symlink_metadata(path).ok().map(|found| found.len())
}

/// Width and height of a picture as it is shown, in pixels.
pub(super) fn pixels(path: &Path) -> Option<(u32, u32)> {
    let mut head = Vec::new();
    File::open(path).ok()?.take(HEAD).read_to_end(&mut head).ok()?;
    let found = png(&head)
        .or_else(|| gif(&head))
        .or_else(|| webp(&head))
        .or_else(|| jpeg(&head));
    found.filter(|(width, height)| *width > 0 && *height > 0)
}

fn big(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0, |number, byte| number << 8 | u32::from(*byte))
}

fn little(bytes: &[u8]) -> u32 {
    bytes
        .iter()
        .rev()
        .fold(0, |number, byte| number << 8 | u32::from(*byte))
}

/// PNG (Third Edition) §11.2.1: the first chunk.
fn png(head: &[u8]) -> Option<(u32, u32)> {
    let chunk = head.strip_prefix(b"\x89PNG\r\n\x1a\n")?;
    (chunk.get(4..8)? == b"IHDR").then_some((big(chunk.get(8..12)?), big(chunk.get(12..16)?)))
}

/// GIF89a §18: the logical screen.
fn gif(head: &[u8]) -> Option<(u32, u32)> {
    let screen = head.strip_prefix(b"GIF87a").or_else(|| head.strip_prefix(b"GIF89a"))?;
    Some((little(screen.get(..2)?), little(screen.get(2..4)?)))
}

/// WebP (RFC 9649): the canvas of an extended file, else the one frame.
fn webp(head: &[u8]) -> Option<(u32, u32)> {
    let is_webp = head.get(..4)? == b"RIFF" && head.get(8..12)? == b"WEBP";
    let chunk = head.get(20..).filter(|_| is_webp)?;
    match head.get(12..16)? {
        b"VP8X" => Some((little(chunk.get(4..7)?) + 1, little(chunk.get(7..10)?) + 1)),
        b"VP8L" => {
            let bits = little(chunk.get(1..5)?);
            Some(((bits & 0x3fff) + 1, ((bits >> 14) & 0x3fff) + 1))
        }
        b"VP8 " => Some((little(chunk.get(6..8)?) & 0x3fff, little(chunk.get(8..10)?) & 0x3fff)),
        _ => None,
    }
}

/// JPEG (ITU-T T.81, B.2): the frame header, turned as the camera says that it was held.
fn jpeg(head: &[u8]) -> Option<(u32, u32)> {
    let mut rest = head.strip_prefix(b"\xff\xd8")?;
    let mut lies = false;
    loop {
        let start = rest.iter().position(|byte| *byte != 0xff)?;
        let (marker, after) = (rest[start], rest.get(start + 1..)?);
        if start == 0 {
            return None;
        }
        let length = usize::try_from(big(after.get(..2)?)).ok()?;
        let segment = after.get(2..length)?;
        match marker {
            0xc0..=0xcf if !matches!(marker, 0xc4 | 0xc8 | 0xcc) => {
                let (height, width) = (big(segment.get(1..3)?), big(segment.get(3..5)?));
                return Some(if lies { (height, width) } else { (width, height) });
            }
            0xe1 => {
                let way = segment.strip_prefix(b"Exif\0\0").and_then(orientation);
                lies |= way.is_some_and(|way| way >= 5);
            }
            _ => {}
        }
        rest = after.get(length..)?;
    }
}

/// Exif 2.3 §4.6.4: tag 274 of the first directory; 5 to 8 lie on their side.
fn orientation(tiff: &[u8]) -> Option<u32> {
    let number: fn(&[u8]) -> u32 = match tiff.get(..2)? {
        b"II" => little,
        b"MM" => big,
        _ => return None,
    };
    let directory = tiff.get(usize::try_from(number(tiff.get(4..8)?)).ok()?..)?;
    let count = usize::try_from(number(directory.get(..2)?)).ok()?;
    let mut entries = directory.get(2..)?.chunks_exact(12).take(count);
    let entry = entries.find(|entry| number(&entry[..2]) == 274)?;
    Some(number(&entry[8..10]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pixels_of(bytes: &[u8]) -> Option<(u32, u32)> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("picture");
        std::fs::write(&path, bytes).unwrap();
        pixels(&path)
    }

    /// A JPEG of 640 by 480 up to its frame header, held as `way` says.
    fn jpeg_of(way: u8) -> Vec<u8> {
        let exif = [
            b"Exif\0\0MM\0\x2a\0\0\0\x08\0\x02\x01\x0f\0\x02\0\0\0\x01\0\0\0\0\x01\x12\0\x03\0\0\0\x01\0".as_slice(),
            &[way, 0, 0],
        ]
        .concat();
        let length = u16::try_from(exif.len() + 2).unwrap().to_be_bytes();
        let head = [b"\xff\xd8\xff\xe0\0\x04ab\xff\xe1".as_slice(), &length, &exif].concat();
        [
            head.as_slice(),
            b"\xff\xff\xc4\0\x02\xff\xc2\0\x0b\x08\x01\xe0\x02\x80\x01\0\0\0",
        ]
        .concat()
    }

    #[test]
    fn a_picture_says_how_large_it_is() {
        let riff = |kind: &[u8; 4], rest: &[u8]| [b"RIFF\0\0\0\0WEBP", kind.as_slice(), b"\x0a\0\0\0", rest].concat();
        for (name, bytes, expected) in [
            (
                "png",
                b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\x02\x80\0\0\x01\xe0\x08".to_vec(),
                (640, 480),
            ),
            ("gif", b"GIF89a\x80\x02\xe0\x01\0".to_vec(), (640, 480)),
            ("jpeg", jpeg_of(1), (640, 480)),
            ("jpeg on its side", jpeg_of(6), (480, 640)),
            ("webp", riff(b"VP8 ", b"\0\0\0\x9d\x01\x2a\x80\x02\xe0\x01"), (640, 480)),
            ("webp without loss", riff(b"VP8L", b"\x2f\x7f\xc2\x77\x00"), (640, 480)),
            (
                "webp with alpha",
                riff(b"VP8X", b"\x10\0\0\0\x7f\x02\0\xdf\x01\0"),
                (640, 480),
            ),
        ] {
            assert_eq!(pixels_of(&bytes), Some(expected), "{name}");
            for end in 0..bytes.len() {
                let cut = pixels_of(&bytes[..end]);
                assert!(cut.is_none_or(|found| found == expected), "{name} cut at {end}");
            }
        }
        // Whatever a file holds, it is a picture or it is none.
        for seed in 0..200_u8 {
            let mut torn = jpeg_of(8);
            for (at, byte) in torn.iter_mut().enumerate().skip(2) {
                let turns = u32::try_from(at).unwrap() % 7;
                *byte = byte.wrapping_mul(seed | 1).rotate_left(turns);
            }
            let _ = pixels_of(&torn);
        }
        for bytes in [b"".as_slice(), b"<svg/>", b"\xff\xd8\xff\xd9", b"GIF89a\0\0\0\0"] {
            assert_eq!(pixels_of(bytes), None);
        }
    }
}
