//! Who waits for what goes on after an answer, and ends it.

use hyper::rt::Executor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Owns what outlives a request: upgraded connections, kept connections to upstreams, probes.
#[derive(Debug, Clone, Default)]
pub(crate) struct Owner {
    /// Waits for them.
    pub(crate) tasks: TaskTracker,
    /// Ends them.
    pub(crate) cut: CancellationToken,
}

impl Owner {
    /// Runs something until it is over, or cut.
    pub(crate) fn spawn(&self, task: impl Future<Output: Send> + Send + 'static) {
        let cut = self.cut.clone();
        self.tasks.spawn(cut.run_until_cancelled_owned(task));
    }

    /// Ends them all, and waits until they have ended.
    pub(crate) async fn stop(&self) {
        self.cut.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }
}

impl<F> Executor<F> for Owner
where
    F: Future<Output: Send> + Send + 'static,
{
    fn execute(&self, future: F) {
        self.spawn(future);
    }
}
