//! What the element says in a reply of one byte.

use core::fmt;

/// The status byte of a four-byte reply (TNGTLS sheet, section 4.3; cryptoauthlib, isATCAError).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Status {
    /// 0x00: done.
    Success,
    /// 0x01: CheckMac or Verify found a difference. A result, not a fault.
    Miscompare,
    /// 0x03: length, opcode or parameters are illegal in any state.
    Parse,
    /// 0x05: a computation came out invalid; it may be repeated.
    EccFault,
    /// 0x07: a self-test failed; only SelfTest and reads of the configuration are left.
    SelfTestFailed,
    /// 0x08: the random number generator failed its health test; it may pass the next time.
    HealthTest,
    /// 0x0F: a legal command in the wrong state, or against the policy of the slot.
    Execution,
    /// 0x11: awake, and no command has arrived since.
    AfterWake,
    /// 0xEE: the watchdog would fire before the command ends; it was not begun.
    Watchdog,
    /// 0xFF: the command arrived damaged; it was not begun.
    Communication,
    /// A byte that no data sheet lists.
    Unknown(u8),
}

impl Status {
    /// Reads the byte.
    #[must_use]
    pub const fn from_byte(byte: u8) -> Self {
        match byte {
            0x00 => Self::Success,
            0x01 => Self::Miscompare,
            0x03 => Self::Parse,
            0x05 => Self::EccFault,
            0x07 => Self::SelfTestFailed,
            0x08 => Self::HealthTest,
            0x0F => Self::Execution,
            0x11 => Self::AfterWake,
            0xEE => Self::Watchdog,
            0xFF => Self::Communication,
            other => Self::Unknown(other),
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Success => "success",
            Self::Miscompare => "the values differ",
            Self::Parse => "illegal length, opcode or parameter (0x03)",
            Self::EccFault => "the computation came out invalid (0x05)",
            Self::SelfTestFailed => "a self-test has failed (0x07)",
            Self::HealthTest => "the random number generator failed its health test (0x08)",
            Self::Execution => "wrong state, or against the policy of the slot (0x0F)",
            Self::AfterWake => "no command arrived since it woke (0x11)",
            Self::Watchdog => "too little time before the watchdog (0xEE)",
            Self::Communication => "the command arrived damaged (0xFF)",
            Self::Unknown(byte) => return write!(f, "unknown status 0x{byte:02X}"),
        })
    }
}
