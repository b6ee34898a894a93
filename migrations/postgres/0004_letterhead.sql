-- What stands above the letters of an issue, frozen with it. The same file exists for SQLite.
ALTER TABLE issues ADD COLUMN letterhead TEXT;
