//! What the statements say. Each has words of its own: a pooler that mixes up statements, or an answer that
//! belongs to another call, is an error and never an outcome.

use core::time::Duration;

use twilio_sig_claim::{Answer, ClaimError, ClaimOutcome};

/// A row: a word, the milliseconds of a lease that are left, and the answer of what is done.
#[derive(Debug, Default)]
pub(crate) struct Reply {
    word: String,
    millis: i64,
    answer: Vec<u8>,
}

/// A reply as it comes from the database.
pub(crate) type Row = (String, i64, Vec<u8>);

impl From<Row> for Reply {
    fn from((word, millis, answer): Row) -> Self {
        Self { word, millis, answer }
    }
}

impl Reply {
    /// The outcome of a claim; `None` if its time is over, and another owner has just taken it over.
    pub(crate) fn outcome(&self) -> Result<Option<ClaimOutcome>, ClaimError> {
        let left = u64::try_from(self.millis).unwrap_or_default();
        Ok(match (&*self.word, left) {
            ("acquired", _) => Some(ClaimOutcome::Acquired),
            ("held" | "done", 0) => None,
            ("held", left) => {
                Some(ClaimOutcome::InProgress { retry_after: Duration::from_millis(left) })
            }
            ("done", _) => {
                let answer = Answer::new(&self.answer).map_err(|_| nonsense())?;
                Some(ClaimOutcome::Done(answer))
            }
            _ => return Err(nonsense()),
        })
    }

    pub(crate) fn completed(&self) -> Result<(), ClaimError> {
        self.settled("completed", "not_completed")
    }

    pub(crate) fn released(&self) -> Result<(), ClaimError> {
        self.settled("released", "not_released")
    }

    fn settled(&self, yes: &str, no: &str) -> Result<(), ClaimError> {
        match &*self.word {
            word if word == yes => Ok(()),
            word if word == no => Err(ClaimError::Lost),
            _ => Err(nonsense()),
        }
    }
}

fn nonsense() -> ClaimError {
    ClaimError::unavailable("the database gave an answer that is none to what was asked")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// No answer to one call is one to another.
    #[test]
    fn answers_cannot_be_taken_for_each_other() {
        let words = [
            "acquired",
            "held",
            "done",
            "completed",
            "not_completed",
            "released",
            "not_released",
            "",
            "ACQUIRED",
        ];
        let understood = words.map(|word| {
            let reply = Reply { word: word.to_owned(), millis: 1, answer: Vec::new() };
            let heard = |result: Result<(), ClaimError>| {
                u8::from(!matches!(result, Err(ClaimError::Unavailable(_))))
            };
            heard(reply.outcome().map(drop)) + heard(reply.completed()) + heard(reply.released())
        });
        assert_eq!(understood, [1, 1, 1, 1, 1, 1, 1, 0, 0]);
    }
}
