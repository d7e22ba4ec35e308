//! The programs for the board, beside their budgets, their goals and the original's figures.

use std::path::PathBuf;

use anyhow::{Context, Result};
use serde_json::{Value, json};
use toml::Table;

use super::image::Image;
use super::origin::Origins;
use super::{irreversible, stack};
use crate::build::firmware::{self, Program};
use crate::rows::Row;
use crate::setup::Tools;
use crate::workspace;

/// What was measured of one program the last time somebody accepted it; a change may not exceed it.
const BUDGETS: &str = "budgets.toml";
/// A budget for flash is a multiple of this: a word here or there is no matter.
const GRAIN: u64 = 256;
/// The most functions that are listed.
const LISTED: usize = 25;

/// What a program is measured against.
struct Goal {
    name: &'static str,
    /// Flash, static RAM, and RAM with heap and stack, of the sketch that it replaces, in bytes.
    original: Option<[u64; 3]>,
    /// The most flash.
    flash: u64,
    /// The most static RAM.
    ram: Option<u64>,
}

const GOALS: [Goal; 4] = [
    Goal { name: "blink", original: Some([12_748, 2_984, 3_116]), flash: 1_500, ram: None },
    Goal { name: "blink-usb", original: Some([12_748, 2_984, 3_116]), flash: 13_500, ram: None },
    Goal { name: "cloud", original: Some([93_992, 5_512, 11_968]), flash: 40_000, ram: Some(3_500) },
    Goal { name: "provision", original: Some([20_076, 4_336, 5_156]), flash: 20_000, ram: None },
];

/// Everything that was measured.
#[derive(Default)]
pub(super) struct Report {
    /// The figures.
    pub(super) rows: Vec<Row>,
    /// What people read.
    pub(super) text: String,
    /// More about each program, by its name.
    pub(super) details: serde_json::Map<String, Value>,
    /// What exceeds its budget, has none, or holds code that it must not.
    pub(super) exceeded: Vec<String>,
}

/// Measures the programs `names`; `accept` makes the figures their budgets.
pub(super) fn measure(tools: &Tools, names: &[String], functions: bool, accept: bool) -> Result<Report> {
    let origins = Origins::of_this_workspace()?;
    let mut budgets = Budgets::read()?;
    let mut report = Report::default();
    let with_goals: Vec<String> = names.iter().filter(|name| goal(name).is_some()).cloned().collect();
    let located = firmware::build_located(tools, &with_goals)?;
    for program in firmware::build(tools, names)? {
        let image = Image::read(&program.elf, &origins)?;
        let stack = stack::estimate(&std::fs::read(&program.elf)?)?;
        let panics = match located.iter().find(|located| located.name == program.name) {
            Some(located) => Image::read(&located.elf, &origins)?.panics,
            None => Vec::new(),
        };
        if accept {
            budgets.accept(&program);
        }
        report.exceeded.extend(budgets.exceeded_by(&program));
        report.exceeded.extend(irreversible::findings(&program.name, &image)?);
        report.rows.extend(rows(&program, stack));
        report.text.push_str(&shown(&program, &image, &panics, functions, &budgets));
        let crates: serde_json::Map<_, _> =
            image.bytes_by_crate.iter().map(|(owner, bytes)| (owner.clone(), json!(bytes))).collect();
        let places: Vec<_> =
            panics.iter().map(|(owner, place)| json!({ "crate": owner, "place": place })).collect();
        report.details.insert(
            program.name.clone(),
            json!({
                "flash": program.flash, "ram": program.ram, "stack_estimate": stack, "crates": crates,
                "panics": places, "budget": budgets.of(&program.name).map(|[flash, ram]| json!({ "flash": flash, "ram": ram })),
            }),
        );
    }
    if accept {
        budgets.write()?;
    }
    Ok(report)
}

fn goal(name: &str) -> Option<&'static Goal> {
    GOALS.iter().find(|goal| goal.name == name)
}

fn rows(program: &Program, stack: Option<u64>) -> [Row; 3] {
    let goal = goal(&program.name);
    let original = |place: usize| goal.and_then(|goal| goal.original)?.get(place).copied();
    let row = |what: &str, value, original, goal| Row {
        name: format!("{}: {what}", program.name),
        value,
        unit: "B",
        original,
        goal,
        ..Row::default()
    };
    [
        row("flash of the image", Some(program.flash as u64), original(0), goal.map(|goal| goal.flash)),
        row("static RAM of the image", Some(program.ram), original(1), goal.and_then(|goal| goal.ram)),
        // An estimate, so it meets no goal, nor misses one.
        row("RAM with stack, estimated", stack.map(|stack| stack + program.ram), original(2), None),
    ]
}

