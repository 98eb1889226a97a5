//! Says why a service refuses a genuine webhook: `cargo run --example diagnose --features diagnose`.
//!
//! The mistake is made first, so that there is something to explain.

#![allow(clippy::print_stdout, reason = "this program prints what it found")]

use core::error::Error;

use twilio_sig::{
    AuthToken, Cause, Explanation, Finding, Hints, Signer, Verifier, Webhook, diagnose,
};

fn main() -> Result<(), Box<dyn Error>> {
    let token = AuthToken::new("0123456789abcdef0123456789abcdef")?;
    let verifier = Verifier::new(token.clone());

    // Twilio calls the public URL with this form.
    let sent = b"Body=On+my+way+&From=%2B12125550187&NumMedia=0";
    let signature = Signer::auth_token(&token).sign_form("https://hooks.example.com/sms", sent)?;
    let header = signature.header_value();

    // The framework hands over what it made of it: no TLS, and a value without its last space.
    let params = [("Body", "On my way"), ("From", "+12125550187"), ("NumMedia", "0")];
    let webhook = Webhook::post_params("http://hooks.example.com/sms", &params).signature(&header);

    let hints = Hints::new().header("X-Forwarded-Proto", "https");
    let diagnosis = diagnose(&verifier, &webhook, &hints);
    print!("{diagnosis}");

    let findings = diagnosis.explanations().first().map(Explanation::findings);
    let causes: Vec<Cause> = findings.unwrap_or_default().iter().map(Finding::cause).collect();
    if causes == [Cause::TlsTerminated, Cause::ParamTrimmed] {
        Ok(())
    } else {
        Err(format!("another diagnosis was expected than {causes:?}").into())
    }
}
