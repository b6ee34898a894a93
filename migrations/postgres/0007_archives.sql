-- Archives of the main feed (RFC 5005 section 4). A run is sealed once: which articles are in it never changes, so that
-- neither does what a reader finds at its address.
CREATE TABLE archive_runs (
    run BIGINT NOT NULL PRIMARY KEY,
    sealed_at BIGINT NOT NULL
);
CREATE TABLE archive_members (
    article_id TEXT NOT NULL PRIMARY KEY,
    run BIGINT NOT NULL
);
CREATE INDEX archive_members_run ON archive_members (run);
