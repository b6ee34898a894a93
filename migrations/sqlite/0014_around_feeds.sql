-- How many people read a feed on a day, as each node counted them: numbers, never addresses or what is made of them.
CREATE TABLE feed_readers (
    day INTEGER NOT NULL,
    node TEXT NOT NULL,
    scope TEXT NOT NULL,
    service TEXT NOT NULL,
    part TEXT NOT NULL,
    readers INTEGER NOT NULL,
    is_floor INTEGER NOT NULL,
    PRIMARY KEY (day, node, scope, service, part)
) STRICT;

-- Proxies that the config does not name, for `doctor`: addresses of the operator's own networks, and networks of others.
CREATE TABLE strangers (
    whereabouts TEXT NOT NULL PRIMARY KEY,
    requests INTEGER NOT NULL,
    seen_at INTEGER NOT NULL
) STRICT;

-- What a document was printed from: the same again must give the same bytes. Empty where nobody noted it.
ALTER TABLE feed_changes ADD COLUMN inputs TEXT NOT NULL DEFAULT '';
