//! An article as it appears in a feed, and the keys of feeds.
