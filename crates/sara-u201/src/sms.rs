//! SMS: sending text, reading what was received, as PDUs so that no text can be taken for a result.

use embedded_io::{Read, ReadReady, Write};
use monoclock::Clock;

use heapless::Vec;
use monoclock::Millis;

use crate::at::{CommandLine, HexDecoder, hex_digit};
use crate::command::{Custom, Reply, Spec};
use crate::device::Sink;
use crate::engine::Payload;
use crate::error::Error;
use crate::modem::Modem;
use crate::pdu::{Deliver, PDU, Submit};
use crate::power::Wiring;

/// Longest time to send a message.
const SEND: Millis = Millis::from_secs(150);
/// Longest time to delete one.
const DELETE: Millis = Millis::from_secs(55);

impl<S, P, C> Modem<S, P, C>
where
    S: Read + Write + ReadReady,
    P: Wiring<S>,
    C: Clock,
{
    /// Lets the modem store what comes in and tell it by [`crate::Urc::Message`].
    ///
    /// # Errors
    /// The SIM is not ready.
    pub fn enable_messages(&mut self) -> Result<(), Error> {
        self.execute(&Custom::plain(const { &Spec::new("+CMGF=0") }, |_| {}))?;
        self.execute(&Custom::plain(const { &Spec::new("+CNMI=2,1") }, |_| {}))
    }

    /// Sends a text: up to 160 characters of the GSM alphabet, or up to 70 others. Gives its reference.
    ///
    /// # Errors
    /// [`Error::Argument`] for a number that is none or a text that is too long, [`Error::Refused`]
    /// with a CMS cause when the network refuses.
    pub fn send_message(&mut self, number: &str, text: &str) -> Result<u8, Error> {
        let submit = Submit::new(number, text).ok_or(Error::Argument("the message"))?;
        // The service centre's length comes first and is not counted: 00 means the SIM's own.
        let mut digits: Vec<u8, { 2 * PDU + 3 }> = Vec::new();
        for &byte in [0].iter().chain(submit.as_bytes()) {
            let _ = digits.push(hex_digit(byte >> 4));
            let _ = digits.push(hex_digit(byte));
        }
        let _ = digits.push(0x1a);
        self.execute(&Custom::plain(const { &Spec::new("+CMGF=0") }, |_| {}))?;
        let length = u16::try_from(submit.as_bytes().len()).unwrap_or(0);
        let spec = const { &Spec::new("+CMGS=").reply(Reply::Line).within(SEND).prompt(b'>') };
        let encode = |line: &mut CommandLine| {
            line.number(length);
        };
        let command = Custom::new(spec, encode, |mut answer| answer.number());
        self.execute_with(&command, Payload::Prompted(digits.len()), &digits)
    }

    /// Reads the message at a place in the store; reading marks it as read.
    ///
    /// # Errors
    /// [`Error::Refused`] with CMS 321 when there is none, [`Error::Garbled`] when it is no text message.
    pub fn read_message(&mut self, index: u16) -> Result<Deliver, Error> {
        self.execute(&Custom::plain(const { &Spec::new("+CMGF=0") }, |_| {}))?;
        let spec = const { &Spec::new("+CMGR=").reply(Reply::Lines).within(Spec::SOCKET) };
        let encode = |line: &mut CommandLine| {
            line.number(index);
        };
        let mut pdu = PduLine::new();
        self.execute_into(&Custom::plain(spec, encode), Payload::None, &[], &mut pdu)?;
        pdu.deliver().ok_or(Error::Garbled { command: "+CMGR=" })
    }

    /// Tells the places of the stored messages; at most `N`.
    ///
    /// # Errors
    /// The SIM is not ready.
    pub fn list_messages<const N: usize>(&mut self) -> Result<Vec<u16, N>, Error> {
        self.execute(&Custom::plain(const { &Spec::new("+CMGF=0") }, |_| {}))?;
        let spec = const { &Spec::new("+CMGL=").reply(Reply::Lines).within(Spec::NETWORK) };
        // 4: all of them, read and unread.
        let encode = |line: &mut CommandLine| {
            line.number(4u8);
        };
        let mut places = Places(Vec::new());
        self.execute_into(&Custom::plain(spec, encode), Payload::None, &[], &mut places)?;
        Ok(places.0)
    }

    /// Deletes the message at a place in the store.
    ///
    /// # Errors
    /// There is none.
    pub fn delete_message(&mut self, index: u16) -> Result<(), Error> {
        self.execute(&Custom::plain(const { &Spec::new("+CMGD=").within(DELETE) }, |line| {
            line.number(index);
        }))
    }
}

/// Collects the line of digits behind the header of `+CMGR`.
struct PduLine {
    bytes: Vec<u8, { PDU + 16 }>,
    decoder: HexDecoder,
    header: bool,
}

impl PduLine {
    const fn new() -> Self {
        Self { bytes: Vec::new(), decoder: HexDecoder::new(), header: true }
    }

    fn deliver(&self) -> Option<Deliver> {
        // The service centre comes first.
        let (&length, rest) = self.bytes.split_first()?;
        if self.decoder.is_whole() { Deliver::parse(rest.get(usize::from(length)..)?) } else { None }
    }
}

impl Sink for PduLine {
    fn line(&mut self, text: &[u8], last: bool) {
        if self.header {
            self.header = !last;
            return;
        }
        let bytes = &mut self.bytes;
        self.decoder.feed(text, |byte| bytes.extend_from_slice(&[byte]).unwrap_or_default());
    }
}

/// Collects the places out of the headers of `+CMGL`.
struct Places<const N: usize>(Vec<u16, N>);

impl<const N: usize> Sink for Places<N> {
    fn line(&mut self, text: &[u8], _last: bool) {
        if let Some(header) = text.strip_prefix(b"+CMGL:")
            && let Some(place) = crate::at::Fields::new(header).number()
        {
            let _ = self.0.push(place);
        }
    }
}
