//! Faults, one by one and by chance (simulator specification, section 6).

mod support;

use core::time::Duration;

use eccx08_sim::{Execution, Fault, FaultRates, Outcome, Profile, Sim, Status, Torn, Trigger, crc16};
use support::{Host, command, locked, verifies};

const DIGEST: [u8; 32] = [0x42; 32];

/// Polls until the chip acknowledges, then reads without judging the CRC.
fn raw(host: &mut Host, length: usize) -> Vec<u8> {
    while host.write(&[0x00]).is_err() {
        host.wait(Duration::from_millis(1));
    }
    host.read(length).unwrap()
}

fn intact(frame: &[u8]) -> bool {
    let payload = frame.len() - 2;
    crc16(&frame[..payload]).to_le_bytes() == frame[payload..]
}

#[test]
fn a_flip_in_the_response_is_gone_after_a_rewind() {
    for seed in 0..20 {
        let nv = locked(Profile::Atecc608a);
        let mut host = Host::awake(Sim::builder(Profile::Atecc608a).nv(nv).seed(seed));
        host.sim.script(Trigger::Opcode(0x40), Fault::FlipInResponse);
        host.write(&command(0x40, 4, 0, &[])).unwrap();
        let first = raw(&mut host, 67);
        assert!(!intact(&first), "seed {seed}");
        host.write(&[0x00]).unwrap();
        let second = host.read(67).unwrap();
        assert!(intact(&second));
        assert_eq!(host.sim.public_key(0).unwrap()[..], second[1..65], "the key was made once");
        assert_eq!(host.sim.report().commands, 1);
    }
}

#[test]
fn a_flip_in_the_output_buffer_stays() {
    let mut host = Host::locked(Profile::Atecc608a);
    host.sim.script(Trigger::Command(0), Fault::FlipInOutputBuffer);
    host.write(&command(0x1B, 0, 0, &[])).unwrap();
    let first = raw(&mut host, 35);
    assert!(!intact(&first));
    host.write(&[0x00]).unwrap();
    assert_eq!(host.read(35).unwrap(), first);
    assert_eq!(host.run(0x1B, 0, 0, &[]).len(), 32);
}

#[test]
fn a_flip_in_the_command_is_refused_without_effect() {
    for seed in 0..50 {
        let mut host = Host::awake(Sim::builder(Profile::Atecc508a).seed(seed));
        host.sim.script(Trigger::Command(0), Fault::FlipInCommand);
        assert_eq!(host.run(0x17, 0x80, 0, &[]), [0xFF]);
        assert!(!host.sim.nv().unwrap().config_locked());
        assert_eq!(host.sim.log()[0].fault, Some(Fault::FlipInCommand));
    }
}

#[test]
fn a_dropped_response_reads_as_an_empty_bus() {
    let mut host = Host::locked(Profile::Atecc608a);
    host.sim.script(Trigger::Command(1), Fault::DropResponse);
    assert_eq!(host.run(0x30, 0, 0, &[]).len(), 4);
    host.write(&command(0x40, 4, 0, &[])).unwrap();
    assert_eq!(raw(&mut host, 4), [0xFF; 4]);
    assert!(host.sim.public_key(0).is_some(), "the command ran");
}

#[test]
fn a_slow_command_takes_half_as_long_again() {
    let nv = locked(Profile::Atecc608b);
    let mut host = Host::awake(Sim::builder(Profile::Atecc608b).nv(nv));
    host.sim.script(Trigger::Opcode(0x40), Fault::Slow);
    assert_eq!(host.run(0x40, 4, 0, &[]).len(), 64);
    assert_eq!(host.sim.log()[0].execution, Duration::from_micros(172_500));
}

#[test]
fn the_watchdog_can_strike_at_once() {
    let mut host = Host::locked(Profile::Atecc608a);
    host.sim.script(Trigger::Command(0), Fault::WatchdogNow);
    host.write(&command(0x16, 3, 0, &DIGEST)).unwrap();
    assert!(!host.sim.is_awake());
    assert_eq!(host.sim.log()[0].outcome, Outcome::Lost);
    host.wake();
    assert_eq!(host.run(0x41, 0x80, 0, &[]), [0x0F]);
}

#[test]
fn any_status_can_be_answered() {
    let mut host = Host::locked(Profile::Atecc608a);
    for status in [Status::Ecc, Status::HealthTest, Status::Watchdog, Status::AfterWake] {
        host.sim.script(Trigger::Opcode(0x1B), Fault::Answer(status));
        assert_eq!(host.run(0x1B, 0, 0, &[]), [status.byte()]);
        assert_eq!(host.run(0x1B, 0, 0, &[]).len(), 32);
    }
}

#[test]
fn a_brown_out_loses_the_command_and_not_the_chip() {
    for (torn, made) in [(Torn::Before, false), (Torn::After, true)] {
        let mut host = Host::locked(Profile::Atecc608a);
        host.sim.script(Trigger::NonVolatileWrite(0), Fault::BrownOut(torn));
        host.write(&command(0x40, 4, 0, &[])).unwrap();
        assert!(!host.sim.is_awake());
        host.wake();
        assert_eq!(host.run(0x40, 0, 0, &[]).len() == 64, made, "{torn:?}");
    }
}

