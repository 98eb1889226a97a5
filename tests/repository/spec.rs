//! `SPEC.md` keeps its word: each rule names its source and tests that exist, and its numbers are
//! those of the crate.

#![allow(clippy::panic, reason = "a rule that cannot be read must fail")]

use alloc::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

const SPEC: &str = include_str!("../../SPEC.md");

/// The numbers of the rules, with the text of each.
fn rules() -> Vec<(&'static str, &'static str)> {
    let rule = |text: &'static str| text.split_once("** ");
    SPEC.split("\n- **")
        .skip(1)
        .map(|text| text.split("\n\n").next().unwrap_or(text))
        .map(|text| rule(text).unwrap_or_else(|| panic!("no number: {text}")))
        .collect()
}

/// The tests that a rule names.
fn named(rule: &'static str) -> Vec<&'static str> {
    let (_, tests) = rule.split_once(" Tests: ").unwrap_or_default();
    tests.split('`').filter(|text| text.contains("::")).collect()
}

/// The files of `tests/`, and those of its folders whose modules the rules name.
fn files() -> impl Iterator<Item = PathBuf> {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let folders = [tests.clone(), tests.join("rules"), tests.join("repository")];
    folders.into_iter().flat_map(|folder| {
        let entries =
            fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        entries.flatten().map(|entry| entry.path())
    })
}

/// The tests in these files, as `file::name`, by file.
fn tests() -> BTreeMap<String, BTreeSet<String>> {
    let mut tests = BTreeMap::<_, BTreeSet<_>>::new();
    for path in files() {
        let (Some(file), Some("rs")) = (
            path.file_stem().and_then(|stem| stem.to_str()),
            path.extension().and_then(|extension| extension.to_str()),
        ) else {
            continue;
        };
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{file}: {error}"));
        let mut is_test = false;
        for line in text.lines() {
            if line == "#[test]" {
                is_test = true;
            } else if let Some(rest) = line.strip_prefix("fn ") {
                let name = rest.split('(').next().unwrap_or_default();
                if is_test {
                    tests.entry(file.to_owned()).or_default().insert(format!("{file}::{name}"));
                }
                is_test = false;
            }
        }
    }
    tests
}

#[test]
fn every_rule_names_its_source_and_tests_that_exist() {
    let exist: BTreeSet<_> = tests().into_values().flatten().collect();
    assert!(rules().len() > 80, "{} rules", rules().len());
    for (number, rule) in rules() {
        let source = rule.split_once("\n  Source: ").map(|(_, source)| source);
        assert!(source.is_some_and(|source| source.contains(". Tests: ")), "{number}: no source");
        assert!(!named(rule).is_empty(), "{number}: no test");
        for test in named(rule) {
            assert!(exist.contains(test), "{number}: there is no test {test}");
        }
    }
}

#[test]
fn the_rules_of_a_section_are_numbered_in_order() {
    let mut last = BTreeMap::<_, usize>::new();
    for (number, _) in rules() {
        let (letter, digits) = number.split_at_checked(1).unwrap_or_default();
        let last = last.entry(letter).or_default();
        *last = last.saturating_add(1);
        assert_eq!(digits.parse(), Ok(*last), "{number}");
    }
}

#[test]
fn every_test_of_a_family_is_named_by_a_rule() {
    let named: BTreeSet<_> = rules().into_iter().flat_map(|(_, rule)| named(rule)).collect();
    let tests = tests();
    for family in [
        "body_hash",
        "bounds",
        "errors",
        "forms",
        "keys",
        "policies",
        "queries",
        "secrets",
        "urls",
        "websockets",
        "zeroize",
    ] {
        let tests = tests.get(family).unwrap_or_else(|| panic!("there is no file {family}.rs"));
        for test in tests {
            assert!(named.contains(&**test), "no rule names {test}");
        }
    }
}

#[test]
fn every_source_that_is_linked_has_an_address() {
    for (number, rule) in rules() {
        let (_, source) = rule.split_once("\n  Source: ").unwrap_or_default();
        let (source, _) = source.split_once(" Tests: ").unwrap_or_default();
        for name in source.split('[').skip(1).filter_map(|text| text.split(']').next()) {
            assert!(SPEC.contains(&format!("\n[{name}]: https://")), "{number}: [{name}]");
        }
    }
}

#[test]
fn the_bounds_are_those_of_the_crate() {
    for (name, value) in [
        ("MAX_BODY_LEN", twilio_sig::MAX_BODY_LEN),
        ("MAX_FORM_LEN", twilio_sig::MAX_FORM_LEN),
        ("MAX_SECRET_LEN", twilio_sig::MAX_SECRET_LEN),
        ("MAX_CANDIDATES", twilio_sig::MAX_CANDIDATES),
        ("MAX_KEYS", twilio_sig::MAX_KEYS),
        ("MAX_KEY_ID_LEN", twilio_sig::MAX_KEY_ID_LEN),
        ("MAX_PARAMS", twilio_sig::MAX_PARAMS),
        ("MAX_SETTINGS_LEN", twilio_sig::MAX_SETTINGS_LEN),
        ("MAX_URL_LEN", twilio_sig::MAX_URL_LEN),
    ] {
        assert!(SPEC.contains(&format!("\n| `{name}` | {value} |")), "{name} is {value}");
    }
}

#[test]
fn the_errors_are_those_of_the_crate() {
    use twilio_sig::VerifyError::{self, *};
    let errors: [VerifyError; 14] = [
        BodyHashMismatch,
        BodyTooLong,
        InvalidUrl,
        MalformedSettings,
        MalformedSignature,
        Mismatch,
        MissingSignature,
        NoKeyForAlgorithm,
        StrictParameter,
        TooManyParams,
        UncoveredBody,
        UnknownKey,
        UrlTooLong,
        WrongAccount,
    ];
    for error in errors {
        let cell = format!(" | `{}` | {} |\n", error.code(), error.http_status());
        assert!(SPEC.contains(&cell), "{cell}");
    }
}
