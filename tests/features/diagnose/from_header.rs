//! Mistakes with the signature header.

use twilio_sig::{AuthToken, Cause, Diagnosis, Hints, Signer, diagnose};

use super::arrived::post;
use super::{BODY, Case, URL, signer, verifier};

/// An HMAC-SHA256 in base64.
const SHA256: &str = "q3VQk3yUuFqOtR9lDG2mF1n8hN0wZ7bYx5cVdKsLpEo=";

/// A message whose header is damaged after signing.
fn header(damage: impl Fn(&str) -> String) -> Diagnosis {
    let header = signer().sign_form(URL, BODY.as_bytes()).unwrap().header_value();
    received(&damage(&header), &Hints::new())
}

fn received(header: &str, hints: &Hints) -> Diagnosis {
    let webhook = post(URL, BODY.as_bytes()).signature(header);
    diagnose(&verifier(), &webhook, &hints.clone().max_macs(5_000))
}

/// A request without a signature of Twilio's, from another sender.
fn of_provider(header: &str) -> Diagnosis {
    received("", &Hints::new().header(header, "dGhpcyBpcyBub3QgVHdpbGlvJ3M="))
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
        let webhook = post(URL, BODY.as_bytes());
        diagnose(&verifier(), &webhook, &Hints::new())
    }),
    (Cause::SignatureTrimmed, || header(|header| header.trim_end_matches('=').into())),
    (Cause::SignatureTrimmed, || header(|header| header.get(..20).unwrap().into())),
    (Cause::SignaturePadded, || header(|header| format!(" {header}\t"))),
    (Cause::SignaturePadded, || header(|header| format!("\"{header}\""))),
    (Cause::SignaturePadded, || header(|header| format!("X-Twilio-Signature: {header}"))),
    (Cause::SignaturePadded, || header(|header| format!("b'{header}'"))),
    (Cause::SignaturePadded, || header(|header| format!("[\"{header}\"]"))),
    // Also where the signature itself is that of another request.
    (Cause::SignaturePadded, || {
        received("X-Twilio-Signature: AAAAAAAAAAAAAAAAAAAAAAAAAAA=", &Hints::new())
    }),
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
    // What a shared key signs is longer, and cut off it is no less Twilio's.
    (Cause::SignatureTrimmed, || received(SHA256.get(..40).unwrap(), &Hints::new())),
    (Cause::SignatureTrimmed, || received(SHA256.get(..30).unwrap(), &Hints::new())),
    (Cause::SignatureTrimmed, || received(SHA256.get(..43).unwrap(), &Hints::new())),
    (Cause::SignatureOfOtherProvider, || of_provider("X-SignalWire-Signature")),
    (Cause::SignatureOfOtherProvider, || of_provider("X-Plivo-Signature-V3")),
    (Cause::SignatureOfOtherProvider, || of_provider("telnyx-signature-ed25519")),
    (Cause::SignatureOfOtherProvider, || of_provider("X-Bandwidth-Signature")),
    (Cause::SignatureOfOtherProvider, || of_provider("MessageBird-Signature-JWT")),
    (Cause::SignatureOfOtherProvider, || of_provider("X-Sinch-Webhook-Signature")),
    (Cause::SignatureOfOtherProvider, || of_provider("X-Acme-Signature")),
    (Cause::SignatureOfOtherProvider, || {
        received("", &Hints::new().header("Authorization", "Bearer eyJhbGciOiJIUzI1NiJ9.e30.x"))
    }),
    // Also where the sender adds a header of Twilio's name.
    (Cause::SignatureOfOtherProvider, || {
        let other = AuthToken::new("fedcba9876543210fedcba9876543210").unwrap();
        let header = Signer::auth_token(&other).sign_url(URL).header_value();
        received(&header, &Hints::new().header("x-signalwire-signature", "x"))
    }),
    (Cause::SignatureOfOtherProvider, || {
        received("", &Hints::new().header("Stripe-Signature", "t=1700000000,v1=00"))
    }),
];
