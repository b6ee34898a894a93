-- When mail was put on hold; what people ask for afterwards goes on. The same file exists for PostgreSQL.
ALTER TABLE instance ADD COLUMN guard_at INTEGER;
