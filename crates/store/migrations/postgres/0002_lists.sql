-- What users are listed by: last name, a blank, first name.
ALTER TABLE users ADD COLUMN list_key TEXT COLLATE "C" NOT NULL DEFAULT '';
UPDATE users SET list_key = substr(
    CASE WHEN json_typeof(document::json -> 'last_name') = 'string' THEN document::json ->> 'last_name' ELSE '' END
    || ' ' ||
    CASE WHEN json_typeof(document::json -> 'first_name') = 'string' THEN document::json ->> 'first_name' ELSE '' END,
    1, 256);
CREATE INDEX users_list ON users (account_id, list_key, id);
