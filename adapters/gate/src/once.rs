//! Steps after the proof that let a request through once, and what they hold until it is answered.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::pin::Pin;
use core::task::{Context, Poll, Waker, ready};

use twilio_sig::Verified;

use crate::Refusal;

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
    pub(crate) fn extend(&mut self, held: Option<Arc<dyn Held>>) {
        self.0.extend(held);
    }

    /// Completes or releases all. Whether every store did so.
    pub(crate) async fn settle(mut self, done: bool) -> bool {
        let mut settled = true;
        while let Some(held) = self.0.pop() {
            settled &= Finished(Some(held.settle(done))).await;
        }
        settled
    }
}

impl Drop for Claims {
    fn drop(&mut self) {
        for held in self.0.drain(..) {
            let mut release = Finished(Some(held.settle(false)));
            // A store in memory is done with this; any other goes on by itself.
            let _ = Pin::new(&mut release).poll(&mut Context::from_waker(Waker::noop()));
        }
    }
}

impl fmt::Debug for Claims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Claims").field(&self.0.len()).finish()
    }
}

/// A future that is finished even if it is dropped: work that is done and not marked as done would
/// be done again.
struct Finished(Option<BoxFuture<'static, bool>>);

impl Future for Finished {
    type Output = bool;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<bool> {
        let Some(settle) = &mut self.0 else { return Poll::Ready(true) };
        let settled = ready!(settle.as_mut().poll(context));
        self.0 = None;
        Poll::Ready(settled)
    }
}

impl Drop for Finished {
    fn drop(&mut self) {
        // Without a runtime the claim is held until its lease runs out.
        #[cfg(feature = "claims")]
        if let (Some(rest), Ok(runtime)) = (self.0.take(), tokio::runtime::Handle::try_current()) {
            runtime.spawn(rest);
        }
    }
}
