//! All cases of one library, and the report on them.

use std::collections::BTreeMap;

use crate::case::{Case, Tamper};
use crate::divergence::{Divergence, Traits, Verdicts};
use crate::generate;
use crate::library::{Failure, Library, Name};
use crate::random::Random;
use crate::tamper;
use crate::vectors;

/// Failures that are shown; the shortest explain most.
const SHOWN: usize = 6;

/// Who signs.
#[derive(Clone, Copy, Debug)]
enum Way {
    LibrarySigns,
    CrateSigns,
}

/// What came of it.
pub(crate) struct Report {
    library: Name,
    /// How often each result came, by the library that signed.
    outcomes: BTreeMap<String, usize>,
    divergences: BTreeMap<String, usize>,
    vectors: usize,
    pub(crate) failures: Vec<String>,
}

/// Runs the vectors, the examples of `divergences`, and `cases` random cases each way.
pub(crate) fn run(
    name: Name,
    seed: u64,
    cases: usize,
    divergences: &[Divergence],
) -> Result<Report, Failure> {
    let mut run = Run {
        library: Library::start(name)?,
        divergences,
        report: Report {
            library: name,
            outcomes: BTreeMap::new(),
            divergences: BTreeMap::new(),
            vectors: 0,
            failures: Vec::new(),
        },
    };
    run.examples()?;
    run.vectors()?;
    for (way, salt) in [(Way::LibrarySigns, 0x5eed), (Way::CrateSigns, 0xc4a7)] {
        for number in 0..cases {
            let number = u64::try_from(number)?;
            // Every case has a seed of its own, so that one more of them changes no other.
            let seed = seed.wrapping_mul(0x0100_0000_01b3) ^ (salt << 48) ^ number;
            run.random(way, &mut Random::new(seed))?;
        }
    }
    run.require_both_outcomes(cases);
    Ok(run.report)
}

struct Run<'d> {
    library: Library,
    divergences: &'d [Divergence],
    report: Report,
}

impl Run<'_> {
    /// Every example of a divergence must be one. Otherwise the list is wrong.
    fn examples(&mut self) -> Result<(), Failure> {
        let name = self.library.name;
        for divergence in self.divergences.iter().filter(|entry| entry.concerns(name)) {
            let mut case = divergence.example.clone();
            case.signature = Some(case.sign()?);
            let verdicts = self.verdicts(&case)?;
            let traits = Traits::of(&case, &verdicts);
            if !divergence.explains(name, &case, &verdicts, &traits) {
                let problem = format!("divergences.txt: {} is none", divergence.name);
                self.fail(&problem, &case, &verdicts);
            }
        }
        Ok(())
    }

    fn vectors(&mut self) -> Result<(), Failure> {
        let vectors = vectors::all()?;
        self.report.vectors = vectors.len();
        for vector in vectors {
            match vector.kind {
                vectors::Kind::Request(case) => {
                    let verdicts = self.verdicts(&case)?;
                    if verdicts.own.accepts() != vector.accept {
                        let problem = format!("the crate's verdict on vector {}", vector.name);
                        self.fail(&problem, &case, &verdicts);
                    }
                    self.compare(&format!("vector {}", vector.name), &case, &verdicts);
                }
                vectors::Kind::BodyHash { body, hash } => {
                    let hashes = [Case::hash(&body)?, self.library.hash(&body)?];
                    if hashes.iter().any(|own| (*own == hash) != vector.accept) {
                        let problem = format!("the hash of vector {}: {hashes:?}", vector.name);
                        self.report.failures.push(problem);
                    }
                }
            }
        }
        Ok(())
    }

    fn random(&mut self, way: Way, random: &mut Random) -> Result<(), Failure> {
        let (name, library) = (self.library.name, &mut self.library);
        let mut case = generate::case(random, name, |body| match way {
            Way::LibrarySigns => library.hash(body),
            Way::CrateSigns => Case::hash(body),
        })?;
        let signature = match way {
            Way::LibrarySigns => self.library.sign(&case)?,
            Way::CrateSigns => case.sign()?,
        };
        tamper::deliver(random, &mut case, signature);
        let verdicts = self.verdicts(&case)?;
        let outcome = self.compare(&format!("{way:?}"), &case, &verdicts);
        *self.report.outcomes.entry(format!("{way:?} {outcome}")).or_default() += 1;
        Ok(())
    }

    fn verdicts(&mut self, case: &Case) -> Result<Verdicts, Failure> {
        Ok(Verdicts { own: case.verify()?, library: self.library.verify(case)? })
    }

    fn compare(&mut self, what: &str, case: &Case, verdicts: &Verdicts) -> &'static str {
        if verdicts.own.accepts() && case.tamper != Tamper::None {
            self.fail(&format!("{what}, accepted after tampering"), case, verdicts);
        }
        if verdicts.alone().is_none() {
            return if verdicts.own.accepts() { "both accept" } else { "both refuse" };
        }
        let name = self.library.name;
        let traits = Traits::of(case, verdicts);
        let mut entries = self.divergences.iter();
        match entries.find(|entry| entry.explains(name, case, verdicts, &traits)) {
            Some(entry) => *self.report.divergences.entry(entry.name.clone()).or_default() += 1,
            None => self.fail(what, case, verdicts),
        }
        "differ"
    }

    fn fail(&mut self, what: &str, case: &Case, verdicts: &Verdicts) {
        self.report.failures.push(format!(
            "{what}\n  crate: {:?}\n  library: {:?}\n  case: {}\n  features: {}",
            verdicts.own,
            verdicts.library,
            case.to_json(),
            Traits::of(case, verdicts).text(),
        ));
    }

    /// Cases that are all refused, or all differ, would prove nothing.
    fn require_both_outcomes(&mut self, cases: usize) {
        for way in [Way::LibrarySigns, Way::CrateSigns] {
            for (outcome, percent) in [("both accept", 30), ("both refuse", 15)] {
                let outcome = format!("{way:?} {outcome}");
                let count = self.report.outcomes.get(&outcome).copied().unwrap_or_default();
                if count * 100 < cases * percent {
                    let problem = format!("{outcome}: only {count} of {cases} cases");
                    self.report.failures.push(problem);
                }
            }
        }
    }
}

impl Report {
    /// Prints counts, and the shortest failures.
    pub(crate) fn print(&self) {
        println!("{}: {} vectors", self.library.text(), self.vectors);
        for (outcome, count) in &self.outcomes {
            println!("  {outcome}: {count}");
        }
        for (divergence, count) in &self.divergences {
            println!("    {divergence}: {count}");
        }
        let mut failures: Vec<_> = self.failures.iter().collect();
        failures.sort_by_key(|failure| failure.len());
        for failure in failures.iter().take(SHOWN) {
            println!("FAILED {failure}");
        }
        println!("  {} failures", failures.len());
    }
}
