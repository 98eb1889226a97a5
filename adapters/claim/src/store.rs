//! The contract of a store.

use alloc::sync::Arc;
use core::future::{Future, pending};
use core::time::Duration;

use super::{Answer, Claim, ClaimError, ClaimKey, ClaimOutcome};

/// A store of claims. All stores keep one contract, which the feature `conformance` tests:
///
/// - Of concurrent claims of one key, exactly one is [`ClaimOutcome::Acquired`].
/// - Only the owner, who has the token of the [`Claim`], can renew, complete or release it.
/// - A lease that ran out can be claimed again. An owner that comes late is told
///   [`ClaimError::Lost`] if the key has another owner, or is completed, by then.
/// - A completed key stays [`ClaimOutcome::Done`] until its ttl ends, and gives its answer back byte
///   for byte. The first answer stays. Nothing is evicted before its time.
/// - A store that is full or unreachable gives an error, never `Acquired`.
/// - Every call may be repeated: after the same call has succeeded, it succeeds again and changes
///   nothing but the end of a lease.
///
/// | call | vacant | held by this claim | held by another | done |
/// |---|---|---|---|---|
/// | [`claim`](Self::claim) | held, `Acquired` | lease anew, `Acquired` | `InProgress` | `Done` |
/// | [`renew`](Self::renew) | held | lease anew | `Lost` | `Lost` |
/// | [`complete`](Self::complete) | done | done | `Lost` | by this claim: nothing changes; else `Lost` |
/// | [`release`](Self::release) | stays vacant | vacant | `Lost` | `Lost` |
///
/// A key whose lease or ttl has ended is vacant. Time is the store's own: one clock for all who
/// share it, so that no caller's wrong clock can end the lease of another.
///
/// Durations are rounded up to whole milliseconds. One that is zero, or above
/// [`MAX_DURATION`](crate::MAX_DURATION), is [`ClaimError::OutOfRange`].
///
/// An owner that keeps these rules handles nothing twice while it lives, and loses nothing: renew before
/// the lease ends, counted from when the call was *made*; stop when a renewal is `Lost`; repeat a call
/// whose answer was lost, with the same claim; release what is given up. The tests of this crate hold
/// a model of that, and look at every order of its steps.
///
/// The futures do nothing until they are polled. One that is dropped may have had its effect, and
/// may still have it: [release](Self::release) a claim that was given up, whose token is known.
///
/// # Examples
/// ```
/// use core::time::Duration;
/// use twilio_sig_claim::{Answer, Claim, ClaimError, ClaimOutcome, ClaimStore};
///
/// async fn once<S: ClaimStore>(store: &S, claim: &Claim) -> Result<Answer, ClaimError> {
///     match store.claim(claim, Duration::from_secs(5)).await? {
///         ClaimOutcome::Acquired => {
///             // The work goes here. If it fails: `store.release(claim).await?`. If it takes
///             // longer than the lease: `store.renew(claim, lease).await?` meanwhile.
///             let answer = Answer::new(b"<Response/>")?;
///             store.complete(claim, Duration::from_secs(86_400), &answer).await?;
///             Ok(answer)
///         }
///         ClaimOutcome::Done(answer) => Ok(answer),
///         _ => Err(ClaimError::unavailable("in progress: answer 503, and let Twilio retry")),
///     }
/// }
/// ```
pub trait ClaimStore: Send + Sync {
    /// Claims the key for `lease`, if it is vacant. Where this claim holds it already, perhaps
    /// because the answer was lost, it is `Acquired` again, and the lease begins anew.
    ///
    /// A lease ends unless it is renewed: short leases let a retry take over from an owner that
    /// died.
    ///
    /// # Errors
    /// [`ClaimError::Full`] if the key is vacant and there is no room for it,
    /// [`ClaimError::Unavailable`] if the store did not answer, [`ClaimError::OutOfRange`].
    fn claim(
        &self,
        claim: &Claim,
        lease: Duration,
    ) -> impl Future<Output = Result<ClaimOutcome, ClaimError>> + Send;

    /// Lets the lease end in `lease` from now, earlier or later than it would have.
    ///
    /// Where the lease ran out and the key is vacant, the claim holds it again: no other has done
    /// the work since. So wait for a renewal that is on its way before you release.
    ///
    /// To renew is to claim again with the same token, and so does the default.
    ///
    /// # Errors
    /// [`ClaimError::Lost`] if the key has another owner or is done, and as
    /// [`claim`](Self::claim).
    fn renew(
        &self,
        claim: &Claim,
        lease: Duration,
    ) -> impl Future<Output = Result<(), ClaimError>> + Send {
        async move {
            match self.claim(claim, lease).await? {
                ClaimOutcome::Acquired => Ok(()),
                ClaimOutcome::InProgress { .. } | ClaimOutcome::Done(_) => Err(ClaimError::Lost),
            }
        }
    }

    /// Marks the key as done for `ttl` from now, with the answer that later claims get.
    ///
    /// Where the lease ran out and the key is vacant, it is marked too: the work *was* done. Where
    /// this claim has completed it already, the first answer and its ttl stay.
    ///
    /// # Errors
    /// [`ClaimError::Lost`] if the key has another owner or is done by another,
    /// [`ClaimError::Full`] if there is no room for the answer, or, where the key is vacant, for
    /// the key; and as [`claim`](Self::claim). After `Full`, complete with [`Answer::EMPTY`]. After
    /// `Lost`, claim again: the answer of the other owner is the one to give.
    fn complete(
        &self,
        claim: &Claim,
        ttl: Duration,
        answer: &Answer,
    ) -> impl Future<Output = Result<(), ClaimError>> + Send;

    /// Makes the key vacant, so that the next claim acquires it.
    ///
    /// It is for a claim that was given up, too. One that is still on its way may take effect after
    /// its release: then its lease ends it.
    ///
    /// # Errors
    /// [`ClaimError::Lost`] if the key has another owner or is done;
    /// [`ClaimError::Unavailable`].
    fn release(&self, claim: &Claim) -> impl Future<Output = Result<(), ClaimError>> + Send;

    /// Waits until the key may have been settled, so that a claim that is `InProgress` need not
    /// poll.
    ///
    /// It may never be ready, and it may be ready for no reason: race it with a timer, and claim
    /// again. Neither a lease that runs out nor an owner that dies need make it ready; the
    /// `retry_after` of `InProgress` says when that can be.
    ///
    /// [`MemoryStore`](crate::MemoryStore) is ready as soon as the key is settled. The default is
    /// never ready: a store that cannot tell is polled.
    fn watch(&self, key: &ClaimKey) -> impl Future<Output = ()> + Send {
        let _ = key;
        pending()
    }
}

/// One store, shared.
impl<S: ClaimStore> ClaimStore for Arc<S> {
    async fn claim(&self, claim: &Claim, lease: Duration) -> Result<ClaimOutcome, ClaimError> {
        (**self).claim(claim, lease).await
    }

    async fn renew(&self, claim: &Claim, lease: Duration) -> Result<(), ClaimError> {
        (**self).renew(claim, lease).await
    }

    async fn complete(
        &self,
        claim: &Claim,
        ttl: Duration,
        answer: &Answer,
    ) -> Result<(), ClaimError> {
        (**self).complete(claim, ttl, answer).await
    }

    async fn release(&self, claim: &Claim) -> Result<(), ClaimError> {
        (**self).release(claim).await
    }

    async fn watch(&self, key: &ClaimKey) {
        (**self).watch(key).await;
    }
}
