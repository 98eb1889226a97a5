//! How long a service may take, and when it is asked again: Twilio's connection overrides, the
//! fragment of a webhook's URL.
//!
//! Source: <https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides>

use core::time::Duration;

use crate::failure::Failure;

/// The settings of one webhook. Those that are not given are Twilio's defaults.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Overrides {
    /// `ct`: how long to wait for a connection.
    pub(crate) connect: Duration,
    /// `rt`: how long to wait for the first byte of the answer.
    pub(crate) read: Duration,
    /// `tt`: how long all attempts may take together.
    pub(crate) total: Duration,
    /// `rc`: how often to try again.
    pub(crate) retries: u32,
    /// `rp`: after what.
    retried: Retried,
}

/// After which failures a request is sent again.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a word of `rp`")]
struct Retried {
    no_connection: bool,
    no_answer: bool,
    client_error: bool,
    server_error: bool,
}

/// What became of an attempt.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Failed {
    NoConnection,
    NoAnswer,
    /// An answer of this status.
    Status(u16),
}

impl Default for Overrides {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            read: Duration::from_secs(15),
            total: Duration::from_secs(15),
            retries: 1,
            retried: Retried {
                no_connection: true,
                no_answer: false,
                client_error: false,
                server_error: false,
            },
        }
    }
}

impl Overrides {
    /// Reads them from the fragment of a URL.
    ///
    /// # Errors
    /// [`Failure::Usage`] for a name or value that Twilio does not take.
    pub(crate) fn of(url: &str) -> Result<Self, Failure> {
        let mut overrides = Self::default();
        let fragment = url.split_once('#').map_or("", |(_, fragment)| fragment);
        for segment in fragment.split('&').filter(|segment| !segment.is_empty()) {
            let (name, value) = segment.split_once('=').unwrap_or((segment, ""));
            let wrong = || {
                let range = match name {
                    "ct" => "100 to 10000 ms",
                    "rt" | "tt" => "100 to 15000 ms",
                    "rc" => "0 to 5",
                    "rp" => "a list of 4xx, 5xx, ct, rt and all",
                    _ => return Failure::usage("a fragment of a URL takes ct, rt, tt, rc, rp"),
                };
                Failure::usage(format!("#{name} of a URL takes {range}"))
            };
            let millis = |max: u64| {
                let number = value.parse().ok().filter(|number| (100..=max).contains(number));
                number.map(Duration::from_millis).ok_or_else(wrong)
            };
            match name {
                "ct" => overrides.connect = millis(10_000)?,
                "rt" => overrides.read = millis(15_000)?,
                "tt" => overrides.total = millis(15_000)?,
                "rc" => {
                    let count = value.parse().ok().filter(|count| *count <= 5);
                    overrides.retries = count.ok_or_else(wrong)?;
                }
                "rp" => overrides.retried = Retried::of(value).ok_or_else(wrong)?,
                // The edge and the name in TLS: nothing here depends on them.
                "e" | "sni" => {}
                _ => return Err(wrong()),
            }
        }
        Ok(overrides)
    }

    /// Whether an attempt that ended so is followed by another.
    pub(crate) const fn retries_after(&self, failed: Failed) -> bool {
        match failed {
            Failed::NoConnection => self.retried.no_connection,
            Failed::NoAnswer => self.retried.no_answer,
            Failed::Status(status) => match status {
                400..500 => self.retried.client_error,
                500.. => self.retried.server_error,
                _ => false,
            },
        }
    }
}

impl Retried {
    fn of(list: &str) -> Option<Self> {
        let mut retried = Self {
            no_connection: false,
            no_answer: false,
            client_error: false,
            server_error: false,
        };
        for word in list.split(',') {
            match word {
                "ct" => retried.no_connection = true,
                "rt" => retried.no_answer = true,
                "4xx" => retried.client_error = true,
                "5xx" => retried.server_error = true,
                "all" => {
                    retried = Self {
                        no_connection: true,
                        no_answer: true,
                        client_error: true,
                        server_error: true,
                    };
                }
                _ => return None,
            }
        }
        Some(retried)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_twilios_and_a_fragment_changes_them() {
        let defaults = Overrides::of("https://e.com/sms").unwrap();
        assert_eq!(defaults, Overrides::default());
        assert_eq!(defaults.retries, 1);
        assert!(defaults.retries_after(Failed::NoConnection));
        assert!(!defaults.retries_after(Failed::NoAnswer));
        assert!(!defaults.retries_after(Failed::Status(500)));

        let overrides =
            Overrides::of("https://e.com/#ct=200&rt=300&tt=400&rc=2&rp=4xx,rt&e=dublin");
        let overrides = overrides.unwrap();
        let millis =
            [overrides.connect, overrides.read, overrides.total].map(|time| time.as_millis());
        assert_eq!((millis, overrides.retries), ([200, 300, 400], 2));
        for (failed, again) in [
            (Failed::NoConnection, false),
            (Failed::NoAnswer, true),
            (Failed::Status(403), true),
            (Failed::Status(503), false),
            (Failed::Status(302), false),
        ] {
            assert_eq!(overrides.retries_after(failed), again, "{failed:?}");
        }
        let all = Overrides::of("https://e.com/#rp=all").unwrap();
        assert!(all.retries_after(Failed::Status(503)) && !all.retries_after(Failed::Status(200)));
    }

    #[test]
    fn what_twilio_does_not_take_is_refused() {
        for fragment in ["ct=99", "ct=10001", "rt=15001", "tt=", "rc=6", "rp=3xx", "rp=", "x=1"] {
            assert!(Overrides::of(&format!("https://e.com/#{fragment}")).is_err(), "{fragment}");
        }
    }
}
