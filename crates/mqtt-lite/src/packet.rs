//! The Control Packets (section 3), each in a file of its own.

pub(crate) mod acknowledge;
pub(crate) mod connack;
pub(crate) mod connect;
pub(crate) mod publish;
pub(crate) mod suback;
pub(crate) mod subscribe;
pub(crate) mod unsubscribe;

/// Control Packet types with their flags, as in the first byte (table 2.1 and table 2.2).
pub(crate) mod first_byte {
    pub(crate) const CONNECT: u8 = 0x10;
    pub(crate) const CONNACK: u8 = 0x20;
    /// The lower four bits are DUP, QoS and RETAIN.
    pub(crate) const PUBLISH: u8 = 0x30;
    pub(crate) const PUBACK: u8 = 0x40;
    #[cfg(feature = "qos2")]
    pub(crate) const PUBREC: u8 = 0x50;
    #[cfg(feature = "qos2")]
    pub(crate) const PUBREL: u8 = 0x62;
    #[cfg(feature = "qos2")]
    pub(crate) const PUBCOMP: u8 = 0x70;
    pub(crate) const SUBSCRIBE: u8 = 0x82;
    pub(crate) const SUBACK: u8 = 0x90;
    pub(crate) const UNSUBSCRIBE: u8 = 0xA2;
    pub(crate) const UNSUBACK: u8 = 0xB0;
    pub(crate) const PINGREQ: u8 = 0xC0;
    pub(crate) const PINGRESP: u8 = 0xD0;
    pub(crate) const DISCONNECT: u8 = 0xE0;

    /// Tells whether the first byte belongs to a PUBLISH, whatever its flags.
    pub(crate) const fn is_publish(first: u8) -> bool {
        first & 0xF0 == PUBLISH
    }
}
