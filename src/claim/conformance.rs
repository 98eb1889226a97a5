//! The contract of [`ClaimStore`] as a test suite that any store can run.
//!
//! It needs no test framework and no runtime: the caller polls, and says how to let time pass. Keys
//! are random, so a store that holds something already, or that others use, will do. It takes a few
//! seconds with a store that goes by the real time.
//!
//! # Examples
//! ```
//! use core::time::Duration;
//! use std::sync::Arc;
//! use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
//! use twilio_sig::claim::{MemoryStore, conformance};
//!
//! let millis = Arc::new(AtomicU64::new(0));
//! let clock = Arc::clone(&millis);
//! let store =
//!     MemoryStore::with_clock(1_000, move || Duration::from_millis(clock.load(Relaxed)))?;
//! let wait = async |time: Duration| {
//!     millis.fetch_add(u64::try_from(time.as_millis()).unwrap_or(u64::MAX), Relaxed);
//! };
//!
//! let mut check = core::pin::pin!(conformance::check(&store, wait));
//! let mut context = core::task::Context::from_waker(core::task::Waker::noop());
//! assert!(matches!(check.as_mut().poll(&mut context), core::task::Poll::Ready(Ok(()))));
//! # Ok::<(), twilio_sig::claim::ClaimError>(())
//! ```

use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;
use core::future::poll_fn;
use core::pin::Pin;
use core::task::Poll;
use core::time::Duration;

use thiserror::Error;

use super::{Claim, ClaimError, ClaimKey, ClaimStore, MAX_DURATION, Outcome};

