//! Sockets: opened by the modem, lent as byte streams.

use embedded_io::{ErrorType, Read, ReadReady, Write};
use monoclock::{Clock, Instant, Millis};

use crate::error::Error;
use crate::fault::Fault;
use crate::modem::Modem;
use crate::power::Wiring;
use crate::sockets::State;
use crate::tls::TlsProfile;

/// Longest wait of a blocking read, unless another is set.
const READ: Millis = Millis::from_secs(120);
/// A socket that is not lent at the moment. The number alone would not do: the modem uses it again at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SocketHandle {
    pub(crate) number: u8,
    pub(crate) generation: u8,
}

/// A TCP or TLS connection, lent by the modem.
///
/// It reads, writes and tells whether a read would not wait, as `embedded_io` says. Dropping it closes
/// the connection: the modem is told with the next command, since a drop can neither wait nor fail.
/// [`Socket::close`] closes at once, [`Socket::detach`] keeps the connection open without the loan.
#[derive(Debug)]
pub struct Socket<'m, S, P, C> {
    modem: &'m mut Modem<S, P, C>,
    handle: SocketHandle,
    read_timeout: Millis,
    kept: bool,
}

impl<S, P, C> Modem<S, P, C>
where
    S: Read + Write + ReadReady,
    P: Wiring<S>,
    C: Clock,
{
    /// Connects to a host, by name or address, without TLS.
    ///
    /// # Errors
    /// [`Error::Connect`] with what the modem tells of the reason.
    pub fn connect(&mut self, host: &str, port: u16) -> Result<Socket<'_, S, P, C>, Error> {
        let handle = self.open(host, port, None)?;
        Ok(self.lend(handle))
    }

    /// Connects to a host by its name, with TLS.
    ///
    /// # Errors
    /// [`Error::Connect`] with what the modem tells of the reason.
    pub fn connect_tls(
        &mut self,
        host: &str,
        port: u16,
        tls: &TlsProfile<'_>,
    ) -> Result<Socket<'_, S, P, C>, Error> {
        let handle = self.open(host, port, Some(tls))?;
        Ok(self.lend(handle))
    }

    /// Lends a socket again that was detached.
    ///
    /// # Errors
    /// [`Error::Closed`] when it is not open any more.
    pub fn socket(&mut self, handle: SocketHandle) -> Result<Socket<'_, S, P, C>, Error> {
        self.device.sockets.live(handle.number, handle.generation).ok_or(Error::Closed)?;
        Ok(self.lend(handle))
    }

    pub(crate) const fn lend(&mut self, handle: SocketHandle) -> Socket<'_, S, P, C> {
        Socket { modem: self, handle, read_timeout: READ, kept: false }
    }
}

impl<S, P, C> Socket<'_, S, P, C>
where
    S: Read + Write + ReadReady,
    P: Wiring<S>,
    C: Clock,
{
    /// Closes the connection and frees the modem's socket.
    ///
    /// # Errors
    /// The modem does not answer.
    pub fn close(mut self) -> Result<(), Error> {
        self.kept = true;
        self.modem.close_handle(self.handle)
    }

    /// Keeps the connection open and gives the modem back; [`Modem::socket`] lends it again.
    #[must_use]
    pub fn detach(mut self) -> SocketHandle {
        self.kept = true;
        self.handle
    }

    /// The modem, for what else it can do while the connection stands.
    pub const fn modem(&mut self) -> &mut Modem<S, P, C> {
        self.modem
    }

    /// Tells whether the peer owes an answer.
    ///
    /// The modem announces data by a URC, and a URC can be lost. While an answer is awaited the driver asks
    /// the modem soon and then less and less often; else only now and then (see [`crate::Probe`]).
    pub fn set_answer_awaited(&mut self, awaited: bool) {
        let (now, probe) = (self.modem.now(), self.modem.device.probe);
        let SocketHandle { number, generation } = self.handle;
        if let Some(entry) = self.modem.device.sockets.live(number, generation)
            && entry.answer_awaited != awaited
        {
            entry.answer_awaited = awaited;
            entry.schedule_probe(probe, now);
        }
    }

    /// Sets the longest wait of [`Read::read`], at first two minutes.
    pub const fn set_read_timeout(&mut self, timeout: Millis) {
        self.read_timeout = timeout;
    }
}

impl<S, P, C> ErrorType for Socket<'_, S, P, C> {
    type Error = Error;
}

impl<S, P, C> ReadReady for Socket<'_, S, P, C>
where
    S: Read + Write + ReadReady,
    P: Wiring<S>,
    C: Clock,
{
    /// Tells whether data waits or the connection has ended. Sends nothing, but for the probes.
    fn read_ready(&mut self) -> Result<bool, Error> {
        self.modem.waiting(self.handle).map_err(|fault| fault.named("+USORD="))
    }
}

impl<S, P, C> Read for Socket<'_, S, P, C>
where
    S: Read + Write + ReadReady,
    P: Wiring<S>,
    C: Clock,
{
    /// Reads what is there, waiting for the first byte; 0 when the peer has closed and all is read.
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Error> {
        if buffer.is_empty() {
            return Ok(0);
        }
        let deadline = self.modem.now() + self.read_timeout;
        let awaited = self.is_answer_awaited();
        let result = self.read_until(buffer, deadline);
        self.set_answer_awaited(awaited);
        result.map_err(|fault| fault.named("+USORD="))
    }
}

impl<S, P, C> Socket<'_, S, P, C>
where
    S: Read + Write + ReadReady,
    P: Wiring<S>,
    C: Clock,
{
    fn is_answer_awaited(&mut self) -> bool {
        self.modem.live(self.handle).is_ok_and(|entry| entry.answer_awaited)
    }

    fn read_until(&mut self, buffer: &mut [u8], deadline: Instant) -> Result<usize, Fault> {
        loop {
            self.modem.serve()?;
            let now = self.modem.now();
            let entry = self.modem.live(self.handle)?;
            if entry.state == State::Ended {
                return Ok(0);
            }
            let closing = entry.state == State::Closing;
            if entry.pending > 0 || closing || entry.probe_due(now) {
                let probe = self.modem.device.probe;
                match self.modem.read_socket(self.handle, buffer) {
                    Ok(0) => {
                        let entry = self.modem.live(self.handle)?;
                        entry.back_off(probe, now);
                        if entry.note_empty() {
                            return Ok(0);
                        }
                    }
                    Err(Fault::Closed) if closing => return Ok(0),
                    result => return result,
                }
                continue;
            }
            if now.has_reached(deadline) {
                return Err(Fault::Timeout);
            }
            let until = entry.probe_at().map_or(deadline, |at| at.earlier(deadline));
            self.set_answer_awaited(true);
            self.modem.wait_until(until);
        }
    }
}

impl<S, P, C> Write for Socket<'_, S, P, C>
where
    S: Read + Write + ReadReady,
    P: Wiring<S>,
    C: Clock,
{
    /// Hands data to the modem and tells how much of it was taken.
    fn write(&mut self, data: &[u8]) -> Result<usize, Error> {
        self.modem.write_socket(self.handle, data).map_err(|fault| fault.named("+USOWR="))
    }

    /// Does nothing: what was written is with the modem.
    fn flush(&mut self) -> Result<(), Error> {
        Ok(())
    }
}

impl<S, P, C> Drop for Socket<'_, S, P, C> {
    fn drop(&mut self) {
        if !self.kept {
            self.modem.device.sockets.abandon(self.handle.number, self.handle.generation);
        }
    }
}
