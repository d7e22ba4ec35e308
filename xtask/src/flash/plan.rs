//! What will be done, with addresses, before anything is done.

use core::ops::Range;

use sam_ba::{APPLICATION_START, FLASH_END, Flasher, ROW, Region, Settings, Step};
use serde_json::{Value, json};

use super::Tool;
use super::program::{Program, sha256};
use crate::board::{Kind, Stop};

/// What the board's programs keep in flash: stored events, and then the settings, to the end.
pub(crate) const STORED: u32 = 0x3_B800;

/// A program and how it is to be installed.
#[derive(Debug)]
pub(crate) struct Plan<'a> {
    pub(crate) program: &'a Program,
    pub(crate) flasher: Flasher<'a>,
    tool: Tool,
    keeps: bool,
    steps: Vec<(String, Range<u32>)>,
}

impl<'a> Plan<'a> {
    pub(crate) fn new(program: &'a Program, erase: bool, verify: bool, tool: Tool) -> Result<Self, Stop> {
        let region = Region::from(STORED).map_err(|error| Stop::new(Kind::Usage, error))?;
        let settings = if erase { Settings::Erase } else { Settings::Keep(region) };
        let flasher = Flasher::new(&program.image, settings).map_err(|error| {
            Stop::new(Kind::Usage, error).advise("Say --erase-settings if what the board keeps may go.")
        })?;
        let flasher = if verify { flasher } else { flasher.without_verification() };
        let range = |step| match step {
            Step::ReadSettings | Step::RestoreSettings => region.range(),
            Step::Erase => APPLICATION_START..FLASH_END,
            Step::Program | Step::Verify => program.image.range(),
            _ => 0..0,
        };
        let mut steps: Vec<_> = match tool {
            Tool::ProbeRs => [Step::Program, Step::Verify].map(|step| (step.to_string(), range(step))).into(),
            _ => flasher.steps().into_iter().map(|step| (step.to_string(), range(step))).collect(),
        };
        steps.push(("reset".to_owned(), 0..0));
        Ok(Self { program, flasher, tool, keeps: !erase, steps })
    }

    /// The plan for people; each step only where it will not show itself.
    pub(crate) fn shown(&self, with_steps: bool) -> String {
        let Program { file, sha256: sum, image, .. } = self.program;
        let mut lines = vec![
            format!("file    {}", file.display()),
            format!("sha256  {sum}"),
            format!(
                "image   {}, {} bytes, CRC 0x{:04X}",
                addresses(&image.range()),
                image.bytes().len(),
                image.checksum()
            ),
        ];
        if with_steps {
            for (number, (step, range)) in (1..).zip(&self.steps) {
                let line = format!("step {number}  {step:<17} {}", self.detail(step, range));
                lines.push(line.trim_end().to_owned());
            }
        }
        lines.join("\n")
    }

    pub(crate) fn json(&self, dry_run: bool) -> Value {
        let Program { file, sha256: sum, image, .. } = self.program;
        let steps = self.steps.iter().map(|(step, range)| {
            if range.is_empty() {
                json!({ "step": step })
            } else {
                json!({ "step": step, "start": range.start, "end": range.end })
            }
        });
        json!({
            "ok": true,
            "dry_run": dry_run,
            "file": file,
            "sha256": sum,
            "image": {
                "start": image.range().start,
                "end": image.range().end,
                "bytes": image.bytes().len(),
                "crc16": image.checksum(),
                "sha256": sha256(image.bytes()),
            },
            "keeps_settings": self.keeps,
            "steps": steps.collect::<Vec<_>>(),
        })
    }

    fn detail(&self, step: &str, range: &Range<u32>) -> String {
        match step {
            "identify" => "the loader's version, and the part: an ATSAMD21G18A".to_owned(),
            "read settings" => format!("{}, kept in memory only", addresses(range)),
            "erase" => {
                format!("{}, {} rows; nothing below is touched", addresses(range), range.len() / ROW as usize)
            }
            "program" if self.tool == Tool::ProbeRs => format!("{}, over the debug probe", addresses(range)),
            "restore settings" => format!("{}, CRC compared", addresses(range)),
            "verify" => format!("{}, CRC compared", addresses(range)),
            "reset" => "the program starts".to_owned(),
            _ => addresses(range),
        }
    }
}

fn addresses(range: &Range<u32>) -> String {
    format!("0x{:05X}..0x{:05X}", range.start, range.end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace;

    #[test]
    fn what_is_kept_is_what_the_programs_are_kept_out_of() {
        let memory = workspace::root().join("crates/mkr-gsm-1400/memory.x");
        let text = std::fs::read_to_string(memory).unwrap();
        let line = text.lines().find(|line| line.trim_start().starts_with("FLASH")).unwrap();
        let (origin, length) = line.split_once("LENGTH =").unwrap();
        assert!(origin.contains("0x00002000"));
        let mut terms =
            length.split('-').map(|term| term.trim().trim_end_matches('K').parse::<u32>().unwrap());
        let all = terms.next().unwrap();
        assert_eq!(APPLICATION_START + (all - terms.sum::<u32>()) * 1024, STORED);
    }
}
