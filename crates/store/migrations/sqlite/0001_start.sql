-- Every key begins with the account, except those of the global directories: installation, master_keys, key_ring,
-- hash_generations, directory, denied_tokens, pins, changes, audit. Times are microseconds since the Unix epoch, ids
-- 32 hexadecimal digits, booleans 0 and 1.

-- Generations of the master key that something may be sealed with.
CREATE TABLE master_keys (
    id TEXT NOT NULL PRIMARY KEY,
    check_value BLOB NOT NULL,
    created INTEGER NOT NULL
) STRICT;

-- The one row about the whole installation.
CREATE TABLE installation (
    only_row INTEGER NOT NULL PRIMARY KEY CHECK (only_row = 1),
    generation INTEGER NOT NULL,
    signature_secret BLOB NOT NULL,
    root TEXT NOT NULL,
    installation TEXT NOT NULL
) STRICT;

CREATE TABLE accounts (
    id TEXT NOT NULL PRIMARY KEY,
    parent_id TEXT REFERENCES accounts (id),
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    realm TEXT NOT NULL,
    enabled INTEGER NOT NULL,
    superduper INTEGER NOT NULL,
    reseller INTEGER NOT NULL,
    trial_ends INTEGER,
    basic_digest TEXT,
    generation INTEGER NOT NULL,
    key_generation INTEGER NOT NULL,
    salt BLOB NOT NULL,
    signature_secret BLOB NOT NULL,
    document TEXT NOT NULL,
    revision INTEGER NOT NULL,
    created INTEGER NOT NULL,
    modified INTEGER NOT NULL
) STRICT;
CREATE INDEX accounts_children ON accounts (parent_id, name_key, id);

-- What is unique or looked up across accounts: names (which may be shared), realms, phone numbers, digests of API keys.
CREATE TABLE directory (
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    account_id TEXT NOT NULL REFERENCES accounts (id),
    created INTEGER NOT NULL,
    PRIMARY KEY (kind, key, account_id)
) STRICT;
CREATE UNIQUE INDEX directory_single ON directory (kind, key) WHERE kind <> 'name';
CREATE INDEX directory_account ON directory (account_id, kind);

-- A user without a username (who cannot sign in) has the empty one.
CREATE TABLE users (
    account_id TEXT NOT NULL REFERENCES accounts (id),
    id TEXT NOT NULL,
    username TEXT NOT NULL,
    level TEXT NOT NULL,
    enabled INTEGER NOT NULL,
    generation INTEGER NOT NULL,
    signature_secret BLOB NOT NULL,
    document TEXT NOT NULL,
    revision INTEGER NOT NULL,
    created INTEGER NOT NULL,
    modified INTEGER NOT NULL,
    PRIMARY KEY (account_id, id)
) STRICT;
CREATE UNIQUE INDEX users_username ON users (account_id, username) WHERE username <> '';
CREATE INDEX users_order ON users (account_id, username, id);

-- Everything somebody can prove to be somebody with. Without a user the account itself is the subject.
CREATE TABLE credentials (
    account_id TEXT NOT NULL REFERENCES accounts (id),
    id TEXT NOT NULL,
    kind TEXT NOT NULL,
    user_id TEXT,
    lookup BLOB NOT NULL,
    hash_generation INTEGER NOT NULL,
    sealed BLOB,
    scope TEXT,
    generation INTEGER NOT NULL,
    expires INTEGER,
    created INTEGER NOT NULL,
    last_used INTEGER,
    last_used_address TEXT,
    PRIMARY KEY (account_id, id),
    FOREIGN KEY (account_id, user_id) REFERENCES users (account_id, id)
) STRICT;
CREATE UNIQUE INDEX credentials_lookup ON credentials (account_id, kind, lookup, hash_generation);
CREATE UNIQUE INDEX credentials_api_key ON credentials (account_id) WHERE kind = 'api_key';
CREATE INDEX credentials_user ON credentials (account_id, user_id);
CREATE INDEX credentials_hash_generation ON credentials (hash_generation);

CREATE TABLE key_ring (
    id TEXT NOT NULL PRIMARY KEY,
    purpose TEXT NOT NULL,
    state TEXT NOT NULL,
    material BLOB,
    created INTEGER NOT NULL,
    modified INTEGER NOT NULL
) STRICT;

CREATE TABLE hash_generations (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    memory_kib INTEGER NOT NULL,
    passes INTEGER NOT NULL,
    pepper TEXT NOT NULL,
    created INTEGER NOT NULL
) STRICT;

CREATE TABLE denied_tokens (
    id TEXT NOT NULL PRIMARY KEY,
    account_id TEXT NOT NULL,
    expires INTEGER NOT NULL
) STRICT;
CREATE INDEX denied_tokens_expires ON denied_tokens (expires);

CREATE TABLE pins (
    key TEXT NOT NULL PRIMARY KEY,
    text TEXT NOT NULL,
    account_id TEXT NOT NULL
) STRICT;

-- What other nodes must read again. Ids become visible in order and are never used twice.
CREATE TABLE changes (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    account_id TEXT,
    subject TEXT,
    until INTEGER,
    happened INTEGER NOT NULL
) STRICT;

CREATE TABLE audit (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    happened INTEGER NOT NULL,
    action TEXT NOT NULL,
    account_id TEXT,
    target TEXT,
    actor_account TEXT,
    actor_user TEXT,
    actor_credential TEXT,
    actor_impersonator TEXT,
    request_id TEXT,
    address TEXT
) STRICT;
