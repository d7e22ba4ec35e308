//! The real image on the emulated board, in the same world as the host's build of the tutorial.

use core::fmt::{self, Write as _};
use core::time::Duration;

use samd21_sim::Time;
use samd21_sim::board::usb_host::Console;
use samd21_sim::board::{Board, BoardSettings};
use samd21_sim::chip::Chip;
use samd21_sim::image::{Image, ImageError};
use samd21_sim::machine::Machine;
use samd21_sim::peripherals;
use samd21_sim::run::{Entry, Failure, Pause, Run};

use crate::{Terminal, World};

/// The world looks at the board this often.
const SLICE: Time = Time::from_millis(5);

/// A board with a program in its flash.
pub struct VirtualBoard {
    run: Run,
    console: Console,
    /// What the console still has to ask, and what is typed then.
    answers: Vec<(&'static str, &'static str)>,
    /// Where in what was shown the next question is looked for.
    answered: usize,
}

/// Why the board does not go on.
#[derive(Debug)]
#[non_exhaustive]
pub enum BoardError {
    /// The file is no image.
    Image(ImageError),
    /// The firmware has failed, there.
    Firmware(Failure, Vec<String>),
    /// It has not come to its end in time.
    Late(Duration),
}

impl VirtualBoard {
    /// Puts a board into `world` and an image (an ELF file's bytes) into its flash.
    ///
    /// # Errors
    /// When it is no image.
    pub fn new(world: &World, elf: &[u8]) -> Result<Self, BoardError> {
        let mut chip = Chip::bare();
        peripherals::attach(&mut chip);
        let board = Board::wire(&mut chip, &world.element, &world.modem, BoardSettings::default());
        let run = started(Machine::new(chip), elf)?;
        Ok(Self { run, console: board.console, answers: Vec::new(), answered: 0 })
    }

    /// Writes another image into the same board's flash and gives it power again.
    ///
    /// # Errors
    /// When it is no image.
    pub fn flash(self, elf: &[u8]) -> Result<Self, BoardError> {
        let run = started(self.run.machine, elf)?;
        Ok(Self { run, console: self.console, answers: Vec::new(), answered: 0 })
    }

    /// Types `answer` and Enter once `question` has been shown; one after the other.
    #[must_use]
    pub fn answering(mut self, answers: &[(&'static str, &'static str)]) -> Self {
        self.answers = answers.iter().rev().copied().collect();
        self
    }

    /// Takes the power away and gives it back; the modem has a battery.
    pub fn cut_power(&mut self) {
        self.run.cut_power();
    }

    /// Borrows the run: cycles, sleep, stack.
    #[must_use]
    pub const fn run(&self) -> &Run {
        &self.run
    }

    /// Lets the board live until `done`, at most for `limit`, and shows its console on `terminal`.
    ///
    /// # Errors
    /// When the firmware fails, or when it is late.
    pub fn run_until(
        &mut self,
        world: &World,
        terminal: &mut Terminal,
        limit: Duration,
        mut done: impl FnMut(&str) -> bool,
    ) -> Result<(), BoardError> {
        self.answered = terminal.shown().len();
        let end = self.run.machine.now() + Time::from_duration(limit);
        while self.run.machine.now() < end {
            let pause = self.run.run_until(self.run.machine.now() + SLICE);
            world.clock.advance_to(self.run.machine.now().as_duration());
            let output = self.console.take_output();
            // A monitor that was closed shows nothing; the board goes on.
            let _ = terminal.write_str(&String::from_utf8_lossy(&output).replace('\r', ""));
            if let Pause::Failed(failure) = pause {
                let places = self.run.backtrace().iter().map(ToString::to_string).collect();
                return Err(BoardError::Firmware(failure, places));
            }
            self.answer(terminal.shown());
            world.pass_time();
            if done(terminal.shown()) {
                return Ok(());
            }
        }
        Err(BoardError::Late(limit))
    }

    fn answer(&mut self, shown: &str) {
        let Some((question, answer)) = self.answers.last() else { return };
        if let Some(at) = shown.get(self.answered..).and_then(|new| new.find(question)) {
            self.answered += at + question.len();
            self.console.type_in(answer.as_bytes());
            self.console.type_in(b"\n");
            self.answers.pop();
        }
    }
}

fn started(machine: Machine, elf: &[u8]) -> Result<Run, BoardError> {
    let image = Image::parse(elf, None).map_err(BoardError::Image)?;
    Ok(Run::new(machine, image, Entry::Loader))
}

impl fmt::Debug for VirtualBoard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VirtualBoard").field("answers", &self.answers).finish_non_exhaustive()
    }
}

impl fmt::Display for BoardError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Image(_) => f.write_str("the file is no image for the board"),
            Self::Firmware(failure, places) => {
                write!(f, "{failure}")?;
                places.iter().try_for_each(|place| write!(f, "\n  {place}"))
            }
            Self::Late(limit) => write!(f, "the board has not come to its end in {} s", limit.as_secs()),
        }
    }
}

impl core::error::Error for BoardError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Image(error) => Some(error),
            _ => None,
        }
    }
}
