-- The id was the article's address in a feed that was taken over (RSS isPermaLink="true"): readers were told so.
ALTER TABLE articles ADD COLUMN is_permalink BIGINT NOT NULL DEFAULT 0;

-- Ids and dates of a feed of before, whose articles no scan has found yet. `address` is the comparison form.
CREATE TABLE imported_ids (
    address TEXT NOT NULL PRIMARY KEY,
    entry_id TEXT NOT NULL UNIQUE,
    is_permalink BIGINT NOT NULL,
    published_at BIGINT
);
