//! Registration with the network: `+CREG` (calls, SMS) and `+CGREG` (packet data).

use crate::at::Fields;

/// Which of the two registrations is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Domain {
    /// Calls and SMS: `+CREG`.
    CircuitSwitched,
    /// Packet data: `+CGREG`.
    PacketSwitched,
}

/// Registration status, `<stat>` of `+CREG` and `+CGREG`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RegistrationStatus {
    /// 3: the network refused.
    Denied,
    /// 8: emergency calls only.
    EmergencyOnly,
    /// 1: registered, home network.
    Home,
    /// 0: not registered, not searching.
    Idle,
    /// 5: registered, roaming.
    Roaming,
    /// 2: not registered, searching.
    Searching,
    /// 6 and 7: registered for SMS only.
    SmsOnly,
    /// 4, or nothing heard yet.
    #[default]
    Unknown,
}

impl RegistrationStatus {
    /// Reads the number of the manual.
    #[must_use]
    pub const fn from_number(number: u8) -> Self {
        match number {
            0 => Self::Idle,
            1 => Self::Home,
            2 => Self::Searching,
            3 => Self::Denied,
            5 => Self::Roaming,
            6 | 7 => Self::SmsOnly,
            8 => Self::EmergencyOnly,
            _ => Self::Unknown,
        }
    }

    /// Whether full service is there, at home or roaming.
    #[must_use]
    pub const fn is_registered(self) -> bool {
        matches!(self, Self::Home | Self::Roaming)
    }
}

/// Radio access technology, `<AcT>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Technology {
    /// 0, 1: GSM.
    Gsm,
    /// 3: GSM with EDGE.
    Edge,
    /// 2: UMTS.
    Umts,
    /// 4, 5, 6: UMTS with HSDPA, HSUPA or both.
    Hspa,
}

impl Technology {
    /// Reads the number of the manual.
    #[must_use]
    pub const fn from_number(number: u8) -> Option<Self> {
        match number {
            0 | 1 => Some(Self::Gsm),
            2 => Some(Self::Umts),
            3 => Some(Self::Edge),
            4..=6 => Some(Self::Hspa),
            _ => None,
        }
    }
}

/// What the modem said about a registration.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Registration {
    /// Whether, and how, it is registered.
    pub status: RegistrationStatus,
    /// Location area (or routing area) code.
    pub area: Option<u32>,
    /// Cell identity.
    pub cell: Option<u32>,
    /// Radio access technology.
    pub technology: Option<Technology>,
}

impl Registration {
    /// Nothing was heard yet.
    pub(crate) const UNKNOWN: Self =
        Self { status: RegistrationStatus::Unknown, area: None, cell: None, technology: None };

    /// Reads `<stat>[,"<lac>","<ci>"[,<AcT>]]`, what a URC carries.
    #[must_use]
    pub fn parse(mut fields: Fields<'_>) -> Option<Self> {
        let status = RegistrationStatus::from_number(fields.number()?);
        let area = fields.hex();
        let cell = fields.hex();
        let technology = fields.number().and_then(Technology::from_number);
        Some(Self { status, area, cell, technology })
    }

    /// Tells the answer to a query, `<n>,<stat>...`, from a URC, `<stat>[,"<lac>"...]`: only in the
    /// answer is the second parameter a number without quotes.
    #[must_use]
    pub fn is_answer(line: &[u8]) -> bool {
        let mut fields = Fields::new(line);
        let _ = fields.raw();
        fields.has_more() && !fields.is_quoted() && fields.number::<u8>().is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_told_from_urcs() {
        assert!(Registration::is_answer(b" 2,5,\"1A2B\",\"00C0FFEE\",2"));
        assert!(Registration::is_answer(b" 0,1"));
        assert!(!Registration::is_answer(b" 5"));
        assert!(!Registration::is_answer(b" 5,\"1A2B\",\"00C0FFEE\",2"));
        assert!(!Registration::is_answer(b" 5,"));
    }

    #[test]
    fn the_long_form_is_read() {
        let registration = Registration::parse(Fields::new(b" 5,\"1A2B\",\"00C0FFEE\",6,\"01\""));
        assert_eq!(
            registration,
            Some(Registration {
                status: RegistrationStatus::Roaming,
                area: Some(0x1a2b),
                cell: Some(0xc0_ffee),
                technology: Some(Technology::Hspa),
            })
        );
    }

    #[test]
    fn emergency_and_sms_only_are_no_service() {
        for number in [0, 2, 3, 4, 6, 7, 8, 9, 255] {
            assert!(!RegistrationStatus::from_number(number).is_registered(), "{number}");
        }
    }
}
