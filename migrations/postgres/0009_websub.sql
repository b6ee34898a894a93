-- Who is sent the new bytes of which feed by the built-in hub (WebSub). `id` stands for callback and topic; the secret is sealed
-- with the key ring; `sent_tag` is the entity tag of the bytes that the callback has.
CREATE TABLE websub_subscriptions (
    id TEXT NOT NULL PRIMARY KEY,
    callback TEXT NOT NULL,
    topic TEXT NOT NULL,
    host TEXT NOT NULL,
    secret BYTEA,
    expires_at BIGINT NOT NULL,
    sent_tag TEXT NOT NULL DEFAULT ''
);
CREATE INDEX websub_subscriptions_topic ON websub_subscriptions (topic);
CREATE INDEX websub_subscriptions_host ON websub_subscriptions (host);

-- What is to be asked or told outside: questions to callbacks, documents for subscribers, pings for other hubs. One node at a
-- time has a job, until `lease_until`.
CREATE TABLE websub_jobs (
    id TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    target TEXT NOT NULL,
    topic TEXT NOT NULL,
    tag TEXT NOT NULL,
    secret BYTEA,
    lease_seconds BIGINT NOT NULL DEFAULT 0,
    queued_at BIGINT NOT NULL,
    next_at BIGINT NOT NULL,
    attempts BIGINT NOT NULL DEFAULT 0,
    lease_until BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX websub_jobs_next ON websub_jobs (next_at);
