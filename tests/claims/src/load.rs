//! Many callbacks at a time, with retries, duplicates and forgeries, while services and their store
//! are killed; and what must be true of it afterwards.

use alloc::collections::BTreeMap;
use core::error::Error;
use core::fmt;
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use core::time::Duration;
use std::path::Path;
use std::thread;
use std::time::Instant;

use crate::backend::Backend;
use crate::journal::Journal;
use crate::ledger::Ledger;
use crate::scenes::{Scene, expect};
use crate::service::{Service, Settings};
use crate::twilio::{Callback, Delivery};

/// Threads that send. A callback holds its own until it is answered.
const SENDERS: usize = 128;
/// The first number of a message that is forged.
const FORGED: usize = 1_000_000;

/// How much is sent, and how much is killed.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "the tests choose it")]
pub struct Load {
    /// Messages of which Twilio tells. Each is told two or three times, and every fifth is forged too.
    pub messages: u32,
    /// How long it takes to send all of them for the first time.
    pub time: Duration,
    /// How often something is killed in that time: a service, its store, a service.
    pub kills: u32,
    /// For how long a callback is sent again.
    pub patience: Duration,
}

/// What has happened.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct Report {
    /// Callbacks sent, retries not counted.
    pub callbacks: usize,
    /// How many of them got the first answer again.
    pub replayed: usize,
    /// Attempts.
    pub attempts: usize,
    /// Until the last answer of the slowest callback.
    pub slowest: Duration,
    /// Callbacks that took longer than Twilio waits.
    pub too_late: usize,
    /// Handlers that were called.
    pub runs: usize,
    /// Events that were handled twice since the first owner had died.
    pub taken_over: usize,
    /// Events that were handled twice, of which the service was told.
    pub told: usize,
    /// Kills of services and stores.
    pub kills: usize,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { callbacks, replayed, attempts, slowest, too_late, runs, .. } = self;
        write!(f, "{callbacks} callbacks in {attempts} attempts, {replayed} answered again; ")?;
        write!(f, "{runs} runs, {} taken over, {} told; ", self.taken_over, self.told)?;
        write!(f, "{} kills; the slowest took {slowest:?}, {too_late} over 15 s", self.kills)
    }
}

/// One callback to be sent, and whether it is forged.
struct Order {
    callback: Callback,
    forged: bool,
    what: String,
    /// Since the start.
    at: Duration,
}

impl Load {
    /// Runs it against two services that share the store.
    ///
    /// # Errors
    /// If an event was lost, one was handled twice while its owner lived and was not told, answers
    /// differ, or a forgery was handled.
    pub fn run(self, program: &Path, store: &mut Backend) -> Result<Report, Box<dyn Error>> {
        let journal = Journal::new()?;
        let settings = Settings::new(store.url());
        let services = [
            Service::start(program, settings.clone(), &journal)?,
            Service::start(program, settings, &journal)?,
        ];
        let ports = services.each_ref().map(Service::port);
        let orders = self.orders()?;
        let (next, sent) = (AtomicUsize::new(0), AtomicBool::new(false));
        let begun = Instant::now();
        let (deliveries, kills) = thread::scope(|scope| {
            let killer = scope.spawn(|| {
                let killed = self.kill(services, store, begun, &sent);
                killed.map_err(|error| error.to_string())
            });
            let work = || {
                let mut deliveries = Vec::new();
                loop {
                    let number = next.fetch_add(1, Ordering::SeqCst);
                    let Some(order) = orders.get(number) else { return deliveries };
                    thread::sleep(order.at.saturating_sub(begun.elapsed()));
                    let [here, there] = ports;
                    let ports = if number % 2 == 0 { [here, there] } else { [there, here] };
                    deliveries.push((number, order.send(&ports, self.patience)));
                }
            };
            let senders: Vec<_> = (0..SENDERS).map(|_| scope.spawn(work)).collect();
            let all = senders.into_iter().map(thread::ScopedJoinHandle::join);
            let all: Result<Vec<_>, _> = all.collect();
            sent.store(true, Ordering::SeqCst);
            let kills = killer.join().map_err(|_| "the killer has panicked".to_owned())??;
            let all = all.map_err(|_| "a sender has panicked".to_owned())?;
            Ok::<_, String>((all.into_iter().flatten().collect(), kills))
        })?;
        let mut report = check(&orders, &deliveries, &Ledger::read(&journal)?)?;
        report.kills = kills;
        Ok(report)
    }

    /// All that is to be sent, in the order of its time.
    fn orders(&self) -> Result<Vec<Order>, Box<dyn Error>> {
        let mut orders = Vec::new();
        for message in 0..self.messages {
            let begins = self.time * message / self.messages.max(1);
            let number = usize::try_from(message)?;
            let what = match number % 7 {
                0 => "fail".to_owned(),
                rest => format!("work {}", rest * 60),
            };
            let mut order = |callback, what: &str, millis, forged| {
                let at = begins + Duration::from_millis(millis);
                orders.push(Order { callback, forged, what: what.to_owned(), at });
            };
            // The event, in the same bytes at once, in other bytes a little later.
            order(Callback::new(number, 0)?, &what, 0, false);
            if number % 2 == 0 {
                order(Callback::new(number, 0)?, "work 50", 20, false);
            }
            order(Callback::new(number, 1)?, "work 50", u64::from(message % 10) * 200, false);
            if number % 5 == 0 {
                order(Callback::new(number, 0)?.forged(FORGED + number)?, "", 100, true);
            }
        }
        orders.sort_by_key(|order| order.at);
        Ok(orders)
    }

