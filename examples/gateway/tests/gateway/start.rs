//! How it starts, or says why it does not.

use std::fs;

use twilio_sig::testing;

use crate::program::{Folder, Gateway};

/// What it says when it refuses.
fn refusal(folder: &Folder, settings: &[(&str, &str)]) -> String {
    let output = folder.command(&["serve"]).envs(settings.iter().copied()).output().unwrap();
    assert!(!output.status.success());
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn without_a_token_it_refuses_to_start_and_says_what_is_missing() {
    let folder = Folder::new();
    let said = refusal(&folder, &[]);
    assert!(said.contains("TWILIO_AUTH_TOKEN"), "{said}");
    assert!(said.contains("gateway tenant add"), "{said}");
    let half = refusal(&folder, &[("TWILIO_AUTH_TOKEN", "12345")]);
    assert!(half.contains("TWILIO_ACCOUNT_SID"), "{half}");
}

#[test]
fn what_cannot_be_used_is_named() {
    let token = [("TWILIO_ACCOUNT_SID", testing::ACCOUNT_SID), ("TWILIO_AUTH_TOKEN", "12345")];
    let cases = [
        ("PUBLIC_URL", "example.com", "PUBLIC_URL"),
        ("WEBHOOK_URL", "ftp://example.com", "WEBHOOK_URL"),
        ("DATABASE_URL", "sqlite:/nowhere/at/all.db", "database"),
        ("KEY_FILE", "/nowhere/at/all.key", "key file"),
        ("REDIS_URL", "redis://127.0.0.1:1/", "Redis"),
        ("ADMIN_TOKEN", "short", "ADMIN_TOKEN"),
        ("SENTRY_DSN", "http://sentry.example.com", "SENTRY_DSN"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4318", "OTEL_EXPORTER_OTLP_ENDPOINT"),
    ];
    for (name, value, word) in cases {
        let folder = Folder::new();
        let mut settings = token.to_vec();
        settings.push((name, value));
        let said = refusal(&folder, &settings);
        assert!(said.contains(word), "{name}: {said}");
    }
}

#[test]
fn tables_of_another_program_end_it_with_a_status_of_their_own() {
    let newer = "INSERT INTO _sqlx_migrations
        (version, description, installed_on, success, checksum, execution_time)
        VALUES (9000, 'later', '2030-01-01', 1, x'00', 0) RETURNING version";
    let changed = "UPDATE _sqlx_migrations SET checksum = x'00' WHERE version = 1 RETURNING 1";
    let half = "UPDATE _sqlx_migrations SET success = 0 WHERE version = 1 RETURNING 1";
    for (sql, word) in [
        (newer, "migration 9000 is not one of this program; a newer gateway"),
        (changed, "migration 1 is another than the one that was applied"),
        (half, "migration 1 is partially applied"),
    ] {
        let folder = Folder::new();
        refusal(&folder, &[]);
        folder.query(sql);
        let output = folder.command(&["serve"]).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains("cannot be brought up to date") && said.contains(word), "{said}");
        assert_eq!(output.status.code(), Some(65), "{said}");
        assert_eq!(said.lines().count(), 1, "{said}");
    }
    let folder = Folder::new();
    fs::write(folder.path("gateway.db"), "no database").unwrap();
    assert!(refusal(&folder, &[]).contains("cannot use the database"));
}

#[test]
fn every_setting_is_listed_with_its_default() {
    let folder = Folder::new();
    let output = folder.command(&["--help"]).output().unwrap();
    let help = String::from_utf8(output.stdout).unwrap();
    for name in [
        "TWILIO_ACCOUNT_SID",
        "TWILIO_AUTH_TOKEN",
        "WEBHOOK_URL",
        "TWILIO_CLOCK_SKEW_MS",
        "TWILIO_NONCE_WINDOW_MS",
        "PUBLIC_URL",
        "LISTEN_ADDR",
        "DATABASE_URL",
        "REDIS_URL",
        "ADMIN_TOKEN",
        "RATE_LIMIT_PER_MINUTE",
        "REPLAY",
        "FORWARD_TO",
        "SENTRY_DSN",
        "OTEL_EXPORTER_OTLP_ENDPOINT",
    ] {
        assert!(help.contains(name), "{name}");
    }
}

/// The variable of a line such as `[env: REPLAY=]`, or `[env: SENTRY_DSN]` where its value is not shown.
fn variable(line: &str) -> Option<&str> {
    line.trim().strip_prefix("[env: ")?.split(['=', ']']).next()
}

#[test]
fn the_readme_lists_every_setting_with_its_default() {
    let folder = Folder::new();
    let output = folder.command(&["--help"]).output().unwrap();
    let help = String::from_utf8(output.stdout).unwrap();
    let readme = include_str!("../../README.md");
    let names = help.lines().filter_map(variable);
    let mut count = 0;
    for name in names {
        let after = help.split_once(&format!("[env: {name}")).unwrap().1;
        // The next setting begins with two dashes.
        let own = after.split("\n      --").next().unwrap();
        let default = own.split_once("[default: ").and_then(|(_, rest)| rest.split(']').next());
        let row = match default {
            Some(default) => format!("| `{name}` | `{default}` |"),
            None => format!("| `{name}` | "),
        };
        assert!(readme.contains(&row), "{row}");
        count += 1;
    }
    assert!(count > 20, "{count}");
}

#[test]
fn the_demo_tenant_gets_its_webhooks() {
    let folder = Folder::new();
    let gateway = Gateway::start_with(&folder, &[], &[]);
    assert!(gateway.log().iter().any(|line| line["tenant"] == "demo"));
    let address = gateway.address.to_string();
    let output = folder.run(&["demo", "--listen-addr", &address, "--count", "2"], "");
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{said}");
    let statuses: Vec<_> = said.lines().filter_map(|line| line.strip_prefix("    ")).collect();
    let of_one = |expected: &str| statuses.iter().filter(|line| line.starts_with(expected)).count();
    assert_eq!([of_one("200"), of_one("409"), of_one("403")], [24, 2, 2], "{said}");
    assert_eq!(folder.query("SELECT status FROM messages WHERE direction = 'inbound'").len(), 4);
}
