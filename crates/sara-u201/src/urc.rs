//! Unsolicited result codes.

use core::net::{Ipv4Addr, SocketAddrV4};

use crate::at::{Fields, parse_number};
use crate::registration::{Domain, Registration};

/// Something that the modem said by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Urc {
    /// `+UCALLSTAT`: a call changed its state.
    Call {
        /// The call's number.
        id: u8,
        /// 0 active, 1 held, 2 dialling, 3 alerting, 4 ringing, 5 waiting, 6 disconnected, 7 connected.
        status: u8,
    },
    /// `+UUSORF`: a datagram waits on a socket.
    DatagramWaiting {
        /// The socket.
        socket: u8,
        /// Bytes waiting.
        length: u32,
    },
    /// `+UUDTMFD`: a DTMF tone was heard.
    Dtmf(u8),
    /// `+UUHTTPCR`: an HTTP request ended.
    Http {
        /// The profile.
        profile: u8,
        /// The request's command.
        command: u8,
        /// Whether it succeeded.
        succeeded: bool,
    },
    /// `+CIEV`: an indicator changed.
    Indicator {
        /// Which one.
        indicator: u8,
        /// Its new value.
        value: u8,
    },
    /// `+UULOC`: a location was found.
    Location(Location),
    /// `+CMTI`: an SMS was stored.
    Message {
        /// Its place in the store.
        index: u16,
    },
    /// `+UUPSDA`: activation of a PSD profile ended.
    PacketDataActivated {
        /// 0 on success.
        result: u16,
    },
    /// `+UUPSDD`: a PSD profile was deactivated; its sockets are gone.
    PacketDataLost {
        /// The profile.
        profile: u8,
    },
    /// `+CGEV: ... DETACH`: the packet service is gone.
    PacketServiceDetached,
    /// `+UUPING`: an echo came back, or did not.
    Ping {
        /// Which of the requests.
        attempt: u8,
        /// Round trip time in milliseconds; none on a time-out.
        round_trip: Option<u32>,
        /// Time to live of the answer.
        time_to_live: u8,
    },
    /// `+UUPINGER`: the ping could not be made (8: unknown host).
    PingFailed {
        /// The modem's reason.
        reason: u16,
    },
    /// `+CREG` or `+CGREG`: the registration changed.
    Registration {
        /// Which of the two.
        domain: Domain,
        /// What it is now.
        registration: Registration,
    },
    /// `RING` or `+CRING`: a call comes in.
    Ring,
    /// `+UUSIMSTAT`: the SIM changed its state.
    SimStatus(u8),
    /// `+UUSOLI`: a listening socket accepted a connection.
    SocketAccepted {
        /// The new socket.
        socket: u8,
        /// Who connected.
        remote: SocketAddrV4,
        /// The socket that listens.
        listener: u8,
    },
    /// `+UUSOCL`: a socket was closed by the peer or the network.
    SocketClosed {
        /// The socket.
        socket: u8,
    },
    /// `+UUSORD`: data waits on a socket; `u32::MAX` bytes on a TLS socket mean that it is closed.
    SocketData {
        /// The socket.
        socket: u8,
        /// Bytes waiting.
        length: u32,
    },
    /// `+UUPSMR`, `+UMWI`, `+UUSTS` and others that only tell that something happened.
    Other,
}

/// A location from the cell data base (or a GNSS receiver).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Location {
    /// Millionths of a degree, north is positive.
    pub latitude: i32,
    /// Millionths of a degree, east is positive.
    pub longitude: i32,
    /// Metres above sea level.
    pub altitude: i32,
    /// Radius of the uncertainty in metres.
    pub uncertainty: u32,
}

/// Names of URCs that do not begin with `UU`.
const NAMES: [&[u8]; 17] = [
    b"CALV",
    b"CCWA",
    b"CDS",
    b"CDSI",
    b"CGEV",
    b"CGREG",
    b"CIEV",
    b"CLIP",
    b"CMT",
    b"CMTI",
    b"CREG",
    b"CRING",
    b"CTZV",
    b"CUSD",
    b"UCALLSTAT",
    b"ULOCIND",
    b"UMWI",
];

/// Splits a line into the name of a URC and its parameters.
fn split(line: &[u8]) -> Option<(&[u8], Fields<'_>)> {
    let name = line.strip_prefix(b"+")?;
    let colon = name.iter().position(|&byte| byte == b':')?;
    let (name, rest) = name.split_at_checked(colon)?;
    Some((name, Fields::new(rest.get(1..)?)))
}

