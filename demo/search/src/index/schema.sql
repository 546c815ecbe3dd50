-- Documents as they are searched (live = 1) and as they were pushed since (live = 0), which a commit makes live.
-- A pushed row without content takes the document away.
CREATE TABLE document (
    id INTEGER PRIMARY KEY,
    collection TEXT NOT NULL,
    key TEXT NOT NULL,
    live INTEGER NOT NULL,
    pushed_ms INTEGER NOT NULL,
    content BLOB,
    content_type TEXT NOT NULL DEFAULT '',
    file_type TEXT NOT NULL DEFAULT '',
    size INTEGER NOT NULL DEFAULT 0,
    date_ms INTEGER,
    title TEXT NOT NULL DEFAULT '',
    folded_title TEXT NOT NULL DEFAULT '',
    description TEXT NOT NULL DEFAULT '',
    body TEXT NOT NULL DEFAULT '',
    -- What the metadata says, in words, and as a JSON object of lists.
    extra TEXT NOT NULL DEFAULT '',
    metadata TEXT NOT NULL DEFAULT '{}',
    UNIQUE (collection, live, key)
) STRICT;

-- Metadata of both, folded, for constraints.
CREATE TABLE metadata (
    document INTEGER NOT NULL REFERENCES document (id) ON DELETE CASCADE,
    class TEXT NOT NULL,
    value TEXT NOT NULL
) STRICT;
CREATE INDEX metadata_of_document ON metadata (document, class);

CREATE TABLE committed (
    collection TEXT PRIMARY KEY,
    at_ms INTEGER NOT NULL
) STRICT;

-- The words of live documents. A title counts eight times what a text does.
CREATE VIRTUAL TABLE words USING fts5 (
    title, body, extra,
    content = 'document', content_rowid = 'id',
    tokenize = 'porter unicode61 remove_diacritics 2'
);
INSERT INTO words (words, rank) VALUES ('rank', 'bm25(8.0, 1.0, 2.0)');

PRAGMA user_version = 1;