/// What a store did that the contract forbids.
///
/// # Examples
/// ```
/// # fn report(violation: twilio_sig::claim::conformance::Violation) {
/// eprintln!("{violation}");
/// # }
/// ```
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Violation {
    /// It broke this rule.
    #[error("the store breaks the rule: {0}")]
    Rule(&'static str),
    /// It gave an error where the contract asks for an answer.
    #[error("the store failed where it had to answer")]
    Error(#[from] ClaimError),
}

/// How many claims of one key run at a time.
const CONCURRENT: usize = 64;
/// A lease or keep that the suite waits for.
const SHORT: Duration = Duration::from_millis(400);
/// Enough for a short one to end, and for a store whose clock ticks in tenths of a second.
const PAST_SHORT: Duration = Duration::from_millis(650);
/// One that does not end while the suite runs.
const LONG: Duration = Duration::from_secs(600);

/// Runs the whole suite on `store`. `wait` lets that much of the store's time pass.
///
/// # Errors
/// The first [`Violation`].
pub async fn check<S: ClaimStore>(
    store: &S,
    wait: impl AsyncFn(Duration),
) -> Result<(), Violation> {
    one_owner(store).await?;
    completed_is_done(store, &wait).await?;
    released_is_vacant(store).await?;
    leases_run_out(store, &wait).await?;
    late_owners_are_told(store, &wait).await?;
    late_owners_may_complete_what_is_vacant(store, &wait).await?;
    any_bytes_are_a_key(store).await?;
    durations_have_bounds(store).await?;
    concurrent_claims_have_one_owner(store, &wait).await?;
    dropped_futures_give_nothing_away(store, &wait).await
}

/// A vacant key is fresh, and a fresh one is in progress for everybody else. Other keys are not
/// concerned.
async fn one_owner(store: &impl ClaimStore) -> Result<(), Violation> {
    let (key, other) = (random_key()?, random_key()?);
    let _claim = fresh(store, &key, LONG, "a vacant key is fresh").await?;
    for _ in 0..2 {
        in_progress(store, &key, "a claimed key is in progress for at most its lease").await?;
    }
    let _other = fresh(store, &other, LONG, "another key is not concerned").await?;
    Ok(())
}

async fn completed_is_done(
    store: &impl ClaimStore,
    wait: &impl AsyncFn(Duration),
) -> Result<(), Violation> {
    let (kept, short) = (random_key()?, random_key()?);
    let claim = fresh(store, &kept, SHORT, "a vacant key is fresh").await?;
    store.complete(&claim, LONG).await?;
    done(store, &kept, "a completed key is done").await?;
    store.complete(&claim, LONG).await?;
    done(store, &kept, "completing again is no error and changes nothing").await?;
    let released = store.release(&claim).await;
    lost(released, "what is completed cannot be released")?;
    done(store, &kept, "a completed key stays done when its owner tries to release it").await?;

    let claim = fresh(store, &short, LONG, "a vacant key is fresh").await?;
    store.complete(&claim, SHORT).await?;
    wait(PAST_SHORT).await;
    done(store, &kept, "a completed key stays done after its lease").await?;
    let _claim = fresh(store, &short, LONG, "a key is vacant when it is kept no longer").await?;
    Ok(())
}

async fn released_is_vacant(store: &impl ClaimStore) -> Result<(), Violation> {
    let key = random_key()?;
    let first = fresh(store, &key, LONG, "a vacant key is fresh").await?;
    store.release(&first).await?;
    store.release(&first).await?;
    let second = fresh(store, &key, LONG, "a released key is fresh").await?;
    require(first.token() != second.token(), "no token is given out twice")?;
    lost(store.release(&first).await, "a former owner cannot release")?;
    lost(store.complete(&first, LONG).await, "a former owner cannot complete")?;
    in_progress(store, &key, "a former owner changes nothing").await?;
    store.complete(&second, LONG).await?;
    Ok(())
}

async fn leases_run_out(
    store: &impl ClaimStore,
    wait: &impl AsyncFn(Duration),
) -> Result<(), Violation> {
    let key = random_key()?;
    let _crashed = fresh(store, &key, SHORT, "a vacant key is fresh").await?;
    in_progress(store, &key, "a lease holds until it runs out").await?;
    wait(PAST_SHORT).await;
    let second = fresh(store, &key, LONG, "a lease that ran out can be claimed again").await?;
    in_progress(store, &key, "a key claimed again is in progress").await?;
    store.complete(&second, LONG).await?;
    done(store, &key, "a key claimed again can be completed").await
}

async fn late_owners_are_told(
    store: &impl ClaimStore,
    wait: &impl AsyncFn(Duration),
) -> Result<(), Violation> {
    let (key, completed) = (random_key()?, random_key()?);
    let late = fresh(store, &key, SHORT, "a vacant key is fresh").await?;
    let late_too = fresh(store, &completed, SHORT, "a vacant key is fresh").await?;
    wait(PAST_SHORT).await;
    let owner = fresh(store, &key, LONG, "a lease that ran out can be claimed again").await?;
    let other = fresh(store, &completed, LONG, "a lease that ran out can be claimed again").await?;
    store.complete(&other, LONG).await?;

    lost(store.complete(&late, LONG).await, "a late owner cannot complete another's claim")?;
    lost(store.release(&late).await, "a late owner cannot release another's claim")?;
    in_progress(store, &key, "a late owner changes nothing").await?;
    store.complete(&owner, LONG).await?;
    lost(store.complete(&late_too, SHORT).await, "a late owner cannot complete a done key")?;
    lost(store.release(&late_too).await, "a late owner cannot release a done key")?;
    wait(PAST_SHORT).await;
    done(store, &completed, "a late owner does not change for how long a key is kept").await
}

async fn late_owners_may_complete_what_is_vacant(
    store: &impl ClaimStore,
    wait: &impl AsyncFn(Duration),
) -> Result<(), Violation> {
    let (key, released) = (random_key()?, random_key()?);
    let late = fresh(store, &key, SHORT, "a vacant key is fresh").await?;
    let gone = fresh(store, &released, SHORT, "a vacant key is fresh").await?;
    wait(PAST_SHORT).await;
    store.release(&gone).await?;
    let _claim = fresh(store, &released, LONG, "releasing what ran out is no error").await?;
    store.complete(&late, LONG).await?;
    done(store, &key, "work that was done late, and by nobody else, counts").await
}

async fn any_bytes_are_a_key(store: &impl ClaimStore) -> Result<(), Violation> {
    let unique = random_key()?;
    let mebibyte = vec![b'k'; 1 << 20];
    let parts: [&[u8]; 7] =
        [b"", b"\0", b"\0\0", b"a\0b", b"\xFF\xC0\x80", "ü\u{202e}'; DROP".as_bytes(), &mebibyte];
    for part in parts {
        let key = ClaimKey::new("conformance", &[unique.as_bytes(), part]);
        let claim = fresh(store, &key, LONG, "any bytes are a key of their own").await?;
        in_progress(store, &key, "any bytes are found again").await?;
        store.complete(&claim, LONG).await?;
        done(store, &key, "any bytes can be completed").await?;
    }
    Ok(())
}

async fn durations_have_bounds(store: &impl ClaimStore) -> Result<(), Violation> {
    let key = random_key()?;
    let rule = "a duration of zero or above the limit is refused";
    for bad in [Duration::ZERO, MAX_DURATION.saturating_add(SHORT), Duration::MAX] {
        let refused = matches!(store.claim(&key, bad).await, Err(ClaimError::OutOfRange));
        require(refused, rule)?;
    }
    let claim = fresh(store, &key, MAX_DURATION, "the longest lease is a lease").await?;
    for bad in [Duration::ZERO, Duration::MAX] {
        let refused = matches!(store.complete(&claim, bad).await, Err(ClaimError::OutOfRange));
        require(refused, rule)?;
    }
    store.complete(&claim, MAX_DURATION).await?;
    done(store, &key, "the longest keep is a keep").await?;
    let short = random_key()?;
    let _claim =
        fresh(store, &short, Duration::from_nanos(1), "the shortest lease is a millisecond")
            .await?;
    Ok(())
}

async fn concurrent_claims_have_one_owner(
    store: &impl ClaimStore,
    wait: &impl AsyncFn(Duration),
) -> Result<(), Violation> {
    let (vacant, ran_out) = (random_key()?, random_key()?);
    let _crashed = fresh(store, &ran_out, SHORT, "a vacant key is fresh").await?;
    wait(PAST_SHORT).await;
    for (key, rule) in [
        (vacant, "of concurrent claims of a vacant key exactly one is fresh"),
        (ran_out, "of concurrent claims of a key whose lease ran out exactly one is fresh"),
    ] {
        let claims = (0..CONCURRENT).map(|_| store.claim(&key, LONG));
        let mut owners: usize = 0;
        for outcome in join(claims).await {
            match outcome? {
                Outcome::Fresh(_) => owners = owners.saturating_add(1),
                Outcome::InProgress { .. } => {}
                Outcome::Done => return Err(Violation::Rule("nobody has completed the key")),
            }
        }
        require(owners == 1, rule)?;
    }
    Ok(())
}

/// A claim that is cancelled half-way is not made or is made. In either case there is at most one
/// owner, and the key comes back.
async fn dropped_futures_give_nothing_away(
    store: &impl ClaimStore,
    wait: &impl AsyncFn(Duration),
) -> Result<(), Violation> {
    let key = random_key()?;
    let mut cancelled = Box::pin(store.claim(&key, SHORT));
    let polled = poll_fn(|context| Poll::Ready(cancelled.as_mut().poll(context))).await;
    drop(cancelled);
    let next = store.claim(&key, SHORT).await?;
    let twice = matches!((&polled, &next), (Poll::Ready(Ok(Outcome::Fresh(_))), Outcome::Fresh(_)));
    require(!twice, "a cancelled claim is at most one owner")?;
    wait(PAST_SHORT).await;
    let _claim = fresh(store, &key, LONG, "a cancelled claim's lease runs out").await?;
    Ok(())
}

async fn fresh(
    store: &impl ClaimStore,
    key: &ClaimKey,
    lease: Duration,
    rule: &'static str,
) -> Result<Claim, Violation> {
    match store.claim(key, lease).await? {
        Outcome::Fresh(claim) if claim.key() == key => Ok(claim),
        _ => Err(Violation::Rule(rule)),
    }
}

async fn in_progress(
    store: &impl ClaimStore,
    key: &ClaimKey,
    rule: &'static str,
) -> Result<(), Violation> {
    let outcome = store.claim(key, LONG).await?;
    let holds = matches!(outcome, Outcome::InProgress { retry_after }
        if !retry_after.is_zero() && retry_after <= LONG);
    require(holds, rule)
}

async fn done(
    store: &impl ClaimStore,
    key: &ClaimKey,
    rule: &'static str,
) -> Result<(), Violation> {
    require(matches!(store.claim(key, LONG).await?, Outcome::Done), rule)
}

fn lost(result: Result<(), ClaimError>, rule: &'static str) -> Result<(), Violation> {
    match result {
        Err(ClaimError::Lost) => Ok(()),
        Ok(()) => Err(Violation::Rule(rule)),
        Err(error) => Err(error.into()),
    }
}

fn require(holds: bool, rule: &'static str) -> Result<(), Violation> {
    if holds { Ok(()) } else { Err(Violation::Rule(rule)) }
}

fn random_key() -> Result<ClaimKey, ClaimError> {
    let random = Claim::random(ClaimKey::new("conformance", &[]))?;
    Ok(ClaimKey::new("conformance", &[random.token()]))
}

/// Polls all of `futures` until the last one is ready, so that they run side by side.
async fn join<F: Future>(futures: impl Iterator<Item = F>) -> Vec<F::Output> {
    let mut running: Vec<Pin<Box<F>>> = futures.map(Box::pin).collect();
    let mut outputs = Vec::with_capacity(running.len());
    poll_fn(|context| {
        running.retain_mut(|future| match future.as_mut().poll(context) {
            Poll::Ready(output) => {
                outputs.push(output);
                false
            }
            Poll::Pending => true,
        });
        if running.is_empty() { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    outputs
}
