//! What a person does to the modem and its surroundings, as lines of the program's input.

use core::str::FromStr;
use core::time::Duration;
use std::io::BufRead;
use std::sync::mpsc::{Receiver, channel};

use embedded_hal::digital::OutputPin;
use sara_u201_sim::{Event, Fault, Simulation};

/// The words that are understood.
pub(crate) const WORDS: &str = "\
reset                hold RESET_N for 100 ms
dtr on|off           set DTR (on when the program starts)
sms FROM TEXT        let a short message arrive
ring FROM            let somebody call
hangup               let the far end hang up
tone KEY             let the far end press a key
signal N             set the strength of AT+CSQ
lose-network SECONDS lose the network for a while
lose-context N       let the network end a data context
fault SPEC           add a fault, as --fault does
help                 show this list";

/// One line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Control {
    Reset,
    Dtr(bool),
    Event(Event),
    Fault(Fault),
    Help,
}

impl FromStr for Control {
    type Err = String;

    fn from_str(line: &str) -> Result<Self, String> {
        let (word, rest) = line.trim().split_once(' ').unwrap_or((line.trim(), ""));
        let rest = rest.trim();
        let number = |text: &str| text.parse::<u64>().map_err(|_| format!("{word}: {text:?} is no number"));
        Ok(match word {
            "reset" => Self::Reset,
            "dtr" if matches!(rest, "on" | "off") => Self::Dtr(rest == "on"),
            "sms" => {
                let (from, text) = rest.split_once(' ').ok_or("sms: expected FROM TEXT")?;
                Self::Event(Event::Message { from: from.into(), text: text.into() })
            }
            "ring" if !rest.is_empty() => Self::Event(Event::Ring { from: rest.into() }),
            "hangup" => Self::Event(Event::HangUp),
            "tone" => Self::Event(Event::Tone(rest.chars().next().ok_or("tone: expected a key")?)),
            "signal" => {
                let signal = u8::try_from(number(rest)?).ok().filter(|signal| matches!(signal, 0..=31 | 99));
                Self::Event(Event::Signal(signal.ok_or("signal: expected 0 to 31 or 99")?))
            }
            "lose-network" => Self::Event(Event::RegistrationLost(Duration::from_secs(number(rest)?))),
            "lose-context" => {
                let profile = usize::try_from(number(rest)?).map_err(|error| error.to_string())?;
                Self::Event(Event::ContextLost { profile })
            }
            "fault" => Self::Fault(rest.parse().map_err(|error| format!("fault {rest}: {error}"))?),
            "help" => Self::Help,
            _ => return Err(format!("{line:?} is not understood; `help` lists the words")),
        })
    }
}

impl Control {
    /// Does what the line says. A reset line that is held must be released by the caller.
    pub(crate) fn apply(self, simulation: &Simulation) {
        match self {
            Self::Reset => {
                let Ok(()) = simulation.reset_line().set_high();
            }
            Self::Dtr(on) => {
                let mut line = simulation.dtr_line();
                let Ok(()) = if on { line.set_low() } else { line.set_high() };
            }
            Self::Event(event) => simulation.happen(event),
            Self::Fault(fault) => simulation.add_fault(fault),
            Self::Help => eprintln!("{WORDS}"),
        }
    }
}

/// Reads lines in a thread of their own; mistakes are told on the error output.
pub(crate) fn listen() -> Receiver<Control> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines().map_while(Result::ok) {
            if line.trim().is_empty() {
                continue;
            }
            match line.parse() {
                Ok(control) => {
                    if sender.send(control).is_err() {
                        return;
                    }
                }
                Err(error) => eprintln!("sara-u201-sim: {error}"),
            }
        }
    });
    receiver
}

#[cfg(test)]
mod tests {
    use super::{Control, Event};

    #[test]
    fn lines_are_read_or_refused_with_a_reason() {
        let message = Event::Message { from: "+491".into(), text: "two words".into() };
        assert_eq!("sms +491 two words".parse(), Ok(Control::Event(message)));
        assert_eq!(" dtr off".parse(), Ok(Control::Dtr(false)));
        assert!(matches!("fault reboot@+USOWR/prompt".parse(), Ok(Control::Fault(_))));
        for line in ["dtr maybe", "sms +491", "signal 40", "fault nothing", "dance", "ring", "lose-network x"]
        {
            assert!(line.parse::<Control>().is_err(), "{line}");
        }
        for line in super::WORDS.lines() {
            let word = line.split(' ').next().expect("a word");
            let examples = ["", " on", " 1", " 1 a", " reboot"];
            assert!(examples.iter().any(|rest| format!("{word}{rest}").parse::<Control>().is_ok()), "{word}");
        }
    }
}
