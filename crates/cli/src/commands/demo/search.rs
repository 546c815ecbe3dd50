//! The search service behind the example: served on loopback for as long as the example runs.

use std::net::{SocketAddr, TcpListener};
use std::path::Path;

use doorward_demo_search::seed::{self, Sample};
use doorward_demo_search::{SearchService, Settings};
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

use super::client::Client;
use super::configuration;
use crate::fail::{Fail, Outcome};

/// Its folder in the data folder.
const FOLDER: &str = "search";
/// The collection that documents are pushed into.
const COLLECTION: &str = "/push-api/v2/collections/example-push";

/// The service at work.
pub(super) struct Search {
    address: SocketAddr,
    tasks: TaskTracker,
    stop: DropGuard,
}

impl Search {
    /// Begins to serve.
    pub(super) async fn start(data: &Path, listener: TcpListener) -> Outcome<Self> {
        let listener = configuration::asynchronous(listener)?;
        let address = listener
            .local_addr()
            .map_err(|error| Fail::new(format!("the search service has no address: {error}")))?;
        let service = SearchService::open(&data.join(FOLDER), Settings::default())
            .await
            .map_err(|error| Fail::from(anyhow::Error::new(error)))?;
        let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
        tasks.spawn(service.serve(listener, stop.clone()));
        tasks.close();
        Ok(Self {
            address,
            tasks,
            stop: stop.drop_guard(),
        })
    }

    /// Puts the samples, past Doorward; afterwards the collection is stopped, as a new one is.
    pub(super) async fn seed(&self) -> Outcome {
        let client = Client(self.address);
        for sample in seed::samples() {
            put(&client, sample).await?;
        }
        for last in ["commit", "stop"] {
            let path = format!("{COLLECTION}/{last}");
            let answer = client.send("POST", &path, &[], String::new()).await?;
            answer.expect(200)?;
        }
        Ok(())
    }

    /// Finishes what is in flight and closes the index.
    pub(super) async fn stop(self) {
        drop(self.stop);
        self.tasks.wait().await;
    }
}

async fn put(client: &Client, sample: &Sample) -> Outcome {
    let metadata = sample.metadata.iter();
    let metadata: Vec<(String, &str)> = metadata
        .map(|(name, value)| {
            let name = name.to_ascii_lowercase();
            (format!("x-funnelback-push-meta-data-{name}"), *value)
        })
        .collect();
    let mut headers = vec![("content-type", sample.content_type)];
    headers.extend(metadata.iter().map(|(name, value)| (name.as_str(), *value)));
    // The samples' keys hold nothing that a query would have to encode.
    let path = format!("{COLLECTION}/documents?key={}", sample.key);
    let content = sample.content.to_owned();
    client
        .send("PUT", &path, &headers, content)
        .await?
        .expect(200)?;
    Ok(())
}
