//! What a second delivery meets in the time that Twilio has: two requests at once, stores that
//! stall, handlers that are slow, callers who hang up.

use alloc::sync::Arc;
use core::future::pending;
use core::sync::atomic::{AtomicUsize, Ordering};
use core::time::Duration;
use std::sync::Mutex;
use std::thread;
use std::time::Instant;

use twilio_sig::claim::{
    Answer, Claim, ClaimError, ClaimKey, ClaimOutcome, ClaimStore, MemoryStore,
};
use twilio_sig::replay::Guard;
use twilio_sig_gate::{
    ClaimPolicy, Dedup, Gate, Outcome, Refusal, Tenant, TenantError, Untrusted, VerifierSource,
};

use super::wire::{Request, Response};
use super::{BASE, Server, form, gate};

const STATUS: &[u8] = b"AccountSid=AC00000000000000000000000000000001&\
                        MessageSid=SM00000000000000000000000000000001&MessageStatus=delivered";

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn store() -> MemoryStore {
    MemoryStore::new(1_000).unwrap()
}

/// A store whose calls take a while; the first claim takes longer.
#[derive(Clone)]
struct Slow {
    memory: Arc<MemoryStore>,
    pause: Duration,
    first: Duration,
    claims: Arc<AtomicUsize>,
}

impl Slow {
    fn new(pause: Duration, first: Duration) -> Self {
        Self { memory: Arc::new(store()), pause, first, claims: Arc::default() }
    }
}

impl ClaimStore for Slow {
    async fn claim(&self, claim: &Claim, lease: Duration) -> Result<ClaimOutcome, ClaimError> {
        let is_first = self.claims.fetch_add(1, Ordering::SeqCst) == 0;
        tokio::time::sleep(if is_first { self.first } else { self.pause }).await;
        self.memory.claim(claim, lease).await
    }

    async fn complete(
        &self,
        claim: &Claim,
        ttl: Duration,
        answer: &Answer,
    ) -> Result<(), ClaimError> {
        tokio::time::sleep(self.pause).await;
        self.memory.complete(claim, ttl, answer).await
    }

    async fn release(&self, claim: &Claim) -> Result<(), ClaimError> {
        self.memory.release(claim).await
    }

    async fn watch(&self, key: &ClaimKey) {
        self.memory.watch(key).await;
    }
}

/// A store in which the first key is held by an owner that has died: nothing wakes who waits for it.
struct Orphaned(MemoryStore, AtomicUsize);

impl ClaimStore for Orphaned {
    async fn claim(&self, claim: &Claim, lease: Duration) -> Result<ClaimOutcome, ClaimError> {
        if self.1.fetch_add(1, Ordering::SeqCst) == 0 {
            let _dead = self.0.claim(&Claim::random(*claim.key())?, ms(700)).await?;
        }
        self.0.claim(claim, lease).await
    }

    async fn complete(
        &self,
        claim: &Claim,
        ttl: Duration,
        answer: &Answer,
    ) -> Result<(), ClaimError> {
        self.0.complete(claim, ttl, answer).await
    }

    async fn release(&self, claim: &Claim) -> Result<(), ClaimError> {
        self.0.release(claim).await
    }
}

/// A source of verifiers that never answers.
struct Stuck;

impl VerifierSource for Stuck {
    async fn find(&self, _: Untrusted<'_>) -> Result<Tenant, TenantError> {
        pending().await
    }
}

fn send(server: &Server, request: &Request) -> Response {
    request.send(server.address).unwrap().unwrap()
}

/// Waits until the handler was called so often.
fn wait_for(server: &Server, calls: usize) {
    let started = Instant::now();
    while server.calls.load(Ordering::SeqCst) < calls {
        assert!(started.elapsed() < Duration::from_secs(10), "the handler is not called");
        thread::sleep(ms(5));
    }
}

/// Sends it at once, and again so long after the handler was called. Both answers, and how often
/// the handler was called.
fn twice(server: &Server, request: &Request, pause: Duration) -> (Response, Response, usize) {
    let before = server.calls.load(Ordering::SeqCst);
    let (first, second) = thread::scope(|scope| {
        let first = scope.spawn(|| send(server, request));
        wait_for(server, before + 1);
        thread::sleep(pause);
        let second = send(server, request);
        (first.join().unwrap(), second)
    });
    (first, second, server.calls.load(Ordering::SeqCst) - before)
}

