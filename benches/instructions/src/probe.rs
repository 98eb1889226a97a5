//! What is counted: one verdict each.

use std::error::Error;
use std::hint::black_box;

use twilio_sig::{Algorithm, AuthToken, SharedKey, Signer, Verifier};

use crate::requests::{Request, TOKEN};

/// Prints the name of each verdict after it was counted.
pub(crate) fn run() -> Result<(), Box<dyn Error>> {
    let token = Verifier::new(AuthToken::new(TOKEN)?);
    let shared = SharedKey::new("webhooks_sharedkey_01", TOKEN, Algorithm::HmacSha256)?;
    let by_shared = Request::voice()?.signed(&Signer::shared_key(&shared))?;
    let shared = Verifier::builder().shared_key(shared).build()?;
    let malformed = Request { signature: "RSOYDt4T1cUTdK1PDd93".into(), ..Request::voice()? };
    for (name, verifier, request) in [
        ("voice form of 25 parameters", &token, Request::voice()?),
        ("voice form, refused", &token, Request::voice()?.forged()),
        ("voice form, shared key, SHA-256", &shared, by_shared),
        ("voice form, malformed signature", &token, malformed),
        ("voice form, 21 candidates, refused", &token, Request::manifold()?.forged()),
        ("WhatsApp message", &token, Request::whatsapp()?),
        ("WhatsApp message, refused", &token, Request::whatsapp()?.forged()),
        ("JSON of 2 KiB", &token, Request::json(2 << 10)?),
        ("JSON of 2 KiB, refused", &token, Request::json(2 << 10)?.forged()),
        ("GET", &token, Request::get()?),
        ("WebSocket handshake", &token, Request::handshake()?),
        ("64 parameters", &token, Request::with_params(64)?),
        ("64 parameters, refused", &token, Request::with_params(64)?.forged()),
        ("1,000 parameters", &token, Request::with_params(1_000)?),
        ("1,025 parameters, refused", &token, Request::with_params(1_025)?),
    ] {
        let webhook = request.webhook();
        // Once uncounted, so that nothing is done for the first time.
        let verdict = verifier.verify(&webhook).is_ok();
        let refused = name.contains("refused") || name.contains("malformed");
        if verdict == refused {
            return Err(format!("the verdict is another than told: {name}").into());
        }
        measured_section(&mut || {
            let _ = black_box(verifier.verify(&black_box(webhook)));
        });
        println!("{name}");
    }
    Ok(())
}

#[inline(never)]
fn measured_section(run: &mut dyn FnMut()) {
    black_box(run)();
}
