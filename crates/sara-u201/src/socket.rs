//! Sockets: opened by the modem, lent as byte streams.

use embedded_io::{ErrorType, Read, ReadReady, Write};
use monoclock::{Clock, Millis};

use crate::at::Cause;
use crate::bringup::PROFILE;
use crate::command::{
    BytesWaiting, CloseSocket, ConnectSocket, CreateSocket, LastSocketError, MAX_BINARY, MAX_HEX, Protocol,
    PsdActive, ReadSocket, SecureSocket, WriteSocket,
};
use crate::device::{Discard, Fill};
use crate::engine::Payload;
use crate::error::{ConnectError, ConnectReason, Error};
use crate::modem::Modem;
use crate::power::Wiring;
use crate::sockets::State;
use crate::tls::TlsProfile;

/// Longest time to connect (nominally 20 s).
const CONNECT: Millis = Millis::from_secs(60);
/// Longest time to connect with a TLS handshake over a slow network.
const CONNECT_TLS: Millis = Millis::from_secs(120);
/// Pauses before a write that the modem did not take is tried again.
const RETRY: [Millis; 3] = [Millis(100), Millis(300), Millis(900)];
/// Longest wait of a blocking read, unless another is set.
const READ: Millis = Millis::from_secs(120);
/// `AT+USOER`: the socket's queue is full, try again.
const EWOULDBLOCK: u16 = 11;

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

    fn open(&mut self, host: &str, port: u16, tls: Option<&TlsProfile<'_>>) -> Result<SocketHandle, Error> {
        if let Some(tls) = tls {
            self.set_profile(tls, host)?;
        }
        let number = self.execute(&CreateSocket { protocol: Protocol::Tcp, local_port: 0 })?;
        let generation = self.device.sockets.open(number).ok_or(Error::Garbled { command: "+USOCR=" })?;
        let handle = SocketHandle { number, generation };
        let connected = self.set_up(handle, host, port, tls);
        if connected.is_err() {
            self.device.sockets.abandon(number, generation);
        }
        connected?;
        let (now, probe) = (self.now(), self.device.probe);
        if let Some(entry) = self.device.sockets.live(number, generation) {
            entry.schedule_probe(probe, now);
        }
        Ok(handle)
    }

    fn set_up(
        &mut self,
        handle: SocketHandle,
        host: &str,
        port: u16,
        tls: Option<&TlsProfile<'_>>,
    ) -> Result<(), Error> {
        let socket = handle.number;
        if let Some(tls) = tls {
            self.execute(&SecureSocket { socket, profile: tls.number })?;
        }
        let timeout = if tls.is_some() { CONNECT_TLS } else { CONNECT };
        match self.execute(&ConnectSocket { socket, host, port, timeout }) {
            Err(Error::Refused { cause, .. }) => {
                let socket_error = self.execute(&LastSocketError).ok();
                let reason = reason(socket_error, tls.is_some());
                Err(Error::Connect(ConnectError { reason, cause, socket_error }))
            }
            other => other,
        }
    }

    /// Writes as much as one command takes, and tells how much that was.
    fn write_socket(&mut self, handle: SocketHandle, data: &[u8]) -> Result<usize, Error> {
        self.check(handle)?;
        let hex = self.device.hex && data.len() <= MAX_HEX;
        let Some(data) = data.get(..data.len().min(MAX_BINARY)).filter(|data| !data.is_empty()) else {
            return Ok(0);
        };
        let length = u16::try_from(data.len()).unwrap_or(0);
        let payload = if hex { Payload::Hex(data.len()) } else { Payload::Prompted(data.len()) };
        let command = WriteSocket { socket: handle.number, length, hex };
        let mut pauses = RETRY.iter();
        loop {
            let retry = match self.execute_with(&command, payload, data) {
                Ok(0) => Error::Refused { command: "+USOWR=", cause: Cause::Error },
                Ok(taken) => {
                    self.reschedule(handle);
                    return Ok(usize::from(taken));
                }
                Err(error @ Error::Refused { .. }) => {
                    self.check(handle)?;
                    if self.execute(&LastSocketError) != Ok(EWOULDBLOCK) {
                        return Err(self.explain(handle, error));
                    }
                    error
                }
                Err(error) => {
                    // Nobody knows what was taken: the stream has a hole or a double.
                    self.break_off(handle);
                    return Err(error);
                }
            };
            let Some(&pause) = pauses.next() else { return Err(retry) };
            let until = self.now() + pause;
            while !self.now().has_reached(until) {
                self.wait_until(until);
                self.pump(&[], &mut Discard)?;
            }
            self.check(handle)?;
        }
    }

    /// Reads what waits in the modem, at most `buffer`; 0 when nothing does.
    fn read_socket(&mut self, handle: SocketHandle, buffer: &mut [u8]) -> Result<usize, Error> {
        let hex = self.device.hex;
        let length = buffer.len().min(if hex { MAX_HEX } else { MAX_BINARY });
        let Some(room) = buffer.get_mut(..length).filter(|room| !room.is_empty()) else { return Ok(0) };
        let command = ReadSocket { socket: handle.number, length: u16::try_from(length).unwrap_or(0), hex };
        let mut fill = Fill::new(room, hex);
        let announced = match self.execute_into(&command, Payload::None, &[], &mut fill) {
            Ok(announced) => usize::from(announced),
            Err(error @ Error::Refused { .. }) => return Err(self.explain(handle, error)),
            Err(error) => {
                self.break_off(handle);
                return Err(error);
            }
        };
        if fill.whole() != Some(announced) {
            self.break_off(handle);
            return Err(Error::Garbled { command: "+USORD=" });
        }
        let (now, probe) = (self.now(), self.device.probe);
        if let Some(entry) = self.device.sockets.live(handle.number, handle.generation) {
            let read = u32::try_from(announced).unwrap_or(0);
            entry.pending = if read == 0 { 0 } else { entry.pending.saturating_sub(read) };
            entry.unsure = true;
            entry.schedule_probe(probe, now);
        }
        Ok(announced)
    }

    /// Tells how many bytes wait in the modem, asking it only when a URC may be stale or lost.
    fn waiting(&mut self, handle: SocketHandle) -> Result<bool, Error> {
        self.pump(&[], &mut Discard)?;
        let now = self.now();
        let entry = self.live(handle)?;
        let ask = entry.probe_due(now) || (entry.pending > 0 && entry.unsure);
        if matches!(entry.state, State::Closing | State::Ended) || (entry.pending > 0 && !ask) {
            return Ok(true);
        }
        if !ask {
            return Ok(false);
        }
        let waiting = match self.execute(&BytesWaiting(handle.number)) {
            Ok(waiting) => waiting,
            Err(error @ Error::Refused { .. }) => {
                return match self.explain(handle, error) {
                    Error::Closed => Ok(true),
                    other => Err(other),
                };
            }
            Err(error) => return Err(error),
        };
        let (now, probe) = (self.now(), self.device.probe);
        let entry = self.live(handle)?;
        entry.pending = waiting;
        entry.unsure = false;
        entry.back_off(probe, now);
        Ok(waiting > 0)
    }

    /// What a refusal by a socket means: it is closed, or the packet data context is gone with it.
    fn explain(&mut self, handle: SocketHandle, error: Error) -> Error {
        let Ok(entry) = self.live(handle) else { return Error::Closed };
        if entry.state == State::Open && self.execute(&BytesWaiting(handle.number)).is_ok() {
            return error;
        }
        let Ok(entry) = self.live(handle) else { return Error::Closed };
        if core::mem::replace(&mut entry.state, State::Ended) == State::Closing {
            return Error::Closed;
        }
        if self.execute(&PsdActive(PROFILE)) == Ok(false) {
            self.device.lose_packet_data();
        }
        Error::Closed
    }

    /// Gives a socket up whose stream is not whole any more.
    fn break_off(&mut self, handle: SocketHandle) {
        if let Some(entry) = self.device.sockets.live(handle.number, handle.generation) {
            entry.state = State::Dead;
            entry.abandoned = true;
        }
    }

    fn reschedule(&mut self, handle: SocketHandle) {
        let (now, probe) = (self.now(), self.device.probe);
        if let Some(entry) = self.device.sockets.live(handle.number, handle.generation)
            && entry.answer_awaited
        {
            entry.schedule_probe(probe, now);
        }
    }

    pub(crate) fn live(&mut self, handle: SocketHandle) -> Result<&mut crate::sockets::Entry, Error> {
        let error = if self.device.restarted { Error::Restarted } else { Error::Closed };
        self.device.sockets.live(handle.number, handle.generation).ok_or(error)
    }

    /// Refuses a socket that is closed, after reading what the modem has said by itself.
    pub(crate) fn check(&mut self, handle: SocketHandle) -> Result<(), Error> {
        self.pump(&[], &mut Discard)?;
        match self.live(handle)?.state {
            State::Open => Ok(()),
            _ => Err(Error::Closed),
        }
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
        let SocketHandle { number, generation } = self.handle;
        if self.modem.device.sockets.live(number, generation).is_none() {
            return Ok(());
        }
        self.modem.device.sockets.free(number);
        match self.modem.execute(&CloseSocket(number)) {
            // It was closed already, or went with a restart.
            Err(Error::Refused { .. } | Error::Restarted) => Ok(()),
            other => other,
        }
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
        self.modem.waiting(self.handle)
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
        let awaited = self.modem.live(self.handle)?.answer_awaited;
        let result = self.read_until(buffer, deadline);
        self.set_answer_awaited(awaited);
        result
    }
}

