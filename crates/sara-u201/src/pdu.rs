//! The PDUs of 3GPP TS 23.040: a text to send, a text that was received.

use heapless::{String, Vec};

/// Greatest PDU without the service centre (TS 23.040 section 9.2.1).
pub(crate) const PDU: usize = 164;
/// Greatest number of septets in one message.
const SEPTETS: usize = 160;
/// Greatest number of UCS2 characters in one message.
const UCS2: usize = 70;

/// The GSM 7 bit default alphabet (TS 23.038 section 6.2.1).
const GSM: [char; 128] = [
    '@', '£', '$', '¥', 'è', 'é', 'ù', 'ì', 'ò', 'Ç', '\n', 'Ø', 'ø', '\r', 'Å', 'å', 'Δ', '_', 'Φ', 'Γ',
    'Λ', 'Ω', 'Π', 'Ψ', 'Σ', 'Θ', 'Ξ', '\u{1b}', 'Æ', 'æ', 'ß', 'É', ' ', '!', '"', '#', '¤', '%', '&', '\'',
    '(', ')', '*', '+', ',', '-', '.', '/', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', ':', ';', '<',
    '=', '>', '?', '¡', 'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'I', 'J', 'K', 'L', 'M', 'N', 'O', 'P', 'Q',
    'R', 'S', 'T', 'U', 'V', 'W', 'X', 'Y', 'Z', 'Ä', 'Ö', 'Ñ', 'Ü', '§', '¿', 'a', 'b', 'c', 'd', 'e', 'f',
    'g', 'h', 'i', 'j', 'k', 'l', 'm', 'n', 'o', 'p', 'q', 'r', 's', 't', 'u', 'v', 'w', 'x', 'y', 'z', 'ä',
    'ö', 'ñ', 'ü', 'à',
];

/// Characters behind an escape (TS 23.038 section 6.2.1.1).
const EXTENSION: [(u8, char); 10] = [
    (0x0a, '\u{c}'),
    (0x14, '^'),
    (0x28, '{'),
    (0x29, '}'),
    (0x2f, '\\'),
    (0x3c, '['),
    (0x3d, '~'),
    (0x3e, ']'),
    (0x40, '|'),
    (0x65, '€'),
];

/// A message to be sent: SMS-SUBMIT.
#[derive(Clone, Debug)]
pub(crate) struct Submit(Vec<u8, PDU>);

impl Submit {
    /// Makes the PDU; nothing when the number is none or the text is too long.
    pub(crate) fn new(number: &str, text: &str) -> Option<Self> {
        let mut pdu = Vec::new();
        // SMS-SUBMIT without validity period; reference 0 lets the modem count.
        pdu.extend_from_slice(&[0x01, 0x00]).ok()?;
        let (kind, digits) = match number.strip_prefix('+') {
            Some(digits) => (0x91, digits),
            None => (0x81, number),
        };
        if digits.is_empty() || digits.len() > 20 || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
            return None;
        }
        pdu.push(u8::try_from(digits.len()).ok()?).ok()?;
        pdu.push(kind).ok()?;
        for pair in digits.as_bytes().chunks(2) {
            let low = pair.first()? & 15;
            let high = pair.get(1).map_or(15, |digit| digit & 15);
            pdu.push(high << 4 | low).ok()?;
        }
        // Protocol 0: a plain message.
        pdu.push(0).ok()?;
        match septets(text) {
            Some(septets) => {
                pdu.push(0x00).ok()?;
                pdu.push(u8::try_from(septets.len()).ok()?).ok()?;
                pack(&septets, &mut pdu)?;
            }
            None => {
                let units = text.encode_utf16().count();
                if units > UCS2 {
                    return None;
                }
                pdu.push(0x08).ok()?;
                pdu.push(u8::try_from(2 * units).ok()?).ok()?;
                for unit in text.encode_utf16() {
                    pdu.extend_from_slice(&unit.to_be_bytes()).ok()?;
                }
            }
        }
        Some(Self(pdu))
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// A message that was received: SMS-DELIVER.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deliver {
    /// Who sent it: a number, with `+` if it is international, or a name.
    pub sender: String<24>,
    /// Its text.
    pub text: String<480>,
    /// Which part of a longer message it is, if it is one.
    pub part: Option<Part>,
}

