//! Figures beside their floors and goals: the shape of every `--json` report.

use serde_json::{Value, json};

/// One figure.
#[derive(Debug, Clone, Default)]
pub(crate) struct Row {
    /// What was measured.
    pub(crate) name: String,
    /// The figure; none when it could not be measured.
    pub(crate) value: Option<u64>,
    /// Its unit.
    pub(crate) unit: &'static str,
    /// The physical or protocol limit.
    pub(crate) floor: Option<u64>,
    /// The Arduino stack's figure.
    pub(crate) original: Option<u64>,
    /// The figure must not exceed this.
    pub(crate) goal: Option<u64>,
}

impl Row {
    /// Tells whether the goal is met; none where there is no goal.
    pub(crate) fn met(&self) -> Option<bool> {
        let goal = self.goal?;
        Some(self.value.is_some_and(|value| value <= goal))
    }

    /// Returns the row as JSON.
    pub(crate) fn json(&self) -> Value {
        json!({
            "name": self.name, "value": self.value, "unit": self.unit, "floor": self.floor,
            "original": self.original, "goal": self.goal, "met": self.met(),
        })
    }
}

/// Formats `rows` as a table for people.
pub(crate) fn table(rows: &[Row]) -> String {
    let width = rows.iter().map(|row| row.name.chars().count()).max().unwrap_or(0);
    let number = |value: Option<u64>| value.map_or_else(|| "-".to_owned(), |value| value.to_string());
    let mut text = format!("{:width$}  {:>8} {:4} {:>8}\n", "", "value", "unit", "goal");
    for row in rows {
        let met = match row.met() {
            Some(true) => "met",
            Some(false) => "MISSED",
            None => "",
        };
        let line = format!(
            "{:width$}  {:>8} {:4} {:>8}  {met}",
            row.name,
            number(row.value),
            row.unit,
            number(row.goal)
        );
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(value: Option<u64>, goal: Option<u64>) -> Row {
        Row { name: "flash".into(), value, unit: "B", goal, ..Row::default() }
    }

    #[test]
    fn a_goal_is_met_up_to_and_including_its_figure() {
        assert_eq!(row(Some(10), Some(10)).met(), Some(true));
        assert_eq!(row(Some(11), Some(10)).met(), Some(false));
        assert_eq!(row(Some(11), None).met(), None);
    }

    #[test]
    fn what_could_not_be_measured_meets_no_goal() {
        assert_eq!(row(None, Some(10)).met(), Some(false));
    }

    #[test]
    fn json_has_every_field() {
        let json = row(Some(1), None).json();
        assert_eq!(json["value"], 1);
        for field in ["name", "unit", "floor", "original", "goal", "met"] {
            assert!(json.get(field).is_some(), "{field}");
        }
    }

    #[test]
    fn a_missed_goal_stands_out_in_the_table() {
        assert!(table(&[row(Some(11), Some(10))]).contains("MISSED"));
    }
}
