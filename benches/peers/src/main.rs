//! The same webhooks through everything that verifies Twilio's signature: which are right on twelve
//! cases, how long one verdict takes in times of this crate's, and how often it asks for memory.
//!
//! `run` installs Twilio's libraries and starts this. With `--update` it also writes `results.md`,
//! the chart, and the table of the README.

mod cases;
mod chart;
mod measure;
mod report;
mod rust;
mod sdk;

use std::error::Error;

use cases::Case;
use report::Peer;
use sdk::Sdk;

fn main() -> Result<(), Box<dyn Error>> {
    let twelve: &'static [Case] = Box::leak(Box::new(cases::twelve()));
    let timed: &'static Case = Box::leak(Box::new(cases::timed()));
    let mut sdks = Sdk::all()?;

    let (mut peers, mut calls) = (Vec::new(), Vec::new());
    for peer in &rust::CRATES {
        let on_timed = (peer.on)(timed);
        peers.push(Peer {
            name: peer.name.to_owned(),
            version: peer.version().to_owned(),
            verdicts: twelve.iter().map(|case| (peer.on)(case)()()).collect(),
            allocations: Some(measure::allocations(&on_timed)),
            nanoseconds: on_timed()().then_some(f64::INFINITY),
        });
        calls.push(on_timed);
    }
    for sdk in &mut sdks {
        let verdicts = twelve.iter().map(|case| sdk.accepts(case));
        let verdicts = verdicts.collect::<Result<_, _>>()?;
        let (name, version) = (sdk.name.to_owned(), sdk.version.clone());
        let nanoseconds = sdk.accepts(timed)?.then_some(f64::INFINITY);
        peers.push(Peer { name, version, verdicts, allocations: None, nanoseconds });
    }

    // They take turns, so that whatever slows the machine down slows all of them.
    for _ in 0..measure::ROUNDS {
        let (crates, libraries) = peers.split_at_mut(calls.len());
        for (peer, calls) in crates.iter_mut().zip(&calls) {
            let time = measure::time(calls);
            peer.nanoseconds = peer.nanoseconds.map(|least| least.min(time));
        }
        for (peer, sdk) in libraries.iter_mut().zip(&mut sdks) {
            let time = sdk.time(timed, measure::REPEATS)?;
            peer.nanoseconds = peer.nanoseconds.map(|least| least.min(time));
        }
    }

    println!("{}\n{}", report::summary(&peers, twelve), report::matrix(&peers, twelve));
    if std::env::args().any(|argument| argument == "--update") {
        report::write(&peers, twelve)?;
    }
    if peers[0].right(twelve) < twelve.len() {
        return Err("this crate is wrong on a case".into());
    }
    Ok(())
}
