//! Power states, wake rules, the bus as the controller sees it.

mod support;

use core::time::Duration;

use eccx08_sim::{BusError, Fault, NackKind, Profile, Sim, Trigger};
use embedded_hal::delay::DelayNs;
use embedded_hal::i2c::{Error, ErrorKind, I2c, NoAcknowledgeSource};
use support::{ADDRESS, Host, command};

const AFTER_WAKE: [u8; 4] = [0x04, 0x11, 0x33, 0x43];

fn blank() -> Host {
    Host::new(Sim::builder(Profile::Atecc608a))
}

#[test]
fn the_general_call_wakes_up_to_133_khz() {
    for (hz, wakes) in [(100_000, true), (133_000, true), (134_000, false), (400_000, false)] {
        let mut host = blank();
        host.sim.set_bus_hz(hz);
        host.pulse();
        assert_eq!(host.read(4).is_ok(), wakes, "{hz} Hz");
    }
}

#[test]
fn the_own_address_wakes_at_exactly_100_khz_only() {
    for (hz, wakes) in [(100_000, true), (101_000, false)] {
        let mut host = blank();
        host.sim.set_bus_hz(hz);
        assert!(host.write(&[0x00]).is_err());
        host.delay.delay_us(1500);
        assert_eq!(host.read(4).is_ok(), wakes, "{hz} Hz");
    }
}

#[test]
fn the_chip_answers_1500_us_after_the_pulse() {
    let mut host = blank();
    let _ = host.bus.write(0, &[1]);
    host.delay.delay_us(1300);
    assert!(host.read(4).is_err());
    host.delay.delay_us(200);
    assert_eq!(host.read(4).unwrap(), AFTER_WAKE);
}

#[test]
fn a_self_test_on_wake_takes_20_ms() {
    let nv = eccx08_sim::NvImage::blank(Profile::Atecc608b).with_config_word(22, [0xFF, 0xFF, 1, 0]);
    let mut host = Host::new(Sim::builder(Profile::Atecc608b).nv(nv));
    host.pulse();
    assert!(host.read(4).is_err());
    host.delay.delay_ms(19);
    assert_eq!(host.read(4).unwrap(), AFTER_WAKE);
}

#[test]
fn a_failed_self_test_shows_after_wake_and_blocks_commands() {
    let mut host = blank();
    host.sim.set_self_test_failed(true);
    host.pulse();
    assert_eq!(host.read(4).unwrap(), [0x04, 0x07, 0x40, 0xC2]);
    assert_eq!(host.run(0x1B, 0, 0, &[]), [0x07]);
    assert_eq!(host.run(0x02, 0x80, 0, &[]).len(), 32);
}

#[test]
fn the_wake_reply_stays_until_the_first_command() {
    let mut host = blank();
    host.wake();
    assert_eq!(host.read(2).unwrap(), [0xFF, 0xFF]);
    host.write(&[0x00]).unwrap();
    assert_eq!(host.read(1).unwrap(), AFTER_WAKE[..1]);
    assert_eq!(host.read(3).unwrap(), AFTER_WAKE[1..]);
    assert_eq!(host.run(0x30, 0, 0, &[]), [0, 0, 0x60, 2]);
    host.write(&[0x00]).unwrap();
    assert_eq!(host.read(9).unwrap(), [7, 0, 0, 0x60, 2, 0x80, 0x38, 0xFF, 0xFF]);
}

#[test]
fn an_awake_chip_ignores_the_pulse_and_shows_its_old_reply() {
    let mut host = blank();
    host.wake();
    assert_eq!(host.run(0x30, 0, 0, &[]), [0, 0, 0x60, 2]);
    host.pulse();
    host.write(&[0x00]).unwrap();
    assert_eq!(host.read(4).unwrap(), [7, 0, 0, 0x60]);
}

#[test]
fn a_busy_chip_acknowledges_nothing() {
    let mut host = blank();
    host.wake();
    host.write(&command(0x1B, 0, 0, &[])).unwrap();
    assert!(host.write(&[0x00]).is_err());
    assert!(host.read(1).is_err());
    assert_eq!(host.response().len(), 32);
    let record = host.sim.log()[0];
    assert!(record.polls > 3 && record.execution >= Duration::from_millis(15), "{record}");
}

