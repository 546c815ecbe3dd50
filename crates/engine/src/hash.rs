//! Slow hashes on threads of their own (decision 26): niced, bounded, with a deadline, so that token
//! traffic never waits behind a storm of sign-ins.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use doorward_core::secret::SecretText;
use doorward_core::verifier::{Memory, Recipe, VERIFIER_LEN, compute};
use tokio::sync::oneshot;

use crate::metrics::Metrics;
use crate::settings::HashSettings;
use crate::source::monotonic;

/// How much kinder than the rest these threads are to the scheduler.
const NICENESS: i32 = 10;
/// After this long without work a thread gives its memory back.
const IDLE: Duration = Duration::from_secs(10);

/// The hash was not computed: the queue is full, or waiting took too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Busy {
    /// When to try again.
    pub(crate) retry_after: Duration,
}

/// The threads and their queue.
pub(crate) struct HashPool {
    shared: Arc<Shared>,
    capacity: usize,
    deadline: Duration,
    threads: Mutex<Vec<std::thread::JoinHandle<()>>>,
}

struct Shared {
    queue: Mutex<Queue>,
    wake: Condvar,
    metrics: Arc<Metrics>,
}

#[derive(Default)]
struct Queue {
    jobs: VecDeque<Job>,
    ended: bool,
}

struct Job {
    secret: SecretText,
    recipe: Recipe,
    deadline: Duration,
    reply: oneshot::Sender<[u8; VERIFIER_LEN]>,
}

impl HashPool {
    /// Starts the threads.
    pub(crate) fn start(settings: &HashSettings, metrics: Arc<Metrics>) -> Self {
        let shared = Arc::new(Shared {
            queue: Mutex::default(),
            wake: Condvar::new(),
            metrics,
        });
        let threads = (0..settings.threads.max(1))
            .filter_map(|n| {
                let shared = Arc::clone(&shared);
                std::thread::Builder::new()
                    .name(format!("hash-{n}"))
                    .spawn(move || work(&shared))
                    .ok()
            })
            .collect();
        Self {
            shared,
            capacity: settings.queue,
            deadline: settings.deadline,
            threads: Mutex::new(threads),
        }
    }

    /// Computes a verifier.
    pub(crate) async fn compute(
        &self,
        secret: SecretText,
        recipe: Recipe,
    ) -> Result<[u8; VERIFIER_LEN], Busy> {
        let busy = Busy {
            retry_after: self.deadline.max(Duration::from_secs(1)),
        };
        let (reply, answer) = oneshot::channel();
        {
            let mut queue = lock(&self.shared.queue);
            if queue.ended || queue.jobs.len() >= self.capacity {
                self.shared.metrics.hash_shed();
                return Err(busy);
            }
            queue.jobs.push_back(Job {
                secret,
                recipe,
                deadline: monotonic() + self.deadline,
                reply,
            });
        }
        self.shared.wake.notify_one();
        answer.await.map_err(|_| busy)
    }

    /// How many jobs wait.
    pub(crate) fn waiting(&self) -> usize {
        lock(&self.shared.queue).jobs.len()
    }

    /// Ends the threads; what still waits is answered as busy.
    pub(crate) fn end(&self) {
        {
            let mut queue = lock(&self.shared.queue);
            queue.ended = true;
            queue.jobs.clear();
        }
        self.shared.wake.notify_all();
        for thread in std::mem::take(&mut *lock(&self.threads)) {
            if thread.join().is_err() {
                tracing::error!("a hash thread had panicked");
            }
        }
    }
}

impl Drop for HashPool {
    fn drop(&mut self) {
        self.end();
    }
}

fn work(shared: &Shared) {
    if rustix::process::nice(NICENESS).is_err() {
        tracing::debug!("hash threads keep their niceness");
    }
    let mut memory = Memory::default();
    while let Some(job) = next(shared, &mut memory) {
        if job.reply.is_closed() {
            continue;
        }
        let started = monotonic();
        if started > job.deadline {
            shared.metrics.hash_shed();
            continue;
        }
        match compute(job.secret.expose().as_bytes(), &job.recipe, &mut memory) {
            Ok(verifier) => {
                shared.metrics.hashed(monotonic().saturating_sub(started));
                // Nobody waits any more when this fails.
                let _gone = job.reply.send(verifier).is_err();
            }
            Err(error) => tracing::error!(%error, "a slow hash failed"),
        }
    }
}

/// The next job; gives the memory back while there is none.
fn next(shared: &Shared, memory: &mut Memory) -> Option<Job> {
    let mut queue = lock(&shared.queue);
    loop {
        if queue.ended {
            return None;
        }
        if let Some(job) = queue.jobs.pop_front() {
            return Some(job);
        }
        let (woken, timeout) = shared
            .wake
            .wait_timeout(queue, IDLE)
            .unwrap_or_else(PoisonError::into_inner);
        queue = woken;
        if timeout.timed_out() {
            memory.release();
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use doorward_core::secret::SecretBytes;
    use doorward_core::verifier::Cost;

    fn pool(queue: usize, deadline: Duration) -> HashPool {
        let settings = HashSettings {
            cost: Cost::DEFAULT,
            threads: 1,
            queue,
            deadline,
        };
        HashPool::start(&settings, Arc::new(Metrics::default()))
    }

    fn recipe(passes: u32) -> Recipe {
        Recipe {
            cost: Cost::new(1024, passes).unwrap(),
            salt: [1; 16],
            pepper: SecretBytes::new(vec![2; 32]),
        }
    }

    #[tokio::test]
    async fn it_computes_what_the_rule_says() {
        let pool = pool(4, Duration::from_mins(1));
        let direct = compute(b"x", &recipe(1), &mut Memory::default()).unwrap();
        assert_eq!(pool.compute("x".into(), recipe(1)).await, Ok(direct));
    }

    #[tokio::test]
    async fn a_full_queue_refuses_instead_of_waiting() {
        let pool = pool(0, Duration::from_secs(5));
        let busy = pool.compute("x".into(), recipe(1)).await.unwrap_err();
        assert_eq!(busy.retry_after, Duration::from_secs(5));
    }

    #[tokio::test]
    async fn what_waited_too_long_is_not_computed() {
        let pool = pool(4, Duration::ZERO);
        assert!(pool.compute("x".into(), recipe(1)).await.is_err());
    }

    #[tokio::test]
    async fn ending_answers_who_waits() {
        let pool = pool(4, Duration::from_mins(1));
        pool.end();
        assert!(pool.compute("x".into(), recipe(1)).await.is_err());
    }
}
