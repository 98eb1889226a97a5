//! Mistakes with the signature header.

use twilio_sig::{Cause, Diagnosis, Hints, Webhook, diagnose};

use super::{BODY, Case, URL, signer, verifier};

/// A message whose header is damaged after signing.
fn header(damage: impl Fn(&str) -> String) -> Diagnosis {
    let header = signer().sign_form(URL, BODY.as_bytes()).unwrap().header_value();
    received(&damage(&header), &Hints::new())
}

fn received(header: &str, hints: &Hints) -> Diagnosis {
    let webhook = Webhook::post(URL, BODY.as_bytes()).signature(header);
    diagnose(&verifier(), &webhook, hints)
}

/// The MAC in hexadecimal digits.
fn hex() -> String {
    let signature = signer().sign_form(URL, BODY.as_bytes()).unwrap();
    let digits = signature.as_bytes().iter().flat_map(|byte| [byte >> 4, byte & 0xf]);
    digits.map(|digit| char::from_digit(digit.into(), 16).unwrap()).collect()
}

pub(crate) const CASES: &[Case] = &[
    (Cause::SignatureMissing, || received("", &Hints::new())),
    (Cause::SignatureMissing, || {
        let webhook = Webhook::post(URL, BODY.as_bytes());
        diagnose(&verifier(), &webhook, &Hints::new())
    }),
    (Cause::SignatureTrimmed, || header(|header| header.trim_end_matches('=').into())),
    (Cause::SignatureTrimmed, || header(|header| header.get(..20).unwrap().into())),
    (Cause::SignaturePadded, || header(|header| format!(" {header}\t"))),
    (Cause::SignaturePadded, || header(|header| format!("\"{header}\""))),
    (Cause::SignatureJoined, || header(|header| format!("{header}, {header}"))),
    (Cause::SignatureJoined, || header(|header| format!("AAAAAAAAAAAAAAAAAAAAAAAAAAA=,{header}"))),
    (Cause::SignatureReencoded, || header(|header| header.replace('=', "%3D"))),
    (Cause::SignatureReencoded, || {
        header(|header| header.replace('+', "-").replace('/', "_").replace('=', "%3D"))
    }),
    (Cause::SignatureReencoded, || received(&hex(), &Hints::new())),
    (Cause::SignatureOfOtherProvider, || received(&format!("sha1={}", hex()), &Hints::new())),
    (Cause::SignatureOfOtherProvider, || {
        received(&format!("t=1700000000,v1={}", "0f".repeat(32)), &Hints::new())
    }),
    (Cause::SignatureOfOtherProvider, || received(&"ab".repeat(32), &Hints::new())),
    (Cause::SignatureOfOtherProvider, || {
        received("", &Hints::new().header("Stripe-Signature", "t=1700000000,v1=00"))
    }),
];
