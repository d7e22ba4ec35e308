//! The serial line, byte by byte: rates, buffers, flow control, and what a wrong rate does.

use core::time::Duration;
use std::collections::VecDeque;

use crate::profile::{PowerAtStart, Profile};
use crate::statistics::Statistics;
use crate::transcript::{Direction, Transcript};

/// Bits of one byte on the wire: start, eight, stop.
const BITS: u64 = 10;
/// Rates that automatic detection tells apart.
const RATES: [u32; 11] = [1200, 2400, 4800, 9600, 19_200, 38_400, 57_600, 115_200, 230_400, 460_800, 921_600];
/// Room in the module's receiver below which it takes CTS away.
const CTS_THRESHOLD: usize = 32;

/// What the module wants of its side of the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LineSettings {
    /// The module's rate; `None` looks for it.
    pub(crate) rate: Option<u32>,
    /// Whether a new rate holds at once instead of after the last queued byte.
    pub(crate) rate_at_once: bool,
    /// RTS/CTS on the module's side (`AT&K3`).
    pub(crate) flow_control: bool,
    /// Counts restarts: a new number discards what was being sent.
    pub(crate) restarts: u64,
    /// Bytes that the module can still take.
    pub(crate) room: usize,
    /// CTS is held off until then, whatever room there is.
    pub(crate) cts_off_until: Duration,
    /// Milliseconds of deafness after a change of rate.
    pub(crate) deaf: u32,
}

/// Both directions of the line with their buffers.
#[derive(Debug)]
pub(crate) struct Uart {
    host_rate: u32,
    host_flow_control: bool,
    host_capacity: usize,
    transmit_capacity: usize,
    rts_threshold: usize,
    any_rate: bool,
    transcript: Option<Transcript>,
    autobaud_limit: u32,
    autobaud_swallows: u32,
    settings: LineSettings,
    rate: Option<u32>,
    found: bool,
    last_seen: u8,
    swallow: u32,
    deaf_until: Duration,
    to_module: VecDeque<u8>,
    to_module_done: Option<Duration>,
    to_host: VecDeque<u8>,
    to_host_done: Option<Duration>,
    ring: VecDeque<u8>,
    bytes_to_module: u64,
    bytes_to_host: u64,
    overruns: u64,
    module_overruns: u64,
    /// The host's UART is modelled elsewhere: what has arrived there, at which rate, and its RTS.
    wire: Option<Outside>,
}

/// A host that is modelled elsewhere.
#[derive(Debug, Default)]
struct Outside {
    arrived: VecDeque<(u8, u32)>,
    ready: bool,
}

impl Uart {
    pub(crate) fn new(profile: &Profile) -> Self {
        let uart = &profile.uart;
        let running = profile.power_at_start == PowerAtStart::On;
        let rate = match uart.stored_rate {
            0 if running => Some(115_200),
            0 => None,
            rate => Some(rate),
        };
        Self {
            host_rate: 115_200,
            host_flow_control: uart.flow_control_wired,
            host_capacity: uart.host_receive_capacity,
            transmit_capacity: uart.host_transmit_capacity.max(1),
            rts_threshold: uart.rts_threshold,
            any_rate: uart.any_rate,
            transcript: None,
            autobaud_limit: uart.autobaud_limit,
            autobaud_swallows: profile.quirks.autobaud_swallows,
            settings: LineSettings {
                rate,
                rate_at_once: false,
                flow_control: true,
                restarts: 0,
                room: uart.module_receive_capacity,
                cts_off_until: Duration::ZERO,
                deaf: 0,
            },
            rate,
            found: false,
            last_seen: 0,
            swallow: if rate.is_none() { profile.quirks.autobaud_swallows } else { 0 },
            deaf_until: Duration::ZERO,
            to_module: VecDeque::new(),
            to_module_done: None,
            to_host: VecDeque::new(),
            to_host_done: None,
            ring: VecDeque::new(),
            bytes_to_module: 0,
            bytes_to_host: 0,
            overruns: 0,
            module_overruns: 0,
            wire: None,
        }
    }

    /// Hands the host's side of the line to a model elsewhere, whose RTS is `ready`.
    pub(crate) fn lend_wire(&mut self, ready: bool, now: Duration) {
        self.wire.get_or_insert_default().ready = ready;
        self.start(now);
    }