fn slow(millis: u64) -> Request {
    form("/status", STATUS).header("x-do", format!("sleep {millis}"))
}

fn is_replayed(response: &Response) -> bool {
    response.header("twilio-sig-replayed") == Some("true")
}

pub(super) fn run(start: impl Fn(Gate) -> Server) {
    a_second_delivery_waits_and_gets_the_answer(&start);
    waiting_is_bounded(&start);
    a_lease_is_renewed_up_to_the_longest_time(&start);
    an_owner_that_died_is_taken_over_from(&start);
    an_owner_that_is_late_gives_the_answer_of_the_other(&start);
    a_caller_who_hangs_up_stops_nothing(&start);
    a_store_that_stalls_holds_nothing(&start);
    both_stores_are_asked_at_once(&start);
    no_source_holds_a_request(&start);
    events_tell_what_became_of_a_request(&start);
}

fn a_second_delivery_waits_and_gets_the_answer(start: &impl Fn(Gate) -> Server) {
    for gate in [
        gate().guard(Guard::new(store())),
        gate().dedup(Dedup::new(store())),
        gate().guard(Guard::new(store())).dedup(Dedup::new(store())),
        // It is polled: nothing tells that the key is settled.
        gate().guard(Guard::new(Slow::new(ms(5), ms(5)))),
    ] {
        let (first, second, calls) = twice(&start(gate), &slow(400), ms(100));
        assert_eq!((first.status, second.status, calls), (200, 200, 1));
        assert_eq!((&first.body[..], &second.body[..]), (STATUS, STATUS));
        assert!(!is_replayed(&first) && is_replayed(&second));
    }
}

fn waiting_is_bounded(start: &impl Fn(Gate) -> Server) {
    let guarded = |policy| gate().guard(Guard::new(store())).claim_policy(policy);
    for policy in [ClaimPolicy::new().max_waiters(0), ClaimPolicy::new().wait(ms(100))] {
        let (first, second, calls) = twice(&start(guarded(policy)), &slow(600), ms(100));
        assert_eq!((first.status, second.status, calls), (200, 503, 1));
        let pause: u64 = second.header("retry-after").unwrap().parse().unwrap();
        assert!((1..=3).contains(&pause), "{pause} s do not fit into 15 s");
    }
}

fn a_lease_is_renewed_up_to_the_longest_time(start: &impl Fn(Gate) -> Server) {
    let short = ClaimPolicy::new().lease(ms(900)).unwrap();
    let server = start(gate().guard(Guard::new(store())).claim_policy(short.clone()));
    let (first, second, calls) = twice(&server, &slow(3_000), ms(1_500));
    assert_eq!((first.status, second.status, calls), (200, 200, 1), "it ran twice");
    assert_eq!((first.header("x-lost"), is_replayed(&second)), (Some("no"), true));

    let lost = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&lost);
    let gate = gate().guard(Guard::new(store())).claim_policy(short.longest(ms(200)));
    let server = start(gate.on_event(move |event| {
        counted.fetch_add(usize::from(event.outcome == Outcome::LeaseLost), Ordering::SeqCst);
    }));
    let answer = send(&server, &slow(1_000));
    assert_eq!((answer.status, answer.header("x-lost")), (200, Some("yes")));
    assert_eq!(lost.load(Ordering::SeqCst), 1);
}

/// As after `kill -9`: the retry waits for the end of the lease, and is handled.
fn an_owner_that_died_is_taken_over_from(start: &impl Fn(Gate) -> Server) {
    let server = start(gate().guard(Guard::new(Orphaned(store(), AtomicUsize::new(0)))));
    let started = Instant::now();
    let answer = send(&server, &slow(0));
    assert_eq!((answer.status, is_replayed(&answer)), (200, false));
    assert!((ms(600)..ms(4_500)).contains(&started.elapsed()), "{:?}", started.elapsed());
}

/// All answers of an event are equal, also that of a handler which was taken over from.
fn an_owner_that_is_late_gives_the_answer_of_the_other(start: &impl Fn(Gate) -> Server) {
    let policy = ClaimPolicy::new().lease(ms(300)).unwrap().longest(Duration::ZERO);
    let server = start(gate().guard(Guard::new(store())).claim_policy(policy));
    let (first, second) = thread::scope(|scope| {
        let first = scope.spawn(|| send(&server, &slow(2_500)));
        wait_for(&server, 1);
        let second = send(&server, &slow(0));
        (first.join().unwrap(), second)
    });
    assert_eq!(server.calls.load(Ordering::SeqCst), 2);
    assert_eq!((second.status, is_replayed(&second)), (200, false));
    assert_eq!((first.status, is_replayed(&first), &first.body), (200, true, &second.body));
}

