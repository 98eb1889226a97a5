//! The core, keys of events and freshness at work without `std` and without the C library.
//!
//! A dependency that needs `std` stops this from compiling: both would define `panic_impl`.
//! One that needs the C library stops it from linking. Exit status 0: the verdicts are right too.
#![no_std]
#![no_main]

mod platform;

use core::time::Duration;

use twilio_sig::dedup::DedupKey;
use twilio_sig::replay::{Freshness, FreshnessError};
use twilio_sig::{AuthToken, Signer, Verifier, Webhook};

/// The example that Twilio's own helper libraries are tested with.
const TOKEN: &str = "12345";
const URL: &str = "https://mycompany.com/myapp.php?foo=1&bar=2";
const BODY: &[u8] = b"CallSid=CA1234567890ABCDE&Caller=%2B14158675309&Digits=1234\
    &From=%2B14158675309&To=%2B18005551212";
const SIGNATURE: &str = "RSOYDt4T1cUTdK1PDd93/VVr8B8=";

/// The exit status: 0 when the signed request is accepted and a changed one refused.
fn run() -> i32 {
    let Ok(token) = AuthToken::new(TOKEN) else {
        return 2;
    };
    let verifier = Verifier::new(token);
    let verify = |body| verifier.verify(&Webhook::post(URL, body).signature(SIGNATURE));
    let (accepted, refused) = (verify(BODY).is_ok(), verify(b"Digits=1").is_err());
    i32::from(!(accepted && refused && knows_events(&verifier)))
}

/// Whether an event has its key, and is too old after the window.
fn knows_events(verifier: &Verifier) -> bool {
    const STATUS: &[u8] = b"CallSid=CA00000000000000000000000000000001&CallStatus=busy\
        &SequenceNumber=2&Timestamp=Wed%2C+16+Feb+2022+16%3A11%3A53+%2B0000";
    let Ok(token) = AuthToken::new(TOKEN) else {
        return false;
    };
    let Ok(signature) = Signer::auth_token(&token).sign_form(URL, STATUS) else {
        return false;
    };
    let signature = signature.header_value();
    let Ok(verified) = verifier.verify(&Webhook::post(URL, STATUS).signature(&signature)) else {
        return false;
    };
    let freshness = Freshness::new().required();
    let check = |seconds| freshness.check(&verified, Duration::from_secs(seconds));
    DedupKey::of(&verified).is_ok()
        && check(1_645_027_913).is_ok()
        && check(1_645_028_214) == Err(FreshnessError::Stale)
}
