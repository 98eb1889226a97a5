//! Services in processes of their own, on each store, and what Twilio's retry meets when they are
//! killed, stand still or are slow, and when their store stalls.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::unwrap_used,
    reason = "a test fails by panicking, and its numbers are its own"
)]

use core::error::Error;
use core::time::Duration;
use std::thread;

use claims_live::backend::Backend;
use claims_live::journal::Journal;
use claims_live::load::Load;
use claims_live::proxy::Proxy;
use claims_live::scenes::{Scene, block_on, expect};
use claims_live::service::{Service, Settings};
use claims_live::twilio::{Answer, Callback, WAIT};
use sqlx::{Executor, SqlitePool};

/// The services: on axum, and on actix-web.
const AXUM: &str = env!("CARGO_BIN_EXE_webhook_service");
const ACTIX: &str = env!("CARGO_BIN_EXE_actix_service");
/// A lease that does not end while a test runs.
const LONG: Duration = Duration::from_secs(600);
/// Longer than anything takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// Each scene is a test on each store, and on one store for each framework.
macro_rules! on_each_store {
    ($($scene:ident),* $(,)?) => {
        mod redis { $(#[test] fn $scene() -> super::Scene { super::$scene(super::AXUM, &mut super::Backend::redis()?) })* }
        mod postgres { $(#[test] fn $scene() -> super::Scene { super::$scene(super::AXUM, &mut super::Backend::postgres()?) })* }
        mod sqlite { $(#[test] fn $scene() -> super::Scene { super::$scene(super::AXUM, &mut super::Backend::sqlite()?) })* }
        mod actix { $(#[test] fn $scene() -> super::Scene { super::$scene(super::ACTIX, &mut super::Backend::redis()?) })* }
    };
}

on_each_store! {
    a_killed_handler_is_taken_over_in_the_time_of_twilio,
    the_same_bytes_get_the_first_answer_again,
    a_second_delivery_waits_for_the_first,
    a_handler_slower_than_its_lease_runs_once,
    a_lost_lease_is_told_to_the_handler_and_the_operator,
    a_store_that_stalls_once_holds_nothing,
    what_is_done_while_the_store_is_away_is_not_done_again,
    a_retry_that_finds_its_answer_is_one_round_trip,
    under_load_and_kills_no_event_is_lost_or_handled_twice,
}

/// The answer, which a handler made now or before.
fn answered(answer: Option<&Answer>, replayed: bool) -> Result<&Answer, Box<dyn Error>> {
    let answer = answer.ok_or("there is no answer")?;
    let is_right = (answer.status, answer.replayed) == (200, replayed)
        && answer.content_type == "text/xml"
        && answer.body.starts_with("<Response>");
    if is_right { Ok(answer) } else { Err(format!("{answer:?}").into()) }
}

fn runs(journal: &Journal, callback: &Callback, expected: usize) -> Scene {
    let runs = journal.lines(&format!("start {} ", callback.event()))?.len();
    expect(runs == expected, || format!("the handler was called {runs} times, not {expected}"))
}

/// `kill -9` in the handler, and a restart: Twilio's retry takes over when the lease ends, and is
/// handled within the 15 seconds that it has.
fn a_killed_handler_is_taken_over_in_the_time_of_twilio(
    program: &str,
    store: &mut Backend,
) -> Scene {
    let journal = Journal::new()?;
    let mut service = Service::start(program, Settings::new(store.url()), &journal)?;
    let callback = Callback::new(1, 0)?;
    let port = service.port();
    thread::scope(|scope| {
        let first = scope.spawn(|| callback.send(port, "work 60000").map_err(|e| e.to_string()));
        journal.wait(&format!("start {}", callback.event()))?;
        service.kill()?;
        expect(first.join().unwrap().is_err(), || "a dead service has answered".into())
    })?;
    service.restart()?;
    let retry = callback.deliver(&[service.port()], "", WAIT);
    let first = answered(retry.answer.as_ref(), false)?.clone();
    runs(&journal, &callback, 2)?;
    let again = callback.send(service.port(), "")?;
    expect(answered(Some(&again), true)?.body == first.body, || format!("{again:?}, {first:?}"))
}

/// Also after a restart of the service; and another delivery of the event, in other bytes, gets it
/// too. A forgery never does.
fn the_same_bytes_get_the_first_answer_again(program: &str, store: &mut Backend) -> Scene {
    let journal = Journal::new()?;
    let mut service = Service::start(program, Settings::new(store.url()), &journal)?;
    let [callback, other] = [Callback::new(1, 0)?, Callback::new(1, 1)?];
    let failed = callback.send(service.port(), "fail")?;
    expect(failed.status == 500, || format!("{failed:?}"))?;
    let first = callback.send(service.port(), "")?;
    answered(Some(&first), false)?;
    for restart in [false, true] {
        if restart {
            service.restart()?;
        }
        for callback in [&callback, &callback, &other, &other] {
            let again = callback.send(service.port(), "")?;
            expect(answered(Some(&again), true)?.body == first.body, || format!("{again:?}"))?;
        }
        let forged = callback.forged(2)?;
        let refused = forged.send(service.port(), "")?;
        expect(refused.status == 403, || format!("{refused:?}"))?;
        runs(&journal, &forged, 0)?;
    }
    runs(&journal, &callback, 2)
}

/// On the same service, on another, and in other bytes.
fn a_second_delivery_waits_for_the_first(program: &str, store: &mut Backend) -> Scene {
    let journal = Journal::new()?;
    let here = Service::start(program, Settings::new(store.url()), &journal)?;
    let there = Service::start(program, Settings::new(store.url()), &journal)?;
    let [callback, other] = [Callback::new(1, 0)?, Callback::new(1, 1)?];
    let deliver = |callback: &Callback, service: &Service| {
        callback.deliver(&[service.port()], "", PATIENCE).answer
    };
    thread::scope(|scope| {
        let first = scope.spawn(|| callback.send(here.port(), "work 2000"));
        journal.wait(&format!("start {}", callback.event()))?;
        let seconds = [
            scope.spawn(|| deliver(&callback, &here)),
            scope.spawn(|| deliver(&callback, &there)),
            scope.spawn(|| deliver(&other, &here)),
            scope.spawn(|| deliver(&other, &there)),
        ];
        let first = first.join().unwrap()?;
        answered(Some(&first), false)?;
        for second in seconds {
            let second = second.join().unwrap();
            let same = answered(second.as_ref(), true)?.body == first.body;
            expect(same, || format!("{second:?}, {first:?}"))?;
        }
        runs(&journal, &callback, 1)
    })
}

/// It is renewed. Twilio's retry asks until it is answered.
fn a_handler_slower_than_its_lease_runs_once(program: &str, store: &mut Backend) -> Scene {
    let journal = Journal::new()?;
    let settings = Settings::new(store.url()).lease(Duration::from_secs(3));
    let here = Service::start(program, settings.clone(), &journal)?;
    let there = Service::start(program, settings, &journal)?;
    let callback = Callback::new(1, 0)?;
    thread::scope(|scope| {
        let first = scope.spawn(|| callback.send(here.port(), "work 8000"));
        journal.wait(&format!("start {}", callback.event()))?;
        let second = callback.deliver(&[there.port(), here.port()], "", PATIENCE);
        let first = first.join().unwrap()?;
        let same =
            answered(second.answer.as_ref(), true)?.body == answered(Some(&first), false)?.body;
        expect(same, || format!("{second:?}, {first:?}"))?;
        expect(journal.lines("lease_lost")?.is_empty(), || "its lease was lost".into())?;
        runs(&journal, &callback, 1)
    })
}

/// A service stands still for longer than its lease, and another takes over.
fn a_lost_lease_is_told_to_the_handler_and_the_operator(
    program: &str,
    store: &mut Backend,
) -> Scene {
    let journal = Journal::new()?;
    let settings = Settings::new(store.url()).lease(Duration::from_secs(2));
    let late = Service::start(program, settings.clone(), &journal)?;
    let other = Service::start(program, settings, &journal)?;
    let callback = Callback::new(1, 0)?;
    let (event, pid) = (callback.event(), late.pid().unwrap_or_default());
    thread::scope(|scope| {
        let first = scope.spawn(|| callback.send(late.port(), "until lost"));
        journal.wait(&format!("start {event} {pid} "))?;
        late.signal("STOP")?;
        let second = callback.deliver(&[other.port()], "", PATIENCE);
        late.signal("CONT")?;
        let second = answered(second.answer.as_ref(), false)?;
        journal.wait(&format!("lost {event} {pid} "))?;
        journal.wait(&format!("lease_lost {event} {pid}"))?;
        // Both answers are that of the other, which is what was done.
        let first = first.join().unwrap()?;
        let same = answered(Some(&first), true)?.body == second.body;
        expect(same, || format!("{first:?}, {second:?}"))?;
        journal.wait(&format!("unsettled {event} {pid}"))?;
        let again = callback.send(late.port(), "")?;
        expect(answered(Some(&again), true)?.body == second.body, || format!("{again:?}"))?;
        runs(&journal, &callback, 2)
    })
}

/// The claim that timed out is given back in the background, however long its lease.
fn a_store_that_stalls_once_holds_nothing(program: &str, store: &mut Backend) -> Scene {
    let journal = Journal::new()?;
    let callback = Callback::new(1, 0)?;
    let stalled = |service: &Service| {
        let answer = callback.send(service.port(), "")?;
        expect(answer.status == 503, || format!("{answer:?}"))
    };
    let back = |service: &Service| {
        let retry = callback.deliver(&[service.port()], "", PATIENCE);
        answered(retry.answer.as_ref(), false)?;
        runs(&journal, &callback, 1)
    };
    if let Some(server) = store.server() {
        let proxy = Proxy::start(server.port())?;
        let settings = Settings::new(server.url_at(proxy.port())).lease(LONG);
        let service = Service::start(program, settings, &journal)?;
        // Connections are made, and back in their pool: what stalls is the claim itself.
        answered(Some(&Callback::new(2, 0)?.send(service.port(), "")?), false)?;
        thread::sleep(Duration::from_millis(200));
        proxy.hold(true);
        stalled(&service)?;
        proxy.hold(false);
        return back(&service);
    }
    let service = Service::start(program, Settings::new(store.url()).lease(LONG), &journal)?;
    block_on(async {
        let pool = SqlitePool::connect(&store.url()).await?;
        let mut writer = pool.acquire().await?;
        writer.execute("BEGIN IMMEDIATE").await?;
        stalled(&service)?;
        writer.execute("ROLLBACK").await?;
        Ok(())
    })?;
    back(&service)
}

/// The store is killed, or locked, when the handler ends, and comes back: what was done is then marked
/// so, and its retry gets the answer.
fn what_is_done_while_the_store_is_away_is_not_done_again(
    program: &str,
    store: &mut Backend,
) -> Scene {
    let journal = Journal::new()?;
    let service = Service::start(program, Settings::new(store.url()).lease(LONG), &journal)?;
    let callback = Callback::new(1, 0)?;
    let unsettled = format!("unsettled {}", callback.event());
    thread::scope(|scope| {
        let first = scope.spawn(|| callback.send(service.port(), "work 3000"));
        journal.wait(&format!("start {}", callback.event()))?;
        let url = store.url();
        if let Some(server) = store.server_mut() {
            server.kill()?;
            journal.wait(&unsettled)?;
            server.restart()?;
        } else {
            block_on(async {
                let pool = SqlitePool::connect(&url).await?;
                let mut writer = pool.acquire().await?;
                writer.execute("BEGIN IMMEDIATE").await?;
                journal.wait(&unsettled)?;
                writer.execute("ROLLBACK").await?;
                Ok(())
            })?;
        }
        let first = first.join().unwrap()?;
        let again = callback.deliver(&[service.port()], "", PATIENCE).answer;
        let same = answered(again.as_ref(), true)?.body == answered(Some(&first), false)?.body;
        expect(same, || format!("{again:?}, {first:?}"))
    })?;
    runs(&journal, &callback, 1)
}

/// With a guard alone the answer comes with the claim. SQLite has no round trips; there, it is that
/// nothing is written.
fn a_retry_that_finds_its_answer_is_one_round_trip(program: &str, store: &mut Backend) -> Scene {
    const RETRIES: usize = 100;
    // A pool may open a connection meanwhile, which has to introduce itself.
    const CONNECTIONS: usize = 20;
    let journal = Journal::new()?;
    let Some(server) = store.server() else {
        return a_retry_writes_nothing(program, store, &journal);
    };
    let proxy = Proxy::start(server.port())?;
    let settings = Settings::new(server.url_at(proxy.port())).guard_alone();
    let service = Service::start(program, settings, &journal)?;
    let callback = Callback::new(1, 0)?;
    let first = callback.send(service.port(), "")?;
    answered(Some(&first), false)?;
    let before = proxy.round_trips();
    for _ in 0..RETRIES {
        let again = callback.send(service.port(), "")?;
        expect(answered(Some(&again), true)?.body == first.body, || format!("{again:?}"))?;
    }
    let trips = proxy.round_trips() - before;
    let is_one = (RETRIES..=RETRIES + CONNECTIONS).contains(&trips);
    expect(is_one, || format!("{RETRIES} retries were {trips} round trips"))?;
    runs(&journal, &callback, 1)
}

fn a_retry_writes_nothing(program: &str, store: &Backend, journal: &Journal) -> Scene {
    let Backend::Sqlite(folder) = store else { return Err("not SQLite".into()) };
    let service = Service::start(program, Settings::new(store.url()), journal)?;
    let callback = Callback::new(1, 0)?;
    answered(Some(&callback.send(service.port(), "")?), false)?;
    let log = folder.path().join("claims.db-wal");
    let before = std::fs::read(&log)?;
    for _ in 0..10 {
        answered(Some(&callback.send(service.port(), "")?), true)?;
    }
    expect(std::fs::read(&log)? == before, || "a retry wrote".into())?;
    runs(journal, &callback, 1)
}

/// The short form of the program `webhook_load`.
fn under_load_and_kills_no_event_is_lost_or_handled_twice(
    program: &str,
    store: &mut Backend,
) -> Scene {
    let load = Load {
        messages: 150,
        time: Duration::from_secs(8),
        kills: 3,
        patience: Duration::from_secs(60),
    };
    let report = load.run(program.as_ref(), store)?;
    let is_mixed = report.replayed > 100 && report.runs >= 150 && report.kills == 3;
    expect(is_mixed, || report.to_string())
}
