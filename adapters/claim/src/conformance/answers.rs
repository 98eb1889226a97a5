//! A completed key is done until its ttl ends, and gives its answer back.

use alloc::vec::Vec;
use core::time::Duration;

use super::{LONG, SHORT, Suite, Violation, lost, require};
use crate::{Answer, ClaimOutcome, ClaimStore, MAX_ANSWER_LEN};

impl<S: ClaimStore, W: AsyncFn(Duration)> Suite<'_, S, W> {
    pub(super) async fn answers(&self) -> Result<(), Violation> {
        self.completed_is_done().await?;
        self.any_bytes_are_an_answer().await?;
        self.ttls_end().await
    }

    async fn completed_is_done(&self) -> Result<(), Violation> {
        let (key, vacant) = (self.key(), self.key());
        let answer = Answer::new(b"<Response/>")?;
        let owner = self.acquire(key, LONG, "a vacant key is acquired").await?;
        self.store.complete(&owner, LONG, &answer).await?;
        self.done(key, &answer, "a completed key is done").await?;
        let outcome = self.store.claim(&owner, LONG).await?;
        let rule = "a completed key is done for its owner too";
        require(matches!(outcome, ClaimOutcome::Done(given) if given == answer), rule)?;

        self.store.complete(&owner, LONG, &answer).await?;
        self.store.complete(&owner, LONG, &Answer::new(b"another")?).await?;
        self.store.complete(&owner, LONG, &Answer::EMPTY).await?;
        self.done(key, &answer, "the first answer stays").await?;
        lost(self.store.renew(&owner, LONG).await, "what is completed cannot be renewed")?;
        lost(self.store.release(&owner).await, "what is completed cannot be released")?;
        self.done(key, &answer, "a completed key stays done").await?;

        let late = self.claim_of(vacant);
        self.store.complete(&late, LONG, &answer).await?;
        self.done(vacant, &answer, "a vacant key can be completed").await
    }

    async fn any_bytes_are_an_answer(&self) -> Result<(), Violation> {
        let every_byte: Vec<u8> = (0..=u8::MAX).collect();
        let mut longest = every_byte.repeat(MAX_ANSWER_LEN.div_ceil(every_byte.len()));
        longest.truncate(MAX_ANSWER_LEN);
        let texts: [&[u8]; 8] =
            [b"", b"\0", b"D", b"0", b"\\x00'; --", b"\xFF\xC0\x80\r\n", &every_byte, &longest];
        for bytes in texts {
            let (key, answer) = (self.key(), Answer::new(bytes)?);
            let owner = self.acquire(key, LONG, "a vacant key is acquired").await?;
            self.store.complete(&owner, LONG, &answer).await?;
            for _ in 0..2 {
                self.done(key, &answer, "an answer comes back byte for byte").await?;
            }
        }
        Ok(())
    }

    async fn ttls_end(&self) -> Result<(), Violation> {
        let (long, short, repeated) = (self.key(), self.key(), self.key());
        let [first, second] = [b"1", b"2"].map(|bytes| Answer::new(bytes));
        let (first, second) = (first?, second?);
        let owner = self.acquire(long, SHORT, "a vacant key is acquired").await?;
        self.store.complete(&owner, LONG, &first).await?;
        let owner = self.acquire(short, LONG, "a vacant key is acquired").await?;
        self.store.complete(&owner, SHORT, &first).await?;
        let owner = self.acquire(repeated, LONG, "a vacant key is acquired").await?;
        self.store.complete(&owner, LONG, &first).await?;
        self.store.complete(&owner, SHORT, &first).await?;
        self.wait_past_short().await;
        self.done(long, &first, "a completed key stays done after its lease").await?;
        self.done(repeated, &first, "completing again does not end a ttl").await?;

        let owner = self.acquire(short, LONG, "a key is vacant when its ttl has ended").await?;
        self.in_progress(short, "an old answer is gone").await?;
        self.store.complete(&owner, LONG, &second).await?;
        self.done(short, &second, "a new answer takes an old one's place").await
    }
}
