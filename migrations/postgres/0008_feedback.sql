-- What readers say about an article. voter_key tells one voter of an article from another and names nobody; the key of an
-- answer from a page goes after 48 hours, with the salt that it was made with.
CREATE TABLE feedback (
    id BIGINT NOT NULL PRIMARY KEY,
    article_id TEXT NOT NULL,
    issue_id TEXT,
    subscriber_id BIGINT,
    voter_key BYTEA,
    rating BIGINT NOT NULL CHECK (rating BETWEEN 1 AND 5),
    comment TEXT NOT NULL,
    origin TEXT NOT NULL CHECK (origin IN ('letter', 'page')),
    at BIGINT NOT NULL,
    UNIQUE (article_id, voter_key)
);
CREATE INDEX feedback_at ON feedback (at);
-- One row per day (since 1970); destroyed after 48 hours.
CREATE TABLE voter_salts (
    day BIGINT NOT NULL PRIMARY KEY,
    salt BYTEA NOT NULL
);
