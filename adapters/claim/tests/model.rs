//! Every order in which the steps of the protocol can happen, with a store that keeps the contract and with
//! stores that are broken on purpose.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, and its numbers are its own"
)]

mod protocol;
mod reference;

use protocol::{EQUAL_ANSWERS, HANDLED_ONCE, NOT_LOST, Protocol};
use reference::Fault;
use stateright::{Checker, HasDiscoveries, Model};

#[test]
fn the_protocol_keeps_its_promises() {
    let model = Protocol { fault: None, troubles: 2 };
    let checker = model.checker().threads(2).spawn_bfs().join();
    checker.assert_properties();
    let states = checker.unique_state_count();
    assert!(states > 1_000_000, "the model has become small: {states} states");
}

#[test]
fn every_broken_store_breaks_a_promise() {
    for fault in Fault::GRAVE {
        let model = Protocol { fault: Some(fault), troubles: 2 };
        let finish = HasDiscoveries::AnyFailures;
        let checker = model.checker().threads(2).finish_when(finish).spawn_bfs().join();
        let mut promises = [HANDLED_ONCE, NOT_LOST, EQUAL_ANSWERS].into_iter();
        let is_broken = promises.any(|promise| checker.discovery(promise).is_some());
        assert!(is_broken, "{fault:?} is not found in {} states", checker.unique_state_count());
    }
}
