//! The record of decisions: a bounded sample, without secrets, for whoever asks later what became of a request.
//!
//! Noting one takes no lock and waits for nothing: what does not fit into the queue is counted and dropped. Every
//! ending of every API is there at least once; of the others every refusal up to so many a second, and one of so many
//! of those let in.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use doorward_core::time::Timestamp;
use doorward_store::{NewDecision, Store, StoreError};
use tokio::sync::mpsc;

use super::Inquiry;
use super::counts::ApiCounts;
use super::decide::Ruling;
use crate::decide::outcome;
use crate::metrics::Outcome;
use crate::settings::RecordSettings;

/// Decisions that wait to be written.
const QUEUE: usize = 2048;
/// Decisions written at once.
const BATCH: usize = 512;
/// Longest path kept, in bytes.
const MAX_PATH: usize = 512;
/// Longest method kept, in bytes.
const MAX_METHOD: usize = 32;

/// The way into the record.
pub(crate) struct Recorder {
    settings: RecordSettings,
    queue: mpsc::Sender<NewDecision>,
    waiting: tokio::sync::Mutex<mpsc::Receiver<NewDecision>>,
    /// The second in the upper half, the refusals noted in it in the lower.
    refusals: AtomicU64,
    dropped: AtomicU64,
}

impl Recorder {
    pub(crate) fn new(settings: RecordSettings) -> Self {
        let (queue, waiting) = mpsc::channel(QUEUE);
        Self {
            settings,
            queue,
            waiting: tokio::sync::Mutex::new(waiting),
            refusals: AtomicU64::new(0),
            dropped: AtomicU64::new(0),
        }
    }

    /// How many were not written down that should have been.
    pub(crate) fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    /// Notes a decision, if it is one of the sample.
    pub(super) fn note(
        &self,
        counts: &ApiCounts,
        inquiry: &Inquiry<'_>,
        ruling: &Ruling<'_>,
        path: &str,
        now: Timestamp,
    ) {
        let how = outcome(&ruling.decision);
        if self.settings.keep == 0 {
            return;
        }
        let is_wanted = counts.is_first(ruling.decision.ending())
            || match how {
                Outcome::Allow => self.is_sampled(),
                _ => self.has_room(now),
            };
        if !is_wanted {
            return;
        }
        let (account, user) = ruling.caller.unzip();
        let decision = NewDecision {
            at: now,
            door: inquiry.door.as_str(),
            api: ruling.api.map(|api| Arc::clone(&api.name)),
            method: cut(inquiry.method.as_str(), MAX_METHOD),
            path: cut(path, MAX_PATH),
            outcome: how.label(),
            reason: ruling.decision.code(),
            presented: ruling.shown.label(),
            account,
            user: user.flatten(),
            address: inquiry.client,
        };
        if self.queue.try_send(decision).is_err() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// One in so many, counted by each thread for itself.
    fn is_sampled(&self) -> bool {
        thread_local! {
            static ALLOWED: Cell<u32> = const { Cell::new(0) };
        }
        let sample = self.settings.sample;
        sample > 0
            && ALLOWED.with(|allowed| {
                let n = allowed.get().wrapping_add(1);
                allowed.set(n);
                n % sample == 0
            })
    }

    /// Whether there is room for a refusal in this second.
    fn has_room(&self, now: Timestamp) -> bool {
        let second = u64::try_from(now.unix()).unwrap_or(0) & u64::from(u32::MAX);
        let limit = u64::from(self.settings.refusals_per_second);
        let next = |state: u64| {
            let noted = if state >> 32 == second {
                state & u64::from(u32::MAX)
            } else {
                0
            };
            (noted < limit).then_some((second << 32) | (noted + 1))
        };
        let has_room = self
            .refusals
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, next)
            .is_ok();
        if !has_room {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
        has_room
    }

    /// Writes down what waits. What cannot be written is dropped and counted: a record of the past must not hold up the
    /// present.
    pub(crate) async fn write(&self, store: &Store) -> Result<(), StoreError> {
        let mut waiting = self.waiting.lock().await;
        loop {
            let mut batch = Vec::new();
            while batch.len() < BATCH
                && let Ok(decision) = waiting.try_recv()
            {
                batch.push(decision);
            }
            if batch.is_empty() {
                return Ok(());
            }
            if let Err(error) = store.record_decisions(&batch).await {
                let lost = u64::try_from(batch.len()).unwrap_or(u64::MAX);
                self.dropped.fetch_add(lost, Ordering::Relaxed);
                return Err(error);
            }
        }
    }

    /// Forgets what is too old or too much.
    pub(crate) async fn prune(&self, store: &Store, now: Timestamp) -> Result<(), StoreError> {
        store
            .prune_decisions(now, self.settings.keep, self.settings.keep_for)
            .await
    }
}

/// The beginning of a text, at most so many bytes of it.
fn cut(text: &str, most: usize) -> String {
    text.get(..text.floor_char_boundary(most))
        .unwrap_or_default()
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn refusals_have_room_by_the_second_and_the_rest_is_counted() {
        let recorder = Recorder::new(RecordSettings {
            refusals_per_second: 3,
            ..RecordSettings::default()
        });
        let now = Timestamp::from_unix(1_700_000_000);
        let fit = (0..10).filter(|_| recorder.has_room(now)).count();
        assert_eq!((fit, recorder.dropped()), (3, 7));
        assert!(recorder.has_room(now.plus(Duration::from_secs(1))));
    }

    #[test]
    fn one_in_so_many_is_sampled() {
        let recorder = |sample| {
            Recorder::new(RecordSettings {
                sample,
                ..RecordSettings::default()
            })
        };
        let (tenth, none) = (recorder(10), recorder(0));
        assert_eq!((0..100).filter(|_| tenth.is_sampled()).count(), 10);
        assert_eq!((0..100).filter(|_| none.is_sampled()).count(), 0);
    }

    #[test]
    fn long_paths_are_cut_between_characters() {
        assert_eq!(cut("/aé", 3), "/a");
        assert_eq!(cut("/a", 512), "/a");
    }
}
