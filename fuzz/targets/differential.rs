//! The crate and the naive reference give one verdict: on a request that is signed over any of the
//! texts that make it acceptable, and then perhaps changed by a byte.
#![no_main]

use libfuzzer_sys::fuzz_target;
use twilio_sig_fuzz::compare::{by_crate, by_reference};
use twilio_sig_fuzz::input::{Input, Wish};
use twilio_sig_fuzz::reference::{Config, canonical_strings, sign};

fuzz_target!(|data: &[u8]| {
    let input = Input::read(data);
    let (config, mut request) = (input.config(), input.request());

    // A text that only a policy forbids tells more than none.
    let lenient = Config { strict: false, account_sid: None, ..config.clone() };
    let texts = [canonical_strings(&config, &request), canonical_strings(&lenient, &request)];
    let url = vec![request.url.clone().into_bytes()];
    let texts = texts.into_iter().find(|texts| !texts.is_empty()).unwrap_or(url);
    let key = &config.keys[usize::from(input.byte()) % config.keys.len()];
    let signature = sign(key, &texts[input.place() % texts.len()]);
    request.signature = Some(signature.into_bytes());

    if input.wishes(Wish::Tamper) {
        request = input.tampered(&request).unwrap_or(request);
    }
    let seen = by_crate(&config, &request).expect("the settings build, and what is proven fits");
    assert_eq!(seen, by_reference(&config, &request), "{config:?} {request:?}");
});
