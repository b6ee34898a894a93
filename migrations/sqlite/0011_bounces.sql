-- What came back: one row for each report, refusal and provider event about a letter. `detail` holds no address.
-- The same file exists for PostgreSQL.
CREATE TABLE bounces (
    id INTEGER NOT NULL PRIMARY KEY,
    event_key TEXT NOT NULL UNIQUE,
    subscriber_id INTEGER NOT NULL,
    issue_id TEXT,
    source TEXT NOT NULL,
    class TEXT NOT NULL,
    certain INTEGER NOT NULL,
    code TEXT,
    detail TEXT,
    effect TEXT NOT NULL,
    at INTEGER NOT NULL
) STRICT;
CREATE INDEX bounces_by_subscriber ON bounces (subscriber_id, at);
CREATE INDEX bounces_by_time ON bounces (at);
CREATE INDEX bounces_new ON bounces (id) WHERE effect = 'new';

-- Domains that refused so many people at once that nobody is given up because of it until the operator decides.
CREATE TABLE bounce_incidents (
    domain TEXT NOT NULL PRIMARY KEY,
    opened_at INTEGER NOT NULL,
    dead INTEGER NOT NULL,
    mailed INTEGER NOT NULL
) STRICT;
