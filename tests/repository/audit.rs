//! `AUDIT.md` walks a reviewer through the whole core, and what the documents tell to run is there.

#![allow(clippy::panic, reason = "a document that is wrong must fail")]

use std::fs;
use std::path::Path;
use std::process::Command;

/// Documents that tell tests of this package to run.
const DOCUMENTS: [&str; 6] = [
    "AUDIT.md",
    "CONTRIBUTING.md",
    "README.md",
    "RELEASING.md",
    "SECURITY.md",
    "benches/README.md",
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: impl AsRef<Path>) -> String {
    let path = root().join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The texts in a folder and in its folders.
fn texts(folder: &Path) -> Vec<String> {
    let entries =
        fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let paths = entries.flatten().map(|entry| entry.path());
    paths.flat_map(|path| if path.is_dir() { texts(&path) } else { vec![read(path)] }).collect()
}

/// Where the text of a target of `cargo test` is, if there is such a target.
fn target(name: &str) -> Option<Vec<String>> {
    let tests = root().join("tests");
    let (file, folder) = (tests.join(name).with_extension("rs"), tests.join(name));
    if file.is_file() {
        Some(vec![read(file)])
    } else {
        folder.join("main.rs").is_file().then(|| texts(&folder))
    }
}

/// The commands of a document that begin with `cargo test` and are for this package.
fn commands(document: &str) -> Vec<Vec<String>> {
    let text = document.replace('\n', " ");
    let commands = text.split('`').filter(|text| text.starts_with("cargo test "));
    let own = commands.filter(|text| !text.contains(" -p ") && !text.contains("--manifest-path"));
    own.map(|text| text.split_whitespace().skip(2).map(str::to_owned).collect()).collect()
}

#[test]
fn every_test_that_a_document_tells_to_run_exists() {
    let mut seen = 0_usize;
    for document in DOCUMENTS {
        for command in commands(&read(document)) {
            let mut texts = Vec::new();
            let mut words = command.iter().map(String::as_str);
            let mut filter = None;
            while let Some(word) = words.next() {
                match word {
                    "--test" => {
                        let name = words.next().unwrap_or_default();
                        let found = target(name);
                        texts.extend(found.unwrap_or_else(|| panic!("{document}: no test {name}")));
                    }
                    "--lib" => texts.extend(self::texts(&root().join("src"))),
                    "--features" => drop(words.next()),
                    "--" => break,
                    word if word.starts_with('-') => {}
                    word => filter = Some(word),
                }
            }
            let Some(filter) = filter else { continue };
            // `bounds::a_url` is a name in a module, `bounds` a module or a part of a name.
            let (module, name) = filter.split_once("::").unwrap_or(("", filter));
            let is_named = |line: &str| {
                line.trim_start().strip_prefix("fn ").is_some_and(|rest| {
                    rest.split('(').next().is_some_and(|found| found.contains(name))
                }) || line == format!("mod {name};")
            };
            let exists = texts.iter().any(|text| text.lines().any(is_named));
            assert!(exists, "{document}: no test is called {filter}");
            assert!(
                module.is_empty()
                    || texts.iter().any(|text| text.contains(&format!("mod {module};"))),
                "{document}: no module is called {module}"
            );
            seen = seen.saturating_add(1);
        }
    }
    assert!(seen > 30, "{seen} commands with the name of a test");
}

/// The files, in the order of SECURITY.md's map, which `boundary` compares with the core.
#[test]
fn the_audit_has_a_question_and_a_command_for_each_file_of_the_core() {
    let map = read("SECURITY.md");
    let rows = map.lines().filter_map(|line| line.strip_prefix("| `src/")?.split('`').next());
    let audit = read("AUDIT.md");
    let sections: Vec<_> = audit.split("\n### `src/").skip(1).collect();
    let files = sections.iter().filter_map(|section| section.split('`').next());
    assert!(files.eq(rows), "AUDIT.md walks through the files of SECURITY.md in their order");
    for section in sections {
        let section = section.split("\n## ").next().unwrap_or_default();
        for question in section.split("\n- ").skip(1) {
            assert!(question.contains('?'), "no question: {question}");
        }
        let asks = section.matches("\n- ").count();
        let answers = section.matches("`cargo ").count() + section.matches("`grep ").count();
        assert!(asks > 0 && answers >= asks, "a question without a command: {section}");
    }
}

/// A `grep` of the page prints as many lines as the question says, or one.
#[test]
fn each_grep_of_the_audit_prints_as_many_lines_as_it_says() {
    let audit = read("AUDIT.md").replace('\n', " ");
    let mut seen = 0_usize;
    for question in audit.split(" - ") {
        let Some((asked, grep)) = question.split_once("`grep ") else { continue };
        let grep = format!("grep {}", grep.split('`').next().unwrap_or_default());
        let said = [("Two lines", 2), ("Two files", 2)];
        let said = said.into_iter().find(|(words, _)| asked.contains(words));
        let printed = Command::new("sh").args(["-c", &grep]).current_dir(root()).output();
        let printed = printed.unwrap_or_else(|error| panic!("{grep}: {error}")).stdout;
        let printed = String::from_utf8_lossy(&printed);
        let lines = said.map_or(1, |(_, lines)| lines);
        assert_eq!(printed.lines().count(), lines, "{grep} prints {printed}");
        seen = seen.saturating_add(1);
    }
    assert_eq!(seen, 4, "greps");
}
