//! One webhook, until Twilio would give up.

use core::sync::atomic::Ordering;
use core::time::Duration;
use std::time::Instant;

use super::unsigned::Unsigned;
use super::{Plan, Print};
use crate::deliver::{self, Delivered, Undelivered, deliver};
use crate::failure::Failure;
use crate::outgoing::Outgoing;
use crate::output::{BAD, LABEL};
use crate::overrides::{Failed, Overrides};
use crate::report::{self, Expected};
use crate::twiml::{self, Use};
use crate::url_arg::UrlArg;

pub(super) struct Attempts<'a, 'b> {
    pub(super) plan: &'a Plan<'a>,
    pub(super) used: Use,
    /// What is sent, as it is called in the output.
    pub(super) name: String,
    pub(super) print: &'a mut Print<'b>,
}

/// How the last attempt failed, and what Twilio logs.
struct Last {
    failed: Failed,
    code: Option<u32>,
    undelivered: Option<Undelivered>,
}

impl Attempts<'_, '_> {
    /// Sends it once. Says whether the service did what it should.
    ///
    /// # Errors
    /// [`Failure::Io`] if there is no answer.
    pub(super) fn once(&mut self, outgoing: &Outgoing, is_again: bool) -> Result<bool, Failure> {
        let overrides = &self.plan.overrides;
        // Printed before it is sent: an answer may take 15 s.
        let name = format!("{}{}", self.name, self.how(is_again));
        (self.print)(&report::sent(&name, outgoing))?;
        let agent = deliver::agent(overrides, overrides.total);
        let answer = deliver(&agent, &self.plan.place, outgoing)?;
        let expected = self.plan.expected(is_again);
        self.count(&answer);
        (self.print)(&report::answered(self.used, &answer, expected))?;
        Ok(expected.is_met(self.used, &answer))
    }

    /// Sends it, again while the overrides say so, and then to the fallback URL.
    ///
    /// # Errors
    /// [`Failure::Io`] if no attempt had an answer.
    pub(super) fn as_twilio_does(
        &mut self,
        unsigned: &Unsigned,
        outgoing: &Outgoing,
        token: &str,
    ) -> Result<bool, Failure> {
        let overrides = self.plan.overrides;
        let outgoing = outgoing.with_token(token);
        let started = Instant::now();
        let mut tried = 0;
        let last = loop {
            let left = overrides.total.saturating_sub(started.elapsed());
            let again = if tried > 0 { ", again" } else { "" };
            let name = format!("{}{}{again}", self.name, self.how(false));
            let place = &self.plan.place;
            let Some(last) = self.attempt(&name, place, &outgoing, &overrides, left)? else {
                return Ok(true);
            };
            let left = overrides.total.saturating_sub(started.elapsed());
            if tried >= overrides.retries || !overrides.retries_after(last.failed) || left.is_zero()
            {
                break last;
            }
            tried = tried.saturating_add(1);
            let retries = overrides.retries;
            let text = format!("{tried} of {retries}: the same bytes, idempotency token {token}");
            self.say("retry", &text)?;
        };
        let Last { code, undelivered, .. } = last;
        let fallback = self.plan.args.fallback.as_deref().filter(|_| self.used.has_fallback());
        match (fallback, code) {
            (Some(fallback), Some(code)) => self.fallback(unsigned, &outgoing, fallback, code),
            _ => match undelivered {
                Some(undelivered) => Err(undelivered.into()),
                None => Ok(false),
            },
        }
    }

    fn fallback(
        &mut self,
        unsigned: &Unsigned,
        failed: &Outgoing,
        fallback: &str,
        code: u32,
    ) -> Result<bool, Failure> {
        let url = failed.url.as_str();
        self.say("fallback", &format!("with ErrorCode {code} and the URL as ErrorUrl"))?;
        let overrides = Overrides::of(fallback)?;
        let outgoing = unsigned.with_error(code, url).sign(&self.plan.key, fallback, false)?;
        let name = format!("{}, to the fallback URL", self.name);
        let place = UrlArg::new("--fallback", fallback)?;
        match self.attempt(&name, &place, &outgoing, &overrides, overrides.total)? {
            None => Ok(true),
            Some(Last { undelivered: Some(undelivered), .. }) => Err(undelivered.into()),
            Some(_) => Ok(false),
        }
    }

    /// One attempt, printed. `None` if the service did what it should.
    fn attempt(
        &mut self,
        name: &str,
        place: &UrlArg,
        outgoing: &Outgoing,
        overrides: &Overrides,
        left: Duration,
    ) -> Result<Option<Last>, Failure> {
        (self.print)(&report::sent(name, outgoing))?;
        let delivered = deliver(&deliver::agent(overrides, left), place, outgoing);
        match delivered {
            Ok(answer) => {
                let expected = self.plan.expected(false);
                (self.print)(&report::answered(self.used, &answer, expected))?;
                self.count(&answer);
                let judgement = twiml::judge(self.used, &answer);
                let failed = Failed::Status(answer.status);
                let last = Last { failed, code: judgement.code, undelivered: None };
                Ok((!expected.is_met(self.used, &answer)).then_some(last))
            }
            Err(undelivered) => {
                let Undelivered { failed, code, text } = &undelivered;
                let lines = format!(
                    "{LABEL}answer{LABEL:#}   none: {text}\n{LABEL}Twilio{LABEL:#}   {BAD}{code}{BAD:#}\n"
                );
                (self.print)(&lines)?;
                let (failed, code) = (*failed, Some(*code));
                Ok(Some(Last { failed, code, undelivered: Some(undelivered) }))
            }
        }
    }

    fn say(&mut self, label: &str, text: &str) -> Result<(), Failure> {
        (self.print)(&format!("{LABEL}{label:<8}{LABEL:#} {text}\n"))
    }

    fn count(&self, answer: &Delivered) {
        if twiml::judge(self.used, answer).is_good {
            self.plan.useful.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn how(&self, is_again: bool) -> &'static str {
        match (self.plan.expected(is_again), is_again) {
            (Expected::Refused, false) => ", forged",
            (Expected::Refused, true) => ", forged, again",
            (_, true) => ", again",
            _ => "",
        }
    }
}
