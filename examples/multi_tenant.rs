//! One endpoint for many accounts: the request names a tenant without proof, that tenant's key
//! decides whether it is, and a key never vouches for another account.

#![allow(clippy::print_stdout, reason = "this program prints what it found")]

use core::error::Error;
use std::collections::HashMap;

use twilio_sig::{AuthToken, Signer, Verifier, Webhook};

const URL: &str = "https://example.com/sms";
const ALICE: &str = "AC0000000000000000000000000000000a";
const BOB: &str = "AC0000000000000000000000000000000b";

fn main() -> Result<(), Box<dyn Error>> {
    let tokens = [
        (ALICE, AuthToken::new("0123456789abcdef0123456789abcdef")?),
        (BOB, AuthToken::new("fedcba9876543210fedcba9876543210")?),
    ];
    let mut tenants = HashMap::new();
    for (account, token) in &tokens {
        let verifier =
            Verifier::builder().auth_token(token.clone()).account_sid(*account).build()?;
        tenants.insert(*account, verifier);
    }

    let body = format!("AccountSid={ALICE}&Body=Ahoy");
    for (signer, token) in &tokens {
        let signature = Signer::auth_token(token).sign_form(URL, body.as_bytes())?.header_value();
        let webhook = Webhook::post(URL, body.as_bytes()).signature(&signature);

        // Not proven, and good for one thing: to look up the key that can prove it.
        let claimed = webhook.untrusted_param("AccountSid").ok_or("no account")?;
        let verifier = tenants.get(&*claimed).ok_or("unknown tenant")?;
        match verifier.verify(&webhook) {
            Ok(_) => println!("for {claimed}, signed by {signer}: verified"),
            Err(error) => println!("for {claimed}, signed by {signer}: {error}"),
        }
    }
    Ok(())
}
