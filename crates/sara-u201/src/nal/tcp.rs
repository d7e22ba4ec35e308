//! TCP by polls.

use core::net::{SocketAddr, SocketAddrV4};

use embedded_io::{Read, ReadReady, Write};
use embedded_nal::TcpClientStack;
use heapless::{String, Vec};
use monoclock::{Clock, Instant, Millis};

use super::{Intake, Taking, give, ready, v4};
use crate::at::Cause;
use crate::bringup::PROFILE;
use crate::command::{
    BytesWaiting, Command, ConnectSocket, CreateSocket, LastSocketError, Protocol, PsdActive, ReadSocket,
    WriteSocket,
};
use crate::device::{Discard, Sink};
use crate::engine::Payload;
use crate::error::{ConnectError, Error};
use crate::fault::Fault;
use crate::modem::Modem;
use crate::poll::Poll;
use crate::power::Wiring;
use crate::socket::SocketHandle;
use crate::sockets::State;
use crate::transfer::{EWOULDBLOCK, reason};

/// Bytes that are under way at a time, each way.
const STAGE: usize = 256;
/// Pauses before a write that the modem did not take is tried again.
const RETRY: [Millis; 3] = [Millis(100), Millis(300), Millis(900)];

/// A TCP socket of [`TcpClientStack`], with the bytes that are under way between two polls.
///
/// Give it back by [`TcpClientStack::close`]: dropped, it leaves the modem's socket open.
#[derive(Debug)]
pub struct TcpSocket {
    poll: Poll,
    handle: Option<SocketHandle>,
    job: Job,
    unsent: Vec<u8, STAGE>,
    unread: Vec<u8, STAGE>,
    /// What came of the last write, until it is told.
    sent: Option<usize>,
    refusals: usize,
    retry_at: Option<Instant>,
}

