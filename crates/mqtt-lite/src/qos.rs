//! Quality of Service levels (section 4.3).

/// How hard both sides try to deliver a message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum QoS {
    /// QoS 0: the message arrives once or not at all.
    #[default]
    AtMostOnce,
    /// QoS 1: the message is sent until it is acknowledged.
    AtLeastOnce,
    /// QoS 2: the message arrives exactly once.
    #[cfg(feature = "qos2")]
    ExactlyOnce,
}

impl QoS {
    /// The two bits that stand for the level in PUBLISH, SUBSCRIBE and SUBACK.
    #[must_use]
    pub const fn bits(self) -> u8 {
        match self {
            Self::AtMostOnce => 0,
            Self::AtLeastOnce => 1,
            #[cfg(feature = "qos2")]
            Self::ExactlyOnce => 2,
        }
    }

    /// Reads the two bits; `None` for 3, and for 2 without the feature `qos2`.
    pub(crate) const fn from_bits(bits: u8) -> Option<Self> {
        match bits {
            0 => Some(Self::AtMostOnce),
            1 => Some(Self::AtLeastOnce),
            #[cfg(feature = "qos2")]
            2 => Some(Self::ExactlyOnce),
            _ => None,
        }
    }
}
