//! The contract as one pure function, and ways to break it. The tests of conformance, the model and the
//! comparison with the memory store all use it.

#![allow(dead_code, reason = "each test uses a part")]

/// What a key is. Times are numbers, tokens and answers are whatever a test takes.
#[derive(Clone, Debug, Default, Eq, Hash, PartialEq)]
pub(crate) enum Slot<T, A> {
    #[default]
    Vacant,
    Held {
        token: T,
        until: u64,
    },
    Done {
        token: T,
        until: u64,
        answer: A,
    },
}

/// What is asked.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(crate) enum Call<A> {
    Claim { lease: u64 },
    Renew { lease: u64 },
    Complete { ttl: u64, answer: A },
    Release,
}

/// What is answered.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(crate) enum Reply<A> {
    Acquired,
    InProgress { rest: u64 },
    Done(A),
    Ok,
    Lost,
}

/// One way to break the contract.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(crate) enum Fault {
    /// What is held is acquired by others.
    SharesWhatIsHeld,
    /// What is done is acquired.
    ForgetsWhatIsDone,
    /// The answer is replaced by nothing.
    ForgetsAnswers,
    /// Others complete, over what is held or done.
    CompletesForAnyone,
    /// Others renew what is held.
    RenewsForAnyone,
    /// Others release what is held.
    ReleasesForAnyone,
    /// What is done is released.
    ReleasesWhatIsDone,
    /// A renewal is no error, and changes nothing.
    RenewsNothing,
    /// A lease never ends.
    KeepsForEver,
    /// Looks first and writes later, so that another may have come between.
    ReadsThenWrites,
    /// A second completion replaces the first answer.
    LastAnswerWins,
    /// A release is no error, and changes nothing.
    ReleasesNothing,
    /// A claim that is held is in progress for its owner too.
    ForgetsOwners,
    /// A late owner is told that it lost what is vacant.
    RefusesLateOwners,
    /// A completion that is repeated sets its ttl anew.
    RestartsTtls,
}

impl Fault {
    /// Those that let an event be handled twice, lose it, or answer it in two ways: what the model must
    /// find.
    pub(crate) const GRAVE: [Self; 10] = [
        Self::SharesWhatIsHeld,
        Self::ForgetsWhatIsDone,
        Self::ForgetsAnswers,
        Self::CompletesForAnyone,
        Self::RenewsForAnyone,
        Self::ReleasesForAnyone,
        Self::ReleasesWhatIsDone,
        Self::RenewsNothing,
        Self::KeepsForEver,
        Self::ReadsThenWrites,
    ];
    /// Those that cost time, or wait for another mistake. The suite must find these too.
    pub(crate) const OTHERS: [Self; 5] = [
        Self::LastAnswerWins,
        Self::ReleasesNothing,
        Self::ForgetsOwners,
        Self::RefusesLateOwners,
        Self::RestartsTtls,
    ];
}

impl<T: Clone + PartialEq, A: Clone + Default> Slot<T, A> {
    /// Does what is asked at this time, as the table in the docs of `ClaimStore` says.
    pub(crate) fn call(
        &mut self,
        token: &T,
        call: Call<A>,
        now: u64,
        fault: Option<Fault>,
    ) -> Reply<A> {
        if self.until().is_some_and(|until| until <= now) {
            *self = Self::Vacant;
        }
        match call {
            Call::Claim { lease } => self.claim(token, lease, now, fault),
            Call::Renew { lease } => self.renew(token, lease, now, fault),
            Call::Complete { ttl, answer } => self.complete(token, ttl, answer, now, fault),
            Call::Release => self.release(token, fault),
        }
    }

    fn claim(&mut self, token: &T, lease: u64, now: u64, fault: Option<Fault>) -> Reply<A> {
        match self {
            Self::Done { answer, .. } if fault != Some(Fault::ForgetsWhatIsDone) => {
                return Reply::Done(answer.clone());
            }
            Self::Held { token: owner, until }
                if fault != Some(Fault::SharesWhatIsHeld)
                    && (owner != token || fault == Some(Fault::ForgetsOwners)) =>
            {
                return Reply::InProgress { rest: *until - now };
            }
            _ => {}
        }
        let until = match fault {
            Some(Fault::KeepsForEver) => u64::MAX,
            _ => now + lease,
        };
        *self = Self::Held { token: token.clone(), until };
        Reply::Acquired
    }

    fn renew(&mut self, token: &T, lease: u64, now: u64, fault: Option<Fault>) -> Reply<A> {
        match self {
            Self::Held { token: owner, .. } if owner != token => {
                if fault == Some(Fault::RenewsForAnyone) { Reply::Ok } else { Reply::Lost }
            }
            _ if fault == Some(Fault::RenewsNothing) => Reply::Ok,
            _ => match self.claim(token, lease, now, fault) {
                Reply::Acquired => Reply::Ok,
                _ => Reply::Lost,
            },
        }
    }

    fn complete(
        &mut self,
        token: &T,
        ttl: u64,
        answer: A,
        now: u64,
        fault: Option<Fault>,
    ) -> Reply<A> {
        let (mut answer, mut until) = (answer, now + ttl);
        match self {
            Self::Held { token: owner, .. } | Self::Done { token: owner, .. }
                if owner != token && fault != Some(Fault::CompletesForAnyone) =>
            {
                return Reply::Lost;
            }
            Self::Done { until: first_until, answer: first, .. }
                if fault != Some(Fault::CompletesForAnyone) =>
            {
                if fault != Some(Fault::LastAnswerWins) {
                    answer = first.clone();
                }
                if fault != Some(Fault::RestartsTtls) {
                    until = *first_until;
                }
            }
            Self::Vacant if fault == Some(Fault::RefusesLateOwners) => return Reply::Lost,
            _ => {}
        }
        if fault == Some(Fault::ForgetsAnswers) {
            answer = A::default();
        }
        *self = Self::Done { token: token.clone(), until, answer };
        Reply::Ok
    }

    fn release(&mut self, token: &T, fault: Option<Fault>) -> Reply<A> {
        match self {
            Self::Vacant => return Reply::Ok,
            Self::Held { token: owner, .. } if owner == token => {}
            Self::Held { .. } if fault == Some(Fault::ReleasesForAnyone) => {}
            Self::Done { .. } if fault == Some(Fault::ReleasesWhatIsDone) => {}
            Self::Held { .. } | Self::Done { .. } => return Reply::Lost,
        }
        if fault != Some(Fault::ReleasesNothing) {
            *self = Self::Vacant;
        }
        Reply::Ok
    }

    fn until(&self) -> Option<u64> {
        match self {
            Self::Vacant => None,
            Self::Held { until, .. } | Self::Done { until, .. } => Some(*until),
        }
    }
}
