//! From a blank chip to one that signs: what is allowed when (simulator specification, section 4).

mod support;

use eccx08_sim::{Fault, NvImage, Profile, Sim, Torn, Trigger, crc16};
use support::{ARDUINO, Host, command, hex, verifies};

const REFUSED: [u8; 1] = [0x0F];

/// Words 4 to 31 without 21: what an unlocked configuration zone lets be written.
fn words() -> impl Iterator<Item = u8> {
    (4..32).filter(|word| *word != 21)
}

fn write_configuration(host: &mut Host) {
    for word in words() {
        let bytes = &ARDUINO[usize::from(word) * 4..usize::from(word) * 4 + 4];
        assert_eq!(host.fresh(0x12, 0, u16::from(word), bytes), [0]);
    }
}

fn read_configuration(host: &mut Host) -> Vec<u8> {
    (0..4).flat_map(|block| host.fresh(0x02, 0x80, block << 3, &[])).collect()
}

#[test]
fn a_blank_chip_becomes_one_that_signs() {
    for profile in Profile::ALL {
        let mut host = Host::awake(Sim::builder(profile).seed(3));
        write_configuration(&mut host);
        let zone = read_configuration(&mut host);
        assert_eq!(zone[16..84], ARDUINO[16..84]);
        assert_eq!(zone[88..], ARDUINO[88..]);
        assert_eq!(zone[84..88], [0, 0, 0x55, 0x55]);

        assert_eq!(host.fresh(0x17, 0, crc16(&zone) ^ 1, &[]), REFUSED, "another checksum");
        assert!(!host.sim.nv().unwrap().config_locked());
        assert_eq!(host.fresh(0x17, 0, crc16(&zone), &[]), [0]);
        assert_eq!(host.fresh(0x12, 0, 4, &ARDUINO[16..20]), REFUSED, "locked");

        let public = host.fresh(0x40, 0x04, 0, &[]);
        assert_eq!(host.sign(0, &[9; 32]), REFUSED, "the data zone is not locked");
        let checksum = crc16(&[&[0xFF; 1208 - 36 * 8 + 36 * 8][..], &[0xFF; 64]].concat());
        assert_eq!(host.fresh(0x17, 1, checksum, &[]), REFUSED, "slot 0 is not all ones any more");
        assert_eq!(host.fresh(0x17, 0x81, 0, &[]), [0]);

        let signature = host.sign(0, &[9; 32]);
        assert!(verifies(&public, &[9; 32], &signature), "{profile}");
        assert_eq!(host.sim.public_key(0).unwrap()[..], public);
        assert_eq!(host.fresh(0x40, 0x00, 0, &[]), public, "derived");
        assert_eq!(host.fresh(0x17, 0x80, 0, &[]), REFUSED);
        assert_eq!(host.fresh(0x17, 0x81, 0, &[]), REFUSED);
    }
}

#[test]
fn the_data_checksum_covers_slots_and_otp() {
    let nv = NvImage::blank(Profile::Atecc608a).with_config_locked().with_slot(8, &[1, 2, 3]);
    let mut host = Host::awake(Sim::builder(Profile::Atecc608a).nv(nv));
    let mut contents = vec![0xFF; 1208 + 64];
    contents[288..291].copy_from_slice(&[1, 2, 3]);
    assert_eq!(host.run(0x17, 1, crc16(&contents[..1208]), &[]), REFUSED);
    assert_eq!(host.run(0x17, 1, crc16(&contents), &[]), [0]);
    assert!(host.sim.nv().unwrap().data_locked());
}

#[test]
fn an_unlocked_chip_gives_the_pattern_for_random() {
    let mut host = Host::awake(Sim::builder(Profile::Atecc508a));
    let frame =
        support::hex::<35>("23 FFFF0000 FFFF0000 FFFF0000 FFFF0000 FFFF0000 FFFF0000 FFFF0000 FFFF0000 411A");
    assert_eq!(host.run(0x1B, 0, 0, &[]), frame[1..33]);
    host.write(&[0x00]).unwrap();
    assert_eq!(host.read(35).unwrap(), frame);
    let mut host = Host::awake(
        Sim::builder(Profile::Atecc508a).nv(NvImage::blank(Profile::Atecc508a).with_config_locked()),
    );
    assert_ne!(host.run(0x1B, 0, 0, &[]), frame[1..33]);
}

