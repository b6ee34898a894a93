-- What is known of sources that must be asked: feeds on other servers and tables of other databases.
CREATE TABLE source_visits (
    source_id TEXT NOT NULL PRIMARY KEY,
    place TEXT NOT NULL,
    etag TEXT,
    modified TEXT,
    cursor TEXT,
    full_at INTEGER,
    failures INTEGER NOT NULL DEFAULT 0,
    not_before INTEGER,
    is_gone INTEGER NOT NULL DEFAULT 0
) STRICT;
