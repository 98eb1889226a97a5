//! Runs the probe under valgrind, and adds up what it wrote.

use std::error::Error;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

/// The argument that makes this program the one that is counted.
pub(crate) const PROBE: &str = "probe";

/// Makes glibc copy and fill memory with the code that every x86-64 processor can run, and not with
/// that of the one at hand.
const PLAIN_GLIBC: &str = "glibc.cpu.hwcaps=-AVX512VL,-AVX512BW,-AVX512F,-AVX2,-AVX,-SSSE3,-ERMS,-FSRM,\
                           -AVX_Fast_Unaligned_Load,-Fast_Unaligned_Copy,-Fast_Copy_Backward";

/// Instructions of one verdict.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Cost {
    pub(crate) whole: u64,
    /// Those of them outside the compression functions of SHA-1 and SHA-256.
    pub(crate) own: u64,
}

/// The verdicts of the probe and what each takes.
pub(crate) fn costs() -> Result<Vec<(String, Cost)>, Box<dyn Error>> {
    let program = env::current_exe()?;
    let folder = program.with_file_name("instructions-callgrind");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder)?;
    let out = folder.join("profile");
    let probe = Command::new("valgrind")
        .args(["--quiet", "--tool=callgrind", "--compress-strings=no", "--compress-pos=no"])
        .arg("--toggle-collect=instructions::probe::measured_section")
        .arg("--dump-after=instructions::probe::measured_section")
        .arg(format!("--callgrind-out-file={}", out.display()))
        .env("GLIBC_TUNABLES", PLAIN_GLIBC)
        .arg(program)
        .arg(PROBE)
        .output();
    let probe = match probe {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return Err("valgrind is missing: apt-get install valgrind".into());
        }
        other => other?,
    };
    if !probe.status.success() {
        return Err(format!("the probe failed:\n{}", String::from_utf8_lossy(&probe.stderr)).into());
    }
    let names = String::from_utf8(probe.stdout)?;
    let costs = names.lines().zip(1..).map(|(name, part)| {
        let profile = PathBuf::from(format!("{}.{part}", out.display()));
        Ok((name.to_owned(), read(&profile)?))
    });
    let costs = costs.collect::<Result<Vec<_>, Box<dyn Error>>>()?;
    fs::remove_dir_all(&folder)?;
    Ok(costs)
}

/// Adds up a file of callgrind's, in which names are written out.
fn read(path: &Path) -> Result<Cost, Box<dyn Error>> {
    let text = fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let (_, body) = text.split_once("\nevents: Ir\n").ok_or("a profile without events")?;
    let (body, total) = body.split_once("\ntotals:").ok_or("a profile without totals")?;
    let mut cost = Cost::default();
    let (mut in_hash, mut sums_up_a_call) = (false, false);
    for line in body.lines() {
        if let Some(function) = line.strip_prefix("fn=") {
            in_hash = function.starts_with("sha1::") || function.starts_with("sha2::");
        }
        // The line after `calls=` is what the callee took, which is counted there.
        if let (true, false, Some((_, count))) =
            (line.starts_with(|c: char| c.is_ascii_digit()), sums_up_a_call, line.rsplit_once(' '))
        {
            let count: u64 = count.parse()?;
            cost.whole += count;
            cost.own += if in_hash { 0 } else { count };
        }
        sums_up_a_call = line.starts_with("calls=");
    }
    let total: u64 = total.lines().next().unwrap_or_default().trim().parse()?;
    if cost.whole != total || total == 0 {
        return Err(format!("{}: {} of {total} were read", path.display(), cost.whole).into());
    }
    Ok(cost)
}
