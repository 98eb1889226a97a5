//! A verdict takes at most 16 KiB of the stack, whatever arrives; twice that without optimisation.
//!
//! Measured by running out of it, in child processes: how deep a thread can go before it overflows
//! its stack, and how deep if it then verifies. The difference is what `verify` takes. It depends
//! on the build; `cargo test --test stack -- --nocapture` tells it, with `--release` that of an
//! optimised one.

#![allow(clippy::unwrap_used, reason = "a request of the test that cannot be made must fail it")]
#![allow(clippy::print_stdout, reason = "what was measured is told")]
#![allow(clippy::arithmetic_side_effects, reason = "the sizes are those of the test")]

#[path = "../benches/verify/hostile.rs"]
mod hostile;
mod records;
#[path = "../benches/verify/requests.rs"]
mod requests;

use core::hint::black_box;
use std::process::Command;
use std::{env, thread};

use requests::{Request, TOKEN};
use twilio_sig::{AuthToken, Verifier};

/// The most bytes of stack that [`Verifier::verify`] may take.
const MOST: usize = if cfg!(debug_assertions) { 48 * 1_024 } else { 16 * 1_024 };
/// Bytes of the stack of a thread that is made to overflow it.
const STACK: usize = 256 * 1_024;
/// The test that is run in a child, and the variable that tells it what to do there.
const PROBE: &str = "a_verdict_takes_little_stack";
const TASK: &str = "STACK_PROBE";

#[test]
fn a_verdict_takes_little_stack() {
    if let Ok(task) = env::var(TASK) {
        return probe(&task);
    }
    let bare = deepest("nothing");
    // What is known to take 8 KiB is found to take it. Otherwise nothing is measured here.
    let control = bare - deepest("control");
    assert!((8_192..9_216).contains(&control), "8 KiB were measured as {control} bytes");
    let verify = bare - deepest("verify");
    println!("verify takes {verify} bytes of stack");
    assert!(verify <= MOST, "verify takes {verify} bytes of stack, {MOST} are allowed");
}

/// How many bytes of its stack a thread can fill and still do the `task`.
fn deepest(task: &str) -> usize {
    let (mut survives, mut overflows) = (0, STACK);
    while overflows - survives > 64 {
        let depth = usize::midpoint(survives, overflows);
        if child_survives(task, depth) { survives = depth } else { overflows = depth }
    }
    assert!(survives > STACK / 2, "{task} overflows a stack of {STACK} bytes");
    survives
}

fn child_survives(task: &str, depth: usize) -> bool {
    let child = Command::new(env::current_exe().unwrap())
        .args(["--exact", PROBE, "--nocapture"])
        .env(TASK, format!("{task} {depth}"))
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&child.stderr);
    let overflowed = stderr.contains("has overflowed its stack");
    assert_ne!(child.status.success(), overflowed, "{task} at {depth}: {stderr}");
    child.status.success()
}

/// Does a task on a thread that has filled its stack so far.
fn probe(task: &str) {
    let (task, depth) = task.split_once(' ').unwrap();
    let depth = depth.parse().unwrap();
    let work: Box<dyn Fn() + Send> = match task {
        "nothing" => Box::new(|| {}),
        "control" => Box::new(|| fill_stack(8_192, &|| {})),
        _ => every_verdict(),
    };
    let thread = thread::Builder::new().stack_size(STACK);
    thread.spawn(move || fill_stack(depth, &work)).unwrap().join().unwrap();
}

/// Does `work` with so many bytes of stack between the caller and it.
fn fill_stack(bytes: usize, work: &dyn Fn()) {
    let top = 0_u8;
    descend(address(&top), bytes, work);
}

#[inline(never)]
fn descend(top: usize, depth: usize, work: &dyn Fn()) {
    let here = black_box(0_u8);
    if top - address(&here) < depth {
        descend(top, depth, work);
    } else {
        work();
    }
    // So that this is no tail call, which would take no stack.
    black_box(&here);
}

fn address(byte: &u8) -> usize {
    core::ptr::from_ref(black_box(byte)).addr()
}

/// Verifies a request of each kind, genuine and forged.
fn every_verdict() -> Box<dyn Fn() + Send> {
    let genuine = [
        Request::voice().unwrap(),
        Request::whatsapp().unwrap(),
        Request::with_params(64).unwrap(),
        Request::with_params(1_000).unwrap(),
        Request::get().unwrap(),
        Request::handshake().unwrap(),
        Request::manifold().unwrap(),
        Request::manifold_handshake().unwrap(),
        Request::json(2 << 10).unwrap(),
    ];
    let mut requests: Vec<_> = genuine.iter().map(|request| request.clone().forged()).collect();
    requests.extend(genuine);
    requests.extend(hostile::bodies(16 << 10).unwrap().into_iter().map(|(_, request)| request));
    let verifier = Verifier::new(AuthToken::new(TOKEN).unwrap());
    Box::new(move || {
        for request in &requests {
            let _ = black_box(verifier.verify(&request.webhook()));
        }
    })
}
