//! The search service by itself: `doorward-demo-search ADDRESS FOLDER`.

use std::error::Error;
use std::io::Write as _;
use std::path::PathBuf;

use doorward_demo_search::{SearchService, Settings};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args_os().skip(1);
    let (Some(address), Some(folder), None) =
        (arguments.next(), arguments.next(), arguments.next())
    else {
        return Err("usage: doorward-demo-search ADDRESS FOLDER".into());
    };
    let address = address.to_string_lossy().into_owned();
    let service = SearchService::open(&PathBuf::from(folder), Settings::default()).await?;
    let listener = TcpListener::bind(address).await?;
    writeln!(std::io::stdout(), "listening on {}", listener.local_addr()?)?;
    let (mut terminate, mut interrupt) = (
        signal(SignalKind::terminate())?,
        signal(SignalKind::interrupt())?,
    );
    let stop = CancellationToken::new();
    let serving = service.serve(listener, stop.clone());
    let stopping = async {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        stop.cancel();
    };
    tokio::join!(serving, stopping);
    Ok(())
}
