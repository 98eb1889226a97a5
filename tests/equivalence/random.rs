//! The crate against the naive reference: one verdict for every request, genuine or forged.
#![allow(clippy::std_instead_of_alloc, reason = "a test has std")]

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::FileFailurePersistence;

use crate::compare::{by_crate, by_reference, signer};
use crate::generate::request::{large_form, without_hash};
use crate::generate::tamper::{Edit, edit};
use crate::generate::{Case, any_case, signed};
use crate::reference;
use crate::reference::{
    Config, Key, Payload, Request, candidates, canonical_string, form, payload_pairs, sign, url,
    verify,
};

/// 1,024 cases of each property, unless `PROPTEST_CASES` says how many.
fn proptest_config() -> ProptestConfig {
    let default = ProptestConfig::default();
    let cases = if std::env::var_os("PROPTEST_CASES").is_some() { default.cases } else { 1_024 };
    ProptestConfig {
        cases,
        failure_persistence: Some(Box::new(FileFailurePersistence::WithSource("regressions"))),
        ..default
    }
}

/// The same parameters in another order.
fn reordered(payload: &Payload, order: &[u32]) -> Payload {
    fn sorted<T>(items: impl Iterator<Item = T>, order: &[u32]) -> Vec<T> {
        let mut placed: Vec<(u32, T)> = order.iter().copied().cycle().zip(items).collect();
        placed.sort_by_key(|(place, _)| *place);
        placed.into_iter().map(|(_, item)| item).collect()
    }
    match payload {
        Payload::Body(body) => {
            let segments = body.split(|byte| *byte == b'&');
            Payload::Body(sorted(segments, order).join(&b'&'))
        }
        Payload::Params(list) => Payload::Params(sorted(list.iter().cloned(), order)),
    }
}

#[derive(Clone, Debug)]
enum Place {
    Url,
    Payload,
    Signature,
    Settings,
}

fn with_one_change(request: &Request, place: &Place, edit: &Edit, at: Index) -> Request {
    let mut changed = request.clone();
    match place {
        Place::Url => changed.url = edit.of_text(&request.url),
        Place::Signature => changed.signature = request.signature.as_ref().map(|h| edit.of(h)),
        Place::Settings => {
            changed.settings = Some(edit.of(request.settings.as_deref().unwrap_or_default()));
        }
        Place::Payload => match &mut changed.payload {
            Payload::Body(body) => *body = edit.of(body),
            Payload::Params(list) => {
                let count = list.len().max(1);
                if let Some((name, value)) = list.get_mut(at.index(count)) {
                    let text = if value.is_empty() { name } else { value };
                    *text = edit.of_text(text);
                }
            }
        },
    }
    changed
}

fn any_key() -> impl Strategy<Value = Key> {
    let id = "[!-+./0-9:-<>-~]{1,64}";
    prop_oneof![
        "[!-~é]([ -~]{0,80}[!-~])?".prop_map(Key::AuthToken),
        (id, "[!-~]{1,80}", any::<bool>()).prop_map(|(id, secret, sha256)| Key::Shared {
            id,
            secret,
            sha256
        }),
    ]
}

