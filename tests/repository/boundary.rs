//! The boundary of the audit: which wing may use which, and how long each may be.

#![allow(
    clippy::panic,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::arithmetic_side_effects,
    reason = "a test fails by panicking"
)]

use alloc::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The wings of the core, each with the lines of code that it may have. A wing is a file and the
/// folder of its name. It may use those above it and no other.
///
/// `untrusted`, what is not proven, and `signer`, the other side, are used by none of them: no verdict depends
/// on them. What is compiled for a feature alone, as `startup` for `std`, is not of the core. `manual` holds
/// no code.
const WINGS: [(&str, usize); 13] = [
    ("error", 104),
    ("mac", 155),
    ("key", 115),
    ("form", 315),
    ("url", 310),
    ("policy", 52),
    ("config", 45),
    ("webhook", 72),
    ("verifier", 246),
    ("builder", 100),
    ("untrusted", 20),
    ("signer", 48),
    ("lib", 54),
];

/// Lines of code in the core, without docs, comments and unit tests: what an auditor reads.
const BUDGET: usize = 1_600;
/// Lines of code that a form goes through on its way to the MAC.
const HOT_PATH_BUDGET: usize = 420;
/// Lines of code of one file.
const FILE_BUDGET: usize = 200;

/// The crates that a verdict depends on, beside `alloc`, `core` and `std`.
const CRATES: [&str; 8] =
    ["base64", "hmac", "percent_encoding", "sha1", "sha2", "subtle", "thiserror", "zeroize"];

fn src() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// The files of a wing, by their paths below `src`.
fn files(wing: &str) -> Vec<String> {
    let mut files = vec![format!("{wing}.rs")];
    if let Ok(folder) = fs::read_dir(src().join(wing)) {
        let names = folder.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        files.extend(names.map(|name| format!("{wing}/{name}")));
    }
    files.sort();
    files
}

/// The lines of code of a file, without docs, comments and its unit tests.
fn code(file: &str) -> Vec<String> {
    let path = src().join(file);
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{file}: {error}"));
    text.lines()
        .take_while(|line| *line != "#[cfg(test)]")
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with("//"))
        .map(str::to_owned)
        .collect()
}

fn lines(wing: &str) -> usize {
    files(wing).iter().map(|file| code(file).len()).sum()
}

fn core_files() -> impl Iterator<Item = String> {
    WINGS.iter().flat_map(|(wing, _)| files(wing))
}

/// The names that stand behind `crate::` in a text, wherever they do: in a `use`, in a list, or in
/// the middle of an expression.
fn used_wings(text: &str) -> BTreeSet<&str> {
    let name = |text: &str| text.len() - text.trim_start_matches(is_name_part).len();
    let paths = text.split("crate::").skip(1);
    paths
        .flat_map(|rest| match rest.strip_prefix('{') {
            Some(list) => list.split('}').next().unwrap_or_default().split(',').collect(),
            None => vec![rest],
        })
        .map(str::trim_start)
        .map(|path| &path[..name(path)])
        .filter(|name| !name.is_empty())
        .collect()
}

fn is_name_part(character: char) -> bool {
    character.is_ascii_alphanumeric() || character == '_'
}

#[test]
fn a_path_is_seen_wherever_it_stands() {
    assert_eq!(used_wings("use crate::mac::Sink;"), ["mac"].into());
    assert_eq!(used_wings("let x = crate::origin::Origin::new();"), ["origin"].into());
    assert_eq!(used_wings("use crate::{form, url::Url};"), ["form", "url"].into());
    assert_eq!(used_wings("fn f(x: &crate::a::B) -> crate::c::D"), ["a", "c"].into());
}

#[test]
fn each_wing_uses_those_above_it_and_no_other() {
    // What is exported is named from the crate's root in docs alone, which are not code.
    let mut allowed: BTreeSet<&str> = BTreeSet::new();
    for (wing, _) in WINGS.iter().filter(|(wing, _)| *wing != "lib") {
        allowed.insert(wing);
        for file in files(wing) {
            let text = code(&file).join("\n");
            let foreign: Vec<_> = used_wings(&text).difference(&allowed).copied().collect();
            assert!(foreign.is_empty(), "src/{file} uses {foreign:?}");
            // `super` leads out of a wing from its own file.
            let root = file == format!("{wing}.rs");
            assert!(!root || !text.contains("super::"), "src/{file} leaves its wing");
            assert!(!text.contains("super::super"), "src/{file} leaves its folder");
        }
    }
}

