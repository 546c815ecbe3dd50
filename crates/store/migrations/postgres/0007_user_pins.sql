-- Users of the configuration are pinned like accounts: the user that a name meant, in the account that its own key
-- means. Nothing for a pin that is about an account.
ALTER TABLE pins ADD COLUMN user_id TEXT COLLATE "C";
