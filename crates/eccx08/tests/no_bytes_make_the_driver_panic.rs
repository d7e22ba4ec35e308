//! Any bytes for a reply, any configuration, any answers on the bus: an error at worst.

use core::convert::Infallible;

use eccx08::command::{Command, Counter, CounterId, GenKey, InfoRevision, Random, ReadBlock, SelfTest};
use eccx08::command::{Engines, NoncePassThrough, VerifyExternal};
use eccx08::{Config, Crc16, Eccx08, Image, Location, Packet, Slot, parse_reply};
use embedded_hal::delay::DelayNs;
use embedded_hal::i2c::{ErrorKind, ErrorType, I2c, Operation};
use proptest::prelude::*;

/// A bus that answers reads with the bytes of a list, and fails where the list says so.
struct Noise {
    bytes: Vec<u8>,
    next: usize,
    transfers: u32,
}

impl Noise {
    fn byte(&mut self) -> u8 {
        self.next += 1;
        self.bytes.get(self.next % self.bytes.len().max(1)).copied().unwrap_or(0)
    }
}

#[derive(Debug)]
struct Refused;

impl embedded_hal::i2c::Error for Refused {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Other
    }
}

impl ErrorType for Noise {
    type Error = Refused;
}

impl I2c for Noise {
    fn transaction(&mut self, _: u8, operations: &mut [Operation<'_>]) -> Result<(), Refused> {
        self.transfers += 1;
        for operation in operations {
            if let Operation::Read(buffer) = operation {
                assert!(!buffer.is_empty(), "no controller reads nothing");
                for byte in buffer.iter_mut() {
                    *byte = self.byte();
                }
            }
        }
        if self.byte().is_multiple_of(3) { Err(Refused) } else { Ok(()) }
    }
}

struct NoDelay;

impl DelayNs for NoDelay {
    fn delay_ns(&mut self, _: u32) {}
}

fn framed(payload: &[u8]) -> Vec<u8> {
    let mut reply = vec![u8::try_from(payload.len() + 3).unwrap()];
    reply.extend(payload);
    let crc = Crc16::of(&reply).to_bytes();
    reply.extend(crc);
    reply
}

proptest! {
    #[test]
    fn a_reply_comes_back_as_it_was_framed(payload in proptest::collection::vec(any::<u8>(), 1..=72)) {
        let reply = framed(&payload);
        prop_assert_eq!(parse_reply(&reply), Ok(&payload[..]));
    }

    #[test]
    fn any_bit_that_flips_is_noticed(payload in proptest::collection::vec(any::<u8>(), 1..=72), bit in 0..600_usize) {
        let mut reply = framed(&payload);
        let bit = bit % (reply.len() * 8);
        reply[bit / 8] ^= 1 << (bit % 8);
        prop_assert!(parse_reply(&reply).is_err());
    }

    #[test]
    fn no_reply_is_too_strange(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = parse_reply(&bytes);
        let location = Location::config_block(0).unwrap();
        let _ = InfoRevision.decode(&bytes);
        let _ = Random.decode(&bytes);
        let _ = ReadBlock { location }.decode(&bytes);
        let _ = Counter::read(CounterId::Zero).decode(&bytes);
        let _ = GenKey::derive(Slot::S0).decode(&bytes);
        let _ = SelfTest { engines: Engines::ALL }.decode(&bytes);
    }

    #[test]
    fn a_command_is_framed_with_its_length_and_crc(data in any::<[u8; 32]>()) {
        let mut packet = Packet::new();
        NoncePassThrough::temp_key(&data).encode(&mut packet);
        let bytes = packet.as_bytes();
        let (counted, crc) = bytes[1..].split_last_chunk::<2>().unwrap();
        prop_assert_eq!(usize::from(counted[0]), bytes.len() - 1);
        prop_assert_eq!(Crc16::of(counted).to_bytes(), *crc);
        prop_assert_eq!(&counted[5..], &data[..]);
    }

    #[test]
    fn any_configuration_can_be_read(low in any::<[u8; 32]>(), high in any::<[u8; 32]>()) {
        let mut bytes = [0; 128];
        bytes[..32].copy_from_slice(&low);
        bytes[16..48].copy_from_slice(&high);
        bytes[96..].copy_from_slice(&low);
        let config = Config::from_bytes(bytes);
        for slot in Slot::ALL {
            let policy = config.slot_config(slot);
            prop_assert_eq!(policy.bits().to_le_bytes(), [bytes[20 + 2 * usize::from(slot.number())], bytes[21 + 2 * usize::from(slot.number())]]);
            let _ = (policy.read_policy(), policy.write_policy(), config.is_slot_locked(slot));
            let key = config.key_config(slot);
            prop_assert_eq!(key.bits().to_le_bytes(), [bytes[96 + 2 * usize::from(slot.number())], bytes[97 + 2 * usize::from(slot.number())]]);
            let _ = (key.key_type(), key.authorising_key(), key.x509_id());
        }
        let _ = (config.serial_number().to_string(), config.lock_bytes().first_unlocked(), config.summary());
        let changes: Vec<_> = eccx08::provision::changes(&config, &Image::ATECC608.applied_to(&config)).collect();
        for change in changes {
            let _: Result<String, Infallible> = Ok(change.to_string());
        }
    }

    #[test]
    fn no_traffic_hangs_the_driver(bytes in proptest::collection::vec(any::<u8>(), 1..400)) {
        let mut element = Eccx08::new(Noise { bytes, next: 0, transfers: 0 }, NoDelay);
        let _ = element.key(Slot::S0).sign(&[1; 32]);
        let _ = element.survey(Image::ATECC608);
        let verify = VerifyExternal { source: Default::default(), signature: &[0; 64], public_key: &[0; 64] };
        let _ = element.execute(&verify);
        let (bus, _) = element.release();
        prop_assert!(bus.transfers < 20_000, "{} transfers", bus.transfers);
    }
}
