//! What a good board gets, and what the loader's oddities do not spoil.

use core::ops::ControlFlow;
use core::time::Duration;

use crate::line::{Line, SETTINGS, board, connect, holds, image, settings, settings_are_there};
use sam_ba::{Flasher, Loader, Progress, Region, Settings, SettingsAfter, Step};
use sam_ba_sim::{AfterData, LongRead, Profile, Statistics, Status};

fn keep() -> Settings {
    Settings::Keep(Region::from(SETTINGS).unwrap())
}

fn silent(_: Progress) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

/// What must never be seen, whatever happens.
fn loader_was_well_treated(line: &Line) {
    let Statistics { unknown_commands, pages_not_erased, long_reads, shared_packets, .. } =
        line.0.loader().statistics();
    assert_eq!((unknown_commands, pages_not_erased, long_reads, shared_packets), (0, 0, 0, 0));
    assert!(line.0.loader().flash()[..0x2000].iter().all(|byte| *byte == 0x5A), "the loader is whole");
}

#[test]
fn the_program_is_in_the_flash_and_the_settings_still_are() {
    for length in [256, 319, 320, 321, 4096, 4097, 33_464, (SETTINGS - 0x2000) as usize] {
        let mut line = board(Profile::default());
        let image = image(length);
        let mut loader = connect(&mut line);
        let report = Flasher::new(&image, keep()).unwrap().run(&mut loader, silent).unwrap();
        assert_eq!(report.settings, SettingsAfter::Kept);
        assert_eq!(report.version.to_string(), "v2.0 [Arduino:XYZ] Apr 11 2019 13:09:54");
        let line = loader.reset().unwrap();
        assert_eq!(line.0.loader().status(), Status::Reset);
        assert!(holds(line, &image), "{length}");
        assert!(settings_are_there(line));
        loader_was_well_treated(line);
    }
}

#[test]
fn every_assumed_trait_of_the_loader_will_do() {
    for long_read in [LongRead::Corrupts, LongRead::EndsEarly] {
        for after_data in [AfterData::Command, AfterData::Lost] {
            for loader_protected in [true, false] {
                let profile = Profile { long_read, after_data, loader_protected, ..Profile::default() };
                let mut line = board(profile);
                let image = image(10_001);
                let mut loader = connect(&mut line);
                Flasher::new(&image, keep()).unwrap().run(&mut loader, silent).unwrap();
                assert!(holds(&line, &image));
                assert!(settings_are_there(&line));
            }
        }
    }
}

#[test]
fn erased_settings_are_gone_and_a_board_without_any_is_no_trouble() {
    let image = image(5000);
    let mut line = board(Profile::default());
    let mut loader = connect(&mut line);
    let report = Flasher::new(&image, Settings::Erase).unwrap().run(&mut loader, silent).unwrap();
    assert_eq!(report.settings, SettingsAfter::Erased);
    assert!(holds(&line, &image));
    assert!(line.0.loader().flash()[SETTINGS as usize..].iter().all(|byte| *byte == 0xFF));

    let mut loader = connect(&mut line);
    let report = Flasher::new(&image, keep()).unwrap().run(&mut loader, silent).unwrap();
    assert_eq!(report.settings, SettingsAfter::None);
    loader_was_well_treated(&line);
}

#[test]
fn the_steps_come_in_the_order_that_was_promised_and_progress_never_falls() {
    let image = image(20_000);
    let mut line = board(Profile::default());
    let mut loader = connect(&mut line);
    let flasher = Flasher::new(&image, keep()).unwrap();
    let mut seen: Vec<Progress> = Vec::new();
    flasher
        .run(&mut loader, |progress| {
            seen.push(progress);
            ControlFlow::Continue(())
        })
        .unwrap();
    let mut steps: Vec<Step> = seen.iter().map(|progress| progress.step).collect();
    steps.dedup();
    assert_eq!(steps, flasher.steps());
    for pair in seen.windows(2).filter(|pair| pair[0].step == pair[1].step) {
        assert!(pair[0].done <= pair[1].done && pair[0].total == pair[1].total);
    }
    let program: Vec<&Progress> = seen.iter().filter(|progress| progress.step == Step::Program).collect();
    assert_eq!(program.last().map(|progress| (progress.done, progress.total)), Some((20_000, 20_000)));
    let brief = Flasher::new(&image, Settings::Erase).unwrap().without_verification();
    assert_eq!(brief.steps(), [Step::Identify, Step::Erase, Step::Program]);
}

#[test]
fn a_whole_installation_takes_the_time_that_the_flash_takes() {
    let image = image(40_000);
    let mut line = board(Profile::default());
    let mut loader = connect(&mut line);
    Flasher::new(&image, keep()).unwrap().run(&mut loader, silent).unwrap();
    let statistics = line.0.loader().statistics();
    assert_eq!(statistics.rows_erased, 992);
    assert_eq!(statistics.pages_written, 40_000_u32.div_ceil(64) + 0x800 / 64);
    let flash = Duration::from_millis(6) * statistics.rows_erased
        + Duration::from_micros(2500) * statistics.pages_written;
    let elapsed = line.0.elapsed();
    assert!(elapsed > flash && elapsed < flash + Duration::from_secs(3), "{elapsed:?}, {flash:?}");
}

#[test]
fn a_loader_that_was_left_in_the_middle_of_something_is_found_again() {
    for left in
        [&b"X2000"[..], b"S20005000,1000#", b"T#", b"W20005000,1", b"garbage", b"S20005000,5#", b"\xFF\xFF"]
    {
        let mut line = board(Profile::default());
        std::io::Write::write_all(&mut line, left).unwrap();
        line.0.pause(Duration::from_millis(5));
        let mut loader = Loader::connect(&mut line).unwrap();
        assert_eq!(loader.device_id().unwrap(), sam_ba::SAMD21G18A, "{}", left.escape_ascii());
        assert_eq!(line.0.loader().statistics().rows_erased, 0, "nothing that was unfinished is executed");
    }
}

#[test]
fn a_loader_that_still_erases_is_waited_for() {
    let mut line = board(Profile::default());
    std::io::Write::write_all(&mut line, b"X2000#").unwrap();
    line.0.pause(Duration::from_millis(5));
    let mut loader = Loader::connect(&mut line).unwrap();
    assert_eq!(loader.read(0x2000..0x2010).unwrap(), [0xFF; 16]);
}

#[test]
fn memory_is_read_in_blocks_that_the_loader_does_not_spoil() {
    let mut line = board(Profile::default());
    let mut loader = connect(&mut line);
    let read = loader.read(SETTINGS..SETTINGS + 1234).unwrap();
    assert_eq!(read, settings());
    assert_eq!(loader.checksum(SETTINGS..SETTINGS + 1234).unwrap(), sam_ba::crc16(&read));
    assert!(loader.version().unwrap().has('X'));
    assert!(!loader.version().unwrap().has('P'));
    assert!(line.0.loader().statistics().commands >= 1234 / 63);
}
