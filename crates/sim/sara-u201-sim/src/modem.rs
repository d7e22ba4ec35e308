//! The module itself, without I/O: characters in, characters out, and when something happens next.

mod data;
mod direct;
mod execution;
mod input;
mod power;
mod timer;
mod urc;

use core::time::Duration;
use std::collections::VecDeque;

use rand_chacha::ChaCha8Rng;
use rand_core::SeedableRng;

use crate::card::Card;
use crate::command::connect::Connecting;
use crate::fault::{Fault, Faults, Wire};
use crate::http::{HttpProfile, Request};
use crate::message::{SentMessage, Stored};
use crate::network::Network;
use crate::packet::Contexts;
use crate::profile::{PowerAtStart, Profile};
use crate::registration::Registration;
use crate::rtc::Rtc;
use crate::settings::{NonVolatile, Settings};
use crate::sockets::{SOCKETS, Socket};
use crate::statistics::{CommandRecord, Statistics};
use crate::uart::LineSettings;
use crate::voice::Call;

pub(crate) use data::{Data, DataKind};
pub(crate) use direct::Direct;
pub(crate) use execution::{Step, Wait};
pub(crate) use timer::Timer;
pub(crate) use urc::Urc;

/// What the host may leave unread before the module takes no further command.
const MOST_UNREAD: usize = 65_536;

use execution::Job;
use power::Power;

/// The module's state machine.
///
/// `on_rx` takes characters from the host, `take_tx` gives those for the host, `poll` lets time pass and
/// `next_event` tells when `poll` is due. Times are measured from the virtual start.
#[expect(missing_debug_implementations, reason = "a network is a trait object without Debug")]
pub struct ModemCore {
    pub(crate) profile: Profile,
    pub(crate) rng: ChaCha8Rng,
    pub(crate) network: Box<dyn Network>,
    pub(crate) settings: Settings,
    pub(crate) stored: NonVolatile,
    pub(crate) card: Card,
    pub(crate) registration: Registration,
    pub(crate) contexts: Contexts,
    pub(crate) sockets: [Option<Socket>; SOCKETS],
    pub(crate) socket_error: u16,
    pub(crate) socket_generation: u64,
    /// Attempts of AT+USOCO that nobody waits for.
    pub(crate) connecting: Vec<Connecting>,
    pub(crate) resolver_cache: Vec<(String, core::net::Ipv4Addr)>,
    pub(crate) rtc: Rtc,
    /// AT+CFUN.
    pub(crate) functionality: u8,
    pub(crate) last_handshake_failure: Option<crate::tls::HandshakeFailure>,
    /// By store, card first.
    pub(crate) messages: [Vec<Option<Stored>>; 2],
    pub(crate) sent_messages: Vec<SentMessage>,
    /// The reference of the last message sent.
    pub(crate) message_reference: u8,
    pub(crate) call: Option<Call>,
    pub(crate) call_generation: u64,
    pub(crate) http_profiles: [HttpProfile; crate::http::PROFILES],
    pub(crate) request: Option<Request>,
    pub(crate) faults: Faults,
    power: Power,
    rate: Option<u32>,
    rate_at_once: bool,
    cts_off_until: Duration,
    dtr_asserted: bool,
    rts_asserted: bool,
    awake_since: Duration,
    last_activity: Duration,
    reset_asserted: bool,
    restarts: u64,
    timers: Vec<(Duration, u64, Timer)>,
    timer_count: u64,
    job: Option<Job>,
    line: Vec<u8>,
    last_line: String,
    last_received: u8,
    input: VecDeque<u8>,
    output: Vec<u8>,
    urcs: VecDeque<Urc>,
    urc_not_before: Duration,
    transmitter_empty_since: Option<Duration>,
    /// Bytes said that have not left.
    backlog: usize,
    polled: Duration,
    statistics: Statistics,
    records: Vec<CommandRecord>,
}

impl ModemCore {
    /// Makes a module whose virtual start is `now`.
    #[must_use]
    pub fn new(profile: Profile, network: Box<dyn Network>, now: Duration) -> Self {
        Self::with_faults(profile, Vec::new(), network, now)
    }

