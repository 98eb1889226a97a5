//! Work that goes on when its caller hangs up, on the thread where it began.

use alloc::boxed::Box;
use core::future::poll_fn;
use core::panic::AssertUnwindSafe;
use core::pin::Pin;
use core::task::{Context, Poll, Waker, ready};
use core::time::Duration;
use std::panic::catch_unwind;

use actix_web::rt;

/// As `twilio_sig_gate::Uncancelled`, for the futures of actix-web, which stay on their thread.
pub(crate) struct Uncancelled<T: 'static> {
    rest: Option<Pin<Box<dyn Future<Output = T>>>>,
    limit: Duration,
}

impl<T: 'static> Uncancelled<T> {
    /// This work; when it is dropped, it may go on for `limit`.
    pub(crate) fn new(limit: Duration, work: impl Future<Output = T> + 'static) -> Self {
        Self { rest: Some(Box::pin(work)), limit }
    }
}

impl<T: 'static> Future for Uncancelled<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        let Some(rest) = &mut self.rest else { return Poll::Pending };
        let output = ready!(rest.as_mut().poll(context));
        self.rest = None;
        Poll::Ready(output)
    }
}

impl<T: 'static> Drop for Uncancelled<T> {
    fn drop(&mut self) {
        let Some(mut rest) = self.rest.take() else { return };
        let limit = self.limit;
        // The work may have panicked, or its thread may be shutting down: neither may end the process.
        let go_on = move || {
            if rest.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending() {
                rt::spawn(async move {
                    let rest = poll_fn(move |context| rest.as_mut().poll(context));
                    rt::time::timeout(limit, rest).await.map(drop)
                });
            }
        };
        drop(catch_unwind(AssertUnwindSafe(go_on)));
    }
}
