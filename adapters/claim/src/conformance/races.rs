//! Calls that run side by side, and calls that are given up.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::future::poll_fn;
use core::pin::{Pin, pin};
use core::task::Poll;
use core::time::Duration;

use super::{LONG, SHORT, Suite, Violation, require};
use crate::{Answer, Claim, ClaimOutcome, ClaimStore};

/// How many claims of one key run at a time.
const CONCURRENT: usize = 64;

impl<S: ClaimStore, W: AsyncFn(Duration)> Suite<'_, S, W> {
    pub(super) async fn races(&self) -> Result<(), Violation> {
        self.concurrent_claims_have_one_owner().await?;
        self.one_claim_many_times_is_one_owner().await?;
        self.dropped_futures_give_nothing_away().await?;
        self.watches_change_nothing().await
    }

    async fn concurrent_claims_have_one_owner(&self) -> Result<(), Violation> {
        let (vacant, ran_out) = (self.key(), self.key());
        self.acquire(ran_out, SHORT, "a vacant key is acquired").await?;
        self.wait_past_short().await;
        for (key, rule) in [
            (vacant, "of concurrent claims of a vacant key exactly one is acquired"),
            (ran_out, "of concurrent claims of a key whose lease ran out exactly one is acquired"),
        ] {
            let claims: Vec<Claim> = (0..CONCURRENT).map(|_| self.claim_of(key)).collect();
            let outcomes = join(claims.iter().map(|claim| self.store.claim(claim, LONG))).await;
            let mut owners: usize = 0;
            for outcome in outcomes {
                match outcome? {
                    ClaimOutcome::Acquired => owners = owners.saturating_add(1),
                    ClaimOutcome::InProgress { .. } => {}
                    ClaimOutcome::Done(_) => {
                        return Err(Violation::Rule("a key that was not completed is not done"));
                    }
                }
            }
            require(owners == 1, rule)?;
        }
        Ok(())
    }

    /// As after answers that were lost.
    async fn one_claim_many_times_is_one_owner(&self) -> Result<(), Violation> {
        let claim = self.claim_of(self.key());
        let calls = (0..CONCURRENT).map(|_| self.store.claim(&claim, LONG));
        for outcome in join(calls).await {
            let rule = "one claim that is made many times at a time is acquired each time";
            require(matches!(outcome?, ClaimOutcome::Acquired), rule)?;
        }
        let answer = Answer::new(b"once")?;
        for result in
            join((0..CONCURRENT).map(|_| self.store.complete(&claim, LONG, &answer))).await
        {
            result?;
        }
        self.done(*claim.key(), &answer, "completing many times at a time is completing").await
    }

    /// A claim that is given up half-way is not made or is made. In either case there is at most
    /// one owner, its release is no error, and the key comes back.
    async fn dropped_futures_give_nothing_away(&self) -> Result<(), Violation> {
        let key = self.key();
        let given_up = self.claim_of(key);
        let mut claiming = Box::pin(self.store.claim(&given_up, SHORT));
        let polled = poll_fn(|context| Poll::Ready(claiming.as_mut().poll(context))).await;
        drop(claiming);
        let next = self.claim_of(key);
        let outcome = self.store.claim(&next, SHORT).await?;
        let twice = matches!(
            (&polled, &outcome),
            (Poll::Ready(Ok(ClaimOutcome::Acquired)), ClaimOutcome::Acquired)
        );
        require(!twice, "a claim that is given up is at most one owner")?;
        if matches!(outcome, ClaimOutcome::Acquired) {
            self.store.release(&next).await?;
        }
        self.store.release(&given_up).await?;
        self.wait_past_short().await;
        self.acquire(key, LONG, "the lease of a claim that is given up runs out").await?;
        Ok(())
    }

    /// A watch may be ready or not, and is dropped at any time.
    async fn watches_change_nothing(&self) -> Result<(), Violation> {
        let key = self.key();
        for _ in 0..2 {
            let mut watch = pin!(self.store.watch(&key));
            let _ = poll_fn(|context| Poll::Ready(watch.as_mut().poll(context))).await;
        }
        let claim = self.acquire(key, LONG, "a key that is watched is acquired").await?;
        {
            let mut watch = pin!(self.store.watch(&key));
            let _ = poll_fn(|context| Poll::Ready(watch.as_mut().poll(context))).await;
            self.in_progress(key, "a watch changes nothing").await?;
            self.store.complete(&claim, LONG, &Answer::EMPTY).await?;
            let _ = poll_fn(|context| Poll::Ready(watch.as_mut().poll(context))).await;
        }
        self.done(key, &Answer::EMPTY, "a key that is watched can be completed").await
    }
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
