-- The first schema: articles and their revisions, people, issues, the ledger of deliveries, and who works on what.
-- All times are microseconds since 1970, UTC, bound by the program. Booleans are 0 and 1. Ids are never reused.
-- The same file exists for SQLite; a test compares names, columns and keys.

-- One row: which installation this is, and the epoch that guards against restored copies.
CREATE TABLE instance (
    id BIGINT NOT NULL PRIMARY KEY,
    instance_id TEXT NOT NULL,
    identity TEXT NOT NULL,
    epoch BIGINT NOT NULL,
    beat_at BIGINT NOT NULL,
    guard TEXT
);

-- One row per process start; the id is the fencing epoch of everything the process owns.
CREATE TABLE nodes (
    id BIGINT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    place_id TEXT NOT NULL,
    boot_id TEXT NOT NULL,
    version TEXT NOT NULL,
    started_at BIGINT NOT NULL,
    lease_until BIGINT NOT NULL,
    stopped_at BIGINT,
    seq BIGINT NOT NULL DEFAULT 0,
    outcomes BIGINT NOT NULL DEFAULT 0
);

-- Numbers handed out in order (node ids, revision ids, subscriber ids): never reused, alike on both engines.
CREATE TABLE counters (
    name TEXT NOT NULL PRIMARY KEY,
    value BIGINT NOT NULL
);

CREATE TABLE sources (
    id TEXT NOT NULL PRIMARY KEY,
    baseline_at BIGINT,
    scanned_at BIGINT,
    settings_hash TEXT NOT NULL,
    articles BIGINT NOT NULL DEFAULT 0
);

