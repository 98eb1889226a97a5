//! The rules of prose in CONTRIBUTING.md that a test can see, in every document and every comment.

#![allow(clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::{Path, PathBuf};

/// What is not written, with what is written instead.
const RULES: [(&str, &str); 7] = [
    ("whoever", "a thing: the sender, the client"),
    ("whomever", "a thing: the sender, the client"),
    (" or else ", "otherwise"),
    (", else ", "otherwise"),
    (". Of ", "subject and verb first"),
    (": Of ", "subject and verb first"),
    (". Else ", "otherwise"),
];

/// The documents and sources of the repository, without what is built or installed.
fn texts(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            if !["target", "node_modules", "corpus", "mutants.out"].contains(&&*name)
                && !name.starts_with('.')
            {
                texts(&path, found);
            }
        } else if path.extension().is_some_and(|extension| extension == "md" || extension == "rs") {
            found.push(path);
        }
    }
}

/// What a reader reads: a document without its tables and code, or the comments of a source. Each paragraph
/// is a line.
fn prose(path: &Path, text: &str) -> String {
    let is_document = path.extension().is_some_and(|extension| extension == "md");
    let mut prose = String::new();
    let mut in_code = false;
    for line in text.lines().map(str::trim) {
        let line = if is_document {
            Some(line)
        } else {
            ["///", "//!", "//"].iter().find_map(|mark| line.strip_prefix(mark)).map(str::trim)
        };
        in_code ^= line.is_some_and(|line| line.starts_with("```"));
        match line {
            Some(line) if !in_code && !line.is_empty() && !line.starts_with(['|', '`', '#']) => {
                prose.push_str(line);
                prose.push(' ');
            }
            _ => prose.push('\n'),
        }
    }
    prose
}

#[test]
fn a_rule_is_seen_across_lines_and_not_in_code() {
    let seen =
        prose(Path::new("a.rs"), "/// One thing. Of\n/// another\nlet a = 1; // x\n// b, else c");
    assert_eq!(seen, "One thing. Of another \nb, else c ");
    assert_eq!(prose(Path::new("a.md"), "a\n```\nb, else c\n```\n| d, else |"), "a \n\n\n\n");
}

#[test]
fn no_text_breaks_a_rule_of_prose() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut paths = Vec::new();
    texts(root, &mut paths);
    assert!(paths.len() > 100, "{} texts", paths.len());
    let mut broken = Vec::new();
    for path in paths {
        let text = fs::read_to_string(&path).unwrap_or_default();
        for paragraph in prose(&path, &text).lines() {
            let whole = format!(". {paragraph}");
            for (words, instead) in RULES.iter().filter(|(words, _)| whole.contains(words)) {
                broken.push(format!("{}: {words:?}: {instead}: {paragraph}", path.display()));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}
