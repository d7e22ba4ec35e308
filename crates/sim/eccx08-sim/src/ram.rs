//! Volatile memory: what sleep wipes and idle keeps.

use crate::crypto::sha256;
use crate::sha::Hasher;

/// TempKey.SourceFlag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// The random generator of the chip had a part in it: 0.
    Random,
    /// It came from outside as it is: 1.
    Input,
}

/// The last command that shaped TempKey after a Nonce.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shaped {
    /// Nonce alone.
    Nonce,
    /// GenDig; the slot when it was the data zone.
    GenDig { id: u8, data_zone: bool, no_mac: bool },
    /// GenKey with a digest of this slot's public key.
    GenKey { slot: u8 },
    /// A private key (608, GenKey to 0xFFFF): usable by ECDH alone.
    PrivateKey,
}

/// A valid TempKey.
#[derive(Clone)]
pub(crate) struct TempKey {
    pub(crate) bytes: [u8; 64],
    /// 64 bytes rather than 32 (608).
    pub(crate) long: bool,
    pub(crate) source: Source,
    pub(crate) shaped: Shaped,
}

impl TempKey {
    pub(crate) fn new(bytes: &[u8; 32], source: Source, shaped: Shaped) -> Self {
        let mut long = [0; 64];
        long[..32].copy_from_slice(bytes);
        Self { bytes: long, long: false, source, shaped }
    }

    pub(crate) fn low(&self) -> [u8; 32] {
        let mut low = [0; 32];
        low.copy_from_slice(&self.bytes[..32]);
        low
    }

    /// The TempKey flags byte of Info (state) and of the internal signature.
    pub(crate) fn flags(&self) -> u8 {
        let source = if self.source == Source::Input { 1 << 4 } else { 0 };
        source
            | match self.shaped {
                Shaped::Nonce | Shaped::PrivateKey => 0,
                Shaped::GenDig { id, no_mac, .. } => (id & 0x0F) | 1 << 5 | u8::from(no_mac) << 7,
                Shaped::GenKey { slot } => (slot & 0x0F) | 1 << 6,
            }
    }
}

/// A buffer of 32 or 64 bytes that a Nonce filled (608).
#[derive(Clone)]
pub(crate) struct Buffer {
    pub(crate) bytes: [u8; 64],
    pub(crate) long: bool,
}

impl Buffer {
    pub(crate) fn low(&self) -> [u8; 32] {
        let mut low = [0; 32];
        low.copy_from_slice(&self.bytes[..32]);
        low
    }
}

/// A running SHA command.
#[derive(Clone)]
pub(crate) struct ShaContext {
    pub(crate) hasher: Hasher,
    /// The key of an HMAC, padded to a block.
    pub(crate) hmac_key: Option<[u8; 64]>,
}

/// Everything that sleep wipes.
#[derive(Clone, Default)]
pub(crate) struct Ram {
    pub(crate) temp_key: Option<TempKey>,
    pub(crate) message_digest: Option<Buffer>,
    pub(crate) alternate_key: Option<[u8; 32]>,
    pub(crate) sha: Option<ShaContext>,
    /// The key that CheckMac authorised, for KeyConfig.ReqAuth.
    pub(crate) authorised: Option<u8>,
    /// The running command looked at TempKey.
    pub(crate) temp_key_used: bool,
}

impl Ram {
    /// Puts a digest of `parts` into TempKey; flags other than `shaped` stay.
    pub(crate) fn digest_into_temp_key(&mut self, parts: &[&[u8]], shaped: Shaped) {
        let source = self.temp_key.as_ref().map_or(Source::Input, |key| key.source);
        self.temp_key = Some(TempKey::new(&sha256(parts), source, shaped));
    }
}
