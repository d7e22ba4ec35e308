//! Host look-up and ping.

use core::net::Ipv4Addr;

use embedded_io::{Read, ReadReady, Write};
use monoclock::Clock;

use monoclock::Millis;

use crate::at::CommandLine;
use crate::command::{Custom, Reply, Spec};
use crate::error::Error;
use crate::modem::Modem;
use crate::power::Wiring;
use crate::urc::Urc;

/// Longest time for a look-up.
const RESOLVE: Millis = Millis::from_secs(70);

/// What came of a ping.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pong {
    /// The echo came back.
    Echo {
        /// Round trip in milliseconds.
        round_trip: u32,
        /// Time to live of the answer.
        time_to_live: u8,
    },
    /// No echo came back in time.
    Lost,
    /// The ping could not be made; 8: the host is unknown.
    Failed {
        /// The modem's reason.
        reason: u16,
    },
}

/// `AT+UDNSRN=0`, ready to run.
pub(crate) fn resolve(host: &str) -> Custom<impl Fn(&mut CommandLine), Ipv4Addr> {
    let spec = const { &Spec::new("+UDNSRN=").reply(Reply::Line).within(RESOLVE) };
    let encode = move |line: &mut CommandLine| {
        line.number(0u8).text(host);
    };
    Custom::new(spec, encode, |mut answer| answer.text()?.parse().ok())
}

impl<S, P, C> Modem<S, P, C>
where
    S: Read + Write + ReadReady,
    P: Wiring<S>,
    C: Clock,
{
    /// Looks up a host's address. The modem keeps answers beyond their time to live, until it restarts.
    ///
    /// # Errors
    /// [`Error::Refused`] when the name does not exist or no server answers.
    pub fn resolve(&mut self, host: &str) -> Result<Ipv4Addr, Error> {
        self.execute(&resolve(host))
    }

    /// Sends one echo request of 32 bytes and waits for the answer, at most `timeout`.
    ///
    /// # Errors
    /// The modem refuses or does not answer.
    pub fn ping(&mut self, host: &str, timeout: Millis) -> Result<Pong, Error> {
        self.execute(&Custom::plain(const { &Spec::new("+UPING=").within(Spec::SOCKET) }, |line| {
            line.text(host).number(1u8).number(32u8).number(timeout.0).number(64u8);
        }))?;
        // The modem tells the time-out by itself; the margin is for the look-up.
        let urc = self.await_urc(timeout.saturating_add(RESOLVE), |urc| {
            matches!(urc, Urc::Ping { .. } | Urc::PingFailed { .. })
        })?;
        Ok(match urc {
            Some(Urc::Ping { round_trip: Some(round_trip), time_to_live, .. }) => {
                Pong::Echo { round_trip, time_to_live }
            }
            Some(Urc::PingFailed { reason }) => Pong::Failed { reason },
            _ => Pong::Lost,
        })
    }

    /// Waits for a URC; others are left for [`Modem::poll_urc`].
    pub(crate) fn await_urc(
        &mut self,
        timeout: Millis,
        wanted: impl Fn(&Urc) -> bool,
    ) -> Result<Option<Urc>, Error> {
        let deadline = self.now() + timeout;
        loop {
            self.hear()?;
            if let Some(urc) = self.device.urcs.take_if(&wanted) {
                return Ok(Some(urc));
            }
            if self.device.restarted {
                return Err(Error::Restarted);
            }
            if self.now().has_reached(deadline) {
                return Ok(None);
            }
            self.wait_until(deadline);
        }
    }
}