fn a_caller_who_hangs_up_stops_nothing(start: &impl Fn(Gate) -> Server) {
    let server = start(gate().guard(Guard::new(store())));
    let caller = slow(400).start(server.address).unwrap();
    wait_for(&server, 1);
    drop(caller);
    let retry = send(&server, &slow(400));
    assert_eq!((retry.status, is_replayed(&retry)), (200, true));
    assert_eq!(server.calls.load(Ordering::SeqCst), 1);
}

/// The claim that timed out is executed later, and then given back: its token is known.
fn a_store_that_stalls_holds_nothing(start: &impl Fn(Gate) -> Server) {
    let stalling = Slow::new(Duration::ZERO, ms(2_000));
    let details = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&details);
    let server = start(
        gate()
            .guard(Guard::new(stalling))
            .deadline(ms(200))
            .on_event(move |event| seen.lock().unwrap().extend(event.detail.map(str::to_owned))),
    );
    let started = Instant::now();
    let answer = send(&server, &slow(0));
    assert!(started.elapsed() < ms(1_500), "it waited for the store");
    assert_eq!((answer.status, answer.header("retry-after")), (503, Some("5")));
    assert!(details.lock().unwrap()[0].contains("no answer within 200ms"));
    thread::sleep(ms(2_500));
    let retry = send(&server, &slow(0));
    assert_eq!((retry.status, is_replayed(&retry)), (200, false));
}

fn both_stores_are_asked_at_once(start: &impl Fn(Gate) -> Server) {
    let slow_store = || Slow::new(ms(600), ms(600));
    let gate = gate().guard(Guard::new(slow_store())).dedup(Dedup::new(slow_store()));
    let started = Instant::now();
    assert_eq!(send(&start(gate), &slow(0)).status, 200);
    let took = started.elapsed();
    assert!(took < ms(2_300), "two times 600 ms, and not four times: {took:?}");
}

fn no_source_holds_a_request(start: &impl Fn(Gate) -> Server) {
    let origin = twilio_sig::Origin::fixed(BASE).unwrap();
    let server = start(Gate::for_tenants(Stuck, origin).deadline(ms(200)));
    let started = Instant::now();
    assert_eq!(send(&server, &slow(0)).status, 503);
    assert!(started.elapsed() < Duration::from_secs(2));
}

fn events_tell_what_became_of_a_request(start: &impl Fn(Gate) -> Server) {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let events = Arc::clone(&seen);
    let full = MemoryStore::new(1).unwrap();
    let server = start(gate().dedup(Dedup::new(full)).on_event(move |event| {
        let texts = [event.sid.as_deref(), event.idempotency_token.as_deref(), event.detail];
        let texts = texts.map(|text| text.unwrap_or_default().to_owned());
        events.lock().unwrap().push((event.outcome, event.elapsed, texts));
    }));
    send(&server, &slow(50).header("i-twilio-idempotency-token", "3f0c"));
    send(&server, &form("/gather", b"Digits=1"));
    let other = STATUS.escape_ascii().to_string().replace("delivered", "read");
    send(&server, &form("/status", other.as_bytes()));
    let seen = seen.lock().unwrap();
    let outcomes: Vec<_> = seen.iter().map(|(outcome, ..)| *outcome).collect();
    assert!(
        matches!(
            outcomes[..],
            [
                Outcome::Verified { .. },
                Outcome::Handled { status: 200, done: true, .. },
                Outcome::NotDeduplicated("unknown"),
                Outcome::Verified { .. },
                Outcome::Handled { .. },
                Outcome::Refused(Refusal::StoreFull),
            ]
        ),
        "{outcomes:?}"
    );
    let (_, took, [sid, token, _]) = &seen[1];
    assert!(*took >= ms(50), "{took:?}");
    assert_eq!((&**sid, &**token), ("SM00000000000000000000000000000001", "3f0c"));
    assert_eq!(seen[5].2[2], "the claim store is full");
}
