//! `doorward verifiers`: the generations of hash parameters (decision 13).

use doorward_store::Actor;

use crate::args;
use crate::fail::{Fail, Outcome};
use crate::output::{self, Format};
use crate::views;
use crate::wiring::{self, Opened};

/// Columns of the list.
const COLUMNS: [&str; 5] = ["id", "memory_kib", "passes", "pepper", "in_use"];

pub(crate) async fn run(command: args::Verifiers) -> Outcome {
    match command {
        args::Verifiers::List { place, json } => {
            let opened = wiring::open(&place).await?;
            let store = opened.engine.store();
            let mut views = Vec::new();
            for generation in opened.engine.hash_generations() {
                let in_use = store.hash_generation_in_use(generation.id).await?;
                views.push(views::hash_generation(&generation, in_use));
            }
            opened.close().await;
            output::list(Format::choose(json.json), views, &COLUMNS)
        }
        args::Verifiers::Retire { force, place, json } => {
            let opened = wiring::open(&place).await?;
            let retired = retire(&opened, force).await?;
            opened.close().await;
            output::object(
                Format::choose(json.json),
                &serde_json::json!({"retired": retired}),
            )
        }
    }
}

async fn retire(opened: &Opened, force: bool) -> Outcome<i64> {
    let generations = opened.engine.hash_generations();
    if let [_newest, old] = generations.as_slice()
        && !force
        && opened.engine.store().hash_generation_in_use(old.id).await?
    {
        return Err(
            Fail::new("some users have not signed in since the parameters changed")
                .hint("wait until they have, or add --force: they will need a new password"),
        );
    }
    Ok(opened
        .engine
        .retire_hash_generation(Actor::operator())
        .await?
        .id)
}
