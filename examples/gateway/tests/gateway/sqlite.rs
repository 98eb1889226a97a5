//! SQLite: its file is locked, or its disk is full. Then the program ends after a while, says so, and has lost
//! nothing that it answered.
//!
//! A limit on the size of files stands for a full disk: it needs no rights and no other file system.

use core::time::Duration;
use std::process::{Command, Stdio};
use std::time::Instant;

use twilio_sig::testing;

use crate::program::{Folder, Gateway, eventually, send, settings, sign};

#[test]
fn without_room_for_the_tables_it_does_not_start() {
    let folder = Folder::new();
    let output = folder.command_with_room(&["serve"], "16").output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.starts_with("gateway: the disk is full or broken: "), "{said}");
    assert_eq!((output.status.code(), said.lines().count()), (Some(74), 1), "{said}");
}

#[test]
fn without_room_for_an_event_it_ends_and_what_it_answered_is_kept() {
    let folder = Folder::new();
    let mut command = folder.command_with_room(&["serve"], "2000");
    command.stderr(Stdio::piped()).env("DISK_FULL_S", "1");
    let gateway = Gateway::start_as(command, &settings());
    let address = gateway.address;
    let (mut answered, mut refused) = (0, 0);
    for number in 1.. {
        let message = sign(testing::sms().number(number), "/v1/webhooks/twilio");
        match send(address, &message).map(|answer| answer.status) {
            Ok(200) => answered += 1,
            Ok(status) => {
                assert_eq!(status, 503);
                refused += 1;
            }
            // It has ended.
            Err(_) => break,
        }
    }
    assert!(answered > 0 && refused > 0, "{answered} {refused}");
    let (status, said) = gateway.wait_for_status();
    assert!(said.starts_with("gateway: the disk is full or broken: "), "{said}");
    assert_eq!(status, Some(74), "{said}");

    // There is room again.
    let gateway = Gateway::start(&folder, &[]);
    let messages = folder.query("SELECT count(*) FROM messages");
    assert_eq!(messages, [answered.to_string()]);
    let another = sign(testing::sms().number(1 << 40), "/v1/webhooks/twilio");
    assert_eq!(gateway.send(&another).status, 200);
}

#[test]
fn while_the_database_is_locked_it_answers_503_and_then_recovers() {
    let folder = Folder::new();
    let gateway = Gateway::start(&folder, &[]);
    let webhook = &sign(testing::sms(), "/v1/webhooks/twilio");
    let other = folder.database.connect();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let started = Instant::now();
    let answer = gateway.send(webhook);
    assert_eq!(answer.status, 503);
    assert!(answer.header("retry-after").is_some());
    assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
    other.execute_batch("ROLLBACK").unwrap();
    eventually("it recovers", || gateway.send(webhook).status == 200);
    assert_eq!(folder.query("SELECT count(*) FROM inbox"), ["1"]);
}

/// What is not kept is not answered 2xx, and Twilio sends it again.
#[test]
fn while_the_disk_is_full_it_answers_503_and_then_recovers() {
    let folder = Folder::new();
    let command = folder.command_with_room(&["serve"], "unlimited");
    let gateway = Gateway::start_as(command, &settings());
    let message = |number| sign(testing::sms().number(number), "/v1/webhooks/twilio");
    assert_eq!(gateway.send(&message(1)).status, 200);
    let room = |bytes: &str| {
        let arguments = [format!("--pid={}", gateway.id()), format!("--fsize={bytes}:unlimited")];
        assert!(Command::new("prlimit").args(arguments).status().unwrap().success());
    };
    room("4096");
    assert_eq!(gateway.send(&message(2)).status, 503);
    room("unlimited");
    eventually("it recovers", || gateway.send(&message(2)).status == 200);
    eventually("it says so", || {
        gateway.log().iter().any(|line| line["event_type"] == "disk_recovered")
    });
    let sids = "SELECT count(*) FROM messages WHERE direction = 'inbound'";
    assert_eq!(folder.query(sids), ["2"]);
}

#[cfg(unix)]
#[test]
fn its_files_are_for_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = Folder::new();
    folder.run(&["tenant", "add", "acme"], "acme token one\n");
    for file in ["gateway.key", "gateway.db"] {
        let mode = std::fs::metadata(folder.path(file)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{file}");
    }
}
