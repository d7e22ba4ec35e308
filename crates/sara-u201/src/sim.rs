//! The SIM's locks: PUK, change of the PIN, the PIN request.

use embedded_io::{Read, ReadReady, Write};
use monoclock::Clock;

use monoclock::Millis;

use crate::at::CommandLine;
use crate::command::{Custom, PinAttempts, Reply, Spec, TriesLeft};
use crate::error::Error;
use crate::modem::Modem;
use crate::power::Wiring;

/// Longest time for the SIM to check a code.
const CODE: Millis = Millis::from_secs(10);

impl<S, P, C> Modem<S, P, C>
where
    S: Read + Write + ReadReady,
    P: Wiring<S>,
    C: Clock,
{
    /// How many tries are left for PIN and PUK.
    ///
    /// # Errors
    /// The SIM is absent, or the firmware does not tell.
    pub fn tries_left(&mut self) -> Result<TriesLeft, Error> {
        self.execute(&PinAttempts)
    }

    /// Unlocks the SIM with its PUK and gives it a new PIN. Ten wrong ones destroy the SIM: try once.
    ///
    /// # Errors
    /// [`Error::Refused`] with cause CME 16 when the PUK is wrong.
    pub fn unblock(&mut self, puk: &str, new_pin: &str) -> Result<(), Error> {
        self.codes(const { &Spec::new("+CPIN=").within(CODE) }, |line| {
            line.text(puk).text(new_pin);
        })
    }

    /// Changes the PIN. The PIN request must be on.
    ///
    /// # Errors
    /// [`Error::Refused`] with cause CME 16 when the old PIN is wrong, which costs a try.
    pub fn change_pin(&mut self, old_pin: &str, new_pin: &str) -> Result<(), Error> {
        self.codes(const { &Spec::new("+CPWD=").within(CODE) }, |line| {
            line.text("SC").text(old_pin).text(new_pin);
        })
    }

    /// Tells whether the SIM asks for its PIN when it is switched on.
    ///
    /// # Errors
    /// The SIM is absent or locked.
    pub fn pin_request(&mut self) -> Result<bool, Error> {
        let spec = const { &Spec::new("+CLCK=").reply(Reply::Line).within(Spec::NETWORK) };
        let encode = |line: &mut CommandLine| {
            line.text("SC").number(2u8);
        };
        self.execute(&Custom::new(spec, encode, |mut answer| Some(answer.number::<u8>()? == 1)))
    }

    /// Switches the PIN request on or off.
    ///
    /// # Errors
    /// [`Error::Refused`] with cause CME 16 when the PIN is wrong, which costs a try.
    pub fn set_pin_request(&mut self, on: bool, pin: &str) -> Result<(), Error> {
        self.codes(const { &Spec::new("+CLCK=").within(Spec::NETWORK) }, |line| {
            line.text("SC").number(u8::from(on)).text(pin);
        })
    }

    fn codes(&mut self, spec: &'static Spec, encode: impl Fn(&mut CommandLine)) -> Result<(), Error> {
        self.execute(&Custom::plain(spec, encode))
    }
}
