//! How many refused requests an address may send in a minute.
//!
//! No library does it: those that limit rates (governor and what is built on it) count a request when it
//! comes, and here it counts when it has been refused.

use core::net::{IpAddr, Ipv6Addr};
use core::time::Duration;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

const WINDOW: Duration = Duration::from_secs(60);
/// The most addresses that are counted at a time, 4 MB. Beyond, further ones pass: to be refused is
/// cheap, and to lock Twilio out is not.
const MAX_ADDRESSES: usize = 50_000;

/// Counts the refused.
#[derive(Debug)]
pub(crate) struct Limit {
    per_window: u32,
    refused: Mutex<HashMap<IpAddr, Window>>,
}

#[derive(Debug)]
struct Window {
    since: Instant,
    refused: u32,
}

impl Limit {
    /// Lets this many refused requests of an address pass in a minute.
    pub(crate) fn new(per_window: u32) -> Self {
        Self { per_window, refused: Mutex::default() }
    }

    /// How long this address has to wait, if it has to.
    pub(crate) fn wait(&self, ip: IpAddr, now: Instant) -> Option<Duration> {
        let refused = self.lock();
        let window = refused.get(&network(ip))?;
        let left = WINDOW.checked_sub(now.saturating_duration_since(window.since))?;
        (window.refused >= self.per_window).then_some(left)
    }

    /// Counts a refused request. Whether it is the last one that passes.
    pub(crate) fn count(&self, ip: IpAddr, now: Instant) -> bool {
        let mut refused = self.lock();
        let key = network(ip);
        let is_over = |window: &Window| now.saturating_duration_since(window.since) >= WINDOW;
        if !refused.contains_key(&key) && refused.len() >= MAX_ADDRESSES {
            refused.retain(|_, window| !is_over(window));
            if refused.len() >= MAX_ADDRESSES {
                return false;
            }
        }
        let window = refused.entry(key).or_insert(Window { since: now, refused: 0 });
        if is_over(window) {
            *window = Window { since: now, refused: 0 };
        }
        window.refused = window.refused.saturating_add(1);
        window.refused == self.per_window
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<IpAddr, Window>> {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One customer has a whole /64 of IPv6.
fn network(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V4(_) => ip,
        IpAddr::V6(ip) => {
            let [a, b, c, d, ..] = ip.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_waits_for_the_rest_of_its_minute() {
        let (limit, start) = (Limit::new(2), Instant::now());
        let [one, other] = ["192.0.2.1", "192.0.2.2"].map(|ip| ip.parse().unwrap());
        let after = |seconds| start + Duration::from_secs(seconds);
        assert!(!limit.count(one, start));
        assert_eq!(limit.wait(one, start), None);
        assert!(limit.count(one, after(10)));
        assert_eq!(limit.wait(one, after(20)), Some(Duration::from_secs(40)));
        assert_eq!(limit.wait(other, after(20)), None);
        assert_eq!(limit.wait(one, after(61)), None);
        assert!(!limit.count(one, after(61)), "a new minute");
        assert_eq!(limit.wait(one, after(62)), None);
    }

    #[test]
    fn a_network_of_ipv6_is_one_address() {
        let (limit, now) = (Limit::new(1), Instant::now());
        limit.count("2001:db8:1:2::1".parse().unwrap(), now);
        assert!(limit.wait("2001:db8:1:2:3::4".parse().unwrap(), now).is_some());
        assert!(limit.wait("2001:db8:1:3::1".parse().unwrap(), now).is_none());
    }

    #[test]
    fn more_addresses_than_fit_take_no_more_memory() {
        let (limit, now) = (Limit::new(1), Instant::now());
        for n in 0..u32::try_from(MAX_ADDRESSES + 1_000).unwrap() {
            limit.count(core::net::Ipv4Addr::from_bits(n).into(), now);
        }
        assert_eq!(limit.lock().len(), MAX_ADDRESSES);
        let later = now + WINDOW;
        limit.count("255.255.255.255".parse().unwrap(), later);
        assert_eq!(limit.lock().len(), 1, "what is over goes");
    }
}