#[test]
fn the_watchdog_tears_a_write_that_outlasts_it() {
    let sim = Sim::builder(Profile::Atecc608a).decide(|decisions| decisions.watchdog_guard = false);
    let mut host = Host::awake(sim.execution(Execution::Maximum));
    let left = Duration::from_millis(1300 - 20) - host.sim.clock().elapsed();
    host.wait(left);
    host.write(&command(0x12, 0, 9, &[1, 2, 3, 4])).unwrap();
    host.wait(Duration::from_millis(100));
    host.wake();
    assert_eq!(host.run(0x02, 0, 9, &[]), [1, 2, 0, 0]);
    assert_eq!(host.sim.log()[0].outcome, Outcome::Lost);
}

#[test]
fn a_supply_that_goes_takes_everything_volatile() {
    let mut host = Host::locked(Profile::Atecc608a);
    assert_eq!(host.run(0x40, 4, 0, &[]).len(), 64);
    assert_eq!(host.run(0x16, 3, 0, &DIGEST), [0]);
    host.sim.power_off(Torn::Before);
    host.pulse();
    assert!(host.read(4).is_err());
    host.sim.power_on();
    host.wake();
    assert_eq!(host.run(0x41, 0x80, 0, &[]), [0x0F]);
    assert_eq!(host.run(0x40, 0, 0, &[]).len(), 64, "the key stays");
}

#[test]
fn execution_times_keep_to_the_table() {
    let nv = locked(Profile::Atecc508a);
    for (execution, low, high) in [
        (Execution::Typical, 42_000, 42_000),
        (Execution::Maximum, 60_000, 60_000),
        (Execution::Random, 42_000, 60_000),
    ] {
        let mut host = Host::awake(Sim::builder(Profile::Atecc508a).nv(nv.clone()).execution(execution));
        assert_eq!(host.run(0x40, 4, 0, &[]).len(), 64);
        let mut times = Vec::new();
        for _ in 0..20 {
            assert_eq!(host.sign(0, &DIGEST).len(), 64);
            times.push(host.sim.log().last().unwrap().execution.as_micros());
        }
        assert!(times.iter().all(|time| (low..=high).contains(time)), "{times:?}");
        assert_eq!(times.iter().any(|time| *time != times[0]), low != high);
    }
}

#[test]
fn the_same_seed_gives_the_same_run() {
    let run = |seed| {
        let rates = FaultRates { flip_in_command: 100, slow: 100, ..FaultRates::default() };
        let nv = locked(Profile::Atecc608a);
        let mut host = Host::awake(Sim::builder(Profile::Atecc608a).nv(nv).seed(seed).fault_rates(rates));
        let answers: Vec<_> = (0..20).map(|_| host.fresh(0x1B, 0, 0, &[])).collect();
        (answers, host.sim.log(), host.sim.clock().elapsed())
    };
    assert_eq!(run(5), run(5));
    assert_ne!(run(5).0, run(6).0);
}

/// A host that knows nothing but to begin again signs through every fault, and never wrongly.
#[test]
fn by_chance_every_fault_costs_time_and_no_wrong_signature() {
    let rates = FaultRates {
        flip_in_command: 40,
        flip_in_response: 40,
        drop_command: 40,
        drop_response: 40,
        slow: 40,
        watchdog: 40,
        brown_out: 40,
    };
    let mut struck = 0;
    for seed in 0..100 {
        let nv = locked(Profile::Atecc608a).with_private_key(0, &[0x21; 32]);
        let sim = Sim::builder(Profile::Atecc608a).nv(nv).seed(seed).fault_rates(rates);
        let mut host = Host::new(sim);
        let signature = (0..50).find_map(|_| attempt(&mut host)).expect("fifty attempts are enough");
        let public = host.sim.public_key(0).unwrap();
        assert!(verifies(&public, &DIGEST, &signature), "seed {seed}");
        struck += host.sim.report().faults;
    }
    assert!(struck > 20, "{struck} faults");
}

/// Nonce and Sign in one window; nothing when anything looks wrong.
fn attempt(host: &mut Host) -> Option<Vec<u8>> {
    let _ = host.write(&[0x02]);
    host.pulse();
    let mut answer = |frame: Vec<u8>, length: usize| {
        host.write(&frame).ok()?;
        let reply = (0..400).find_map(|_| {
            host.wait(Duration::from_millis(1));
            host.write(&[0x00]).ok()
        });
        reply?;
        let reply = host.read(length).ok()?;
        (usize::from(reply[0]) == length && intact(&reply)).then_some(reply)
    };
    let nonce = answer(command(0x16, 3, 0, &DIGEST), 4)?;
    if nonce[1] != 0 {
        return None;
    }
    let signature = answer(command(0x41, 0x80, 0, &[]), 67)?;
    Some(signature[1..65].to_vec())
}
