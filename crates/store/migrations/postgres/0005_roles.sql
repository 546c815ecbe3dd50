-- An account's own roles as JSON, and the names of a user's roles with blanks between them. Nobody of an existing store has
-- a role: they are given with `doorward user set --role`.
ALTER TABLE accounts ADD COLUMN roles TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE users ADD COLUMN roles TEXT COLLATE "C" NOT NULL DEFAULT '';

-- What became of requests to guarded APIs: a sample, without secrets.
CREATE TABLE decisions (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    happened BIGINT NOT NULL,
    door TEXT COLLATE "C" NOT NULL,
    api TEXT COLLATE "C",
    method TEXT COLLATE "C" NOT NULL,
    path TEXT COLLATE "C" NOT NULL,
    outcome TEXT COLLATE "C" NOT NULL,
    reason TEXT COLLATE "C" NOT NULL,
    presented TEXT COLLATE "C" NOT NULL,
    account_id TEXT COLLATE "C",
    user_id TEXT COLLATE "C",
    address TEXT COLLATE "C" NOT NULL
);
CREATE INDEX decisions_happened ON decisions (happened);
