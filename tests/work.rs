//! How much work a refusal can be made to cost. `.ci/test` runs this optimised too.

#![allow(clippy::unwrap_used, reason = "a verifier that cannot be built must fail the test")]
#![allow(clippy::arithmetic_side_effects, reason = "the sizes are those of a test")]
#![allow(clippy::print_stdout, reason = "a test that measures prints what it finds")]

use core::time::Duration;

use cpu_time::ThreadTime;
use twilio_sig::{AuthToken, Signer, Verifier, VerifierBuilder, Webhook};

const TOKEN: &str = "0123456789abcdef0123456789abcdef";
const URL: &str = "https://example.com/sms";
const MIB: usize = 1 << 20;

/// How often both are run at most. Other programs take memory and caches from them, but not all the time.
const RUNS: usize = 40;
/// How often the work of a refusal may be that of its MACs. The hash is optimised in every build. Beside
/// it, code that is not shows only what is no longer in proportion to the bytes.
const MOST: f64 = if cfg!(debug_assertions) { 500.0 } else { 3.0 };

/// What the shortest run, which was disturbed least, takes of a processor.
#[derive(Default)]
struct Shortest(Option<Duration>);

impl Shortest {
    fn seconds(&mut self, run: impl Fn()) -> f64 {
        let start = ThreadTime::now();
        run();
        let time = start.elapsed();
        self.0.insert(self.0.map_or(time, |shortest| shortest.min(time))).as_secs_f64()
    }
}

/// How often `run` takes what `unit` takes so many `times`: both are run thrice, and again as long as that
/// is too often.
fn ratio(run: impl Fn(), unit: impl Fn(), times: f64) -> f64 {
    let (mut of_run, mut of_unit) = (Shortest::default(), Shortest::default());
    let mut ratio = f64::INFINITY;
    for nth in 0..RUNS {
        if nth >= 3 && ratio <= MOST {
            break;
        }
        ratio = of_run.seconds(&run) / (times * of_unit.seconds(&unit));
    }
    ratio
}

/// Bodies of one length that are made to be slow, each of at most 1,024 parameters but the last ones.
fn hostile(len: usize) -> Vec<(&'static str, Vec<u8>)> {
    let cycle = |unit: &str| unit.bytes().cycle().take(len).collect::<Vec<u8>>();
    let named = |name: &dyn Fn(usize) -> String| {
        let pairs: Vec<_> = (0..1_000).map(name).collect();
        let mut body = pairs.join("&").into_bytes();
        body.resize(len, b'x');
        body
    };
    let room = len / 1_000 - 8;
    vec![
        ("&", cycle("&")),
        ("%", cycle("%")),
        ("%4", cycle("%4")),
        ("%%", cycle("%4%")),
        ("+", cycle("+")),
        ("%41", cycle("%41")),
        ("a%41", cycle("a%41")),
        ("aa%41", cycle("aa%41")),
        ("=", cycle("=")),
        ("=%41", cycle("=%41")),
        ("equal pairs", named(&|_| "n".repeat(room))),
        ("equal pairs of escapes", named(&|_| "%6e".repeat(room / 3))),
        // Names that differ in their last bytes alone, so that a sort must read them to the end.
        ("long names", named(&|nth| format!("{}{nth:04}=", "n".repeat(room)))),
        ("long names of escapes", named(&|nth| format!("{}{nth:04}", "%6e".repeat(room / 3)))),
        ("long values", named(&|nth| format!("n={}{nth:04}", "n".repeat(room)))),
        // Each name the beginning of the next.
        ("nested names", named(&|nth| "n".repeat(nth * room / 1_000 + 1))),
        ("too many parameters", cycle("a&")),
    ]
}

/// The work for the worst request that was found, in times of what it cannot do without: one HMAC
/// of as many bytes for each key and candidate. SECURITY.md states it.
#[test]
fn no_refusal_costs_more_than_a_few_times_its_macs() {
    let tokens = |count: usize| {
        let token = |nth| AuthToken::new(format!("{nth:032}")).unwrap();
        let builder = Verifier::builder().max_form_len(MIB);
        (0..count).map(token).fold(builder, VerifierBuilder::auth_token).build().unwrap()
    };
    let signer = Signer::auth_token(&AuthToken::new(TOKEN).unwrap());
    let signature = signer.sign_url(URL).header_value();
    let mut worst = (0.0, String::new());
    // Two candidates, and as many as a query can make.
    for (url, candidates) in [(URL, 2.0), ("https://u:p@h.io:1/?a='%27%5B#f", 21.0)] {
        for (keys, len) in [(1, MIB), (16, 64 << 10)] {
            let (verifier, plain) = (tokens(keys), "a".repeat(len));
            for (what, body) in hostile(len) {
                let webhook = Webhook::post(url, &body).signature(&signature);
                let refuse = || assert!(verifier.verify(&webhook).is_err());
                let mac = || assert_eq!(signer.sign_url(&plain).as_bytes().len(), 20);
                let macs = candidates * f64::from(u8::try_from(keys).unwrap());
                let ratio = ratio(refuse, mac, macs);
                if ratio > worst.0 {
                    worst = (ratio, format!("{what}, {len} bytes, {keys} keys, {candidates} URLs"));
                }
            }
        }
    }
    println!("the worst: {:.2} times its MACs: {}", worst.0, worst.1);
    assert!(worst.0 <= MOST, "{worst:?}");
}
