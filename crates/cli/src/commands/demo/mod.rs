//! `doorward demo`: a complete installation on this machine, to be played with or to be proven.

mod client;
mod configuration;
mod login;
mod sample;
mod search;
mod shown;
mod tour;

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use doorward::config::Settings;
use doorward::log;
use doorward_core::hex;
use doorward_engine::system_random;
use doorward_gateway::address::ListenAddr;
use tokio::signal::unix::{SignalKind, signal};

use crate::args::Demo;
use crate::data::{DataFolder, Undo};
use crate::fail::{Fail, Outcome};
use crate::running::{Running, Sockets};
use crate::wiring;
use crate::{output, pins};

use sample::Sample;
use search::Search;

/// The example, serving.
struct Stage {
    settings: Settings,
    running: Running,
    search: Search,
    sample: Sample,
    public: SocketAddr,
    ops: SocketAddr,
}

pub(crate) async fn run(args: Demo) -> Outcome {
    let temporary = match &args.data {
        Some(_) => None,
        None => Some(Temporary::create()?),
    };
    let data = match (&args.data, &temporary) {
        (Some(data), _) => data,
        (None, Some(temporary)) => &temporary.0,
        (None, None) => return Err(Fail::new("there is no folder for the example")),
    };
    let stage = Box::pin(Stage::set(data, args.check)).await?;
    if args.check {
        return Box::pin(tour::play(stage)).await;
    }
    output::text(&shown::page(&stage, temporary.is_some()))?;
    interrupted().await?;
    let stopped = stage.running.stop().await;
    stage.search.stop().await;
    stopped
}

impl Stage {
    async fn set(data: &Path, any_port: bool) -> Outcome<Self> {
        let is_new = configuration::is_new(data);
        let mut undo = Undo::default();
        let bound = if is_new {
            configuration::found(data, any_port, &mut undo)?
        } else {
            None
        };
        let settings = configuration::settings(data, any_port)?;
        drop(log::init(&settings.log).map_err(Fail::new)?);
        let bound = bound.map_or_else(|| configuration::listen(&settings), Ok)?;
        let sockets = Sockets::bind(&settings)?;
        let (public, ops) = (address(&sockets.public())?, address(&sockets.ops())?);
        if is_new {
            found(&settings, &mut undo).await?;
        }
        undo.keep();
        let opened = wiring::open_to_serve(&settings).await?;
        let search = Search::start(&settings.data, bound).await?;
        let sample = if is_new {
            search.seed().await?;
            sample::plant(&opened).await?
        } else {
            sample::find(&opened).await?
        };
        let meanings = pins::resolve(&opened, &settings).await?;
        let wire = wiring::wire(&settings, &meanings)?;
        meanings.keep(&opened).await?;
        let running = Running::start(opened, sockets, &settings, wire);
        Ok(Self {
            settings,
            running,
            search,
            sample,
            public,
            ops,
        })
    }
}

async fn found(settings: &Settings, undo: &mut Undo) -> Outcome {
    let lock = DataFolder::new(&settings.data).take()?;
    super::init::found(settings, sample::root(), undo).await?;
    drop(lock);
    Ok(())
}

fn address(addresses: &[&ListenAddr]) -> Outcome<SocketAddr> {
    match addresses {
        [ListenAddr::Tcp(address), ..] => Ok(*address),
        _ => Err(Fail::new("the example has no TCP address")),
    }
}

async fn interrupted() -> Outcome {
    let listen = |kind| {
        signal(kind).map_err(|error| Fail::new(format!("cannot listen for signals: {error}")))
    };
    let (mut interrupt, mut terminate) = (
        listen(SignalKind::interrupt())?,
        listen(SignalKind::terminate())?,
    );
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    Ok(())
}

/// A folder that goes away with the example.
struct Temporary(PathBuf);

impl Temporary {
    fn create() -> Outcome<Self> {
        let name = format!(
            "doorward-demo-{}",
            hex::encode(&system_random().bytes::<8>())
        );
        let path = std::env::temp_dir().join(name);
        let mut undo = Undo::default();
        DataFolder::new(&path).create(&mut undo)?;
        undo.keep();
        Ok(Self(path))
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        // A folder in the system's place for such things is no harm if it cannot be removed.
        drop(fs::remove_dir_all(&self.0));
    }
}
