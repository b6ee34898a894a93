-- What readers say about an article. voter_key tells one voter of an article from another and names nobody; the key of an
-- answer from a page goes after 48 hours, with the salt that it was made with.
CREATE TABLE feedback (
    id INTEGER NOT NULL PRIMARY KEY,
    article_id TEXT NOT NULL,
    issue_id TEXT,
    subscriber_id INTEGER,
    voter_key BLOB,
    rating INTEGER NOT NULL CHECK (rating BETWEEN 1 AND 5),
    comment TEXT NOT NULL,
    origin TEXT NOT NULL CHECK (origin IN ('letter', 'page')),
    at INTEGER NOT NULL,
    UNIQUE (article_id, voter_key)
) STRICT;
CREATE INDEX feedback_at ON feedback (at);
-- One row per day (since 1970); destroyed after 48 hours.
CREATE TABLE voter_salts (
    day INTEGER NOT NULL PRIMARY KEY,
    salt BLOB NOT NULL
) STRICT;
