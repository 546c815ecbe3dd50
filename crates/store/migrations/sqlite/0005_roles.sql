-- An account's own roles as JSON, and the names of a user's roles with blanks between them. Nobody of an existing store has
-- a role: they are given with `doorward user set --role`.
ALTER TABLE accounts ADD COLUMN roles TEXT NOT NULL DEFAULT '';
ALTER TABLE users ADD COLUMN roles TEXT NOT NULL DEFAULT '';

-- What became of requests to guarded APIs: a sample, without secrets.
CREATE TABLE decisions (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    happened INTEGER NOT NULL,
    door TEXT NOT NULL,
    api TEXT,
    method TEXT NOT NULL,
    path TEXT NOT NULL,
    outcome TEXT NOT NULL,
    reason TEXT NOT NULL,
    presented TEXT NOT NULL,
    account_id TEXT,
    user_id TEXT,
    address TEXT NOT NULL
) STRICT;
CREATE INDEX decisions_happened ON decisions (happened);
