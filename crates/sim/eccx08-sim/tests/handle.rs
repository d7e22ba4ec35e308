//! The handle, while somebody else owns the bus.

mod support;

use core::time::Duration;
use std::rc::Rc;

use eccx08_sim::{BusError, Execution, FaultRates, Outcome, Profile, Sim, SimDelay, Status};
use embedded_hal::delay::DelayNs;
use embedded_hal::i2c::{I2c, NoAcknowledgeSource};
use monoclock::{Clock, ManualClock};
use support::{Host, locked};

#[test]
fn counts_and_log_tell_what_happened() {
    let mut host = Host::locked(Profile::Atecc608a);
    host.sim.clear_report();
    assert_eq!(host.run(0x30, 0, 0, &[]).len(), 4);
    assert_eq!(host.run(0x41, 0x80, 0, &[]), [0x0F]);
    host.idle();
    host.wake();
    host.sleep();
    let report = host.sim.report();
    assert_eq!((report.commands, report.wakes, report.idles, report.sleeps), (2, 1, 1, 1));
    // Two frames of 8 bytes, two rewinds that were acknowledged, idle, sleep.
    assert_eq!(report.bytes_written, 2 * 8 + 2 + 2);
    assert_eq!(report.bytes_read, 7 + 4 + 4);
    let log = host.sim.log();
    assert_eq!(report.polls, log.iter().map(|record| u64::from(record.polls)).sum::<u64>());
    assert_eq!((log[0].opcode, log[0].outcome), (0x30, Outcome::Payload(4)));
    assert_eq!(log[1].outcome, Outcome::Status(Status::Execution));
    let line = log[1].to_string();
    assert!(line.contains("Sign 80 0000 +0 bytes") && line.ends_with("status 0F"), "{line}");
}

#[test]
fn settings_change_under_a_driver() {
    let mut host = Host::locked(Profile::Atecc508a);
    let handle = host.sim.clone();
    handle.set_execution(Execution::Maximum);
    assert_eq!(host.run(0x1B, 0, 0, &[]).len(), 32);
    assert_eq!(handle.log()[0].execution, Duration::from_millis(23));
    handle.set_fault_rates(FaultRates { flip_in_command: 1000, ..FaultRates::default() });
    assert_eq!(host.run(0x1B, 0, 0, &[]), [0xFF]);
    assert_eq!(handle.report().faults, 1);
    handle.clear_faults();
    assert_eq!(host.run(0x1B, 0, 0, &[]).len(), 32);
}

#[test]
fn one_clock_serves_chip_delay_and_world() {
    let clock = Rc::new(ManualClock::new());
    let sim = Sim::builder(Profile::Atecc608a).build(Rc::clone(&clock));
    SimDelay::new(Rc::clone(&clock)).delay_ms(5);
    assert_eq!(sim.clock().elapsed(), Duration::from_millis(5));
    let _ = sim.bus().write(0, &[1]);
    clock.wait(clock.now() + monoclock::Millis(2));
    assert!(sim.is_awake());
    assert_eq!(sim.bus().transaction(0x60, &mut []), Ok(()));
}

#[test]
fn other_addresses_are_nobody() {
    let mut host = Host::locked(Profile::Atecc608a);
    let nobody = Err(BusError::NoAcknowledge(NoAcknowledgeSource::Address));
    assert_eq!(host.bus.write(0x6B, &[0]), nobody);
    assert_eq!(host.bus.read(0x6B, &mut [0]), nobody);
    assert_eq!(host.sim.report().polls, 0);
    let shown = BusError::ArbitrationLost.to_string();
    assert_eq!(shown, "arbitration lost");
}

#[test]
fn a_signing_window_fits_the_watchdog_and_costs_what_it_must() {
    let nv = locked(Profile::Atecc608a).with_private_key(0, &[0x21; 32]);
    let mut host = Host::awake(Sim::builder(Profile::Atecc608a).nv(nv).execution(Execution::Typical));
    host.sim.clear_report();
    let start = host.sim.clock().elapsed();
    assert_eq!(host.run(0x1B, 0, 0, &[]).len(), 32);
    assert_eq!(host.run(0x16, 3, 0, &[1; 32]), [0]);
    assert_eq!(host.run(0x41, 0x80, 0, &[]).len(), 64);
    let spent = host.sim.clock().elapsed() - start;
    let drawn: Duration = host.sim.log().iter().map(|record| record.execution).sum();
    assert_eq!(drawn, Duration::from_millis(15 + 7 + 62));
    // 8 + 40 + 8 bytes out, 35 + 4 + 67 in, each way with its address, at 90 microseconds a byte.
    let wire = Duration::from_micros(90 * (8 + 40 + 8 + 35 + 4 + 67 + 6) + 20 * 6);
    assert!(spent > drawn + wire && spent < drawn + wire + Duration::from_millis(10), "{spent:?}");
}