/// What is under way.
#[derive(Clone, Copy, Debug)]
enum Job {
    Idle,
    Create(SocketAddrV4),
    Connect(SocketAddrV4),
    /// Why was the connection refused?
    Explain(Cause),
    Send,
    /// Why was a write refused?
    Refused(Cause),
    Fetch(Intake),
    /// Is the socket open, after a refusal of this command?
    Check(&'static str, Cause),
    /// Is packet data still active, after a command failed so, or a socket was closed?
    Context(&'static str, Option<Cause>),
}

impl TcpSocket {
    fn handle(&self) -> Result<SocketHandle, Error> {
        self.handle.ok_or(Error::Closed)
    }

    /// Ends the job, one way or the other.
    fn done<T>(&mut self, result: Result<T, Error>) -> nb::Result<T, Error> {
        self.job = Job::Idle;
        self.unsent.clear();
        (self.refusals, self.retry_at) = (0, None);
        result.map_err(nb::Error::Other)
    }
}

impl<S, P, C> Modem<S, P, C>
where
    S: Read + Write + ReadReady,
    P: Wiring<S>,
    C: Clock,
{
    fn poll_socket<X: Command>(
        &mut self,
        poll: &mut Poll,
        command: &X,
        sink: &mut dyn Sink,
    ) -> nb::Result<Result<X::Response, Fault>, Error> {
        ready(self.poll_execute(poll, command, Payload::None, &[], sink))
    }

    /// Goes on with what is under way, as far as it goes.
    fn drive(&mut self, socket: &mut TcpSocket) -> nb::Result<(), Error> {
        loop {
            match socket.job {
                Job::Idle => return Ok(()),
                Job::Create(remote) => {
                    let create = CreateSocket { protocol: Protocol::Tcp, local_port: 0 };
                    let created = self.poll_socket(&mut socket.poll, &create, &mut Discard)?;
                    match created.and_then(|number| self.adopt_socket(number)) {
                        Ok(handle) => {
                            socket.handle = Some(handle);
                            socket.job = Job::Connect(remote);
                        }
                        // It may be that packet data is gone, and the URC that tells it was lost.
                        Err(Fault::Refused(cause)) => socket.job = Job::Context("+USOCR=", Some(cause)),
                        Err(fault) => return socket.done(Err(fault.named("+USOCR="))),
                    }
                }
                Job::Connect(remote) => {
                    let (handle, host) = (socket.handle()?, dotted(remote));
                    let (host, port) = (host.as_str(), remote.port());
                    let connect = ConnectSocket { socket: handle.number, host, port, secure: false };
                    match self.poll_socket(&mut socket.poll, &connect, &mut Discard)? {
                        Ok(()) => {
                            let (now, probe) = (self.now(), self.device.probe);
                            if let Ok(entry) = self.live(handle) {
                                entry.schedule_probe(probe, now);
                            }
                            return socket.done(Ok(()));
                        }
                        Err(Fault::Refused(cause)) => socket.job = Job::Explain(cause),
                        Err(fault) => return self.give_up(socket, fault.named("+USOCO=")),
                    }
                }
                Job::Explain(cause) => {
                    let answer = self.poll_socket(&mut socket.poll, &LastSocketError, &mut Discard)?;
                    let socket_error = answer.ok();
                    let reason = reason(socket_error, false);
                    return self
                        .give_up(socket, Error::Connect(ConnectError { reason, cause, socket_error }));
                }
                Job::Send => return self.drive_send(socket),
                Job::Refused(cause) => {
                    match self.poll_socket(&mut socket.poll, &LastSocketError, &mut Discard)? {
                        Ok(EWOULDBLOCK) => return self.refuse(socket, cause),
                        _ => socket.job = Job::Check("+USOWR=", cause),
                    }
                }
                Job::Fetch(_) => return self.drive_fetch(socket),
                Job::Check(command, cause) => {
                    let handle = socket.handle()?;
                    match self.live(handle).map(|entry| entry.state) {
                        Ok(State::Open) => {}
                        Ok(_) => {
                            self.end(handle);
                            return socket.done(Err(Error::Closed));
                        }
                        Err(fault) => return socket.done(Err(fault.named(command))),
                    }
                    let ask = BytesWaiting(handle.number);
                    match self.poll_socket(&mut socket.poll, &ask, &mut Discard)? {
                        Ok(_) => return socket.done(Err(Error::Refused { command, cause })),
                        Err(Fault::Refused(_)) => socket.job = Job::Context(command, None),
                        Err(fault) => return socket.done(Err(fault.named("+USORD="))),
                    }
                }
                Job::Context(command, cause) => {
                    if let Some(handle) = socket.handle {
                        self.end(handle);
                    }
                    if self.poll_socket(&mut socket.poll, &PsdActive(PROFILE), &mut Discard)? == Ok(false) {
                        self.device.lose_packet_data();
                    }
                    let refused = cause.map(|cause| Error::Refused { command, cause });
                    return socket.done(Err(refused.unwrap_or(Error::Closed)));
                }
            }
        }
    }

    fn drive_send(&mut self, socket: &mut TcpSocket) -> nb::Result<(), Error> {
        if socket.retry_at.is_some_and(|at| !self.now().has_reached(at)) {
            return Err(nb::Error::WouldBlock);
        }
        let (handle, count) = (socket.handle()?, socket.unsent.len());
        let hex = self.device.hex;
        let length = u16::try_from(count).unwrap_or(0);
        let command = WriteSocket { socket: handle.number, length, hex };
        let payload = if hex { Payload::Hex(count) } else { Payload::Prompted(count) };
        let written = self.poll_execute(&mut socket.poll, &command, payload, &socket.unsent, &mut Discard);
        match ready(written)? {
            Ok(0) => self.refuse(socket, Cause::Error),
            Ok(taken) => {
                socket.sent = Some(taken.into());
                socket.done(Ok(()))
            }
            Err(Fault::Refused(cause)) => {
                socket.job = Job::Refused(cause);
                self.drive(socket)
            }
            // Nobody knows what was taken: the stream has a hole or a double.
            Err(fault) => self.give_up(socket, fault.named("+USOWR=")),
        }
    }

    fn drive_fetch(&mut self, socket: &mut TcpSocket) -> nb::Result<(), Error> {
        let handle = socket.handle()?;
        let TcpSocket { job: Job::Fetch(intake), poll, unread, .. } = socket else { return Ok(()) };
        let (hex, length) = (intake.decoder.is_some(), u16::try_from(STAGE).unwrap_or(0));
        let command = ReadSocket { socket: handle.number, length, hex };
        match self.poll_socket(poll, &command, &mut Taking(intake, unread))? {
            Ok(announced) if intake.is_whole(unread.len(), announced.into()) => {
                self.note_read(handle, announced);
                socket.done(Ok(()))
            }
            Err(Fault::Refused(cause)) => {
                unread.clear();
                socket.job = Job::Check("+USORD=", cause);
                self.drive(socket)
            }
            result => {
                unread.clear();
                self.give_up(socket, result.err().unwrap_or(Fault::Garbled).named("+USORD="))
            }
        }
    }

    /// The modem took nothing: later, then, but not for ever.
    fn refuse(&mut self, socket: &mut TcpSocket, cause: Cause) -> nb::Result<(), Error> {
        let Some(&pause) = RETRY.get(socket.refusals) else {
            return socket.done(Err(Error::Refused { command: "+USOWR=", cause }));
        };
        socket.refusals += 1;
        socket.retry_at = Some(self.now() + pause);
        socket.job = Job::Send;
        Err(nb::Error::WouldBlock)
    }

    /// Gives a socket up that cannot be used any more; the modem closes it with the next command.
    fn give_up(&mut self, socket: &mut TcpSocket, error: Error) -> nb::Result<(), Error> {
        if let Some(handle) = socket.handle.take() {
            self.device.sockets.abandon(handle.number, handle.generation);
        }
        socket.done(Err(error))
    }

    /// Notes how a fetch went.
    fn note_read(&mut self, handle: SocketHandle, read: u16) {
        let (now, probe) = (self.now(), self.device.probe);
        let Ok(entry) = self.live(handle) else { return };
        if read == 0 {
            entry.pending = 0;
            entry.back_off(probe, now);
            entry.note_empty();
        } else {
            entry.pending = entry.pending.saturating_sub(read.into());
            entry.schedule_probe(probe, now);
        }
    }

    fn end(&mut self, handle: SocketHandle) {
        if let Ok(entry) = self.live(handle) {
            entry.state = State::Ended;
        }
    }

    /// Notes a socket that the modem has just created.
    pub(super) fn adopt_socket(&mut self, number: u8) -> Result<SocketHandle, Fault> {
        let generation = self.device.sockets.open(number).ok_or(Fault::Garbled)?;
        Ok(SocketHandle { number, generation })
    }
}

impl<S, P, C> TcpClientStack for Modem<S, P, C>
where
    S: Read + Write + ReadReady,
    P: Wiring<S>,
    C: Clock,
{
    type TcpSocket = TcpSocket;
    type Error = Error;

    fn socket(&mut self) -> Result<TcpSocket, Error> {
        Ok(TcpSocket {
            poll: self.new_poll(),
            handle: None,
            job: Job::Idle,
            unsent: Vec::new(),
            unread: Vec::new(),
            sent: None,
            refusals: 0,
            retry_at: None,
        })
    }

    /// Connects; a socket that is connected already is closed first.
    fn connect(&mut self, socket: &mut TcpSocket, remote: SocketAddr) -> nb::Result<(), Error> {
        if let Job::Idle = socket.job {
            let remote = v4(remote)?;
            if let Some(handle) = socket.handle.take() {
                self.device.sockets.abandon(handle.number, handle.generation);
            }
            socket.unread.clear();
            socket.job = Job::Create(remote);
        }
        self.drive(socket)
    }

    /// Writes up to 256 bytes. Until it is done, the bytes of the first call are those that are written.
    fn send(&mut self, socket: &mut TcpSocket, buffer: &[u8]) -> nb::Result<usize, Error> {
        self.drive(socket)?;
        if socket.sent.is_none() {
            let handle = socket.handle()?;
            let open = self.check(handle);
            self.named(open)?;
            if buffer.is_empty() {
                return Ok(0);
            }
            let piece = buffer.get(..STAGE).unwrap_or(buffer);
            let _ = socket.unsent.extend_from_slice(piece);
            socket.job = Job::Send;
            self.drive(socket)?;
        }
        socket.sent.take().ok_or(nb::Error::WouldBlock)
    }

    /// Reads what is there; [`Error::Closed`] when the peer has closed and all is read.
    fn receive(&mut self, socket: &mut TcpSocket, buffer: &mut [u8]) -> nb::Result<usize, Error> {
        self.drive(socket)?;
        if buffer.is_empty() {
            return Ok(0);
        }
        if socket.unread.is_empty() {
            let handle = socket.handle()?;
            self.hear()?;
            let now = self.now();
            let entry = self.live(handle).map_err(|fault| fault.named("+USORD="))?;
            if entry.state == State::Ended {
                return Err(nb::Error::Other(Error::Closed));
            }
            if entry.pending == 0 && entry.state == State::Open && !entry.probe_due(now) {
                return Err(nb::Error::WouldBlock);
            }
            socket.job = Job::Fetch(Intake::new(self.device.hex));
            self.drive(socket)?;
        }
        match give(&mut socket.unread, buffer) {
            0 => match socket.handle().map(|handle| self.live(handle).map(|entry| entry.state)) {
                Ok(Ok(State::Ended)) => Err(nb::Error::Other(Error::Closed)),
                _ => Err(nb::Error::WouldBlock),
            },
            count => Ok(count),
        }
    }

    /// Closes, after what is under way.
    fn close(&mut self, mut socket: TcpSocket) -> Result<(), Error> {
        while let Err(nb::Error::WouldBlock) = self.drive(&mut socket) {
            self.wait();
        }
        match socket.handle {
            Some(handle) => self.close_handle(handle),
            None => Ok(()),
        }
    }
}

/// Writes an address without formatting machinery.
fn dotted(remote: SocketAddrV4) -> String<16> {
    let mut text = String::new();
    for (place, octet) in remote.ip().octets().into_iter().enumerate() {
        if place > 0 {
            let _ = text.push('.');
        }
        for divisor in [100, 10, 1] {
            if octet >= divisor || divisor == 1 {
                let _ = text.push(char::from(b'0' + octet / divisor % 10));
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::net::Ipv4Addr;

    #[test]
    fn addresses_are_written_as_everywhere() {
        for octets in [[10, 0, 0, 1], [255, 100, 20, 5], [0, 0, 0, 0]] {
            let ip = Ipv4Addr::from(octets);
            assert_eq!(dotted(SocketAddrV4::new(ip, 1)).as_str(), std::format!("{ip}"));
        }
    }
}