/// Whether a line has the form of a URC.
pub(crate) fn is_urc(line: &[u8]) -> bool {
    line == b"RING" || (line.starts_with(b"+") && line.iter().position(|&byte| byte == b':').is_some())
}

/// What the driver itself must know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Notice {
    Data { socket: u8, length: u32 },
    Datagram { socket: u8, length: u32 },
    Closed { socket: u8 },
    PacketDataLost,
    Registration { domain: Domain, registration: Registration },
}

impl Notice {
    pub(crate) fn parse(line: &[u8]) -> Option<Self> {
        let (name, mut fields) = split(line)?;
        let domain = match name {
            b"UUPSDD" => return Some(Self::PacketDataLost),
            b"CGEV" => return fields.bytes()?.ends_with(b"DETACH").then_some(Self::PacketDataLost),
            b"CREG" => Domain::CircuitSwitched,
            b"CGREG" => Domain::PacketSwitched,
            _ => {
                let &[b'U', b'U', b'S', b'O', kind, last] = name else { return None };
                let socket = fields.number()?;
                return match (kind, last) {
                    (b'R', b'D') => Some(Self::Data { socket, length: fields.number()? }),
                    (b'R', b'F') => Some(Self::Datagram { socket, length: fields.number()? }),
                    (b'C', b'L') => Some(Self::Closed { socket }),
                    _ => None,
                };
            }
        };
        Some(Self::Registration { domain, registration: Registration::parse(fields)? })
    }
}

impl Urc {
    /// Reads a line, if it is a URC.
    ///
    /// ```
    /// use sara_u201::Urc;
    ///
    /// assert_eq!(Urc::parse(b"+UUSOCL: 3"), Some(Urc::SocketClosed { socket: 3 }));
    /// assert_eq!(Urc::parse(b"+USOCR: 3"), None);
    /// ```
    #[must_use]
    pub fn parse(line: &[u8]) -> Option<Self> {
        if line == b"RING" {
            return Some(Self::Ring);
        }
        let (name, mut fields) = split(line)?;
        match name {
            b"UUPSDD" => return Some(Self::PacketDataLost { profile: fields.number()? }),
            b"UUPSDA" => return Some(Self::PacketDataActivated { result: fields.number()? }),
            _ => {}
        }
        match Notice::parse(line) {
            Some(Notice::Data { socket, length }) => return Some(Self::SocketData { socket, length }),
            Some(Notice::Datagram { socket, length }) => {
                return Some(Self::DatagramWaiting { socket, length });
            }
            Some(Notice::Closed { socket }) => return Some(Self::SocketClosed { socket }),
            Some(Notice::PacketDataLost) => return Some(Self::PacketServiceDetached),
            Some(Notice::Registration { domain, registration }) => {
                return Some(Self::Registration { domain, registration });
            }
            None => {}
        }
        match name {
            b"CREG" | b"CGREG" | b"UUSORD" | b"UUSORF" | b"UUSOCL" => None,
            b"UUSOLI" => {
                let socket = fields.number()?;
                let ip: Ipv4Addr = fields.text()?.parse().ok()?;
                let remote = SocketAddrV4::new(ip, fields.number()?);
                Some(Self::SocketAccepted { socket, remote, listener: fields.number()? })
            }
            b"CIEV" => Some(Self::Indicator { indicator: fields.number()?, value: fields.number()? }),
            b"CMTI" => {
                let _storage = fields.raw()?;
                Some(Self::Message { index: fields.number()? })
            }
            b"CRING" => Some(Self::Ring),
            b"UCALLSTAT" => Some(Self::Call { id: fields.number()?, status: fields.number()? }),
            b"UUDTMFD" => Some(Self::Dtmf(*fields.bytes()?.first()?)),
            b"UUHTTPCR" => {
                let (profile, command) = (fields.number()?, fields.number()?);
                Some(Self::Http { profile, command, succeeded: fields.number() == Some(1u8) })
            }
            b"UUPING" => ping(fields),
            b"UUPINGER" => Some(Self::PingFailed { reason: fields.number()? }),
            b"UULOC" => location(fields).map(Self::Location),
            b"UUSIMSTAT" => Some(Self::SimStatus(fields.number()?)),
            _ if name.starts_with(b"UU") || NAMES.contains(&name) => Some(Self::Other),
            _ => None,
        }
    }
}

