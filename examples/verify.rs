//! Verifies seven webhooks that Twilio's own library signed, and refuses each with one thing
//! tampered. The exit status is 0 only if every verdict is the expected one.

#![allow(clippy::print_stdout, reason = "this program prints what it found")]

#[path = "../tests/records/mod.rs"]
#[allow(dead_code, reason = "the tests use more of it")]
mod records;

use core::error::Error;
use std::process::ExitCode;

use records::Record;
use twilio_sig::{Algorithm, AuthToken, SharedKey, Verified, Verifier, VerifyError, Webhook};

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let records = records::parse(include_str!("webhooks.txt"))?;
    let mut unexpected = 0_u32;
    for (nth, record) in (1..).zip(&records) {
        println!("{nth}. {}", field(record, "title")?);
        if !genuine(record)? || !tampered(record)? {
            unexpected = unexpected.saturating_add(1);
            println!("   NOT AS EXPECTED");
        }
    }
    println!("{} webhooks, {unexpected} not as expected", records.len());
    Ok(if unexpected == 0 && !records.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Verifies the webhook as it was signed: accepted as the record says?
fn genuine(record: &Record) -> Result<bool, Box<dyn Error>> {
    let verdict = verifier(record)?.verify(&webhook(record, None)?);
    Ok(match &verdict {
        Ok(verified) => {
            println!("   verified  {}", summary(verified));
            verified.coverage().to_string() == field(record, "coverage")?
                && verified.candidate().to_string() == field(record, "candidate")?
                && verified.key().to_string() == field(record, "key")?
        }
        Err(error) => {
            println!("   refused   {error}");
            false
        }
    })
}

/// Verifies it with one field tampered: refused for the reason that the record gives?
fn tampered(record: &Record) -> Result<bool, Box<dyn Error>> {
    let tampered = (field(record, "tamper_field")?, field(record, "tamper_value")?);
    let verdict = verifier(record)?.verify(&webhook(record, Some(tampered))?);
    Ok(match verdict {
        Ok(verified) => {
            println!("   tampered {}, but verified: {}", tampered.0, summary(&verified));
            false
        }
        Err(error) => {
            println!("   refused   with another {}: {error}", tampered.0);
            error.code() == field(record, "tamper_error")?
        }
    })
}

/// The keys that the receiving service holds: primary token, secondary token, shared key.
fn verifier(record: &Record) -> Result<Verifier, Box<dyn Error>> {
    let mut builder = Verifier::builder();
    for token in ["token", "secondary_token"].into_iter().filter_map(|name| record.get(name)) {
        builder = builder.auth_token(AuthToken::new(token)?);
    }
    if let Some(id) = record.get("shared_key_id") {
        let algorithm: Algorithm = field(record, "algorithm")?.parse()?;
        builder =
            builder.shared_key(SharedKey::new(id, field(record, "shared_secret")?, algorithm)?);
    }
    Ok(builder.build()?)
}

/// What arrives, with one field replaced if it is `tampered`.
fn webhook<'a>(
    record: &'a Record,
    tampered: Option<(&str, &'a str)>,
) -> Result<Webhook<'a>, Box<dyn Error>> {
    let part = |name| match tampered {
        Some((field, value)) if field == name => Some(value),
        _ => record.get(name),
    };
    let url = part("url").ok_or("a record without a URL")?;
    let webhook = match record.get("websocket") {
        Some("true") => Webhook::websocket(url),
        _ => Webhook::post(url, part("body").unwrap_or_default().as_bytes()),
    };
    Ok(webhook
        .signature(part("signature").ok_or(VerifyError::MissingSignature)?)
        .signature_settings(part("settings").unwrap_or_default()))
}

fn summary(verified: &Verified<'_>) -> String {
    let params = verified.params().len();
    let (coverage, candidate, key) = (verified.coverage(), verified.candidate(), verified.key());
    format!("coverage {coverage}, URL {candidate}, key {key}, {params} signed parameters")
}

fn field<'a>(record: &'a Record, name: &str) -> Result<&'a str, String> {
    record.get(name).ok_or_else(|| format!("a record without {name}"))
}