    /// Learns the RTS of a host elsewhere; tells whether it is another than before.
    pub(crate) fn set_ready(&mut self, ready: bool, now: Duration) -> bool {
        let before = self.wire.as_ref().is_some_and(|wire| wire.ready);
        self.lend_wire(ready, now);
        before != ready
    }

    /// A character of a host elsewhere has arrived; gives it if the module hears it.
    pub(crate) fn arrive_from_wire(&mut self, byte: u8, rate: u32, now: Duration) -> Option<u8> {
        self.host_rate = rate;
        self.bytes_to_module += 1;
        if let Some(transcript) = &mut self.transcript {
            transcript.add(now, Direction::ToModule, byte);
        }
        self.arrive_at_module(byte, now)
    }

    /// The next character that has arrived at a host elsewhere, and its rate.
    pub(crate) fn leave_by_wire(&mut self) -> Option<(u8, u32)> {
        self.wire.as_mut()?.arrived.pop_front()
    }

    /// Whether a character waits for a host elsewhere.
    pub(crate) fn has_arrived(&self) -> bool {
        self.wire.as_ref().is_some_and(|wire| !wire.arrived.is_empty())
    }

    /// The module's CTS.
    pub(crate) fn clear_to_send(&self, now: Duration) -> bool {
        let held = now < self.settings.cts_off_until || self.settings.room < CTS_THRESHOLD;
        !(self.settings.flow_control && held)
    }

    /// Begins to record every byte.
    pub(crate) fn record(&mut self) {
        self.transcript.get_or_insert_with(Transcript::default);
    }

    /// Gives what has been recorded since the last call.
    pub(crate) fn take_transcript(&mut self) -> Option<Transcript> {
        self.transcript.as_mut().map(core::mem::take)
    }

    pub(crate) const fn host_rate(&self) -> u32 {
        self.host_rate
    }

    pub(crate) const fn set_host_rate(&mut self, rate: u32) {
        self.host_rate = rate;
    }

    pub(crate) const fn set_host_flow_control(&mut self, on: bool) {
        self.host_flow_control = on;
    }

    pub(crate) const fn module_rate(&self) -> Option<u32> {
        self.rate
    }

    /// Tells once that automatic detection has succeeded.
    pub(crate) fn rate_was_found(&mut self) -> bool {
        core::mem::take(&mut self.found)
    }

    pub(crate) fn is_readable(&self) -> bool {
        !self.ring.is_empty()
    }

    /// Bytes that the module has handed over and that have not left.
    pub(crate) fn backlog(&self) -> usize {
        self.to_host.len()
    }

    /// Bytes that the host has handed over and that have not left.
    pub(crate) fn unsent(&self) -> usize {
        self.to_module.len()
    }

    /// Bytes that the host may hand over without waiting.
    pub(crate) fn room(&self) -> usize {
        self.transmit_capacity.saturating_sub(self.to_module.len())
    }

    pub(crate) fn add_to(&self, statistics: &mut Statistics) {
        statistics.bytes_to_module = self.bytes_to_module;
        statistics.bytes_to_host = self.bytes_to_host;
        statistics.host_overruns = self.overruns;
        statistics.module_overruns += self.module_overruns;
    }

    /// Takes bytes from the host, as many as fit.
    pub(crate) fn transmit(&mut self, bytes: &[u8], now: Duration) -> usize {
        let count = self.room().min(bytes.len());
        self.to_module.extend(bytes.iter().take(count));
        self.start(now);
        count
    }

    /// Gives the host what has arrived.
    pub(crate) fn receive(&mut self, buffer: &mut [u8], now: Duration) -> usize {
        let count = buffer.len().min(self.ring.len());
        for (slot, byte) in buffer.iter_mut().zip(self.ring.drain(..count)) {
            *slot = byte;
        }
        self.start(now);
        count
    }

    /// Queues bytes from the module.
    pub(crate) fn send_to_host(&mut self, bytes: &[u8], now: Duration) {
        self.to_host.extend(bytes);
        self.start(now);
    }

