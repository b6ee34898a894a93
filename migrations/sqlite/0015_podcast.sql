-- The name of a feed in the Podcast Index: made of its address once, and kept when the address changes.
ALTER TABLE feed_scopes ADD COLUMN podcast_guid TEXT;
