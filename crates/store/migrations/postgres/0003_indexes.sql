-- What the audit log is searched by; within each, rows stand in the order of the log, as long as the row's id ends the
-- index.
CREATE INDEX audit_account ON audit (account_id, id);
CREATE INDEX audit_target ON audit (target, id);
CREATE INDEX audit_actor ON audit (actor_user, id) WHERE actor_user IS NOT NULL;
CREATE INDEX audit_impersonator ON audit (actor_impersonator, id) WHERE actor_impersonator IS NOT NULL;
CREATE INDEX audit_action ON audit (action, id);
CREATE INDEX audit_time ON audit (happened, id);
-- The phone numbers of one account, in order: without it, those of all accounts are read.
CREATE INDEX directory_of_account ON directory (account_id, kind, key);
