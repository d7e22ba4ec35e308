//! Faults at work inside the module.

use core::time::Duration;
use std::collections::VecDeque;

use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};

use super::{Effect, Fault, Moment, NoiseKind, StoreFault, Trigger, Wire};
use crate::modem::{ModemCore, Timer};
use crate::network::NetworkError;
use crate::profile::Profile;
use crate::result::errno;
use crate::security::{Credential, CredentialKind, MAX_ITEMS};
use crate::sockets::{SOCKETS, Socket, SocketState};

/// All faults of a run.
#[derive(Debug)]
pub(crate) struct Faults {
    /// Those that wait for their moment: how often it has come, how often they may still strike.
    waiting: Vec<(Fault, u32)>,
    /// Those that wait for something to spoil, and how often they still may (0: always).
    armed: Vec<(Effect, u32)>,
    rng: ChaCha8Rng,
    /// Output held back by [`Effect::Fragment`].
    held: VecDeque<u8>,
    release: Duration,
    /// The socket whose close is told too late.
    pub(crate) late_close: Option<usize>,
    /// How many faults have struck.
    pub(crate) struck: u64,
}

impl Faults {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            waiting: Vec::new(),
            armed: Vec::new(),
            rng: ChaCha8Rng::seed_from_u64(seed ^ 0xFA_017),
            held: VecDeque::new(),
            release: Duration::ZERO,
            late_close: None,
            struck: 0,
        }
    }

    /// Takes an armed effect that `wanted` accepts.
    pub(crate) fn consume<T>(&mut self, wanted: impl Fn(&Effect) -> Option<T>) -> Option<T> {
        let found = self.armed.iter().enumerate().find_map(|(at, (effect, _))| Some((at, wanted(effect)?)));
        let (at, value) = found?;
        self.struck += 1;
        match self.armed.get_mut(at) {
            Some((_, 0)) | None => {}
            Some((_, 1)) => {
                self.armed.remove(at);
            }
            Some((_, left)) => *left -= 1,
        }
        Some(value)
    }

    /// What the wire makes of `bytes`.
    pub(crate) fn spoil(&mut self, bytes: Vec<u8>, wire: Wire) -> Vec<u8> {
        let noise = |effect: &Effect| match effect {
            Effect::Noise { rate, kind, wire: on } if *on == wire || *on == Wire::Both => {
                Some((*rate, *kind))
            }
            _ => None,
        };
        let Some((rate, kind)) = self.armed.iter().find_map(|(effect, _)| noise(effect)) else {
            return bytes;
        };
        let mut spoilt = Vec::with_capacity(bytes.len());
        for byte in bytes {
            let drawn = self.rng.next_u32();
            if drawn % 10_000 >= rate {
                spoilt.push(byte);
                continue;
            }
            self.struck += 1;
            match kind {
                NoiseKind::Flip => spoilt.push(byte ^ (1 << (drawn >> 16 & 7))),
                NoiseKind::Drop => {}
                NoiseKind::Duplicate => spoilt.extend([byte, byte]),
            }
        }
        spoilt
    }

    /// Lets output through, in pieces if a fault asks for it.
    pub(crate) fn release(&mut self, bytes: Vec<u8>, now: Duration) -> Vec<u8> {
        let pieces = self.armed.iter().find_map(|(effect, _)| match effect {
            Effect::Fragment { size, gap } => Some((usize::try_from(*size).ok()?.max(1), *gap)),
            _ => None,
        });
        let Some((size, gap)) = pieces else { return bytes };
        self.held.extend(bytes);
        if self.held.is_empty() || now < self.release {
            return Vec::new();
        }
        self.release = now + Duration::from_millis(u64::from(gap));
        let count = size.min(self.held.len());
        self.held.drain(..count).collect()
    }

    /// Bytes that wait for their turn to go out.
    pub(crate) fn held_back(&self) -> usize {
        self.held.len()
    }

    /// When the next piece goes out.
    pub(crate) fn next_event(&self) -> Option<Duration> {
        (!self.held.is_empty()).then_some(self.release)
    }

    /// Whether a fault waits for such a moment.
    pub(crate) fn strikes_at(&self, wanted: Moment) -> bool {
        let at = |(fault, _): &(Fault, u32)| matches!(&fault.trigger, Trigger::Command { moment, .. } if *moment == wanted);
        self.waiting.iter().any(at)
    }

    fn due(&mut self, name: &str, moment: Moment) -> Vec<Effect> {
        let mut effects = Vec::new();
        for (fault, seen) in &mut self.waiting {
            let Trigger::Command { name: wanted, nth, moment: at } = &fault.trigger else { continue };
            if wanted == name && *at == moment {
                *seen += 1;
                let in_turn =
                    *nth == 0 || (*seen >= *nth && (fault.times == 0 || *seen < *nth + fault.times));
                if in_turn {
                    effects.push(fault.effect.clone());
                }
            }
        }
        effects
    }
}

