//! Refusing a wrong signature takes the same instructions, each as often, wherever the signature is
//! wrong and whatever the secrets are. So does accepting a right one, whatever the secrets are.
//!
//! Counted by valgrind, whose processor has no instructions for SHA: what runs is the portable code
//! of `sha1` and `sha2`. How long an instruction takes, and which memory it reads, is not measured.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// What one call of `measured_section` executed.
#[derive(Debug, PartialEq)]
struct Profile {
    instructions: u64,
    /// For each function and each of its instructions, by address and line: how often.
    counts: BTreeMap<(String, String), u64>,
}

#[test]
fn a_verdict_takes_the_same_instructions_whatever_the_secrets() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("callgrind");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("the target folder is writable");
    let out = folder.join("profile");
    let output = run_probe(&out);
    let printed = String::from_utf8_lossy(&output.stdout);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "the probe failed:\n{stderr}");

    let mut groups: BTreeMap<&str, Vec<(&str, Profile)>> = BTreeMap::new();
    for (line, part) in printed.lines().zip(1..) {
        let (group, variant) = line.split_once('\t').expect("a group and a variant");
        let profile = read(&PathBuf::from(format!("{}.{part}", out.display())));
        assert!(profile.instructions > 0, "nothing was counted for: {line}");
        groups.entry(group).or_default().push((variant, profile));
    }

    let mut wrong = Vec::new();
    let (mut verdicts, mut controls) = (0, 0);
    for (group, measured) in &groups {
        let (_, first) = &measured[0];
        let other = measured.iter().find(|(_, profile)| profile != first);
        let mut costs: Vec<u64> = measured.iter().map(|(_, cost)| cost.instructions).collect();
        let times = costs.len();
        costs.sort_unstable();
        costs.dedup();
        println!("{group}: {times} times {costs:?} instructions");
        match (group.starts_with("control"), other) {
            (true, Some(_)) => controls += 1,
            (true, None) => wrong.push(format!("{group}: no leak was seen where there is one")),
            (false, None) => verdicts += 1,
            (false, Some(other)) => wrong.push(difference(group, &measured[0], other)),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let (refusals, acceptances) = (2 * 3 * 3, 2 * (2 + 3 + 2));
    assert_eq!((verdicts, controls), (refusals + acceptances, 2), "groups were not measured");
    let _ = fs::remove_dir_all(&folder);
}

fn run_probe(out: &Path) -> Output {
    let probe = Command::new("valgrind")
        .args(["--quiet", "--tool=callgrind", "--dump-instr=yes"])
        .args(["--compress-strings=no", "--compress-pos=no"])
        .args(["--toggle-collect=probe::measured_section", "--dump-after=probe::measured_section"])
        .arg(format!("--callgrind-out-file={}", out.display()))
        .arg(env!("CARGO_BIN_EXE_probe"))
        .output();
    match probe {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            panic!("valgrind is missing: apt-get install valgrind")
        }
        other => other.expect("valgrind starts"),
    }
}

/// Reads a file of callgrind's, where names and addresses are written out.
fn read(path: &Path) -> Profile {
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{path:?}: {error}"));
    let (head, body) = text.split_once("\nevents: Ir\n").expect("a list of events");
    let (head, body) = (head, body.split_once("\ntotals:"));
    let (body, total) = body.unwrap_or_else(|| panic!("{path:?}: no totals: {head}"));
    let mut counts = BTreeMap::new();
    let (mut function, mut sums_up_a_call) = ("", false);
    for line in body.lines() {
        function = line.strip_prefix("fn=").unwrap_or(function);
        // The line after `calls=` is what the callee took, which is counted there.
        if let (true, false, Some((place, count))) =
            (line.starts_with("0x"), sums_up_a_call, line.rsplit_once(' '))
        {
            let count: u64 = count.parse().expect("a count");
            *counts.entry((function.to_owned(), place.to_owned())).or_default() += count;
        }
        sums_up_a_call = line.starts_with("calls=");
    }
    let instructions = total.lines().next().unwrap_or_default().trim();
    let instructions = instructions.parse().expect("a number of instructions");
    assert_eq!(instructions, counts.values().sum::<u64>(), "{path:?}: not all was read");
    Profile { instructions, counts }
}

/// The two, and the first instructions that one executed more often than the other.
fn difference(group: &str, one: &(&str, Profile), other: &(&str, Profile)) -> String {
    let ((one_name, one), (other_name, other)) = (one, other);
    let more = |profile: &Profile, than: &Profile| {
        let count = |at| than.counts.get(at).copied().unwrap_or_default();
        let more = profile.counts.iter().filter(|(at, times)| **times > count(at));
        let lines = more.map(|(at @ (function, place), times)| {
            format!("      {function} {place}: {times} times, not {}", count(at))
        });
        lines.take(5).collect()
    };
    let (here, there): (Vec<_>, Vec<_>) = (more(one, other), more(other, one));
    format!(
        "{group}: the cost differs\n  {one_name}: {}\n{}\n  {other_name}: {}\n{}",
        one.instructions,
        here.join("\n"),
        other.instructions,
        there.join("\n")
    )
}
