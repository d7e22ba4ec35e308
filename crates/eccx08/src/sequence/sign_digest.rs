//! Random, Nonce (pass-through), Sign: the signature over a digest.

use super::{Outbox, Sequence, Step};
use crate::address::Slot;
use crate::command::{DigestSource, NoncePassThrough, RefreshSeed, Sign};
use crate::error::Error;

/// Signs a digest with the private key in a slot.
///
/// Random comes first because a pass-through Nonce does not refresh the seed from which the element draws
/// the k of ECDSA. The digest goes through TempKey, which every element has; with `BUFFER` it goes through the
/// message digest buffer of an ATECC608. Chosen when compiled: what is not used takes no flash.
#[derive(Clone, Copy, Debug)]
pub struct SignDigest<'a, const BUFFER: bool = false> {
    slot: Slot,
    digest: &'a [u8; 32],
    stage: Stage,
}

#[derive(Clone, Copy, Debug)]
enum Stage {
    Random,
    Nonce,
    Sign,
}

impl<'a> SignDigest<'a> {
    /// Signs `digest` with the key in `slot`.
    #[must_use]
    pub const fn new(slot: Slot, digest: &'a [u8; 32]) -> Self {
        Self { slot, digest, stage: Stage::Random }
    }

    /// Takes the digest through the message digest buffer, which leaves TempKey alone (ATECC608).
    #[must_use]
    pub const fn through_message_digest_buffer(self) -> SignDigest<'a, true> {
        SignDigest { slot: self.slot, digest: self.digest, stage: Stage::Random }
    }
}

impl<'a, const BUFFER: bool> SignDigest<'a, BUFFER> {
    const SOURCE: DigestSource =
        if BUFFER { DigestSource::MessageDigestBuffer } else { DigestSource::TempKey };

    const fn nonce(&self) -> NoncePassThrough<'a> {
        NoncePassThrough { target: Self::SOURCE.target(), data: self.digest }
    }

    const fn sign(&self) -> Sign {
        Sign::external(self.slot, Self::SOURCE)
    }
}

impl<const BUFFER: bool> Sequence for SignDigest<'_, BUFFER> {
    type Output = [u8; 64];

    fn advance(&mut self, reply: Option<&[u8]>, outbox: &mut Outbox) -> Result<Step<[u8; 64]>, Error> {
        let Some(reply) = reply else {
            outbox.require(&self.sign())?;
            self.stage = Stage::Random;
            return outbox.send(&RefreshSeed);
        };
        match self.stage {
            Stage::Random => {
                outbox.receive(&RefreshSeed, reply)?;
                self.stage = Stage::Nonce;
                outbox.send(&self.nonce())
            }
            Stage::Nonce => {
                outbox.receive(&self.nonce(), reply)?;
                self.stage = Stage::Sign;
                outbox.send(&self.sign())
            }
            Stage::Sign => outbox.receive(&self.sign(), reply).map(Step::Done),
        }
    }
}
