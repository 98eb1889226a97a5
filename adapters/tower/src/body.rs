//! The bodies that the layer hands on: to the handler, and to the sender.

use alloc::boxed::Box;
use core::fmt;
use core::pin::Pin;
use core::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

/// The body of a request as the handler gets it: the bytes that arrived, unchanged.
///
/// Trailers of a body that was read whole are not signed, so they are dropped.
#[must_use]
pub struct RequestBody<B> {
    read: Option<Bytes>,
    rest: Option<Pin<Box<B>>>,
}

impl<B> RequestBody<B> {
    pub(crate) const fn empty() -> Self {
        Self { read: None, rest: None }
    }

    /// A body that was read to its end.
    pub(crate) fn whole(read: Bytes) -> Self {
        Self { read: non_empty(read), rest: None }
    }

    /// A body that was read in part.
    pub(crate) fn partial(read: Bytes, rest: Pin<Box<B>>) -> Self {
        Self { read: non_empty(read), rest: Some(rest) }
    }
}

/// Shows no byte: a body is a private message.
impl<B> fmt::Debug for RequestBody<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let read_len = self.read.as_ref().map_or(0, Bytes::len);
        f.debug_struct("RequestBody").field("read_len", &read_len).finish_non_exhaustive()
    }
}

fn non_empty(bytes: Bytes) -> Option<Bytes> {
    Some(bytes).filter(|bytes| !bytes.is_empty())
}

impl<B: Body> Body for RequestBody<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        if let Some(read) = self.read.take() {
            return Poll::Ready(Some(Ok(Frame::data(read))));
        }
        let Some(rest) = &mut self.rest else { return Poll::Ready(None) };
        let frame = ready!(rest.as_mut().poll_frame(context));
        Poll::Ready(frame.map(|frame| Ok(frame?.map_data(into_bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.read.is_none() && self.rest.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        let hint = self.rest.as_ref().map_or_else(|| SizeHint::with_exact(0), Body::size_hint);
        longer_by(&hint, self.read.as_ref())
    }
}

/// The hint of a body that has these bytes before it.
fn longer_by(hint: &SizeHint, read: Option<&Bytes>) -> SizeHint {
    let read = read.map_or(0, |read| u64::try_from(read.len()).unwrap_or(u64::MAX));
    let mut longer = SizeHint::new();
    if let Some(upper) = hint.upper() {
        longer.set_upper(upper.saturating_add(read));
    }
    longer.set_lower(hint.lower().saturating_add(read));
    longer
}

/// A frame's data, without a copy if it is `Bytes` already.
pub(crate) fn into_bytes<D: Buf>(mut data: D) -> Bytes {
    let length = data.remaining();
    data.copy_to_bytes(length)
}

pin_project! {
    /// The body of a response: the handler's, or the layer's own.
    #[derive(Debug)]
    pub struct ResponseBody<B> {
        #[pin]
        handler: Option<B>,
        own: Option<Bytes>,
    }
}

impl<B> ResponseBody<B> {
    pub(crate) const fn of_handler(body: B) -> Self {
        Self { handler: Some(body), own: None }
    }

    pub(crate) fn own(body: Bytes) -> Self {
        Self { handler: None, own: non_empty(body) }
    }
}

impl<B: Body> Body for ResponseBody<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let this = self.project();
        let Some(handler) = this.handler.as_pin_mut() else {
            return Poll::Ready(this.own.take().map(|own| Ok(Frame::data(own))));
        };
        let frame = ready!(handler.poll_frame(context));
        Poll::Ready(frame.map(|frame| Ok(frame?.map_data(into_bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.own.is_none() && self.handler.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        let hint = self.handler.as_ref().map_or_else(|| SizeHint::with_exact(0), Body::size_hint);
        longer_by(&hint, self.own.as_ref())
    }
}
