//! Topic Names and Topic Filters (section 4.7).

use core::fmt;

/// The Topic Name of a message that was received: UTF-8 text, which has been checked.
///
/// It is compared and taken apart as bytes for nothing; [`as_str`](Self::as_str) costs a program that has no
/// other use for `core::str::from_utf8` 0.6 KB of flash.
///
/// ```
/// # fn handle(topic: mqtt_lite::Topic<'_>) {
/// if topic == "lamps/17/state" || topic.as_bytes().starts_with(b"switches/") {
///     println!("{topic}");
/// }
/// # }
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Topic<'a>(&'a [u8]);

impl<'a> Topic<'a> {
    /// Takes bytes that [`is_received_topic_name`] has accepted.
    pub(crate) const fn checked(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// The bytes of the text.
    #[must_use]
    pub const fn as_bytes(self) -> &'a [u8] {
        self.0
    }

    /// The text.
    #[must_use]
    pub fn as_str(self) -> &'a str {
        core::str::from_utf8(self.0).unwrap_or_default()
    }
}

impl PartialEq<str> for Topic<'_> {
    fn eq(&self, other: &str) -> bool {
        self.0 == other.as_bytes()
    }
}

impl PartialEq<&str> for Topic<'_> {
    fn eq(&self, other: &&str) -> bool {
        self.0 == other.as_bytes()
    }
}

impl fmt::Debug for Topic<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl fmt::Display for Topic<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self.as_str(), f)
    }
}

/// Tells whether the parts, put together, make a Topic Name that may be published to.
///
/// A Topic Name has at least one character [MQTT-4.7.3-1], no wildcard [MQTT-3.3.2-2], no U+0000
/// [MQTT-4.7.3-2], and at most 65535 bytes [MQTT-4.7.3-3].
///
/// ```
/// use mqtt_lite::is_topic_name;
///
/// assert!(is_topic_name(&["/devices/", "MyMKRGSM1400", "/state"]));
/// assert!(!is_topic_name(&["/devices/", "MyMKRGSM1400", "/commands/#"]));
/// ```
#[must_use]
pub fn is_topic_name(parts: &[&str]) -> bool {
    // Most characters lie above all three: one comparison for them.
    let allowed = |byte: u8| byte > b'+' || !matches!(byte, b'#' | b'+' | 0);
    fits(parts) && parts.iter().all(|part| part.bytes().all(allowed))
}

/// Tells whether the bytes of a PUBLISH make a Topic Name: not empty, no wildcard, and well-formed UTF-8
/// [MQTT-1.5.3-1] (RFC 3629 section 4).
///
/// One pass, without the table of `core::str::from_utf8`.
pub(crate) fn is_received_topic_name(bytes: &[u8]) -> bool {
    let mut rest = bytes.iter();
    while let Some(byte) = rest.next() {
        // How many bytes follow, and the limits of the first of them.
        let (more, mut low, mut high) = match byte {
            b','..=0x7F => continue,
            b'#' | b'+' | 0 => return false,
            0x01..=0x7F => continue,
            0xC2..=0xDF => (1, 0x80, 0xBF),
            0xE0 => (2, 0xA0, 0xBF),
            0xED => (2, 0x80, 0x9F),
            0xE1..=0xEF => (2, 0x80, 0xBF),
            0xF0 => (3, 0x90, 0xBF),
            0xF4 => (3, 0x80, 0x8F),
            0xF1..=0xF3 => (3, 0x80, 0xBF),
            _ => return false,
        };
        for _ in 0..more {
            if !rest.next().is_some_and(|byte| (low..=high).contains(byte)) {
                return false;
            }
            (low, high) = (0x80, 0xBF);
        }
    }
    !bytes.is_empty()
}

/// Tells whether the parts, put together, make a Topic Filter that may be subscribed to.
///
/// A wildcard stands for a whole level, and `#` for the last one [MQTT-4.7.1-2] [MQTT-4.7.1-3].
///
/// ```
/// use mqtt_lite::is_topic_filter;
///
/// assert!(is_topic_filter(&["/devices/", "MyMKRGSM1400", "/commands/#"]));
/// assert!(is_topic_filter(&["+/config"]));
/// assert!(!is_topic_filter(&["/devices#"]));
/// assert!(!is_topic_filter(&["#/config"]));
/// ```
#[must_use]
pub fn is_topic_filter(parts: &[&str]) -> bool {
    let mut previous = b'/';
    for part in parts {
        for byte in part.bytes() {
            let allowed = match (previous, byte) {
                (_, 0) | (b'#', _) => false,
                (b'/', _) | (_, b'/') => true,
                (b'+', _) | (_, b'#' | b'+') => false,
                _ => true,
            };
            if !allowed {
                return false;
            }
            previous = byte;
        }
    }
    fits(parts)
}

/// Tells whether the parts have from 1 to 65535 bytes together.
fn fits(parts: &[&str]) -> bool {
    (1..=usize::from(u16::MAX)).contains(&parts.iter().map(|part| part.len()).sum())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The same by the standard library.
    fn judged(bytes: &[u8]) -> bool {
        let text = core::str::from_utf8(bytes);
        text.is_ok_and(|text| !text.is_empty() && !text.contains(['+', '#', '\0']))
    }

    proptest! {
        #[test]
        fn text_is_told_from_other_bytes(
            bytes in proptest::collection::vec(prop_oneof![any::<u8>(), 0xE0..=0xF5u8, 0x80..=0xBFu8], 0..6),
            text: std::string::String,
        ) {
            prop_assert_eq!(is_received_topic_name(&bytes), judged(&bytes));
            prop_assert_eq!(is_received_topic_name(text.as_bytes()), judged(text.as_bytes()));
        }
    }

    #[test]
    fn every_sequence_of_three_bytes_is_judged_as_the_standard_library_does() {
        for first in 0x7F..=0xFF {
            for second in 0..=0xFF {
                for third in [0x00, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xFF] {
                    for bytes in [&[first, second, third][..], &[first, second, third, 0x80]] {
                        assert_eq!(is_received_topic_name(bytes), judged(bytes), "{bytes:02x?}");
                    }
                }
            }
        }
    }

    #[test]
    fn names_have_no_wildcard_no_zero_and_some_text() {
        assert!(is_topic_name(&["/"]));
        assert!(is_topic_name(&["", "a"]));
        for bad in ["", "a/+", "#", "a\0b", "a+b"] {
            assert!(!is_topic_name(&[bad]), "{bad:?}");
        }
        let long = "x".repeat(40_000);
        assert!(is_topic_name(&[&long]));
        assert!(!is_topic_name(&[&long, &long]));
    }

    #[test]
    fn wildcards_stand_for_whole_levels() {
        // The examples of sections 4.7.1.2 and 4.7.1.3.
        for good in
            ["sport/tennis/player1/#", "sport/#", "#", "+", "+/tennis/#", "sport/+/player1", "/+", "+/+"]
        {
            assert!(is_topic_filter(&[good]), "{good}");
        }
        for bad in
            ["sport/tennis#", "sport/tennis/#/ranking", "sport+", "+sport", "", "a\0", "##", "++", "+#"]
        {
            assert!(!is_topic_filter(&[bad]), "{bad}");
        }
        assert!(is_topic_filter(&["a/", "+", "/b"]), "a wildcard may stand alone in its part");
        assert!(!is_topic_filter(&["a", "+"]), "levels reach across parts");
    }
}
