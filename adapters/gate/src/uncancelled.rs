//! Work that goes on when its caller hangs up.

use alloc::boxed::Box;
use core::fmt;
use core::panic::AssertUnwindSafe;
use core::pin::Pin;
use core::task::{Context, Poll, Waker, ready};
use core::time::Duration;

use std::panic::catch_unwind;

use crate::deadline::within;

pub(crate) type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A future that goes on by itself, in a task, if it is dropped before it is done.
///
/// A server that drops the handler of a caller that hung up would leave work half done, and its claim
/// without an answer for Twilio's retry. An adapter wraps the handler of a request that
/// [has claims](crate::Admitted::has_claims) in this. One that panicked does not go on. Without a
/// tokio runtime none does.
///
/// # Examples
/// ```
/// use core::time::Duration;
/// use twilio_sig_gate::Uncancelled;
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
/// let (tell, told) = tokio::sync::oneshot::channel();
/// let work = async move {
///     tokio::time::sleep(Duration::from_millis(10)).await;
///     tell.send("done")
/// };
/// drop(Uncancelled::new(Duration::from_secs(60), work));
/// assert_eq!(told.await, Ok("done"));
/// # });
/// # Ok::<(), std::io::Error>(())
/// ```
#[must_use = "futures do nothing unless polled or dropped"]
pub struct Uncancelled<T: Send + 'static> {
    rest: Option<BoxFuture<'static, T>>,
    limit: Duration,
}

impl<T: Send + 'static> Uncancelled<T> {
    /// This work; when it is dropped, it may go on for `limit`.
    pub fn new(limit: Duration, work: impl Future<Output = T> + Send + 'static) -> Self {
        Self { rest: Some(Box::pin(work)), limit }
    }
}

impl<T: Send + 'static> Future for Uncancelled<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        let Some(rest) = &mut self.rest else { return Poll::Pending };
        let output = ready!(rest.as_mut().poll(context));
        self.rest = None;
        Poll::Ready(output)
    }
}

impl<T: Send + 'static> Drop for Uncancelled<T> {
    fn drop(&mut self) {
        let Some(mut rest) = self.rest.take() else { return };
        // A store in memory is done with this. Work that panics here, perhaps because it has before,
        // or because its runtime is shutting down, must not end the process while a panic unwinds.
        let poll = || rest.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending();
        if matches!(catch_unwind(AssertUnwindSafe(poll)), Ok(true)) {
            let limit = self.limit;
            detach(async move { within(limit, rest).await });
        }
    }
}

/// Lets work go on in a task of its own, where there is a runtime.
pub(crate) fn detach<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) {
    if let Ok(runtime) = tokio::runtime::Handle::try_current() {
        runtime.spawn(work);
    }
}

impl<T: Send + 'static> fmt::Debug for Uncancelled<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Uncancelled").field("limit", &self.limit).finish_non_exhaustive()
    }
}
