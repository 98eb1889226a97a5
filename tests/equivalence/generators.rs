//! The generators reach every verdict, so that the comparison with the crate is not an empty one.
#![allow(clippy::std_instead_of_alloc, reason = "a test has std")]

use std::collections::BTreeMap;

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;

use crate::generate;
use crate::generate::Case;
use crate::reference::{
    Accepted, canonical_string, canonical_strings, matched_candidate, sign, verify,
};

#[test]
fn every_listed_canonical_string_is_accepted_and_no_longer_one_is() {
    let mut runner = TestRunner::deterministic();
    let strategy = generate::signed();
    let mut listed = 0;
    for _ in 0..300 {
        let Case { config, mut request } =
            strategy.new_tree(&mut runner).expect("a case").current();
        request.settings = None;
        for text in canonical_strings(&config, &request) {
            request.signature = Some(sign(&config.keys[0], &text).into_bytes());
            let accepted = verify(&config, &request).expect("a listed string is accepted");
            assert_eq!(canonical_string(&accepted), text);
            assert_eq!(accepted.key, 0);
            let longer = [&text, b"!".as_slice()].concat();
            request.signature = Some(sign(&config.keys[0], &longer).into_bytes());
            assert!(verify(&config, &request).is_err());
            listed += 1;
        }
    }
    assert!(listed > 600, "only {listed} strings were listed");
}

/// None of the verdicts is rare enough to be missed, and neither is any form of the URL.
#[test]
fn generated_requests_reach_every_verdict_and_every_candidate() {
    const CASES: usize = 5_000;
    let expected = "
        url_too_long body_too_long missing_signature malformed_signature malformed_settings
        invalid_url too_many_params unknown_key no_key_for_algorithm body_hash_mismatch
        uncovered_body wrong_account strict_parameter mismatch url_only form body_hash
        key_0 key_1 key_2 key_3 form_0 form_1 form_2 form_3 form_4 form_5 form_6 form_7
        userinfo_removed port_changed fragment_kept
    ";
    let mut runner = TestRunner::deterministic();
    let strategy = generate::any_case();
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let mut accepted_cases = 0;
    for _ in 0..CASES {
        let case = strategy.new_tree(&mut runner).expect("a case").current();
        let labels = match verify(&case.config, &case.request) {
            Err(code) => vec![code.to_owned()],
            Ok(accepted) => {
                accepted_cases += 1;
                labels(&case, &accepted)
            }
        };
        for label in labels {
            *seen.entry(label).or_default() += 1;
        }
    }
    for label in expected.split_whitespace() {
        let times = seen.get(label).copied().unwrap_or_default();
        assert!(times >= 5, "{label} is too rare in {seen:?}");
    }
    assert!(accepted_cases * 3 >= CASES, "too few are accepted: {accepted_cases}");
}

/// What was reached on the way to this acceptance.
fn labels(case: &Case, accepted: &Accepted) -> Vec<String> {
    let mut labels = vec![accepted.coverage.to_owned(), format!("key_{}", accepted.key)];
    if let Some(matched) = matched_candidate(&case.config, &case.request, accepted) {
        labels.push(format!("form_{}", matched.form));
        let changes = [
            ("userinfo_removed", matched.userinfo_removed),
            ("port_changed", matched.port_changed),
            ("fragment_kept", matched.fragment_kept),
        ];
        labels.extend(changes.iter().filter(|(_, made)| *made).map(|(name, _)| (*name).to_owned()));
    }
    labels
}
