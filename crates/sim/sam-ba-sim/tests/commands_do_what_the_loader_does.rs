//! The monitor's commands, one by one.

use core::time::Duration;
use std::io::{ErrorKind, Read, Write};

use proptest::prelude::*;
use sam_ba_sim::{AfterData, Faults, Hang, Loader, LongRead, Profile, Status, Usb};

fn loader() -> Loader {
    Loader::new(Profile::default())
}

/// Sends packets one by one and returns all that is answered.
fn ask(loader: &mut Loader, packets: &[&[u8]]) -> Vec<u8> {
    packets
        .iter()
        .flat_map(|packet| {
            loader.receive(packet);
            loader.answer().1
        })
        .collect()
}

#[test]
fn binary_and_terminal_mode() {
    let mut loader = loader();
    assert_eq!(ask(&mut loader, &[b"N#"]), b"\n\r");
    assert_eq!(ask(&mut loader, &[b"T#"]), b"\n\r>");
    assert_eq!(ask(&mut loader, &[b"wE000ED00,4#"]), b"\n\r0x410CC601\n\r>");
    assert_eq!(ask(&mut loader, &[b"N#"]), b"\n\r");
    assert_eq!(ask(&mut loader, &[b"wE000ED00,4#"]), 0x410C_C601_u32.to_le_bytes());
}

#[test]
fn a_command_may_come_in_pieces_in_either_case_and_with_noise() {
    let mut loader = loader();
    assert_eq!(ask(&mut loader, &[b"V", b"#"]), b"v2.0 [Arduino:XYZ] Apr 11 2019 13:09:54\n\r");
    let whole = ask(&mut loader, &[b"w41002018,4#"]);
    assert_eq!(ask(&mut loader, &[b"w4100\xFF2018", b",", b"\xFF4#"]), whole);
    assert_eq!(ask(&mut loader, &[b"we000eD00,4#"]), 0x410C_C601_u32.to_le_bytes());
    assert_eq!(ask(&mut loader, &[b"q#"]), b"");
    assert_eq!(loader.statistics().unknown_commands, 1);
}

#[test]
fn words_halves_and_bytes_are_little_endian() {
    let mut loader = loader();
    ask(&mut loader, &[b"W20005000,11223344#", b"H20005004,AABB#", b"O20005006,CC#"]);
    assert_eq!(ask(&mut loader, &[b"R20005000,7#"]), [0x44, 0x33, 0x22, 0x11, 0xBB, 0xAA, 0xCC]);
    assert_eq!(ask(&mut loader, &[b"h20005002,2#", b"o20005006,1#"]), [0x22, 0x11, 0xCC]);
}

#[test]
fn blocks_of_64_bytes_or_more_are_spoilt() {
    for (long_read, length) in [(LongRead::Corrupts, 64), (LongRead::EndsEarly, 63)] {
        let mut loader = Loader::new(Profile { long_read, ..Profile::default() });
        let bytes: Vec<u8> = (1..=64).collect();
        loader.load_flash(0x2000, &bytes);
        assert_eq!(ask(&mut loader, &[b"R2000,3F#"]), bytes[..63]);
        let spoilt = ask(&mut loader, &[b"R2000,40#"]);
        assert_eq!(spoilt.len(), length);
        assert_ne!(spoilt, bytes);
        assert_eq!(loader.statistics().long_reads, 1);
    }
}

#[test]
fn data_goes_to_ram_unless_it_shares_the_packet_of_its_command() {
    let mut loader = loader();
    ask(&mut loader, &[b"S20005000,6#", b"abc", b"def"]);
    assert_eq!(ask(&mut loader, &[b"R20005000,6#"]), b"abcdef");
    ask(&mut loader, &[b"S20005000,6#ABC", b"DEF"]);
    assert_eq!(ask(&mut loader, &[b"R20005000,6#"]), b"DEFdef", "the second part went to the same address");
    assert_eq!(loader.statistics().shared_packets, 1);
}

