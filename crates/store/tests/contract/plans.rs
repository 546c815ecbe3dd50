//! How the databases answer the questions of lists: along an index, never by looking at every row.

use doorward_store::testing::{ListStatement, list_statements};
use doorward_testkit::{Kind, both_databases};

/// The index that answers a question: a table's key has no name of ours.
fn index(name: &str, kind: Kind) -> &'static str {
    let key = |sqlite, postgres| match kind {
        Kind::Sqlite => sqlite,
        Kind::Postgres => postgres,
    };
    match name {
        "users" => "users_list",
        "users by username" => "users_order",
        "children" | "accounts under one" => "accounts_children",
        "count of accounts below" => key("sqlite_autoindex_tree_sizes_1", "tree_sizes_pkey"),
        "an account of the tree" | "all accounts" => {
            key("sqlite_autoindex_accounts_1", "accounts_pkey")
        }
        "whether a child is still there" => key("sqlite_autoindex_accounts_1", "accounts_children"),
        "phone numbers" => "directory_of_account",
        "audit" => key("INTEGER PRIMARY KEY", "audit_pkey"),
        // SQLite reads the largest number off the end of the table, and calls that a search.
        "newest of the log" => key("SEARCH audit", "audit_pkey"),
        // PostgreSQL chooses by the number of rows between the times.
        "audit of times" => key("audit_time", "Index"),
        "audit of an account" => "audit_account",
        "audit of a target" => "audit_target",
        "audit of an actor" => "audit_actor",
        "audit of an impersonator" => "audit_impersonator",
        "audit of an action" | "names of actions" => "audit_action",
        other => panic!("by which index are {other} found?"),
    }
}

/// What reads a whole table, or puts more rows in order than it needs.
fn costly(line: &str, statement: &ListStatement) -> bool {
    // What a statement has made itself is read as a whole.
    let own = ["SCAN names", "SCAN CONSTANT ROW"];
    // Of what lies between two times the index gives no order.
    let sorts = statement.name == "audit of times";
    let sort = ["TEMP B-TREE", "Sort"];
    line.contains("Seq Scan")
        || (line.contains("SCAN") && !own.iter().any(|own| line.contains(own)))
        || (!sorts && sort.iter().any(|sort| line.contains(sort)))
}

both_databases!(lists_run_along_an_index, async |database| {
    let all = list_statements();
    assert!(all.len() > 40, "{}", all.len());
    let mut wrong = Vec::new();
    for statement in &all {
        let text = match database.kind {
            Kind::Sqlite => &statement.sqlite,
            Kind::Postgres => &statement.postgres,
        };
        let plan = database.plan(text).await;
        let index = index(statement.name, database.kind);
        if !plan.contains(index) || plan.lines().any(|line| costly(line, statement)) {
            wrong.push(format!("{}: {text}\n{plan}\n", statement.name));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
});

both_databases!(a_question_without_an_index_is_noticed, async |database| {
    let plan = database
        .plan("SELECT id FROM audit WHERE request_id = 'a' ORDER BY address")
        .await;
    let statement = &list_statements()[0];
    assert!(plan.lines().any(|line| costly(line, statement)), "{plan}");
});
