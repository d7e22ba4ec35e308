//! Finds out what the element is.

use super::{Outbox, Sequence, Step};
use crate::address::Location;
use crate::chip::{Chip, Identity};
use crate::command::{InfoRevision, ReadWord};
use crate::error::Error;

/// Info, then the configuration word that holds ChipMode.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Detect {
    chip: Option<Chip>,
}

impl Sequence for Detect {
    type Output = Identity;

    fn advance(&mut self, reply: Option<&[u8]>, outbox: &mut Outbox) -> Result<Step<Identity>, Error> {
        // Bytes 16 to 19: I2C_Address, reserved, CountMatch or OTPmode, ChipMode.
        let word = ReadWord { location: Location::CHIP_MODE_WORD };
        let Some(reply) = reply else {
            self.chip = None;
            return outbox.send(&InfoRevision);
        };
        match self.chip {
            None => {
                let revision = outbox.receive(&InfoRevision, reply)?;
                self.chip = Some(Chip::from_revision(revision).ok_or(Error::UnknownRevision { revision })?);
                outbox.send(&word)
            }
            Some(chip) => {
                let [_, _, _, chip_mode] = outbox.receive(&word, reply)?;
                Ok(Step::Done(Identity::new(chip, chip_mode)))
            }
        }
    }
}
