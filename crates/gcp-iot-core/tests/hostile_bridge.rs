//! A server that breaks every rule holds no deadline off and breaks nothing.

mod support;

use core::cell::Cell;
use core::convert::Infallible;
use core::time::Duration;
use std::collections::VecDeque;

use embedded_io::{ErrorType, Read, ReadReady, Write};
use gcp_iot_core::{Endpoint, Error, MqttLite, QoS, Session};
use monoclock::{Clock, Instant, ManualClock, Millis};
use mqtt_lite::Waiting;
use proptest::prelude::*;
use support::{DEVICE, EPOCH, signer};

/// A server that answers the login and the subscription, then says what it was told to say, and then one byte over and over, at a pace of its own.
struct Server<'c> {
    clock: &'c ManualClock,
    /// Whether it answers.
    welcomes: bool,
    welcome: VecDeque<u8>,
    script: VecDeque<u8>,
    /// What comes after the script, if anything.
    forever: Option<u8>,
    /// Time between two bytes.
    pace: Duration,
    next: Cell<Duration>,
}

impl<'c> Server<'c> {
    fn new(clock: &'c ManualClock, script: &[u8], forever: Option<u8>, pace: Duration) -> Self {
        let (welcome, script) = (VecDeque::new(), script.iter().copied().collect());
        Self { clock, welcomes: true, welcome, script, forever, pace, next: Cell::default() }
    }
}

impl ErrorType for Server<'_> {
    type Error = Infallible;
}

impl ReadReady for Server<'_> {
    fn read_ready(&mut self) -> Result<bool, Infallible> {
        let more = !self.welcome.is_empty() || !self.script.is_empty() || self.forever.is_some();
        Ok(self.clock.elapsed() >= self.next.get() && more)
    }
}

impl Read for Server<'_> {
    /// One byte at a time; reading takes a millisecond, so that no clock stands still.
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Infallible> {
        self.clock.advance(Duration::from_millis(1));
        self.next.set(self.clock.elapsed() + self.pace);
        let byte = self.welcome.pop_front().or_else(|| self.script.pop_front()).or(self.forever);
        match (buffer.first_mut(), byte) {
            (Some(first), Some(byte)) => {
                *first = byte;
                Ok(1)
            }
            _ => Ok(0),
        }
    }
}

impl Write for Server<'_> {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, Infallible> {
        match bytes {
            _ if !self.welcomes => {}
            [0x10, ..] => self.welcome.extend([0x20, 2, 0, 0]),
            [0x82, _, high, low, ..] => self.welcome.extend([0x90, 4, *high, *low, 1, 0]),
            _ => {}
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}

/// A clock that wakes every 50 ms, as for a transport that must be asked.
struct Ticks<'c>(&'c ManualClock);

impl Clock for Ticks<'_> {
    fn now(&self) -> Instant {
        self.0.now()
    }

    fn wait(&self, until: Instant) {
        self.0.wait(until.earlier(self.now() + Millis(50)));
    }
}

/// Begins a PUBLISH of `length` bytes to a command topic.
fn publish(length: usize) -> Vec<u8> {
    let topic = b"/devices/MyMKRGSM1400/commands";
    let length = [length & 0x7F | 0x80, length >> 7 & 0x7F | 0x80, length >> 14]
        .map(|byte| u8::try_from(byte).unwrap());
    [&[0x30], &length[..], &[0, 30], topic].concat()
}

/// Why, and when, the session gives up on a message of `length` bytes that comes byte by byte.
fn dribble(length: usize, pace: Duration) -> (Error<mqtt_lite::Error<Infallible>>, Duration) {
    let clock = ManualClock::new();
    let server = Server::new(&clock, &publish(length), Some(b'x'), pace);
    let (mut receive, mut transmit) = ([0; 512], [0; 512]);
    let link = MqttLite::new(&mut receive, &mut transmit);
    let mut session = Session::new(DEVICE, Endpoint::GOOGLE, link, Ticks(&clock));
    let mut device = session.connect(server, &mut signer(7), EPOCH).unwrap();
    loop {
        let until = clock.now() + Millis::from_secs(1);
        match device.wait(until) {
            // Pieces of the message may come; no wait may last longer than asked for.
            Ok(_) => assert!((clock.now() - until).0 <= 10 || !clock.now().has_reached(until)),
            Err(error) => return (error, clock.elapsed()),
        }
    }
}