#[test]
fn an_unlocked_chip_makes_no_keys_and_reads_no_data() {
    let mut host = Host::awake(Sim::builder(Profile::Atecc608a));
    assert_eq!(host.run(0x40, 0x04, 0, &[]), REFUSED);
    assert_eq!(host.run(0x16, 0x03, 0, &[1; 32]), [0]);
    assert_eq!(host.run(0x41, 0x80, 0, &[]), REFUSED);
    assert_eq!(host.run(0x02, 0x82, 0x40, &[]), REFUSED);
    assert_eq!(host.run(0x02, 0x81, 0, &[]), REFUSED);
    assert_eq!(host.run(0x12, 0x82, 0x40, &[0; 32]), REFUSED);
    assert_eq!(host.run(0x17, 0x81, 0, &[]), REFUSED, "data before configuration");
    assert_eq!(host.run(0x17, 0x02, 0, &[]), REFUSED, "slot before configuration");
}

#[test]
fn some_configuration_words_are_never_written() {
    let mut host = Host::awake(Sim::builder(Profile::Atecc608a));
    for word in [0, 1, 2, 3, 21] {
        assert_eq!(host.run(0x12, 0, word, &[0; 4]), REFUSED, "word {word}");
    }
    assert_eq!(host.run(0x12, 0x80, 0, &[0; 32]), REFUSED);
    assert_eq!(host.run(0x12, 0x80, 16, &[0; 32]), REFUSED);
    assert_eq!(host.run(0x12, 0x80, 8, &ARDUINO[32..64]), [0]);
    assert_eq!(host.run(0x12, 0x80, 24, &ARDUINO[96..]), [0]);
    assert_eq!(host.run(0x12, 0, 32, &[0; 4]), [0x03]);
    let mut host =
        Host::awake(Sim::builder(Profile::Atecc608a).decide(|d| d.reserved_word_is_parse_error = true));
    assert_eq!(host.run(0x12, 0, 0, &[0; 4]), [0x03]);
}

#[test]
fn data_is_written_in_blocks_before_the_lock_and_by_policy_after_it() {
    let nv = support::locked(Profile::Atecc608a).with_config_word(21, [0, 0, 0x55, 0]);
    let mut host = Host::awake(Sim::builder(Profile::Atecc608a).nv(nv));
    let block = [0xA5; 32];
    assert_eq!(host.run(0x12, 0x82, 0x40, &block), [0]);
    assert_eq!(host.run(0x12, 0x02, 0x40, &block[..4]), REFUSED, "four bytes");
    assert_eq!(host.run(0x12, 0x82, 0x00, &block), REFUSED, "a private slot");
    assert_eq!(host.run(0x12, 0x82, 5 << 3, &block), [0], "a secret slot");
    assert_eq!(host.run(0x12, 0x81, 0, &block), [0], "OTP");
    assert_eq!(host.run(0x17, 0x81, 0, &[]), [0]);
    assert_eq!(host.fresh(0x02, 0x82, 0x40, &[]), block);
    assert_eq!(host.run(0x02, 0x81, 0, &[]), block);
    assert_eq!(host.run(0x12, 0x02, 0x41, &[1, 2, 3, 4]), [0]);
    assert_eq!(host.run(0x02, 0x02, 0x41, &[]), [1, 2, 3, 4]);
    assert_eq!(host.run(0x12, 0x82, 5 << 3, &block), REFUSED, "written never");
    assert_eq!(host.run(0x02, 0x82, 5 << 3, &[]), REFUSED, "read never");
    assert_eq!(host.run(0x02, 0x82, 0x00, &[]), REFUSED, "a private slot");
    assert_eq!(host.run(0x12, 0x81, 0, &block), REFUSED, "OTP of a 608");
}

#[test]
fn otp_of_a_508a_can_be_consumed() {
    let mut host = Host::locked(Profile::Atecc508a);
    assert_eq!(host.run(0x12, 0x01, 1, &[0x0F; 4]), [0]);
    assert_eq!(host.run(0x12, 0x01, 1, &[0xF8; 4]), [0]);
    assert_eq!(host.run(0x02, 0x01, 1, &[]), [0x08; 4]);
}

