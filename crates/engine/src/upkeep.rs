//! What goes on in the background: hearing of other processes' writes, and keeping house.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use doorward_store::{Actor, Change, ChangeRow, Feed, HashGeneration, News, StoreError};
use tokio_util::sync::CancellationToken;

use crate::engine::Inner;
use crate::keys::Keys;
use crate::{AdminError, Engine};

/// Own changes remembered, so that they are not taken in twice.
const OWN_REMEMBERED: usize = 4096;
/// How often the house is kept.
const HOUSEKEEPING: Duration = Duration::from_mins(1);
/// How often the record of decisions is written.
const RECORDING: Duration = Duration::from_secs(1);
/// Rows pruned at once.
const PRUNED_AT_ONCE: u32 = 1000;
/// How often something that must be read is tried before somebody else tries again.
const ATTEMPTS: u32 = 8;
/// Pause before a broken feed is asked again.
const RETRY: Duration = Duration::from_millis(250);

/// Which changes this process has taken in.
pub(crate) struct Heard {
    last: AtomicI64,
    own: Mutex<VecDeque<i64>>,
    /// One reader of the key ring at a time: of two that overlap, the one that read first must not have the last word.
    ring: tokio::sync::Mutex<()>,
}

impl Heard {
    pub(crate) fn new(last: i64) -> Self {
        Self {
            last: AtomicI64::new(last),
            own: Mutex::default(),
            ring: tokio::sync::Mutex::default(),
        }
    }

    fn note_own(&self, rows: &[ChangeRow]) {
        let mut own = self.own.lock().unwrap_or_else(PoisonError::into_inner);
        own.extend(rows.iter().map(|row| row.id));
        let surplus = own.len().saturating_sub(OWN_REMEMBERED);
        own.drain(..surplus);
    }

    /// After a gap the history may be another one, in which others write rows under ids that were ours.
    fn forget_own(&self) {
        self.own
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }

    fn is_own(&self, row: &ChangeRow) -> bool {
        self.own
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .contains(&row.id)
    }
}

impl Engine {
    /// Follows other processes' writes and keeps house, until cancelled.
    pub async fn run(&self, stop: CancellationToken) {
        self.0.health.beat();
        if let Err(error) = self.follow_hash_settings().await {
            tracing::warn!(%error, "the hash settings are not in force yet");
        }
        let (follow, keep_house) = (Box::pin(self.0.follow()), Box::pin(self.0.keep_house()));
        let record = Box::pin(self.0.keep_record());
        stop.run_until_cancelled(async { tokio::join!(follow, keep_house, record) })
            .await;
    }

    /// Begins a new hash generation when the settings ask for another cost (decision 13).
    async fn follow_hash_settings(&self) -> Result<(), AdminError> {
        let keys = self.0.keys.load_full();
        let Some(newest) = keys.hashes.first().copied() else {
            return Ok(());
        };
        let cost = self.0.settings.hash.cost;
        if newest.cost == cost {
            return Ok(());
        }
        if keys.hashes.len() > 1 {
            tracing::warn!(
                "two hash generations are alive already; end the old one with `doorward verifiers retire` first"
            );
            return Ok(());
        }
        self.commit(Actor::server(), move |write| {
            Box::pin(async move {
                write
                    .insert_hash_generation(HashGeneration {
                        id: 0,
                        cost,
                        pepper: newest.pepper,
                    })
                    .await?;
                Ok(())
            })
        })
        .await?;
        tracing::info!(
            memory_kib = cost.memory_kib(),
            passes = cost.passes(),
            "new verifiers get a new cost"
        );
        Ok(())
    }
}

impl Inner {
    /// Takes in changes this process made, before anybody is told they were made.
    pub(crate) async fn absorb_own(&self, rows: &[ChangeRow]) {
        self.heard.note_own(rows);
        self.absorb(rows).await;
    }

    async fn absorb(&self, rows: &[ChangeRow]) {
        let rings = |row: &ChangeRow| matches!(row.change, Change::Keys | Change::System);
        if rows.iter().any(rings) {
            self.reload_keys().await;
        }
        self.live.apply(rows.iter().map(|row| row.change));
    }

