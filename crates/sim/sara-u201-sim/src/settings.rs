//! What AT commands set: what a reset forgets and what it keeps.

use std::collections::BTreeMap;

use crate::profile::Profile;
use crate::result::Format;
use crate::security::{Credential, SecurityProfile};

/// Settings that a reset brings back to their factory values.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) echo: bool,
    pub(crate) quiet: bool,
    pub(crate) verbose: bool,
    /// AT+CMEE.
    pub(crate) error_mode: u8,
    /// AT&K: 0 off, 3 RTS/CTS.
    pub(crate) flow_control: u8,
    /// AT&C, AT&D, AT&S and the S registers.
    pub(crate) registers: BTreeMap<String, u32>,
    /// AT+CREG.
    pub(crate) registration_urc: u8,
    /// AT+CGREG.
    pub(crate) packet_registration_urc: u8,
    /// AT+CGEREP.
    pub(crate) packet_event_urc: u8,
    /// AT+UDCONF=1.
    pub(crate) hexadecimal: bool,
    /// AT+CMGF.
    pub(crate) text_mode: bool,
    /// AT+CPMS: from which store is read, to which is written, which receives.
    pub(crate) stores: [usize; 3],
    /// AT+COPS=3.
    pub(crate) operator_format: u8,
    /// Settings that are stored and told back, nothing more.
    pub(crate) remembered: BTreeMap<String, String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            echo: true,
            quiet: false,
            verbose: true,
            error_mode: 0,
            flow_control: 3,
            registers: BTreeMap::new(),
            registration_urc: 0,
            packet_registration_urc: 0,
            packet_event_urc: 0,
            hexadecimal: false,
            text_mode: false,
            stores: [0; 3],
            operator_format: 0,
            remembered: BTreeMap::new(),
        }
    }
}

impl Settings {
    /// Takes over what a personal profile holds: the line's settings (an assumption; V.250 leaves it open).
    pub(crate) fn take_personal(&mut self, other: &Self) {
        (self.echo, self.quiet, self.verbose) = (other.echo, other.quiet, other.verbose);
        (self.error_mode, self.flow_control) = (other.error_mode, other.flow_control);
        self.registers.clone_from(&other.registers);
    }

    /// A stored letter, with its factory value.
    pub(crate) fn letter(&self, letter: &str) -> u32 {
        let default = match letter {
            "X" => 4,
            "&C" | "&D" | "&S" | "M" => 1,
            _ => 0,
        };
        self.registers.get(letter).copied().unwrap_or(default)
    }

    /// How answers stand on the wire.
    pub(crate) fn format(&self) -> Format {
        let character = |register| u8::try_from(self.register(register)).unwrap_or(0);
        Format { verbose: self.verbose, end: character(3), feed: character(4) }
    }

    /// An S register, with its V.250 default.
    pub(crate) fn register(&self, number: u32) -> u32 {
        let default = match number {
            2 => 43,
            3 => 13,
            4 => 10,
            5 => 8,
            6 => 2,
            7 => 60,
            8 => 2,
            10 => 1,
            11 => 95,
            12 => 50,
            _ => 0,
        };
        self.registers.get(&format!("S{number}")).copied().unwrap_or(default)
    }
}

/// Settings in the module's flash.
#[derive(Clone, Debug)]
pub(crate) struct NonVolatile {
    /// AT&W.
    pub(crate) profiles: [Settings; 2],
    /// AT&Y.
    pub(crate) profile_at_start: usize,
    /// AT+CSGT, when it is switched on, and its text.
    pub(crate) greeting: (bool, String),
    /// AT+IPR; 0 is automatic.
    pub(crate) rate: u32,
    /// AT+UPSV.
    pub(crate) power_saving: u8,
    /// Frames of AT+UPSV=1.
    pub(crate) power_saving_frames: u32,
    /// AT+CTZU.
    pub(crate) zone_update: u8,
    /// AT+CFUN=4 persists.
    pub(crate) airplane: bool,
    /// AT+URAT: selection and preference.
    pub(crate) access: (u8, u8),
    /// AT+UBANDSEL in MHz.
    pub(crate) bands: Vec<u16>,
    /// AT+UPSDA=profile,1.
    pub(crate) contexts: BTreeMap<usize, BTreeMap<u32, String>>,
    pub(crate) credentials: Vec<Credential>,
    pub(crate) security: [SecurityProfile; 5],
    pub(crate) files: BTreeMap<String, Vec<u8>>,
}

impl NonVolatile {
    pub(crate) fn new(profile: &Profile) -> Self {
        Self {
            profiles: [Settings::default(), Settings::default()],
            profile_at_start: 0,
            greeting: (false, String::new()),
            rate: profile.uart.stored_rate,
            power_saving: profile.power_saving,
            power_saving_frames: 2000,
            zone_update: 0,
            airplane: false,
            access: (1, 2),
            bands: vec![850, 900, 1800, 1900, 2100],
            contexts: BTreeMap::new(),
            credentials: Vec::new(),
            security: core::array::from_fn(|_| SecurityProfile::default()),
            files: BTreeMap::new(),
        }
    }
}
