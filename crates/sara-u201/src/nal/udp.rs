//! UDP by polls.

use core::net::{SocketAddr, SocketAddrV4};

use embedded_io::{Read, ReadReady, Write};
use embedded_nal::UdpClientStack;
use heapless::Vec;
use monoclock::Clock;

use super::{Intake, Taking, ready, v4};
use crate::command::{CreateSocket, MAX_HEX, Protocol};
use crate::device::Discard;
use crate::engine::Payload;
use crate::error::Error;
use crate::fault::Fault;
use crate::modem::Modem;
use crate::poll::Poll;
use crate::power::Wiring;
use crate::socket::SocketHandle;
use crate::udp::{receive_from, send_to};

/// A UDP socket of [`UdpClientStack`], with the datagrams that are under way between two polls: at most 512
/// bytes each. The modem's socket is created with the first datagram that is sent.
///
/// Give it back by [`UdpClientStack::close`]: dropped, it leaves the modem's socket open.
#[derive(Debug)]
pub struct UdpSocket {
    poll: Poll,
    handle: Option<SocketHandle>,
    remote: Option<SocketAddrV4>,
    job: Job,
    unsent: Vec<u8, MAX_HEX>,
    unread: Vec<u8, MAX_HEX>,
    /// Whose datagram `unread` is.
    sender: Option<SocketAddrV4>,
    /// The last datagram is with the modem, and the caller does not know yet.
    sent: bool,
}

/// What is under way.
#[derive(Clone, Copy, Debug)]
enum Job {
    Idle,
    Create(SocketAddrV4),
    Send(SocketAddrV4),
    Fetch(Intake),
}

impl UdpSocket {
    /// Ends the job, one way or the other.
    fn done(&mut self, result: Result<(), Error>) -> nb::Result<(), Error> {
        self.job = Job::Idle;
        self.unsent.clear();
        result.map_err(nb::Error::Other)
    }
}

impl<S, P, C> Modem<S, P, C>
where
    S: Read + Write + ReadReady,
    P: Wiring<S>,
    C: Clock,
{
    /// Goes on with what is under way, as far as it goes.
    fn drive_datagram(&mut self, socket: &mut UdpSocket) -> nb::Result<(), Error> {
        loop {
            match (socket.job, socket.handle) {
                (Job::Idle, _) => return Ok(()),
                (Job::Create(remote), _) => {
                    let create = CreateSocket { protocol: Protocol::Udp, local_port: 0 };
                    let created =
                        self.poll_execute(&mut socket.poll, &create, Payload::None, &[], &mut Discard);
                    match ready(created)?.and_then(|number| self.adopt_socket(number)) {
                        Ok(handle) => {
                            socket.handle = Some(handle);
                            socket.job = Job::Send(remote);
                        }
                        Err(fault) => return socket.done(Err(fault.named("+USOCR="))),
                    }
                }
                (Job::Send(remote), Some(handle)) => {
                    let (command, payload) = send_to(handle, remote, socket.unsent.len(), self.device.hex);
                    let sent =
                        self.poll_execute(&mut socket.poll, &command, payload, &socket.unsent, &mut Discard);
                    let sent = ready(sent)?;
                    socket.sent = sent.is_ok();
                    return socket.done(sent.map_err(|fault| fault.named("+USOST=")));
                }
                (Job::Fetch(mut intake), Some(handle)) => {
                    let command = receive_from(handle, MAX_HEX, intake.decoder.is_some());
                    let mut taking = Taking(&mut intake, &mut socket.unread);
                    let fetched =
                        self.poll_execute(&mut socket.poll, &command, Payload::None, &[], &mut taking);
                    socket.job = Job::Fetch(intake);
                    let result = match ready(fetched)? {
                        Ok(Some((sender, announced))) if intake.is_whole(socket.unread.len(), announced) => {
                            socket.sender = Some(sender);
                            Ok(())
                        }
                        Ok(None) => Ok(()),
                        other => Err(other.err().unwrap_or(Fault::Garbled)),
                    };
                    if result.is_err() {
                        socket.unread.clear();
                    }
                    return socket.done(result.map_err(|fault| fault.named("+USORF=")));
                }
                (Job::Send(_) | Job::Fetch(_), None) => return socket.done(Err(Error::Closed)),
            }
        }
    }
}

impl<S, P, C> UdpClientStack for Modem<S, P, C>
where
    S: Read + Write + ReadReady,
    P: Wiring<S>,
    C: Clock,
{
    type UdpSocket = UdpSocket;
    type Error = Error;

    fn socket(&mut self) -> Result<UdpSocket, Error> {
        Ok(UdpSocket {
            poll: self.new_poll(),
            handle: None,
            remote: None,
            job: Job::Idle,
            unsent: Vec::new(),
            unread: Vec::new(),
            sender: None,
            sent: false,
        })
    }

    fn connect(&mut self, socket: &mut UdpSocket, remote: SocketAddr) -> Result<(), Error> {
        socket.remote = Some(v4(remote)?);
        Ok(())
    }

    fn send(&mut self, socket: &mut UdpSocket, buffer: &[u8]) -> nb::Result<(), Error> {
        self.drive_datagram(socket)?;
        if !core::mem::take(&mut socket.sent) {
            let remote = socket.remote.ok_or(Error::Closed)?;
            if buffer.is_empty() || socket.unsent.extend_from_slice(buffer).is_err() {
                return Err(nb::Error::Other(Error::Argument("the datagram")));
            }
            socket.job = match socket.handle {
                Some(handle) => {
                    if let Err(error) = self.check(handle) {
                        return socket.done(Err(error.named("+USOST=")));
                    }
                    Job::Send(remote)
                }
                None => Job::Create(remote),
            };
            self.drive_datagram(socket)?;
            socket.sent = false;
        }
        Ok(())
    }

    /// Takes the next datagram of the peer that the socket is connected to; those of others are dropped.
    ///
    /// A datagram that does not fit `buffer` is an [`Error::Argument`] and stays for the next call.
    fn receive(
        &mut self,
        socket: &mut UdpSocket,
        buffer: &mut [u8],
    ) -> nb::Result<(usize, SocketAddr), Error> {
        self.drive_datagram(socket)?;
        if socket.sender.is_none() {
            let handle = socket.handle.ok_or(nb::Error::WouldBlock)?;
            let open = self.check(handle);
            self.named(open)?;
            let entry = self.live(handle).map_err(|fault| fault.named("+USORF="))?;
            if entry.pending == 0 {
                return Err(nb::Error::WouldBlock);
            }
            // Another one is announced by a URC of its own.
            entry.pending = 0;
            socket.job = Job::Fetch(Intake::new(self.device.hex));
            self.drive_datagram(socket)?;
        }
        let Some(sender) = socket.sender else { return Err(nb::Error::WouldBlock) };
        let (count, wanted) = (socket.unread.len(), socket.remote.is_none_or(|remote| remote == sender));
        if wanted && count > buffer.len() {
            return Err(nb::Error::Other(Error::Argument("the datagram, for want of room,")));
        }
        super::give(&mut socket.unread, buffer);
        socket.unread.clear();
        socket.sender = None;
        if wanted { Ok((count, SocketAddr::V4(sender))) } else { Err(nb::Error::WouldBlock) }
    }

    /// Closes, after what is under way.
    fn close(&mut self, mut socket: UdpSocket) -> Result<(), Error> {
        while let Err(nb::Error::WouldBlock) = self.drive_datagram(&mut socket) {
            self.wait();
        }
        match socket.handle {
            Some(handle) => self.close_handle(handle),
            None => Ok(()),
        }
    }
}
