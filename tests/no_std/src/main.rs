//! The core at work without `std` and without the C library.
//!
//! A dependency that needs `std` stops this from compiling: both would define `panic_impl`.
//! One that needs the C library stops it from linking. Exit status 0: the verdicts are right too.
#![no_std]
#![no_main]

mod platform;

use twilio_sig::{AuthToken, Verifier, Webhook};

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
    let webhook = Webhook::get(URL).signature(SIGNATURE);
    let accepted = verifier.verify(&webhook.body(BODY)).is_ok();
    let refused = verifier.verify(&webhook.body(b"Digits=1")).is_err();
    i32::from(!(accepted && refused))
}
