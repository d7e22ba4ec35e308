//! Ten thousand random operations against a reference that knows the rules in a few lines.

mod support;

use core::time::Duration;

use eccx08_sim::{Profile, Sim};
use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};
use support::{Host, command, locked, verifies};

const WATCHDOG: Duration = Duration::from_millis(1300);
/// At this rate no transfer but a pulse of our own wakes the chip.
const FAST: u32 = 400_000;

/// What the chip must be in.
struct Reference {
    /// When it woke; nothing while it idles or sleeps.
    woke: Option<Duration>,
    /// The message in TempKey.
    temp_key: Option<[u8; 32]>,
    output: Vec<u8>,
    pointer: usize,
}

impl Reference {
    fn sleep(&mut self) {
        self.woke = None;
        self.temp_key = None;
    }

    /// Applies the watchdog up to now.
    fn settle(&mut self, now: Duration) {
        if self.woke.is_some_and(|woke| now >= woke + WATCHDOG) {
            self.sleep();
        }
    }

    fn take(&mut self, count: usize) -> Vec<u8> {
        let bytes = (self.pointer..self.pointer + count)
            .map(|at| self.output.get(at).copied().unwrap_or(0xFF))
            .collect();
        self.pointer += count;
        bytes
    }
}

#[test]
fn ten_thousand_operations_agree_with_the_reference() {
    for profile in [Profile::Atecc508a, Profile::Atecc608a] {
        run(profile, 5_000);
    }
}

fn run(profile: Profile, operations: u32) {
    let nv = locked(profile).with_private_key(0, &[0x21; 32]);
    let mut host = Host::new(Sim::builder(profile).nv(nv).bus_hz(FAST));
    let public = host.sim.public_key(0).unwrap();
    let mut reference = Reference { woke: None, temp_key: None, output: Vec::new(), pointer: 0 };
    let mut rng = ChaCha8Rng::seed_from_u64(11);
    let mut signatures = 0;
    for operation in 0..operations {
        let choice = rng.next_u32() % 100;
        reference.settle(host.sim.clock().elapsed());
        let awake = reference.woke.is_some();
        match choice {
            0..=24 => wake(&mut host, &mut reference),
            25..=39 => {
                let count = usize::try_from(rng.next_u32() % 80 + 1).unwrap();
                let read = host.read(count);
                assert_eq!(read.is_ok(), awake, "{profile}, operation {operation}");
                if let Ok(bytes) = read {
                    assert_eq!(bytes, reference.take(count), "{profile}, operation {operation}");
                }
            }
            40..=49 => {
                assert_eq!(host.write(&[0x00]).is_ok(), awake);
                reference.pointer = 0;
            }
            50..=53 => {
                assert_eq!(host.write(&[0x01]).is_ok(), awake);
                if awake {
                    reference.sleep();
                }
            }
            54..=59 => {
                assert_eq!(host.write(&[0x02]).is_ok(), awake);
                reference.woke = None;
            }
            60..=67 => host.wait(Duration::from_millis(u64::from(rng.next_u32() % 900))),
            _ => {
                let mut data = [0; 32];
                rng.fill_bytes(&mut data);
                let frame = match choice {
                    68..=84 => command(0x16, 0x03, 0, &data),
                    85..=94 => command(0x41, 0x80, 0, &[]),
                    95..=97 => command(0x30, 0, 0, &[]),
                    _ => command(0x1B, 0, 0, &[]),
                };
                assert_eq!(host.write(&frame).is_ok(), awake);
                if awake {
                    signatures += u32::from(answered(&mut host, &mut reference, &frame, &data, &public));
                }
            }
        }
    }
    assert!(signatures > 40, "{profile}: {signatures} signatures");
}

fn wake(host: &mut Host, reference: &mut Reference) {
    host.sim.set_bus_hz(100_000);
    let _ = embedded_hal::i2c::I2c::write(&mut host.bus, 0, &[1]);
    host.sim.set_bus_hz(FAST);
    reference.settle(host.sim.clock().elapsed());
    let was_awake = reference.woke.is_some();
    let woke = host.sim.clock().elapsed();
    host.wait(Duration::from_micros(1500));
    if !was_awake {
        // The pulse counts from the end of its byte, a STOP before now.
        reference.woke = Some(woke - Duration::from_micros(10));
        reference.output = vec![0x04, 0x11, 0x33, 0x43];
        reference.pointer = 0;
    }
}

/// Waits for the answer and compares it; tells whether a signature was made.
fn answered(
    host: &mut Host,
    reference: &mut Reference,
    frame: &[u8],
    data: &[u8; 32],
    public: &[u8; 64],
) -> bool {
    let answer = host.response();
    reference.output.clear();
    reference.output.push(u8::try_from(answer.len() + 3).unwrap());
    reference.output.extend(&answer);
    let crc = eccx08_sim::crc16(&reference.output);
    reference.output.extend(crc.to_le_bytes());
    reference.pointer = reference.output.len();
    let late = answer == [0xEE];
    match frame[2] {
        0x16 => {
            assert!(late || answer == [0]);
            if !late {
                reference.temp_key = Some(*data);
            }
        }
        0x41 => match reference.temp_key {
            Some(digest) if !late => {
                assert!(verifies(public, &digest, &answer));
                reference.temp_key = None;
                return true;
            }
            _ => assert!(late || answer == [0x0F]),
        },
        0x30 => assert!(late || answer.len() == 4),
        _ => assert!(late || answer.len() == 32),
    }
    false
}
