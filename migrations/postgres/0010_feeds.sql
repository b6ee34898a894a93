-- When the text of an article changed last since it was public: feeds may call that its update.
ALTER TABLE articles ADD COLUMN edited_at BIGINT;

-- Terms that got another name, as scopes of feeds: whoever asks for the old feed is led to the new one.
CREATE TABLE renamed_terms (
    scope TEXT NOT NULL PRIMARY KEY,
    heir TEXT NOT NULL,
    renamed_at BIGINT NOT NULL
);
