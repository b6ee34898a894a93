//! What goes with an entry of a feed: files, and what is said of a recording among them.

use super::article::Enclosure;
use super::entry::Clean;
use super::feed_url::FeedUrl;
use super::media;
use super::podcast::{Episode, Transcript};

/// A file that goes with an article.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryFile {
    /// Where it is.
    pub url: FeedUrl,
    /// `audio/mpeg`.
    pub media_type: Clean,
    /// How large, where that is known.
    pub bytes: Option<u64>,
    /// How long it plays.
    pub seconds: Option<u32>,
    /// What people read.
    pub title: Option<Clean>,
}

impl EntryFile {
    pub(super) fn of(file: &Enclosure) -> Option<Self> {
        Some(Self {
            url: FeedUrl::parse(&file.url)?,
            media_type: Clean(media::parse(&file.media_type).unwrap_or_else(|| media::UNKNOWN.to_owned())),
            bytes: file.bytes,
            seconds: file.seconds,
            title: Clean::line(&file.title),
        })
    }

    /// Whether it is listened to or watched.
    pub fn is_played(&self) -> bool {
        media::is_played(self.media_type.as_str())
    }
}

/// What an article says of its recording as an episode of a podcast.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EntryEpisode {
    /// From 1.
    pub number: Option<u32>,
    /// From 1.
    pub season: Option<u32>,
    /// Not for children; `None`: as the podcast says.
    pub explicit: Option<bool>,
    /// Address and media type of each.
    pub transcripts: Vec<(FeedUrl, Clean)>,
}

impl EntryEpisode {
    pub(super) fn of(episode: &Episode) -> Self {
        let transcript = |file: &Transcript| {
            let media_type = media::parse(&file.media_type)?;
            Some((FeedUrl::parse(&file.url)?, Clean(media_type)))
        };
        Self {
            number: episode.number,
            season: episode.season,
            explicit: episode.explicit,
            transcripts: episode.transcripts.iter().filter_map(transcript).collect(),
        }
    }
}
