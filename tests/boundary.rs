//! The boundary of the audit: what the core may import, and how long it may be.

#![allow(clippy::panic, reason = "a test fails by panicking")]

extern crate alloc;

use alloc::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// The files that a verdict depends on. Whatever is not here is a feature and may not be imported.
const CORE: [&str; 19] = [
    "builder",
    "error",
    "form",
    "key",
    "lib",
    "mac",
    "order",
    "pair",
    "pairs",
    "policy",
    "scan",
    "settings",
    "sign",
    "signature",
    "url",
    "url/candidate",
    "verifier",
    "verifier/verified",
    "webhook",
];

/// Lines of code in the core, without docs, comments and tests: what an auditor reads.
const BUDGET: usize = 2_300;

fn source(module: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(format!("{module}.rs"));
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The lines of code of a file, without docs, comments and its unit tests.
fn code(module: &str) -> Vec<String> {
    source(module)
        .lines()
        .take_while(|line| *line != "#[cfg(test)]")
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with("//"))
        .map(str::to_owned)
        .collect()
}

#[test]
fn the_core_imports_itself_and_its_dependencies_only() {
    let allowed: BTreeSet<&str> = CORE
        .into_iter()
        .chain(["alloc", "core", "std"])
        .chain(["base64", "hmac", "percent_encoding", "sha1", "sha2", "subtle", "thiserror"])
        .chain(["zeroize"])
        .collect();
    for module in CORE.into_iter().filter(|module| *module != "lib") {
        for line in code(module) {
            let Some(path) = line.strip_prefix("use ") else { continue };
            let path = path.strip_prefix("crate::").unwrap_or(path);
            let first = path.split([':', ';', '{', ' ']).next().unwrap();
            assert!(allowed.contains(first), "{module}.rs imports {first}: {line}");
        }
    }
}

#[test]
fn only_one_file_touches_hmac_and_sha() {
    for module in CORE.into_iter().filter(|module| *module != "mac") {
        for line in code(module) {
            for name in ["hmac::", "sha1::", "sha2::"] {
                assert!(!line.contains(name), "{module}.rs: {line}");
            }
        }
    }
}

#[test]
fn features_are_named_in_lib_alone() {
    for module in CORE.into_iter().filter(|module| *module != "lib") {
        let gated: Vec<_> =
            code(module).into_iter().filter(|line| line.contains("feature = ")).collect();
        let expected: &[&str] = if module == "key" { &["#[cfg(feature = \"std\")]"] } else { &[] };
        assert_eq!(gated, expected, "{module}.rs");
    }
}

#[test]
fn the_core_can_be_read_in_an_afternoon() {
    let lines: usize = CORE.into_iter().map(|module| code(module).len()).sum();
    assert!(lines <= BUDGET, "the core has {lines} lines of code, {BUDGET} are allowed");
}

/// SECURITY.md tells a reviewer what to read and how much it is.
#[test]
fn the_reviewers_map_is_true() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("SECURITY.md");
    let map = fs::read_to_string(path).unwrap_or_default();
    let row = |line: &str| {
        let mut cells = line.strip_prefix("| `src/")?.split('|');
        let module = cells.next()?.trim().strip_suffix(".rs`")?.to_owned();
        Some((module, cells.next()?.trim().parse::<usize>().ok()?))
    };
    let told: BTreeSet<_> = map.lines().filter_map(row).collect();
    let real: BTreeSet<_> =
        CORE.into_iter().map(|module| (module.to_owned(), code(module).len())).collect();
    let wrong: Vec<_> = real.difference(&told).collect();
    assert!(told == real, "SECURITY.md should say: {wrong:?}");
}
