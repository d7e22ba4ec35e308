//! Who the modem and its SIM are.

use embedded_io::{Read, ReadReady, Write};
use monoclock::Clock;

use heapless::String;

use crate::at::Fields;
use crate::command::{Custom, Reply, Spec};
use crate::error::Error;
use crate::modem::Modem;
use crate::power::Wiring;

/// An identity: digits or a short name.
pub type Identity = String<32>;

impl<S, P, C> Modem<S, P, C>
where
    S: Read + Write + ReadReady,
    P: Wiring<S>,
    C: Clock,
{
    /// The IMEI, the modem's own number (`AT+CGSN`): 15 digits.
    ///
    /// # Errors
    /// The modem does not answer, or not with digits.
    pub fn imei(&mut self) -> Result<Identity, Error> {
        self.identity(const { &Spec::new("+CGSN").reply(Reply::Digits) })
    }

    /// The IMSI, the subscriber's number (`AT+CIMI`).
    ///
    /// # Errors
    /// As [`Modem::imei`]; the SIM must be unlocked.
    pub fn imsi(&mut self) -> Result<Identity, Error> {
        self.identity(const { &Spec::new("+CIMI").reply(Reply::Digits).within(Spec::SOCKET) })
    }

    /// The ICCID, the SIM card's number (`AT+CCID`).
    ///
    /// # Errors
    /// As [`Modem::imei`].
    pub fn iccid(&mut self) -> Result<Identity, Error> {
        self.identity(const { &Spec::new("+CCID").reply(Reply::Line).within(Spec::SOCKET) })
    }

    /// The model (`AT+CGMM`): `SARA-U201`.
    ///
    /// # Errors
    /// The modem does not answer.
    pub fn model(&mut self) -> Result<Identity, Error> {
        self.identity(const { &Spec::new("+CGMM").reply(Reply::Text) })
    }

    /// The firmware's version (`AT+CGMR`), on which the TLS abilities depend.
    ///
    /// # Errors
    /// The modem does not answer.
    pub fn firmware(&mut self) -> Result<Identity, Error> {
        self.identity(const { &Spec::new("+CGMR").reply(Reply::Text) })
    }

    fn identity(&mut self, spec: &'static Spec) -> Result<Identity, Error> {
        self.execute(&Custom::new(spec, |_| {}, identity))
    }
}

fn identity(mut answer: Fields<'_>) -> Option<Identity> {
    Identity::try_from(answer.text()?).ok()
}
