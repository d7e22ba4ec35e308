//! Where the modem is, by the cells around it (CellLocate).

use embedded_io::{Read, ReadReady, Write};
use monoclock::Clock;

use monoclock::Millis;

use crate::command::{Custom, Spec};
use crate::error::Error;
use crate::modem::Modem;
use crate::power::Wiring;
use crate::urc::{Location, Urc};

impl<S, P, C> Modem<S, P, C>
where
    S: Read + Write + ReadReady,
    P: Wiring<S>,
    C: Clock,
{
    /// Asks u-blox's service for the location; none if no answer came within `timeout`. Needs packet data.
    ///
    /// `accuracy` in metres is what is aimed at.
    ///
    /// # Errors
    /// The modem refuses, or restarts.
    pub fn locate(&mut self, timeout: Millis, accuracy: u32) -> Result<Option<Location>, Error> {
        self.execute(&Custom::plain(const { &Spec::new("+ULOCCELL=1").within(Spec::SOCKET) }, |_| {}))?;
        self.execute(&Custom::plain(const { &Spec::new("+ULOC=").within(Spec::SOCKET) }, |line| {
            line.number(2u8).number(2u8).number(0u8).number(timeout.as_secs().max(1)).number(accuracy);
        }))?;
        let urc = self.await_urc(timeout, |urc| matches!(urc, Urc::Location(_)))?;
        Ok(urc.and_then(|urc| if let Urc::Location(location) = urc { Some(location) } else { None }))
    }
}
