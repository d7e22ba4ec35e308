//! Whatever is written, the chip answers a frame with a right CRC, or nothing.

mod support;

use core::time::Duration;

use eccx08_sim::{NvImage, Profile, Sim, crc16};
use proptest::prelude::*;
use support::{Host, command, locked};

fn profiles() -> impl Strategy<Value = Profile> {
    prop_oneof![Just(Profile::Atecc508a), Just(Profile::Atecc608a), Just(Profile::Atecc608b)]
}

fn fixtures(profile: Profile, stage: u8) -> NvImage {
    match stage {
        0 => NvImage::blank(profile),
        1 => NvImage::blank(profile).with_config_locked(),
        _ => locked(profile).with_private_key(0, &[0x21; 32]),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_answered_or_not_acknowledged(
        profile in profiles(),
        writes in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..180), 1..6),
    ) {
        let mut host = Host::awake(Sim::builder(profile));
        for bytes in writes {
            // A window of its own, then longer than any command but shorter than the watchdog.
            host.idle();
            host.wake();
            let _ = host.write(&bytes);
            host.wait(Duration::from_millis(400));
            if host.write(&[0]).is_err() {
                continue;
            }
            let first = host.read(1).unwrap();
            host.write(&[0]).unwrap();
            let frame = host.read(usize::from(first[0].max(4))).unwrap();
            let payload = frame.len() - 2;
            prop_assert_eq!(crc16(&frame[..payload]).to_le_bytes().to_vec(), frame[payload..].to_vec());
        }
    }

    #[test]
    fn any_command_behind_0x03_is_a_communication_error(
        profile in profiles(),
        bytes in prop::collection::vec(any::<u8>(), 0..180),
    ) {
        let framed = [&[0x03][..], &bytes].concat();
        let mut host = Host::awake(Sim::builder(profile));
        let sound = bytes.len() >= 7
            && usize::from(bytes[0]) == bytes.len()
            && crc16(&bytes[..bytes.len() - 2]).to_le_bytes() == bytes[bytes.len() - 2..];
        prop_assume!(!sound);
        host.write(&framed).unwrap();
        prop_assert_eq!(host.response(), [0xFF]);
    }

    #[test]
    fn any_sound_command_is_answered(
        profile in profiles(),
        stage in 0_u8..3,
        commands in prop::collection::vec(
            (
                prop_oneof![any::<u8>(), prop::sample::select(OPCODES.to_vec())],
                prop_oneof![any::<u8>(), 0_u8..8],
                prop_oneof![any::<u16>(), 0_u16..16],
                prop_oneof![
                    prop::collection::vec(any::<u8>(), 0..140),
                    prop::sample::select(vec![0_usize, 3, 4, 16, 20, 32, 36, 64, 68, 77, 83, 96, 128])
                        .prop_map(|length| vec![0x5A; length]),
                ],
            ),
            1..8,
        ),
    ) {
        let mut host = Host::awake(Sim::builder(profile).nv(fixtures(profile, stage)));
        host.sim.set_bus_hz(133_000);
        for (opcode, param1, param2, data) in commands {
            host.idle();
            host.wake();
            host.write(&command(opcode, param1, param2, &data)).unwrap();
            // Pause may idle the chip, and SelfTest answers a bitmap.
            let Some(answer) = host.poll() else { continue };
            let status = [0x00, 0x01, 0x03, 0x05, 0x0F, 0xEE];
            prop_assert!(answer.len() > 1 || status.contains(&answer[0]), "{:02X?}", answer);
            if data.len() > 132 {
                prop_assert!(answer.len() == 1 && answer[0] != 0, "{:02X?}", answer);
            }
        }
        let key = host.sim.nv().unwrap();
        prop_assert_eq!(key.serial_number(), fixtures(profile, stage).serial_number());
    }
}

const OPCODES: [u8; 24] = [
    0x01, 0x02, 0x08, 0x11, 0x12, 0x15, 0x16, 0x17, 0x1B, 0x1C, 0x20, 0x24, 0x28, 0x30, 0x40, 0x41, 0x43,
    0x45, 0x46, 0x47, 0x51, 0x56, 0x77, 0x80,
];
