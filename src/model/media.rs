//! Media types (RFC 6838), as far as feeds have to do with them.

/// The media type of who knows what (RFC 2046 §4.5.1).
pub const UNKNOWN: &str = "application/octet-stream";

/// `type/subtype` by RFC 6838 §4.2, in lower case; `None` for anything else.
pub fn parse(text: &str) -> Option<String> {
    let text = text.trim().to_ascii_lowercase();
    let is_name = |name: &str| {
        let is_good = |b: u8| b.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&b);
        (1..=127).contains(&name.len()) && name.bytes().all(is_good)
    };
    let (kind, name) = text.split_once('/')?;
    (is_name(kind) && is_name(name)).then_some(text)
}

/// Whether a file of this type is listened to or watched.
pub fn is_played(media_type: &str) -> bool {
    ["audio/", "video/"].iter().any(|kind| media_type.starts_with(kind))
}

/// What the ending of a path or address says; `None` where that is nothing certain.
pub fn by_name(url: &str) -> Option<&'static str> {
    let path = url.split(['?', '#']).next().unwrap_or_default();
    let (_, ending) = path.rsplit_once('.')?;
    Some(match ending.to_ascii_lowercase().as_str() {
        "mp3" => "audio/mpeg",
        "m4a" | "m4b" => "audio/mp4",
        "aac" => "audio/aac",
        "ogg" | "oga" | "opus" => "audio/ogg",
        "flac" => "audio/flac",
        "wav" => "audio/wav",
        "mp4" | "m4v" => "video/mp4",
        "mov" => "video/quicktime",
        "webm" => "video/webm",
        "pdf" => "application/pdf",
        "epub" => "application/epub+zip",
        "zip" => "application/zip",
        "jpg" | "jpeg" => "image/jpeg",
        "png" => "image/png",
        "gif" => "image/gif",
        "webp" => "image/webp",
        "avif" => "image/avif",
        "svg" => "image/svg+xml",
        "txt" => "text/plain",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_what_a_file_is_or_nothing() {
        assert_eq!(by_name("https://example.org/a.b/c.JPG?x=1.mp3#y"), Some("image/jpeg"));
        assert_eq!(by_name("talk.opus"), Some("audio/ogg"));
        for name in ["", "a", "https://example.org/", "a.exe", "mp3"] {
            assert_eq!(by_name(name), None, "{name}");
        }
    }

    #[test]
    fn a_media_type_has_two_names() {
        assert_eq!(parse(" Audio/MPEG ").as_deref(), Some("audio/mpeg"));
        for text in ["", "audio", "audio/", "/mpeg", "audio/mp eg", "a/b/c", "audio/ünï"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
