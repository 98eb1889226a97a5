//! What a store takes, and what it refuses.

use alloc::vec;
use core::time::Duration;

use super::{LONG, SHORT, Suite, Violation, require};
use crate::{Answer, ClaimError, ClaimKey, ClaimStore, MAX_DURATION};

impl<S: ClaimStore, W: AsyncFn(Duration)> Suite<'_, S, W> {
    pub(super) async fn bounds(&self) -> Result<(), Violation> {
        self.any_bytes_are_a_key().await?;
        self.durations_have_bounds().await
    }

    async fn any_bytes_are_a_key(&self) -> Result<(), Violation> {
        let unique = self.key();
        let mebibyte = vec![b'k'; 1 << 20];
        let parts: [&[u8]; 7] = [
            b"",
            b"\0",
            b"\0\0",
            b"a\0b",
            b"\xFF\xC0\x80",
            "ü\u{202e}'; DROP".as_bytes(),
            &mebibyte,
        ];
        for part in parts {
            let key = ClaimKey::new("conformance", &[unique.as_bytes(), part]);
            let claim = self.acquire(key, LONG, "any bytes are a key of their own").await?;
            self.in_progress(key, "any bytes are found again").await?;
            self.store.complete(&claim, LONG, &Answer::EMPTY).await?;
            self.done(key, &Answer::EMPTY, "any bytes can be completed").await?;
        }
        Ok(())
    }

    async fn durations_have_bounds(&self) -> Result<(), Violation> {
        let rule = "a duration of zero or above the limit is refused";
        let refused = |refused: bool| require(refused, rule);
        let claim = self.claim_of(self.key());
        let bad = [Duration::ZERO, MAX_DURATION.saturating_add(SHORT), Duration::MAX];
        for bad in bad {
            refused(matches!(self.store.claim(&claim, bad).await, Err(ClaimError::OutOfRange)))?;
        }
        let claim =
            self.acquire(*claim.key(), MAX_DURATION, "the longest lease is a lease").await?;
        for bad in bad {
            refused(matches!(self.store.renew(&claim, bad).await, Err(ClaimError::OutOfRange)))?;
            let completed = self.store.complete(&claim, bad, &Answer::EMPTY).await;
            refused(matches!(completed, Err(ClaimError::OutOfRange)))?;
        }
        self.store.renew(&claim, MAX_DURATION).await?;
        self.store.complete(&claim, MAX_DURATION, &Answer::EMPTY).await?;
        self.done(*claim.key(), &Answer::EMPTY, "the longest ttl is a ttl").await?;
        let short = Duration::from_nanos(1);
        self.acquire(self.key(), short, "the shortest lease is a millisecond").await?;
        Ok(())
    }
}
