//! How far it is: a bar on a terminal, one line a step elsewhere.

use std::io::{self, IsTerminal, Write};

use sam_ba::{Progress, Step};

const WIDTH: usize = 30;

/// Shows progress on stderr.
#[derive(Debug)]
pub(crate) struct Bar {
    on_terminal: bool,
    step: Option<Step>,
}

impl Bar {
    pub(crate) fn new() -> Self {
        Self { on_terminal: io::stderr().is_terminal(), step: None }
    }

    pub(crate) fn show(&mut self, progress: Progress) {
        let before = self.step.replace(progress.step);
        let same_step = before == Some(progress.step);
        let mut out = io::stderr().lock();
        // Whoever has closed stderr does not want to know.
        let _ = match before {
            _ if !self.on_terminal && same_step => Ok(()),
            _ if !self.on_terminal => writeln!(out, "{}", progress.step),
            None => write!(out, "{}", drawn(progress)),
            Some(_) if same_step => write!(out, "\r{}", drawn(progress)),
            Some(_) => write!(out, "\n{}", drawn(progress)),
        };
        let _ = out.flush();
    }

    /// Ends the line of the bar.
    pub(crate) fn finish(&mut self) {
        if self.on_terminal && self.step.is_some() {
            eprintln!();
        }
    }
}

/// One line of the bar.
fn drawn(Progress { step, done, total }: Progress) -> String {
    if total == 0 {
        let patience = if step == Step::Erase { "about 6 s" } else { "" };
        return format!("{:<16} {patience}", step.to_string());
    }
    let full = WIDTH * done / total;
    let bar: String = (0..WIDTH).map(|cell| if cell < full { '#' } else { '.' }).collect();
    format!("{:<16} [{bar}] {:3} %", step.to_string(), 100 * done / total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_empty_at_first_and_full_at_last() {
        let at = |done| drawn(Progress { step: Step::Program, done, total: 4097 });
        assert_eq!(at(0), format!("program          [{}]   0 %", ".".repeat(WIDTH)));
        assert!(at(4096).ends_with(".]  99 %"));
        assert_eq!(at(4097), format!("program          [{}] 100 %", "#".repeat(WIDTH)));
        assert_eq!(
            drawn(Progress { step: Step::Erase, done: 0, total: 0 }).trim_end(),
            "erase            about 6 s"
        );
    }
}
