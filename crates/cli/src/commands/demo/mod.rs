//! demo
use crate::args::Demo;
use crate::fail::Outcome;
pub(crate) async fn run(_args: Demo) -> Outcome {
    Ok(())
}
