//! Whether a key made the signature of what is attempted.

use alloc::vec::Vec;
use core::ops::ControlFlow::{self, Break, Continue};

use super::Hit;
use crate::diagnose::Cause;
use crate::diagnose::attempt::Request;
use crate::diagnose::budget::Budget;
use crate::diagnose::found::Found;
use crate::diagnose::keys::Prover;
use crate::diagnose::urls::Address;

/// Whether a key made the signature of a spelling and what is appended. `hit` completes the rest.
pub(super) fn attempt(
    prover: &Prover,
    address: &Address,
    appended: &[u8],
    budget: &mut Budget,
    hit: impl Fn(Hit) -> Hit,
) -> ControlFlow<Option<Hit>> {
    let no_params = appended.is_empty();
    for spelling in address.spellings.iter().filter(|it| no_params || !it.ends_in_authority) {
        for key in &prover.keys {
            if !budget.mac(spelling.text.len().saturating_add(appended.len())) {
                return Break(None);
            }
            if key.made(&prover.signature, &spelling.text, appended) {
                return Break(Some(hit(Hit {
                    found: [prover.found.clone(), address.smallest(spelling)].concat(),
                    url: spelling.url(),
                    change: spelling.change.clone(),
                    hashes: address.hashes.clone(),
                    key: Some(key.clone()),
                    ..Hit::default()
                })));
            }
        }
    }
    Continue(())
}

/// Whether the signature is that of the encoded body alone.
pub(super) fn body_alone(
    request: &Request<'_>,
    provers: &[Prover],
    budget: &mut Budget,
) -> Option<Hit> {
    let body = request.body.raw();
    for prover in provers.iter().filter(|_| !body.is_empty()) {
        for key in &prover.keys {
            if !budget.mac(body.len()) {
                return None;
            }
            if key.made(&prover.signature, &[], body) {
                let (given, signed) = ("URL and parameters", "the encoded body alone");
                let found = Found::new(Cause::RawBodySigned, given, signed);
                return Some(Hit {
                    found: prover.found.iter().cloned().chain([found]).collect(),
                    pairs: Vec::from([(body.to_vec(), Vec::new())]),
                    key: Some(key.clone()),
                    ..Hit::default()
                });
            }
        }
    }
    None
}
