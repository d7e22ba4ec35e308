//! The module, its serial line and the shared clock, put together.

use core::cell::RefCell;
use core::fmt;
use core::time::Duration;
use std::rc::Rc;

use monoclock::ManualClock;

use crate::asynch::{Alarm, AsyncDelay, AsyncSerial};
use crate::clock::SimClock;
use crate::event::Event;
use crate::fault::Fault;
use crate::message::SentMessage;
use crate::modem::ModemCore;
use crate::network::Network;
use crate::profile::Profile;
use crate::serial::{DtrLine, ResetLine, Serial};
use crate::statistics::{CommandRecord, Statistics};
use crate::tls::HandshakeFailure;
use crate::transcript::Transcript;
use crate::uart::Uart;
use crate::wire::SerialWire;

/// A SARA-U201 on a board: clones, and the handles it gives out, share one model.
///
/// Everything happens on the shared virtual clock. Time moves when somebody moves the clock; the model
/// then catches up, event by event, at the next call of any handle.
#[derive(Clone)]
pub struct Simulation {
    inner: Rc<RefCell<Inner>>,
    clock: Rc<ManualClock>,
    alarm: Alarm,
}

struct Inner {
    core: ModemCore,
    uart: Uart,
    now: Duration,
}

impl Simulation {
    /// Puts a module of `profile` on `network`, at the present of `clock`.
    #[must_use]
    pub fn new(profile: Profile, network: impl Network + 'static, clock: Rc<ManualClock>) -> Self {
        Self::with_faults(profile, Vec::new(), network, clock)
    }

    /// Puts a module on `network` to which things happen.
    #[must_use]
    pub fn with_faults(
        profile: Profile,
        faults: Vec<Fault>,
        network: impl Network + 'static,
        clock: Rc<ManualClock>,
    ) -> Self {
        let now = clock.elapsed();
        let core = ModemCore::with_faults(profile, faults, Box::new(network), now);
        let uart = Uart::new(core.profile());
        let inner = Rc::new(RefCell::new(Inner { core, uart, now }));
        Self { inner, clock, alarm: Alarm::default() }
    }

    /// Gives the host's side of the serial line.
    #[must_use]
    pub fn serial(&self) -> Serial {
        Serial::new(self.clone())
    }

    /// Gives the module's end of the serial line and its control lines, for a host whose UART is modelled
    /// elsewhere; [`Simulation::serial`] and its like are of no use beside it.
    #[must_use]
    pub fn wire(&self) -> SerialWire {
        SerialWire::new(self.clone())
    }

    /// Gives the host's side of the serial line for asynchronous code; see [`Simulation::block_on`].
    #[must_use]
    pub fn async_serial(&self) -> AsyncSerial {
        AsyncSerial::new(self.clone())
    }

    /// Gives an asynchronous delay on the shared clock.
    #[must_use]
    pub fn async_delay(&self) -> AsyncDelay {
        AsyncDelay::new(self.clone())
    }

    /// Gives the board's reset line.
    #[must_use]
    pub fn reset_line(&self) -> ResetLine {
        ResetLine::new(self.clone())
    }

    /// Gives the DTR line; LOW is asserted.
    #[must_use]
    pub fn dtr_line(&self) -> DtrLine {
        DtrLine::new(self.clone())
    }

    /// Gives a face of the shared clock whose `wait` stops at the next event of line, module or network.
    #[must_use]
    pub fn clock(&self) -> SimClock {
        SimClock::new(self.clone())
    }

    /// Adds a fault to a running module; what a fault wants of the profile is too late by then.
    pub fn add_fault(&self, fault: Fault) {
        self.with(|core, _, now| core.add_fault(fault, now));
    }

    /// Lets something happen outside the module.
    pub fn happen(&self, event: Event) {
        self.with(|core, _, now| core.happen(event, now));
    }

    /// Lists the short messages that the module has sent, at most the last thousand.
    #[must_use]
    pub fn sent_messages(&self) -> Vec<SentMessage> {
        self.with(|core, _, _| core.sent_messages.clone())
    }