/// `<retry>,<size>,"<host>","<ip>",<ttl>,<rtt>`; the round trip time is -1 on a time-out.
fn ping(mut fields: Fields<'_>) -> Option<Urc> {
    let attempt = fields.number()?;
    let (_size, _host, _ip) = (fields.raw()?, fields.raw()?, fields.raw()?);
    let time_to_live = fields.number().unwrap_or(0);
    Some(Urc::Ping { attempt, time_to_live, round_trip: fields.number() })
}

/// `<date>,<time>,<lat>,<long>,<alt>,<uncertainty>,...`.
fn location(mut fields: Fields<'_>) -> Option<Location> {
    let (_date, _time) = (fields.raw()?, fields.raw()?);
    Some(Location {
        latitude: millionths(fields.bytes()?)?,
        longitude: millionths(fields.bytes()?)?,
        altitude: millionths(fields.bytes()?)? / 1_000_000,
        uncertainty: fields.number()?,
    })
}

/// Reads a decimal fraction into millionths; further digits are cut off.
fn millionths(text: &[u8]) -> Option<i32> {
    let (negative, digits) = match text.strip_prefix(b"-") {
        Some(digits) => (true, digits),
        None => (false, text),
    };
    let point = digits.iter().position(|&byte| byte == b'.').unwrap_or(digits.len());
    let (whole, fraction) = digits.split_at_checked(point)?;
    let mut value = parse_number(whole)?;
    let mut fraction = fraction.iter().skip(1);
    for _ in 0..6 {
        let digit = fraction.next().copied().unwrap_or(b'0');
        value = value.checked_mul(10)?.checked_add(parse_number(&[digit])?)?;
    }
    let value = i32::try_from(value).ok()?;
    Some(if negative { -value } else { value })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registration::RegistrationStatus;
    use proptest::prelude::*;

    #[test]
    fn urcs_of_sockets_are_read() {
        assert_eq!(
            Urc::parse(b"+UUSORD: 3,4294967295"),
            Some(Urc::SocketData { socket: 3, length: u32::MAX })
        );
        assert_eq!(
            Urc::parse(br#"+UUSOLI: 1,"151.9.34.66",39912,0,"151.9.34.74",2525"#),
            Some(Urc::SocketAccepted {
                socket: 1,
                remote: SocketAddrV4::new(Ipv4Addr::new(151, 9, 34, 66), 39912),
                listener: 0,
            })
        );
        assert_eq!(Urc::parse(b"+UUSOCL: x"), None);
    }

    #[test]
    fn urcs_of_the_network_are_read() {
        let Some(Urc::Registration { domain, registration }) = Urc::parse(b"+CGREG: 1,\"00A1\",\"0001\"")
        else {
            panic!("not read");
        };
        assert_eq!(domain, Domain::PacketSwitched);
        assert_eq!(registration.status, RegistrationStatus::Home);
        assert_eq!(Urc::parse(b"+CGEV: NW DETACH"), Some(Urc::PacketServiceDetached));
        assert_eq!(Urc::parse(b"+UUPSDD: 0"), Some(Urc::PacketDataLost { profile: 0 }));
        assert_eq!(Urc::parse(b"+CMTI: \"SM\",4"), Some(Urc::Message { index: 4 }));
    }

    #[test]
    fn a_ping_that_times_out_has_no_round_trip() {
        let line = br#"+UUPING: 1,32,"example.org","93.184.216.34",50,812"#;
        assert_eq!(Urc::parse(line), Some(Urc::Ping { attempt: 1, round_trip: Some(812), time_to_live: 50 }));
        let line = br#"+UUPING: 2,32,"example.org","93.184.216.34",0,-1"#;
        assert_eq!(Urc::parse(line), Some(Urc::Ping { attempt: 2, round_trip: None, time_to_live: 0 }));
    }

    #[test]
    fn a_location_is_read_without_floating_point() {
        let line = b"+UULOC: 04/11/2026,10:26:40.000,45.7140100,-13.7364340,0,4049,0,0";
        assert_eq!(
            Urc::parse(line),
            Some(Urc::Location(Location {
                latitude: 45_714_010,
                longitude: -13_736_434,
                altitude: 0,
                uncertainty: 4049,
            }))
        );
    }

    proptest! {
        #[test]
        fn any_line_is_read_without_panic(line: std::vec::Vec<u8>, name in "[+]U?U?[A-Z]{2,6}: ") {
            let _ = Urc::parse(&line);
            let _ = Urc::parse(&[name.as_bytes(), &line].concat());
        }
    }
}
