//! A host that speaks bytes: what the tests know of the protocol, apart from any driver.
#![allow(dead_code, reason = "each test file uses a part")]

use core::time::Duration;
use std::rc::Rc;

use eccx08_sim::{Builder, BusError, NvImage, Profile, Sim, SimBus, SimDelay, crc16};
use embedded_hal::delay::DelayNs;
use embedded_hal::i2c::I2c;
use monoclock::ManualClock;

pub(crate) const ADDRESS: u8 = 0x60;

/// Configuration of the Arduino library (protocol section 4.4): bytes 16 to 127 matter.
pub(crate) const ARDUINO: [u8; 128] =
    hex("01230000000050000000000000C07100C000550083208720872087 2F872F8F8F9F8FAF8F\
     0000000000000000000000000000AF8FFFFFFFFF00000000FFFFFFFF00000000\
     FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00005555FFFF000000000000\
     3300330033003300330 01C001C001C003C003C003C003C003C003C003C001C00");

/// Reads hexadecimal digits; blanks between them do not matter.
pub(crate) const fn hex<const N: usize>(digits: &str) -> [u8; N] {
    let digits = digits.as_bytes();
    let (mut bytes, mut nibbles, mut at) = ([0; N], 0, 0);
    while at < digits.len() {
        let nibble = match digits[at] {
            digit @ b'0'..=b'9' => digit - b'0',
            digit @ b'A'..=b'F' => digit - b'A' + 10,
            digit @ b'a'..=b'f' => digit - b'a' + 10,
            _ => 16,
        };
        at += 1;
        if nibble < 16 {
            bytes[nibbles / 2] |= if nibbles % 2 == 0 { nibble << 4 } else { nibble };
            nibbles += 1;
        }
    }
    assert!(nibbles == 2 * N, "another number of digits");
    bytes
}

/// Frames a command, word address included.
pub(crate) fn command(opcode: u8, param1: u8, param2: u16, data: &[u8]) -> Vec<u8> {
    let mut body = vec![u8::try_from(data.len() + 7).unwrap(), opcode, param1];
    body.extend_from_slice(&param2.to_le_bytes());
    body.extend_from_slice(data);
    body.extend_from_slice(&crc16(&body).to_le_bytes());
    body.insert(0, 0x03);
    body
}

pub(crate) struct Host {
    pub(crate) sim: Sim,
    pub(crate) bus: SimBus,
    pub(crate) delay: SimDelay,
}

impl Host {
    pub(crate) fn new(builder: Builder) -> Self {
        let sim = builder.build(Rc::new(ManualClock::new()));
        Self { bus: sim.bus(), delay: sim.delay(), sim }
    }

    /// A chip with both zones locked and the Arduino configuration, awake.
    pub(crate) fn locked(profile: Profile) -> Self {
        Self::awake(Sim::builder(profile).nv(locked(profile)))
    }

    pub(crate) fn awake(builder: Builder) -> Self {
        let mut host = Self::new(builder);
        host.wake();
        host
    }

    pub(crate) fn pulse(&mut self) {
        let _ = self.bus.write(0, &[1]);
        self.delay.delay_us(1500);
    }

    pub(crate) fn wake(&mut self) {
        self.pulse();
        assert_eq!(self.read(4).unwrap(), [0x04, 0x11, 0x33, 0x43]);
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) -> Result<(), BusError> {
        self.bus.write(ADDRESS, bytes)
    }

    pub(crate) fn read(&mut self, length: usize) -> Result<Vec<u8>, BusError> {
        let mut bytes = vec![0; length];
        self.bus.read(ADDRESS, &mut bytes).map(|()| bytes)
    }

    /// Polls for the response, which must come.
    pub(crate) fn response(&mut self) -> Vec<u8> {
        let response = self.poll();
        response.unwrap_or_else(|| panic!("no response: {:?}", self.sim))
    }

    /// Polls for the response and checks its CRC; nothing when the chip stays silent.
    pub(crate) fn poll(&mut self) -> Option<Vec<u8>> {
        for _ in 0..4000 {
            if self.write(&[0x00]).is_ok() {
                let count = self.read(1).unwrap()[0];
                let mut frame = vec![count];
                frame.extend(self.read(usize::from(count) - 1).unwrap());
                let payload = frame.len() - 2;
                assert_eq!(crc16(&frame[..payload]).to_le_bytes(), frame[payload..], "{frame:02X?}");
                return Some(frame[1..payload].to_vec());
            }
            self.delay.delay_ms(1);
        }
        None
    }

    /// Sends a frame that may be lost.
    pub(crate) fn try_run(&mut self, frame: &[u8]) -> Option<Vec<u8>> {
        self.write(frame).ok()?;
        self.poll()
    }

    /// Sends a command and waits for the payload of its response.
    pub(crate) fn run(&mut self, opcode: u8, param1: u8, param2: u16, data: &[u8]) -> Vec<u8> {
        self.write(&command(opcode, param1, param2, data)).unwrap();
        self.response()
    }

    /// Sends a command in a wake window of its own, so that the watchdog does not matter.
    pub(crate) fn fresh(&mut self, opcode: u8, param1: u8, param2: u16, data: &[u8]) -> Vec<u8> {
        self.idle();
        self.wake();
        self.run(opcode, param1, param2, data)
    }

    pub(crate) fn idle(&mut self) {
        let _ = self.write(&[0x02]);
    }

    pub(crate) fn sleep(&mut self) {
        let _ = self.write(&[0x01]);
    }

    pub(crate) fn wait(&mut self, time: Duration) {
        self.sim.clock().advance(time);
    }

    /// Random, Nonce (pass-through), Sign (external) in one window.
    pub(crate) fn sign(&mut self, slot: u16, digest: &[u8; 32]) -> Vec<u8> {
        assert_eq!(self.fresh(0x1B, 0, 0, &[]).len(), 32);
        assert_eq!(self.run(0x16, 0x03, 0, digest), [0]);
        self.run(0x41, 0x80, slot, &[])
    }
}

/// The memory of a chip with the Arduino configuration and both locks.
pub(crate) fn locked(profile: Profile) -> NvImage {
    let mut config = ARDUINO;
    if profile.is_608() {
        config[18] = 0;
        config[68..84].fill(0);
    }
    NvImage::locked_with(profile, &config)
}

/// Verifies R, S over a digest with X, Y.
pub(crate) fn verifies(public: &[u8], digest: &[u8; 32], signature: &[u8]) -> bool {
    use p256::ecdsa::signature::hazmat::PrehashVerifier;
    let point = [&[4], public].concat();
    let key = p256::ecdsa::VerifyingKey::from_sec1_bytes(&point).unwrap();
    let signature = p256::ecdsa::Signature::from_slice(signature).unwrap();
    key.verify_prehash(digest, &signature).is_ok()
}