CREATE TABLE articles (
    id TEXT NOT NULL PRIMARY KEY,
    entry_id TEXT NOT NULL UNIQUE,
    source_id TEXT NOT NULL,
    locator TEXT NOT NULL,
    header_id TEXT,
    url TEXT NOT NULL,
    former_urls TEXT NOT NULL,
    published_at BIGINT NOT NULL,
    published_from TEXT NOT NULL,
    date_only BIGINT NOT NULL,
    updated_at BIGINT,
    first_seen BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    mailable_at BIGINT,
    not_mailable TEXT,
    visibility TEXT NOT NULL,
    reason TEXT,
    missing_since BIGINT,
    missing_scans BIGINT NOT NULL DEFAULT 0,
    source_hash BYTEA NOT NULL,
    content_hash BYTEA NOT NULL,
    body_hash BYTEA NOT NULL,
    revision_id BIGINT NOT NULL,
    title TEXT NOT NULL,
    file_size BIGINT NOT NULL,
    file_mtime BIGINT NOT NULL,
    file_id BIGINT NOT NULL,
    scan_no BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX articles_by_locator ON articles (source_id, locator);
CREATE INDEX articles_by_url ON articles (url);
CREATE INDEX articles_by_body ON articles (source_id, body_hash);
CREATE INDEX articles_by_date ON articles (published_at, id);

-- What a reader could see of an article, each time it changed. `fields` is the JSON of model::article::Content.
CREATE TABLE revisions (
    id BIGINT NOT NULL PRIMARY KEY,
    article_id TEXT NOT NULL,
    content_hash BYTEA NOT NULL,
    seen_at BIGINT NOT NULL,
    fields TEXT NOT NULL
);
CREATE INDEX revisions_by_article ON revisions (article_id, id);

CREATE TABLE problems (
    source_id TEXT NOT NULL,
    locator TEXT NOT NULL,
    code TEXT NOT NULL,
    line BIGINT,
    message TEXT NOT NULL,
    remedy TEXT NOT NULL,
    severity TEXT NOT NULL,
    first_seen BIGINT NOT NULL,
    last_seen BIGINT NOT NULL,
    PRIMARY KEY (source_id, locator, code)
);

-- One row that says whether feeds must be rendered anew.
CREATE TABLE content_versions (
    name TEXT NOT NULL PRIMARY KEY,
    version BIGINT NOT NULL,
    changed_at BIGINT NOT NULL
);

-- Ids and times of feeds: equal on every node and after every restart. `version` is the content version behind a row;
-- a node that lags behind overwrites nothing newer. `mark` stands for the members and what they say.
CREATE TABLE feed_scopes (
    scope TEXT NOT NULL PRIMARY KEY,
    feed_id TEXT NOT NULL,
    title TEXT NOT NULL,
    updated_at BIGINT NOT NULL,
    mark TEXT NOT NULL,
    version BIGINT NOT NULL
);
CREATE TABLE feed_changes (
    path TEXT NOT NULL PRIMARY KEY,
    etag TEXT NOT NULL,
    changed_at BIGINT NOT NULL,
    renderer BIGINT NOT NULL,
    version BIGINT NOT NULL
);

CREATE TABLE subscribers (
    id BIGINT NOT NULL PRIMARY KEY,
    address TEXT NOT NULL,
    address_key BYTEA NOT NULL UNIQUE,
    address_version BIGINT NOT NULL DEFAULT 1,
    name TEXT,
    language TEXT,
    token_epoch BIGINT NOT NULL DEFAULT 0,
    soft_bounces BIGINT NOT NULL DEFAULT 0,
    soft_since BIGINT,
    created_at BIGINT NOT NULL,
    erased_at BIGINT
);

CREATE TABLE subscriptions (
    subscriber_id BIGINT NOT NULL,
    newsletter_id TEXT NOT NULL,
    state TEXT NOT NULL,
    schedule_id TEXT NOT NULL,
    topics TEXT NOT NULL,
    floor_at BIGINT NOT NULL,
    paused_until BIGINT,
    owed_check BIGINT NOT NULL DEFAULT 0,
    consent_id BIGINT,
    reason TEXT,
    created_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    PRIMARY KEY (subscriber_id, newsletter_id)
);
CREATE INDEX subscriptions_by_schedule ON subscriptions (newsletter_id, schedule_id, state, subscriber_id);

-- Append-only: who agreed to what, when and how.
CREATE TABLE consents (
    id BIGINT NOT NULL PRIMARY KEY,
    subscriber_id BIGINT NOT NULL,
    newsletter_id TEXT NOT NULL,
    text_id TEXT NOT NULL,
    method TEXT NOT NULL,
    form TEXT,
    language TEXT,
    asked_at BIGINT NOT NULL,
    confirmed_at BIGINT,
    network TEXT,
    note TEXT
);
CREATE INDEX consents_by_subscriber ON consents (subscriber_id, newsletter_id);
CREATE TABLE consent_texts (
    id TEXT NOT NULL PRIMARY KEY,
    text TEXT NOT NULL,
    language TEXT NOT NULL
);

-- Addresses that must not be mailed, by key: the table holds no address.
CREATE TABLE suppressions (
    address_key BYTEA NOT NULL,
    scope TEXT NOT NULL,
    reason TEXT NOT NULL,
    since BIGINT NOT NULL,
    until BIGINT,
    evidence TEXT,
    PRIMARY KEY (address_key, scope)
);

CREATE TABLE budgets (
    scope TEXT NOT NULL PRIMARY KEY,
    tat BIGINT NOT NULL
);

CREATE TABLE audit (
    id BIGINT NOT NULL PRIMARY KEY,
    at BIGINT NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    detail TEXT NOT NULL
);

CREATE TABLE schedules (
    newsletter_id TEXT NOT NULL,
    schedule_id TEXT NOT NULL,
    rule_hash TEXT NOT NULL,
    zone TEXT NOT NULL,
    anchor_at BIGINT NOT NULL,
    started_at BIGINT NOT NULL,
    PRIMARY KEY (newsletter_id, schedule_id)
);

CREATE TABLE occurrences (
    newsletter_id TEXT NOT NULL,
    schedule_id TEXT NOT NULL,
    occurrence TEXT NOT NULL,
    due_at BIGINT NOT NULL,
    zone TEXT NOT NULL,
    state TEXT NOT NULL,
    reason TEXT,
    count BIGINT NOT NULL DEFAULT 1,
    issue_id TEXT,
    decided_at BIGINT NOT NULL,
    PRIMARY KEY (newsletter_id, schedule_id, occurrence)
);

CREATE TABLE issues (
    id TEXT NOT NULL PRIMARY KEY,
    newsletter_id TEXT NOT NULL,
    schedule_id TEXT NOT NULL,
    occurrence TEXT NOT NULL,
    due_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    state TEXT NOT NULL,
    pause_reason TEXT,
    owner BIGINT,
    template_hash TEXT NOT NULL,
    candidates BIGINT NOT NULL,
    finished_at BIGINT,
    UNIQUE (newsletter_id, schedule_id, occurrence)
);

-- The frozen revision of each article that an issue carries.
CREATE TABLE issue_articles (
    issue_id TEXT NOT NULL,
    article_id TEXT NOT NULL,
    revision_id BIGINT NOT NULL,
    PRIMARY KEY (issue_id, article_id)
);

CREATE TABLE variants (
    issue_id TEXT NOT NULL,
    variant_no BIGINT NOT NULL,
    language TEXT NOT NULL,
    template TEXT NOT NULL,
    items_hash TEXT NOT NULL,
    recipients BIGINT NOT NULL,
    letter TEXT,
    sha256 TEXT,
    PRIMARY KEY (issue_id, variant_no),
    UNIQUE (issue_id, items_hash, language, template)
);

CREATE TABLE variant_items (
    issue_id TEXT NOT NULL,
    variant_no BIGINT NOT NULL,
    place BIGINT NOT NULL,
    article_id TEXT NOT NULL,
    role TEXT NOT NULL,
    PRIMARY KEY (issue_id, variant_no, place)
);
CREATE INDEX variant_items_by_article ON variant_items (article_id, issue_id, variant_no);

-- Up to 1,000 deliveries with subscriber_id in [lo, hi]: the unit that a node leases.
CREATE TABLE chunks (
    issue_id TEXT NOT NULL,
    chunk_no BIGINT NOT NULL,
    lo BIGINT NOT NULL,
    hi BIGINT NOT NULL,
    state TEXT NOT NULL,
    owner BIGINT,
    next_at BIGINT NOT NULL,
    accepted BIGINT NOT NULL DEFAULT 0,
    failed BIGINT NOT NULL DEFAULT 0,
    skipped BIGINT NOT NULL DEFAULT 0,
    unknown BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (issue_id, chunk_no)
);
CREATE INDEX chunks_by_state ON chunks (state, next_at);

-- The ledger. state, owner and next_at stand in no index, so that PostgreSQL updates stay HOT; work is found by chunk.
CREATE TABLE deliveries (
    issue_id TEXT NOT NULL,
    subscriber_id BIGINT NOT NULL,
    variant_no BIGINT NOT NULL,
    state TEXT NOT NULL,
    attempt_no BIGINT NOT NULL DEFAULT 0,
    deferrals BIGINT NOT NULL DEFAULT 0,
    unknowns BIGINT NOT NULL DEFAULT 0,
    owner BIGINT,
    next_at BIGINT,
    first_at BIGINT,
    attempted_at BIGINT,
    settled_at BIGINT,
    code TEXT,
    detail TEXT,
    PRIMARY KEY (issue_id, subscriber_id)
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02);

CREATE TABLE passed_over (
    newsletter_id TEXT NOT NULL,
    schedule_id TEXT NOT NULL,
    article_id TEXT NOT NULL,
    reason TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (newsletter_id, schedule_id, article_id)
);

-- One row per ledger; its row lock serialises composing.
CREATE TABLE ledgers (
    name TEXT NOT NULL PRIMARY KEY,
    seq BIGINT NOT NULL
);

-- One letter outside any issue: confirmations, welcomes.
CREATE TABLE notices (
    id BIGINT NOT NULL PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    subscriber_id BIGINT NOT NULL,
    newsletter_id TEXT NOT NULL,
    state TEXT NOT NULL,
    attempt_no BIGINT NOT NULL DEFAULT 0,
    unknowns BIGINT NOT NULL DEFAULT 0,
    owner BIGINT,
    next_at BIGINT,
    first_at BIGINT,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    settled_at BIGINT,
    detail TEXT
);
CREATE INDEX notices_open ON notices (next_at) WHERE state IN ('pending', 'deferred', 'attempting', 'unknown');
