//! The bounds of a lease and of a ttl.

use core::time::Duration;

use super::ClaimError;

/// The longest lease or ttl: 366 days. Longer is no claim but an archive.
pub const MAX_DURATION: Duration = Duration::from_secs(366 * 24 * 60 * 60);

/// A lease or ttl in whole milliseconds, rounded up: for those who write a store.
///
/// # Errors
/// [`ClaimError::OutOfRange`] if it is zero or above [`MAX_DURATION`].
///
/// # Examples
/// ```
/// use core::time::Duration;
/// use twilio_sig_claim::whole_millis;
///
/// assert_eq!(whole_millis(Duration::from_micros(1_001))?, 2);
/// assert!(whole_millis(Duration::ZERO).is_err());
/// # Ok::<(), twilio_sig_claim::ClaimError>(())
/// ```
pub fn whole_millis(duration: Duration) -> Result<u64, ClaimError> {
    if duration.is_zero() || duration > MAX_DURATION {
        return Err(ClaimError::OutOfRange);
    }
    let millis = duration.as_nanos().div_ceil(1_000_000);
    u64::try_from(millis).map_err(|_| ClaimError::OutOfRange)
}
