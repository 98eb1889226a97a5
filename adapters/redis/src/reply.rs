//! What the scripts say. Each has words of its own, so that the answer to another call, or of another
//! program, is never taken for one of ours.

use core::time::Duration;

use twilio_sig_claim::{Answer, ClaimError, ClaimOutcome};

pub(crate) fn outcome(reply: &[Vec<u8>]) -> Result<ClaimOutcome, ClaimError> {
    match reply {
        [word] if word == b"acquired" => Ok(ClaimOutcome::Acquired),
        [word, answer] if word == b"done" => {
            Ok(ClaimOutcome::Done(Answer::new(answer).map_err(|_| nonsense())?))
        }
        [word, millis] if word == b"held" => {
            let millis = core::str::from_utf8(millis).ok().and_then(|text| text.parse().ok());
            let retry_after = Duration::from_millis(millis.ok_or_else(nonsense)?);
            Ok(ClaimOutcome::InProgress { retry_after })
        }
        _ => Err(nonsense()),
    }
}

pub(crate) fn completed(reply: &[Vec<u8>]) -> Result<(), ClaimError> {
    settled(reply, b"completed", b"not_completed")
}

pub(crate) fn released(reply: &[Vec<u8>]) -> Result<(), ClaimError> {
    settled(reply, b"released", b"not_released")
}

fn settled(reply: &[Vec<u8>], yes: &[u8], no: &[u8]) -> Result<(), ClaimError> {
    match reply {
        [word] if word == yes => Ok(()),
        [word] if word == no => Err(ClaimError::Lost),
        _ => Err(nonsense()),
    }
}

fn nonsense() -> ClaimError {
    ClaimError::unavailable("Redis gave an answer that is none to what was asked")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// No answer to one call is one to another.
    #[test]
    fn answers_cannot_be_taken_for_each_other() {
        let replies: [&[&[u8]]; 11] = [
            &[b"acquired"],
            &[b"done", b""],
            &[b"done", b"completed"],
            &[b"held", b"17"],
            &[b"completed"],
            &[b"not_completed"],
            &[b"released"],
            &[b"not_released"],
            &[],
            &[b"OK"],
            &[b"held", b"-1"],
        ];
        let understood = replies.map(|reply| {
            let reply: Vec<_> = reply.iter().map(|word| word.to_vec()).collect();
            let heard = |result: Result<(), ClaimError>| {
                u8::from(!matches!(result, Err(ClaimError::Unavailable(_))))
            };
            heard(outcome(&reply).map(drop)) + heard(completed(&reply)) + heard(released(&reply))
        });
        assert_eq!(understood, [1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0]);
    }
}
