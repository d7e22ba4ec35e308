//! Short messages: the store, and what has been sent.

mod pdu;

use core::fmt::Write as _;

pub(crate) use pdu::{deliver, submit_destination};

/// The stores, as AT+CPMS names them.
pub(crate) const STORES: [&str; 2] = ["SM", "ME"];
/// How many messages each store holds.
pub(crate) const CAPACITY: usize = 25;

/// Where a stored message stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    Unread,
    Read,
}

impl Status {
    /// The name in text mode.
    pub(crate) const fn text(self) -> &'static str {
        match self {
            Self::Unread => "REC UNREAD",
            Self::Read => "REC READ",
        }
    }

    /// The number in PDU mode.
    pub(crate) const fn number(self) -> u8 {
        match self {
            Self::Unread => 0,
            Self::Read => 1,
        }
    }
}

/// One message in the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stored {
    pub(crate) status: Status,
    pub(crate) from: String,
    /// As AT+CMGL shows it.
    pub(crate) time: String,
    pub(crate) text: String,
    /// The whole PDU in hexadecimal, service centre address first.
    pub(crate) pdu: String,
}

impl Stored {
    /// The length that AT+CMGL tells: without the service centre address.
    pub(crate) fn pdu_length(&self) -> usize {
        let centre = self.pdu.get(..2).and_then(|digits| usize::from_str_radix(digits, 16).ok()).unwrap_or(0);
        (self.pdu.len() / 2).saturating_sub(centre + 1)
    }

    /// The text in the character set of AT+CSCS.
    pub(crate) fn body(&self, ucs2: bool) -> String {
        if ucs2 || !self.text.is_ascii() { to_ucs2(&self.text) } else { self.text.clone() }
    }
}

/// A message that the module has sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SentMessage {
    /// The destination.
    pub to: String,
    /// The text, or in PDU mode the PDU in hexadecimal.
    pub body: String,
}

/// Hexadecimal UCS2.
pub(crate) fn to_ucs2(text: &str) -> String {
    let mut digits = String::new();
    for unit in text.encode_utf16() {
        // Writing to a string cannot fail.
        let _ = write!(digits, "{unit:04X}");
    }
    digits
}
