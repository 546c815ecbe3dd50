-- Every key begins with the account, except those of the global directories: installation, master_keys, key_ring,
-- hash_generations, directory, denied_tokens, pins, changes, audit. Times are microseconds since the Unix epoch, ids
-- 32 hexadecimal digits, booleans 0 and 1.

-- Generations of the master key that something may be sealed with.
CREATE TABLE master_keys (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    check_value BYTEA NOT NULL,
    created BIGINT NOT NULL
);

-- The one row about the whole installation.
CREATE TABLE installation (
    only_row BIGINT NOT NULL PRIMARY KEY CHECK (only_row = 1),
    generation BIGINT NOT NULL,
    signature_secret BYTEA NOT NULL,
    root TEXT COLLATE "C" NOT NULL,
    installation TEXT COLLATE "C" NOT NULL
);

CREATE TABLE accounts (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    parent_id TEXT COLLATE "C" REFERENCES accounts (id),
    name TEXT COLLATE "C" NOT NULL,
    name_key TEXT COLLATE "C" NOT NULL,
    realm TEXT COLLATE "C" NOT NULL,
    enabled BIGINT NOT NULL,
    superduper BIGINT NOT NULL,
    reseller BIGINT NOT NULL,
    trial_ends BIGINT,
    basic_digest TEXT COLLATE "C",
    generation BIGINT NOT NULL,
    key_generation BIGINT NOT NULL,
    salt BYTEA NOT NULL,
    signature_secret BYTEA NOT NULL,
    document TEXT COLLATE "C" NOT NULL,
    revision BIGINT NOT NULL,
    created BIGINT NOT NULL,
    modified BIGINT NOT NULL
);
CREATE INDEX accounts_children ON accounts (parent_id, name_key, id);

-- What is unique or looked up across accounts: names (which may be shared), realms, phone numbers, digests of API keys.
CREATE TABLE directory (
    kind TEXT COLLATE "C" NOT NULL,
    key TEXT COLLATE "C" NOT NULL,
    account_id TEXT COLLATE "C" NOT NULL REFERENCES accounts (id),
    created BIGINT NOT NULL,
    PRIMARY KEY (kind, key, account_id)
);
CREATE UNIQUE INDEX directory_single ON directory (kind, key) WHERE kind <> 'name';
CREATE INDEX directory_account ON directory (account_id, kind);

-- A user without a username (who cannot sign in) has the empty one.
CREATE TABLE users (
    account_id TEXT COLLATE "C" NOT NULL REFERENCES accounts (id),
    id TEXT COLLATE "C" NOT NULL,
    username TEXT COLLATE "C" NOT NULL,
    level TEXT COLLATE "C" NOT NULL,
    enabled BIGINT NOT NULL,
    generation BIGINT NOT NULL,
    signature_secret BYTEA NOT NULL,
    document TEXT COLLATE "C" NOT NULL,
    revision BIGINT NOT NULL,
    created BIGINT NOT NULL,
    modified BIGINT NOT NULL,
    PRIMARY KEY (account_id, id)
);
CREATE UNIQUE INDEX users_username ON users (account_id, username) WHERE username <> '';
CREATE INDEX users_order ON users (account_id, username, id);

-- Everything somebody can prove to be somebody with. Without a user the account itself is the subject.
CREATE TABLE credentials (
    account_id TEXT COLLATE "C" NOT NULL REFERENCES accounts (id),
    id TEXT COLLATE "C" NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    user_id TEXT COLLATE "C",
    lookup BYTEA NOT NULL,
    hash_generation BIGINT NOT NULL,
    sealed BYTEA,
    scope TEXT COLLATE "C",
    generation BIGINT NOT NULL,
    expires BIGINT,
    created BIGINT NOT NULL,
    last_used BIGINT,
    last_used_address TEXT COLLATE "C",
    PRIMARY KEY (account_id, id),
    FOREIGN KEY (account_id, user_id) REFERENCES users (account_id, id)
);
CREATE UNIQUE INDEX credentials_lookup ON credentials (account_id, kind, lookup, hash_generation);
CREATE UNIQUE INDEX credentials_api_key ON credentials (account_id) WHERE kind = 'api_key';
CREATE INDEX credentials_user ON credentials (account_id, user_id);
CREATE INDEX credentials_hash_generation ON credentials (hash_generation);

CREATE TABLE key_ring (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    purpose TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C" NOT NULL,
    material BYTEA,
    created BIGINT NOT NULL,
    modified BIGINT NOT NULL
);

CREATE TABLE hash_generations (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    memory_kib BIGINT NOT NULL,
    passes BIGINT NOT NULL,
    pepper TEXT COLLATE "C" NOT NULL,
    created BIGINT NOT NULL
);

CREATE TABLE denied_tokens (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    account_id TEXT COLLATE "C" NOT NULL,
    expires BIGINT NOT NULL
);
CREATE INDEX denied_tokens_expires ON denied_tokens (expires);

CREATE TABLE pins (
    key TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    text TEXT COLLATE "C" NOT NULL,
    account_id TEXT COLLATE "C" NOT NULL
);

-- What other nodes must read again. Ids become visible in order and are never used twice.
CREATE TABLE changes (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind TEXT COLLATE "C" NOT NULL,
    account_id TEXT COLLATE "C",
    subject TEXT COLLATE "C",
    until BIGINT,
    happened BIGINT NOT NULL
);

CREATE TABLE audit (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    happened BIGINT NOT NULL,
    action TEXT COLLATE "C" NOT NULL,
    account_id TEXT COLLATE "C",
    target TEXT COLLATE "C",
    actor_account TEXT COLLATE "C",
    actor_user TEXT COLLATE "C",
    actor_credential TEXT COLLATE "C",
    actor_impersonator TEXT COLLATE "C",
    request_id TEXT COLLATE "C",
    address TEXT COLLATE "C"
);
