//! What the repository's files must not hold, and how long they may be.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::{exec, workspace};

/// The most lines a Rust file may have; its tests are not counted.
const MAXIMUM_LINES: usize = 400;

/// A file that is longer says why in a line that begins so.
const LONG_FOR_A_REASON: &str = "//! Over 400 lines: ";

/// Words for work that is left open; it belongs under "Not yet" in a crate's README.
const OPEN_POINTS: [&str; 3] = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X:")];

/// Directories of one person's machine.
const MACHINE_PATHS: [&str; 4] =
    [concat!("/wo", "rk/"), concat!("/ro", "ot/"), concat!("/ho", "me/"), concat!("/tmp/te", "am")];

/// Hosts that packages come from: the machine that builds knows its own.
const REGISTRY_HOSTS: [&str; 7] = [
    concat!("crates", ".io"),
    concat!("pypi", ".org"),
    concat!("npmjs", ".org"),
    concat!("deb.debian", ".org"),
    concat!("sparse+", "http"),
    concat!("replace", "-with"),
    concat!("files.python", "hosted"),
];

/// How Cargo.lock names the public registry, wherever it is fetched from.
const LOCKED_SOURCE: &str = concat!("registry+https://github.com/rust-lang/crates", ".io-index");

/// Lists every breach in the files of the workspace.
pub(crate) fn findings() -> Result<Vec<String>> {
    let mut findings = Vec::new();
    for file in source_files()? {
        let path = workspace::root().join(&file);
        let bytes = std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let Ok(text) = String::from_utf8(bytes) else { continue };
        let shown = file.to_string_lossy();
        findings.extend(unwanted(&text).into_iter().map(|(line, word)| format!("{shown}:{line}: `{word}`")));
        let lines = lines_without_tests(&file, &text);
        if lines > MAXIMUM_LINES && !text.lines().any(|line| line.starts_with(LONG_FOR_A_REASON)) {
            findings.push(format!("{shown}: {lines} lines without tests, at most {MAXIMUM_LINES}"));
        }
    }
    Ok(findings)
}

/// Lists the files of the repository, new ones included, relative to the root; where there is none, all but what is
/// built.
fn source_files() -> Result<Vec<PathBuf>> {
    let mut git = Command::new("git");
    git.current_dir(workspace::root()).args([
        "-c",
        "safe.directory=*",
        "ls-files",
        "-z",
        "--cached",
        "--others",
        "--exclude-standard",
    ]);
    if let Ok(listed) = exec::stdout(&mut git) {
        let files = listed.split('\0').filter(|file| !file.is_empty()).map(PathBuf::from);
        return Ok(files.filter(|file| workspace::root().join(file).is_file()).collect());
    }
    let mut files = Vec::new();
    walk(workspace::root(), Path::new(""), &mut files)?;
    Ok(files)
}

fn walk(root: &Path, directory: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    for entry in std::fs::read_dir(root.join(directory))? {
        let entry = entry?;
        let path = directory.join(entry.file_name());
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.file_type()?.is_dir() {
            if name != ".git" && !name.starts_with("target") {
                walk(root, &path, files)?;
            }
        } else {
            files.push(path);
        }
    }
    Ok(())
}

/// Returns each unwanted word of `text` with its line.
fn unwanted(text: &str) -> Vec<(usize, &'static str)> {
    let words = OPEN_POINTS.iter().chain(&MACHINE_PATHS).chain(&REGISTRY_HOSTS);
    let mut found = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.replace(LOCKED_SOURCE, "");
        let hits = words.clone().filter(|word| line.contains(**word));
        found.extend(hits.map(|word| (index.saturating_add(1), *word)));
    }
    found
}

/// Counts the lines of a Rust file up to its test module; files that are tests as a whole count nothing.
fn lines_without_tests(file: &Path, text: &str) -> usize {
    let is_rust = file.extension().is_some_and(|extension| extension == "rs");
    let is_test = file.components().any(|part| part.as_os_str() == "tests") || file.ends_with("tests.rs");
    if !is_rust || is_test {
        return 0;
    }
    let mut lines = text.lines().peekable();
    let mut count = 0_usize;
    while let Some(line) = lines.next() {
        let starts_tests = line.starts_with("#[cfg(") && line.contains("test");
        if starts_tests && lines.peek().is_some_and(|next| next.starts_with("mod ") && next.ends_with('{')) {
            break;
        }
        count = count.saturating_add(1);
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn open_points_machine_paths_and_registry_hosts_are_found_with_their_line() {
        for word in OPEN_POINTS.iter().chain(&MACHINE_PATHS).chain(&REGISTRY_HOSTS) {
            assert!(unwanted(&format!("first\nsecond {word} end\n")).contains(&(2, *word)), "{word}");
        }
        assert!(unwanted("a plain line\n").is_empty());
    }

    #[test]
    fn the_lock_files_own_sources_are_no_breach() {
        assert!(unwanted(&format!("source = \"{LOCKED_SOURCE}\"\n")).is_empty());
        assert!(!unwanted(&format!("source = \"{}\"\n", concat!("sparse+", "http://mirror/"))).is_empty());
    }

    #[test]
    fn tests_at_the_foot_of_a_file_are_not_counted() {
        let body = "fn f() {}\n".repeat(MAXIMUM_LINES);
        let tests = "#[cfg(test)]\nmod tests {\n}\n".to_owned() + &"\n".repeat(500);
        let file = Path::new("crates/x/src/lib.rs");
        assert_eq!(lines_without_tests(file, &(body.clone() + &tests)), MAXIMUM_LINES);
        assert!(lines_without_tests(file, &(body + "fn one_more() {}\n")) > MAXIMUM_LINES);
    }

    #[test]
    fn a_test_only_item_in_the_middle_does_not_end_the_count() {
        let text = "#[cfg(test)]\nuse std::vec;\n".to_owned() + &"fn f() {}\n".repeat(MAXIMUM_LINES);
        assert!(lines_without_tests(Path::new("src/lib.rs"), &text) > MAXIMUM_LINES);
    }

    #[test]
    fn files_that_are_tests_as_a_whole_may_be_long() {
        let text = "fn f() {}\n".repeat(1000);
        assert_eq!(lines_without_tests(Path::new("crates/x/tests/soak.rs"), &text), 0);
        assert_eq!(lines_without_tests(Path::new("README.md"), &text), 0);
        assert_eq!(lines_without_tests(Path::new("crates/x/src/soak.rs"), &text), 1000);
    }

    #[test]
    fn the_files_that_are_checked_include_this_one() {
        assert!(source_files().unwrap().contains(&PathBuf::from("xtask/src/ci/sources.rs")));
    }
}
