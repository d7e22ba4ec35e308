//! The module's own pins: a host that is modelled elsewhere, character by character.

use core::time::Duration;
use std::rc::Rc;

use monoclock::ManualClock;
use sara_u201_sim::{Latencies, MemoryNetwork, PowerAtStart, Profile, SerialWire, Simulation};

/// One character at 115200 baud.
const CHARACTER: Duration = Duration::from_nanos(86_805);

struct Host {
    simulation: Simulation,
    clock: Rc<ManualClock>,
    wire: SerialWire,
    now: Duration,
    baud: u32,
    seen: Vec<u8>,
    /// The rates of what has come.
    rates: Vec<u32>,
}

fn host(power_at_start: PowerAtStart) -> Host {
    let clock = Rc::new(ManualClock::new());
    let profile = Profile { power_at_start, latencies: Latencies::zero(), ..Profile::default() };
    let simulation = Simulation::new(profile, MemoryNetwork::new(0), clock.clone());
    let wire = simulation.wire();
    let (now, seen, rates) = (Duration::ZERO, Vec::new(), Vec::new());
    Host { simulation, clock, wire, now, baud: 115_200, seen, rates }
}

impl Host {
    /// Sends a line, a character after the other, and hears meanwhile.
    fn send(&mut self, line: &[u8]) {
        for byte in line {
            self.pass(CHARACTER * 115_200 / self.baud, true);
            self.wire.take(*byte, self.baud, self.now);
        }
    }

    /// Lets time pass as an emulator does: from one event to the next.
    fn pass(&mut self, span: Duration, ready: bool) {
        let until = self.now + span;
        while let Some(at) = self.wire.next_event().filter(|at| *at <= until) {
            self.now = self.now.max(at);
            while let Some((byte, rate)) = self.wire.give(ready, self.now) {
                self.seen.push(byte);
                self.rates.push(rate);
            }
            assert!(self.clock.elapsed() <= self.now, "the clock does not run ahead");
        }
        self.now = until;
    }

    fn answer(&mut self, line: &[u8]) -> String {
        self.seen.clear();
        self.send(line);
        self.pass(Duration::from_millis(200), true);
        String::from_utf8_lossy(&self.seen).into_owned()
    }
}

#[test]
fn characters_take_their_time_once() {
    let mut host = host(PowerAtStart::On);
    host.send(b"AT\r");
    let before = host.now;
    while host.seen.len() < 9 {
        let at = host.wire.next_event().expect("an answer");
        host.pass(at.saturating_sub(host.now), true);
    }
    assert_eq!(host.seen, b"AT\r\r\nOK\r\n");
    // The echo of the last character begins when it has arrived; seven more are said.
    let took = host.now - before;
    assert!((CHARACTER * 7..CHARACTER * 8).contains(&took), "{took:?}");
    let statistics = host.simulation.statistics();
    assert_eq!((statistics.bytes_to_module, statistics.bytes_to_host), (3, 9));
}

#[test]
fn rates_are_found_changed_and_missed() {
    let mut host = host(PowerAtStart::Booting);
    assert_eq!(host.answer(b"AT\r"), "", "it boots");
    host.pass(Duration::from_secs(3), true);
    assert_eq!(host.answer(b"AT\r"), "", "this line tells the rate");
    assert_eq!(host.answer(b"ATE0\r"), "ATE0\r\r\nOK\r\n");
    assert_eq!(host.answer(b"AT+IPR=921600\r"), "\r\nOK\r\n");
    assert!(host.rates.iter().all(|rate| *rate == 115_200), "the result comes at the old rate");
    assert_eq!(host.answer(b"AT\r"), "", "the old rate is noise");
    host.baud = 921_600;
    host.send(b"\r");
    host.pass(Duration::from_millis(10), true);
    assert_eq!(host.answer(b"AT\r"), "\r\nOK\r\n");
    assert_eq!(host.rates.last(), Some(&921_600));
}

#[test]
fn rts_holds_the_module_where_flow_control_is_on() {
    for (flow_control, heard) in [(&b"ATE0&K3\r"[..], 0), (b"ATE0&K0\r", 6)] {
        let mut host = host(PowerAtStart::On);
        host.answer(flow_control);
        host.seen.clear();
        host.wire.set_ready(false, host.now);
        host.wire.take(b'A', 115_200, host.now);
        host.wire.take(b'T', 115_200, host.now);
        host.wire.take(b'\r', 115_200, host.now);
        host.pass(Duration::from_secs(1), false);
        assert_eq!(host.seen.len(), heard);
        host.wire.set_ready(true, host.now);
        host.pass(Duration::from_millis(10), true);
        assert_eq!(host.seen, b"\r\nOK\r\n");
    }
}

#[test]
fn cts_is_taken_away_by_a_fault_and_by_a_full_receiver() {
    let mut host = host(PowerAtStart::On);
    assert!(host.wire.clear_to_send());
    host.simulation.add_fault("cts-off:ms=500".parse().expect("well formed"));
    assert!(!host.wire.clear_to_send());
    let released = host.wire.next_event().expect("the end of it");
    assert!(released <= host.now + Duration::from_millis(500));
    host.pass(Duration::from_millis(501), true);
    assert!(host.wire.clear_to_send());
    // A command that runs keeps what is typed: the receiver fills up.
    host.send(b"AT+COPS=2\r");
    host.pass(Duration::from_secs(1), true);
    host.simulation.add_fault("delay:ms=60000".parse().expect("well formed"));
    host.send(b"AT+CSQ\r");
    let mut sent = 0;
    while host.wire.clear_to_send() && sent < 5000 {
        host.send(b"x");
        sent += 1;
    }
    assert!((1900..2048).contains(&sent), "{sent}");
    assert_eq!(host.simulation.statistics().module_overruns, 0);
}

#[test]
fn reset_and_dtr_are_levels() {
    let mut host = host(PowerAtStart::Off);
    assert_eq!(host.answer(b"AT\r"), "");
    host.wire.set_reset(true, host.now);
    host.pass(Duration::from_millis(60), true);
    host.wire.set_reset(false, host.now);
    host.pass(Duration::from_secs(3), true);
    host.answer(b"AT\r");
    assert_eq!(host.answer(b"ATE0\r"), "ATE0\r\r\nOK\r\n");
    assert_eq!(host.answer(b"AT+UPSV=3\r"), "\r\nOK\r\n");
    host.wire.set_dtr(true, host.now);
    assert_eq!(host.answer(b"AT\r"), "", "asleep");
    host.wire.set_dtr(false, host.now);
    host.pass(Duration::from_millis(6), true);
    assert_eq!(host.answer(b"AT\r"), "\r\nOK\r\n");
}
