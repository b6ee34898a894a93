-- The first schema: articles and their revisions, people, issues, the ledger of deliveries, and who works on what.
-- All times are microseconds since 1970, UTC, bound by the program. Booleans are 0 and 1. Ids are never reused.
-- The same file exists for PostgreSQL; a test compares names, columns and keys.

-- One row: which installation this is, and the epoch that guards against restored copies.
CREATE TABLE instance (
    id INTEGER NOT NULL PRIMARY KEY,
    instance_id TEXT NOT NULL,
    identity TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    beat_at INTEGER NOT NULL,
    guard TEXT
) STRICT;

-- One row per process start; the id is the fencing epoch of everything the process owns.
CREATE TABLE nodes (
    id INTEGER NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    place_id TEXT NOT NULL,
    boot_id TEXT NOT NULL,
    version TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    lease_until INTEGER NOT NULL,
    stopped_at INTEGER,
    seq INTEGER NOT NULL DEFAULT 0,
    outcomes INTEGER NOT NULL DEFAULT 0
) STRICT;

-- Numbers handed out in order (node ids, revision ids, subscriber ids): never reused, alike on both engines.
CREATE TABLE counters (
    name TEXT NOT NULL PRIMARY KEY,
    value INTEGER NOT NULL
) STRICT;

CREATE TABLE sources (
    id TEXT NOT NULL PRIMARY KEY,
    baseline_at INTEGER,
    scanned_at INTEGER,
    settings_hash TEXT NOT NULL,
    articles INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE articles (
    id TEXT NOT NULL PRIMARY KEY,
    entry_id TEXT NOT NULL UNIQUE,
    source_id TEXT NOT NULL,
    locator TEXT NOT NULL,
    header_id TEXT,
    url TEXT NOT NULL,
    former_urls TEXT NOT NULL,
    published_at INTEGER NOT NULL,
    published_from TEXT NOT NULL,
    date_only INTEGER NOT NULL,
    updated_at INTEGER,
    first_seen INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    mailable_at INTEGER,
    not_mailable TEXT,
    visibility TEXT NOT NULL,
    reason TEXT,
    missing_since INTEGER,
    missing_scans INTEGER NOT NULL DEFAULT 0,
    source_hash BLOB NOT NULL,
    content_hash BLOB NOT NULL,
    body_hash BLOB NOT NULL,
    revision_id INTEGER NOT NULL,
    title TEXT NOT NULL,
    file_size INTEGER NOT NULL,
    file_mtime INTEGER NOT NULL,
    file_id INTEGER NOT NULL,
    scan_no INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX articles_by_locator ON articles (source_id, locator);
CREATE INDEX articles_by_url ON articles (url);
CREATE INDEX articles_by_body ON articles (source_id, body_hash);
CREATE INDEX articles_by_date ON articles (published_at, id);

-- What a reader could see of an article, each time it changed. `fields` is the JSON of model::article::Content.
CREATE TABLE revisions (
    id INTEGER NOT NULL PRIMARY KEY,
    article_id TEXT NOT NULL,
    content_hash BLOB NOT NULL,
    seen_at INTEGER NOT NULL,
    fields TEXT NOT NULL
) STRICT;
CREATE INDEX revisions_by_article ON revisions (article_id, id);

CREATE TABLE problems (
    source_id TEXT NOT NULL,
    locator TEXT NOT NULL,
    code TEXT NOT NULL,
    line INTEGER,
    message TEXT NOT NULL,
    remedy TEXT NOT NULL,
    severity TEXT NOT NULL,
    first_seen INTEGER NOT NULL,
    last_seen INTEGER NOT NULL,
    PRIMARY KEY (source_id, locator, code)
) STRICT;

-- One row that says whether feeds must be rendered anew.
CREATE TABLE content_versions (
    name TEXT NOT NULL PRIMARY KEY,
    version INTEGER NOT NULL,
    changed_at INTEGER NOT NULL
) STRICT;

-- Ids and times of feeds: equal on every node and after every restart. `version` is the content version behind a row;
-- a node that lags behind overwrites nothing newer. `mark` stands for the members and what they say.
CREATE TABLE feed_scopes (
    scope TEXT NOT NULL PRIMARY KEY,
    feed_id TEXT NOT NULL,
    title TEXT NOT NULL,
    updated_at INTEGER NOT NULL,
    mark TEXT NOT NULL,
    version INTEGER NOT NULL
) STRICT;
CREATE TABLE feed_changes (
    path TEXT NOT NULL PRIMARY KEY,
    etag TEXT NOT NULL,
    changed_at INTEGER NOT NULL,
    renderer INTEGER NOT NULL,
    version INTEGER NOT NULL
) STRICT;

CREATE TABLE subscribers (
    id INTEGER NOT NULL PRIMARY KEY,
    address TEXT NOT NULL,
    address_key BLOB NOT NULL UNIQUE,
    address_version INTEGER NOT NULL DEFAULT 1,
    name TEXT,
    language TEXT,
    token_epoch INTEGER NOT NULL DEFAULT 0,
    soft_bounces INTEGER NOT NULL DEFAULT 0,
    soft_since INTEGER,
    created_at INTEGER NOT NULL,
    erased_at INTEGER
) STRICT;

CREATE TABLE subscriptions (
    subscriber_id INTEGER NOT NULL,
    newsletter_id TEXT NOT NULL,
    state TEXT NOT NULL,
    schedule_id TEXT NOT NULL,
    topics TEXT NOT NULL,
    floor_at INTEGER NOT NULL,
    paused_until INTEGER,
    owed_check INTEGER NOT NULL DEFAULT 0,
    consent_id INTEGER,
    reason TEXT,
    created_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    PRIMARY KEY (subscriber_id, newsletter_id)
) STRICT;
CREATE INDEX subscriptions_by_schedule ON subscriptions (newsletter_id, schedule_id, state, subscriber_id);

-- Append-only: who agreed to what, when and how.
CREATE TABLE consents (
    id INTEGER NOT NULL PRIMARY KEY,
    subscriber_id INTEGER NOT NULL,
    newsletter_id TEXT NOT NULL,
    text_id TEXT NOT NULL,
    method TEXT NOT NULL,
    form TEXT,
    language TEXT,
    asked_at INTEGER NOT NULL,
    confirmed_at INTEGER,
    network TEXT,
    note TEXT
) STRICT;
CREATE INDEX consents_by_subscriber ON consents (subscriber_id, newsletter_id);
CREATE TABLE consent_texts (
    id TEXT NOT NULL PRIMARY KEY,
    text TEXT NOT NULL,
    language TEXT NOT NULL
) STRICT;

-- Addresses that must not be mailed, by key: the table holds no address.
CREATE TABLE suppressions (
    address_key BLOB NOT NULL,
    scope TEXT NOT NULL,
    reason TEXT NOT NULL,
    since INTEGER NOT NULL,
    until INTEGER,
    evidence TEXT,
    PRIMARY KEY (address_key, scope)
) STRICT;

CREATE TABLE budgets (
    scope TEXT NOT NULL PRIMARY KEY,
    tat INTEGER NOT NULL
) STRICT;

CREATE TABLE audit (
    id INTEGER NOT NULL PRIMARY KEY,
    at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    detail TEXT NOT NULL
) STRICT;

CREATE TABLE schedules (
    newsletter_id TEXT NOT NULL,
    schedule_id TEXT NOT NULL,
    rule_hash TEXT NOT NULL,
    zone TEXT NOT NULL,
    anchor_at INTEGER NOT NULL,
    started_at INTEGER NOT NULL,
    PRIMARY KEY (newsletter_id, schedule_id)
) STRICT;

CREATE TABLE occurrences (
    newsletter_id TEXT NOT NULL,
    schedule_id TEXT NOT NULL,
    occurrence TEXT NOT NULL,
    due_at INTEGER NOT NULL,
    zone TEXT NOT NULL,
    state TEXT NOT NULL,
    reason TEXT,
    count INTEGER NOT NULL DEFAULT 1,
    issue_id TEXT,
    decided_at INTEGER NOT NULL,
    PRIMARY KEY (newsletter_id, schedule_id, occurrence)
) STRICT;

CREATE TABLE issues (
    id TEXT NOT NULL PRIMARY KEY,
    newsletter_id TEXT NOT NULL,
    schedule_id TEXT NOT NULL,
    occurrence TEXT NOT NULL,
    due_at INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    state TEXT NOT NULL,
    pause_reason TEXT,
    owner INTEGER,
    template_hash TEXT NOT NULL,
    candidates INTEGER NOT NULL,
    finished_at INTEGER,
    UNIQUE (newsletter_id, schedule_id, occurrence)
) STRICT;

-- The frozen revision of each article that an issue carries.
CREATE TABLE issue_articles (
    issue_id TEXT NOT NULL,
    article_id TEXT NOT NULL,
    revision_id INTEGER NOT NULL,
    PRIMARY KEY (issue_id, article_id)
) STRICT;

CREATE TABLE variants (
    issue_id TEXT NOT NULL,
    variant_no INTEGER NOT NULL,
    language TEXT NOT NULL,
    template TEXT NOT NULL,
    items_hash TEXT NOT NULL,
    recipients INTEGER NOT NULL,
    letter TEXT,
    sha256 TEXT,
    PRIMARY KEY (issue_id, variant_no),
    UNIQUE (issue_id, items_hash, language, template)
) STRICT;

CREATE TABLE variant_items (
    issue_id TEXT NOT NULL,
    variant_no INTEGER NOT NULL,
    place INTEGER NOT NULL,
    article_id TEXT NOT NULL,
    role TEXT NOT NULL,
    PRIMARY KEY (issue_id, variant_no, place)
) STRICT;
CREATE INDEX variant_items_by_article ON variant_items (article_id, issue_id, variant_no);

-- Up to 1,000 deliveries with subscriber_id in [lo, hi]: the unit that a node leases.
CREATE TABLE chunks (
    issue_id TEXT NOT NULL,
    chunk_no INTEGER NOT NULL,
    lo INTEGER NOT NULL,
    hi INTEGER NOT NULL,
    state TEXT NOT NULL,
    owner INTEGER,
    next_at INTEGER NOT NULL,
    accepted INTEGER NOT NULL DEFAULT 0,
    failed INTEGER NOT NULL DEFAULT 0,
    skipped INTEGER NOT NULL DEFAULT 0,
    unknown INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (issue_id, chunk_no)
) STRICT;
CREATE INDEX chunks_by_state ON chunks (state, next_at);

-- The ledger. state, owner and next_at stand in no index, so that PostgreSQL updates stay HOT; work is found by chunk.
CREATE TABLE deliveries (
    issue_id TEXT NOT NULL,
    subscriber_id INTEGER NOT NULL,
    variant_no INTEGER NOT NULL,
    state TEXT NOT NULL,
    attempt_no INTEGER NOT NULL DEFAULT 0,
    deferrals INTEGER NOT NULL DEFAULT 0,
    unknowns INTEGER NOT NULL DEFAULT 0,
    owner INTEGER,
    next_at INTEGER,
    first_at INTEGER,
    attempted_at INTEGER,
    settled_at INTEGER,
    code TEXT,
    detail TEXT,
    PRIMARY KEY (issue_id, subscriber_id)
) STRICT;

CREATE TABLE passed_over (
    newsletter_id TEXT NOT NULL,
    schedule_id TEXT NOT NULL,
    article_id TEXT NOT NULL,
    reason TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (newsletter_id, schedule_id, article_id)
) STRICT;

-- One row per ledger; its row lock serialises composing.
CREATE TABLE ledgers (
    name TEXT NOT NULL PRIMARY KEY,
    seq INTEGER NOT NULL
) STRICT;

-- One letter outside any issue: confirmations, welcomes.
CREATE TABLE notices (
    id INTEGER NOT NULL PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    subscriber_id INTEGER NOT NULL,
    newsletter_id TEXT NOT NULL,
    state TEXT NOT NULL,
    attempt_no INTEGER NOT NULL DEFAULT 0,
    unknowns INTEGER NOT NULL DEFAULT 0,
    owner INTEGER,
    next_at INTEGER,
    first_at INTEGER,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    settled_at INTEGER,
    detail TEXT
) STRICT;
CREATE INDEX notices_open ON notices (next_at) WHERE state IN ('pending', 'deferred', 'attempting', 'unknown');
