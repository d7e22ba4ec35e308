//! What commands see of the chip.

use rand_core::CryptoRng;

use crate::crypto::{self, SignatureNonce};
use crate::frame::{Packet, Status};
use crate::nv::NvImage;
use crate::ram::{Ram, Shaped, Source, TempKey};
use crate::zones::{SLOTS, config};
use crate::{Decisions, Profile};

/// Payload of a response, or the status that refuses the command.
pub(crate) type Answer = Result<Vec<u8>, Status>;

/// The chip without its bus and without time.
pub(crate) struct Chip {
    pub(crate) profile: Profile,
    pub(crate) revision: [u8; 4],
    pub(crate) decisions: Decisions,
    pub(crate) signature_nonce: SignatureNonce,
    pub(crate) nv: NvImage,
    pub(crate) ram: Ram,
    pub(crate) rng: Box<dyn CryptoRng>,
    pub(crate) self_test_failed: bool,
    /// Lost with the supply, kept in sleep (608).
    pub(crate) persistent_latch: bool,
    /// Pause told the chip to idle (508A).
    pub(crate) paused: bool,
}

/// Answers status 0x00.
pub(crate) fn done() -> Answer {
    Ok(vec![Status::Success.byte()])
}

/// Refuses with 0x0F unless `condition` holds.
pub(crate) const fn require(condition: bool) -> Result<(), Status> {
    if condition { Ok(()) } else { Err(Status::Execution) }
}

impl Chip {
    /// Requires the configuration zone to be locked.
    pub(crate) const fn require_config_locked(&self) -> Result<(), Status> {
        require(self.nv.config_locked())
    }

    /// Requires both zones to be locked.
    pub(crate) const fn require_locked(&self) -> Result<(), Status> {
        require(self.nv.config_locked() && self.nv.data_locked())
    }

    /// Requires the state in which keys can be used: both zones locked (a decision).
    pub(crate) fn require_keys_usable(&self) -> Result<(), Status> {
        self.require_config_locked()?;
        require(self.nv.data_locked() || self.decisions.keys_before_data_lock)
    }

    /// Fills bytes from the generator, or with FF FF 00 00 before the configuration is locked.
    pub(crate) fn random(&mut self) -> [u8; 32] {
        let mut bytes = [0; 32];
        self.rng.fill_bytes(&mut bytes);
        if !self.nv.config_locked() {
            bytes = core::array::from_fn(|at| if at % 4 < 2 { 0xFF } else { 0x00 });
        }
        bytes
    }

    /// Takes the valid TempKey and notes that the command looked at it.
    pub(crate) fn temp_key(&mut self) -> Result<TempKey, Status> {
        self.ram.temp_key_used = true;
        let key = self.ram.temp_key.clone().ok_or(Status::Execution)?;
        require(key.shaped != Shaped::PrivateKey)?;
        Ok(key)
    }

    /// Takes the TempKey of an encrypted transfer: random, then GenDig with this key.
    pub(crate) fn session_key(&mut self, slot: u8) -> Result<[u8; 32], Status> {
        let key = self.temp_key()?;
        require(key.source == Source::Random)?;
        let Shaped::GenDig { id, data_zone: true, .. } = key.shaped else {
            return Err(Status::Execution);
        };
        require(id == slot)?;
        Ok(key.low())
    }

    /// Checks what every use of a key asks for: authorisation, latch, remaining uses.
    pub(crate) fn use_key(&mut self, slot: u8) -> Result<(), Status> {
        let key = self.nv.key_config(slot);
        if key.req_auth() {
            require(self.ram.authorised == Some(key.auth_key()))?;
        }
        if self.profile.is_608() && key.persistent_disable() {
            require(self.persistent_latch)?;
        }
        if self.nv.slot_config(slot).limited_use() {
            self.consume_use(slot)?;
        }
        Ok(())
    }

    /// Requires a random TempKey where KeyConfig.ReqRandom asks for it.
    pub(crate) fn require_random(&self, slot: u8, source: Source) -> Result<(), Status> {
        require(!self.nv.key_config(slot).req_random() || source == Source::Random)
    }

    /// Reads the slot number of param2.
    pub(crate) fn slot_of(packet: &Packet<'_>) -> Result<u8, Status> {
        let slot = u8::try_from(packet.param2).map_err(|_| Status::Execution)?;
        require(slot < SLOTS)?;
        Ok(slot)
    }

    /// Parts of the serial number that every digest message holds: SN\[8\], SN\[0:1\].
    pub(crate) fn serial_tail(&self) -> [u8; 3] {
        let sn = self.nv.serial_number();
        [sn[8], sn[0], sn[1]]
    }

    /// Slot and permission of the IO protection key (608).
    pub(crate) fn io_protection_key(&self) -> Result<[u8; 32], Status> {
        let options = self.nv.word16(config::CHIP_OPTIONS);
        require(options & 2 != 0)?;
        Ok(self.nv.key(options.to_be_bytes()[0] >> 4))
    }

    /// Encrypts an output with the IO protection key: cipher and OutNonce (608).
    ///
    /// Decision: Each 32 bytes are XORed with SHA-256 of key, the first 16 bytes of OutNonce, and, from
    /// the second on, the number of the block.
    pub(crate) fn protect_output(&mut self, plain: &[u8]) -> Answer {
        let key = self.io_protection_key()?;
        let nonce = self.random();
        let mut output = Vec::with_capacity(plain.len() + nonce.len());
        for (number, block) in (0_u8..).zip(plain.chunks(32)) {
            let number = if number == 0 { &[][..] } else { &[number][..] };
            output.extend(crypto::xor(block, &crypto::sha256(&[&key, &nonce[..16], number])));
        }
        output.extend_from_slice(&nonce);
        Ok(output)
    }

    /// Charges one use of a limited key (section 4.2): LastKeyUse for slot 15 of a 508A, otherwise
    /// Counter0, up to its greatest value or to the value that CountMatch names (608).
    fn consume_use(&mut self, slot: u8) -> Result<(), Status> {
        if slot == 15 && !self.profile.is_608() {
            return self.consume_last_key_use();
        }
        let count = crate::counter::read(&self.nv, 0).ok_or(Status::Execution)?;
        let matching = self.nv.config()[config::COUNT_MATCH];
        if self.profile.is_608() && matching & 1 == 1 {
            let limit = &self.nv.slot(matching >> 4)[..4];
            require(count < u32::from_le_bytes([limit[0], limit[1], limit[2], limit[3]]))?;
        }
        require(count < crate::counter::MAXIMUM)?;
        crate::counter::write(&mut self.nv, 0, count + 1);
        Ok(())
    }

    /// Clears the next bit of LastKeyUse; 0x0F when none is left.
    pub(crate) fn consume_last_key_use(&mut self) -> Result<(), Status> {
        let range = config::LAST_KEY_USE..config::USER_EXTRA;
        let uses = &mut self.nv.config_mut()[range];
        let byte = uses.iter_mut().find(|byte| **byte != 0).ok_or(Status::Execution)?;
        *byte &= 0x7F_u8 >> byte.leading_zeros();
        Ok(())
    }

    /// What a slot without a valid private key is answered with (a decision).
    pub(crate) const fn missing_key(&self) -> Status {
        if self.decisions.missing_key_is_ecc_fault { Status::Ecc } else { Status::Execution }
    }

    /// Wipes what sleep wipes.
    pub(crate) fn sleep(&mut self) {
        self.ram = Ram::default();
    }

    /// Wipes what a loss of the supply wipes.
    pub(crate) fn power_off(&mut self) {
        self.sleep();
        self.persistent_latch = false;
        self.self_test_failed = false;
    }
}
