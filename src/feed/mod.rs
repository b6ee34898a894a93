//! Articles to RSS, Atom, JSON Feed and OPML: the only importer of `rss` and `atom_syndication`.

/// The prepared feeds.
#[derive(Debug, Default)]
pub struct FeedSet;
