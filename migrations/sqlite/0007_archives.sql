-- Archives of the main feed (RFC 5005 section 4). A run is sealed once: which articles are in it never changes, so that
-- neither does what a reader finds at its address.
CREATE TABLE archive_runs (
    run INTEGER NOT NULL PRIMARY KEY,
    sealed_at INTEGER NOT NULL
) STRICT;
CREATE TABLE archive_members (
    article_id TEXT NOT NULL PRIMARY KEY,
    run INTEGER NOT NULL
) STRICT;
CREATE INDEX archive_members_run ON archive_members (run);
