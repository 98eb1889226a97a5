//! What users compile by default is the list in `tests/default-tree.txt`, and nothing else.
//!
//! A line is a crate and its semver line: `hmac 0.13`, `subtle 2`. So a crate that is new, gone,
//! doubled or incompatible changes this list and shows in review; a compatible update changes
//! `Cargo.lock` alone. The tree is that of every platform, with what builds need.

use std::path::Path;
use std::process::Command;
use std::{fs, io};

#[test]
fn default_tree_is_the_reviewed_one() {
    let found = default_tree().expect("`cargo tree` lists the dependencies");
    let listed: Vec<&str> = include_str!("../default-tree.txt").lines().collect();
    let new = found.iter().filter(|line| !listed.contains(&line.as_str()));
    let gone = listed.iter().filter(|line| !found.iter().any(|other| other == *line));
    let diff: Vec<_> =
        new.map(|line| format!("+ {line}")).chain(gone.map(|line| format!("- {line}"))).collect();

    let regenerated = Path::new(env!("CARGO_TARGET_TMPDIR")).join("default-tree.txt");
    fs::write(&regenerated, found.join("\n") + "\n").expect("the target directory is writable");
    assert!(
        found == listed,
        "the default dependency tree is not the reviewed one:\n{}\n\
         If every change is meant: cp {} tests/default-tree.txt",
        diff.join("\n"),
        regenerated.display(),
    );
}

/// The default tree of this crate without the crate itself, sorted, one crate a line.
///
/// `--locked`: the versions of `Cargo.lock`, and no network once they are fetched.
fn default_tree() -> io::Result<Vec<String>> {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--package", "twilio_sig", "--edges", "normal,build", "--target", "all"])
        .args(["--prefix", "none", "--format", "{p}", "--locked"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()?;
    if !output.status.success() {
        return Err(io::Error::other(String::from_utf8_lossy(&output.stderr).into_owned()));
    }
    let tree = String::from_utf8_lossy(&output.stdout);
    let mut crates: Vec<String> = tree.lines().skip(1).map(semver_line).collect();
    crates.sort_unstable();
    crates.dedup();
    Ok(crates)
}

/// `hmac v0.13.0 (*)` as `hmac 0.13`: a version up to its first number that is not 0.
fn semver_line(package: &str) -> String {
    let mut words = package.split(' ');
    let name = words.next().unwrap_or_default();
    let version = words.next().unwrap_or_default().trim_start_matches('v');
    let zeros = version.split('.').take_while(|number| *number == "0").count();
    let kept: Vec<_> = version.split('.').take(zeros.saturating_add(1)).collect();
    format!("{name} {}", kept.join("."))
}
