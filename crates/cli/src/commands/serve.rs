//! `doorward serve`: until SIGTERM or SIGINT; SIGHUP reads the configuration again.

use doorward::config::Settings;
use doorward::log;
use doorward_gateway::address::ListenAddr;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::args::Serve;
use crate::fail::{Fail, Outcome};
use crate::reload::Reload;
use crate::running::{Running, Sockets};
use crate::{pins, wiring};

pub(crate) async fn run(args: Serve) -> Outcome {
    let sources = || wiring::sources(&args.place, args.listen.as_deref());
    let loaded = Settings::load(sources()).map_err(|problems| wiring::unusable(&problems))?;
    let settings = &loaded.settings;
    let level = log::init(&settings.log).map_err(Fail::new)?;
    let mut signals = Signals::new()?;

    let sockets = Sockets::bind(settings)?;
    let opened = wiring::open_to_serve(settings).await?;
    let meanings = pins::resolve(&opened, settings).await?;
    announce(&sockets, settings);
    let wire = wiring::wire(settings, &meanings)?;
    meanings.keep(&opened).await?;
    let secret = wire.check.peers.secret.clone();
    let running = Running::start(opened, sockets, settings, wire);

    let mut reload = Reload::new(loaded, level, secret);
    loop {
        match signals.next(&running).await {
            Asked::Reload => reload.run(sources(), &running).await,
            Asked::Stop(why) => {
                tracing::info!(why, "stopping");
                break;
            }
        }
    }
    running.stop().await?;
    tracing::info!("stopped");
    Ok(())
}

fn announce(sockets: &Sockets, settings: &Settings) {
    let text = |addresses: Vec<&ListenAddr>| {
        let addresses: Vec<String> = addresses.into_iter().map(ToString::to_string).collect();
        addresses.join(", ")
    };
    tracing::info!(
        public = text(sockets.public()),
        check = text(sockets.check()),
        ops = text(sockets.ops()),
        version = env!("CARGO_PKG_VERSION"),
        "serving",
    );
    let reaches_out = |address: &&ListenAddr| match address {
        ListenAddr::Tcp(address) => !address.ip().is_loopback(),
        _ => false,
    };
    if settings.tls.is_none() && sockets.public().iter().any(reaches_out) {
        let allowed = settings.listen.allow_plaintext;
        tracing::warn!(
            allow_plaintext = allowed,
            "the public address is reached without TLS: credentials from other machines are {}",
            if allowed {
                "accepted in the clear"
            } else {
                "refused unless a trusted proxy received them over https"
            },
        );
    }
}

/// What a signal asks for.
enum Asked {
    Reload,
    Stop(&'static str),
}

struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hangup: Signal,
}

impl Signals {
    fn new() -> Outcome<Self> {
        let listen = |kind| {
            signal(kind).map_err(|error| Fail::new(format!("cannot listen for signals: {error}")))
        };
        Ok(Self {
            terminate: listen(SignalKind::terminate())?,
            interrupt: listen(SignalKind::interrupt())?,
            hangup: listen(SignalKind::hangup())?,
        })
    }

    async fn next(&mut self, running: &Running) -> Asked {
        tokio::select! {
            _ = self.terminate.recv() => Asked::Stop("SIGTERM"),
            _ = self.interrupt.recv() => Asked::Stop("SIGINT"),
            _ = self.hangup.recv() => Asked::Reload,
            () = running.broken() => Asked::Stop("a listener failed"),
        }
    }
}