    /// Makes a module to which things happen.
    #[must_use]
    pub fn with_faults(
        mut profile: Profile,
        faults: Vec<Fault>,
        network: Box<dyn Network>,
        now: Duration,
    ) -> Self {
        Self::configure(&faults, &mut profile);
        let running = profile.power_at_start == PowerAtStart::On;
        let stored = NonVolatile::new(&profile);
        let rate = match stored.rate {
            0 => running.then_some(115_200),
            rate => Some(rate),
        };
        let mut modem = Self {
            rng: ChaCha8Rng::seed_from_u64(profile.seed),
            network,
            settings: Settings::default(),
            stored,
            card: Card::new(&profile.sim),
            registration: Registration::default(),
            contexts: Contexts::default(),
            sockets: core::array::from_fn(|_| None),
            socket_error: 0,
            socket_generation: 0,
            connecting: Vec::new(),
            resolver_cache: Vec::new(),
            rtc: Rtc::unset(profile.quirks.unset_clock_year, now),
            functionality: 1,
            last_handshake_failure: None,
            messages: core::array::from_fn(|_| vec![None; crate::message::CAPACITY]),
            sent_messages: Vec::new(),
            message_reference: 0,
            call: None,
            call_generation: 0,
            http_profiles: core::array::from_fn(|_| HttpProfile::default()),
            request: None,
            faults: Faults::new(profile.seed),
            power: Power::Off,
            rate,
            rate_at_once: false,
            cts_off_until: Duration::ZERO,
            dtr_asserted: true,
            rts_asserted: true,
            awake_since: now,
            last_activity: now,
            reset_asserted: false,
            restarts: 0,
            timers: Vec::new(),
            timer_count: 0,
            job: None,
            line: Vec::new(),
            last_line: String::new(),
            last_received: 0,
            input: VecDeque::new(),
            output: Vec::new(),
            urcs: VecDeque::new(),
            urc_not_before: Duration::ZERO,
            transmitter_empty_since: Some(now),
            backlog: 0,
            polled: now,
            statistics: Statistics::default(),
            records: Vec::new(),
            profile,
        };
        match modem.profile.power_at_start {
            PowerAtStart::Off => {}
            PowerAtStart::Booting => modem.start_up(now),
            PowerAtStart::On => {
                modem.power = Power::On;
                modem.statistics.boots = 1;
                modem.card.become_ready();
                modem.start_search(now);
            }
        }
        for fault in faults {
            modem.add_fault(fault, now);
        }
        modem
    }

    /// Takes characters that have arrived from the host.
    pub fn on_rx(&mut self, bytes: &[u8], now: Duration) {
        for byte in self.faults.spoil(bytes.to_vec(), Wire::ToModule) {
            self.take_byte(byte, now);
        }
        self.poll(now);
    }

    /// Gives the characters for the host.
    pub fn take_tx(&mut self, now: Duration) -> Vec<u8> {
        let bytes = core::mem::take(&mut self.output);
        if !bytes.is_empty() {
            self.last_activity = now;
        }
        let bytes = self.faults.spoil(bytes, Wire::ToHost);
        self.faults.release(bytes, now)
    }

    /// Lets everything happen that is due by `now`.
    pub fn poll(&mut self, now: Duration) {
        self.polled = now;
        while let Some(timer) = self.due_timer(now) {
            self.fire(timer, now);
        }
        self.network.poll(now);
        self.poll_sockets(now);
        self.poll_connections(now);
        self.poll_request(now);
        self.run_job(now);
        self.type_ahead(now);
        self.flush_urcs(now);
    }

    /// Tells when [`ModemCore::poll`] is due next if nothing arrives before.
    #[must_use]
    pub fn next_event(&self, now: Duration) -> Option<Duration> {
        // What could not be done at the last look is looked at again a little later.
        let later = self.polled.max(now) + Duration::from_millis(1);
        let soon = |at: Duration| if at > self.polled { at } else { later };
        let timers = self.timers.iter().map(|timer| timer.0).min();
        let job = self.job.as_ref().and_then(Job::next_event);
        let urcs = (!self.urcs.is_empty() && self.may_speak()).then_some(self.urc_not_before);
        let network = self.network.next_event(now);
        let connecting = self.connecting.iter().map(Connecting::next_event).min();
        [
            timers,
            connecting,
            job,
            urcs,
            network,
            self.direct_deadline(),
            self.request_deadline(),
            self.faults.next_event(),
        ]
        .into_iter()
        .flatten()
        .map(soon)
        .min()
    }