    /// Kills a service, the store and the other service, one after the other, while orders are sent.
    fn kill(
        &self,
        mut services: [Service; 2],
        store: &mut Backend,
        begun: Instant,
        sent: &AtomicBool,
    ) -> Result<usize, Box<dyn Error>> {
        let mut kills = 0;
        for round in 1..=self.kills {
            let at = self.time.mul_f64(f64::from(round) / f64::from(self.kills + 1));
            thread::sleep(at.saturating_sub(begun.elapsed()));
            if let (2, Some(server)) = (round % 3, store.server_mut()) {
                server.restart()?;
            } else {
                services.rotate_left(1);
                services[0].restart()?;
            }
            kills += 1;
        }
        // They live until all is answered.
        while !sent.load(Ordering::SeqCst) {
            thread::sleep(Duration::from_millis(20));
        }
        Ok(kills)
    }
}

impl Order {
    fn send(&self, ports: &[u16], patience: Duration) -> Delivery {
        if !self.forged {
            return self.callback.deliver(ports, &self.what, patience);
        }
        // A forger asks until there is an answer.
        let begun = Instant::now();
        for port in ports.iter().cycle() {
            if let Ok(answer) = self.callback.send(*port, "") {
                return Delivery { answer: Some(answer), attempts: 1, took: begun.elapsed() };
            }
            if begun.elapsed() > patience {
                break;
            }
            thread::sleep(Duration::from_millis(100));
        }
        Delivery { answer: None, attempts: 1, took: begun.elapsed() }
    }
}

/// What must be true.
fn check(
    orders: &[Order],
    deliveries: &BTreeMap<usize, Delivery>,
    ledger: &Ledger,
) -> Result<Report, Box<dyn Error>> {
    let mut report = Report::default();
    for (number, order) in orders.iter().enumerate() {
        let event = order.callback.event();
        let delivery = deliveries.get(&number).ok_or("a callback was not sent")?;
        let answer = delivery.answer.as_ref();
        let status = answer.map(|answer| answer.status);
        let wrong = |what: &str| {
            let history = ledger.history(event);
            format!("{what}: {event}, answered {answer:?} in {:?}\n{history}", delivery.took)
        };
        if order.forged {
            expect(status == Some(403), || wrong("a forgery is not refused"))?;
            expect(ledger.runs(event).is_empty(), || wrong("a forgery is handled"))?;
            continue;
        }
        expect(status == Some(200), || wrong("a callback is not answered"))?;
        let body = answer.map(|answer| &*answer.body).unwrap_or_default();
        let handled = ledger.runs(event).iter().any(|run| run.is_done && body.contains(&run.name));
        expect(handled, || wrong("an event is lost"))?;
        report.callbacks += 1;
        report.attempts += usize::try_from(delivery.attempts)?;
        report.replayed += usize::from(answer.is_some_and(|answer| answer.replayed));
        report.slowest = report.slowest.max(delivery.took);
        report.too_late += usize::from(delivery.took > crate::twilio::WAIT);
    }
    one_owner_at_a_time(ledger, &mut report)?;
    equal_answers(orders, deliveries, ledger)?;
    Ok(report)
}

/// A second run begins when the first has failed, or its owner has died. Where the store was gone for
/// longer than the lease, or when the work was done, its owner was told.
fn one_owner_at_a_time(ledger: &Ledger, report: &mut Report) -> Scene {
    for event in ledger.events() {
        let runs = ledger.runs(event);
        report.runs += runs.len();
        for (first, second) in runs.iter().zip(runs.iter().skip(1)) {
            if first.failed_at.is_some_and(|at| at < second.started) {
                continue;
            }
            let died = ledger.died(first.pid).is_some_and(|at| at < second.started);
            let told = ledger.is_told(event, first.pid);
            report.taken_over += usize::from(died);
            report.told += usize::from(told && !died);
            expect(died || told, || {
                format!("{event} was handled twice, its owner living:\n{}", ledger.history(event))
            })?;
        }
    }
    Ok(())
}

/// All callbacks of an event get one answer, unless its owner was told of a second one.
fn equal_answers(
    orders: &[Order],
    deliveries: &BTreeMap<usize, Delivery>,
    ledger: &Ledger,
) -> Scene {
    let mut answers: BTreeMap<&str, &str> = BTreeMap::new();
    for (number, order) in orders.iter().enumerate().filter(|(_, order)| !order.forged) {
        let event = order.callback.event();
        let answer = deliveries.get(&number).and_then(|delivery| delivery.answer.as_ref());
        let body = answer.map(|answer| &*answer.body).unwrap_or_default();
        let first = *answers.entry(event).or_insert(body);
        let told = ledger.runs(event).iter().any(|run| ledger.is_told(event, run.pid));
        expect(first == body || told, || {
            format!("{event} has two answers: {first}, {body}\n{}", ledger.history(event))
        })?;
    }
    Ok(())
}
