//! The disk is full: the program ends, says so, and has lost nothing that it answered.
//!
//! A limit on the size of files stands for a full disk: it needs no rights and no other file system.

use std::process::{Command, Stdio};

use twilio_sig::testing;

use crate::program::{DEFAULT_TENANT, Folder, Gateway, send, sign};

/// The program, whose files grow to this many blocks of 512 bytes. The signal of a file that grows beyond is
/// ignored, so that a write fails as on a full disk.
fn limited(folder: &Folder, blocks: u32) -> Command {
    let command = folder.command(&[]);
    let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" serve");
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", &script]).arg(command.get_program()).env_clear();
    shell.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    shell.envs(DEFAULT_TENANT).current_dir(folder.path(".")).stderr(Stdio::piped());
    shell
}

#[test]
fn without_room_for_the_tables_it_does_not_start() {
    let folder = Folder::new();
    let output = limited(&folder, 16).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.starts_with("gateway: the disk is full or broken: "), "{said}");
    assert_eq!((output.status.code(), said.lines().count()), (Some(74), 1), "{said}");
}

#[test]
fn without_room_for_an_event_it_ends_and_what_it_answered_is_kept() {
    let folder = Folder::new();
    let gateway = Gateway::start_command(limited(&folder, 2_000));
    let address = gateway.address;
    let (mut answered, mut refused) = (0, 0);
    for number in 1..10_000 {
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
    assert!((1..9_999).contains(&answered), "{answered}");
    assert!(refused < 100, "{refused}");
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