fn shown(
    program: &Program,
    image: &Image,
    panics: &[(String, String)],
    functions: bool,
    budgets: &Budgets,
) -> String {
    let mut text = format!("{}: {} B flash, {} B static RAM", program.name, program.flash, program.ram);
    if let Some([flash, ram]) = budgets.of(&program.name) {
        text.push_str(&format!(", budget {flash} B and {ram} B"));
    }
    text.push_str("; by crate:\n");
    for (owner, bytes) in &image.bytes_by_crate {
        text.push_str(&format!("  {bytes:>8}  {owner}\n"));
    }
    if !panics.is_empty() {
        text.push_str(&format!("  {} panics are left:\n", panics.len()));
        for (owner, place) in panics {
            text.push_str(&format!("            {owner}  {place}\n"));
        }
    }
    if functions {
        for (name, bytes) in image.functions.iter().take(LISTED) {
            text.push_str(&format!("  {bytes:>8}  {name}\n"));
        }
    }
    text.push('\n');
    text
}

/// The committed budgets.
struct Budgets {
    path: PathBuf,
    table: Table,
}

impl Budgets {
    fn read() -> Result<Self> {
        let path = workspace::root().join(firmware::DIRECTORY).join(BUDGETS);
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        let table = text.parse().with_context(|| format!("cannot read {}", path.display()))?;
        Ok(Self { path, table })
    }

    /// Flash and static RAM that a program may have.
    fn of(&self, name: &str) -> Option<[u64; 2]> {
        let budget = self.table.get(name)?;
        let figure = |field| u64::try_from(budget.get(field)?.as_integer()?).ok();
        Some([figure("flash")?, figure("ram")?])
    }

    fn accept(&mut self, program: &Program) {
        let mut budget = Table::new();
        let flash = (program.flash as u64).next_multiple_of(GRAIN);
        for (field, value) in [("flash", flash), ("ram", program.ram)] {
            budget.insert(field.into(), i64::try_from(value).unwrap_or(i64::MAX).into());
        }
        self.table.insert(program.name.clone(), budget.into());
    }

    fn exceeded_by(&self, program: &Program) -> Vec<String> {
        let name = &program.name;
        let Some(budget) = self.of(name) else {
            return vec![format!("{name} has no budget in {BUDGETS}")];
        };
        let figures = [("flash", program.flash as u64), ("static RAM", program.ram)].into_iter().zip(budget);
        let exceeded = figures.filter(|&((_, value), budget)| value > budget);
        exceeded
            .map(|((what, value), budget)| format!("{name}: {value} B of {what}, its budget is {budget} B"))
            .collect()
    }

    fn write(&self) -> Result<()> {
        let mut text = String::from(
            "# Bytes that each program was measured with; `cargo xtask size` fails when one takes more.\n\
             # `cargo xtask size --accept` writes new figures. Measured with the Debian toolchain of CI.\n",
        );
        for name in self.table.keys() {
            if let Some([flash, ram]) = self.of(name) {
                text.push_str(&format!("{name} = {{ flash = {flash}, ram = {ram} }}\n"));
            }
        }
        std::fs::write(&self.path, text).with_context(|| format!("cannot write {}", self.path.display()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn program(flash: usize, ram: u64) -> Program {
        let path = PathBuf::new();
        Program {
            name: "blink".into(),
            elf: path.clone(),
            bin: path.clone(),
            map: path,
            flash,
            ram,
            secrets: Vec::new(),
        }
    }

    fn budgets(text: &str) -> Budgets {
        Budgets { path: PathBuf::new(), table: text.parse().unwrap() }
    }

    #[test]
    fn a_budget_is_kept_up_to_and_including_its_figure() {
        let budgets = budgets("blink = { flash = 100, ram = 8 }");
        assert!(budgets.exceeded_by(&program(100, 8)).is_empty());
        assert_eq!(budgets.exceeded_by(&program(101, 9)).len(), 2);
    }

    #[test]
    fn a_program_without_a_budget_is_noticed() {
        assert_eq!(budgets("").exceeded_by(&program(1, 1)).len(), 1);
    }

    #[test]
    fn accepted_figures_are_the_new_budget() {
        let mut budgets = budgets("blink = { flash = 100, ram = 8 }");
        budgets.accept(&program(120, 4));
        assert_eq!(budgets.of("blink"), Some([256, 4]));
    }

    #[test]
    fn every_program_has_a_committed_budget() {
        let budgets = Budgets::read().unwrap();
        for name in firmware::programs().unwrap() {
            assert!(budgets.of(&name).is_some(), "{name}");
        }
    }

    #[test]
    fn an_estimate_meets_no_goal() {
        let rows = rows(&program(1_000, 16), Some(200));
        assert_eq!(rows[0].met(), Some(true));
        assert_eq!((rows[2].value, rows[2].met()), (Some(216), None));
    }
}