#[test]
fn no_file_uses_a_crate_that_is_not_reviewed() {
    let known: BTreeSet<&str> =
        CRATES.into_iter().chain(["alloc", "core", "std", "crate", "super", "self"]).collect();
    for file in core_files().filter(|file| file != "lib.rs") {
        for line in code(&file) {
            let Some(path) = line.strip_prefix("use ").or_else(|| line.strip_prefix("pub use "))
            else {
                continue;
            };
            let first = path.split([':', ';', ' ']).next().unwrap();
            let is_module = files(file.trim_end_matches(".rs")).len() > 1;
            assert!(known.contains(first) || is_module, "src/{file}: {line}");
        }
    }
}

#[test]
fn one_wing_touches_hmac_and_sha() {
    for file in core_files().filter(|file| !file.starts_with("mac")) {
        for line in code(&file) {
            for name in ["hmac::", "sha1::", "sha2::", "Sha1", "Sha256::", "subtle::"] {
                let named_by_algorithm = line.contains("HmacSha");
                assert!(named_by_algorithm || !line.contains(name), "src/{file}: {line}");
            }
        }
    }
}

#[test]
fn features_are_named_in_lib_alone() {
    for file in core_files().filter(|file| file != "lib.rs") {
        let gated: Vec<_> =
            code(&file).into_iter().filter(|line| line.contains("feature = ")).collect();
        assert!(gated.is_empty(), "src/{file}: {gated:?}");
    }
}

/// Otherwise a part of the core would not be counted.
#[test]
fn what_is_no_wing_is_compiled_for_a_feature_alone() {
    let lines = code("lib.rs");
    let modules = lines.iter().enumerate().filter_map(|(at, line)| {
        let name = line.strip_prefix("pub ").unwrap_or(line).strip_prefix("mod ")?;
        Some((at, name.strip_suffix(';')?))
    });
    let is_wing = |name| WINGS.iter().any(|(wing, _)| *wing == name);
    let counted = modules.clone().filter(|(_, name)| is_wing(*name)).count();
    assert_eq!(counted, WINGS.len() - 1, "each wing but lib is a module");
    for (at, name) in modules.filter(|(_, name)| !is_wing(*name) && *name != "manual") {
        let before = at.checked_sub(1).and_then(|before| lines.get(before));
        let is_gated = before.is_some_and(|line| line.starts_with("#[cfg(feature = "));
        assert!(is_gated, "src/{name}.rs is neither a wing nor a feature's");
    }
    assert!(
        code("manual.rs").starts_with(&["#![cfg(all(".into(), "doc,".into()]),
        "it is documentation"
    );
}

#[test]
fn the_core_can_be_read_in_an_afternoon() {
    for (wing, budget) in WINGS {
        assert!(lines(wing) <= budget, "{wing} has {} lines of code, not {budget}", lines(wing));
    }
    for file in core_files() {
        let lines = code(&file).len();
        assert!(lines <= FILE_BUDGET, "src/{file} has {lines} lines of code");
    }
    let all: usize = WINGS.iter().map(|(wing, _)| lines(wing)).sum();
    assert!(all <= BUDGET, "the core has {all} lines of code, {BUDGET} are allowed");
    let hot = lines("form") + code("mac.rs").len();
    assert!(hot <= HOT_PATH_BUDGET, "form and MAC have {hot}, {HOT_PATH_BUDGET} are allowed");
}

/// SECURITY.md tells a reviewer what to read and how much it is.
#[test]
fn the_reviewers_map_is_true() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("SECURITY.md");
    let map = fs::read_to_string(path).unwrap_or_default();
    let row = |line: &str| {
        let mut cells = line.strip_prefix("| `src/")?.split('|');
        let file = cells.next()?.trim().strip_suffix('`')?.to_owned();
        Some((file, cells.next()?.trim().parse::<usize>().ok()?))
    };
    let told: BTreeMap<_, _> = map.lines().filter_map(row).collect();
    let real: BTreeMap<_, _> = core_files().map(|file| (file.clone(), code(&file).len())).collect();
    let wrong: Vec<_> =
        real.iter().filter(|(file, lines)| told.get(*file) != Some(lines)).collect();
    assert!(told == real, "SECURITY.md should say: {wrong:?}");
}
