//! The Arduino library's traffic on the model: its wake, its fixed delays, its order of commands.
//!
//! It is evidence of what the silicon accepts, since boards work that way. Source: the wire facts of
//! ArduinoECCX08 1.4.1; costs measured there with a chip that answers at once.

mod support;

use core::time::Duration;

use eccx08_sim::{Execution, Profile, Sim};
use embedded_hal::delay::DelayNs;
use embedded_hal::i2c::I2c;
use support::{ADDRESS, ARDUINO, Host, command, locked, verifies};

/// One command as the library does it: wake, send, wait the fixed time, read, idle.
fn arduino(host: &mut Host, frame: &[u8], delay: u32, expected: usize) -> Option<Vec<u8>> {
    host.sim.set_bus_hz(100_000);
    let _ = host.bus.write(0x00, &[]);
    host.delay.delay_us(1500);
    let mut status = [0; 4];
    host.bus.read(ADDRESS, &mut status).ok()?;
    if status != [0x04, 0x11, 0x33, 0x43] {
        return None;
    }
    host.sim.set_bus_hz(1_000_000);
    host.bus.write(ADDRESS, frame).ok()?;
    host.delay.delay_ms(delay);
    let mut reply = vec![0; expected + 3];
    let read = (0..21).any(|_| host.bus.read(ADDRESS, &mut reply).is_ok());
    host.delay.delay_ms(1);
    let _ = host.bus.write(ADDRESS, &[0x02]);
    host.delay.delay_ms(1);
    (read && usize::from(reply[0]) == reply.len()).then(|| reply[1..=expected].to_vec())
}

/// ecSign: Random, Nonce (pass-through), Sign.
fn sign(host: &mut Host, digest: &[u8; 32]) -> Option<Vec<u8>> {
    arduino(host, &command(0x1B, 0, 0, &[]), 23, 32)?;
    let loaded = arduino(host, &command(0x16, 0x03, 0, digest), 29, 1)?;
    assert_eq!(loaded, [0]);
    arduino(host, &command(0x41, 0x80, 0, &[]), 70, 64)
}

#[test]
fn it_provisions_a_508a_and_signs() {
    let blank = Sim::builder(Profile::Atecc508a).execution(Execution::Maximum);
    let mut host = Host::new(blank);
    for word in (4_u16..32).filter(|word| *word != 21) {
        let start = usize::from(word) * 4;
        let frame = command(0x12, 0, word, &ARDUINO[start..start + 4]);
        assert_eq!(arduino(&mut host, &frame, 26, 1).unwrap(), [0]);
    }
    for zone in [0x80, 0x81] {
        assert_eq!(arduino(&mut host, &command(0x17, zone, 0, &[]), 32, 1).unwrap(), [0]);
    }
    let public = arduino(&mut host, &command(0x40, 0x04, 0, &[]), 115, 64).unwrap();
    let signature = sign(&mut host, &[0x42; 32]).unwrap();
    assert!(verifies(&public, &[0x42; 32], &signature));
}

#[test]
fn its_fixed_delays_are_too_short_for_a_slow_608() {
    let nv = locked(Profile::Atecc608a).with_private_key(0, &[0x21; 32]);
    for (execution, signs) in [(Execution::Typical, true), (Execution::Maximum, false)] {
        let sim = Sim::builder(Profile::Atecc608a).nv(nv.clone()).execution(execution);
        assert_eq!(sign(&mut Host::new(sim), &[0x42; 32]).is_some(), signs, "{execution:?}");
    }
}

/// 204 characters of token are 117 bytes to sign: 176.6 ms, 221 bytes out, 185 in, addresses included.
#[test]
fn a_token_costs_what_was_measured() {
    let nv = locked(Profile::Atecc508a).with_private_key(0, &[0x21; 32]);
    let mut host = Host::new(Sim::builder(Profile::Atecc508a).nv(nv).execution(Execution::Typical));
    let start = host.sim.clock().elapsed();
    arduino(&mut host, &command(0x47, 0, 0, &[]), 9, 1).unwrap();
    arduino(&mut host, &command(0x47, 1, 64, &[0x5A; 64]), 9, 1).unwrap();
    let digest = arduino(&mut host, &command(0x47, 2, 53, &[0x5A; 53]), 9, 32).unwrap();
    sign(&mut host, &digest.try_into().unwrap()).unwrap();

    let spent = host.sim.clock().elapsed() - start;
    assert!(Duration::from_millis(174) < spent && spent < Duration::from_millis(179), "{spent:?}");
    let report = host.sim.report();
    assert_eq!((report.commands, report.wakes), (6, 6));
    let (pulses, reads) = (6, 2 * 6);
    assert_eq!(report.bytes_written + report.addressed - reads + pulses, 221);
    assert_eq!(report.bytes_read + reads, 185);
}
