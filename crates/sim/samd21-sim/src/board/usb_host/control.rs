//! A control transfer (USB 2.0, section 8.5.3): SETUP, data, status.

use crate::plug::{UsbHandshake, UsbTransaction};

/// Packet of endpoint 0 that the host sends; every full-speed device takes eight bytes.
const PACKET: usize = 8;
/// How often a host repeats a transaction that nobody answers (section 10.2.6).
const TRIES: u8 = 3;

/// What a transfer asks for.
#[derive(Clone, Debug)]
pub(super) struct Request {
    setup: [u8; 8],
    out: Vec<u8>,
}

impl Request {
    /// GET_DESCRIPTOR.
    pub(super) const fn descriptor(kind: u8, index: u8, language: u16, length: u16) -> Self {
        let ([l0, l1], [n0, n1]) = (language.to_le_bytes(), length.to_le_bytes());
        Self { setup: [0x80, 6, index, kind, l0, l1, n0, n1], out: Vec::new() }
    }

    /// SET_ADDRESS.
    pub(super) const fn set_address(address: u8) -> Self {
        Self { setup: [0, 5, address, 0, 0, 0, 0, 0], out: Vec::new() }
    }

    /// SET_CONFIGURATION.
    pub(super) const fn set_configuration(number: u8) -> Self {
        Self { setup: [0, 9, number, 0, 0, 0, 0, 0], out: Vec::new() }
    }

    /// SET_LINE_CODING (PSTN 1.2, section 6.3.10): 8N1.
    pub(super) fn set_line_coding(interface: u8, baud: u32) -> Self {
        let mut out = baud.to_le_bytes().to_vec();
        out.extend([0, 0, 8]);
        Self { setup: [0x21, 0x20, 0, 0, interface, 0, 7, 0], out }
    }

    /// SET_CONTROL_LINE_STATE (PSTN 1.2, section 6.3.12): DTR and RTS.
    pub(super) const fn set_control_line_state(interface: u8, open: bool) -> Self {
        Self { setup: [0x21, 0x22, if open { 3 } else { 0 }, 0, interface, 0, 0, 0], out: Vec::new() }
    }

    const fn length(&self) -> usize {
        u16::from_le_bytes([self.setup[6], self.setup[7]]) as usize
    }

    const fn reads(&self) -> bool {
        self.setup[0] & 0x80 != 0
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Setup,
    DataIn,
    DataOut,
    StatusIn,
    StatusOut,
}

/// How a transfer stands after an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Going,
    NotNow,
    Done,
    Stalled,
    Silence,
}

/// A transfer under way.
#[derive(Debug)]
pub(super) struct Control {
    request: Request,
    stage: Stage,
    toggle: bool,
    sent: usize,
    got: Vec<u8>,
    silences: u8,
    /// bMaxPacketSize0: a shorter packet ends the data.
    max_packet: usize,
}

impl Control {
    pub(super) const fn new(request: Request, max_packet: usize) -> Self {
        Self { request, stage: Stage::Setup, toggle: true, sent: 0, got: Vec::new(), silences: 0, max_packet }
    }

    pub(super) fn into_data(self) -> Vec<u8> {
        self.got
    }

    pub(super) fn transaction(&self) -> UsbTransaction {
        match self.stage {
            Stage::Setup => UsbTransaction::Setup(self.request.setup),
            Stage::DataIn | Stage::StatusIn => UsbTransaction::In,
            Stage::DataOut => UsbTransaction::Out(self.packet().to_vec(), self.toggle),
            Stage::StatusOut => UsbTransaction::Out(Vec::new(), true),
        }
    }

    fn packet(&self) -> &[u8] {
        let rest = &self.request.out[self.sent..];
        &rest[..rest.len().min(PACKET)]
    }

    pub(super) fn answered(&mut self, handshake: UsbHandshake) -> Outcome {
        match handshake {
            UsbHandshake::Nak => return Outcome::NotNow,
            UsbHandshake::Stall => return Outcome::Stalled,
            UsbHandshake::Silence => {
                self.silences += 1;
                return if self.silences < TRIES { Outcome::Going } else { Outcome::Silence };
            }
            UsbHandshake::Ack | UsbHandshake::Data(..) => self.silences = 0,
        }
        self.stage = match (self.stage, handshake) {
            (Stage::Setup, _) if self.request.length() == 0 => Stage::StatusIn,
            (Stage::Setup, _) if self.request.reads() => Stage::DataIn,
            (Stage::Setup, _) => Stage::DataOut,
            (Stage::DataIn, UsbHandshake::Data(data, _)) => {
                let short = data.len() < self.max_packet;
                self.got.extend(data);
                if short || self.got.len() >= self.request.length() {
                    Stage::StatusOut
                } else {
                    Stage::DataIn
                }
            }
            (Stage::DataOut, _) => {
                self.sent += self.packet().len();
                self.toggle = !self.toggle;
                if self.sent == self.request.out.len() { Stage::StatusIn } else { Stage::DataOut }
            }
            (Stage::StatusIn, UsbHandshake::Data(data, true)) if data.is_empty() => return Outcome::Done,
            (Stage::StatusOut, _) => return Outcome::Done,
            (stage, _) => stage,
        };
        Outcome::Going
    }
}
