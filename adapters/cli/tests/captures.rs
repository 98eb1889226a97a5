//! One signed request in every format that it can be saved in: the verdict is the same.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod saved;

use saved::{BODY, saved, twilio_sig};

#[test]
fn every_format_verifies_and_is_diagnosed() {
    let base = ["--http", "-", "--base", "https://hooks.example.com"];
    for (name, text) in saved(BODY) {
        let (status, out, error) = twilio_sig(&[&["verify"], &base[..]].concat(), &text);
        assert_eq!(status, 0, "{name}: {out}{error}");
        let (status, out, error) = twilio_sig(&[&["diagnose"], &base[..]].concat(), &text);
        assert_eq!(status, 0, "{name}: {out}{error}");
    }
}

#[test]
fn every_format_is_refused_when_its_body_is_another() {
    for (name, text) in saved("Body=Evil&From=%2B15005550006&FromZip=") {
        let arguments = ["verify", "--http", "-", "--base", "https://hooks.example.com"];
        let (status, out, _) = twilio_sig(&arguments, &text);
        assert_eq!(status, 1, "{name}: {out}");
        assert!(out.contains("mismatch"), "{name}: {out}");
    }
}

/// What cannot be read is said, without a word of it: it may be somebody's message.
#[test]
fn what_cannot_be_read_is_refused_without_its_text() {
    let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
    let many = "{\"httpMethod\":\"GET\",\"path\":\"/\"}\n".repeat(10_002);
    for text in [
        "s3cr3t",
        "{\"s3cr3t\":1}",
        "{\"log\":\"s3cr3t\"}",
        "{\"request\":{\"raw\":\"s3cr3t\"}}",
        "{\"rawPath\":[\"s3cr3t\"]}",
        "{\"httpMethod\":\"s3cr3t\"}",
        "[\"s3cr3t\"]",
        "[",
        "{}",
        "[]",
        "",
        "curl 's3cr3t",
        "curl --s3cr3t x",
        ":method: s3cr3t",
        &deep,
        &many,
    ] {
        let (status, out, error) = twilio_sig(&["verify", "--http", "-"], text);
        let start: String = text.chars().take(30).collect();
        assert_eq!((status, out.as_str()), (2, ""), "{start}: {error}");
        let names_an_option = text.starts_with("curl --");
        assert!(names_an_option || !error.contains("s3cr3t"), "{start}: {error}");
    }
}

#[test]
fn one_of_several_is_chosen_by_number() {
    let two = |text: &str| format!("{text}\n{text}\n");
    let saved = saved(BODY);
    let (_, function) = saved.iter().find(|(name, _)| *name == "function URL").unwrap();
    let verify =
        |entry: &[&str]| twilio_sig(&[&["verify", "--http", "-"], entry].concat(), &two(function));
    let (status, _, error) = verify(&[]);
    assert_eq!(status, 2);
    assert!(error.contains("2 requests, 2 of them signed"), "{error}");
    assert_eq!(verify(&["--entry", "2"]).0, 0);
    assert_eq!(verify(&["--entry", "3"]).0, 2);
}