    /// Reads the key ring again. While it cannot be read nothing is decided: a ring known to be old
    /// signs and accepts what was ended. Heartbeats go on trying.
    async fn reload_keys(&self) {
        let _alone = self.heard.ring.lock().await;
        for _ in 0..ATTEMPTS {
            match Keys::load(&self.store).await {
                Ok(keys) => {
                    self.keys.store(std::sync::Arc::new(keys));
                    self.health.ring_is_read(true);
                    return;
                }
                Err(error) => {
                    self.health.ring_is_read(false);
                    tracing::error!(%error, "the key ring cannot be read");
                    tokio::time::sleep(RETRY).await;
                }
            }
        }
    }

    /// Reads everything again that changes are heard for. Until it is read the heartbeat stands still,
    /// and when the grace is over nothing is decided.
    async fn start_over(&self) {
        self.heard.forget_own();
        self.reload_keys().await;
        loop {
            match self.store.denied_tokens(self.clock.now()).await {
                Ok(denied) => {
                    self.live.deny(denied);
                    return self.live.forget();
                }
                Err(error) => {
                    tracing::error!(%error, "revoked tokens cannot be read");
                    tokio::time::sleep(RETRY).await;
                }
            }
        }
    }

    async fn follow(&self) {
        loop {
            match self
                .store
                .feed(self.heard.last.load(Ordering::Relaxed))
                .await
            {
                Ok(mut feed) => self.follow_one(&mut feed).await,
                Err(error) => tracing::warn!(%error, "the store's changes cannot be followed"),
            }
            tokio::time::sleep(RETRY).await;
        }
    }

    /// Reads one feed until it fails for good; errors in between are waited out.
    async fn follow_one(&self, feed: &mut Feed) {
        let mut silent = false;
        loop {
            match feed.next().await {
                Ok(news) => {
                    if std::mem::take(&mut silent) {
                        tracing::info!("the store answers again");
                    }
                    self.take(news).await;
                }
                Err(StoreError::Unreachable(problem)) => {
                    if !std::mem::replace(&mut silent, true) {
                        tracing::warn!(problem, "the store does not answer");
                    }
                    tokio::time::sleep(RETRY).await;
                }
                Err(error) => {
                    tracing::error!(%error, "the store's changes cannot be read");
                    return;
                }
            }
        }
    }

    async fn take(&self, news: News) {
        match news {
            News::Rows(rows) => {
                let last = rows.last().copied();
                let foreign: Vec<ChangeRow> = rows
                    .into_iter()
                    .filter(|row| !self.heard.is_own(row))
                    .collect();
                self.absorb(&foreign).await;
                if let Some(newest) = foreign.last() {
                    self.metrics.change_lag(self.clock.now().since(newest.at));
                }
                if let Some(last) = last {
                    self.heard.last.store(last.id, Ordering::Relaxed);
                }
            }
            News::Heartbeat(at) => {
                if !self.health.has_read_ring() {
                    self.reload_keys().await;
                }
                let skew = at.micros().saturating_sub(self.clock.now().micros()) / 1000;
                self.health.skew(skew);
            }
            News::Gap => {
                tracing::warn!("changes may have been missed; live state is read again");
                self.start_over().await;
            }
        }
        self.health.beat();
    }

    async fn keep_house(&self) {
        loop {
            tokio::time::sleep(HOUSEKEEPING).await;
            let now = self.clock.now();
            self.live.sweep(now);
            self.lanes.sweep(now);
            self.write_uses().await;
            self.proofs.retain(|proof| !proof.is_over(now));
            if let Err(error) = self.store.prune(now, PRUNED_AT_ONCE).await {
                tracing::warn!(%error, "old rows were not pruned");
            }
            if let Err(error) = self.recorder.prune(&self.store, now).await {
                tracing::warn!(%error, "the record of decisions was not pruned");
            }
        }
    }

    async fn keep_record(&self) {
        loop {
            tokio::time::sleep(RECORDING).await;
            self.write_record().await;
        }
    }

    /// Writes down the decisions that wait.
    pub(crate) async fn write_record(&self) {
        if let Err(error) = self.recorder.write(&self.store).await {
            tracing::warn!(%error, "decisions were not recorded");
        }
    }
}
