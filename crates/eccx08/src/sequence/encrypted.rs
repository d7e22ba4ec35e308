//! Nonce, GenDig, then an encrypted Read, Write or PrivWrite.

use super::{Outbox, Sequence, Step};
use crate::address::{Location, Slot};
use crate::command::{GenDig, NonceRandom, PrivWrite, ReadBlock, WriteEncrypted};
use crate::error::Error;
use crate::shared_key::{Session, SharedKey};

/// The two commands that make TempKey known to both sides, and to nobody else.
#[derive(Clone, Debug)]
struct Opening<'a> {
    key: SharedKey<'a>,
    session: Session,
    stage: Stage,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Nonce,
    GenDig,
    Open,
}

impl<'a> Opening<'a> {
    const fn new(key: SharedKey<'a>) -> Self {
        Self { key, session: Session::EMPTY, stage: Stage::Nonce }
    }

    /// Gives the reply to what follows the two commands, or the next of the two.
    ///
    /// `Ok(Err(step))`: nothing to do but `step`. `Ok(Ok(None))`: TempKey is ready.
    fn advance<'r, T>(
        &mut self,
        reply: Option<&'r [u8]>,
        outbox: &mut Outbox,
    ) -> Result<Result<Option<&'r [u8]>, Step<T>>, Error> {
        let nonce = NonceRandom { num_in: self.key.num_in };
        let gen_dig = GenDig::slot(self.key.slot);
        let Some(reply) = reply else {
            self.stage = Stage::Nonce;
            return outbox.send(&nonce).map(Err);
        };
        match self.stage {
            Stage::Nonce => {
                let random = outbox.receive(&nonce, reply)?;
                self.session = self.key.session(&random);
                self.stage = Stage::GenDig;
                outbox.send(&gen_dig).map(Err)
            }
            Stage::GenDig => {
                outbox.receive(&gen_dig, reply)?;
                self.stage = Stage::Open;
                Ok(Ok(None))
            }
            Stage::Open => Ok(Ok(Some(reply))),
        }
    }
}

/// Reads a block of a slot whose policy asks for encryption.
#[derive(Clone, Debug)]
pub struct ReadEncrypted<'a> {
    opening: Opening<'a>,
    location: Location,
}

impl<'a> ReadEncrypted<'a> {
    /// Reads the block at `location` with the slot's ReadKey.
    #[must_use]
    pub const fn new(key: SharedKey<'a>, location: Location) -> Self {
        Self { opening: Opening::new(key), location }
    }
}

impl Sequence for ReadEncrypted<'_> {
    type Output = [u8; 32];

    fn advance(&mut self, reply: Option<&[u8]>, outbox: &mut Outbox) -> Result<Step<[u8; 32]>, Error> {
        let read = ReadBlock { location: self.location };
        match self.opening.advance(reply, outbox)? {
            Err(step) => Ok(step),
            Ok(None) => outbox.send(&read),
            Ok(Some(reply)) => {
                let ciphertext = outbox.receive(&read, reply)?;
                Ok(Step::Done(self.opening.session.crypt(&ciphertext)))
            }
        }
    }
}

/// Writes a block of a slot whose policy asks for encryption.
#[derive(Clone)]
pub struct WriteBlockEncrypted<'a> {
    opening: Opening<'a>,
    location: Location,
    data: &'a [u8; 32],
}

impl<'a> WriteBlockEncrypted<'a> {
    /// Writes `data` to the block at `location` with the slot's WriteKey.
    #[must_use]
    pub const fn new(key: SharedKey<'a>, location: Location, data: &'a [u8; 32]) -> Self {
        Self { opening: Opening::new(key), location, data }
    }
}

impl Sequence for WriteBlockEncrypted<'_> {
    type Output = ();

    fn advance(&mut self, reply: Option<&[u8]>, outbox: &mut Outbox) -> Result<Step<()>, Error> {
        let reply = match self.opening.advance(reply, outbox)? {
            Err(step) => return Ok(step),
            Ok(reply) => reply,
        };
        let session = &self.opening.session;
        let mode = WriteEncrypted::mode(self.location);
        let write = WriteEncrypted {
            location: self.location,
            ciphertext: &session.crypt(self.data),
            mac: &session.write_mac(mode, self.location.address(), self.data),
        };
        match reply {
            None => outbox.send(&write),
            Some(reply) => outbox.receive(&write, reply).map(Step::Done),
        }
    }
}

impl core::fmt::Debug for WriteBlockEncrypted<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("WriteBlockEncrypted").field("location", &self.location).finish_non_exhaustive()
    }
}

/// Writes a private key that was made elsewhere, after the data zone is locked.
#[derive(Clone)]
pub struct WritePrivateKey<'a> {
    opening: Opening<'a>,
    slot: Slot,
    private_key: &'a [u8; 32],
}

impl<'a> WritePrivateKey<'a> {
    /// Writes `private_key`, big-endian, to `slot` with the slot's WriteKey.
    #[must_use]
    pub const fn new(key: SharedKey<'a>, slot: Slot, private_key: &'a [u8; 32]) -> Self {
        Self { opening: Opening::new(key), slot, private_key }
    }
}

impl Sequence for WritePrivateKey<'_> {
    type Output = ();

    fn advance(&mut self, reply: Option<&[u8]>, outbox: &mut Outbox) -> Result<Step<()>, Error> {
        let reply = match self.opening.advance(reply, outbox)? {
            Err(step) => return Ok(step),
            Ok(reply) => reply,
        };
        let (ciphertext, mac) = self.opening.session.private_key(self.slot, self.private_key);
        let write = PrivWrite::encrypted(self.slot, &ciphertext, &mac);
        match reply {
            None => outbox.send(&write),
            Some(reply) => outbox.receive(&write, reply).map(Step::Done),
        }
    }
}

impl core::fmt::Debug for WritePrivateKey<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("WritePrivateKey").field("slot", &self.slot).finish_non_exhaustive()
    }
}
