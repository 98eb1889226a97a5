//! The ids by which rows are found.

use crate::fault::Fault;

/// The longest, in bytes. Twilio's have 34. PostgreSQL's indexes take no row beyond 2,700.
const MAX_LEN: usize = 256;

/// The id, unless it is too long: that is the sender's fault and not the database's.
pub(super) fn bounded(id: &str) -> Result<&str, Fault> {
    if id.len() <= MAX_LEN { Ok(id) } else { Err(Fault::Malformed("an id is too long")) }
}
