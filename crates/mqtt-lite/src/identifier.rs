//! Packet Identifiers (section 2.3.1).

use core::fmt;
use core::num::NonZeroU16;

/// The number by which an acknowledgement names its packet; never zero [MQTT-2.3.1-1].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PacketIdentifier(NonZeroU16);

impl PacketIdentifier {
    /// The first identifier of a new session.
    pub(crate) const FIRST: Self = Self(NonZeroU16::MIN);

    /// Makes an identifier; `None` for zero.
    #[must_use]
    pub const fn new(value: u16) -> Option<Self> {
        match NonZeroU16::new(value) {
            Some(value) => Some(Self(value)),
            None => None,
        }
    }

    /// The number itself.
    #[must_use]
    pub const fn value(self) -> u16 {
        self.0.get()
    }

    /// The next identifier; 1 follows 65535.
    pub(crate) fn successor(self) -> Self {
        self.0.checked_add(1).map_or(Self::FIRST, Self)
    }
}

impl fmt::Display for PacketIdentifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_wrap_around_zero() {
        let last = PacketIdentifier::new(u16::MAX).unwrap();
        assert_eq!(last.successor(), PacketIdentifier::FIRST);
        assert_eq!(PacketIdentifier::FIRST.successor().value(), 2);
        assert_eq!(PacketIdentifier::new(0), None);
    }
}
