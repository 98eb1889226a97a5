//! Tenants by number, account and path; their tokens, and what of them is on the disk.

use std::fs;

use twilio_sig::testing;

use crate::program::{Folder, Gateway, PUBLIC_URL, eventually, exchange, sign_with};

const ACCOUNT: &str = "AC22222222222222222222222222222222";

fn tenant(folder: &Folder, arguments: &[&str], input: &str) -> String {
    let output = folder.run(&[&["tenant"], arguments].concat(), input);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{arguments:?}: {said}");
    String::from_utf8(output.stdout).unwrap()
}

fn add_acme(folder: &Folder) {
    let arguments = ["add", "acme", "--account-sid", ACCOUNT, "--number", "+15005550001"];
    tenant(folder, &arguments, "acme token one\n");
}

/// A message of acme's, which is new.
fn message(number: u64) -> testing::Fixture {
    testing::sms().account_sid(ACCOUNT).number(number)
}

#[test]
fn a_tenant_is_found_by_path_by_number_and_by_account() {
    let folder = Folder::new();
    add_acme(&folder);
    let gateway = Gateway::start_with(&folder, &["serve"], &[("PUBLIC_URL", PUBLIC_URL)]);
    let send =
        |fixture, token: &str, path: &str| gateway.send(&sign_with(fixture, token, path)).status;
    let (sms, token) = ("/v1/webhooks/twilio", "acme token one");
    let by_path = "/t/acme/v1/webhooks/twilio";

    assert_eq!(send(message(1), token, sms), 200, "by number");
    assert_eq!(send(message(2).to("whatsapp:+15005550001"), token, sms), 200, "by number");
    assert_eq!(send(message(3).to("+15005550002"), token, sms), 200, "by account");
    assert_eq!(send(message(4).to("+15005550002"), token, by_path), 200, "by path");
    let other = testing::sms().to("+15005550002");
    assert_eq!(send(other.clone(), token, sms), 404, "nobody's");
    assert_eq!(send(other, token, by_path), 403, "another account's");
    assert_eq!(folder.query("SELECT DISTINCT tenant FROM inbox"), ["acme"]);
    drop(gateway);

    let below = format!("{PUBLIC_URL}/t/hooks/");
    let gateway = Gateway::start_with(&folder, &["serve"], &[("PUBLIC_URL", &below)]);
    let signed = sign_with(message(5), token, "/t/hooks/t/acme/v1/webhooks/twilio");
    let headers: Vec<_> = signed.headers().collect();
    // The proxy in front takes the prefix away.
    let answer = exchange(gateway.address, "POST", by_path, &headers, signed.body());
    assert_eq!(answer.unwrap().status, 200, "by path, below a prefix");
}

#[test]
fn tokens_rotate_while_it_runs() {
    let folder = Folder::new();
    add_acme(&folder);
    let gateway = Gateway::start_with(&folder, &["serve"], &[("PUBLIC_URL", PUBLIC_URL)]);
    let mut number = 0;
    let mut status = |token: &str| {
        number += 1;
        gateway.send(&sign_with(message(number), token, "/v1/webhooks/twilio")).status
    };
    assert_eq!(status("acme token one"), 200);
    assert_eq!(status("acme token two"), 403);

    tenant(&folder, &["rotate", "acme"], "acme token two\n");
    eventually("the new token is accepted", || status("acme token two") == 200);
    assert_eq!(status("acme token one"), 200, "the old one still is");
    eventually("the list says when", || {
        let list = tenant(&folder, &["list"], "");
        list.contains("primary last used 20") && list.contains("secondary last used 20")
    });

    tenant(&folder, &["rotate", "acme", "--drop-secondary"], "");
    eventually("the old token is refused", || status("acme token one") == 403);

    tenant(&folder, &["disable", "acme"], "");
    eventually("it is switched off", || status("acme token two") == 503);
    tenant(&folder, &["enable", "acme"], "");
    eventually("it is switched on", || status("acme token two") == 200);
}

#[test]
fn no_token_is_on_the_disk_or_on_the_screen() {
    let folder = Folder::new();
    add_acme(&folder);
    tenant(&folder, &["rotate", "acme"], "acme token two\n");
    let list = tenant(&folder, &["list"], "");
    assert!(list.contains("acme") && !list.contains("token one") && !list.contains("token two"));
    for file in fs::read_dir(folder.path(".")).unwrap() {
        let bytes = fs::read(file.unwrap().path()).unwrap();
        let holds = |text: &[u8]| bytes.windows(text.len()).any(|window| window == text);
        assert!(!holds(b"acme token one") && !holds(b"acme token two"));
    }
    // Without the key the tokens are lost, and no other key is made in its place.
    fs::remove_file(folder.path("gateway.key")).unwrap();
    let output = folder.run(&["serve"], "");
    assert!(String::from_utf8_lossy(&output.stderr).contains("key file"));
    assert!(!folder.path("gateway.key").exists());
}

#[test]
fn what_cannot_be_a_tenant_is_refused() {
    let folder = Folder::new();
    add_acme(&folder);
    let refused = |arguments: &[&str], input: &str| {
        let output = folder.run(&[&["tenant"], arguments].concat(), input);
        assert!(!output.status.success(), "{arguments:?}");
    };
    refused(&["add", "acme"], "a token\n");
    refused(&["add", "umbrella", "--number", "+15005550001"], "a token\n");
    refused(&["add", "a/b"], "a token\n");
    refused(&["add", "default"], "a token\n");
    refused(&["add", "umbrella"], "\n");
    refused(&["rotate", "umbrella"], "a token\n");
    refused(&["disable", "umbrella"], "");
    assert_eq!(tenant(&folder, &["list"], "").lines().count(), 1);
}