#[test]
fn a_dribbling_message_holds_neither_a_wait_nor_the_keep_alive_off() {
    for pace in [400, 999, 5000].map(Duration::from_millis) {
        let (error, elapsed) = dribble(400, pace);
        // At the slowest pace it is the answer to the subscription that comes too late.
        let waiting = if pace.as_secs() < 5 { Waiting::PingResponse } else { Waiting::Acknowledgement };
        assert_eq!(error, Error::Link(mqtt_lite::Error::Timeout(waiting)), "{pace:?}");
        assert!(elapsed < Duration::from_secs(60 + 60), "{pace:?}: {elapsed:?}");
    }
}

#[test]
fn a_large_message_may_be_slow_but_not_for_ever() {
    // Byte by byte, as fast as the poorest network: the message comes to its end, and what follows is no packet.
    let (error, _) = dribble(100_000, Duration::ZERO);
    assert_eq!(error, Error::Link(mqtt_lite::Error::Peer(mqtt_lite::PeerError::UnexpectedPacket(b'x'))));
    // A byte now and then is no transfer.
    for pace in [400, 999, 5000].map(Duration::from_millis) {
        let (error, elapsed) = dribble(250_000, pace);
        assert!(matches!(error, Error::Link(mqtt_lite::Error::Timeout(_))), "{pace:?}: {error:?}");
        assert!(elapsed < Duration::from_secs(180), "{pace:?}: {elapsed:?}");
    }
}

#[test]
fn a_dribbling_connack_is_given_up_in_time() {
    // Half a CONNACK, then nothing; and a CONNACK of a size that never ends.
    for (script, pace) in [(&[0x20][..], 1000), (&[0x20, 0xFF, 0xFF, 0xFF, 0x7F], 1000)] {
        let clock = ManualClock::new();
        let mut server = Server::new(&clock, script, None, Duration::from_millis(pace));
        server.welcomes = false;
        let (mut receive, mut transmit) = ([0; 512], [0; 512]);
        let link = MqttLite::new(&mut receive, &mut transmit);
        let mut session = Session::new(DEVICE, Endpoint::GOOGLE, link, Ticks(&clock));
        assert!(session.connect(server, &mut signer(7), EPOCH).is_err());
        assert!(clock.elapsed() <= Duration::from_secs(61), "{:?}", clock.elapsed());
        assert!(session.next_attempt() != clock.now());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// The body of a fuzz target: whatever the server says, every call ends, and in time.
    #[test]
    fn whatever_comes_every_call_ends(
        packets in proptest::collection::vec(
            prop_oneof![
                proptest::collection::vec(any::<u8>(), 0..40),
                (0..300_000_usize).prop_map(publish),
                Just(publish(60)),
                Just(vec![0x40, 2, 0, 2]),
                Just(vec![0xD0, 0]),
                Just(vec![0x90, 3, 0, 1, 0x80]),
            ],
            0..12,
        ),
        forever in any::<Option<u8>>(),
        pace in 0..3000_u64,
    ) {
        let clock = ManualClock::new();
        let server = Server::new(&clock, &packets.concat(), forever, Duration::from_millis(pace));
        let (mut receive, mut transmit) = ([0; 300], [0; 512]);
        let link = MqttLite::new(&mut receive, &mut transmit);
        let mut session = Session::new(DEVICE, Endpoint::GOOGLE, link, Ticks(&clock));
        let Ok(mut device) = session.connect(server, &mut signer(7), EPOCH) else { return Ok(()) };
        for round in 0..40 {
            let until = clock.now() + Millis::from_secs(3);
            if round % 5 == 0 && device.publish_event("", b"x", QoS::AtLeastOnce).is_err_and(|error| error.is_over()) {
                break;
            }
            match device.wait(until) {
                Ok(_) => prop_assert!((clock.now() - until).0 <= 1000 || !clock.now().has_reached(until)),
                Err(_) => break,
            }
        }
    }
}
