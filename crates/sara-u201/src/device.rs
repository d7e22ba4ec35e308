//! All that is known about the modem, without I/O.

use heapless::Deque;
use monoclock::Instant;

use crate::at::HexDecoder;
use crate::config::Probe;
use crate::engine::{Engine, Event};
use crate::registration::{Domain, Registration};
use crate::sockets::Sockets;
use crate::urc::Urc;

/// URCs that are kept for the program; older ones give way.
const URCS: usize = 8;

/// Takes what a command answers while it is being received.
pub(crate) trait Sink {
    /// An information response, or a piece of a long one.
    fn line(&mut self, text: &[u8], last: bool) {
        let _ = (text, last);
    }

    /// Data.
    fn data(&mut self, data: &[u8]) {
        let _ = data;
    }
}

/// Takes nothing.
pub(crate) struct Discard;

impl Sink for Discard {}

/// Takes data into a slice, as it is or from hexadecimal digits.
pub(crate) struct Fill<'b> {
    rest: &'b mut [u8],
    filled: usize,
    decoder: Option<HexDecoder>,
    overflow: bool,
}

impl<'b> Fill<'b> {
    pub(crate) fn new(buffer: &'b mut [u8], hex: bool) -> Self {
        Self { rest: buffer, filled: 0, decoder: hex.then(HexDecoder::new), overflow: false }
    }

    /// How many bytes were taken, unless they were more than fit or were not whole.
    pub(crate) fn whole(&self) -> Option<usize> {
        let good = !self.overflow && self.decoder.is_none_or(|decoder| decoder.is_whole());
        good.then_some(self.filled)
    }

    fn put(rest: &mut [u8], filled: &mut usize, overflow: &mut bool, byte: u8) {
        if let Some(place) = rest.get_mut(*filled) {
            *place = byte;
            *filled += 1;
        } else {
            *overflow = true;
        }
    }
}

impl Sink for Fill<'_> {
    fn data(&mut self, data: &[u8]) {
        let Self { rest, filled, decoder, overflow } = self;
        match decoder {
            Some(decoder) => decoder.feed(data, |byte| Self::put(rest, filled, overflow, byte)),
            None => data.iter().for_each(|&byte| Self::put(rest, filled, overflow, byte)),
        }
    }
}

/// The modem as far as it is known.
#[derive(Clone, Debug)]
pub(crate) struct Device {
    pub(crate) engine: Engine,
    pub(crate) sockets: Sockets,
    pub(crate) circuit_switched: Registration,
    pub(crate) packet_switched: Registration,
    /// The packet data context is active.
    pub(crate) packet_data: bool,
    /// Commands were echoed though the echo had been switched off: the modem has restarted.
    pub(crate) restarted: bool,
    /// The echo was switched off.
    pub(crate) echo_off: bool,
    /// Socket data is in hexadecimal mode.
    pub(crate) hex: bool,
    pub(crate) probe: Probe,
    urcs: Deque<Urc, URCS>,
    urcs_lost: bool,
}

impl Device {
    pub(crate) fn new() -> Self {
        Self {
            engine: Engine::new(),
            sockets: Sockets::default(),
            circuit_switched: Registration::default(),
            packet_switched: Registration::default(),
            packet_data: false,
            restarted: false,
            echo_off: false,
            hex: false,
            probe: Probe::DEFAULT,
            urcs: Deque::new(),
            urcs_lost: false,
        }
    }

    /// Takes received bytes.
    pub(crate) fn handle_input(&mut self, bytes: &[u8], now: Instant, sink: &mut dyn Sink) {
        let mut input = bytes;
        while let Some(event) = self.engine.handle_input(&mut input, now) {
            match event {
                Event::Line { text, last } => sink.line(text, last),
                Event::Data(data) => sink.data(data),
                Event::Urc(urc) => self.handle_urc(urc),
                Event::Echo if self.echo_off => self.handle_restart(),
                Event::Echo | Event::Finished | Event::Nothing => {}
            }
        }
    }

    fn handle_urc(&mut self, urc: Urc) {
        self.sockets.handle_urc(&urc);
        match urc {
            // Kept in the table of sockets.
            Urc::SocketData { .. } | Urc::DatagramWaiting { .. } => return,
            Urc::Registration { domain: Domain::CircuitSwitched, registration } => {
                self.circuit_switched = registration;
            }
            Urc::Registration { domain: Domain::PacketSwitched, registration } => {
                self.packet_switched = registration;
            }
            Urc::PacketDataLost { .. } | Urc::PacketServiceDetached => self.lose_packet_data(),
            _ => {}
        }
        if self.urcs.is_full() {
            self.urcs_lost = true;
            let _ = self.urcs.pop_front();
        }
        let _ = self.urcs.push_back(urc);
    }

    /// The modem has restarted: nothing that was set up still holds.
    pub(crate) fn handle_restart(&mut self) {
        self.restarted = true;
        self.forget();
    }

    /// Forgets what a restart of the modem undoes.
    pub(crate) fn forget(&mut self) {
        self.echo_off = false;
        self.hex = false;
        self.packet_data = false;
        self.circuit_switched = Registration::default();
        self.packet_switched = Registration::default();
        self.sockets.kill_all(true);
    }

    /// The packet data context is gone, and with it what its sockets were connected to.
    pub(crate) fn lose_packet_data(&mut self) {
        self.packet_data = false;
        self.sockets.kill_all(false);
    }

    /// The oldest URC that the program has not seen.
    pub(crate) fn take_urc(&mut self) -> Option<Urc> {
        self.urcs.pop_front()
    }

    /// Whether URCs were lost since this was asked last.
    pub(crate) const fn take_urcs_lost(&mut self) -> bool {
        core::mem::replace(&mut self.urcs_lost, false)
    }
}
