//! What sockets do, by commands: connect, write, read, ask, close.

use embedded_io::{Read, ReadReady, Write};
use monoclock::{Clock, Millis};

use crate::at::Cause;
use crate::bringup::PROFILE;
use crate::command::{
    BytesWaiting, CloseSocket, ConnectSocket, CreateSocket, HexMode, LastSocketError, MAX_BINARY, MAX_HEX,
    Protocol, PsdActive, ReadSocket, SecureSocket, WriteSocket,
};
use crate::config::DataMode;
use crate::device::{Discard, Fill};
use crate::engine::Payload;
use crate::error::{ConnectError, ConnectReason, Error};
use crate::fault::Fault;
use crate::modem::Modem;
use crate::power::Wiring;
use crate::socket::SocketHandle;
use crate::sockets::State;
use crate::tls::TlsProfile;

/// Pauses before a write that the modem did not take is tried again.
const RETRY: [Millis; 3] = [Millis(100), Millis(300), Millis(900)];
/// The baud rate from which two digits a byte cost less than the pause behind a prompt.
pub(crate) const FAST: u32 = 460_800;
/// So much data waiting is worth a change to binary mode.
pub(crate) const BULK: u32 = 2048;
/// `AT+USOER`: the socket's queue is full, try again.
pub(crate) const EWOULDBLOCK: u16 = 11;

