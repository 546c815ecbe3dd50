//! `doorward role`: what users may do at guarded APIs.

use std::collections::BTreeSet;

use doorward_core::id::AccountId;
use doorward_core::permission::{Grants, Role};
use doorward_store::Actor;

use crate::args::{self, OneRole, RoleSet};
use crate::fail::Outcome;
use crate::output::{self, Format};
use crate::views;
use crate::wiring::{self, Opened};

/// Columns of the list.
const COLUMNS: [&str; 4] = ["name", "everything", "permissions", "resources"];

pub(crate) async fn run(command: args::Role) -> Outcome {
    match command {
        args::Role::List {
            account,
            place,
            json,
        } => {
            let opened = wiring::open(&place).await?;
            let account = opened.account(&account).await?.id;
            let roles = opened.engine.roles(account).await?;
            opened.close().await;
            let views = roles.iter().map(views::role);
            output::list(Format::choose(json.json), views.collect(), &COLUMNS)
        }
        args::Role::Show(which) => {
            let (opened, account) = find(&which).await?;
            let role = opened.engine.role(account, &which.name).await?;
            finish(opened, which.json, &role).await
        }
        args::Role::Set(args) => set(args).await,
        args::Role::Delete(which) => {
            let (opened, account) = find(&which).await?;
            let role = opened.engine.role(account, &which.name).await?;
            opened
                .engine
                .delete_role(Actor::operator(), account, which.name)
                .await?;
            finish(opened, which.json, &role).await
        }
    }
}

async fn set(args: RoleSet) -> Outcome {
    let (opened, account) = find(&args.which).await?;
    let grants = if args.everything {
        Grants::Everything
    } else {
        let resources = args.resources.into_iter().collect();
        Grants::Some {
            permissions: args.permissions.into_iter().collect(),
            resources: Some(resources).filter(|listed: &BTreeSet<String>| !listed.is_empty()),
        }
    };
    let role = Role {
        name: args.which.name,
        grants,
    };
    opened
        .engine
        .set_role(Actor::operator(), account, role.clone())
        .await?;
    finish(opened, args.which.json, &role).await
}

async fn find(which: &OneRole) -> Outcome<(Opened, AccountId)> {
    let opened = wiring::open(&which.place).await?;
    let account = opened.account(&which.account).await?.id;
    Ok((opened, account))
}

async fn finish(opened: Opened, json: args::Json, role: &Role) -> Outcome {
    opened.close().await;
    output::object(Format::choose(json.json), &views::role(role))
}