    /// Takes over what the module wants of the line.
    pub(crate) fn apply(&mut self, settings: &LineSettings, now: Duration) {
        if settings.restarts != self.settings.restarts {
            self.to_host.clear();
            self.to_host_done = None;
            self.deaf_until = Duration::ZERO;
            self.set_module_rate(settings.rate);
        } else if settings.rate != self.rate && (settings.rate_at_once || self.to_host.is_empty()) {
            self.set_module_rate(settings.rate);
            self.deaf_until = now + Duration::from_millis(u64::from(settings.deaf));
        }
        self.settings = *settings;
        if settings.cts_off_until <= now {
            self.settings.cts_off_until = Duration::ZERO;
        }
        self.start(now);
    }

    fn set_module_rate(&mut self, rate: Option<u32>) {
        self.rate = rate;
        self.last_seen = 0;
        self.swallow = if rate.is_none() { self.autobaud_swallows } else { 0 };
    }

    pub(crate) fn next_event(&self) -> Option<Duration> {
        let waits = self.to_module_done.is_none() && !self.to_module.is_empty();
        let held = waits || self.wire.is_some();
        let released = held.then_some(self.settings.cts_off_until).filter(|at| !at.is_zero());
        [self.to_module_done, self.to_host_done, released].into_iter().flatten().min()
    }

    /// Finishes the bytes that are through by `now` and gives those that reach the module.
    pub(crate) fn advance(&mut self, now: Duration) -> Option<u8> {
        if self.to_host_done.is_some_and(|done| done <= now) {
            self.to_host_done = None;
            if let Some(byte) = self.to_host.pop_front() {
                self.arrive_at_host(byte, now);
            }
        }
        let mut arrived = None;
        if self.to_module_done.is_some_and(|done| done <= now) {
            self.to_module_done = None;
            if let Some(byte) = self.to_module.pop_front() {
                self.bytes_to_module += 1;
                if let Some(transcript) = &mut self.transcript {
                    transcript.add(now, Direction::ToModule, byte);
                }
                arrived = self.arrive_at_module(byte, now);
            }
        }
        self.start(now);
        arrived
    }

    fn arrive_at_host(&mut self, byte: u8, now: Duration) {
        self.bytes_to_host += 1;
        if let Some(wire) = &mut self.wire {
            wire.arrived.push_back((byte, self.rate.unwrap_or(115_200)));
            if let Some(transcript) = &mut self.transcript {
                transcript.add(now, Direction::ToHost, byte);
            }
            return;
        }
        let byte = if self.rates_agree() { byte } else { garble(byte) };
        if let Some(transcript) = &mut self.transcript {
            transcript.add(now, Direction::ToHost, byte);
        }
        if self.ring.len() < self.host_capacity {
            self.ring.push_back(byte);
        } else {
            self.overruns += 1;
        }
    }

    fn arrive_at_module(&mut self, byte: u8, now: Duration) -> Option<u8> {
        if now <= self.deaf_until && !self.deaf_until.is_zero() {
            return None;
        }
        if self.settings.room == 0 {
            self.module_overruns += 1;
            return None;
        }
        if self.rate.is_none() && self.any_rate {
            (self.rate, self.found) = (Some(115_200), true);
            self.swallow = 0;
        }
        if self.rate.is_none() {
            return self.detect(byte);
        }
        if self.swallow > 0 {
            self.swallow -= u32::from(byte == b'\r');
            return None;
        }
        Some(if self.rates_agree() { byte } else { garble(byte) })
    }

    /// Looks for `AT` at a rate that automatic detection knows.
    fn detect(&mut self, byte: u8) -> Option<u8> {
        let attention = self.last_seen.eq_ignore_ascii_case(&b'A') && byte.eq_ignore_ascii_case(&b'T');
        let known = RATES.iter().find(|rate| close_to(self.host_rate, **rate));
        self.last_seen = byte;
        if let Some(rate) = known.filter(|rate| attention && **rate <= self.autobaud_limit) {
            self.rate = Some(*rate);
            self.found = true;
        }
        None
    }

    fn rates_agree(&self) -> bool {
        self.any_rate || self.rate.is_none_or(|rate| close_to(self.host_rate, rate))
    }

