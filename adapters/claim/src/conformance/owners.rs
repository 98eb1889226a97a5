//! One owner for a key, until it gives the key back or its lease ends.

use core::time::Duration;

use super::{LONG, SHORT, Suite, Violation, lost, require};
use crate::{Answer, ClaimOutcome, ClaimStore};

impl<S: ClaimStore, W: AsyncFn(Duration)> Suite<'_, S, W> {
    pub(super) async fn owners(&self) -> Result<(), Violation> {
        self.one_owner().await?;
        self.released_is_vacant().await?;
        self.leases_run_out().await?;
        self.renewed_leases_last().await?;
        self.late_owners_are_told().await?;
        self.late_owners_may_go_on_with_what_is_vacant().await
    }

    /// A vacant key is acquired, and is in progress for all others. Other keys are not concerned.
    async fn one_owner(&self) -> Result<(), Violation> {
        let (key, other) = (self.key(), self.key());
        let owner = self.acquire(key, LONG, "a vacant key is acquired").await?;
        for _ in 0..2 {
            let rule = "a claimed key is in progress for at most its lease";
            self.in_progress(key, rule).await?;
        }
        let again = self.store.claim(&owner, LONG).await?;
        let rule = "a claim that is held is acquired again";
        require(matches!(again, ClaimOutcome::Acquired), rule)?;
        self.in_progress(key, "a key that is claimed again is in progress for others").await?;

        let stranger = self.claim_of(key);
        lost(self.store.renew(&stranger, LONG).await, "only the owner can renew")?;
        let completed = self.store.complete(&stranger, LONG, &Answer::EMPTY).await;
        lost(completed, "only the owner can complete")?;
        lost(self.store.release(&stranger).await, "only the owner can release")?;
        self.in_progress(key, "what is not the owner's call changes nothing").await?;
        self.acquire(other, LONG, "another key is not concerned").await?;
        Ok(())
    }

    async fn released_is_vacant(&self) -> Result<(), Violation> {
        let key = self.key();
        self.store.release(&self.claim_of(key)).await?;
        let first = self.acquire(key, LONG, "releasing what is vacant changes nothing").await?;
        self.store.release(&first).await?;
        self.store.release(&first).await?;
        let second = self.acquire(key, LONG, "a released key is acquired").await?;
        lost(self.store.renew(&first, LONG).await, "a former owner cannot renew")?;
        let completed = self.store.complete(&first, LONG, &Answer::EMPTY).await;
        lost(completed, "a former owner cannot complete")?;
        lost(self.store.release(&first).await, "a former owner cannot release")?;
        self.in_progress(key, "a former owner changes nothing").await?;
        self.store.release(&second).await?;
        let outcome = self.store.claim(&first, LONG).await?;
        let rule = "a claim that was released can be made again";
        require(matches!(outcome, ClaimOutcome::Acquired), rule)
    }

    async fn leases_run_out(&self) -> Result<(), Violation> {
        let (key, again) = (self.key(), self.key());
        self.acquire(key, SHORT, "a vacant key is acquired").await?;
        self.in_progress(key, "a lease holds until it runs out").await?;
        let longer = self.acquire(again, SHORT, "a vacant key is acquired").await?;
        let outcome = self.store.claim(&longer, LONG).await?;
        let rule = "a claim that is held is acquired again";
        require(matches!(outcome, ClaimOutcome::Acquired), rule)?;
        self.wait_past_short().await;
        self.in_progress(again, "a claim that is acquired again has its lease anew").await?;
        self.acquire(key, LONG, "a lease that ran out can be claimed again").await?;
        self.in_progress(key, "a key claimed again is in progress").await
    }

    async fn renewed_leases_last(&self) -> Result<(), Violation> {
        let key = self.key();
        let owner = self.acquire(key, SHORT, "a vacant key is acquired").await?;
        self.store.renew(&owner, LONG).await?;
        self.store.renew(&owner, LONG).await?;
        self.wait_past_short().await;
        self.in_progress(key, "a renewed lease lasts").await?;
        self.store.renew(&owner, SHORT).await?;
        self.wait_past_short().await;
        self.acquire(key, LONG, "a renewed lease runs out too").await?;
        Ok(())
    }

    async fn late_owners_are_told(&self) -> Result<(), Violation> {
        let (key, completed) = (self.key(), self.key());
        let late = self.acquire(key, SHORT, "a vacant key is acquired").await?;
        let late_too = self.acquire(completed, SHORT, "a vacant key is acquired").await?;
        self.wait_past_short().await;
        let rule = "a lease that ran out can be claimed again";
        self.acquire(key, LONG, rule).await?;
        let other = self.acquire(completed, LONG, rule).await?;
        let answer = Answer::new(b"of the second owner")?;
        self.store.complete(&other, LONG, &answer).await?;

        let stale = Answer::new(b"of the first owner")?;
        lost(self.store.renew(&late, LONG).await, "a late owner cannot renew")?;
        lost(self.store.complete(&late, LONG, &stale).await, "a late owner cannot complete")?;
        lost(self.store.release(&late).await, "a late owner cannot release")?;
        self.in_progress(key, "a late owner changes nothing").await?;
        lost(self.store.renew(&late_too, SHORT).await, "a late owner cannot renew a done key")?;
        let again = self.store.complete(&late_too, SHORT, &stale).await;
        lost(again, "a late owner cannot complete a done key")?;
        lost(self.store.release(&late_too).await, "a late owner cannot release a done key")?;
        self.wait_past_short().await;
        self.done(completed, &answer, "a late owner does not change answer or ttl").await
    }

    async fn late_owners_may_go_on_with_what_is_vacant(&self) -> Result<(), Violation> {
        let (completed, renewed, released) = (self.key(), self.key(), self.key());
        let late = self.acquire(completed, SHORT, "a vacant key is acquired").await?;
        let alive = self.acquire(renewed, SHORT, "a vacant key is acquired").await?;
        let gone = self.acquire(released, SHORT, "a vacant key is acquired").await?;
        self.wait_past_short().await;
        self.store.release(&gone).await?;
        self.acquire(released, LONG, "releasing what ran out is no error").await?;
        self.store.renew(&alive, LONG).await?;
        self.in_progress(renewed, "a late owner may renew what is vacant").await?;
        let answer = Answer::new(b"late")?;
        self.store.complete(&late, LONG, &answer).await?;
        self.done(completed, &answer, "a late owner may complete what is vacant").await
    }
}
