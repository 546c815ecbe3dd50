-- What users are listed by: last name, a blank, first name.
ALTER TABLE users ADD COLUMN list_key TEXT NOT NULL DEFAULT '';
UPDATE users SET list_key = substr(
    CASE WHEN json_type(document, '$.last_name') = 'text' THEN json_extract(document, '$.last_name') ELSE '' END
    || ' ' ||
    CASE WHEN json_type(document, '$.first_name') = 'text' THEN json_extract(document, '$.first_name') ELSE '' END,
    1, 256);
CREATE INDEX users_list ON users (account_id, list_key, id);
