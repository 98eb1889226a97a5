//! PostgreSQL is stopped, hangs, is locked, is behind a pooler, speaks TLS.

use core::time::Duration;
use std::process::Command;
use std::sync::Mutex;
use std::thread;
use std::time::Instant;

use claims_live::proxy::Proxy;
use claims_live::server::Server;
use twilio_sig::testing::{self, SignedWebhook};

use crate::database::Database;
use crate::program::{Folder, Gateway, eventually, settings, sign};

/// A folder whose server is its own.
fn alone() -> Folder {
    let mut folder = Folder::new();
    folder.database = Database::alone();
    folder
}

fn message(number: u64) -> SignedWebhook {
    sign(testing::sms().number(number), "/v1/webhooks/twilio")
}

fn kept(folder: &Folder) -> usize {
    folder.query("SELECT count(*) FROM messages")[0].parse().unwrap()
}

#[test]
fn after_a_restart_of_the_server_no_webhook_is_refused() {
    let folder = alone();
    let gateway = Gateway::start(&folder, &[]);
    // Every connection is open.
    thread::scope(|scope| {
        for number in 0..40 {
            let gateway = &gateway;
            scope.spawn(move || assert_eq!(gateway.send(&message(number)).status, 200));
        }
    });
    folder.database.server.lock().unwrap().restart().unwrap();
    for number in 40..80 {
        assert_eq!(gateway.send(&message(number)).status, 200, "{number}");
    }
    assert_eq!(kept(&folder), 80);
}

#[test]
fn while_the_server_is_gone_it_answers_503_and_what_it_answered_is_kept() {
    let folder = alone();
    let gateway = Gateway::start(&folder, &[]);
    let answered = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for sender in 0..8_u64 {
            let (gateway, answered) = (&gateway, &answered);
            scope.spawn(move || {
                for number in sender * 100..sender * 100 + 50 {
                    let answer = gateway.send(&message(number));
                    assert!([200, 503].contains(&answer.status), "{}", answer.status);
                    if answer.status == 200 {
                        answered.lock().unwrap().push(number);
                    }
                }
            });
        }
        eventually("some are answered", || answered.lock().unwrap().len() > 20);
        folder.database.server.lock().unwrap().kill().unwrap();
    });
    let started = Instant::now();
    let answer = gateway.send(&message(1_000));
    assert_eq!((answer.status, answer.header("retry-after")), (503, Some("3")));
    assert!(started.elapsed() < Duration::from_secs(8), "{:?}", started.elapsed());
    assert_eq!(gateway.get("/healthz").status, 503);

    folder.database.server.lock().unwrap().restart().unwrap();
    eventually("it recovers", || gateway.send(&message(1_000)).status == 200);
    // Twilio sends all of them again, and each is there once.
    let answered = answered.into_inner().unwrap();
    assert!(answered.len() < 400, "it was killed under load");
    for number in (0..8).flat_map(|sender| sender * 100..sender * 100 + 50) {
        let answer = gateway.send(&message(number));
        assert_eq!(answer.status, 200);
        if answered.contains(&number) {
            assert!(answer.header("twilio-sig-replayed").is_some(), "{number}");
        }
    }
    assert_eq!(kept(&folder), 401);
}

#[test]
fn while_the_tables_are_locked_it_answers_503_and_then_recovers() {
    let folder = alone();
    let gateway = Gateway::start(&folder, &[]);
    assert_eq!(gateway.send(&message(1)).status, 200);
    let url = folder.database.url();
    let mut psql = Command::new("psql");
    let lock = "BEGIN; LOCK TABLE inbox, messages IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(8);";
    let mut psql = psql
        .args([&url, "-qc", lock])
        .spawn()
        .expect("psql is installed: apt-get install postgresql");
    let waits = "SELECT count(*) FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND granted
        AND relation = 'inbox'::regclass";
    eventually("it is locked", || folder.query(waits) == ["1"]);
    let started = Instant::now();
    assert_eq!(gateway.send(&message(2)).status, 503);
    assert!(started.elapsed() < Duration::from_secs(7), "{:?}", started.elapsed());
    psql.kill().unwrap();
    psql.wait().unwrap();
    eventually("it recovers", || gateway.send(&message(2)).status == 200);
    assert_eq!(kept(&folder), 2);
}

