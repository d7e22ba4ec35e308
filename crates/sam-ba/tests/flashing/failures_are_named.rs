//! What goes wrong has a name, a cause, and says what became of the settings.

use core::error::Error as _;
use core::ops::ControlFlow;

use crate::line::{Line, SETTINGS, board, connect, image, settings_are_there};
use sam_ba::{Error, Failure, Flasher, Loader, Progress, Region, RegionError, Settings, SettingsAfter, Step};
use sam_ba_sim::{Faults, Hang, Profile, Status};

fn keep() -> Settings {
    Settings::Keep(Region::from(SETTINGS).unwrap())
}

fn failing(line: &mut Line) -> Failure {
    let image = image(9000);
    let mut loader = Loader::connect(line).unwrap();
    Flasher::new(&image, keep()).unwrap().run(&mut loader, |_| ControlFlow::Continue(())).unwrap_err()
}

fn commands_of_an_installation() -> u32 {
    let mut line = board(Profile::default());
    let image = image(9000);
    let mut loader = connect(&mut line);
    Flasher::new(&image, keep()).unwrap().run(&mut loader, |_| ControlFlow::Continue(())).unwrap();
    line.0.loader().statistics().commands
}

fn with(faults: Faults) -> Line {
    board(Profile { faults, ..Profile::default() })
}

#[test]
fn a_plug_pulled_before_the_erasure_loses_nothing() {
    for commands in 2..30 {
        let mut line = with(Faults { unplug_after: Some(commands), ..Faults::default() });
        let failure = failing(&mut line);
        assert_eq!(failure.settings, SettingsAfter::Untouched, "after {commands} commands");
        assert!(matches!(failure.cause, Error::Port(_)));
        assert!(settings_are_there(&line));
    }
}

#[test]
fn a_plug_pulled_at_any_command_is_reported_for_what_it_is() {
    let mut lost = 0;
    for commands in 2..commands_of_an_installation() {
        let mut line = with(Faults { unplug_after: Some(commands), ..Faults::default() });
        let failure = failing(&mut line);
        assert!(matches!(failure.cause, Error::Port(_)), "{failure:?}");
        assert!(
            failure.source().and_then(|cause| cause.source()).is_some(),
            "the cause of the cause is kept"
        );
        let says_lost = failure.to_string().ends_with("settings lost");
        assert_eq!(says_lost, failure.settings == SettingsAfter::Lost);
        if settings_are_there(&line) {
            // Whoever cannot know whether the last rows were written says that they are lost.
            assert!(
                failure.settings != SettingsAfter::Lost
                    || failure.step == Step::RestoreSettings
                    || failure.step == Step::Erase,
                "{commands}: {failure:?}"
            );
        } else {
            assert_eq!(failure.settings, SettingsAfter::Lost, "after {commands} commands");
            lost += 1;
        }
    }
    assert!(lost > 5, "the window was met");
}

#[test]
fn a_loader_that_falls_silent_is_not_waited_for_without_end() {
    for commands in 2..commands_of_an_installation() {
        let mut line = with(Faults { mute_after: Some(commands), ..Faults::default() });
        let failure = failing(&mut line);
        assert!(matches!(failure.cause, Error::Timeout { .. }), "{failure:?}");
        assert!(line.0.elapsed().as_secs() < 60);
        assert_eq!(line.0.loader().status(), Status::Hung(Hang::Mute));
    }
}

#[test]
fn a_worn_out_bit_is_found_and_the_settings_are_kept() {
    let mut line = with(Faults { stuck_bit: Some(0x2102), ..Faults::default() });
    let failure = failing(&mut line);
    assert_eq!(failure.step, Step::Verify);
    assert!(matches!(failure.cause, Error::Verify { address: 0x2000, length: 4096, .. }), "{failure:?}");
    assert_eq!(failure.settings, SettingsAfter::Kept);
    assert!(settings_are_there(&line));
}

