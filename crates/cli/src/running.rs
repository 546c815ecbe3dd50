//! A server at work: sockets, engine, upkeep; used by `serve` and `demo`.

use std::io;

use doorward::config::Settings;
use doorward_gateway::address::ListenAddr;
use doorward_gateway::inherited::Inherited;
use doorward_gateway::listen::{self, Listener};
use doorward_gateway::peer::ListenerName;
use doorward_gateway::serve::{self, Limits, Service};
use doorward_gateway::tls;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::fail::{Fail, Outcome};
use crate::wiring::Opened;
use doorward::front::{self, Front, Wire};

/// Sockets that are open and not yet served.
pub(crate) struct Sockets {
    public: Vec<Listener>,
    check: Vec<Listener>,
    ops: Vec<Listener>,
    tls: Option<tls::Server>,
}

/// A server at work.
pub(crate) struct Running {
    /// The public side, to exchange its settings.
    pub(crate) front: Front,
    /// Our certificate, to exchange it.
    pub(crate) tls: Option<tls::Server>,
    opened: Opened,
    tasks: TaskTracker,
    listeners: Vec<JoinHandle<io::Result<serve::Drained>>>,
    stop: CancellationToken,
    upkeep: CancellationToken,
}

impl Sockets {
    /// Opens all sockets of the configuration, or none.
    pub(crate) fn bind(settings: &Settings) -> Outcome<Self> {
        let tls = settings.tls.as_ref().map(tls::Server::load).transpose()?;
        let mut inherited =
            Inherited::from_environment().map_err(|error| Fail::new(error.to_string()))?;
        let mut bind =
            |name, addresses| listen::bind(&ListenerName::new(name), addresses, &mut inherited);
        let encrypted = |listeners: Vec<Listener>| match &tls {
            Some(server) => listeners.into_iter().map(|l| l.with_tls(server)).collect(),
            None => listeners,
        };
        Ok(Self {
            public: encrypted(bind("public", &settings.listen.public)?),
            check: encrypted(bind("check", &settings.listen.check)?),
            ops: bind("ops", &settings.listen.ops)?,
            tls,
        })
    }

    /// Where the public API is reached.
    pub(crate) fn public(&self) -> Vec<&ListenAddr> {
        self.public.iter().map(Listener::local).collect()
    }

    /// Where proxies ask.
    pub(crate) fn check(&self) -> Vec<&ListenAddr> {
        self.check.iter().map(Listener::local).collect()
    }

    /// Where the probes and metrics are reached.
    pub(crate) fn ops(&self) -> Vec<&ListenAddr> {
        self.ops.iter().map(Listener::local).collect()
    }
}

impl Running {
    /// Begins to serve.
    pub(crate) fn start(opened: Opened, sockets: Sockets, settings: &Settings, wire: Wire) -> Self {
        let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
        let engine = opened.engine.clone();
        let front = Front::new(&engine, wire);
        let limits = Limits {
            connections: settings.limits.connections,
            connections_per_address: settings.limits.connections_per_address,
            exempt: front.exempt(),
            handshake_timeout: settings.limits.handshake_timeout,
            header_timeout: settings.limits.header_timeout,
            body_timeout: settings.limits.body_timeout,
            idle_timeout: settings.limits.idle_timeout,
        };
        let listen = |sockets, service: Service| {
            let (stop, grace, limits) = (stop.clone(), settings.shutdown_grace, limits.clone());
            tasks.spawn(async move {
                let ended = serve::serve(sockets, service, limits, &stop, grace).await;
                // A listener that could not begin takes the others with it.
                stop.cancel();
                ended
            })
        };
        let mut listeners = vec![listen(sockets.public, front.service())];
        if !sockets.check.is_empty() {
            listeners.push(listen(sockets.check, front.check_service()));
        }
        if !sockets.ops.is_empty() {
            listeners.push(listen(sockets.ops, front::ops(&engine)));
        }
        // Other processes' writes are followed until the last request is answered.
        let upkeep = CancellationToken::new();
        let ends = upkeep.clone();
        tasks.spawn(async move { Box::pin(engine.run(ends)).await });
        Self {
            front,
            tls: sockets.tls,
            opened,
            tasks,
            listeners,
            stop,
            upkeep,
        }
    }

    /// Waits until a listener could not begin; otherwise for ever.
    pub(crate) async fn broken(&self) {
        self.stop.cancelled().await;
    }

    /// What was opened to serve.
    pub(crate) fn opened(&self) -> &Opened {
        &self.opened
    }

    /// Stops accepting, finishes what is in flight, closes the store.
    pub(crate) async fn stop(self) -> Outcome {
        self.stop.cancel();
        let mut cut = 0_usize;
        let mut failed = None;
        for listener in self.listeners {
            match listener.await {
                Ok(Ok(drained)) => cut = cut.saturating_add(drained.cut),
                Ok(Err(error)) => failed = Some(error.to_string()),
                Err(error) => failed = Some(error.to_string()),
            }
        }
        self.front.stop().await;
        self.upkeep.cancel();
        self.tasks.close();
        self.tasks.wait().await;
        self.opened.close().await;
        if cut > 0 {
            tracing::warn!(cut, "connections were cut because the grace was over");
        }
        failed.map_or(Ok(()), |error| {
            Err(Fail::new(format!("serving failed: {error}")))
        })
    }
}
