//! No false alarm: nothing is named for a genuine request, nor for a random signature.

use twilio_sig::{Algorithm, Hints, SharedKey, Signer, Verifier, diagnose};

use super::arrived::{self, post, websocket};
use super::{BODY, JSON, TOKEN, URL, causes, signer, token, verifier};

/// A small generator (splitmix64), so that the cases are the same on every run.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.next().checked_rem(bound).unwrap()
    }

    fn word(&mut self) -> String {
        let words = ["sms", "Body", "From", "null", "a b", "%2B1", "index.php", "é", "", "Hi, you"];
        words[usize::try_from(self.below(10)).unwrap()].to_owned()
    }

    /// The header of a MAC under a key that no verifier has.
    fn signature(&mut self) -> String {
        let secret = format!("{:016x}{:016x}", self.next(), self.next());
        let token = twilio_sig::AuthToken::new(secret).unwrap();
        Signer::auth_token(&token).sign_url("https://nowhere.example/").header_value()
    }
}

fn all_hints() -> Hints {
    let other = twilio_sig::AuthToken::new("fedcba9876543210fedcba9876543210").unwrap();
    Hints::new()
        .header("Host", "hooks.example.com:8080")
        .header("X-Forwarded-Host", "hooks.example.com, proxy.example.com")
        .header("X-Forwarded-Proto", "https")
        .header("X-Forwarded-Prefix", "/prod")
        .header("X-Original-URI", "/a/sms?x=1")
        .header("Content-Type", "application/json")
        .header("User-Agent", "curl/8")
        .configured_url("https://user:pass@hooks.example.com/a/sms?x=1#rc=2")
        .secondary_token(other.clone())
        .account_token("AC00000000000000000000000000000002", other)
}

#[test]
fn nothing_is_named_for_a_genuine_request() {
    let shared = SharedKey::new("webhooks_sharedkey_01", "secret", Algorithm::HmacSha256).unwrap();
    let verifier =
        Verifier::builder().auth_token(token()).shared_key(shared.clone()).build().unwrap();
    for hints in [Hints::new(), all_hints(), all_hints().raw_secret(TOKEN)] {
        for signer in [signer(), Signer::shared_key(&shared)] {
            let form = signer.sign_form(URL, BODY.as_bytes()).unwrap().header_value();
            let get = signer.sign_url(URL).header_value();
            let (json_url, json) = signer.sign_body_hash(URL, JSON.as_bytes());
            let json = json.header_value();
            let media = signer.sign_url("wss://e.com/media").header_value();
            for webhook in [
                post(URL, BODY.as_bytes()).signature(&form),
                post("https://u:p@hooks.example.com:8443/sms#rc=1", BODY.as_bytes())
                    .signature(&form),
                arrived::get(URL).signature(&get),
                post(&json_url, JSON.as_bytes()).signature(&json),
                websocket("https://e.com/media").signature(&media),
            ] {
                let diagnosis = diagnose(&verifier, &webhook, &hints);
                assert_eq!(diagnosis.verdict(), Ok(()));
                assert_eq!(causes(&diagnosis), []);
                assert_eq!((diagnosis.ruled_out(), diagnosis.macs()), ([].as_slice(), 0));
            }
        }
    }
}

/// 10,000 random requests with random signatures. The bound on MACs keeps the test short; the
/// next one goes deep on fewer.
#[test]
fn a_random_signature_finds_nothing() {
    let mut random = Random(1);
    for _ in 0..10_000 {
        assert_no_cause(&mut random, &Hints::new().max_macs(50));
    }
}

#[test]
fn a_random_signature_finds_nothing_with_all_hints_and_the_whole_budget() {
    let mut random = Random(2);
    for _ in 0..40 {
        assert_no_cause(&mut random, &all_hints().max_macs(10_000));
    }
    assert_no_cause(&mut random, &all_hints());
}

fn assert_no_cause(random: &mut Random, hints: &Hints) {
    let path: Vec<String> = (0..random.below(4)).map(|_| random.word()).collect();
    let scheme = ["http", "https", "wss"][usize::try_from(random.below(3)).unwrap()];
    let query = if random.below(2) == 0 { "?b=1&a=%20" } else { "" };
    let url = format!("{scheme}://hooks.example.com/{}{query}", path.join("/"));
    let pairs: Vec<String> = (0..random.below(6))
        .map(|nth| format!("{}{nth}={}", random.word(), random.word()))
        .collect();
    let (body, header) = (pairs.join("&"), random.signature());
    let is_handshake = random.below(8) == 0;
    let webhook = if is_handshake { websocket(&url) } else { post(&url, body.as_bytes()) };
    let webhook = webhook.signature(&header);
    let diagnosis = diagnose(&verifier(), &webhook, hints);
    assert_eq!(causes(&diagnosis), [], "{url} {body}");
}
