//! `doorward demo`: a complete installation on this machine, to be played with or to be proven.

mod client;
mod sample;
mod shown;
mod tour;

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};

use doorward::config::{Settings, Sources};
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

/// Ports that are taken if they are free.
const PUBLIC: u16 = 8000;
const OPS: u16 = 9000;

/// The example, serving.
struct Stage {
    settings: Settings,
    running: Running,
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
    let stage = Stage::set(data, args.check).await?;
    if args.check {
        return Box::pin(tour::play(stage)).await;
    }
    output::text(&shown::page(&stage, temporary.is_some()))?;
    interrupted().await?;
    stage.running.stop().await
}

impl Stage {
    async fn set(data: &Path, any_port: bool) -> Outcome<Self> {
        let settings = settings(data, any_port)?;
        drop(log::init(&settings.log).map_err(Fail::new)?);
        let sockets = Sockets::bind(&settings)?;
        let (public, ops) = (address(&sockets.public())?, address(&sockets.ops())?);
        let is_new = !settings.data.join("doorward.db").exists();
        if is_new {
            found(&settings).await?;
        }
        let opened = wiring::open_to_serve(&settings).await?;
        let sample = if is_new {
            sample::plant(&opened).await?
        } else {
            sample::find(&opened).await?
        };
        let wire = wiring::wire(&settings, &pins::Meanings::default())?;
        let running = Running::start(opened, sockets, &settings, wire);
        Ok(Self {
            settings,
            running,
            sample,
            public,
            ops,
        })
    }
}

async fn found(settings: &Settings) -> Outcome {
    let mut undo = Undo::default();
    let folder = DataFolder::new(&settings.data);
    folder.create(&mut undo)?;
    let lock = folder.take()?;
    super::init::found(settings, sample::root(), &mut undo).await?;
    undo.keep();
    drop(lock);
    Ok(())
}

/// The defaults, on loopback, quiet: what is printed is for pasting.
fn settings(data: &Path, any_port: bool) -> Outcome<Settings> {
    let port = |wanted| {
        let free = !any_port && TcpListener::bind((Ipv4Addr::LOCALHOST, wanted)).is_ok();
        if free { wanted } else { 0 }
    };
    let variables = [
        (
            "DOORWARD_LISTEN__PUBLIC",
            format!("127.0.0.1:{}", port(PUBLIC)),
        ),
        ("DOORWARD_LISTEN__OPS", format!("127.0.0.1:{}", port(OPS))),
        ("DOORWARD_LOG__LEVEL", "warn".to_owned()),
    ];
    let sources = Sources {
        environment: variables
            .map(|(name, value)| (name.to_owned(), value))
            .to_vec(),
        data: Some(data.to_owned()),
        ..Sources::default()
    };
    let loaded = Settings::load(sources).map_err(|problems| wiring::unusable(&problems))?;
    Ok(loaded.settings)
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