    /// Counts what has happened on the module's side.
    #[must_use]
    pub fn statistics(&self) -> Statistics {
        Statistics { pins_rejected: self.card.rejected, faults: self.faults.struck, ..self.statistics }
    }

    /// Lists the command lines taken so far.
    #[must_use]
    pub fn commands(&self) -> &[CommandRecord] {
        &self.records
    }

    /// The profile of this run.
    #[must_use]
    pub const fn profile(&self) -> &Profile {
        &self.profile
    }

    /// Tells why the last TLS handshake failed; the module does not tell its host.
    #[must_use]
    pub const fn handshake_failure(&self) -> Option<&crate::tls::HandshakeFailure> {
        self.last_handshake_failure.as_ref()
    }

    /// What the module wants of the serial line.
    pub(crate) fn line_settings(&self) -> LineSettings {
        LineSettings {
            rate: self.rate,
            rate_at_once: self.rate_at_once,
            flow_control: self.settings.flow_control == 3,
            restarts: self.restarts,
            room: self.profile.uart.module_receive_capacity.saturating_sub(self.input.len()),
            cts_off_until: self.cts_off_until,
            deaf: self.profile.quirks.rate_change_deaf,
        }
    }

    /// Learns the rate that automatic detection has found.
    pub(crate) const fn rate_found(&mut self, rate: Option<u32>) {
        self.rate = rate;
    }

    /// How long half of what is about to be said takes on the wire.
    pub(crate) fn half_of_output(&self) -> Duration {
        let bits = u64::try_from(self.output.len()).unwrap_or(0) * 5;
        Duration::from_nanos(bits * 1_000_000_000 / u64::from(self.rate.unwrap_or(115_200).max(1)))
    }

    /// Holds CTS off.
    pub(crate) const fn hold_clear_to_send(&mut self, until: Duration) {
        self.cts_off_until = until;
    }

    /// Changes the rate; `None` looks for it.
    pub(crate) const fn set_rate(&mut self, rate: Option<u32>, at_once: bool) {
        self.rate = rate;
        self.rate_at_once = at_once;
    }

    /// Learns how much of what was said has not left, and goes on where it waited for that.
    pub(crate) fn set_backlog(&mut self, backlog: usize, now: Duration) {
        match (backlog, self.transmitter_empty_since) {
            (1.., _) => self.transmitter_empty_since = None,
            (0, None) => self.transmitter_empty_since = Some(now),
            (0, Some(_)) => {}
        }
        let stalled = self.is_stalled();
        self.backlog = backlog;
        if stalled && !self.is_stalled() {
            self.poll(now);
        }
    }

    /// Whether the module waits for its host to read.
    pub(crate) fn is_stalled(&self) -> bool {
        self.backlog + self.output.len() + self.faults.held_back() > MOST_UNREAD
    }

    /// Sets RTS, as far as it wakes the module.
    pub(crate) fn set_rts(&mut self, asserted: bool, now: Duration) {
        if asserted && !self.rts_asserted && self.stored.power_saving == 2 {
            self.wake_by_line(now);
        }
        self.rts_asserted = asserted;
    }

    fn wake_by_line(&mut self, now: Duration) {
        self.awake_since = now + Duration::from_millis(u64::from(self.profile.quirks.dtr_wake_time));
    }

    /// Sets DTR.
    pub(crate) fn set_dtr(&mut self, asserted: bool, now: Duration) {
        if asserted && !self.dtr_asserted && self.stored.power_saving == 3 {
            self.wake_by_line(now);
        }
        if !asserted && self.dtr_asserted {
            self.hang_up_direct();
        }
        self.dtr_asserted = asserted;
    }
}
