//! Steps after the proof that let a request through once, and what they hold until it is answered.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::panic::AssertUnwindSafe;
use core::pin::Pin;
use core::task::{Context, Poll, Waker, ready};

use std::panic::catch_unwind;

use twilio_sig::Verified;

use crate::{Refusal, VerifiedWebhook};

pub(crate) type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Claims what a verified request stands for.
pub(crate) trait Step: Send + Sync {
    /// The claim to hold while the handler is at work; `None` if there is nothing to claim.
    fn admit<'a>(
        &'a self,
        verified: &'a Verified<'a>,
    ) -> BoxFuture<'a, Result<Option<Arc<dyn Held>>, Stop>>;
}

/// Why a verified request does not reach the handler.
pub(crate) enum Stop {
    Refuse(Refusal),
    /// What it asks for is done.
    #[cfg_attr(not(feature = "claims"), expect(dead_code, reason = "only claims know"))]
    Duplicate,
}

/// A claim in whatever store.
pub(crate) trait Held: Send + Sync {
    /// Completes it, or releases it if the work is not `done`. Whether the store did so.
    fn settle(self: Arc<Self>, done: bool) -> BoxFuture<'static, bool>;
}

/// Claims that are released when dropped: by a panic, or because the sender went away.
#[derive(Default)]
pub(crate) struct Claims(Vec<Arc<dyn Held>>);

impl Claims {
    /// Completes or releases all. Whether every store did so.
    pub(crate) async fn settle(mut self, done: bool) -> bool {
        // All are made before the first is awaited: whoever goes away in between ends none of them.
        let mut settled = true;
        for settle in self.finish(done) {
            settled &= settle.await;
        }
        settled
    }

    fn finish(&mut self, done: bool) -> Vec<Finished<bool>> {
        self.0.drain(..).map(|held| Finished::new(held.settle(done))).collect()
    }
}

impl Drop for Claims {
    fn drop(&mut self) {
        self.finish(false);
    }
}

impl fmt::Debug for Claims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Claims").field(&self.0.len()).finish()
    }
}

/// Takes every step, or gives back what the steps before the one that stopped have claimed.
pub(crate) fn claim(
    webhook: VerifiedWebhook,
    steps: Vec<Arc<dyn Step>>,
) -> Finished<Result<Claims, Stop>> {
    Finished::new(Box::pin(async move {
        let verified = webhook.verified().map_err(|error| Stop::Refuse(Refusal::Verify(error)))?;
        let mut claims = Claims::default();
        for step in steps {
            match step.admit(&verified).await {
                Ok(held) => claims.0.extend(held),
                Err(stop) => {
                    // A duplicate has been answered: to send it again is a replay. Whoever else is
                    // stopped may come again, and must not meet a claim of this attempt then.
                    claims.settle(matches!(stop, Stop::Duplicate)).await;
                    return Err(stop);
                }
            }
        }
        Ok(claims)
    }))
}

/// A future that is finished even if it is dropped. Work that is done and not marked as done would
/// be done again; a claim that the store has made and nobody knows of would outlive its request.
pub(crate) struct Finished<T: Send + 'static>(Option<BoxFuture<'static, T>>);

impl<T: Send + 'static> Finished<T> {
    const fn new(future: BoxFuture<'static, T>) -> Self {
        Self(Some(future))
    }
}

impl<T: Send + 'static> Future for Finished<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        let Some(future) = &mut self.0 else { return Poll::Pending };
        let output = ready!(future.as_mut().poll(context));
        self.0 = None;
        Poll::Ready(output)
    }
}

impl<T: Send + 'static> Drop for Finished<T> {
    fn drop(&mut self) {
        let Some(mut rest) = self.0.take() else { return };
        // A store in memory is done with this. One that panics here, perhaps because its runtime is
        // shutting down, must not end the process while the handler's own panic unwinds.
        let poll = || rest.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending();
        if matches!(catch_unwind(AssertUnwindSafe(poll)), Ok(true)) {
            detach(rest);
        }
    }
}

/// Lets it go on by itself. Without a runtime the claim is held until its lease runs out.
fn detach<T: Send + 'static>(rest: BoxFuture<'static, T>) {
    #[cfg(feature = "claims")]
    if let Ok(runtime) = tokio::runtime::Handle::try_current() {
        runtime.spawn(rest);
        return;
    }
    drop(rest);
}
