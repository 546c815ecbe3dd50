-- What the audit log is searched by; within each, rows stand in the order of the log, for SQLite ends every index with
-- the row's id.
CREATE INDEX audit_account ON audit (account_id);
CREATE INDEX audit_target ON audit (target);
CREATE INDEX audit_actor ON audit (actor_user) WHERE actor_user IS NOT NULL;
CREATE INDEX audit_impersonator ON audit (actor_impersonator) WHERE actor_impersonator IS NOT NULL;
CREATE INDEX audit_action ON audit (action);
CREATE INDEX audit_time ON audit (happened);
-- The phone numbers of one account, in order: without it, those of all accounts are read.
CREATE INDEX directory_of_account ON directory (account_id, kind, key);
