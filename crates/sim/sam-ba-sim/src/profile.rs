//! What kind of loader and part is modelled: facts as defaults, assumptions as switches.

use core::time::Duration;

/// The loader and the part that it runs in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// What `V#` answers, without the line's end.
    pub version: String,
    /// The DID register of the device service unit.
    pub device_id: u32,
    /// What a block read of 64 bytes or more does (assumed; that it goes wrong is known).
    pub long_read: LongRead,
    /// What happens to bytes that follow the data of `S` in one packet (assumed).
    pub after_data: AfterData,
    /// Whether the fuse BOOTPROT keeps the loader from being erased. Boards in the field differ.
    pub loader_protected: bool,
    /// How long things take.
    pub timing: Timing,
    /// What is broken.
    pub faults: Faults,
}

impl Default for Profile {
    /// The loader that ships on the MKR GSM 1400, in an ATSAMD21G18A.
    fn default() -> Self {
        Self {
            version: "v2.0 [Arduino:XYZ] Apr 11 2019 13:09:54".to_owned(),
            device_id: 0x1001_0305,
            long_read: LongRead::Corrupts,
            after_data: AfterData::Command,
            loader_protected: false,
            timing: Timing::default(),
            faults: Faults::default(),
        }
    }
}

/// What a block read of 64 bytes or more does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LongRead {
    /// As many bytes as asked for, those from the 64th on wrong.
    #[default]
    Corrupts,
    /// Only the first 63 bytes.
    EndsEarly,
}

/// What happens to bytes that follow the data of `S` in one packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AfterData {
    /// They are read as the next command.
    #[default]
    Command,
    /// They are lost.
    Lost,
}

/// How long the part takes; the defaults are the longest times of the data sheet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    /// Erasing one row of 256 bytes.
    pub row_erase: Duration,
    /// Writing one page of 64 bytes.
    pub page_write: Duration,
    /// Adding one byte to a checksum (assumed: a loop of about 100 cycles at 48 MHz).
    pub checksum_byte: Duration,
    /// Taking or giving one USB packet (assumed: one frame).
    pub packet: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            row_erase: Duration::from_millis(6),
            page_write: Duration::from_micros(2500),
            checksum_byte: Duration::from_micros(2),
            packet: Duration::from_millis(1),
        }
    }
}

/// What is broken; nothing by default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Faults {
    /// A flash address whose lowest bit cannot be erased any more: it reads 0.
    pub stuck_bit: Option<u32>,
    /// The plug is pulled when this many commands have been executed.
    pub unplug_after: Option<u32>,
    /// The loader stops answering when this many commands have been executed.
    pub mute_after: Option<u32>,
}
