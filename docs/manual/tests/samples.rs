//! Samples can be copied: they are compiled, whole where they look so, and answer what Twilio can use.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a file that cannot be read must fail the test"
)]

use std::path::{Path, PathBuf};

use twilio_sig_manual::{PAGES, PUBLISHED};

/// The programs of the adapters.
const EXAMPLES: [&str; 6] = [
    "adapters/actix/examples/actix.rs",
    "adapters/tower/examples/axum.rs",
    "adapters/tower/examples/hyper.rs",
    "adapters/tower/examples/lambda.rs",
    "adapters/tower/examples/retry.rs",
    "adapters/tower/examples/websocket.rs",
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// A checkout's viewer shows the lines that rustdoc hides.
#[test]
fn code_of_the_readmes_has_no_hidden_lines() {
    for file in PUBLISHED {
        let text = read(file);
        for block in text.split("```rust").skip(1) {
            let code = block.split("```").next().unwrap();
            let hidden = code.lines().find(|line| *line == "#" || line.starts_with("# "));
            assert_eq!(hidden, None, "{file}");
        }
    }
}

/// The READMEs show lines (`rs`) of crates on which their own cannot depend. They are lines of whole
/// programs of the manual, which are compiled.
#[test]
fn lines_that_a_readme_does_not_compile_are_those_of_the_manual() {
    let trimmed = |text: &str| -> Vec<String> {
        text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
    };
    let compiled: Vec<_> = PAGES.iter().flat_map(|(_, text)| trimmed(text)).collect();
    let mut blocks = 0_usize;
    for file in PUBLISHED {
        for block in read(file).split("```rs\n").skip(1) {
            for line in trimmed(block.split("```").next().unwrap()) {
                assert!(compiled.contains(&line), "{file}: {line}");
            }
            blocks = blocks.saturating_add(1);
        }
    }
    assert_eq!(blocks, 3);
}

/// A block that can be copied is a whole program: it has a `main`, and is compiled (`rust`).
#[test]
fn every_block_of_rust_in_a_readme_is_a_whole_program() {
    for file in PUBLISHED {
        let text = read(file);
        for block in text.split("```rust").skip(1) {
            let (fence, code) = block.split_once('\n').unwrap();
            assert!(["", ",no_run"].contains(&fence), "{file}: ```rust{fence}");
            assert!(code.split("```").next().unwrap().contains("fn main("), "{file}: {code:.200}");
        }
    }
}

/// The chapters that the package compiles are those that the crate shows.
#[test]
fn every_chapter_is_compiled() {
    let shown = read("src/manual.rs");
    for entry in std::fs::read_dir(root().join("src/manual")).unwrap() {
        let file = entry.unwrap().file_name().into_string().unwrap();
        let name = file.strip_suffix(".md").unwrap();
        assert!(shown.contains(&format!("include_str!(\"manual/{file}\")")), "{file} is not shown");
        assert!(PAGES.iter().any(|(page, _)| *page == name), "{file} is not compiled");
    }
}

/// Code that nothing compiles goes stale.
#[test]
fn no_code_is_left_out_of_the_compilation() {
    for (name, text) in PAGES {
        for fence in text.lines().filter_map(|line| line.strip_prefix("```")) {
            let known = ["", "sh", "text", "rust", "rust,no_run"].contains(&fence);
            assert!(known, "{name}: ```{fence}");
        }
    }
}

/// Twilio reports an answer that has a body and no Content-Type as an error (12300). These calls make
/// one; a `String` of axum and of actix-web has `text/plain`.
#[test]
fn no_sample_answers_without_a_content_type() {
    let files = PUBLISHED.iter().chain(&EXAMPLES).map(|file| (*file, read(file)));
    let pages = PAGES.iter().map(|(name, text)| (*name, (*text).to_owned()));
    for (name, text) in files.chain(pages) {
        for bare in ["HttpResponse::Ok().body(", "Ok(Response::new("] {
            assert!(!text.contains(bare), "{name}: {bare}");
        }
    }
}
