-- How many accounts are below each. Counted while the tree changes: lists show the number of every row, and reading all
-- that is below a page of accounts took half a second.
CREATE TABLE tree_sizes (
    account_id TEXT COLLATE "C" NOT NULL PRIMARY KEY REFERENCES accounts (id),
    below BIGINT NOT NULL
);
INSERT INTO tree_sizes (account_id, below)
WITH RECURSIVE pairs (top, id, steps) AS (
    SELECT parent_id, id, 1 FROM accounts WHERE parent_id IS NOT NULL
    UNION ALL
    SELECT a.parent_id, pairs.id, pairs.steps + 1 FROM pairs JOIN accounts a ON a.id = pairs.top
    WHERE a.parent_id IS NOT NULL AND pairs.steps < 64
)
SELECT a.id, count(pairs.id) FROM accounts a LEFT JOIN pairs ON pairs.top = a.id GROUP BY a.id;
