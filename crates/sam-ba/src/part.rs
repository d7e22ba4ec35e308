//! The part: what lies where in an ATSAMD21G18A (SAM D21 data sheet, "Memories" and "NVMCTRL").

/// The program begins here; below lies the loader.
pub const APPLICATION_START: u32 = 0x2000;
/// The flash ends before this address.
pub const FLASH_END: u32 = 0x4_0000;
/// The RAM begins here.
pub const RAM_START: u32 = 0x2000_0000;
/// The RAM ends before this address.
pub const RAM_END: u32 = 0x2000_8000;
/// Bytes in a page, the unit of writing.
pub const PAGE: u32 = 64;
/// Bytes in a row, the unit of erasing.
pub const ROW: u32 = 256;
/// The DID of an ATSAMD21G18A of any revision, as [`Loader::device_id`](crate::Loader::device_id) returns it.
pub const SAMD21G18A: u32 = 0x1001_0005;

/// DSU.DID, the device identification.
pub(crate) const DSU_DID: u32 = 0x4100_2018;
/// DSU.DID without its fields DIE and REVISION.
pub(crate) const DID_MASK: u32 = 0xFFFF_00FF;
/// Application interrupt and reset control (ARMv6-M, B3.2.6).
pub(crate) const AIRCR: u32 = 0xE000_ED0C;
/// AIRCR's key and SYSRESETREQ.
pub(crate) const RESET_REQUEST: u32 = 0x05FA_0004;