proptest! {
    #![proptest_config(proptest_config())]

    /// Verdict and reason, coverage, key, candidate and signed pairs.
    #[test]
    fn crate_and_reference_agree(Case { config, request } in any_case()) {
        let by_crate = by_crate(&config, &request).map_err(fail)?;
        prop_assert_eq!(by_crate, by_reference(&config, &request));
    }

    /// A changed byte is refused, unless the text that was signed is still the same, byte for byte.
    #[test]
    fn one_changed_byte_is_refused_unless_the_signed_text_is_the_same(
        Case { config, request } in signed(),
        place in prop_oneof![
            3 => Just(Place::Url), 3 => Just(Place::Payload),
            1 => Just(Place::Signature), 1 => Just(Place::Settings),
        ],
        edit in edit(),
        at in any::<Index>(),
    ) {
        let before = verify(&config, &request).ok();
        let changed = with_one_change(&request, &place, &edit, at);
        let by_crate = by_crate(&config, &changed).map_err(fail)?;
        if let (Some(before), true) = (before, by_crate.is_ok()) {
            let after = verify(&config, &changed).ok();
            prop_assert_eq!(Some(canonical_string(&before)), after.as_ref().map(canonical_string));
            prop_assert_eq!(&changed.signature, &request.signature);
        }
        prop_assert_eq!(by_crate, by_reference(&config, &changed));
    }

    /// This holds for a form; a hash covers the bytes as they came.
    #[test]
    fn the_order_of_parameters_never_matters(
        Case { config, request } in signed(),
        order in vec(any::<u32>(), 16),
    ) {
        let given = by_crate(&config, &request).map_err(fail)?;
        let hashed = !url::body_hashes(&request.url).is_empty();
        let is_form = given.as_ref().is_ok_and(|seen| seen.coverage == "form");
        if is_form || !hashed {
            let payload = reordered(&request.payload, &order);
            let other = by_crate(&config, &Request { payload, ..request }).map_err(fail)?;
            prop_assert_eq!(given, other);
        }
    }

    /// Long enough to leave every shortcut that a few short parameters may take.
    #[test]
    fn large_forms_are_read_alike(
        body in large_form(),
        max_params in prop_oneof![2 => Just(1_024_usize), 1 => 1..300_usize],
        order in vec(any::<u32>(), 300),
    ) {
        let key = Key::AuthToken("12345".to_owned());
        let config = Config { max_params, ..Config::usual(key.clone()) };
        let pairs = form::sorted_unique(&form::pairs(&body));
        let url = "https://example.com/sms".to_owned();
        let canonical = [url.clone().into_bytes(), form::concatenated(&pairs)].concat();
        let signature = Some(sign(&key, &canonical).into_bytes());
        let payload = Payload::Body(body);
        let mut request = Request { url, payload, signature, settings: None, websocket: false };
        for _ in 0..2 {
            let by_crate = by_crate(&config, &request).map_err(fail)?;
            prop_assert_eq!(by_crate, by_reference(&config, &request));
            request.payload = reordered(&request.payload, &order);
        }
    }

    /// Everything that can be covered: no body, or a body or parameters with at least one byte.
    #[test]
    fn what_the_signer_signs_is_accepted(mut request in without_hash(), key in any_key()) {
        if request.websocket {
            request.payload = Payload::Body(vec![]);
        }
        let pairs = form::sorted_unique(&payload_pairs(&request.payload));
        let signer = signer(&key).map_err(fail)?;
        let all = candidates(&request.url, request.websocket, false);
        let lengthens_host =
            all.as_ref().is_ok_and(|all| all.first().is_some_and(|first| first.ends_in_authority));
        let signed_url = if request.websocket {
            all.ok().and_then(|all| String::from_utf8(all.first()?.url.clone()).ok())
        } else {
            Some(request.url.clone())
        };
        let signed_url = signed_url.unwrap_or_default();
        let (signature, coverage) = match &request.payload {
            Payload::Body(body) if body.is_empty() => (signer.sign_url(&signed_url), "url_only"),
            Payload::Body(body) => (signer.sign_form(&signed_url, body).map_err(fail)?, "form"),
            Payload::Params(list) => {
                let list: Vec<(&str, &str)> = list.iter().map(|(n, v)| (&**n, &**v)).collect();
                (signer.sign_params(&signed_url, &list).map_err(fail)?, "form")
            }
        };
        let canonical = [signed_url.into_bytes(), form::concatenated(&pairs)].concat();
        prop_assert_eq!(signature.header_value(), sign(&key, &canonical));

        request.signature = Some(signature.header_value().into_bytes());
        let seen = by_crate(&Config::usual(key), &request).map_err(fail)?;
        if coverage == "form" && form::concatenated(&pairs).is_empty() {
            prop_assert_eq!(seen, Err("uncovered_body"));
        } else if coverage == "form" && lengthens_host && !request.url.contains('#') {
            prop_assert_eq!(seen, Err("mismatch"));
        } else {
            prop_assert_eq!(seen.map(|seen| (seen.coverage, seen.params)), Ok((coverage.to_owned(), pairs)));
        }
    }

    #[test]
    fn any_body_that_the_signer_hashes_is_accepted(
        request in without_hash(),
        body in vec(any::<u8>(), 0..200),
        key in any_key(),
    ) {
        let (url, signature) = signer(&key).map_err(fail)?.sign_body_hash(&request.url, &body);
        let hashes = url::body_hashes(&url);
        prop_assert_eq!(hashes, vec![reference::mac::sha256_hex(&body)]);
        let signature = Some(signature.header_value().into_bytes());
        let payload = Payload::Body(body);
        let request = Request { url, payload, signature, settings: None, websocket: false };
        let seen = by_crate(&Config::usual(key), &request).map_err(fail)?;
        let coverage = "body_hash".to_owned();
        prop_assert_eq!(seen.map(|seen| (seen.coverage, seen.params)), Ok((coverage, vec![])));
    }
}

#[expect(clippy::needless_pass_by_value, reason = "what `map_err` calls takes the error itself")]
fn fail(reason: impl ToString) -> TestCaseError {
    TestCaseError::fail(reason.to_string())
}
