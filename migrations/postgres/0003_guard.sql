-- When mail was put on hold; what people ask for afterwards goes on. The same file exists for SQLite.
ALTER TABLE instance ADD COLUMN guard_at BIGINT;
