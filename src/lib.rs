//! [`UrlPolicy::Exact`]: UrlPolicy::Exact
//! [`Verdict::coverage`]: Verdict::coverage
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
mod config;
#[cfg(feature = "dedup")]
pub mod dedup;
#[cfg(feature = "diagnose")]
mod diagnose;
mod error;
mod form;
mod key;
mod mac;
pub mod manual;
#[cfg(feature = "origin")]
mod origin;
mod policy;
#[cfg(feature = "replay")]
pub mod replay;
mod signer;
#[cfg(feature = "std")]
mod startup;
#[cfg(feature = "testing")]
pub mod testing;
mod untrusted;
mod url;
mod verifier;
mod webhook;

#[cfg(feature = "claim")]
#[doc(inline)]
pub use twilio_sig_claim as claim;

pub use builder::{MAX_BODY_LEN, MAX_FORM_LEN, MAX_KEYS, VerifierBuilder};
#[cfg(feature = "diagnose")]
pub use diagnose::{
    BYTES_PER_MAC, Cause, DEFAULT_MAX_MACS, Diagnosis, Difference, Evidence, Explanation, Finding,
    Hints, diagnose,
};
pub use error::{BuildError, KeyError, VerifyError};
pub use form::{MAX_PARAMS, Params};
pub use key::{AuthToken, MAX_KEY_ID_LEN, MAX_SECRET_LEN, MAX_SETTINGS_LEN, SharedKey};
pub use mac::{Algorithm, Signature};
#[cfg(feature = "origin")]
pub use origin::{Origin, OriginError, RequestHead, Scheme, TrustedProxy};
pub use policy::ParameterPolicy;
pub use signer::Signer;
#[cfg(feature = "std")]
pub use startup::EnvError;
pub use url::{Candidate, MAX_CANDIDATES, MAX_URL_LEN, UrlPolicy};
pub use verifier::{Coverage, Proof, Verdict, Verified, Verifier};
pub use webhook::Webhook;
