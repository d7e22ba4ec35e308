//! The transfer layer of short messages (3GPP TS 23.040 section 9.2), as far as a module shows it.

use core::fmt::Write as _;

use super::to_ucs2;

/// Makes the PDU of a message that is delivered; `time` is `yy/MM/dd,hh:mm:ss±zz`.
pub(crate) fn deliver(from: &str, text: &str, time: &str) -> String {
    // No service centre address; SMS-DELIVER, no more messages.
    let mut pdu = String::from("0004");
    pdu.push_str(&address(from));
    let septets = to_septets(text);
    let (coding, length, data) = match &septets {
        Some(septets) => ("00", septets.len(), pack(septets)),
        None => ("08", text.encode_utf16().count() * 2, to_ucs2(text)),
    };
    // Writing to a string cannot fail.
    let _ = write!(pdu, "00{coding}{}{length:02X}{data}", time_stamp(time));
    pdu
}

/// The destination of an SMS-SUBMIT in hexadecimal, when it is one of the announced length.
pub(crate) fn submit_destination(pdu: &str, length: usize) -> Option<String> {
    let octet = |at: usize| pdu.get(at * 2..at * 2 + 2).and_then(|d| u8::from_str_radix(d, 16).ok());
    let centre = usize::from(octet(0)?);
    let whole = pdu.len().is_multiple_of(2) && pdu.len() / 2 == centre + 1 + length;
    let is_submit = octet(centre + 1)? & 3 == 1;
    if !whole || !is_submit {
        return None;
    }
    let digits = usize::from(octet(centre + 3)?);
    let international = octet(centre + 4)? & 0x70 == 0x10;
    let start = (centre + 5) * 2;
    let swapped = pdu.get(start..start + digits.div_ceil(2) * 2)?;
    let mut number = String::from(if international { "+" } else { "" });
    for pair in swapped.as_bytes().chunks(2) {
        number.extend(pair.iter().rev().map(|byte| char::from(*byte)).filter(char::is_ascii_digit));
    }
    Some(number)
}

/// Length in digits, type, digits in swapped pairs.
fn address(number: &str) -> String {
    let digits: String = number.chars().filter(char::is_ascii_digit).collect();
    let kind = if number.starts_with('+') { "91" } else { "81" };
    let mut padded = digits.clone();
    if !padded.len().is_multiple_of(2) {
        padded.push('F');
    }
    format!("{:02X}{kind}{}", digits.len(), swap(&padded))
}

fn swap(digits: &str) -> String {
    let mut swapped = String::new();
    for pair in digits.as_bytes().chunks(2) {
        swapped.extend(pair.iter().rev().map(|byte| char::from(*byte)));
    }
    swapped
}

/// `yy/MM/dd,hh:mm:ss±zz` in swapped pairs; a zone west of Greenwich sets the sign bit.
fn time_stamp(time: &str) -> String {
    let digits: String = time.chars().filter(char::is_ascii_digit).take(12).collect();
    let zone = time.get(17..).and_then(|zone| zone.parse::<i8>().ok()).unwrap_or(0);
    let pair = format!("{:02}", zone.unsigned_abs());
    let tens = pair.get(..1).and_then(|d| d.parse::<u8>().ok()).unwrap_or(0);
    let sign = if zone < 0 { 8 } else { 0 };
    format!("{}{}{:X}", swap(&digits), pair.get(1..).unwrap_or("0"), tens | sign)
}

/// The GSM 7 bit default alphabet, as far as it coincides with ASCII; `None` asks for UCS2.
fn to_septets(text: &str) -> Option<Vec<u8>> {
    let septet = |c: char| match c {
        '@' => Some(0x00),
        '$' => Some(0x02),
        '_' => Some(0x11),
        '[' | '\\' | ']' | '^' | '`' | '{' | '|' | '}' | '~' => None,
        ' '..='z' | '\n' | '\r' => u8::try_from(u32::from(c)).ok(),
        _ => None,
    };
    text.chars().map(septet).collect()
}

/// Septets packed into octets, in hexadecimal.
fn pack(septets: &[u8]) -> String {
    let (mut digits, mut carry, mut bits) = (String::new(), 0u16, 0u32);
    for septet in septets {
        carry |= u16::from(*septet) << bits;
        bits += 7;
        if bits >= 8 {
            let _ = write!(digits, "{:02X}", carry & 0xFF);
            carry >>= 8;
            bits -= 8;
        }
    }
    if bits > 0 {
        let _ = write!(digits, "{:02X}", carry & 0xFF);
    }
    digits
}

#[cfg(test)]
mod tests {
    use super::{deliver, pack, submit_destination, to_septets};

    #[test]
    fn septets_are_packed_from_the_low_bit() {
        // "hellohello" as it stands in many a tutorial on TS 23.038.
        assert_eq!(pack(&to_septets("hellohello").expect("plain")), "E8329BFD4697D9EC37");
    }

    #[test]
    fn a_delivered_message_has_its_fields_in_order() {
        let pdu = deliver("+31641600986", "How are you?", "93/03/29,15:16:59+08");
        assert_eq!(pdu, "00040B911346610089F60000393092516195800CC8F71D14969741F977FD07");
        let pdu = deliver("123", "n\u{e9}", "26/01/01,00:00:00-04");
        assert_eq!(pdu, "0004038121F3000862101000000048".to_owned() + "04006E00E9");
    }

    #[test]
    fn a_submitted_message_names_its_destination() {
        let pdu = "0011000B916407281553F80000AA0AE8329BFD4697D9EC37";
        assert_eq!(submit_destination(pdu, 23), Some("+46708251358".into()));
        assert_eq!(submit_destination(pdu, 22), None);
    }
}
