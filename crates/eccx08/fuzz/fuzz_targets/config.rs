//! Any 128 bytes as a configuration: every field, and the way to each image.
#![no_main]

use eccx08::provision::changes;
use eccx08::{Config, Image, Slot};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Some(bytes) = bytes.first_chunk() else { return };
    let config = Config::from_bytes(*bytes);
    for slot in Slot::ALL {
        let policy = config.slot_config(slot);
        let _ = (policy.read_policy(), policy.write_policy(), policy.read_key(), policy.write_key());
        let key = config.key_config(slot);
        let _ = (key.key_type(), key.authorising_key(), key.x509_id(), config.is_slot_locked(slot));
    }
    for image in [Image::ATECC508A_ARDUINO, Image::ATECC608] {
        let wanted = image.applied_to(&config);
        assert_eq!(changes(&wanted, &image.applied_to(&wanted)).count(), 0);
        for change in changes(&config, &wanted) {
            assert_ne!(change.from, change.to);
            let _ = change.to_string();
        }
    }
    let _ = (config.serial_number().to_string(), config.lock_bytes().first_unlocked(), config.summary());
});