/// A part of a longer message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// What the parts of one message have in common.
    pub reference: u16,
    /// Its number, from 1.
    pub number: u8,
    /// How many there are.
    pub count: u8,
}

impl Deliver {
    /// Reads a PDU behind the service centre's address.
    ///
    /// ```
    /// use sara_u201::Deliver;
    ///
    /// let pdu = b"\x04\x0b\x91\x13\x16\x02\x12\x34\xf5\x00\x00\x62\x11\x32\x80\x00\x00\x00\x05\xe8\x32\x9b\xfd\x06";
    /// let message = Deliver::parse(pdu).unwrap();
    /// assert_eq!(message.sender, "+31612021435");
    /// assert_eq!(message.text, "hello");
    /// ```
    #[must_use]
    pub fn parse(pdu: &[u8]) -> Option<Self> {
        let (&first, rest) = pdu.split_first()?;
        // SMS-DELIVER has message type 0.
        if first & 3 != 0 {
            return None;
        }
        let with_header = first & 0x40 != 0;
        let (&digits, rest) = rest.split_first()?;
        let (&kind, rest) = rest.split_first()?;
        let (address, rest) = rest.split_at_checked(usize::from(digits).div_ceil(2))?;
        let sender = sender(kind, digits, address)?;
        let (head, rest) = rest.split_at_checked(10)?;
        let (&[_protocol, coding, ..], Some(&length)) = (head.first_chunk::<2>()?, head.last()) else {
            return None;
        };
        let header = if with_header { usize::from(*rest.first()?) + 1 } else { 0 };
        let part = if with_header { part(rest.get(1..header)?) } else { None };
        let text = match coding & 0x0c {
            0 => unpack(rest, usize::from(length), (header * 8).div_ceil(7))?,
            8 => ucs2(rest.get(header..usize::from(length))?)?,
            _ => return None,
        };
        Some(Self { sender, text, part })
    }
}

fn sender(kind: u8, digits: u8, address: &[u8]) -> Option<String<24>> {
    let mut sender = String::new();
    if kind & 0x70 == 0x50 {
        // A name, in the GSM alphabet.
        let name = unpack(address, usize::from(digits) * 4 / 7, 0)?;
        sender.push_str(name.as_str()).ok()?;
        return Some(sender);
    }
    if kind & 0x70 == 0x10 {
        sender.push('+').ok()?;
    }
    for place in 0..usize::from(digits) {
        let byte = address.get(place / 2)?;
        let digit = if place % 2 == 0 { byte & 15 } else { byte >> 4 };
        sender.push(char::from_digit(digit.into(), 10)?).ok()?;
    }
    Some(sender)
}

/// Finds the concatenation among the elements of a header (TS 23.040 section 9.2.3.24).
fn part(mut header: &[u8]) -> Option<Part> {
    loop {
        let (&[identity, length], rest) = header.split_first_chunk::<2>()?;
        let (element, rest) = rest.split_at_checked(length.into())?;
        match (identity, element) {
            (0x00, &[reference, count, number]) => {
                return Some(Part { reference: reference.into(), number, count });
            }
            (0x08, &[high, low, count, number]) => {
                return Some(Part { reference: u16::from_be_bytes([high, low]), number, count });
            }
            _ => header = rest,
        }
    }
}

/// Writes a text in the GSM alphabet; nothing when it has other characters or is too long.
fn septets(text: &str) -> Option<Vec<u8, SEPTETS>> {
    let mut septets = Vec::new();
    for character in text.chars() {
        if let Some(code) = GSM.iter().position(|&known| known == character && known != '\u{1b}') {
            septets.push(u8::try_from(code).ok()?).ok()?;
        } else {
            let (code, _) = EXTENSION.iter().find(|(_, known)| *known == character)?;
            septets.push(0x1b).ok()?;
            septets.push(*code).ok()?;
        }
    }
    Some(septets)
}

/// Packs seven bits to the septet, lowest first.
fn pack(septets: &[u8], pdu: &mut Vec<u8, PDU>) -> Option<()> {
    let mut bits = 0u16;
    let mut count = 0;
    for &septet in septets {
        bits |= u16::from(septet & 0x7f) << count;
        count += 7;
        if count >= 8 {
            pdu.push(bits.to_le_bytes()[0]).ok()?;
            bits >>= 8;
            count -= 8;
        }
    }
    if count > 0 {
        pdu.push(bits.to_le_bytes()[0]).ok()?;
    }
    Some(())
}

