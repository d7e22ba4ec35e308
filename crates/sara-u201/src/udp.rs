//! UDP sockets, and the time by SNTP over one.

use core::net::{Ipv4Addr, SocketAddrV4};

use embedded_io::{Read, ReadReady, Write};
use monoclock::Clock;

use monoclock::Millis;

use crate::at::{CommandLine, Fields};
use crate::command::{Custom, MAX_BINARY, MAX_HEX, Protocol, Reply, Spec};
use crate::device::Fill;
use crate::engine::Payload;
use crate::error::Error;
use crate::modem::Modem;
use crate::power::Wiring;
use crate::socket::SocketHandle;
use crate::time::{NetworkTime, Validity};

/// The port of SNTP servers.
const SNTP: u16 = 123;
/// Seconds from 1900, where NTP counts from, to 1970.
const NTP_EPOCH: u64 = 2_208_988_800;

impl<S, P, C> Modem<S, P, C>
where
    S: Read + Write + ReadReady,
    P: Wiring<S>,
    C: Clock,
{
    /// Opens a UDP socket; `local_port` 0 leaves the choice to the modem.
    ///
    /// # Errors
    /// Packet data is not active, or all sockets are taken.
    pub fn open_udp(&mut self, local_port: u16) -> Result<SocketHandle, Error> {
        self.create_socket(Protocol::Udp, local_port)
    }

    /// Sends a datagram of at most 1024 bytes.
    ///
    /// # Errors
    /// [`Error::Argument`] when it is longer, [`Error::Closed`] when the socket is.
    pub fn send_to(&mut self, socket: SocketHandle, remote: SocketAddrV4, data: &[u8]) -> Result<(), Error> {
        let open = self.check(socket);
        self.named(open)?;
        if data.is_empty() || data.len() > MAX_BINARY {
            return Err(Error::Argument("the datagram"));
        }
        // More than digits hold goes on a prompt, which some firmware takes for digits too.
        if self.device.hex && data.len() > MAX_HEX {
            let changed = self.set_hex(false);
            self.named(changed)?;
        }
        let (command, payload) = send_to(socket, remote, data.len(), self.device.hex);
        self.execute_with(&command, payload, data)
    }

    /// Takes the next datagram, its length and its sender, without waiting for one.
    ///
    /// What does not fit `buffer` stays for the next call, as the modem does.
    ///
    /// # Errors
    /// `WouldBlock` while there is none; [`Error::Closed`] when the socket is closed.
    pub fn receive_from(
        &mut self,
        socket: SocketHandle,
        buffer: &mut [u8],
    ) -> nb::Result<(usize, SocketAddrV4), Error> {
        let open = self.check(socket);
        self.named(open)?;
        let entry = self.live(socket).map_err(|fault| fault.named("+USORF="))?;
        if entry.pending == 0 {
            return Err(nb::Error::WouldBlock);
        }
        // Another one is announced by a URC of its own.
        entry.pending = 0;
        let hex = self.device.hex;
        let command = receive_from(socket, buffer.len(), hex);
        let mut fill = Fill::new(buffer, hex);
        let Some((remote, announced)) = self.execute_into(&command, Payload::None, &[], &mut fill)? else {
            return Err(nb::Error::WouldBlock);
        };
        if fill.whole() != Some(announced) {
            return Err(nb::Error::Other(Error::Garbled { command: "+USORF=" }));
        }
        Ok((announced, remote))
    }

    /// Asks an SNTP server for the time: for networks that do not tell it.
    ///
    /// # Errors
    /// The name is unknown, or packet data is not active. No answer is [`NetworkTime::Unset`].
    pub fn sntp_time(
        &mut self,
        host: &str,
        timeout: Millis,
        validity: Validity,
    ) -> Result<NetworkTime, Error> {
        let server = SocketAddrV4::new(self.resolve(host)?, SNTP);
        let socket = self.open_udp(0)?;
        let answer = self.ask_sntp(socket, server, timeout);
        self.device.sockets.abandon(socket.number, socket.generation);
        let Some(unix_seconds) = answer? else { return Ok(NetworkTime::Unset) };
        let believed = (validity.not_before..=validity.not_after).contains(&unix_seconds);
        Ok(if believed { NetworkTime::Utc { unix_seconds, zone: 0 } } else { NetworkTime::Unset })
    }

    fn ask_sntp(
        &mut self,
        socket: SocketHandle,
        server: SocketAddrV4,
        timeout: Millis,
    ) -> Result<Option<u64>, Error> {
        // RFC 4330 section 5: version 4, mode 3 (client), all else zero.
        let mut packet = [0; 48];
        packet[0] = 0x23;
        self.send_to(socket, server, &packet)?;
        let deadline = self.now() + timeout;
        while !self.now().has_reached(deadline) {
            match self.receive_from(socket, &mut packet) {
                Ok((48, remote)) if remote == server => return Ok(sntp_seconds(&packet)),
                Ok(_) => {}
                Err(nb::Error::Other(error)) => return Err(error),
                Err(nb::Error::WouldBlock) => {
                    self.wait_until(deadline);
                    self.hear()?;
                }
            }
        }
        Ok(None)
    }
}

