//! The modem behind a serial port: the only file that does serial I/O.

use embedded_io::{Error as _, Read, ReadReady, Write};
use monoclock::{Clock, Instant, Millis};

use crate::bringup::{Bringup, Step};
use crate::command::Command;
use crate::config::Config;
use crate::device::{Device, Discard, Sink};
use crate::engine::Payload;
use crate::error::Error;
use crate::fault::Fault;
use crate::lifecycle::PowerSaving;
use crate::poll::Polled;
use crate::power::Wiring;
use crate::registration::{Domain, Registration};
use crate::urc::Urc;

/// Bytes that are read from the serial port at a time.
const CHUNK: usize = 64;
/// Longest wait when nothing has a deadline.
const CALL_AGAIN: Millis = Millis(10);

/// A SARA-U201 on the serial port `S`, with its pins behind `P`, on the clock `C`.
///
/// The driver owns all three; share a clock by reference. Nothing is sent before [`Modem::start`].
#[derive(Debug)]
#[repr(C)] // What is small comes first, where one instruction of a small core reaches it.
pub struct Modem<S, P, C> {
    pub(crate) saving: PowerSaving,
    /// Whose command a poll has started.
    pub(crate) polled: Polled,
    /// When that command is given up, unless it is polled before.
    pub(crate) polled_until: Instant,
    /// How many have polled so far.
    pub(crate) polls: u16,
    /// When the bring-up wants to go on.
    wake_at: Option<Instant>,
    serial: S,
    pub(crate) wiring: P,
    pub(crate) clock: C,
    pub(crate) bringup: Bringup,
    pub(crate) device: Device,
}

