//! Reads a payload whole, never more of it than allowed, and puts one back.

use alloc::boxed::Box;
use core::future::poll_fn;
use core::mem;
use core::pin::Pin;
use core::task::{Context, Poll};

use actix_web::dev::Payload;
use actix_web::error::PayloadError;
use actix_web::web::{Bytes, BytesMut};
use futures_core::Stream;

/// What became of a body.
pub(crate) enum Read {
    /// The whole body.
    Whole(Bytes),
    /// The body is longer than the limit. These bytes were read, the rest was not.
    TooLong(Bytes, Payload),
    /// The sender went away or broke the protocol. The bytes that came are dropped: part of a body is
    /// another body.
    Broken,
}

/// Reads `payload` to its end, at most `limit` bytes and the chunk that exceeds it.
pub(crate) async fn read(mut payload: Payload, limit: usize) -> Read {
    let mut first = Bytes::new();
    let mut all = BytesMut::new();
    while let Some(chunk) = poll_fn(|context| Pin::new(&mut payload).poll_next(context)).await {
        let Ok(chunk) = chunk else { return Read::Broken };
        let length = first.len().saturating_add(all.len()).saturating_add(chunk.len());
        if first.is_empty() && all.is_empty() {
            first = chunk;
        } else {
            all.extend_from_slice(&mem::take(&mut first));
            all.extend_from_slice(&chunk);
        }
        if length > limit {
            return Read::TooLong(joined(first, all), payload);
        }
    }
    Read::Whole(joined(first, all))
}

/// Most bodies come in one chunk, and are not copied.
fn joined(first: Bytes, all: BytesMut) -> Bytes {
    if all.is_empty() { first } else { all.freeze() }
}

/// A payload that begins with these bytes.
pub(crate) fn payload(read: Bytes, rest: Payload) -> Payload {
    let read = Some(read).filter(|read| !read.is_empty());
    Payload::Stream { payload: Box::pin(Prefixed { read, rest }) }
}

struct Prefixed {
    read: Option<Bytes>,
    rest: Payload,
}

impl Stream for Prefixed {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        match self.read.take() {
            Some(read) => Poll::Ready(Some(Ok(read))),
            None => Pin::new(&mut self.rest).poll_next(context),
        }
    }
}