#[test]
fn a_worn_out_bit_among_the_settings_is_found_even_without_verification() {
    // The bit held a 1 and reads 0 from the next erasure on.
    let mut line = with(Faults { stuck_bit: Some(SETTINGS + 2047), ..Faults::default() });
    line.0.loader_mut().load_flash(SETTINGS + 2046, &[0]);
    let image = image(9000);
    let mut loader = connect(&mut line);
    let saved = loader.read(SETTINGS + 2040..0x4_0000).unwrap();
    assert_eq!(saved.last(), Some(&0xFE));
    let flasher = Flasher::new(&image, keep()).unwrap().without_verification();
    assert_eq!(
        flasher.run(&mut loader, |_| ControlFlow::Continue(())).unwrap().settings,
        SettingsAfter::Kept
    );
}

#[test]
fn who_stops_after_the_erasure_gets_the_settings_back_first() {
    for (stop_at, expected) in [
        (Step::Identify, SettingsAfter::Untouched),
        (Step::ReadSettings, SettingsAfter::Untouched),
        (Step::Erase, SettingsAfter::Untouched),
        (Step::Program, SettingsAfter::Kept),
        (Step::Verify, SettingsAfter::Kept),
    ] {
        let mut line = board(Profile::default());
        let image = image(9000);
        let mut loader = connect(&mut line);
        let stop = |progress: Progress| {
            if progress.step == stop_at { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let failure = Flasher::new(&image, keep()).unwrap().run(&mut loader, stop).unwrap_err();
        assert!(matches!(failure.cause, Error::Interrupted));
        assert_eq!((failure.step, failure.settings), (stop_at, expected));
        assert!(settings_are_there(&line));
    }
}

#[test]
fn another_part_or_another_loader_is_left_alone() {
    let mut line = board(Profile { device_id: 0x1001_1300, ..Profile::default() });
    let failure = failing(&mut line);
    assert!(matches!(failure.cause, Error::Part { device_id: 0x1001_0000 }), "{failure:?}");

    let mut line = board(Profile { version: "v1.1 Dec 15 2010 19:25:04".into(), ..Profile::default() });
    let failure = failing(&mut line);
    assert!(matches!(failure.cause, Error::Extension { command: 'X', .. }), "{failure:?}");
    assert_eq!(line.0.loader().statistics().rows_erased, 0);
}

#[test]
fn the_loaders_own_flash_is_out_of_reach() {
    let mut line = board(Profile::default());
    let mut loader = connect(&mut line);
    for address in [0, 0x1FFF, 0x1F00, 0x2001, 0x2040, 0x4_0000, 0xFFFF_FF00] {
        let refused = loader.erase_from(address);
        assert!(matches!(refused, Err(Error::Address { command: 'X', .. })), "0x{address:X}");
    }
    for (address, length) in [(0x1FC0, 64), (0x2001, 4), (0x3_FFC0, 65), (0x2000, 4097), (0xFFFF_FFC0, 64)] {
        let refused = loader.program(address, &vec![0; length]);
        assert!(matches!(refused, Err(Error::Address { command: 'Y', .. })), "0x{address:X}");
    }
    assert!(matches!(loader.checksum(0..4097), Err(Error::Address { command: 'Z', .. })));
    loader.program(0x2000, &[]).unwrap();
    assert_eq!(line.0.loader().statistics().pages_written, 0);
    assert_eq!(Region::from(0x1F00), Err::<Region, RegionError>(Region::from(0x1F00).unwrap_err()));
    assert!(Region::from(0x3_F801).is_err() && Region::from(0x4_0000).is_err());
    assert_eq!(Region::from(0x3_F800).unwrap().range(), 0x3_F800..0x4_0000);
}

#[test]
fn a_port_without_a_loader_is_given_up_soon() {
    let mut line = with(Faults { mute_after: Some(1), ..Faults::default() });
    let refused = Loader::connect(&mut line);
    assert!(matches!(refused, Err(Error::Timeout { command: 'N' })));
    assert!(line.0.elapsed().as_secs() < 10);
}
