-- Application tokens are credentials of an account with a label (client~name), the names of their roles in `scope` with
-- blanks between them, and who made them, as a text that outlives its subject.
ALTER TABLE credentials ADD COLUMN label TEXT;
ALTER TABLE credentials ADD COLUMN created_by TEXT;
CREATE UNIQUE INDEX credentials_label ON credentials (account_id, label) WHERE label IS NOT NULL;