impl<S, P, C> Modem<S, P, C>
where
    S: Read + Write + ReadReady,
    P: Wiring<S>,
    C: Clock,
{
    /// Closes a socket of any kind.
    pub(crate) fn close_handle(&mut self, handle: SocketHandle) -> Result<(), Error> {
        let SocketHandle { number, generation } = handle;
        if self.device.sockets.live(number, generation).is_none() {
            return Ok(());
        }
        self.device.sockets.free(number);
        match self.ask(&CloseSocket(number)) {
            // It was closed already, or went with a restart.
            Err(Fault::Refused(_) | Fault::Restarted) => Ok(()),
            other => self.named(other),
        }
    }

    pub(crate) fn open(
        &mut self,
        host: &str,
        port: u16,
        tls: Option<&TlsProfile<'_>>,
    ) -> Result<SocketHandle, Error> {
        if let Some(tls) = tls {
            let set = self.set_profile(tls, host);
            self.named(set)?;
        }
        let handle = self.create_socket(Protocol::Tcp, 0)?;
        let connected = self.set_up(handle, host, port, tls);
        if connected.is_err() {
            self.device.sockets.abandon(handle.number, handle.generation);
        }
        connected?;
        let (now, probe) = (self.now(), self.device.probe);
        if let Ok(entry) = self.live(handle) {
            entry.schedule_probe(probe, now);
        }
        Ok(handle)
    }

    /// Creates a socket. A refusal may mean that packet data is gone, and the URC that tells it was lost.
    pub(crate) fn create_socket(
        &mut self,
        protocol: Protocol,
        local_port: u16,
    ) -> Result<SocketHandle, Error> {
        let created = self.execute(&CreateSocket { protocol, local_port });
        if matches!(created, Err(Error::Refused { .. })) && self.ask(&PsdActive(PROFILE)) == Ok(false) {
            self.device.lose_packet_data();
        }
        let number = created?;
        let generation = self.device.sockets.open(number).ok_or(Error::Garbled { command: "+USOCR=" })?;
        Ok(SocketHandle { number, generation })
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
            let secured = self.ask(&SecureSocket { socket, profile: tls.number });
            self.named(secured)?;
        }
        match self.ask(&ConnectSocket { socket, host, port, secure: tls.is_some() }) {
            Err(Fault::Refused(cause)) => {
                let socket_error = self.ask(&LastSocketError).ok();
                let reason = reason(socket_error, tls.is_some());
                Err(Error::Connect(ConnectError { reason, cause, socket_error }))
            }
            other => self.named(other),
        }
    }

    /// Writes as much as one command takes, and tells how much that was.
    pub(crate) fn write_socket(&mut self, handle: SocketHandle, data: &[u8]) -> Result<usize, Fault> {
        self.check(handle)?;
        // On a prompt the pause costs 50 ms, in digits every byte costs twice: at a fast line digits win.
        let digits = data.len() <= MAX_HEX || self.baud_rate() >= FAST;
        // The modem's mode holds for reads too: much that waits is better read as it is.
        let change = digits != self.device.hex && (!digits || self.live(handle)?.pending == 0);
        if self.device.data_mode == DataMode::Auto && change {
            self.set_hex(digits)?;
        }
        let hex = self.device.hex;
        let most = if hex { MAX_HEX } else { MAX_BINARY };
        let Some(data) = data.get(..data.len().min(most)).filter(|data| !data.is_empty()) else {
            return Ok(0);
        };
        let length = u16::try_from(data.len()).unwrap_or(0);
        let payload = if hex { Payload::Hex(data.len()) } else { Payload::Prompted(data.len()) };
        let command = WriteSocket { socket: handle.number, length, hex };
        let mut pauses = RETRY.iter();
        loop {
            let retry = match self.ask_with(&command, payload, data, &mut Discard) {
                Ok(0) => Fault::Refused(Cause::Error),
                Ok(taken) => {
                    self.reschedule(handle);
                    return Ok(usize::from(taken));
                }
                Err(error @ Fault::Refused(_)) => {
                    self.check(handle)?;
                    if self.ask(&LastSocketError) != Ok(EWOULDBLOCK) {
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
                self.serve()?;
            }
            self.check(handle)?;
        }
    }

    /// Reads what waits in the modem, at most `buffer`; 0 when nothing does.
    pub(crate) fn read_socket(&mut self, handle: SocketHandle, buffer: &mut [u8]) -> Result<usize, Fault> {
        let bulk = buffer.len() > MAX_HEX && self.live(handle)?.pending >= BULK;
        if self.device.data_mode == DataMode::Auto && self.device.hex && bulk {
            self.set_hex(false)?;
        }
        let hex = self.device.hex;
        let length = buffer.len().min(if hex { MAX_HEX } else { MAX_BINARY });
        let Some(room) = buffer.get_mut(..length).filter(|room| !room.is_empty()) else { return Ok(0) };
        let command = ReadSocket { socket: handle.number, length: u16::try_from(length).unwrap_or(0), hex };
        let mut fill = Fill::new(room, hex);
        let announced = match self.ask_with(&command, Payload::None, &[], &mut fill) {
            Ok(announced) => usize::from(announced),
            Err(error @ Fault::Refused(_)) => return Err(self.explain(handle, error)),
            Err(error) => {
                self.break_off(handle);
                return Err(error);
            }
        };
        if fill.whole() != Some(announced) {
            self.break_off(handle);
            return Err(Fault::Garbled);
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
    pub(crate) fn waiting(&mut self, handle: SocketHandle) -> Result<bool, Fault> {
        self.serve()?;
        let now = self.now();
        let entry = self.live(handle)?;
        let ask = entry.probe_due(now) || (entry.pending > 0 && entry.unsure);
        if matches!(entry.state, State::Closing | State::Ended) || (entry.pending > 0 && !ask) {
            return Ok(true);
        }
        if !ask {
            return Ok(false);
        }
        let waiting = match self.ask(&BytesWaiting(handle.number)) {
            Ok(waiting) => waiting,
            Err(error @ Fault::Refused(_)) => {
                return match self.explain(handle, error) {
                    Fault::Closed => Ok(true),
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

    /// Changes how the modem writes and reads socket data, for all sockets.
    pub(crate) fn set_hex(&mut self, hex: bool) -> Result<(), Fault> {
        self.ask(&HexMode(hex))?;
        self.device.hex = hex;
        Ok(())
    }

    /// What a refusal by a socket means: it is closed, or the packet data context is gone with it.
    fn explain(&mut self, handle: SocketHandle, fault: Fault) -> Fault {
        let Ok(entry) = self.live(handle) else { return Fault::Closed };
        if entry.state == State::Open && self.ask(&BytesWaiting(handle.number)).is_ok() {
            return fault;
        }
        let Ok(entry) = self.live(handle) else { return Fault::Closed };
        if core::mem::replace(&mut entry.state, State::Ended) == State::Closing {
            return Fault::Closed;
        }
        if self.ask(&PsdActive(PROFILE)) == Ok(false) {
            self.device.lose_packet_data();
        }
        Fault::Closed
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

    #[inline(never)]
    pub(crate) fn live(&mut self, handle: SocketHandle) -> Result<&mut crate::sockets::Entry, Fault> {
        let fault = if self.device.restarted { Fault::Restarted } else { Fault::Closed };
        self.device.sockets.live(handle.number, handle.generation).ok_or(fault)
    }

    /// Refuses a socket that is closed, after reading what the modem has said by itself.
    pub(crate) fn check(&mut self, handle: SocketHandle) -> Result<(), Fault> {
        self.serve()?;
        if self.live(handle)?.is_writable() { Ok(()) } else { Err(Fault::Closed) }
    }
}

/// Reads the reason out of the modem's last socket error.
pub(crate) const fn reason(socket_error: Option<u16>, tls: bool) -> ConnectReason {
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
