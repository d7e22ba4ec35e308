//! Any bytes as a reply: through the parser, and through the decoders of the commands.
#![no_main]

use eccx08::command::{
    Command, Counter, CounterId, Engines, GenKey, InfoRevision, Lock, Random, ReadBlock, ReadWord, SelfTest,
};
use eccx08::{Crc16, Location, Slot, parse_reply};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Ok(payload) = parse_reply(bytes) else { return };
    assert!(payload.len() + 3 <= bytes.len());
    let Some(location) = Location::config_word(0) else { return };
    let _ = InfoRevision.decode(payload);
    let _ = Random.decode(payload);
    let _ = ReadWord { location }.decode(payload);
    let _ = ReadBlock { location }.decode(payload);
    let _ = GenKey::derive(Slot::S0).decode(payload);
    let _ = Lock::config(Crc16::new()).decode(payload);
    let _ = SelfTest { engines: Engines::ALL }.decode(payload);
    if let Ok(value) = Counter::read(CounterId::Zero).decode(payload) {
        assert!(value <= Counter::MAX);
    }
});
