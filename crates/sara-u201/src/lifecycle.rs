//! Power off, power saving.

use embedded_io::{Read, ReadReady, Write};
use monoclock::Clock;

use crate::at::CommandLine;
use crate::command::{Custom, PowerOff, Spec};
use crate::error::Error;
use crate::modem::Modem;
use crate::power::Wiring;

/// How the modem saves power while it has nothing to do, `AT+UPSV`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PowerSaving {
    /// 0: it does not.
    #[default]
    Off,
    /// 1: the serial port sleeps after some seconds of silence; the first character that wakes it is lost.
    Idle,
    /// 3: the modem sleeps while DTR is not asserted. Needs DTR wired; the driver asserts it for every
    /// command, and URCs come in either case.
    Dtr,
}

impl PowerSaving {
    /// `AT+UPSV=`, ready to run.
    pub(crate) fn command(self) -> Custom<impl Fn(&mut CommandLine), ()> {
        let number: u8 = match self {
            Self::Off => 0,
            Self::Idle => 1,
            Self::Dtr => 3,
        };
        Custom::plain(const { &Spec::new("+UPSV=") }, move |line| {
            line.number(number);
        })
    }
}

impl<S, P, C> Modem<S, P, C>
where
    S: Read + Write + ReadReady,
    P: Wiring<S>,
    C: Clock,
{
    /// Chooses how the modem saves power. The modem keeps the choice over restarts.
    ///
    /// # Errors
    /// [`Error::Argument`] when DTR is needed and not wired.
    pub fn set_power_saving(&mut self, saving: PowerSaving) -> Result<(), Error> {
        if saving == PowerSaving::Dtr && !self.set_dtr(true) {
            return Err(Error::Argument("power saving by DTR"));
        }
        self.execute(&saving.command())?;
        self.set_saving(saving);
        Ok(())
    }

    /// Switches the modem off: it leaves the network and saves what it must keep, in up to 40 seconds.
    /// [`Modem::start`] switches it on again, if RESET_N is wired.
    ///
    /// # Errors
    /// The modem does not confirm.
    pub fn power_off(&mut self) -> Result<(), Error> {
        let confirmed = self.execute(&PowerOff);
        self.forget_everything();
        confirmed
    }
}
