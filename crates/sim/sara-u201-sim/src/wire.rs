//! The module's pins, for a host whose UART is modelled elsewhere.

use core::fmt;
use core::time::Duration;

use crate::simulation::Simulation;

/// The serial line and the control lines at the module's end, character by character.
///
/// Times are measured from the virtual start. Every call lets the module live until the time that it is
/// given; nothing else has to be called, as long as [`SerialWire::give`] is called when
/// [`SerialWire::next_event`] says so. The shared clock never runs ahead of those times.
///
/// ```
/// use core::time::Duration;
/// use std::rc::Rc;
///
/// use monoclock::ManualClock;
/// use sara_u201_sim::{MemoryNetwork, PowerAtStart, Profile, Simulation};
///
/// let profile = Profile { power_at_start: PowerAtStart::On, ..Profile::default() };
/// let simulation = Simulation::new(profile, MemoryNetwork::new(0), Rc::new(ManualClock::new()));
/// let mut wire = simulation.wire();
/// let mut now = Duration::ZERO;
/// for byte in *b"ATE0\r" {
///     now += Duration::from_micros(87);
///     wire.take(byte, 115_200, now);
/// }
/// let mut said = Vec::new();
/// while said.len() < 11 {
///     now = now.max(wire.next_event().expect("an answer"));
///     said.extend(wire.give(true, now).map(|(byte, _rate)| byte));
/// }
/// assert_eq!(said, b"ATE0\r\r\nOK\r\n");
/// ```
#[derive(Clone)]
pub struct SerialWire {
    simulation: Simulation,
}

impl SerialWire {
    pub(crate) fn new(simulation: Simulation) -> Self {
        simulation.with_line(|uart, now| uart.lend_wire(true, now));
        Self { simulation }
    }

    /// Takes a character of the host that has arrived completely at `now`, sent at `baud`.
    ///
    /// What becomes of it is the module's affair: another rate garbles it or is detected, a module that
    /// sleeps or is off loses it, and so does one whose receiver is full.
    pub fn take(&mut self, byte: u8, baud: u32, now: Duration) {
        self.live_until(now);
        self.simulation.with(|core, uart, now| {
            if let Some(byte) = uart.arrive_from_wire(byte, baud, now) {
                core.on_rx(&[byte], now);
            }
        });
    }

    /// Gives the next character that has arrived completely at the host by `now`, and its rate.
    ///
    /// `ready` is the host's RTS, as for [`SerialWire::set_ready`].
    pub fn give(&mut self, ready: bool, now: Duration) -> Option<(u8, u32)> {
        self.set_ready(ready, now);
        self.simulation.with_line(|uart, _| uart.leave_by_wire())
    }

    /// Learns the host's RTS: while it is false, a module with flow control begins no further character;
    /// one without goes on. A change must be told when it happens, or the module would wait for ever.
    pub fn set_ready(&mut self, ready: bool, now: Duration) {
        self.live_until(now);
        if self.simulation.with_line(|uart, now| uart.set_ready(ready, now)) {
            self.simulation.with(|core, _, now| core.set_rts(ready, now));
        }
    }

    /// Tells when [`SerialWire::give`] is due: a character arrives, or something happens in module or network.
    #[must_use]
    pub fn next_event(&self) -> Option<Duration> {
        let arrived = self.simulation.with_line(|uart, now| uart.has_arrived().then_some(now));
        arrived.or_else(|| self.simulation.next_event())
    }

    /// Tells the module's CTS: the host may send.
    #[must_use]
    pub fn clear_to_send(&self) -> bool {
        self.simulation.with_line(|uart, now| uart.clear_to_send(now))
    }

    /// Sets the board's reset line to a level; which one holds the module is the profile's choice.
    pub fn set_reset(&mut self, high: bool, now: Duration) {
        self.live_until(now);
        self.simulation.with(|core, _, now| core.set_reset_line(high, now));
    }

    /// Sets DTR to a level; LOW is asserted.
    pub fn set_dtr(&mut self, high: bool, now: Duration) {
        self.live_until(now);
        self.simulation.with(|core, _, now| core.set_dtr(!high, now));
    }

    fn live_until(&self, now: Duration) {
        self.simulation.shared_clock().advance_to(now);
        self.simulation.catch_up();
    }
}

impl fmt::Debug for SerialWire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SerialWire").field("simulation", &self.simulation).finish()
    }
}
