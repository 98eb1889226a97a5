//! How claims are held, waited for and settled.

use alloc::sync::Arc;
use core::fmt;
use core::time::Duration;

use twilio_sig::claim::MAX_DURATION;
use twilio_sig::replay::SettingError;

/// How long a claim outlives its process, unless set.
pub const DEFAULT_LEASE: Duration = Duration::from_secs(5);
/// For how long a claim is renewed, unless set.
pub const DEFAULT_LONGEST: Duration = Duration::from_secs(60);
/// How long a second delivery waits for the first, if nothing else is set.
pub const DEFAULT_WAIT: Duration = Duration::from_secs(5);

#[doc = include_str!("policy.md")]
#[derive(Clone)]
#[must_use]
pub struct ClaimPolicy {
    pub(crate) lease: Duration,
    pub(crate) longest: Duration,
    pub(crate) wait: Duration,
    pub(crate) max_waiters: usize,
    pub(crate) done: Arc<dyn Fn(u16) -> bool + Send + Sync>,
    pub(crate) stores_answers: bool,
    pub(crate) refuses_replays: bool,
}

impl ClaimPolicy {
    /// The defaults that each setting names.
    pub fn new() -> Self {
        Self {
            lease: DEFAULT_LEASE,
            longest: DEFAULT_LONGEST,
            wait: DEFAULT_WAIT,
            max_waiters: 1_000,
            done: Arc::new(|status| status < 400),
            stores_answers: true,
            refuses_replays: false,
        }
    }

    /// Sets how long a claim outlives its process. It is renewed at every third of this while the
    /// handler is at work, so a retry takes over from a process that died. Default: 5 seconds. It
    /// holds for the guard too, in place of the guard's own.
    ///
    /// # Errors
    /// [`SettingError::Lease`] if it is zero or longer than [`MAX_DURATION`].
    pub fn lease(mut self, lease: Duration) -> Result<Self, SettingError> {
        if lease.is_zero() || lease > MAX_DURATION {
            return Err(SettingError::Lease);
        }
        self.lease = lease;
        Ok(self)
    }

    /// Sets for how long a claim is renewed. A handler that takes longer loses it, and the event may
    /// be handled again. It is also for how long a handler may go on whose caller hung up. Default:
    /// 60 seconds.
    pub const fn longest(mut self, longest: Duration) -> Self {
        self.longest = longest;
        self
    }

    /// Sets how long a second delivery waits for the first. A delivery that waited so long is answered with
    /// 503 and a `Retry-After`. Zero: it does not wait. Default: 5 seconds.
    pub const fn wait(mut self, wait: Duration) -> Self {
        self.wait = wait;
        self
    }

    /// Sets how many requests may wait at a time. One more is answered at once, with 503. Default:
    /// 1,000.
    pub const fn max_waiters(mut self, requests: usize) -> Self {
        self.max_waiters = requests;
        self
    }

    /// Sets which statuses of the handler mean that the work is done. All others give the claim
    /// back, so that the retry reaches a handler. Default: those below 400.
    pub fn done(mut self, done: impl Fn(u16) -> bool + Send + Sync + 'static) -> Self {
        self.done = Arc::new(done);
        self
    }

    /// Stores no answers: what is done is answered with
    /// [`Gate::duplicate_answer`](crate::Gate::duplicate_answer). For answers that a client that
    /// captured a request must not read.
    pub const fn without_answers(mut self) -> Self {
        self.stores_answers = false;
        self
    }

    /// Refuses a byte-identical repetition of what is done, with 409, instead of answering it. A
    /// retry of Twilio's whose first answer was lost is refused too.
    pub const fn refuse_replays(mut self) -> Self {
        self.refuses_replays = true;
        self
    }
}

impl Default for ClaimPolicy {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for ClaimPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClaimPolicy")
            .field("lease", &self.lease)
            .field("longest", &self.longest)
            .field("wait", &self.wait)
            .field("max_waiters", &self.max_waiters)
            .field("stores_answers", &self.stores_answers)
            .field("refuses_replays", &self.refuses_replays)
            .finish_non_exhaustive()
    }
}