impl ModemCore {
    /// What a fault wants of the profile before the module exists.
    pub(crate) fn configure(faults: &[Fault], profile: &mut Profile) {
        faults
            .iter()
            .filter(|fault| fault.trigger == Trigger::Start)
            .for_each(|fault| fault.effect.configure(profile));
    }

    /// Adds a fault; one with a command's trigger waits, the others begin at once or at their time.
    pub(crate) fn add_fault(&mut self, fault: Fault, now: Duration) {
        match fault.trigger {
            Trigger::Start => self.strike(fault.effect, fault.times, now),
            Trigger::At(at) => self.schedule(at.max(now), Timer::Fault(fault.effect, fault.times)),
            Trigger::Command { .. } => self.faults.waiting.push((fault, 0)),
        }
    }

    /// A command has come to a point of its execution.
    pub(crate) fn at_moment(&mut self, name: &str, moment: Moment, now: Duration) {
        if self.faults.waiting.is_empty() {
            return;
        }
        for effect in self.faults.due(name, moment) {
            self.strike(effect, 1, now);
        }
    }

    /// A fault begins: it acts at once, or lies in wait for something to spoil.
    pub(crate) fn strike(&mut self, effect: Effect, times: u32, now: Duration) {
        let struck = self.faults.struck;
        self.faults.struck += 1;
        match effect {
            Effect::Urc { text, count, gap } => self.speak_up(&text, count, gap, now),
            Effect::RegistrationLost { ms } => self.lose_registration(ms, now),
            Effect::ContextLost { profile } => {
                self.lose_context(usize::try_from(profile).unwrap_or(usize::MAX), now, true);
            }
            Effect::Reboot { greeting } => {
                // What is on its way to the host is cut at about half.
                self.schedule(now + self.half_of_output(), Timer::Crash { greeting });
            }
            Effect::PeerClose => self.close_peers(),
            Effect::StaleSockets { count } => self.leave_sockets_open(count),
            Effect::Store(StoreFault::Full) => self.fill_store(),
            Effect::Message { from, text } => self.deliver_message(&from, &text, now),
            Effect::ClearToSend { ms } => {
                self.hold_clear_to_send(now + Duration::from_millis(u64::from(ms)));
            }
            waiting => {
                self.faults.struck = struck;
                self.faults.armed.push((waiting, times));
            }
        }
    }

    /// A line out of turn; several of them are queued, `gap` apart.
    fn speak_up(&mut self, text: &str, count: u32, gap: u32, now: Duration) {
        if count == 1 {
            self.say(&self.settings.format().result(text));
            return;
        }
        for index in 0..count {
            let at = now + Duration::from_millis(u64::from(gap) * u64::from(index));
            self.schedule(at, Timer::Urc(text.to_owned()));
        }
    }

    fn lose_registration(&mut self, ms: u32, now: Duration) {
        self.cancel_search();
        self.tell_detachment("NW");
        self.set_circuit(2);
        self.set_packet(2);
        self.lose_contexts(now, true);
        let search = now + Duration::from_millis(u64::from(ms)) + self.cellular().search;
        self.schedule(search, Timer::Registered);
    }

    /// The peers of all open connections close.
    fn close_peers(&mut self) {
        for socket in self.sockets.iter_mut().flatten().filter(|socket| socket.state == SocketState::Open) {
            socket.state = SocketState::Ended;
            socket.last_error = errno::of(NetworkError::Reset);
        }
    }

    fn leave_sockets_open(&mut self, count: u32) {
        if let Some(context) = self.contexts.profiles.first_mut() {
            context.active = true;
        }
        for slot in self.sockets.iter_mut().take(usize::try_from(count).unwrap_or(SOCKETS)) {
            self.socket_generation += 1;
            let mut socket = Socket::new(6, 0, self.socket_generation);
            socket.state = SocketState::Open;
            *slot = Some(socket);
        }
    }

    fn fill_store(&mut self) {
        for index in self.stored.credentials.len()..MAX_ITEMS {
            let (name, der) = (format!("old{index}"), vec![0x30, 0x00]);
            let item = Credential { kind: CredentialKind::Root, name, der, label: String::new() };
            self.stored.credentials.push(item);
        }
    }
}
