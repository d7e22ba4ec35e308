//! The table of normative statements in README.md is complete, and every test that it names is there.

use std::collections::BTreeSet;
use std::path::Path;

/// Statements of appendix B of MQTT 3.1.1 that bind a client, by section.
///
/// Left out are those that bind servers alone, and those of section 6, which is about WebSocket.
const BINDING: &[(&str, &[u32])] = &[
    ("1.5.3", &[1, 2, 3]),
    ("2.2.2", &[1, 2]),
    ("2.3.1", &[1, 2, 3, 5, 6, 7]),
    ("3.1.0", &[1, 2]),
    ("3.1.2", &[1, 2, 3, 4, 6, 8, 9, 11, 13, 14, 15, 18, 19, 20, 21, 22, 23]),
    ("3.1.3", &[1, 2, 3, 4, 7, 10, 11]),
    ("3.2.0", &[1]),
    ("3.2.2", &[1, 4]),
    ("3.3.1", &[1, 2, 4]),
    ("3.3.2", &[1, 2]),
    ("3.3.4", &[1]),
    ("3.6.1", &[1]),
    ("3.8.1", &[1]),
    ("3.8.3", &[1, 3, 4]),
    ("3.9.3", &[1, 2]),
    ("3.10.1", &[1]),
    ("3.10.3", &[1, 2]),
    ("3.14.4", &[1, 2]),
    ("4.1.0", &[1, 2]),
    ("4.3.1", &[1]),
    ("4.3.2", &[1, 2]),
    ("4.3.3", &[1, 2]),
    ("4.4.0", &[1]),
    ("4.5.0", &[2]),
    ("4.6.0", &[1, 2, 3, 4]),
    ("4.7.1", &[1, 2, 3]),
    ("4.7.3", &[1, 2, 3]),
    ("4.8.0", &[1, 2]),
];

const README: &str = include_str!("../README.md");

/// The rows of the table: statements, and what holds them.
fn rows() -> impl Iterator<Item = (&'static str, &'static str)> {
    README.lines().filter(|line| line.starts_with("| MQTT-")).map(|line| {
        let cells: Vec<_> = line.split('|').map(str::trim).collect();
        let [_, statements, _, held_by, _] = cells[..] else { panic!("{line}") };
        (statements, held_by)
    })
}

/// Reads `MQTT-3.8.1-1, 3.8.3-1, -4 to -6`.
fn statements(cell: &str) -> Vec<(String, u32)> {
    let mut found = Vec::<(String, u32)>::new();
    for item in cell.split(", ") {
        let (first, last) = item.split_once(" to ").unwrap_or((item, item));
        let (section, number) = first.rsplit_once('-').unwrap();
        let section = match section.trim_start_matches("MQTT-") {
            "" => found.last().unwrap().0.clone(),
            section => section.to_owned(),
        };
        let last = last.rsplit_once('-').unwrap().1.parse().unwrap();
        found.extend((number.parse().unwrap()..=last).map(|number| (section.clone(), number)));
    }
    found
}

#[test]
fn every_statement_that_binds_a_client_is_listed() {
    let mut listed: BTreeSet<_> = rows().flat_map(|(cell, _)| statements(cell)).collect();
    if README.contains("MQTT-3.1.3-2 (client ids are unique) is the deployment's to hold") {
        listed.insert(("3.1.3".into(), 2));
    }
    let binding: BTreeSet<_> = BINDING
        .iter()
        .flat_map(|(section, numbers)| numbers.iter().map(|number| ((*section).to_owned(), *number)))
        .collect();
    assert_eq!(listed, binding);
}

#[test]
fn every_test_that_is_named_is_there() {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    for (statements, held_by) in rows() {
        let mut text = String::new();
        for file in held_by.split([' ', ',', ';']).filter(|word| word.ends_with(".rs")) {
            let folder = if file.starts_with("src/") { package.to_owned() } else { package.join("tests") };
            let source = std::fs::read_to_string(folder.join(file));
            text += &source.unwrap_or_else(|error| panic!("{statements}: {file}: {error}"));
        }
        assert!(text.contains("#[test]") || held_by.starts_with("by type: "), "{statements}: no test");
        for name in held_by.split('`').skip(1).step_by(2) {
            let name = name.rsplit("::").next().unwrap();
            if name.contains('_') {
                let prefix = name.trim_end_matches("...");
                let whole = if prefix == name { format!("fn {name}(") } else { format!("fn {prefix}") };
                assert!(text.contains(&whole), "{statements}: no test `{name}`");
            }
        }
    }
}
