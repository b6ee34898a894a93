-- What delivery needs beyond the first version. The same file exists for PostgreSQL.

-- What is left alone for a while, and why.
CREATE TABLE breakers (
    scope TEXT NOT NULL PRIMARY KEY,
    until INTEGER NOT NULL,
    reason TEXT NOT NULL
) STRICT;