#[test]
fn what_follows_data_in_its_packet_is_a_command_or_lost() {
    for (after_data, answer) in [(AfterData::Command, &b"\n\r"[..]), (AfterData::Lost, b"")] {
        let mut loader = Loader::new(Profile { after_data, ..Profile::default() });
        assert_eq!(ask(&mut loader, &[b"S20005000,2#", b"#\xFFN#"]), answer);
        assert_eq!(ask(&mut loader, &[b"R20005000,2#"]), b"#\xFF", "data is not looked at");
    }
}

#[test]
fn erasing_goes_to_the_end_and_takes_its_time() {
    let mut loader = loader();
    loader.load_flash(0x2000, &[0; 0x3_E000]);
    loader.receive(b"X2200#");
    let (busy, answer) = loader.answer();
    assert_eq!(answer, b"X\n\r");
    assert_eq!(busy, Duration::from_millis(990 * 6 + 1));
    assert!(loader.flash()[0x2000..0x2200].iter().all(|byte| *byte == 0));
    assert!(loader.flash()[0x2200..].iter().all(|byte| *byte == 0xFF));
}

#[test]
fn erasing_from_zero_ends_a_loader_that_no_fuse_protects() {
    let mut loader = Loader::new(Profile { loader_protected: true, ..Profile::default() });
    assert_eq!(ask(&mut loader, &[b"X0#", b"N#"]), b"X\n\r\n\r");
    let mut loader = self::loader();
    assert_eq!(ask(&mut loader, &[b"X0#", b"N#"]), b"");
    assert_eq!(loader.status(), Status::Hung(Hang::LoaderErased));
}

#[test]
fn programming_takes_whole_words_from_ram_and_only_clears_bits() {
    let mut loader = loader();
    let program = [&b"S20005000,8#"[..], b"\x01\x02\x03\x04\x05\x06\x07\x08", b"Y20005000,0#", b"Y2040,7#"];
    assert_eq!(ask(&mut loader, &program), b"Y\n\rY\n\r");
    assert_eq!(loader.flash()[0x2040..0x2048], [1, 2, 3, 4, 0xFF, 0xFF, 0xFF, 0xFF]);
    ask(&mut loader, &[b"S20005000,4#", b"\x80\x80\xFF\xFF", b"Y20005000,0#", b"Y2040,4#"]);
    assert_eq!(loader.flash()[0x2040..0x2044], [0, 0, 3, 4]);
    assert_eq!(loader.statistics().pages_not_erased, 1);
}

#[test]
fn checksums_are_those_of_xmodem() {
    let mut loader = loader();
    loader.load_flash(0x3000, b"123456789");
    assert_eq!(ask(&mut loader, &[b"Z3000,9#"]), b"Z000031C3#\n\r");
    assert_eq!(ask(&mut loader, &[b"Z3000,0#"]), b"Z00000000#\n\r");
}

#[test]
fn a_row_can_be_erased_by_the_flash_controller_itself() {
    let mut loader = loader();
    loader.load_flash(0x3_F000, &[0; 0x1000]);
    ask(&mut loader, &[b"W4100401C,1FC00#", b"W41004000,A502#"]);
    assert!(loader.flash()[0x3_F800..0x3_F900].iter().all(|byte| *byte == 0xFF));
    assert_eq!((loader.flash()[0x3_F7FF], loader.flash()[0x3_F900]), (0, 0));
    ask(&mut loader, &[b"W41004000,A544#", b"W3F840,12345678#", b"W41004000,A504#"]);
    assert_eq!(loader.flash()[0x3_F840..0x3_F844], 0x1234_5678_u32.to_le_bytes());
    assert_eq!(ask(&mut loader, &[b"w41004008,4#"]), (3_u32 << 16 | 4096).to_le_bytes());
    assert_eq!(ask(&mut loader, &[b"o41004014,1#"]), [1], "the controller is ready");
}

