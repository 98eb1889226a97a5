//! What the extractors of every adapter must read, and when they must refuse to.
//!
//! The app under test has five routes: `/form`, `/json` and `/query` answer with the parameter `Body`
//! of what their extractor reads, `/bytes` with the body, `/whole` with URL and coverage of the proof.

#![allow(
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    clippy::exhaustive_structs,
    unreachable_pub,
    reason = "test support: a panic is how a test fails"
)]

use twilio_sig::{AuthToken, Origin, Signer, Verifier};
use twilio_sig_gate::{ExtractError, Gate};

const BASE: &str = "https://example.com";

/// What the routes read.
#[derive(serde::Deserialize)]
pub struct Sms {
    #[serde(rename = "Body")]
    pub body: String,
}

/// A request as Twilio signs it.
pub struct Signed {
    pub target: String,
    pub signature: String,
    pub body: &'static str,
}

fn token() -> AuthToken {
    AuthToken::new("an auth token of the tests").unwrap()
}

fn gate() -> Gate {
    Gate::new(Verifier::new(token()), Origin::fixed(BASE).unwrap())
}

fn form(target: &str, body: &'static str) -> Signed {
    let url = format!("{BASE}{target}");
    let signature = Signer::auth_token(&token()).sign_form(&url, body.as_bytes()).unwrap();
    Signed { target: target.to_owned(), signature: signature.header_value(), body }
}

fn hashed(target: &str, body: &'static str) -> Signed {
    let url = format!("{BASE}{target}");
    let (url, signature) = Signer::auth_token(&token()).sign_body_hash(&url, body.as_bytes());
    let target = url.strip_prefix(BASE).unwrap().to_owned();
    Signed { target, signature: signature.header_value(), body }
}

/// Asks the app behind this gate, or behind none, and compares status and body of the answers.
pub fn run(answer: impl Fn(Option<Gate>, &Signed) -> (u16, String)) {
    let json = r#"{"Body":"Ahoy"}"#;
    let read = [
        (form("/form", "Body=Ahoy"), "Ahoy"),
        (form("/form", "Body=it%27s+%E4%B8%96"), "it's \u{4e16}"),
        (hashed("/json", json), "Ahoy"),
        (form("/query?Body=Ahoy", ""), "Ahoy"),
        (form("/bytes", "Body=Ahoy"), "Body=Ahoy"),
        (form("/whole?x=1", "Body=Ahoy"), "https://example.com/whole?x=1 form"),
    ];
    for (signed, body) in &read {
        let name = &signed.target;
        assert_eq!(answer(Some(gate()), signed), (200, (*body).to_owned()), "{name}");
        // No handler runs without a proof: behind nothing, and behind what lets everything pass.
        let told = |error: ExtractError| (500, error.to_string());
        assert_eq!(answer(None, signed), told(ExtractError::NoProof), "{name} behind nothing");
        let answer = answer(Some(gate().report_only()), signed);
        assert_eq!(answer, told(ExtractError::ReportOnly), "{name}, report only");
    }
    let refused = [
        // No parameter was signed of bytes under a hash.
        (hashed("/form", "Body=Ahoy"), 403),
        // Words that could be JSON and were signed as a form are no JSON that Twilio signed.
        (form("/json", json), 403),
        (form("/json", ""), 403),
        // Under a body hash the parameters are those of the query.
        (hashed("/form", "Body=Ahoy"), 403),
        // The URL's signature is not one of a body.
        (form("/form?Body=Ahoy", ""), 403),
        // Signed, and not what the handler reads.
        (form("/form", "Other=1"), 422),
        (form("/form", "Body=a&Body=b"), 422),
        (hashed("/json", "{"), 422),
        (form("/query?Other=1", ""), 422),
    ];
    for (signed, status) in &refused {
        assert_eq!(answer(Some(gate()), signed).0, *status, "{} {}", signed.target, signed.body);
    }
}
