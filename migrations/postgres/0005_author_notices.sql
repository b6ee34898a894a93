-- What a notice to the author says, JSON; other notices are made of what the database knows when they go out.
ALTER TABLE notices ADD COLUMN content TEXT;