impl<S, P, C> Modem<S, P, C>
where
    S: Read + Write + ReadReady,
    P: Wiring<S>,
    C: Clock,
{
    /// Takes the serial port, the pins and the clock.
    pub fn new(serial: S, wiring: P, clock: C) -> Self {
        Self {
            serial,
            wiring,
            clock,
            device: Device::new(),
            bringup: Bringup::new(),
            wake_at: None,
            saving: PowerSaving::Off,
            polled: Polled::No,
            polled_until: Instant::from_millis(0),
            polls: 0,
        }
    }

    /// Gives the serial port, the pins and the clock back.
    pub fn release(self) -> (S, P, C) {
        (self.serial, self.wiring, self.clock)
    }

    /// Brings the modem up: power, settings, SIM, registration, packet data. Returns at once if all stands.
    ///
    /// After an error the next call goes on where that makes sense: a lost modem is restarted, a PIN that
    /// was refused is not tried again.
    ///
    /// # Errors
    /// [`Error::Sim`], [`Error::Registration`], [`Error::PacketDataRefused`], or what the serial line did.
    pub fn start(&mut self, config: &Config<'_>) -> Result<(), Error> {
        loop {
            match self.poll_ready(config) {
                Ok(()) => return Ok(()),
                Err(nb::Error::Other(error)) => return Err(error),
                Err(nb::Error::WouldBlock) => self.wait(),
            }
        }
    }

    /// Goes on with [`Modem::start`] as far as it goes without waiting.
    ///
    /// # Errors
    /// `WouldBlock` until the modem is ready; else as [`Modem::start`].
    pub fn poll_ready(&mut self, config: &Config<'_>) -> nb::Result<(), Error> {
        self.device.probe = config.probe;
        self.device.data_mode = config.data_mode;
        if !self.is_ready() {
            // A modem that saves power by DTR, from an earlier life, hears nothing without it.
            self.wiring.dtr(true);
        }
        self.hear()?;
        let left = self.leave_polled();
        self.named(left)?;
        loop {
            self.hear()?;
            if self.device.engine.is_busy() {
                return Err(nb::Error::WouldBlock);
            }
            match self.bringup.step(&mut self.device, config, self.clock.now())? {
                Step::Exchange => {}
                Step::Wait(until) => {
                    self.wake_at = Some(until);
                    return Err(nb::Error::WouldBlock);
                }
                Step::Reset(asserted) => {
                    if !self.wiring.reset(asserted) {
                        self.bringup.set_no_reset();
                    }
                }
                Step::Baud(rate) => {
                    if !self.wiring.set_baud_rate(&mut self.serial, rate) {
                        self.bringup.set_rate_fixed();
                    }
                }
                Step::Ready => return Ok(()),
            }
        }
    }

    /// Whether the modem was brought up and has lost nothing of it since, as far as is known.
    pub fn is_ready(&self) -> bool {
        self.bringup.is_ready(&self.device)
    }

    /// The registration as last heard, by URC or answer.
    pub const fn registration(&self, domain: Domain) -> Registration {
        match domain {
            Domain::CircuitSwitched => self.device.circuit_switched,
            Domain::PacketSwitched => self.device.packet_switched,
        }
    }

    /// Takes the next URC, reading what has been received but sending nothing.
    ///
    /// What concerns sockets is kept by the driver and does not appear here, but for closing.
    ///
    /// # Errors
    /// `WouldBlock` while there is none; the serial line may fail.
    pub fn poll_urc(&mut self) -> nb::Result<Urc, Error> {
        self.hear()?;
        self.device.urcs.take().ok_or(nb::Error::WouldBlock)
    }

    /// Whether URCs came faster than [`Modem::poll_urc`] took them, since this was asked last. The oldest
    /// were dropped; the driver's own view of sockets and registration does not suffer.
    pub fn take_urcs_lost(&mut self) -> bool {
        self.device.urcs.take_lost()
    }

    /// Runs a command and waits for its answer.
    ///
    /// # Errors
    /// The modem refused, did not answer in time, or answered something else.
    pub fn execute<X: Command>(&mut self, command: &X) -> Result<X::Response, Error> {
        let result = self.ask(command);
        self.named(result)
    }

    /// Runs a command that carries data.
    ///
    /// # Errors
    /// As [`Modem::execute`].
    pub fn execute_with<X: Command>(
        &mut self,
        command: &X,
        payload: Payload,
        data: &[u8],
    ) -> Result<X::Response, Error> {
        self.execute_into(command, payload, data, &mut Discard)
    }

    pub(crate) fn execute_into<X: Command>(
        &mut self,
        command: &X,
        payload: Payload,
        data: &[u8],
        sink: &mut dyn Sink,
    ) -> Result<X::Response, Error> {
        let result = self.ask_with(command, payload, data, sink);
        self.named(result)
    }

    /// Runs a command without data.
    #[inline]
    pub(crate) fn ask<X: Command>(&mut self, command: &X) -> Result<X::Response, Fault> {
        self.prepare()?;
        command.encode(self.device.engine.open(command.spec()));
        self.exchange_plain()?;
        command.decode(self.device.engine.answer()).ok_or(Fault::Garbled)
    }

    /// Runs a command with data in either direction.
    #[inline]
    pub(crate) fn ask_with<X: Command>(
        &mut self,
        command: &X,
        payload: Payload,
        data: &[u8],
        sink: &mut dyn Sink,
    ) -> Result<X::Response, Fault> {
        self.prepare()?;
        command.encode(self.device.engine.open(command.spec()));
        self.exchange(payload, data, sink)?;
        command.decode(self.device.engine.answer()).ok_or(Fault::Garbled)
    }

    /// Names the command in an error.
    pub(crate) fn named<T>(&self, result: Result<T, Fault>) -> Result<T, Error> {
        result.map_err(|fault| fault.named(self.device.engine.name()))
    }

    #[inline(never)]
    fn exchange_plain(&mut self) -> Result<(), Fault> {
        self.exchange(Payload::None, &[], &mut Discard)
    }

    /// Runs the command that is open in the engine.
    #[inline(never)]
    fn exchange(&mut self, payload: Payload, data: &[u8], sink: &mut dyn Sink) -> Result<(), Fault> {
        let ended = self.run(payload, data, sink);
        if self.saving == PowerSaving::Dtr {
            self.wiring.dtr(false);
        }
        ended
    }

    pub(crate) const fn baud_rate(&self) -> u32 {
        self.bringup.rate()
    }

    pub(crate) fn set_dtr(&mut self, asserted: bool) -> bool {
        self.wiring.dtr(asserted)
    }

    pub(crate) const fn set_saving(&mut self, saving: PowerSaving) {
        self.saving = saving;
    }

    /// The modem is off, or will be.
    pub(crate) fn forget_everything(&mut self) {
        self.device.forget();
        self.bringup.lose_modem();
    }

    /// Runs a command without preparing for it.
    pub(crate) fn run_plain<X: Command>(&mut self, command: &X) -> Result<(), Fault> {
        command.encode(self.device.engine.open(command.spec()));
        self.run(Payload::None, &[], &mut Discard)
    }

    /// Runs the command that is open in the engine to its end, whatever that is.
    #[inline(never)]
    fn run(&mut self, payload: Payload, data: &[u8], sink: &mut dyn Sink) -> Result<(), Fault> {
        let now = self.clock.now();
        self.device.engine.begin(payload, now).map_err(|_| Fault::Argument)?;
        loop {
            self.pump(data, sink)?;
            if !self.device.engine.is_busy() {
                return self.device.engine.ended();
            }
            self.wait();
        }
    }

    /// Takes what was received, and sends what is to be sent without data.
    #[inline(never)]
    pub(crate) fn serve(&mut self) -> Result<bool, Fault> {
        if let Polled::By(_) = self.polled {
            // What comes now is for whoever polls; it waits in the serial port.
            if !self.clock.now().has_reached(self.polled_until) {
                return Ok(false);
            }
            self.device.engine.give_up();
            self.polled = Polled::No;
        }
        self.pump(&[], &mut Discard)
    }

    /// The same, for functions that the program calls.
    pub(crate) fn hear(&mut self) -> Result<(), Error> {
        let heard = self.serve();
        self.named(heard).map(|_| ())
    }

    /// Sends and receives what is there, without waiting. Tells whether anything was received.
    #[inline(never)]
    pub(crate) fn pump(&mut self, data: &[u8], sink: &mut dyn Sink) -> Result<bool, Fault> {
        let mut heard = false;
        loop {
            heard |= self.receive(sink)?;
            if self.transmit(data)? == 0 {
                return Ok(heard);
            }
        }
    }

    /// Sends a piece of what is to be sent, and tells how much that was.
    pub(crate) fn transmit(&mut self, data: &[u8]) -> Result<usize, Fault> {
        let now = self.clock.now();
        self.device.engine.handle_timeout(now);
        let bytes = self.device.engine.poll_transmit(data, now);
        let bytes = bytes.get(..CHUNK).unwrap_or(bytes);
        if bytes.is_empty() {
            return Ok(0);
        }
        let sent = self.serial.write(bytes).map_err(|error| Fault::Serial(error.kind()))?;
        if sent > 0 {
            self.device.engine.transmitted(sent, self.clock.now());
        }
        Ok(sent)
    }

    pub(crate) fn receive(&mut self, sink: &mut dyn Sink) -> Result<bool, Fault> {
        let mut heard = false;
        while self.serial.read_ready().map_err(|error| Fault::Serial(error.kind()))? {
            let mut chunk = [0; CHUNK];
            let count = self.serial.read(&mut chunk).map_err(|error| Fault::Serial(error.kind()))?;
            let Some(bytes) = chunk.get(..count).filter(|bytes| !bytes.is_empty()) else { break };
            self.device.handle_input(bytes, self.clock.now(), sink);
            heard = true;
        }
        Ok(heard)
    }

    /// Waits until the engine or the bring-up has something to do, or something is received.
    pub(crate) fn wait(&mut self) {
        let now = self.clock.now();
        let until = self.device.engine.poll_timeout().or(self.wake_at.take());
        self.clock.wait(until.unwrap_or(now + CALL_AGAIN));
    }

    pub(crate) fn now(&self) -> Instant {
        self.clock.now()
    }

    pub(crate) fn wait_until(&self, until: Instant) {
        self.clock.wait(until);
    }
}
