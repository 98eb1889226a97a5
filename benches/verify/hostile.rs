//! Bodies that are made to be slow to read.

#![allow(clippy::arithmetic_side_effects, reason = "the sizes are those of a bench")]

use crate::requests::{Made, Request, URL, filled};

/// Each kind of body, of exactly `len` bytes and at most 1,024 parameters, which is the default
/// bound; the last two go beyond it, as an attacker may. None is signed.
pub(crate) fn bodies(len: usize) -> Made<Vec<(&'static str, Request)>> {
    let most = 1_024.min(len / 16);
    let reversed: Vec<_> = (0..most).rev().map(|nth| format!("n{nth:04}")).collect();
    let long = "n".repeat(4_096.min(len / 8));
    let alike: Vec<_> = (0..len / (long.len() + 8)).map(|nth| format!("{long}{nth:04}")).collect();
    let pair = format!("name={}&", ".".repeat(len / most - 6));
    let mut equal = pair.repeat(most).into_bytes();
    equal.resize(len, b'&');
    let cycle = |text: &[u8]| text.iter().copied().cycle().take(len).collect();
    // The signature is that of another request.
    let signature = Request::voice()?.signature;
    let forged = |body| Request {
        url: URL.to_owned(),
        body,
        signature: signature.clone(),
        ..<_>::default()
    };
    let bodies = [
        ("long names, alike but for the end", filled(&alike, ".", len)),
        ("all pairs equal", equal),
        ("names in reverse order", filled(&reversed, ".", len)),
        ("all %", cycle(b"%")),
        ("all +", cycle(b"+")),
        ("all %41", cycle(b"%41")),
        ("all a%41", cycle(b"a%41")),
        ("all %4", cycle(b"%4")),
        ("all =", cycle(b"=")),
        ("all &", cycle(b"&")),
        ("all a&", cycle(b"a&")),
    ];
    Ok(bodies.map(|(what, body)| (what, forged(body))).into())
}
