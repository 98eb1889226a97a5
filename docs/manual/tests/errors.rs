//! The index of errors names every error, each once, and says what the program says.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a file that cannot be read must fail the test"
)]

extern crate alloc;

use alloc::collections::BTreeSet;
use std::path::Path;

use twilio_sig::Cause;

const INDEX: &str = include_str!("../../../src/manual/errors.md");

/// The names of the variants of an enum, out of its source: a new one cannot be forgotten here.
fn variants(file: &str, name: &str) -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(file);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{file}: {error}"));
    let head = format!("pub enum {name} {{\n");
    let body = text.split_once(&head).unwrap_or_else(|| panic!("{file} has no {name}")).1;
    let body = body.split_once("\n}").unwrap().0;
    let name_of = |line: &str| {
        let line = line.strip_prefix("    ").filter(|line| line.starts_with(char::is_uppercase))?;
        let end = line.find(|letter: char| !letter.is_alphanumeric()).unwrap_or(line.len());
        line.get(..end).map(str::to_owned)
    };
    let names: Vec<String> = body.lines().filter_map(name_of).collect();
    assert!(names.len() > 1, "{name} of {file}: {names:?}");
    names
}

fn snake(name: &str) -> String {
    let mut snake = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.extend(letter.to_lowercase());
    }
    snake
}

/// The text between the heading of `code` and the next one.
fn entry(code: &str) -> &'static str {
    let heading = format!("\n### `{code}`\n");
    let (_, rest) = INDEX.split_once(&heading).unwrap_or_else(|| panic!("no entry for {code}"));
    assert!(!rest.contains(&heading), "{code} has two entries");
    rest.split("\n#").next().unwrap()
}

#[test]
fn every_refusal_has_an_entry() {
    for error in variants("src/error.rs", "VerifyError") {
        assert!(entry(&snake(&error)).contains(&format!("`VerifyError::{error}`")), "{error}");
    }
    for refusal in variants("adapters/gate/src/refusal.rs", "Refusal") {
        // Its code is that of the error in it.
        if refusal != "Verify" {
            assert!(
                entry(&snake(&refusal)).contains(&format!("`Refusal::{refusal}`")),
                "{refusal}"
            );
        }
    }
}

#[test]
fn an_entry_says_what_it_means_how_it_comes_about_and_what_to_do() {
    let refusals = INDEX.split_once("# Refusals").unwrap().1.split_once("\n# ").unwrap().0;
    for part in refusals.split("\n### ").skip(1) {
        for label in ["- **Means**: ", "- **Comes about**: ", "- **Do**: ", ", status "] {
            assert!(part.contains(label), "{label} is missing: {part}");
        }
    }
}

#[test]
fn every_cause_has_an_entry_in_the_words_of_the_program() {
    for cause in Cause::ALL {
        let entry = entry(cause.code());
        assert!(entry.contains(&format!("`Cause::{cause:?}`")), "{cause:?}");
        assert!(entry.contains(&format!("): {cause}\n")), "{cause:?}: {cause}");
        assert!(
            entry.contains(&format!("- **Do**: {}\n", cause.fix())),
            "{cause:?}: {}",
            cause.fix()
        );
        assert!(entry.contains("- **Comes about**: "), "{cause:?}");
    }
}

#[test]
fn every_error_besides_has_an_anchor() {
    let tables = [
        ("src/origin/error.rs", "OriginError", "origin"),
        ("src/dedup/error.rs", "NoIdentity", "identity"),
        ("src/error.rs", "KeyError", "keyerror"),
        ("src/error.rs", "BuildError", "builderror"),
        ("adapters/gate/src/extract.rs", "ExtractError", "extract"),
    ];
    for (file, name, anchor) in tables {
        for variant in variants(file, name) {
            let anchor = format!("<a id=\"{anchor}-{variant}\"></a>");
            assert_eq!(INDEX.matches(&anchor).count(), 1, "{name}::{variant}");
        }
    }
}

#[test]
fn no_entry_is_of_something_that_is_gone() {
    let mut known: BTreeSet<String> =
        Cause::ALL.iter().map(|cause| cause.code().to_owned()).collect();
    known.extend(variants("src/error.rs", "VerifyError").iter().map(|name| snake(name)));
    known
        .extend(variants("adapters/gate/src/refusal.rs", "Refusal").iter().map(|name| snake(name)));
    for line in INDEX.lines().filter_map(|line| line.strip_prefix("### `")) {
        let code = line.trim_end_matches('`');
        assert!(known.contains(code), "{code} is no error");
    }
}