/// Reads packed septets from number `from` to `length`.
fn unpack(packed: &[u8], length: usize, from: usize) -> Option<String<480>> {
    let mut text = String::new();
    let mut escaped = false;
    for place in from..length {
        let bit = place * 7;
        let low = u16::from(*packed.get(bit / 8)?);
        let high = packed.get(bit / 8 + 1).map_or(0, |&byte| u16::from(byte) << 8);
        let septet = ((low | high) >> (bit % 8) & 0x7f).to_le_bytes()[0];
        if core::mem::take(&mut escaped) {
            let known = EXTENSION.iter().find(|(code, _)| *code == septet);
            text.push(known.map_or(' ', |(_, character)| *character)).ok()?;
        } else if septet == 0x1b {
            escaped = true;
        } else {
            text.push(*GSM.get(usize::from(septet))?).ok()?;
        }
    }
    Some(text)
}

fn ucs2(bytes: &[u8]) -> Option<String<480>> {
    let units = bytes.chunks_exact(2).map(|pair| match *pair {
        [high, low] => u16::from_be_bytes([high, low]),
        _ => 0,
    });
    let mut text = String::new();
    for character in char::decode_utf16(units) {
        text.push(character.unwrap_or(char::REPLACEMENT_CHARACTER)).ok()?;
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// TS 23.038's own way to pack "hello" is E8 32 9B FD 06.
    #[test]
    fn a_text_to_send_is_packed() {
        let submit = Submit::new("+31612021435", "hello").unwrap();
        let expected = b"\x01\x00\x0b\x91\x13\x16\x02\x12\x34\xf5\x00\x00\x05\xe8\x32\x9b\xfd\x06";
        assert_eq!(submit.as_bytes(), expected);
        assert!(Submit::new("+31", &"x".repeat(160)).is_some());
        assert!(Submit::new("+31", &"x".repeat(161)).is_none());
        assert!(Submit::new("+31", &"ж".repeat(70)).is_some());
        assert!(Submit::new("+31", &"ж".repeat(71)).is_none());
        assert!(Submit::new("+31;", "x").is_none());
        assert!(Submit::new("", "x").is_none());
    }

    #[test]
    fn parts_of_a_long_message_say_which_they_are() {
        // Header 05 00 03 2A 02 01, then "hello" from septet 7 on.
        let mut pdu = b"\x44\x04\x81\x21\x43\x00\x00\x62\x11\x32\x80\x00\x00\x00".to_vec();
        let mut body: Vec<u8, PDU> = Vec::new();
        let mut septets = std::vec![0u8; 7];
        septets.extend_from_slice(b"hello");
        pack(&septets, &mut body).unwrap();
        body[..6].copy_from_slice(b"\x05\x00\x03\x2a\x02\x01");
        pdu.push(12);
        pdu.extend_from_slice(&body);
        let message = Deliver::parse(&pdu).unwrap();
        assert_eq!(message.part, Some(Part { reference: 0x2a, number: 1, count: 2 }));
        assert_eq!(message.text, "hello");
        assert_eq!(message.sender, "1234");
    }

    proptest! {
        #[test]
        fn any_pdu_is_read_without_panic(pdu: std::vec::Vec<u8>) {
            let _ = Deliver::parse(&pdu);
        }

        #[test]
        fn what_is_sent_can_be_read(text in "[ -Zäöü€жa-z{}]{0,60}") {
            let submit = Submit::new("+4912345", &text).unwrap();
            // The same user data under the head of a received message.
            let user = &submit.as_bytes()[8..].to_vec();
            let mut pdu: std::vec::Vec<u8> = b"\x04\x07\x91\x94\x21\x43\xf5".to_vec();
            pdu.extend_from_slice(&user[..2]);
            pdu.extend_from_slice(&[0; 7]);
            pdu.extend_from_slice(&user[2..]);
            let message = Deliver::parse(&pdu).unwrap();
            prop_assert_eq!(message.text.as_str(), text.as_str());
        }
    }
}
