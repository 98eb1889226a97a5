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
#[cfg(feature = "dedup")]
pub mod dedup;
#[cfg(feature = "diagnose")]
mod diagnose;
mod error;
mod form;
mod key;
mod mac;
mod order;
#[cfg(feature = "origin")]
mod origin;
mod pair;
mod pairs;
mod policy;
#[cfg(feature = "replay")]
pub mod replay;
mod scan;
mod settings;
mod sign;
mod signature;
mod url;
mod verifier;
mod webhook;

#[cfg(feature = "claim")]
#[doc(inline)]
pub use twilio_sig_claim as claim;

pub use builder::{MAX_BODY_LEN, MAX_KEYS, VerifierBuilder};
#[cfg(feature = "diagnose")]
pub use diagnose::{
    BYTES_PER_MAC, Cause, DEFAULT_MAX_MACS, Diagnosis, Difference, Evidence, Explanation, Finding,
    Hints, diagnose,
};
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
