//! What directories of podcasts want to know of a feed, and of one recording in it.

use std::fmt::Write;

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use serde::{Deserialize, Serialize};

use super::entry::Clean;
use super::feed_url::FeedUrl;

/// Apple's list of categories, each with what it is divided into (as of 2019, unchanged since).
const CATEGORIES: &[(&str, &[&str])] = &[
    (
        "Arts",
        &[
            "Books",
            "Design",
            "Fashion & Beauty",
            "Food",
            "Performing Arts",
            "Visual Arts",
        ],
    ),
    (
        "Business",
        &[
            "Careers",
            "Entrepreneurship",
            "Investing",
            "Management",
            "Marketing",
            "Non-Profit",
        ],
    ),
    ("Comedy", &["Comedy Interviews", "Improv", "Stand-Up"]),
    (
        "Education",
        &["Courses", "How To", "Language Learning", "Self-Improvement"],
    ),
    ("Fiction", &["Comedy Fiction", "Drama", "Science Fiction"]),
    ("Government", &[]),
    ("History", &[]),
    (
        "Health & Fitness",
        &[
            "Alternative Health",
            "Fitness",
            "Medicine",
            "Mental Health",
            "Nutrition",
            "Sexuality",
        ],
    ),
    (
        "Kids & Family",
        &["Education for Kids", "Parenting", "Pets & Animals", "Stories for Kids"],
    ),
    (
        "Leisure",
        &[
            "Animation & Manga",
            "Automotive",
            "Aviation",
            "Crafts",
            "Games",
            "Hobbies",
            "Home & Garden",
            "Video Games",
        ],
    ),
    ("Music", &["Music Commentary", "Music History", "Music Interviews"]),
    (
        "News",
        &[
            "Business News",
            "Daily News",
            "Entertainment News",
            "News Commentary",
            "Politics",
            "Sports News",
            "Tech News",
        ],
    ),
    (
        "Religion & Spirituality",
        &[
            "Buddhism",
            "Christianity",
            "Hinduism",
            "Islam",
            "Judaism",
            "Religion",
            "Spirituality",
        ],
    ),
    (
        "Science",
        &[
            "Astronomy",
            "Chemistry",
            "Earth Sciences",
            "Life Sciences",
            "Mathematics",
            "Natural Sciences",
            "Nature",
            "Physics",
            "Social Sciences",
        ],
    ),
    (
        "Society & Culture",
        &[
            "Documentary",
            "Personal Journals",
            "Philosophy",
            "Places & Travel",
            "Relationships",
        ],
    ),
    (
        "Sports",
        &[
            "Baseball",
            "Basketball",
            "Cricket",
            "Fantasy Sports",
            "Football",
            "Golf",
            "Hockey",
            "Rugby",
            "Running",
            "Soccer",
            "Swimming",
            "Tennis",
            "Volleyball",
            "Wilderness",
            "Wrestling",
        ],
    ),
    ("Technology", &[]),
    ("True Crime", &[]),
    (
        "TV & Film",
        &[
            "After Shows",
            "Film History",
            "Film Interviews",
            "Film Reviews",
            "TV Reviews",
        ],
    ),
];

/// One of Apple's categories.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Category {
    /// `Arts`
    pub name: &'static str,
    /// `Books`
    pub part: Option<&'static str>,
}

impl Category {
    /// Reads `Arts` or `Arts > Books`, in any letter case.
    pub fn parse(text: &str) -> Option<Self> {
        let (wanted, part) = match text.split_once('>') {
            Some((name, part)) => (name.trim(), Some(part.trim())),
            None => (text.trim(), None),
        };
        let (name, parts) = CATEGORIES.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted))?;
        let part = match part {
            Some(wanted) => Some(*parts.iter().find(|known| known.eq_ignore_ascii_case(wanted))?),
            None => None,
        };
        Some(Self { name, part })
    }

    /// Every category as it is written in a config, in Apple's order.
    pub fn all() -> impl Iterator<Item = String> {
        CATEGORIES.iter().flat_map(|(name, parts)| {
            let inner = parts.iter().map(move |part| format!("{name} > {part}"));
            std::iter::once((*name).to_owned()).chain(inner)
        })
    }
}

/// What a feed with recordings says of itself as a podcast.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Podcast {
    /// Where directories list it.
    pub category: Category,
    /// Whom directories write to, to see that the podcast is the author's.
    pub email: Clean,
    /// Not for children.
    pub explicit: bool,
    /// A square picture.
    pub image: Option<FeedUrl>,
    /// What only the namespace of the Podcast Index has words for.
    pub index: Option<Index>,
}

/// Elements of the namespace of the Podcast Index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Index {
    /// Names the podcast wherever its feed is; see [`guid`].
    pub guid: String,
    /// Other hosts may not take the podcast over.
    pub locked: bool,
}

/// What an article says of its recording.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Episode {
    /// From 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<u32>,
    /// From 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub season: Option<u32>,
    /// Not for children; `None`: as the podcast says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub explicit: Option<bool>,
    /// What is said in it, at most 4 files.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub transcripts: Vec<Transcript>,
}

/// A file with what is said in a recording.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Transcript {
    /// Absolute.
    pub url: String,
    /// `text/vtt`.
    pub media_type: String,
}

/// The podcast that the Podcast Index calls by a feed's address: a UUID of version 5 (RFC 9562 §5.5) over the address
/// without scheme and final slashes, under the namespace that its specification of `podcast:guid` names.
pub fn guid(address: &str) -> String {
    const NAMESPACE: [u8; 16] = [
        0xea, 0xd4, 0xc2, 0x36, 0xbf, 0x58, 0x58, 0xc6, 0xa2, 0xc6, 0xa6, 0xb2, 0x8d, 0x12, 0x8c, 0xb6,
    ];
    let bare = address
        .split_once("://")
        .map_or(address, |(_, rest)| rest)
        .trim_end_matches('/');
    let hash = digest(&SHA1_FOR_LEGACY_USE_ONLY, &[&NAMESPACE, bare.as_bytes()].concat());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash.as_ref()[..16]);
    bytes[6] = bytes[6] & 0x0f | 0x50;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let mut out = String::with_capacity(36);
    for (place, byte) in bytes.iter().enumerate() {
        if matches!(place, 4 | 6 | 8 | 10) {
            out.push('-');
        }
        let _ = write!(out, "{byte:02x}");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_podcast_keeps_the_name_that_the_podcast_index_gives_it() {
        // The example of the specification of podcast:guid.
        assert_eq!(guid("https://podnews.net/rss/"), "9b024349-ccf0-5f69-a609-6b82873eab3c");
        assert_eq!(guid("http://podnews.net/rss"), guid("podnews.net/rss"));
    }

    #[test]
    fn a_category_is_one_of_apples_or_none() {
        let read = |text| Category::parse(text).map(|found| (found.name, found.part));
        assert_eq!(read("technology"), Some(("Technology", None)));
        assert_eq!(read("TV & film>after shows"), Some(("TV & Film", Some("After Shows"))));
        for text in ["", "Podcasting", "Technology > Gadgets", "Books", "Arts >"] {
            assert_eq!(read(text), None, "{text}");
        }
        assert!(Category::all().all(|text| Category::parse(&text).is_some()));
    }
}
