//! The service: its index opened, its connections served and drained.

use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use thiserror::Error;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::app::{App, Settings};
use crate::clock::now_ms;
use crate::collection::Catalog;
use crate::http::router;
use crate::index::{Index, IndexError};

/// Connections at once; further ones wait.
const CONNECTIONS: usize = 128;

/// How long a head may take, and a connection wait for its next request.
const HEAD_TIMEOUT: Duration = Duration::from_secs(75);

/// Bytes a head may have.
const MAX_HEAD: usize = 64 * 1024;

/// How long requests in flight may take once the service is to stop.
const GRACE: Duration = Duration::from_secs(5);

/// The pause after the system refused to accept.
const PAUSE: Duration = Duration::from_millis(50);

/// How often waiting changes are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// Why the service could not start.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The data folder cannot be made.
    #[error("cannot make the data folder")]
    Folder(#[source] io::Error),
    /// The index in it cannot be opened.
    #[error("cannot open the search index: {0}")]
    Index(String),
}

/// A search service that is ready to serve.
#[derive(Debug)]
pub struct SearchService {
    app: App,
    commit_after: Duration,
}

impl SearchService {
    /// Opens the index in the data folder, and makes both, for this user only, if they are absent.
    ///
    /// # Errors
    ///
    /// If the folder cannot be made, or the index is damaged or of another version.
    pub async fn open(data: &Path, settings: Settings) -> Result<Self, OpenError> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(data)
            .map_err(OpenError::Folder)?;
        let index = Index::open(data).await.map_err(|error| {
            OpenError::Index(match &error {
                IndexError::Failed(source) => format!("{error}: {source}"),
                other => other.to_string(),
            })
        })?;
        Ok(Self {
            app: App {
                catalog: Catalog::new(settings.collections),
                index,
                commit_after_changes: settings.commit_after_changes,
                max_document: settings.max_document,
            },
            commit_after: settings.commit_after,
        })
    }

    /// Serves HTTP/1.1 until `stop` is cancelled; requests in flight then have five seconds.
    ///
    /// Whoever reaches the listener may do everything: there are no credentials here. Listen on the loopback
    /// interface, and let a gateway ask who is calling.
    pub async fn serve(self, listener: TcpListener, stop: CancellationToken) {
        let tracker = TaskTracker::new();
        let shared = Shared {
            router: router(self.app.clone()),
            stop: stop.child_token(),
        };
        let _if_dropped = shared.stop.clone().drop_guard();
        tracker.spawn(commit_waiting(
            self.app.index.clone(),
            self.commit_after,
            shared.stop.clone(),
        ));
        let accepting = accept(&listener, &shared, &tracker);
        let _: Option<()> = stop.run_until_cancelled(accepting).await;
        drop(listener);
        tracker.close();
        tracker.wait().await;
        self.app.index.close().await;
    }
}

/// What all connections share.
#[derive(Clone)]
struct Shared {
    router: Router,
    stop: CancellationToken,
}

async fn accept(listener: &TcpListener, shared: &Shared, tracker: &TaskTracker) {
    let permits = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        // The semaphore is never closed.
        let Ok(permit) = Arc::clone(&permits).acquire_owned().await else {
            return;
        };
        match listener.accept().await {
            Ok((stream, _peer)) => {
                let shared = shared.clone();
                tracker.spawn(async move {
                    serve_connection(stream, shared).await;
                    drop(permit);
                });
            }
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

async fn serve_connection(stream: TcpStream, shared: Shared) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "a connection ended at once");
        return;
    }
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_buf_size(MAX_HEAD);
    let service = TowerToHyperService::new(shared.router);
    let mut connection = pin!(http.serve_connection(TokioIo::new(stream), service));
    let result = tokio::select! {
        result = connection.as_mut() => result,
        () = shared.stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            match tokio::time::timeout(GRACE, connection).await {
                Ok(result) => result,
                Err(_) => return,
            }
        }
    };
    if let Err(error) = result {
        tracing::debug!(%error, "a connection ended badly");
    }
}

/// Commits changes nobody committed. What waits when the service stops is committed after its next start.
async fn commit_waiting(index: Index, after: Duration, stop: CancellationToken) {
    let after_ms = i64::try_from(after.as_millis()).unwrap_or(i64::MAX);
    let pause = || stop.run_until_cancelled(tokio::time::sleep(LOOK_EVERY.min(after).max(PAUSE)));
    while pause().await.is_some() {
        if let Err(error) = commit_older(&index, after_ms).await {
            tracing::warn!(%error, "waiting changes were not committed");
        }
    }
}

async fn commit_older(index: &Index, after_ms: i64) -> Result<(), IndexError> {
    let now = now_ms();
    for collection in index.waiting_since(now.saturating_sub(after_ms)).await? {
        index.commit(&collection, now).await?;
    }
    Ok(())
}
