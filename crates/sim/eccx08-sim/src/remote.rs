//! The bus over a byte stream, for clients in other languages.
//!
//! A request is an operation byte and its fields, numbers little-endian:
//!
//! | request | fields | does |
//! |---|---|---|
//! | `W` | address (u8, 7 bits), length (u16), bytes | writes |
//! | `R` | address (u8, 7 bits), length (u16) | reads |
//! | `T` | microseconds (u32) | lets time pass |
//! | `F` | hertz (u32) | sets the bus clock |
//!
//! The reply is a status byte: 0 acknowledged, 1 not acknowledged, 2 arbitration lost; after a
//! successful `R` the bytes follow. `T` and `F` are always acknowledged. A read of no bytes is not.
//! Anything else is an error, and the connection ends.

use core::time::Duration;
use std::io::{self, Read, Write};

use embedded_hal::i2c::I2c;

use crate::{BusError, Sim};

/// One request of a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// `W`: writes bytes to a device.
    Write {
        /// Address of seven bits.
        address: u8,
        /// What to write.
        bytes: Vec<u8>,
    },
    /// `R`: reads bytes from a device.
    Read {
        /// Address of seven bits.
        address: u8,
        /// How many.
        length: u16,
    },
    /// `T`: lets time pass.
    Advance(Duration),
    /// `F`: sets the bus clock in hertz.
    BusClock(u32),
}

impl Request {
    /// Reads the next request; nothing at the end of the stream.
    ///
    /// # Errors
    ///
    /// Errors of the stream, a request that is cut short, an unknown operation, an address above 0x7F,
    /// a clock of 0 Hz.
    pub fn read_from(stream: &mut impl Read) -> io::Result<Option<Self>> {
        let mut operation = [0];
        loop {
            match stream.read(&mut operation) {
                Ok(0) => return Ok(None),
                Ok(_) => break,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        let request = match operation[0] {
            b'W' => {
                let (address, length) = target(stream)?;
                let mut bytes = vec![0; usize::from(length)];
                stream.read_exact(&mut bytes)?;
                Self::Write { address, bytes }
            }
            b'R' => {
                let (address, length) = target(stream)?;
                Self::Read { address, length }
            }
            b'T' => Self::Advance(Duration::from_micros(u64::from(number(stream)?))),
            b'F' => match number(stream)? {
                0 => return Err(invalid("a bus clock of 0 Hz")),
                hz => Self::BusClock(hz),
            },
            other => return Err(invalid(&format!("unknown operation 0x{other:02X}"))),
        };
        Ok(Some(request))
    }

    /// Carries the request out and gives the reply.
    #[must_use]
    pub fn carry_out(&self, sim: &Sim) -> Vec<u8> {
        match self {
            Self::Write { address, bytes } => vec![status(sim.bus().write(*address, bytes))],
            Self::Read { address, length } => {
                let mut reply = vec![0; usize::from(*length) + 1];
                reply[0] = status(sim.bus().read(*address, &mut reply[1..]));
                if reply[0] != ACKNOWLEDGED {
                    reply.truncate(1);
                }
                reply
            }
            Self::Advance(span) => {
                sim.clock().advance(*span);
                vec![ACKNOWLEDGED]
            }
            Self::BusClock(hz) => {
                sim.set_bus_hz(*hz);
                vec![ACKNOWLEDGED]
            }
        }
    }
}

const ACKNOWLEDGED: u8 = 0;
const NOT_ACKNOWLEDGED: u8 = 1;
const ARBITRATION_LOST: u8 = 2;

/// Serves one client until its stream ends; calls `after` when a request is done, before its reply.
///
/// # Errors
///
/// Those of [`Request::read_from`], of writing the reply, and of `after`.
pub fn serve(
    sim: &Sim,
    mut stream: impl Read + Write,
    mut after: impl FnMut(&Sim) -> io::Result<()>,
) -> io::Result<()> {
    while let Some(request) = Request::read_from(&mut stream)? {
        let reply = request.carry_out(sim);
        after(sim)?;
        stream.write_all(&reply)?;
        stream.flush()?;
    }
    Ok(())
}

fn status(result: Result<(), BusError>) -> u8 {
    match result {
        Ok(()) => ACKNOWLEDGED,
        Err(BusError::ArbitrationLost) => ARBITRATION_LOST,
        Err(_) => NOT_ACKNOWLEDGED,
    }
}

fn target(stream: &mut impl Read) -> io::Result<(u8, u16)> {
    let mut fields = [0; 3];
    stream.read_exact(&mut fields)?;
    let [address, low, high] = fields;
    if address > 0x7F {
        return Err(invalid(&format!("address 0x{address:02X} has more than 7 bits")));
    }
    Ok((address, u16::from_le_bytes([low, high])))
}

fn number(stream: &mut impl Read) -> io::Result<u32> {
    let mut bytes = [0; 4];
    stream.read_exact(&mut bytes)?;
    Ok(u32::from_le_bytes(bytes))
}

fn invalid(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(mut bytes: &[u8]) -> io::Result<Option<Request>> {
        Request::read_from(&mut bytes)
    }

    #[test]
    fn requests_parse_as_framed() {
        let write = Request::Write { address: 0x60, bytes: vec![1, 2] };
        assert_eq!(parse(b"W\x60\x02\x00\x01\x02").unwrap(), Some(write));
        let read = Request::Read { address: 0x60, length: 0x0104 };
        assert_eq!(parse(b"R\x60\x04\x01").unwrap(), Some(read));
        let time = Request::Advance(Duration::from_micros(1500));
        assert_eq!(parse(b"T\xDC\x05\x00\x00").unwrap(), Some(time));
        assert_eq!(parse(b"F\xA0\x86\x01\x00").unwrap(), Some(Request::BusClock(100_000)));
        assert_eq!(parse(b"").unwrap(), None);
    }

    #[test]
    fn broken_requests_are_errors() {
        for bytes in [&b"X"[..], b"F\0\0\0\0", b"W\x80\0\0", b"W\x60\x02\x00\x01", b"R\x60", b"T\x01"] {
            assert!(parse(bytes).is_err(), "{bytes:02X?}");
        }
    }
}
