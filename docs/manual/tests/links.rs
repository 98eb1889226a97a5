//! Links lead somewhere: from the registry's page, from docs.rs, and in a checkout.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a file that cannot be read must fail the test"
)]

extern crate alloc;

use alloc::collections::BTreeSet;
use std::path::{Path, PathBuf};

use twilio_sig_manual::{PAGES, PUBLISHED};

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

/// The rest of the checkout's pages: their links lead to files beside them.
const OF_A_CHECKOUT: [&str; 14] = [
    "AUDIT.md",
    "CONTRIBUTING.md",
    "RELEASING.md",
    "SECURITY.md",
    "SPEC.md",
    "benches/README.md",
    "benches/peers/README.md",
    "docs/GUARANTEES.md",
    "docs/SPEED.md",
    "examples/gateway/README.md",
    "fuzz/README.md",
    "tests/interop/README.md",
    "tests/vectors/README.md",
    "CHANGELOG.md",
];

/// References without a definition, such as a path that only rustdoc resolves: brackets elsewhere.
fn undefined(text: &str) -> Vec<&str> {
    let starts = prose(text).flat_map(|line| line.split("[`").skip(1));
    let names = starts.filter_map(|rest| rest.split_once("`]"));
    let bare = names.filter(|(_, after)| !after.starts_with(['(', '[', ':']));
    bare.map(|(name, _)| name).filter(|name| !text.contains(&format!("\n[`{name}`]: "))).collect()
}

fn leads_somewhere(file: &str, link: &str) {
    assert!(link.starts_with("https://"), "{file}: {link} is dead on the registry's page");
    if let Some(path) = link.strip_prefix(SOURCE) {
        assert!(is_packaged(path), "{file}: {link} is not in the package");
    }
    if let Some(page) = link.strip_prefix(DOCS).and_then(|rest| rest.strip_prefix("manual/")) {
        let (name, anchor) = page.split_once("/#").unwrap_or((page, ""));
        let name = name.trim_end_matches('/');
        let text = PAGES.iter().find(|(page, _)| *page == name).map(|(_, text)| *text);
        assert!(name.is_empty() || text.is_some(), "{file}: {link}: no such chapter");
        let is_there = anchor.is_empty() || anchors(text.unwrap()).contains(anchor);
        assert!(is_there, "{file}: {link}: no such section");
    }
}

#[test]
fn every_link_of_a_published_readme_is_absolute_and_leads_somewhere() {
    assert!(links(&read("README.md")).len() > 15);
    for file in PUBLISHED {
        let text = read(file);
        for link in links(&text) {
            leads_somewhere(file, link);
        }
        assert_eq!(undefined(&text), [""; 0], "{file}: links for rustdoc alone");
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
    for page in OF_A_CHECKOUT {
        let (text, folder) = (read(page), page.rsplit_once('/').map_or("", |(folder, _)| folder));
        for link in links(&text).into_iter().filter(|link| !link.starts_with("https://")) {
            let path = link.split('#').next().unwrap();
            assert!(path.is_empty() || root().join(folder).join(path).exists(), "{page}: {link}");
        }
    }
}