#[test]
fn while_the_server_hangs_it_answers_503_and_then_recovers() {
    let folder = Folder::new();
    let port = folder.database.server.lock().unwrap().port();
    let proxy = Proxy::start(port).unwrap();
    let url = folder.database.url_at(proxy.port());
    let gateway = Gateway::start(&folder, &[("DATABASE_URL", &url)]);
    assert_eq!(gateway.send(&message(1)).status, 200);
    proxy.hold(true);
    let started = Instant::now();
    assert_eq!(gateway.send(&message(2)).status, 503);
    assert!(started.elapsed() < Duration::from_secs(7), "{:?}", started.elapsed());
    proxy.hold(false);
    eventually("it recovers", || gateway.send(&message(2)).status == 200);
    assert_eq!(kept(&folder), 2);
}

#[test]
fn behind_a_pooler_that_shares_connections_each_event_is_handled_once() {
    let folder = Folder::new();
    let port = folder.database.server.lock().unwrap().port();
    let pooler = Server::pgbouncer(port, 2).expect("PgBouncer starts");
    let url = folder.database.url_at(pooler.port());
    let gateway = Gateway::start(&folder, &[("DATABASE_URL", &url)]);
    thread::scope(|scope| {
        for sender in 0..8_u64 {
            let gateway = &gateway;
            scope.spawn(move || {
                for number in 0..40 {
                    // Each message twice, by two senders.
                    let number = sender / 2 * 40 + number;
                    assert_eq!(gateway.send(&message(number)).status, 200);
                }
            });
        }
    });
    assert_eq!(kept(&folder), 160);
}

#[test]
fn tls_is_spoken_with_a_server_that_is_trusted_and_with_no_other() {
    let mut folder = Folder::new();
    folder.database = Database::alone_with_tls();
    let url = format!("{}?sslmode=verify-full", folder.database.url());
    let command = || {
        let mut command = folder.command(&["serve"]);
        command.envs(settings()).env("DATABASE_URL", &url);
        command
    };
    let output = command().output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("cannot use the database") && said.contains("certificate"), "{said}");

    let certificate = folder.database.server.lock().unwrap().certificate();
    let mut trusting = command();
    trusting.env("SSL_CERT_FILE", certificate);
    let gateway = Gateway::start_as(trusting, &[]);
    assert_eq!(gateway.send(&message(1)).status, 200);
    let encrypted = "SELECT count(*) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)
        WHERE ssl AND datname = current_database() AND pid <> pg_backend_pid()";
    assert_ne!(folder.query(encrypted), ["0"]);
}

#[test]
fn what_postgresql_cannot_keep_as_text_is_kept_without_it() {
    let folder = Folder::new();
    let gateway = Gateway::start(&folder, &[]);
    let strange = testing::sms().from("a\0b");
    assert_eq!(gateway.send(&sign(strange, "/v1/webhooks/twilio")).status, 200);
    assert_eq!(folder.query("SELECT sender FROM messages"), ["a\u{fffd}b"]);
}

#[test]
fn a_server_that_cannot_be_used_is_named_without_its_password() {
    let folder = Folder::new();
    let mut command = folder.command(&["serve"]);
    let port = folder.database.server.lock().unwrap().port();
    let url = format!("postgres://nobody:secret@127.0.0.1:{port}/postgres");
    let output = command.envs(settings()).env("DATABASE_URL", url).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("cannot use the database postgres://…@127.0.0.1"), "{said}");
    assert!(!said.contains("secret"), "{said}");
    assert_eq!((output.status.code(), said.lines().count()), (Some(1), 1), "{said}");
}

#[test]
fn tables_of_another_program_end_it_with_a_status_of_their_own() {
    let newer = "INSERT INTO _sqlx_migrations
        (version, description, installed_on, success, checksum, execution_time)
        VALUES (9000, 'later', now(), true, '\\x00', 0) RETURNING version";
    let changed = "UPDATE _sqlx_migrations SET checksum = '\\x00' WHERE version = 1 RETURNING 1";
    for (sql, word) in
        [(newer, "a newer gateway"), (changed, "another than the one that was applied")]
    {
        let folder = Folder::new();
        drop(Gateway::start(&folder, &[]));
        folder.query(sql);
        let output = folder.command(&["serve"]).envs(settings()).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains(word), "{said}");
        assert_eq!(output.status.code(), Some(65), "{said}");
    }
}
