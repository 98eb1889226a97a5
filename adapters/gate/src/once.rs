//! Claims all that a request stands for, or finds out what it meets.

use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicUsize, Ordering};
use core::time::Duration;
use std::time::Instant;

use futures_util::future::{join_all, select};
use twilio_sig::claim::{Answer, ClaimError, ClaimOutcome};

use crate::deadline::within;
use crate::slot::{Call, Slot};
use crate::uncancelled::{Uncancelled, detach};
use crate::{ClaimPolicy, Refusal};

/// The longest pause that a request is told when its twin is at work: two retries fit into the 15
/// seconds that Twilio waits.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(3);
/// The pause before the store is asked again, unless it wakes us; it doubles up to the last.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LAST_PAUSE: Duration = Duration::from_millis(800);
/// For how long a call goes on that no request waits for any more: longer than most leases. What a store
/// that is down leaves behind is so bounded.
const BACKGROUND: Duration = Duration::from_secs(10);

/// Why a verified request does not reach the handler.
pub(crate) enum Stop {
    /// With what the store says about it.
    Refuse(Refusal, Option<String>),
    /// What it asks for is done, with this answer; whether the very same MAC was seen.
    Done { is_replay: bool, answer: Answer },
}

/// Claims that are held. They are released when dropped.
#[derive(Default)]
pub(crate) struct Slots(Vec<Arc<dyn Slot>>);

impl Slots {
    /// The claims, to be settled otherwise.
    pub(crate) fn take(&mut self) -> Vec<Arc<dyn Slot>> {
        core::mem::take(&mut self.0)
    }

    pub(crate) fn to_vec(&self) -> Vec<Arc<dyn Slot>> {
        self.0.clone()
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}

impl Drop for Slots {
    fn drop(&mut self) {
        for slot in self.take() {
            drop(Uncancelled::new(BACKGROUND, slot.release()));
        }
    }
}

/// Completes the claims with an answer, or releases them: all at once, within `limit`. What takes
/// longer goes on in the background.
pub(crate) async fn settle(
    slots: Vec<Arc<dyn Slot>>,
    answer: Option<Answer>,
    limit: Duration,
) -> Result<(), ClaimError> {
    let calls = slots.into_iter().map(|slot| {
        let answer = answer.clone();
        let call = async move {
            let Some(answer) = answer else { return slot.release().await };
            match Arc::clone(&slot).complete(answer.clone()).await {
                // It is done all the same. No answer needs no room.
                Err(ClaimError::Full) => slot.complete(Answer::EMPTY).await,
                Err(error @ ClaimError::Unavailable(_)) => {
                    complete_later(slot, answer);
                    Err(error)
                }
                settled => settled,
            }
        };
        let call = Uncancelled::new(BACKGROUND, call);
        async move { within(limit, call).await.unwrap_or_else(|| Err(timed_out(limit))) }
    });
    join_all(calls).await.into_iter().collect()
}

/// Completes a claim whose store was out of order: one that is restarted is back before the lease has
/// ended, and then the work is not done a second time.
fn complete_later(slot: Arc<dyn Slot>, answer: Answer) {
    let complete = async move {
        let mut pause = FIRST_PAUSE;
        loop {
            tokio::time::sleep(pause).await;
            pause = pause.saturating_mul(2).min(LAST_PAUSE);
            let settled = Arc::clone(&slot).complete(answer.clone()).await;
            if !matches!(settled, Err(ClaimError::Unavailable(_))) {
                return;
            }
        }
    };
    detach(async move { tokio::time::timeout(BACKGROUND, complete).await });
}

pub(crate) fn timed_out(limit: Duration) -> ClaimError {
    ClaimError::unavailable(alloc::format!("no answer within {limit:?}"))
}

/// The requests that wait for their twins.
#[derive(Clone, Default)]
pub(crate) struct Waiters(Arc<AtomicUsize>);

struct Waiting<'a>(&'a AtomicUsize);

