//! The `embedded-nal` 0.9 stacks: TCP and UDP clients by address, and name look-up.
//!
//! TLS has its own connect, which takes a host name: `embedded-nal` connects by address and loses it.
//! A look-up goes on between two polls. Connecting waits for the modem (at most the connect time-out),
//! as the other calls wait for its answer (at most ten seconds).

use core::net::{IpAddr, SocketAddr, SocketAddrV4};

use embedded_io::{Read, ReadReady, Write};
use embedded_nal::{AddrType, Dns, TcpClientStack, TcpError, TcpErrorKind, UdpClientStack};
use monoclock::Clock;

use crate::command::Command;
use crate::error::Error;
use crate::lookup::resolve;
use crate::modem::Modem;
use crate::power::Wiring;
use crate::socket::SocketHandle;

/// A TCP socket of [`TcpClientStack`].
#[derive(Debug, Default)]
pub struct TcpSocket(Option<SocketHandle>);

/// A UDP socket of [`UdpClientStack`].
#[derive(Debug)]
pub struct UdpSocket {
    handle: SocketHandle,
    remote: Option<SocketAddrV4>,
}

impl TcpError for Error {
    fn kind(&self) -> TcpErrorKind {
        match self {
            Self::Closed | Self::Restarted => TcpErrorKind::PipeClosed,
            _ => TcpErrorKind::Other,
        }
    }
}

fn v4(remote: SocketAddr) -> Result<SocketAddrV4, Error> {
    match remote {
        SocketAddr::V4(remote) => Ok(remote),
        SocketAddr::V6(_) => Err(Error::Argument("an IPv6 address")),
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
        Ok(TcpSocket(None))
    }

    fn connect(&mut self, socket: &mut TcpSocket, remote: SocketAddr) -> nb::Result<(), Error> {
        let handle = self.open_address(v4(remote)?)?;
        socket.0 = Some(handle);
        Ok(())
    }

    fn send(&mut self, socket: &mut TcpSocket, buffer: &[u8]) -> nb::Result<usize, Error> {
        let handle = socket.0.ok_or(Error::Closed)?;
        Ok(self.write_socket(handle, buffer).map_err(|fault| fault.named("+USOWR="))?)
    }

    fn receive(&mut self, socket: &mut TcpSocket, buffer: &mut [u8]) -> nb::Result<usize, Error> {
        let handle = socket.0.ok_or(Error::Closed)?;
        let mut socket = self.socket(handle)?;
        let ready = socket.read_ready();
        let result = match ready {
            Ok(true) => socket.read(buffer).map_err(nb::Error::Other),
            Ok(false) => Err(nb::Error::WouldBlock),
            Err(error) => Err(nb::Error::Other(error)),
        };
        let _ = socket.detach();
        result
    }

    fn close(&mut self, socket: TcpSocket) -> Result<(), Error> {
        let Some(handle) = socket.0 else { return Ok(()) };
        match self.socket(handle) {
            Ok(socket) => socket.close(),
            Err(_) => Ok(()),
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
        Ok(UdpSocket { handle: self.open_udp(0)?, remote: None })
    }

    fn connect(&mut self, socket: &mut UdpSocket, remote: SocketAddr) -> Result<(), Error> {
        socket.remote = Some(v4(remote)?);
        Ok(())
    }

    fn send(&mut self, socket: &mut UdpSocket, buffer: &[u8]) -> nb::Result<(), Error> {
        let remote = socket.remote.ok_or(Error::Closed)?;
        Ok(self.send_to(socket.handle, remote, buffer)?)
    }

    fn receive(
        &mut self,
        socket: &mut UdpSocket,
        buffer: &mut [u8],
    ) -> nb::Result<(usize, SocketAddr), Error> {
        let (count, remote) = self.receive_from(socket.handle, buffer)?;
        if socket.remote.is_some_and(|wanted| wanted != remote) {
            return Err(nb::Error::WouldBlock);
        }
        Ok((count, SocketAddr::V4(remote)))
    }

    fn close(&mut self, socket: UdpSocket) -> Result<(), Error> {
        self.close_handle(socket.handle)
    }
}

impl<S, P, C> Dns for Modem<S, P, C>
where
    S: Read + Write + ReadReady,
    P: Wiring<S>,
    C: Clock,
{
    type Error = Error;

    /// Looks a name up. Between the first call and the last, other calls on the modem wait for the answer.
    fn get_host_by_name(&mut self, host: &str, kind: AddrType) -> nb::Result<IpAddr, Error> {
        if kind == AddrType::IPv6 {
            return Err(nb::Error::Other(Error::Argument("an IPv6 address")));
        }
        let command = resolve(host);
        self.poll_execute(&command)?;
        let address = command.decode(self.device.engine.answer());
        Ok(IpAddr::V4(address.ok_or(Error::Garbled { command: "+UDNSRN=" })?))
    }

    fn get_host_by_address(&mut self, _address: IpAddr, _result: &mut [u8]) -> nb::Result<usize, Error> {
        Err(nb::Error::Other(Error::Argument("a reverse look-up")))
    }
}