#[test]
fn a_slot_locks_once_and_only_when_lockable() {
    let mut host = Host::locked(Profile::Atecc608a);
    assert_eq!(host.run(0x17, 0x02 | 5 << 2, 0, &[]), REFUSED, "not lockable");
    assert_eq!(host.run(0x17, 0x02, 0, &[]), [0]);
    assert_eq!(host.run(0x17, 0x02, 0, &[]), REFUSED, "again");
    assert_eq!(host.run(0x40, 0x04, 0, &[]), REFUSED, "its key stays");
    assert_eq!(host.run(0x02, 0x00, 0x16, &[]), hex::<4>("FE FF 00 00"));
}

#[test]
fn a_power_cut_tears_the_write_it_strikes() {
    for (torn, expected) in
        [(Torn::Before, [9, 9, 9, 9]), (Torn::Half, [1, 2, 9, 9]), (Torn::After, [1, 2, 3, 4])]
    {
        let mut host = Host::awake(Sim::builder(Profile::Atecc608a));
        host.sim.script(Trigger::NonVolatileWrite(1), Fault::PowerCut(torn));
        assert_eq!(host.run(0x12, 0, 9, &[9; 4]), [0]);
        assert_eq!(host.run(0x12, 0, 9, &[9; 4]), [0], "nothing changes: not counted");
        host.write(&command(0x12, 0, 9, &[1, 2, 3, 4])).unwrap();
        assert!(host.write(&[0x00]).is_err());
        host.pulse();
        assert!(host.read(4).is_err(), "no supply");
        host.sim.power_on();
        host.wake();
        assert_eq!(host.run(0x02, 0, 9, &[]), expected);
    }
}

#[test]
fn provisioning_survives_a_cut_at_every_word() {
    for cut in 0..27 {
        let mut host = Host::awake(Sim::builder(Profile::Atecc508a).seed(u64::from(cut)));
        host.sim.script(Trigger::NonVolatileWrite(cut), Fault::PowerCut(Torn::Half));
        for word in words() {
            let bytes = &ARDUINO[usize::from(word) * 4..usize::from(word) * 4 + 4];
            host.idle();
            host.pulse();
            let _ = host.try_run(&command(0x12, 0, u16::from(word), bytes));
        }
        host.sim.clear_faults();
        host.sim.power_on();
        host.idle();
        host.wake();
        write_configuration(&mut host);
        let zone = read_configuration(&mut host);
        assert_eq!(zone[16..84], ARDUINO[16..84]);
        assert_eq!(host.fresh(0x17, 0, crc16(&zone), &[]), [0]);
    }
}

#[test]
fn an_image_restores_the_chip() {
    let mut host = Host::locked(Profile::Atecc608a);
    let public = host.run(0x40, 0x04, 0, &[]);
    let image = host.sim.nv().unwrap().to_bytes();
    assert_eq!(image.len(), NvImage::SIZE);
    let nv = NvImage::from_bytes(&image).unwrap();
    let mut host = Host::awake(Sim::builder(Profile::Atecc608a).nv(nv));
    assert_eq!(host.run(0x40, 0x00, 0, &[]), public);
    assert!(NvImage::from_bytes(&image[1..]).is_none());
    let shown = format!("{:?} {:?}", host.sim.nv(), host.sim);
    assert!(shown.contains("data_locked: true") && shown.len() < 600, "{shown}");
}

#[test]
fn the_generic_chip_can_be_another_one() {
    let nv = NvImage::blank(Profile::Atecc608a).with_serial_number(hex("0123 0000 0000 0000 EE"));
    let mut host = Host::awake(Sim::builder(Profile::Atecc608a).nv(nv).revision([0, 0, 0x70, 0]));
    assert_eq!(host.run(0x30, 0, 0, &[]), [0, 0, 0x70, 0]);
    assert_eq!(host.run(0x02, 0, 2, &[]), [0; 4]);
    assert_eq!(host.run(0x02, 0, 3, &[])[0], 0xEE);
}
