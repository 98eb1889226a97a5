//! Signed webhooks as requests of the crate `http`.

use alloc::vec::Vec;

use super::SignedWebhook;

/// The request as a server has it: the target as its URI, the host in a header.
///
/// # Errors
/// [`http::Error`] if the path or query holds a byte that no URI has.
impl TryFrom<SignedWebhook> for ::http::Request<Vec<u8>> {
    type Error = ::http::Error;

    fn try_from(signed: SignedWebhook) -> Result<Self, ::http::Error> {
        let request = ::http::Request::builder().method(signed.method()).uri(signed.target());
        let request =
            signed.headers().fold(request, |request, (name, value)| request.header(name, value));
        request.body(signed.body().to_vec())
    }
}
