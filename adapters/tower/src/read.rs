//! Reads a body whole, and never more of it than allowed.

use alloc::boxed::Box;
use core::future::poll_fn;
use core::mem;
use core::pin::Pin;

use bytes::{Bytes, BytesMut};
use http_body::Body;

use crate::body::into_bytes;

/// The most that is allocated on the word of a body that has not come yet.
const MAX_TRUSTED_LEN: usize = 65_536;

/// What became of a body.
pub(crate) enum Read<B> {
    /// The whole body, without trailers.
    Whole(Bytes),
    /// The body is longer than the limit. These bytes were read, the rest was not.
    TooLong(Bytes, Pin<Box<B>>),
    /// The sender went away or broke the protocol. The bytes that came are dropped: part of a body is
    /// another body.
    Broken,
}

/// Reads `body` to its end, at most `limit` bytes and the frame that exceeds it.
pub(crate) async fn read<B: Body>(body: B, limit: usize) -> Read<B> {
    let mut body = Box::pin(body);
    let mut first = Bytes::new();
    let mut all = BytesMut::new();
    while let Some(frame) = poll_fn(|context| body.as_mut().poll_frame(context)).await {
        let Ok(frame) = frame else { return Read::Broken };
        // Trailers hold no data.
        let Ok(data) = frame.into_data() else { continue };
        let data = into_bytes(data);
        let length = first.len().saturating_add(all.len()).saturating_add(data.len());
        if first.is_empty() && all.is_empty() {
            first = data;
        } else {
            if all.is_empty() {
                let rest = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
                all.reserve(length.saturating_add(rest.min(MAX_TRUSTED_LEN)));
                all.extend_from_slice(&mem::take(&mut first));
            }
            all.extend_from_slice(&data);
        }
        if length > limit {
            return Read::TooLong(joined(first, all), body);
        }
    }
    Read::Whole(joined(first, all))
}

/// Most bodies come in one frame, and are not copied.
fn joined(first: Bytes, all: BytesMut) -> Bytes {
    if all.is_empty() { first } else { all.freeze() }
}