    /// Puts the next bytes on the wire where nothing holds them.
    fn start(&mut self, now: Duration) {
        if self.settings.cts_off_until <= now {
            self.settings.cts_off_until = Duration::ZERO;
        }
        if self.to_module_done.is_none() && !self.to_module.is_empty() && self.is_clear_to_send(now) {
            let rate = if self.any_rate { self.rate.unwrap_or(115_200) } else { self.host_rate };
            self.to_module_done = Some(now + byte_time(rate));
        }
        if self.to_host_done.is_none() && !self.to_host.is_empty() && self.is_ready_to_receive() {
            self.to_host_done = Some(now + byte_time(self.rate.unwrap_or(115_200)));
        }
    }

    fn is_clear_to_send(&self, now: Duration) -> bool {
        !self.host_flow_control || self.clear_to_send(now)
    }

    fn is_ready_to_receive(&self) -> bool {
        if let Some(wire) = &self.wire {
            return wire.ready || !self.settings.flow_control;
        }
        let obeyed = self.host_flow_control && self.settings.flow_control;
        !obeyed || self.host_capacity.saturating_sub(self.ring.len()) >= self.rts_threshold.max(1)
    }
}

/// How long a byte takes.
fn byte_time(rate: u32) -> Duration {
    Duration::from_nanos(BITS * 1_000_000_000 / u64::from(rate.max(1)))
}

/// A receiver stands a mismatch of about 2.5 %.
fn close_to(one: u32, other: u32) -> bool {
    u64::from(one.abs_diff(other)) * 40 <= u64::from(other)
}

/// What a receiver at the wrong rate makes of a byte: never a printable character.
const fn garble(byte: u8) -> u8 {
    byte.rotate_left(3) | 0x80
}

#[cfg(test)]
mod tests {
    use super::{Duration, Profile, Uart, byte_time, close_to};

    fn run(uart: &mut Uart) -> (Vec<u8>, Duration) {
        let (mut arrived, mut now) = (Vec::new(), Duration::ZERO);
        while let Some(at) = uart.next_event() {
            now = at;
            arrived.extend(uart.advance(at));
        }
        (arrived, now)
    }

    #[test]
    fn bytes_take_ten_bits_each() {
        let mut profile = Profile::default();
        profile.uart.stored_rate = 115_200;
        let mut uart = Uart::new(&profile);
        assert_eq!(uart.transmit(&[7; 100], Duration::ZERO), 100);
        let (arrived, end) = run(&mut uart);
        assert_eq!(arrived, [7; 100]);
        assert_eq!(end, byte_time(115_200) * 100);
    }

    #[test]
    fn the_rate_is_found_by_the_first_attention() {
        let mut uart = Uart::new(&Profile::default());
        uart.transmit(b"AT\rAT\r", Duration::ZERO);
        let (arrived, _) = run(&mut uart);
        assert_eq!(arrived, b"AT\r", "the line that told the rate is swallowed");
        assert!(uart.rate_was_found());
        assert_eq!(uart.module_rate(), Some(115_200));
    }

    #[test]
    fn a_wrong_rate_garbles() {
        let mut profile = Profile::default();
        profile.uart.stored_rate = 921_600;
        let mut uart = Uart::new(&profile);
        uart.transmit(b"AT\r", Duration::ZERO);
        let (arrived, _) = run(&mut uart);
        assert!(arrived.iter().all(|byte| *byte >= 0x80));
        assert!(close_to(923_077, 921_600));
    }

    #[test]
    fn a_full_receiver_stops_the_module_or_loses() {
        for flow_control in [true, false] {
            let mut profile = Profile::default();
            profile.uart.flow_control_wired = flow_control;
            let mut uart = Uart::new(&profile);
            uart.send_to_host(&[1; 300], Duration::ZERO);
            run(&mut uart);
            assert_eq!(uart.overruns, if flow_control { 0 } else { 44 });
            let mut buffer = [0; 400];
            assert_eq!(uart.receive(&mut buffer, Duration::ZERO), if flow_control { 247 } else { 256 });
            run(&mut uart);
            let rest = uart.receive(&mut buffer, Duration::ZERO);
            assert_eq!(rest, if flow_control { 53 } else { 0 });
        }
    }
}
