//! Links lead somewhere: from the registry's page, from docs.rs, and in a checkout.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a file that cannot be read must fail the test"
)]

extern crate alloc;

use alloc::collections::BTreeSet;
use std::path::{Path, PathBuf};

use twilio_sig_manual::PAGES;

const README: &str = include_str!("../../../README.md");
const DOCS: &str = "https://docs.rs/twilio_sig/latest/twilio_sig/";
const SOURCE: &str = "https://docs.rs/crate/twilio_sig/latest/source/";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The lines of a page that are no code.
fn prose(text: &str) -> impl Iterator<Item = &str> {
    let mut is_code = false;
    text.lines().filter(move |line| {
        let is_fence = line.starts_with("```");
        is_code ^= is_fence;
        !is_code && !is_fence
    })
}

/// Where the links of a page lead: `[…](here)` and `[…]: here`.
fn links(text: &str) -> Vec<&str> {
    let inline = prose(text).flat_map(|line| line.split("](").skip(1));
    let inline = inline.filter_map(|rest| rest.split_once(')').map(|(link, _)| link));
    let defined = prose(text).filter_map(|line| line.strip_prefix('[')?.split_once("]: "));
    let defined = defined.filter(|(name, _)| !name.contains(']')).map(|(_, link)| link);
    inline.chain(defined).collect()
}

/// The anchors that rustdoc makes of a page's headings.
fn anchors(text: &str) -> BTreeSet<String> {
    let headings = prose(text).filter(|line| line.starts_with('#'));
    let anchor = |heading: &str| {
        let words = heading.trim_start_matches('#').trim().to_lowercase();
        let kept = words.chars().filter(|&char| char.is_alphanumeric() || " -_".contains(char));
        kept.map(|char| if char == ' ' { '-' } else { char }).collect()
    };
    headings.map(anchor).collect()
}

/// What is in the package of the crate, and so on docs.rs.
fn is_packaged(path: &str) -> bool {
    let manifest = read("Cargo.toml");
    let include = manifest.lines().find(|line| line.starts_with("include = ")).unwrap();
    let folder = path.rsplit_once('/').map(|(folder, _)| folder);
    let patterns =
        [Some(format!("\"/{path}\"")), folder.map(|folder| format!("\"/{folder}/*.md\""))];
    root().join(path).exists() && patterns.iter().flatten().any(|pattern| include.contains(pattern))
}

#[test]
fn every_link_of_the_readme_is_absolute_and_leads_somewhere() {
    let found = links(README);
    assert!(found.len() > 15, "{found:?}");
    for link in found {
        assert!(link.starts_with("https://"), "{link} is dead on the registry's page");
        if let Some(path) = link.strip_prefix(SOURCE) {
            assert!(is_packaged(path), "{link} is not in the package");
        }
        if let Some(page) = link.strip_prefix(DOCS).and_then(|rest| rest.strip_prefix("manual/")) {
            let (name, anchor) = page.split_once("/#").unwrap_or((page, ""));
            let name = name.trim_end_matches('/');
            let text = PAGES.iter().find(|(page, _)| *page == name).map(|(_, text)| *text);
            assert!(name.is_empty() || text.is_some(), "{link}: no such chapter");
            let is_there = anchor.is_empty() || anchors(text.unwrap()).contains(anchor);
            assert!(is_there, "{link}: no such section");
        }
    }
}

#[test]
fn every_link_within_the_manual_leads_somewhere() {
    for (name, text) in PAGES {
        for link in links(text) {
            if let Some(anchor) = link.strip_prefix('#') {
                assert!(anchors(text).contains(anchor), "{name}: {link}");
            } else if let Some(page) = link.strip_prefix("crate::manual::") {
                let page = page.split('#').next().unwrap();
                assert!(PAGES.iter().any(|(other, _)| *other == page), "{name}: {link}");
            } else {
                let known = link.starts_with("crate::") || link.starts_with("https://");
                assert!(known, "{name}: {link}");
            }
        }
    }
}

#[test]
fn links_between_the_pages_of_a_checkout_lead_to_files() {
    for page in ["docs/SPEED.md", "docs/GUARANTEES.md"] {
        let text = read(page);
        for link in links(&text).into_iter().filter(|link| !link.starts_with("https://")) {
            assert!(root().join("docs").join(link).exists(), "{page}: {link}");
        }
    }
}

/// A checkout's viewer shows the lines that rustdoc hides.
#[test]
fn code_of_the_readmes_has_no_hidden_lines() {
    let adapters = ["actix", "claim", "gate", "redis", "sqlx", "tower"];
    let adapters = adapters.map(|name| format!("adapters/{name}/README.md"));
    for file in adapters.iter().map(String::as_str).chain(["README.md"]) {
        let text = read(file);
        for block in text.split("```rust").skip(1) {
            let code = block.split("```").next().unwrap();
            let hidden = code.lines().find(|line| *line == "#" || line.starts_with("# "));
            assert_eq!(hidden, None, "{file}");
        }
    }
}

/// The README shows lines of frameworks, on which the crate cannot depend. They are lines of whole
/// programs that are compiled.
#[test]
fn the_lines_of_frameworks_in_the_readme_are_those_of_the_quick_starts() {
    let trimmed = |text: &str| -> Vec<String> {
        text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
    };
    let quick_start = PAGES.iter().find(|(name, _)| *name == "quick_start").unwrap().1;
    let compiled = trimmed(quick_start);
    let blocks: Vec<&str> = README.split("```rs\n").skip(1).collect();
    assert_eq!(blocks.len(), 2);
    for block in blocks {
        for line in trimmed(block.split("```").next().unwrap()) {
            assert!(compiled.contains(&line), "{line}");
        }
    }
}

/// The chapters that the package compiles are those that the crate shows.
#[test]
fn every_chapter_is_compiled() {
    let shown = read("src/manual.rs");
    for entry in std::fs::read_dir(root().join("src/manual")).unwrap() {
        let file = entry.unwrap().file_name().into_string().unwrap();
        let name = file.strip_suffix(".md").unwrap();
        assert!(shown.contains(&format!("include_str!(\"manual/{file}\")")), "{file} is not shown");
        assert!(PAGES.iter().any(|(page, _)| *page == name), "{file} is not compiled");
    }
}

/// Code that nothing compiles goes stale.
#[test]
fn no_code_is_left_out_of_the_compilation() {
    for (name, text) in PAGES {
        for fence in text.lines().filter_map(|line| line.strip_prefix("```")) {
            let known = ["", "sh", "text", "rust", "rust,no_run"].contains(&fence);
            assert!(known, "{name}: ```{fence}");
        }
    }
}
