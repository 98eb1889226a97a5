//! Rotates an auth token without refusing a call: both tokens verify, and the verdict says which
//! one matched, so that the old one can be retired on evidence.

#![allow(clippy::print_stdout, reason = "this program prints what it found")]

use core::error::Error;

use twilio_sig::{AuthToken, Signer, Verifier, VerifyError, Webhook};

const URL: &str = "https://example.com/sms";
const BODY: &[u8] = b"Body=Ahoy&From=%2B15005550006";

fn main() -> Result<(), Box<dyn Error>> {
    let primary = AuthToken::new("0123456789abcdef0123456789abcdef")?;
    let secondary = AuthToken::new("fedcba9876543210fedcba9876543210")?;
    let receiver =
        Verifier::builder().auth_token(primary.clone()).auth_token(secondary.clone()).build()?;

    // Twilio signs with the primary token until the secondary one is promoted.
    for (when, token) in [("before", &primary), ("after", &secondary)] {
        let signature = Signer::auth_token(token).sign_form(URL, BODY)?.header_value();
        let verified = receiver.verify(&Webhook::post(URL, BODY).signature(&signature))?;
        println!("{when} the promotion: key {} matched", verified.key());
    }

    // Once key 0 has not matched for long enough, it goes.
    let retired = Verifier::new(secondary);
    let late = Signer::auth_token(&primary).sign_form(URL, BODY)?.header_value();
    let refused = retired.verify(&Webhook::post(URL, BODY).signature(&late));
    println!("after its retirement: {}", refused.err().unwrap_or(VerifyError::Mismatch));
    Ok(())
}
