//! All that is known about the modem, without I/O.

use monoclock::Instant;

use crate::at::HexDecoder;
use crate::config::{DataMode, Probe};
use crate::engine::{Engine, Event};
use crate::registration::{Domain, Registration};
use crate::sockets::Sockets;
use crate::urc::Notice;
use crate::urcs::Urcs;

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
#[repr(C)] // What is small comes first, where one instruction of a small core reaches it.
pub(crate) struct Device {
    /// The packet data context is active.
    pub(crate) packet_data: bool,
    /// The modem has no open sockets but those in the table.
    pub(crate) sockets_known: bool,
    /// Commands were echoed though the echo had been switched off: the modem has restarted.
    pub(crate) restarted: bool,
    /// The echo was switched off.
    pub(crate) echo_off: bool,
    /// Socket data is in hexadecimal mode.
    pub(crate) hex: bool,
    pub(crate) data_mode: DataMode,
    pub(crate) probe: Probe,
    pub(crate) circuit_switched: Registration,
    pub(crate) packet_switched: Registration,
    pub(crate) engine: Engine,
    pub(crate) sockets: Sockets,
    pub(crate) urcs: Urcs,
}

impl Device {
    pub(crate) const fn new() -> Self {
        Self {
            engine: Engine::new(),
            sockets: Sockets::new(),
            circuit_switched: Registration::UNKNOWN,
            packet_switched: Registration::UNKNOWN,
            packet_data: false,
            sockets_known: false,
            restarted: false,
            echo_off: false,
            hex: false,
            data_mode: DataMode::Auto,
            probe: Probe::DEFAULT,
            urcs: Urcs::new(),
        }
    }

    /// Takes received bytes.
    pub(crate) fn handle_input(&mut self, bytes: &[u8], now: Instant, sink: &mut dyn Sink) {
        let mut input = bytes;
        while let Some(event) = self.engine.handle_input(&mut input, now) {
            match event {
                Event::Urc(line) => {
                    let notice = Notice::parse(line);
                    // What waits on a socket is kept in the table of sockets.
                    if !matches!(notice, Some(Notice::Data { .. } | Notice::Datagram { .. })) {
                        self.urcs.push(line);
                    }
                    if let Some(notice) = notice {
                        self.handle_notice(notice);
                    }
                }
                Event::Line { text, last } => sink.line(text, last),
                Event::Data(data) => sink.data(data),
                Event::Echo if self.echo_off => self.handle_restart(),
                Event::Echo | Event::Finished | Event::Nothing => {}
            }
        }
    }

    fn handle_notice(&mut self, notice: Notice) {
        match notice {
            Notice::Data { socket, length } | Notice::Datagram { socket, length } => {
                self.sockets.handle_data(socket, length);
            }
            Notice::Closed { socket } => self.sockets.handle_closed(socket),
            Notice::PacketDataLost => self.lose_packet_data(),
            Notice::Registration { domain, registration } => *self.registration(domain) = registration,
        }
    }

    /// The registration as last heard.
    pub(crate) const fn registration(&mut self, domain: Domain) -> &mut Registration {
        match domain {
            Domain::CircuitSwitched => &mut self.circuit_switched,
            Domain::PacketSwitched => &mut self.packet_switched,
        }
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
        self.circuit_switched = Registration::UNKNOWN;
        self.packet_switched = Registration::UNKNOWN;
        self.sockets.kill_all(true);
    }

    /// The packet data context is gone, and with it what its sockets were connected to.
    pub(crate) fn lose_packet_data(&mut self) {
        self.packet_data = false;
        self.sockets.kill_all(false);
    }
}
