//! `doorward key`: an account's API key.

use doorward_store::Actor;

use crate::args;
use crate::fail::Outcome;
use crate::output::{self, Format};
use crate::{views, wiring};

pub(crate) async fn run(command: args::Key) -> Outcome {
    let (args::Key::Show(which) | args::Key::Rotate(which)) = &command;
    let opened = wiring::open(&which.place).await?;
    let account = opened.account(&which.account).await?.id;
    let key = match command {
        args::Key::Show(_) => opened.engine.api_key(account).await?,
        args::Key::Rotate(_) => {
            opened
                .engine
                .rotate_api_key(Actor::operator(), account)
                .await?
        }
    };
    opened.close().await;
    output::object(
        Format::choose(which.json.json),
        &views::api_key(account, &key),
    )
}
