//! [`Webhook::websocket`]: Webhook::websocket
//! [`UrlPolicy::Exact`]: UrlPolicy::Exact
//! [`Verified::coverage`]: Verified::coverage
//! [`Coverage::BodyHash`]: Coverage::BodyHash
// The first definition of a link wins: these lead into this documentation, the README's to docs.rs.
#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![no_std]
#![cfg_attr(docsrs, feature(doc_cfg))]

extern crate alloc;
#[cfg(any(feature = "std", test))]
extern crate std;

mod builder;
mod error;
mod form;
mod key;
mod mac;
#[cfg(feature = "origin")]
mod origin;
mod pairs;
mod policy;
mod scan;
mod settings;
mod sign;
mod signature;
mod url;
mod verifier;
mod webhook;

pub use builder::{MAX_BODY_LEN, MAX_KEYS, VerifierBuilder};
pub use error::{BuildError, KeyError, VerifyError};
pub use key::{Algorithm, AuthToken, MAX_KEY_ID_LEN, SharedKey};
#[cfg(feature = "origin")]
pub use origin::{Origin, OriginError, RequestHead, Scheme, TrustedProxy};
pub use pairs::MAX_PARAMS;
pub use policy::ParameterPolicy;
pub use settings::MAX_SETTINGS_LEN;
pub use sign::Signer;
pub use signature::Signature;
pub use url::{Candidate, MAX_CANDIDATES, MAX_URL_LEN, UrlPolicy};
pub use verifier::{Coverage, Verified, Verifier};
pub use webhook::Webhook;

#[cfg(hooks)]
#[allow(missing_docs)]
pub mod hooks {
    use crate::*;
    pub fn read(body: &[u8]) -> bool { let mut p = pairs::Pairs::new(); p.read_body(body, 1024).is_ok() }
    pub fn with(body: &[u8], token: &AuthToken, mut f: impl FnMut(&dyn Fn() -> bool)) { let mut p = pairs::Pairs::new(); p.read_body(body, 1024).unwrap();
        let sig = token.0.mac(|_| {}); f(&|| token.0.verify(&sig, |out| p.write(out)).into()); }
    pub fn cut(url: &str) -> bool { url::SignedUrl::cut(url, false).is_some() }
    pub fn settings() -> bool { settings::Settings::from_header(core::hint::black_box(&[])).is_ok() }
    pub fn hashes(url: &str) -> bool { url::SignedUrl::cut(url, false).unwrap().body_hashes().next().is_some() }
    pub fn mac(token: &AuthToken, text: &str, s: &Signature) -> bool { token.0.verify(s, |out| mac::Sink::put(out, text.as_bytes())).into() }
    pub fn macp(token: &AuthToken, text: &str) -> Signature { token.0.mac(|out| mac::Sink::put(out, text.as_bytes())) }
    pub fn stage(body: &[u8], n: u32) -> usize { pairs::stage(body, n) }
    pub fn blocks(body: &[u8]) -> u64 { scan::Blocks::new(body).map(|(_, m)| m.ends ^ m.inner).fold(0, |a, b| a ^ b) }
}