#[test]
fn the_watchdog_counts_from_wake_and_wipes_temp_key() {
    for (period, alive) in [(700, 690), (1300, 1290), (1700, 1690)] {
        let period = Duration::from_millis(period);
        let mut host = Host::new(
            Sim::builder(Profile::Atecc508a).nv(support::locked(Profile::Atecc508a)).watchdog(period),
        );
        host.wake();
        assert_eq!(host.run(0x16, 0x03, 0, &[0; 32]), [0]);
        let spent = host.sim.clock().elapsed();
        host.wait(Duration::from_millis(alive) - spent);
        assert!(host.write(&[0x00]).is_ok());
        host.wait(Duration::from_millis(20));
        assert!(host.write(&[0x00]).is_err());
        assert_eq!(host.sim.report().watchdogs, 1);
        host.wake();
        assert_eq!(host.run(0x41, 0x80, 0, &[]), [0x0F]);
    }
}

#[test]
fn the_long_watchdog_is_ten_times_as_long() {
    let nv = eccx08_sim::NvImage::blank(Profile::Atecc608a).with_config_word(4, [0xC0, 0, 0, 4]);
    let mut host = Host::new(Sim::builder(Profile::Atecc608a).nv(nv));
    host.wake();
    host.wait(Duration::from_secs(12));
    assert!(host.write(&[0x00]).is_ok());
    host.wait(Duration::from_secs(2));
    assert!(host.write(&[0x00]).is_err());
}

#[test]
fn a_watchdog_can_be_too_long_to_bite() {
    let nv = eccx08_sim::NvImage::blank(Profile::Atecc608a).with_config_word(4, [0xC0, 0, 0, 4]);
    let mut host = Host::awake(Sim::builder(Profile::Atecc608a).nv(nv).watchdog(Duration::MAX));
    host.wait(Duration::from_secs(1_000_000));
    assert_eq!(host.run(0x30, 0, 0, &[]).len(), 4);
}

#[test]
fn idle_keeps_temp_key_and_sleep_wipes_it() {
    let signature = |leave: fn(&mut Host)| {
        let mut host = Host::locked(Profile::Atecc608a);
        assert_eq!(host.run(0x40, 0x04, 0, &[]).len(), 64);
        assert_eq!(host.run(0x16, 0x03, 0, &[5; 32]), [0]);
        leave(&mut host);
        assert!(host.write(&[0x00]).is_err());
        host.wake();
        host.run(0x41, 0x80, 0, &[]).len()
    };
    assert_eq!(signature(Host::idle), 64);
    assert_eq!(signature(Host::sleep), 1);
}

#[test]
fn a_late_command_is_answered_with_ee_and_not_executed() {
    let mut host = Host::locked(Profile::Atecc608a);
    assert_eq!(host.run(0x40, 0x04, 0, &[]).len(), 64);
    assert_eq!(host.run(0x16, 0x03, 0, &[5; 32]), [0]);
    let until = Duration::from_millis(1300 - 100) - host.sim.clock().elapsed();
    host.wait(until);
    assert_eq!(host.run(0x41, 0x80, 0, &[]), [0xEE]);
    host.idle();
    host.wake();
    assert_eq!(host.run(0x41, 0x80, 0, &[]).len(), 64, "TempKey was kept");
}

#[test]
fn other_traffic_wakes_an_idle_chip_and_the_watchdog_wipes_it() {
    let mut host = Host::locked(Profile::Atecc608a);
    assert_eq!(host.run(0x40, 0x04, 0, &[]).len(), 64);
    assert_eq!(host.run(0x16, 0x03, 0, &[5; 32]), [0]);
    host.idle();
    host.sim.other_traffic(&[0xD7, 0x0F]); // acknowledge and four bits: 50 µs are too short
    host.sim.other_traffic(&[0xFF, 0xF0]); // five low bits, then STOP
    host.sim.other_traffic(&[0x0F]); // START, then four
    assert_eq!(host.sim.report().wakes, 1);
    host.sim.other_traffic(&[0xD6, 0x00]);
    assert_eq!(host.sim.report().wakes, 2);
    host.wait(Duration::from_millis(1400));
    host.wake();
    assert_eq!(host.run(0x41, 0x80, 0, &[]), [0x0F]);
}

#[test]
fn idle_without_the_watchdog_decision_lasts() {
    for idle_watchdog in [false, true] {
        let sim = Sim::builder(Profile::Atecc508a).nv(support::locked(Profile::Atecc508a));
        let mut host = Host::awake(sim.decide(|decisions| decisions.idle_watchdog = idle_watchdog));
        assert_eq!(host.run(0x40, 0x04, 0, &[]).len(), 64);
        assert_eq!(host.run(0x16, 0x03, 0, &[5; 32]), [0]);
        host.idle();
        host.wait(Duration::from_secs(10));
        host.wake();
        assert_eq!(host.run(0x41, 0x80, 0, &[]).len() == 64, !idle_watchdog, "{:?}", host.sim.log());
    }
}

