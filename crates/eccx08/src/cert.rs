//! A certificate in a slot: 72 bytes, of which everything else can be rebuilt.
//!
//! Both sequences work with slots 8 to 15, the only ones that are large enough, if their policy lets them
//! be read and written in clear.

use jwt_signer::x509::CompressedCertificate;

use crate::address::{Location, Slot};
use crate::command::{ReadBlock, ReadWord, WriteBlock, WriteWord};
use crate::error::Error;
use crate::sequence::{Outbox, Sequence, Step};

/// Stores a compressed certificate in a slot.
///
/// The word with the dates is written twice: first as zeros, which are no date, and at last as it is. A
/// certificate whose writing ended between two commands is therefore known by its
/// [`validity`](CompressedCertificate::validity); one that the power left in the midst of a command is known
/// by its signature, as any other damage.
#[derive(Clone, Copy, Debug)]
pub struct StoreCertificate {
    places: Places,
    content: Content,
    stage: u8,
}

impl StoreCertificate {
    /// Stores `certificate` in `slot`; `None` if the slot has less than 72 bytes.
    #[must_use]
    pub fn new(slot: Slot, certificate: &CompressedCertificate) -> Option<Self> {
        Some(Self { places: Places::new(slot)?, content: Content::of(certificate), stage: 0 })
    }
}

impl Sequence for StoreCertificate {
    type Output = ();

    fn advance(&mut self, reply: Option<&[u8]>, outbox: &mut Outbox) -> Result<Step<()>, Error> {
        let Self { places, content, stage } = self;
        let no_dates = WriteWord { location: places.dates, data: [0; 4] };
        match reply {
            None => *stage = 0,
            Some(reply) => {
                // Every write is answered alike.
                outbox.receive(&no_dates, reply)?;
                *stage += 1;
            }
        }
        match *stage {
            0 => outbox.send(&no_dates),
            1 => outbox.send(&WriteBlock { location: places.r, data: &content.r }),
            2 => outbox.send(&WriteBlock { location: places.s, data: &content.s }),
            3 => outbox.send(&WriteWord { location: places.rest, data: content.rest }),
            4 => outbox.send(&WriteWord { location: places.dates, data: content.dates }),
            _ => Ok(Step::Done(())),
        }
    }
}

/// Loads a compressed certificate from a slot.
#[derive(Clone, Copy, Debug)]
pub struct LoadCertificate {
    places: Places,
    content: Content,
    stage: u8,
}

impl LoadCertificate {
    /// Loads from `slot`; `None` if the slot has less than 72 bytes.
    #[must_use]
    pub fn new(slot: Slot) -> Option<Self> {
        Some(Self { places: Places::new(slot)?, content: Content::default(), stage: 0 })
    }
}

impl Sequence for LoadCertificate {
    type Output = CompressedCertificate;

    fn advance(
        &mut self,
        reply: Option<&[u8]>,
        outbox: &mut Outbox,
    ) -> Result<Step<CompressedCertificate>, Error> {
        let Self { places, content, stage } = self;
        let r = ReadBlock { location: places.r };
        let s = ReadBlock { location: places.s };
        let dates = ReadWord { location: places.dates };
        let rest = ReadWord { location: places.rest };
        let Some(reply) = reply else {
            *stage = 0;
            return outbox.send(&r);
        };
        *stage += 1;
        match *stage {
            1 => {
                content.r = outbox.receive(&r, reply)?;
                outbox.send(&s)
            }
            2 => {
                content.s = outbox.receive(&s, reply)?;
                outbox.send(&dates)
            }
            3 => {
                content.dates = outbox.receive(&dates, reply)?;
                outbox.send(&rest)
            }
            _ => {
                content.rest = outbox.receive(&rest, reply)?;
                Ok(Step::Done(content.certificate()))
            }
        }
    }
}

/// Where the parts lie: two blocks, and the two words of the third block that a slot of 72 bytes has.
#[derive(Clone, Copy, Debug)]
struct Places {
    r: Location,
    s: Location,
    dates: Location,
    rest: Location,
}

impl Places {
    fn new(slot: Slot) -> Option<Self> {
        Some(Self {
            r: Location::slot_block(slot, 0)?,
            s: Location::slot_block(slot, 1)?,
            dates: Location::slot_word(slot, 16)?,
            rest: Location::slot_word(slot, 17)?,
        })
    }
}

/// The parts of a compressed certificate.
#[derive(Clone, Copy, Debug, Default)]
struct Content {
    r: [u8; 32],
    s: [u8; 32],
    dates: [u8; 4],
    rest: [u8; 4],
}

impl Content {
    fn of(certificate: &CompressedCertificate) -> Self {
        let mut content = Self::default();
        for (part, byte) in content.bytes_mut().zip(certificate.as_bytes()) {
            *part = *byte;
        }
        content
    }

    fn certificate(mut self) -> CompressedCertificate {
        let mut bytes = [0; CompressedCertificate::LENGTH];
        for (byte, part) in bytes.iter_mut().zip(self.bytes_mut()) {
            *byte = *part;
        }
        CompressedCertificate::from_bytes(bytes)
    }

    fn bytes_mut(&mut self) -> impl Iterator<Item = &mut u8> {
        let Self { r, s, dates, rest } = self;
        r.iter_mut().chain(s).chain(dates).chain(rest)
    }
}
