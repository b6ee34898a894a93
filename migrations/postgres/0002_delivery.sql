-- What delivery needs beyond the first version. The same file exists for SQLite.

-- What is left alone for a while, and why.
CREATE TABLE breakers (
    scope TEXT NOT NULL PRIMARY KEY,
    until BIGINT NOT NULL,
    reason TEXT NOT NULL
);