/// `AT+USOST`, ready to run with its data.
pub(crate) fn send_to(
    socket: SocketHandle,
    remote: SocketAddrV4,
    length: usize,
    hex: bool,
) -> (Custom<impl Fn(&mut CommandLine), ()>, Payload) {
    const SEND: Spec = Spec::new("+USOST=").reply(Reply::Maybe).within(Spec::SOCKET);
    let spec = if hex { &SEND } else { const { &SEND.prompt(b'@') } };
    let payload = if hex { Payload::Hex(length) } else { Payload::Prompted(length) };
    let length = u16::try_from(length).unwrap_or(0);
    let encode = move |line: &mut CommandLine| {
        line.number(socket.number);
        address(line, *remote.ip());
        line.number(remote.port()).number(length);
    };
    (Custom::plain(spec, encode), payload)
}

/// `AT+USORF`, ready to run; answers the sender and the length, or nothing when no datagram waits.
pub(crate) fn receive_from(
    socket: SocketHandle,
    room: usize,
    hex: bool,
) -> Custom<impl Fn(&mut CommandLine), Option<(SocketAddrV4, usize)>> {
    const RECEIVE: Spec = Spec::new("+USORF=").reply(Reply::Line).within(Spec::SOCKET);
    let spec = if hex { const { &RECEIVE.data(4, true) } } else { const { &RECEIVE.data(4, false) } };
    let length = u16::try_from(room.min(if hex { MAX_HEX } else { MAX_BINARY })).unwrap_or(0);
    let encode = move |line: &mut CommandLine| {
        line.number(socket.number).number(length);
    };
    Custom::new(spec, encode, sender)
}

/// Reads the transmit timestamp of a server's answer (RFC 4330 section 4).
fn sntp_seconds(packet: &[u8; 48]) -> Option<u64> {
    let [first, stratum, ..] = *packet;
    let (leap, mode) = (first >> 6, first & 7);
    if mode != 4 || leap == 3 || stratum == 0 {
        return None;
    }
    let seconds = u64::from(u32::from_be_bytes(*packet.get(40..)?.first_chunk()?));
    // Seconds wrap in 2036: small ones are of the era that begins then.
    let era = if seconds < 1 << 31 { 1 << 32 } else { 0 };
    (seconds + era).checked_sub(NTP_EPOCH)
}

/// Writes an address in quotes without formatting machinery.
pub(crate) fn address(line: &mut CommandLine, ip: Ipv4Addr) {
    line.separate();
    line.raw(b"\"");
    for (place, octet) in ip.octets().into_iter().enumerate() {
        if place > 0 {
            line.raw(b".");
        }
        line.decimal(octet.into());
    }
    line.raw(b"\"");
}

/// Reads `socket,"ip",port,length,"data"`; `socket,0` is an empty socket.
fn sender(mut answer: Fields<'_>) -> Option<Option<(SocketAddrV4, usize)>> {
    let _socket = answer.raw()?;
    if !answer.is_quoted() {
        return Some(None);
    }
    let ip: Ipv4Addr = match answer.text()? {
        "" => return Some(None),
        text => text.parse().ok()?,
    };
    let port = answer.number()?;
    let length: u16 = answer.number()?;
    Some(Some((SocketAddrV4::new(ip, port), length.into())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_of_a_server_is_read() {
        let mut packet = [0; 48];
        packet[0] = 0x24;
        packet[1] = 2;
        packet[40..44].copy_from_slice(&u32::to_be_bytes((1_795_417_800u64 + NTP_EPOCH).try_into().unwrap()));
        assert_eq!(sntp_seconds(&packet), Some(1_795_417_800));
        packet[1] = 0;
        assert_eq!(sntp_seconds(&packet), None, "a kiss of death is no time");
    }

    #[test]
    fn senders_are_read() {
        let remote = SocketAddrV4::new(Ipv4Addr::new(10, 0, 0, 1), 123);
        assert_eq!(sender(Fields::new(b" 1,\"10.0.0.1\",123,48,\"")), Some(Some((remote, 48))));
        assert_eq!(sender(Fields::new(b" 1,0")), Some(None));
    }
}