#[test]
fn a_reset_and_a_start_end_the_loader() {
    let mut loader = loader();
    loader.load_flash(0x2000, &[0x00, 0x80, 0x00, 0x20, 0xC1, 0x20, 0x00, 0x00]);
    let mut reset = loader.clone();
    assert_eq!(ask(&mut reset, &[b"WE000ED0C,05FA0004#", b"N#"]), b"");
    assert_eq!(reset.status(), Status::Reset);
    ask(&mut loader, &[b"G2000#"]);
    assert_eq!(loader.status(), Status::Started(0x20C1));
}

#[test]
fn nothing_survives_a_wrong_address() {
    for (packet, why) in [
        (&b"w10000000,4#"[..], Hang::BusFault(0x1000_0000)),
        (b"R3FFFF,2#", Hang::BusFault(0x4_0000)),
        (b"Z20007FFF,2#", Hang::BusFault(0x2000_8000)),
        (b"W20000010,0#", Hang::LoaderOverwritten),
        (b"W20007FF0,0#", Hang::LoaderOverwritten),
    ] {
        let mut loader = loader();
        ask(&mut loader, &[packet]);
        assert_eq!(loader.status(), Status::Hung(why), "{}", packet.escape_ascii());
        assert_eq!(ask(&mut loader, &[b"N#"]), b"");
    }
    let mut loader = loader();
    ask(&mut loader, &[b"W20007FFC,7738135#"]);
    assert_eq!(loader.status(), Status::Listening, "the cell above the stack is free");
}

#[test]
fn the_trace_has_commands_without_data() {
    let mut loader = loader();
    ask(&mut loader, &[b"N#", b"S20005000,3#", b"PIN", b"W20005000,1#"]);
    assert_eq!(loader.take_trace(), ["N#", "S20005000,3#", "W20005000,1#"]);
    assert_eq!(loader.take_trace(), Vec::<String>::new());
}

#[test]
fn the_line_makes_one_packet_of_what_is_written_without_a_pause() {
    for (pause, shared) in [(Duration::from_millis(1), 0), (Duration::ZERO, 1)] {
        let mut line = Usb::new(loader());
        line.write_all(b"S20005000,3#").unwrap();
        line.pause(pause);
        line.write_all(b"abc").unwrap();
        line.write_all(b"N#").unwrap();
        let mut answer = [0; 2];
        line.read_exact(&mut answer).unwrap();
        assert_eq!(line.loader().statistics().shared_packets, shared);
    }
}

#[test]
fn the_line_waits_as_long_as_it_is_told_and_dies_with_the_board() {
    let mut line = Usb::new(Loader::new(Profile {
        faults: Faults { unplug_after: Some(2), ..Faults::default() },
        ..Profile::default()
    }));
    line.write_all(b"X2000#").unwrap();
    line.set_timeout(Duration::from_secs(5));
    let mut answer = [0; 8];
    assert_eq!(line.read(&mut answer).unwrap_err().kind(), ErrorKind::TimedOut);
    assert_eq!(line.elapsed(), Duration::from_secs(5));
    assert_eq!(line.read(&mut answer).unwrap(), 3);
    assert_eq!(line.elapsed(), Duration::from_millis(992 * 6 + 1));
    line.write_all(b"N#").unwrap();
    line.pause(Duration::from_millis(1));
    assert_eq!(line.read(&mut answer).unwrap_err().kind(), ErrorKind::BrokenPipe);
    assert_eq!(line.write(b"N#").unwrap_err().kind(), ErrorKind::BrokenPipe);
    assert_eq!(line.loader().status(), Status::Unplugged);
    assert_eq!(line.loader_mut().answer().1, b"");
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(packets in proptest::collection::vec(
        prop_oneof![
            proptest::collection::vec(any::<u8>(), 0..64),
            "[wWhHoORSXYZGNTV][0-9A-F]{0,8},[0-9A-F]{0,4}#".prop_map(String::into_bytes),
        ],
        0..20,
    )) {
        let mut loader = loader();
        for packet in &packets {
            loader.receive(packet);
            loader.answer();
        }
    }
}
