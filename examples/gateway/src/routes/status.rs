//! The life of a message and of a call. Callbacks overtake each other, so each state has a rank, and
//! none takes the place of one with the same rank or a higher one.

/// The rank of a message's status. `None` for one that is not known.
///
/// Source: <https://www.twilio.com/docs/messaging/api/message-resource#message-status-values>
pub(super) fn message_rank(status: &str) -> Option<i64> {
    Some(match status {
        "receiving" | "received" | "accepted" | "scheduled" => 0,
        "queued" => 1,
        "sending" => 2,
        "sent" => 3,
        "delivered" | "undelivered" | "failed" | "canceled" | "partially_delivered" => 4,
        "read" => 5,
        _ => return None,
    })
}

/// What a call's status is here, and its rank. `None` for one that is not known.
///
/// Source: <https://www.twilio.com/docs/voice/api/call-resource#call-status-values>
pub(super) fn call_state(status: &str) -> Option<(&'static str, i64)> {
    Some(match status {
        "queued" | "initiated" => ("pending", 0),
        "ringing" => ("ringing", 1),
        "in-progress" => ("active", 2),
        "completed" => ("completed", LAST_CALL_RANK),
        "busy" | "no-answer" => ("missed", LAST_CALL_RANK),
        "failed" => ("failed", LAST_CALL_RANK),
        "canceled" => ("canceled", LAST_CALL_RANK),
        _ => return None,
    })
}

/// The rank of a call that is over.
pub(super) const LAST_CALL_RANK: i64 = 3;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_follow_the_life_of_a_message_and_of_a_call() {
        let life = ["received", "queued", "sending", "sent", "delivered", "read"];
        assert!(life.is_sorted_by_key(|status| message_rank(status).unwrap()));
        assert_eq!(message_rank("failed"), message_rank("undelivered"));
        assert_eq!(message_rank("lost"), None);
        let life = ["initiated", "ringing", "in-progress", "completed"];
        assert!(life.is_sorted_by_key(|status| call_state(status).unwrap().1));
        assert_eq!(call_state("busy"), Some(("missed", LAST_CALL_RANK)));
        assert_eq!(call_state("lost"), None);
    }
}
