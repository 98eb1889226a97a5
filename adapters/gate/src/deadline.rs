//! One bound on the time that a store or a directory may take.

use alloc::boxed::Box;
use core::future::poll_fn;
use core::pin::pin;
use core::task::Poll;
use core::time::Duration;

use tokio::runtime::Handle;
use tokio::time::sleep;

/// What the future gives within `limit`; `None` if it takes longer.
///
/// A future that is ready at once needs no timer. Without a tokio runtime there is no timer, and no bound.
pub(crate) async fn within<F: Future>(limit: Duration, future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    let mut timer = None;
    poll_fn(|context| {
        if let Poll::Ready(output) = future.as_mut().poll(context) {
            return Poll::Ready(Some(output));
        }
        if timer.is_none() {
            timer = Handle::try_current().ok().map(|_| Box::pin(sleep(limit)));
        }
        match &mut timer {
            Some(timer) => timer.as_mut().poll(context).map(|()| None),
            None => Poll::Pending,
        }
    })
    .await
}
