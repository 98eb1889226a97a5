//! Signs a form as Twilio would, and prints the curl command that sends it to a service under
//! test: `TWILIO_AUTH_TOKEN=… cargo run --example sign -- https://localhost:8443/sms Body=Ahoy`.

#![allow(clippy::print_stdout, reason = "this program prints a command")]

use core::error::Error;

use twilio_sig::{AuthToken, Signer};

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let url = args.next().ok_or("usage: sign URL NAME=VALUE…")?;
    let pairs: Vec<String> = args.collect();
    let params: Vec<(&str, &str)> =
        pairs.iter().map(|pair| pair.split_once('=').unwrap_or((pair, ""))).collect();

    let token = AuthToken::from_env("TWILIO_AUTH_TOKEN")?;
    let signature = Signer::auth_token(&token).sign_params(&url, &params)?;

    print!(
        "curl {} -H {}",
        quoted(&url),
        quoted(&format!("X-Twilio-Signature: {}", signature.header_value()))
    );
    for pair in &pairs {
        print!(" --data-urlencode {}", quoted(pair));
    }
    println!();
    Ok(())
}

/// `text` as one word of a POSIX shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}
