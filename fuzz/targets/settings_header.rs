//! A settings header chooses among the keys, as the reference reads it, and has no other effect. The
//! input is the header.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use twilio_sig::{Algorithm, AuthToken, SharedKey, Verifier, Webhook};
use twilio_sig_fuzz::input::keys;
use twilio_sig_fuzz::reference::{Key, settings, sign};

const URL: &str = "https://example.com/sms?a=b";

struct Fixture {
    keys: Vec<Key>,
    /// Signatures of the URL, by each of the keys.
    signatures: Vec<String>,
    verifier: Verifier,
}

static FIXTURE: LazyLock<Fixture> = LazyLock::new(|| {
    let keys = keys();
    let builder = keys.iter().fold(Verifier::builder(), |builder, key| match key {
        Key::AuthToken(token) => {
            builder.auth_token(AuthToken::new(token.clone()).expect("a token"))
        }
        Key::Shared { id, secret, sha256 } => {
            let algorithm = if *sha256 { Algorithm::HmacSha256 } else { Algorithm::HmacSha1 };
            let key = SharedKey::new(id.clone(), secret.clone(), algorithm);
            builder.shared_key(key.expect("a shared key"))
        }
    });
    let signatures = keys.iter().map(|key| sign(key, URL.as_bytes())).collect();
    Fixture { signatures, verifier: builder.build().expect("a verifier"), keys }
});

fuzz_target!(|data: &[u8]| {
    let Fixture { keys, signatures, verifier } = &*FIXTURE;
    for (place, (key, signature)) in keys.iter().zip(signatures).enumerate() {
        let webhook = Webhook::get(URL).signature(signature).signature_settings(data);
        let verdict = verifier.verify(&webhook).map(|verified| verified.key());
        let fitting = settings::fitting_keys(keys, Some(data), settings::is_sha256(key));
        let expected = match fitting {
            Ok(places) if places.contains(&place) => Ok(place),
            Ok(_) => Err("mismatch"),
            Err(error) => Err(error),
        };
        assert_eq!(verdict.map_err(|error| error.code()), expected);
    }
});
