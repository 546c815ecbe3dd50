//! `doorward app-token`: what programs prove themselves by.

use doorward_core::app_token::Label;
use doorward_core::id::AccountId;
use doorward_engine::AppTokenRow;
use doorward_engine::admin::NewAppToken;
use doorward_store::Actor;

use crate::args::{AppToken, AppTokenCreate, Json, OneAppToken};
use crate::fail::{Fail, Outcome};
use crate::output::{self, Format};
use crate::views;
use crate::wiring::{self, Opened, quoted};

/// Columns of the list.
const COLUMNS: [&str; 7] = [
    "client",
    "name",
    "roles",
    "created_by",
    "created",
    "expires",
    "last_used",
];
/// Who made what the command line makes.
const OPERATOR: &str = "operator";

pub(crate) async fn run(command: AppToken) -> Outcome {
    match command {
        AppToken::List {
            account,
            client,
            place,
            json,
        } => {
            let opened = wiring::open(&place).await?;
            let account = opened.account(&account).await?.id;
            let tokens = opened.engine.app_tokens(account).await?;
            opened.close().await;
            let of_client = |token: &&AppTokenRow| {
                client
                    .as_ref()
                    .is_none_or(|client| token.label.client == *client)
            };
            let views = tokens.iter().filter(of_client).map(views::app_token);
            output::list(Format::choose(json.json), views.collect(), &COLUMNS)
        }
        AppToken::Create(args) => create(args).await,
        AppToken::Clone { which, new_name } => {
            let (opened, account, label) = find(&which).await?;
            let old = known(&opened, account, &label).await?;
            let new = NewAppToken {
                account,
                label: Label {
                    client: label.client,
                    name: new_name,
                },
                roles: old.roles,
                expires: old.expires,
                created_by: OPERATOR.to_owned(),
            };
            make(opened, new, which.json).await
        }
        AppToken::Revoke(which) => {
            let (opened, account, label) = find(&which).await?;
            let row = known(&opened, account, &label).await?;
            let revoked = opened
                .engine
                .revoke_app_token(Actor::operator(), account, label);
            revoked.await?;
            opened.close().await;
            output::object(Format::choose(which.json.json), &views::app_token(&row))
        }
    }
}

async fn create(args: AppTokenCreate) -> Outcome {
    let (opened, account, label) = find(&args.which).await?;
    let now = opened.engine.now();
    let new = NewAppToken {
        account,
        label,
        roles: args.roles,
        expires: args.expires_in.map(|life| now.plus(life)),
        created_by: OPERATOR.to_owned(),
    };
    make(opened, new, args.which.json).await
}

async fn make(opened: Opened, new: NewAppToken, json: Json) -> Outcome {
    let made = opened.engine.create_app_token(Actor::operator(), new);
    let (row, value) = made.await?;
    opened.close().await;
    let view = views::new_app_token(&row, &value);
    output::object(Format::choose(json.json), &view)
}

async fn find(which: &OneAppToken) -> Outcome<(Opened, AccountId, Label)> {
    let opened = wiring::open(&which.place).await?;
    let account = opened.account(&which.account).await?.id;
    let label = Label {
        client: which.client.clone(),
        name: which.name.clone(),
    };
    Ok((opened, account, label))
}

async fn known(opened: &Opened, account: AccountId, label: &Label) -> Outcome<AppTokenRow> {
    let found = opened.engine.app_token(account, label).await;
    found.map_err(|error| match error {
        doorward_engine::AdminError::UnknownAppToken => Fail::new(format!(
            "there is no application token {}",
            quoted(&label.to_string())
        ))
        .hint(format!("see `doorward app-token list --account {account}`")),
        other => other.into(),
    })
}
