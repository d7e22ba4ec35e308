//! All that is known about the modem, without I/O.

use heapless::{Deque, Vec};
use monoclock::Instant;

use crate::at::HexDecoder;
use crate::config::{DataMode, Probe};
use crate::engine::{Engine, Event};
use crate::registration::{Domain, Registration};
use crate::sockets::Sockets;
use crate::urc::{Notice, Urc};

/// Room for the URCs that the program has not seen, with a line's end each; older ones give way.
const URCS: usize = 160;
/// Room for the longest URC that is read.
const URC: usize = 120;

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
    urcs: Deque<u8, URCS>,
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
            sockets_known: false,
            restarted: false,
            echo_off: false,
            hex: false,
            data_mode: DataMode::Auto,
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
                Event::Urc(line) => {
                    let mut copy: Vec<u8, URC> = Vec::new();
                    copy.extend(line.iter().copied().take(URC));
                    self.handle_urc(&copy);
                }
                Event::Line { text, last } => sink.line(text, last),
                Event::Data(data) => sink.data(data),
                Event::Echo if self.echo_off => self.handle_restart(),
                Event::Echo | Event::Finished | Event::Nothing => {}
            }
        }
    }

    fn handle_urc(&mut self, line: &[u8]) {
        match Notice::parse(line) {
            // Kept in the table of sockets.
            Some(Notice::Data { socket, length } | Notice::Datagram { socket, length }) => {
                return self.sockets.handle_data(socket, length);
            }
            Some(Notice::Closed { socket }) => self.sockets.handle_closed(socket),
            Some(Notice::PacketDataLost) => self.lose_packet_data(),
            Some(Notice::Registration { domain: Domain::CircuitSwitched, registration }) => {
                self.circuit_switched = registration;
            }
            Some(Notice::Registration { domain: Domain::PacketSwitched, registration }) => {
                self.packet_switched = registration;
            }
            None => {}
        }
        while self.urcs.len() + line.len() >= URCS && !self.urcs.is_empty() {
            self.urcs_lost = true;
            while self.urcs.pop_front().is_some_and(|byte| byte != b'\n') {}
        }
        for &byte in line.iter().chain(b"\n") {
            let _ = self.urcs.push_back(byte);
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
        while !self.urcs.is_empty() {
            let mut line: Vec<u8, URC> = Vec::new();
            while let Some(byte) = self.urcs.pop_front().filter(|&byte| byte != b'\n') {
                let _ = line.push(byte);
            }
            if let Some(urc) = Urc::parse(&line) {
                return Some(urc);
            }
        }
        None
    }

    /// The oldest URC that is `wanted`; the others stay.
    pub(crate) fn take_urc_if(&mut self, wanted: &dyn Fn(&Urc) -> bool) -> Option<Urc> {
        let lines = self.urcs.iter().filter(|&&byte| byte == b'\n').count();
        let mut found = None;
        for _ in 0..lines {
            let mut line: Vec<u8, URC> = Vec::new();
            while let Some(byte) = self.urcs.pop_front().filter(|&byte| byte != b'\n') {
                let _ = line.push(byte);
            }
            let urc = if found.is_none() { Urc::parse(&line).filter(wanted) } else { None };
            if urc.is_some() {
                found = urc;
                continue;
            }
            for &byte in line.iter().chain(b"\n") {
                let _ = self.urcs.push_back(byte);
            }
        }
        found
    }

    /// Whether URCs were lost since this was asked last.
    pub(crate) const fn take_urcs_lost(&mut self) -> bool {
        core::mem::replace(&mut self.urcs_lost, false)
    }
}
