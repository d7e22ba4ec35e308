//! The `embedded-nal` 0.9 stacks: TCP and UDP clients by address, and name look-up.
//!
//! Every call returns at once: `WouldBlock` until the modem has answered, and then what it said. A command of a
//! socket that is under way belongs to that socket until it has been polled to its end; meanwhile the modem's
//! blocking calls are refused with [`Error::Busy`] and the stacks' other calls return `WouldBlock`. What
//! nobody has polled for ten seconds is given up.
//!
//! Only these wait: closing, for the modem's answer; waking a modem that saves power; and finding back to a modem
//! whose answer was lost.
//! TLS has its own connect, which takes a host name: `embedded-nal` connects by address and loses it.

mod tcp;
mod udp;

use core::net::{IpAddr, SocketAddr, SocketAddrV4};

use embedded_io::{Read, ReadReady, Write};
use embedded_nal::{AddrType, Dns, TcpError, TcpErrorKind};
use heapless::Vec;
use monoclock::Clock;

use crate::at::HexDecoder;
use crate::device::Sink;
use crate::error::Error;
use crate::fault::Fault;
use crate::lookup::resolve;
use crate::modem::Modem;
use crate::power::Wiring;

pub use tcp::TcpSocket;
pub use udp::UdpSocket;

impl TcpError for Error {
    fn kind(&self) -> TcpErrorKind {
        match self {
            Self::Closed | Self::Restarted => TcpErrorKind::PipeClosed,
            _ => TcpErrorKind::Other,
        }
    }
}

impl<S, P, C> Dns for Modem<S, P, C>
where
    S: Read + Write + ReadReady,
    P: Wiring<S>,
    C: Clock,
{
    type Error = Error;

    /// Looks a name up. Other calls may come between: they wait for the answer, which can be had again.
    fn get_host_by_name(&mut self, host: &str, kind: AddrType) -> nb::Result<IpAddr, Error> {
        if kind == AddrType::IPv6 {
            return Err(nb::Error::Other(Error::Argument("an IPv6 address")));
        }
        self.poll_plain(&resolve(host)).map(IpAddr::V4)
    }

    fn get_host_by_address(&mut self, _address: IpAddr, _result: &mut [u8]) -> nb::Result<usize, Error> {
        Err(nb::Error::Other(Error::Argument("a reverse look-up")))
    }
}

fn v4(remote: SocketAddr) -> Result<SocketAddrV4, Error> {
    match remote {
        SocketAddr::V4(remote) => Ok(remote),
        SocketAddr::V6(_) => Err(Error::Argument("an IPv6 address")),
    }
}

/// Leaves at once while something is under way; what has come of it else.
fn ready<T>(result: nb::Result<T, Fault>) -> nb::Result<Result<T, Fault>, Error> {
    match result {
        Ok(response) => Ok(Ok(response)),
        Err(nb::Error::Other(fault)) => Ok(Err(fault)),
        Err(nb::Error::WouldBlock) => Err(nb::Error::WouldBlock),
    }
}

/// Takes data over several polls.
#[derive(Clone, Copy, Debug)]
struct Intake {
    decoder: Option<HexDecoder>,
    overflow: bool,
}

impl Intake {
    fn new(hex: bool) -> Self {
        Self { decoder: hex.then(HexDecoder::new), overflow: false }
    }

    /// Whether just so many whole bytes have come.
    fn is_whole(&self, got: usize, announced: usize) -> bool {
        !self.overflow && got == announced && self.decoder.is_none_or(|decoder| decoder.is_whole())
    }
}

/// An [`Intake`] and where the data goes, for as long as bytes are at hand.
struct Taking<'t, const N: usize>(&'t mut Intake, &'t mut Vec<u8, N>);

impl<const N: usize> Sink for Taking<'_, N> {
    fn data(&mut self, data: &[u8]) {
        let Self(Intake { decoder, overflow }, buffer) = self;
        let mut put = |byte| *overflow |= buffer.push(byte).is_err();
        match decoder {
            Some(decoder) => decoder.feed(data, put),
            None => data.iter().for_each(|&byte| put(byte)),
        }
    }
}

/// Gives as much of what was received as there is room for, and keeps the rest.
fn give<const N: usize>(unread: &mut Vec<u8, N>, buffer: &mut [u8]) -> usize {
    let mut count = 0;
    for (place, byte) in buffer.iter_mut().zip(unread.iter()) {
        *place = *byte;
        count += 1;
    }
    unread.rotate_left(count);
    unread.truncate(unread.len() - count);
    count
}
