//! The disk is full: the program ends after a while, says so, and has lost nothing that it answered.
//!
//! A limit on the size of files stands for a full disk: it needs no rights and no other file system.

use std::process::Stdio;

use twilio_sig::testing;

use crate::program::{Folder, Gateway, send, settings, sign};

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