impl<S, P, C> Socket<'_, S, P, C>
where
    S: Read + Write + ReadReady,
    P: Wiring<S>,
    C: Clock,
{
    fn read_until(&mut self, buffer: &mut [u8], deadline: monoclock::Instant) -> Result<usize, Error> {
        loop {
            self.modem.pump(&[], &mut Discard)?;
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
                        if closing {
                            entry.state = State::Ended;
                            return Ok(0);
                        }
                    }
                    Err(Error::Closed) if closing => return Ok(0),
                    result => return result,
                }
                continue;
            }
            if now.has_reached(deadline) {
                return Err(Error::Timeout { command: "+USORD=" });
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
        self.modem.write_socket(self.handle, data)
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

/// Reads the reason out of the modem's last socket error.
const fn reason(socket_error: Option<u16>, tls: bool) -> ConnectReason {
    match socket_error {
        Some(111) => ConnectReason::Refused,
        Some(104) if !tls => ConnectReason::Refused,
        Some(110) => ConnectReason::TimedOut,
        Some(100 | 101 | 113) => ConnectReason::NetworkDown,
        // The resolver's own errors.
        Some(160..=190) => ConnectReason::HostUnknown,
        _ if tls => ConnectReason::Tls,
        _ => ConnectReason::Unknown,
    }
}
