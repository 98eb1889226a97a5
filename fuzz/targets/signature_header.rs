//! A signature header is the one text of 20 or 32 bytes, or it is refused. The input is the header.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use twilio_sig::{Algorithm, AuthToken, Signature, Verifier, Webhook};
use twilio_sig_fuzz::reference::mac;

static VERIFIER: LazyLock<Verifier> =
    LazyLock::new(|| Verifier::new(AuthToken::new("12345").expect("a token")));

fuzz_target!(|data: &[u8]| {
    let expected = mac::decode_signature(data);
    let error = match Signature::from_header(data) {
        Ok(signature) => {
            assert_eq!(Some(signature.as_bytes()), expected.as_deref());
            assert_eq!(signature.header_value().as_bytes(), data);
            let sha256 = signature.algorithm() == Algorithm::HmacSha256;
            assert_eq!(sha256, signature.as_bytes().len() == 32);
            assert_eq!(
                format!("{signature:?}"),
                format!("Signature({:?}, ..)", signature.algorithm())
            );
            if sha256 { "no_key_for_algorithm" } else { "mismatch" }
        }
        Err(error) => {
            assert_eq!(expected, None);
            error.code()
        }
    };
    assert_eq!(data.is_empty(), error == "missing_signature");
    let verdict = VERIFIER.verify(&Webhook::get("https://example.com/").signature(data));
    assert_eq!(verdict.expect_err("a signature of nobody's").code(), error);
});
