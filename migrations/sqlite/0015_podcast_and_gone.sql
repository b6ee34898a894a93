-- The name of a feed in the Podcast Index: made of its address once, and kept when the address changes.
ALTER TABLE feed_scopes ADD COLUMN podcast_guid TEXT;
-- Articles that went before anybody saw them say so, because feeds take back only what was there.
UPDATE articles SET reason = 'the file is gone, and nobody had seen it'
    WHERE visibility = 'gone' AND reason = 'the file is gone' AND mailable_at IS NULL AND not_mailable IS NULL;