    /// Tells why the last TLS handshake failed; the module does not tell its host.
    #[must_use]
    pub fn handshake_failure(&self) -> Option<HandshakeFailure> {
        self.with(|core, _, _| core.handshake_failure().cloned())
    }

    /// Begins to record every byte of both directions.
    pub fn record(&self) {
        self.with(|_, uart, _| uart.record());
    }

    /// Gives what has been recorded since [`Simulation::record`] or the last call; empty when nothing is.
    #[must_use]
    pub fn transcript(&self) -> Transcript {
        self.with(|_, uart, _| uart.take_transcript()).unwrap_or_default()
    }

    /// Counts what the run has cost so far.
    #[must_use]
    pub fn statistics(&self) -> Statistics {
        self.catch_up();
        let inner = self.inner.borrow();
        let mut statistics = inner.core.statistics();
        inner.uart.add_to(&mut statistics);
        statistics
    }

    /// Lists the command lines taken so far, secrets replaced; of very many the oldest are forgotten.
    #[must_use]
    pub fn commands(&self) -> Vec<CommandRecord> {
        self.catch_up();
        self.inner.borrow().core.commands().to_vec()
    }

    /// Lets the model live until the clock's present.
    pub fn catch_up(&self) {
        self.inner.borrow_mut().run_until(self.clock.elapsed());
    }

    /// Tells when something happens next on line, module or network.
    #[must_use]
    pub fn next_event(&self) -> Option<Duration> {
        self.catch_up();
        self.inner.borrow().next_event()
    }

    /// Uses the module and its line at the present.
    pub(crate) fn with<R>(&self, action: impl FnOnce(&mut ModemCore, &mut Uart, Duration) -> R) -> R {
        self.catch_up();
        let mut inner = self.inner.borrow_mut();
        let Inner { core, uart, now } = &mut *inner;
        let result = action(core, uart, *now);
        let now = inner.now;
        inner.core.poll(now);
        inner.exchange(now);
        result
    }

    /// Uses the line at the present, in a way that the module does not notice.
    pub(crate) fn with_line<R>(&self, action: impl FnOnce(&mut Uart, Duration) -> R) -> R {
        self.catch_up();
        let mut inner = self.inner.borrow_mut();
        let now = inner.now;
        action(&mut inner.uart, now)
    }

    /// What asynchronous delays wait for.
    pub(crate) const fn alarm(&self) -> &Alarm {
        &self.alarm
    }

    /// Borrows the shared clock.
    pub(crate) fn shared_clock(&self) -> &ManualClock {
        &self.clock
    }
}

impl Inner {
    fn next_event(&self) -> Option<Duration> {
        [self.uart.next_event(), self.core.next_event(self.now)].into_iter().flatten().min()
    }

    fn run_until(&mut self, now: Duration) {
        loop {
            let of_module = self.core.next_event(self.now);
            let next = [self.uart.next_event(), of_module].into_iter().flatten().min();
            let Some(at) = next.filter(|at| *at <= now) else { break };
            self.now = self.now.max(at);
            let at = self.now;
            let arrived = self.uart.advance(at);
            if let Some(byte) = arrived {
                self.core.on_rx(&[byte], at);
            } else if of_module.is_some_and(|due| due <= at) {
                self.core.poll(at);
            } else if self.uart.backlog() > 0 && !self.core.is_stalled() {
                // One more byte has reached the host: nothing that the module would notice.
                continue;
            }
            self.exchange(at);
        }
        self.now = self.now.max(now);
    }

    /// Moves what the module says to the line, and its wishes about the line.
    fn exchange(&mut self, now: Duration) {
        let bytes = self.core.take_tx(now);
        if self.uart.rate_was_found() {
            self.core.rate_found(self.uart.module_rate());
        }
        self.uart.send_to_host(&bytes, now);
        self.uart.apply(&self.core.line_settings(), now);
        self.core.set_backlog(self.uart.backlog(), now);
    }
}

impl fmt::Debug for Simulation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Simulation").field("now", &self.clock.elapsed()).finish_non_exhaustive()
    }
}