impl Waiters {
    fn enter(&self, most: usize) -> Option<Waiting<'_>> {
        let one_more = |now: usize| Some(now).filter(|now| *now < most)?.checked_add(1);
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more).ok()?;
        Some(Waiting(&self.0))
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Claims every slot, or none. A request whose twin is at work waits for it.
pub(crate) async fn claim(
    slots: Vec<Arc<dyn Slot>>,
    policy: &ClaimPolicy,
    waiters: &Waiters,
    limit: Duration,
) -> Result<Slots, Stop> {
    let started = Instant::now();
    let (mut waiting, mut pause) = (None, FIRST_PAUSE);
    loop {
        // A caller that hangs up now leaves no claim behind.
        let attempt = attempt(slots.clone(), policy.lease, limit);
        let (busy, lease) = match Uncancelled::new(BACKGROUND, attempt).await? {
            Attempt::Acquired(slots) => return Ok(slots),
            Attempt::Busy(slot, lease) => (slot, lease),
        };
        if waiting.is_none() {
            waiting = waiters.enter(policy.max_waiters);
        }
        let left = policy.wait.saturating_sub(started.elapsed());
        let has_timer = tokio::runtime::Handle::try_current().is_ok();
        if left.is_zero() || waiting.is_none() || !has_timer {
            let refusal = Refusal::InProgress(lease.min(MAX_RETRY_AFTER));
            return Err(Stop::Refuse(refusal, None));
        }
        let sleep = tokio::time::sleep(pause.min(lease).min(left));
        select(busy.watch(), core::pin::pin!(sleep)).await;
        pause = pause.saturating_mul(2).min(LAST_PAUSE);
    }
}

enum Attempt {
    Acquired(Slots),
    /// This one is held by another, whose lease ends in this time.
    Busy(Arc<dyn Slot>, Duration),
}

async fn attempt(
    slots: Vec<Arc<dyn Slot>>,
    lease: Duration,
    limit: Duration,
) -> Result<Attempt, Stop> {
    let calls = slots.iter().map(|slot| {
        let mut call = Arc::clone(slot).claim(lease);
        async move { within(limit, &mut call).await.ok_or(call) }
    });
    let answers = join_all(calls).await;
    let mut acquired = Slots::default();
    let (mut done, mut failed, mut busy) = (None, None, None);
    for (slot, answer) in slots.into_iter().zip(answers) {
        match answer {
            Ok(Ok(ClaimOutcome::Acquired)) => acquired.0.push(slot),
            Ok(Ok(ClaimOutcome::Done(answer))) => {
                // The guard comes first, and the same bytes are the same event.
                done.get_or_insert((slot.is_guard(), answer));
            }
            Ok(Ok(ClaimOutcome::InProgress { retry_after })) => busy = Some((slot, retry_after)),
            Ok(Ok(_)) => failed = Some(ClaimError::unavailable("an unknown outcome")),
            Ok(Err(error)) => {
                if matches!(error, ClaimError::Unavailable(_)) {
                    give_up(slot, None);
                }
                failed = Some(error);
            }
            Err(call) => {
                give_up(slot, Some(call));
                failed = Some(timed_out(limit));
            }
        }
    }
    match (done, failed, busy) {
        (Some((is_replay, answer)), _, _) => {
            // An event that is done makes this request done; the reverse need not be true.
            let first = (!is_replay).then(|| answer.clone());
            let _ = settle(acquired.take(), first, limit).await;
            Err(Stop::Done { is_replay, answer })
        }
        (None, Some(error), _) => {
            let _ = settle(acquired.take(), None, limit).await;
            Err(Stop::Refuse(Refusal::of_store(&error), Some(error.to_string())))
        }
        (None, None, Some((slot, retry_after))) => {
            let _ = settle(acquired.take(), None, limit).await;
            Ok(Attempt::Busy(slot, retry_after))
        }
        (None, None, None) => Ok(Attempt::Acquired(acquired)),
    }
}

/// Releases a claim that the store may have made or not, when its call is over.
fn give_up(slot: Arc<dyn Slot>, call: Option<Call<ClaimOutcome>>) {
    /// After these, the lease has ended.
    const TRIES: u32 = 3;
    detach(async move {
        if let Some(call) = call {
            let _ = tokio::time::timeout(BACKGROUND, call).await;
        }
        for n in 0..TRIES {
            tokio::time::sleep(Duration::from_secs(u64::from(n))).await;
            let release = Arc::clone(&slot).release();
            let released = tokio::time::timeout(BACKGROUND, release).await;
            if !matches!(released, Err(_) | Ok(Err(ClaimError::Unavailable(_)))) {
                return;
            }
        }
    });
}