#[test]
fn missing_acknowledges_are_reported_as_the_controller_does() {
    let unknown = ErrorKind::NoAcknowledge(NoAcknowledgeSource::Unknown);
    let address = ErrorKind::NoAcknowledge(NoAcknowledgeSource::Address);
    for (kind, write, read) in [
        (NackKind::Exact, address, address),
        (NackKind::Unknown, unknown, unknown),
        (NackKind::Atsamd, unknown, ErrorKind::ArbitrationLoss),
    ] {
        let mut host = blank();
        host.sim.set_bus_hz(400_000);
        host.sim.set_nack(kind);
        assert_eq!(host.write(&[0x00]).unwrap_err().kind(), write);
        assert_eq!(host.read(4).unwrap_err().kind(), read);
        assert_eq!(host.bus.write(0x00, &[1]).unwrap_err().kind(), write);
    }
    let mut host = blank();
    host.wake();
    let data = ErrorKind::NoAcknowledge(NoAcknowledgeSource::Data);
    assert_eq!(host.write(&[0x04]).unwrap_err().kind(), data);
    assert_eq!(host.read(0), Err(BusError::EmptyRead));
}

#[test]
fn an_absent_chip_acknowledges_nothing() {
    let mut host = Host::new(Sim::builder(Profile::Atecc608a).absent());
    host.pulse();
    assert!(host.read(4).is_err());
    assert!(host.write(&[0x00]).is_err());
    assert_eq!(host.sim.nv(), None);
    assert_eq!(host.sim.report().commands, 0);
}

#[test]
fn a_byte_costs_nine_bit_times() {
    let mut host = blank();
    host.wake();
    let start = host.sim.clock().elapsed();
    host.write(&command(0x30, 0, 0, &[])).unwrap();
    let bits = 1 + 9 * (1 + 8) + 1;
    assert_eq!(host.sim.clock().elapsed() - start, Duration::from_micros(10 * bits));
    host.sim.set_bus_hz(400_000);
    host.wait(Duration::from_millis(5));
    let start = host.sim.clock().elapsed();
    host.read(7).unwrap();
    let bits = 1 + 9 * (1 + 7) + 1;
    assert_eq!(host.sim.clock().elapsed() - start, Duration::from_nanos(2500 * bits));
}

#[test]
fn the_address_changes_with_the_next_wake_from_sleep() {
    let mut host = blank();
    host.wake();
    assert_eq!(host.run(0x12, 0, 4, &[0x6A, 0, 0, 0]), [0]);
    assert_eq!(host.run(0x30, 0, 0, &[]).len(), 4);
    host.idle();
    host.wake();
    host.sleep();
    host.pulse();
    assert!(host.bus.read(ADDRESS, &mut [0; 4]).is_err());
    let mut reply = [0; 4];
    host.bus.read(0x35, &mut reply).unwrap();
    assert_eq!(reply, AFTER_WAKE);
}

#[test]
fn a_command_in_pieces_needs_the_decision() {
    let info = command(0x30, 0, 0, &[]);
    let mut host = blank();
    host.wake();
    host.write(&info[..5]).unwrap();
    assert_eq!(host.response(), [0xFF]);

    let mut host = Host::awake(Sim::builder(Profile::Atecc608a).decide(|d| d.split_commands = true));
    host.write(&info[..5]).unwrap();
    assert!(host.read(1).is_err());
    let rest = [&[0x03], &info[5..]].concat();
    host.write(&rest).unwrap();
    assert_eq!(host.response(), [0, 0, 0x60, 2]);
    host.write(&info[..5]).unwrap();
    host.write(&[0x00]).unwrap();
    assert!(host.read(1).is_ok(), "a rewind forgets the piece");
}

#[test]
fn one_transaction_can_rewind_and_read() {
    let mut host = blank();
    host.wake();
    let mut reply = [0; 4];
    host.bus.write_read(ADDRESS, &[0x00], &mut reply).unwrap();
    assert_eq!(reply, AFTER_WAKE);
    let info = command(0x30, 0, 0, &[]);
    assert!(host.bus.write_read(ADDRESS, &info, &mut reply).is_err(), "busy at the repeated START");
}

#[test]
fn a_lost_command_leaves_the_wake_reply() {
    let mut host = blank();
    host.wake();
    host.sim.script(Trigger::Command(0), Fault::DropCommand);
    host.write(&command(0x30, 0, 0, &[])).unwrap();
    host.write(&[0x00]).unwrap();
    assert_eq!(host.read(4).unwrap(), AFTER_WAKE);
}
