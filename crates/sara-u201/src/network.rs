//! The mobile network: operator, signal, bands, radio access technology.

use embedded_io::{Read, ReadReady, Write};
use monoclock::Clock;

use heapless::{String, Vec};
use monoclock::Millis;

use crate::at::{CommandLine, Fields};
use crate::bringup::PROFILE;
use crate::command::{Custom, PacketService, PsdAction, PsdAddress, PsdCommand, Reply, Spec};
use crate::device::Sink;
use crate::engine::Payload;
use crate::error::Error;
use crate::modem::Modem;
use crate::power::Wiring;
use crate::registration::Technology;

/// Signal strength and quality, the answer to `AT+CSQ`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signal {
    /// Received signal strength in dBm, from -113 to -51; none when it is not known.
    pub strength_dbm: Option<i16>,
    /// Quality, 0 (best) to 7; none when it is not known.
    pub quality: Option<u8>,
}

/// An operator that was found by [`Modem::scan`], or is in use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operator {
    /// Whether it may be used.
    pub availability: Availability,
    /// Its name.
    pub name: String<32>,
    /// Its numeric identity, country code and network code.
    pub identity: String<6>,
    /// Radio access technology.
    pub technology: Option<Technology>,
}

/// Whether an operator may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Availability {
    /// 0: not known.
    Unknown,
    /// 1: available.
    Available,
    /// 2: in use.
    Current,
    /// 3: forbidden.
    Forbidden,
}

/// Frequency bands, a set.
///
/// ```
/// use sara_u201::Bands;
///
/// let bands = Bands::GSM_900.and(Bands::GSM_1800);
/// assert!(bands.contains(Bands::GSM_900));
/// assert!(!bands.contains(Bands::UMTS_2100));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bands(u8);

impl Bands {
    /// The bands by their frequency in MHz, as `AT+UBANDSEL` names them.
    const MHZ: [u16; 5] = [850, 900, 1800, 1900, 2100];
    /// 850 MHz, GSM and UMTS.
    pub const MHZ_850: Self = Self(1);
    /// 900 MHz, GSM and UMTS.
    pub const GSM_900: Self = Self(2);
    /// 1800 MHz, GSM.
    pub const GSM_1800: Self = Self(4);
    /// 1900 MHz, GSM and UMTS.
    pub const MHZ_1900: Self = Self(8);
    /// 2100 MHz, UMTS.
    pub const UMTS_2100: Self = Self(16);
    /// All that the module has.
    pub const ALL: Self = Self(31);

    /// Joins two sets.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether all of `other` is in the set.
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    fn read(mut answer: Fields<'_>) -> Option<Self> {
        let mut set = 0;
        while answer.has_more() {
            let mhz: u16 = answer.number()?;
            if let Some(place) = Self::MHZ.iter().position(|&band| band == mhz) {
                set |= 1 << place;
            }
        }
        Some(Self(set))
    }
}

/// Which radio access technologies are used, `AT+URAT`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RadioAccess {
    /// GSM only.
    GsmOnly,
    /// UMTS only.
    UmtsOnly,
    /// Both, GSM preferred.
    PreferGsm,
    /// Both, UMTS preferred: it draws no bursts of 2 A.
    PreferUmts,
}

impl<S, P, C> Modem<S, P, C>
where
    S: Read + Write + ReadReady,
    P: Wiring<S>,
    C: Clock,
{
    /// How well the network is received.
    ///
    /// # Errors
    /// The modem does not answer.
    pub fn signal(&mut self) -> Result<Signal, Error> {
        self.execute(&signal())
    }

    /// The operator in use; none while not registered.
    ///
    /// # Errors
    /// The modem does not answer.
    pub fn operator(&mut self) -> Result<Option<String<32>>, Error> {
        let spec = const { &Spec::new("+COPS?").reply(Reply::Line).within(Spec::NETWORK) };
        self.execute(&Custom::new(
            spec,
            |_| {},
            |mut answer| {
                let _mode = answer.raw()?;
                let _format = answer.raw();
                Some(answer.text().and_then(|name| String::try_from(name).ok()))
            },
        ))
    }

    /// Looks for operators, which takes up to three minutes; at most `N` are kept.
    ///
    /// # Errors
    /// The modem refuses while it is busy, or does not answer in time.
    pub fn scan<const N: usize>(&mut self) -> Result<Vec<Operator, N>, Error> {
        let spec = const { &Spec::new("+COPS=?").reply(Reply::Line).within(Spec::NETWORK).abortable() };
        let mut scan = Scan { operators: Vec::new(), group: Vec::new(), inside: false };
        self.execute_into(&Custom::plain(spec, |_| {}), Payload::None, &[], &mut scan)?;
        Ok(scan.operators)
    }

    /// Lets the modem choose the operator.
    ///
    /// # Errors
    /// No network accepts the SIM.
    pub fn select_automatically(&mut self) -> Result<(), Error> {
        let spec = const { &Spec::new("+COPS=").within(Spec::NETWORK).abortable() };
        self.execute(&Custom::plain(spec, |line| {
            line.number(0u8);
        }))
    }

    /// Registers with the operator of that numeric identity, as `20404`.
    ///
    /// # Errors
    /// The network refuses, or is not there.
    pub fn select(&mut self, identity: &str) -> Result<(), Error> {
        let spec = const { &Spec::new("+COPS=").within(Spec::NETWORK).abortable() };
        self.execute(&Custom::plain(spec, |line| {
            line.number(1u8).number(2u8).text(identity);
        }))
    }

    /// The bands that are switched on.
    ///
    /// # Errors
    /// The modem does not answer.
    pub fn bands(&mut self) -> Result<Bands, Error> {
        let spec = const { &Spec::new("+UBANDSEL?").reply(Reply::Line).within(Spec::SOCKET) };
        self.execute(&Custom::new(spec, |_| {}, Bands::read))
    }

    /// Switches bands on, and all others off; the radio access technology stays as it is.
    ///
    /// # Errors
    /// The modem refuses an empty or impossible set.
    pub fn set_bands(&mut self, bands: Bands) -> Result<(), Error> {
        let spec = const { &Spec::new("+UBANDSEL=").within(Millis::from_secs(40)) };
        self.execute(&Custom::plain(spec, |line| {
            for (place, &mhz) in Bands::MHZ.iter().enumerate() {
                if bands.0 >> place & 1 == 1 {
                    line.number(mhz);
                }
            }
        }))
    }

    /// Chooses the radio access technologies. The modem deregisters for it; the next
    /// [`Modem::start`] brings everything back.
    ///
    /// # Errors
    /// The modem refuses.
    pub fn set_radio_access(&mut self, access: RadioAccess) -> Result<(), Error> {
        self.deregister()?;
        self.execute(&Custom::plain(const { &Spec::new("+URAT=").within(Spec::SOCKET) }, |line| {
            match access {
                RadioAccess::GsmOnly => line.number(0u8),
                RadioAccess::UmtsOnly => line.number(2u8),
                RadioAccess::PreferGsm => line.number(1u8).number(0u8),
                RadioAccess::PreferUmts => line.number(1u8).number(2u8),
            };
        }))?;
        self.select_automatically()
    }

    /// Which radio access technologies are chosen.
    ///
    /// # Errors
    /// The modem does not answer.
    pub fn radio_access(&mut self) -> Result<RadioAccess, Error> {
        let spec = const { &Spec::new("+URAT?").reply(Reply::Line).within(Spec::SOCKET) };
        self.execute(&Custom::new(
            spec,
            |_| {},
            |mut answer| {
                Some(match (answer.number::<u8>()?, answer.number::<u8>()) {
                    (0, _) => RadioAccess::GsmOnly,
                    (2, _) => RadioAccess::UmtsOnly,
                    (1, Some(2)) => RadioAccess::PreferUmts,
                    (1, _) => RadioAccess::PreferGsm,
                    _ => return None,
                })
            },
        ))
    }

    /// Leaves the network. Sockets are gone.
    ///
    /// # Errors
    /// The modem refuses.
    pub fn deregister(&mut self) -> Result<(), Error> {
        let spec = const { &Spec::new("+COPS=").within(Spec::NETWORK).abortable() };
        self.execute(&Custom::plain(spec, |line| {
            line.number(2u8);
        }))?;
        self.device.lose_packet_data();
        Ok(())
    }

    /// The address that the packet data network gave.
    ///
    /// # Errors
    /// Packet data is not active.
    pub fn address(&mut self) -> Result<core::net::Ipv4Addr, Error> {
        self.execute(&PsdAddress(PROFILE))
    }

    /// Gives packet data up: context, then packet service. Sockets are gone; [`Modem::start`] attaches again.
    ///
    /// # Errors
    /// The modem does not answer. A context that is down already is no error.
    pub fn detach(&mut self) -> Result<(), Error> {
        let deactivated = self.execute(&PsdCommand { profile: PROFILE, action: PsdAction::Deactivate });
        self.device.lose_packet_data();
        match deactivated {
            Ok(()) | Err(Error::Refused { .. }) => self.execute(&PacketService(false)),
            other => other,
        }
    }
}

/// `AT+CSQ`, ready to run.
pub(crate) const fn signal() -> Custom<impl Fn(&mut CommandLine), Signal> {
    let spec = const { &Spec::new("+CSQ").reply(Reply::Line) };
    Custom::new(
        spec,
        |_| {},
        |mut answer| {
            let strength = answer.number::<i16>().filter(|&n| n <= 31);
            let quality = answer.number::<u8>().filter(|&n| n <= 7);
            Some(Signal { strength_dbm: strength.map(|n| -113 + 2 * n), quality })
        },
    )
}

/// Reads `(stat,"long","short","numeric"[,AcT]),(...),...` in pieces of any size.
struct Scan<const N: usize> {
    operators: Vec<Operator, N>,
    group: Vec<u8, 96>,
    inside: bool,
}

impl<const N: usize> Sink for Scan<N> {
    fn line(&mut self, text: &[u8], _last: bool) {
        for &byte in text {
            match byte {
                b'(' if !self.inside => {
                    self.inside = true;
                    self.group.clear();
                }
                b')' if self.inside => {
                    self.inside = false;
                    if let Some(operator) = operator(Fields::new(&self.group)) {
                        let _ = self.operators.push(operator);
                    }
                }
                _ if self.inside => {
                    let _ = self.group.push(byte);
                }
                _ => {}
            }
        }
    }
}

fn operator(mut fields: Fields<'_>) -> Option<Operator> {
    let availability = match fields.number::<u8>()? {
        1 => Availability::Available,
        2 => Availability::Current,
        3 => Availability::Forbidden,
        _ => Availability::Unknown,
    };
    let name = String::try_from(fields.text()?).ok()?;
    let _short = fields.raw()?;
    let identity = fields.text().filter(|identity| identity.len() >= 5)?;
    let identity = String::try_from(identity).ok()?;
    let technology = fields.number().and_then(Technology::from_number);
    Some(Operator { availability, name, identity, technology })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operators_are_read_in_pieces_of_any_size() {
        let line = br#" (2,"Vodafone IT","voda IT","22210",2),(3,"I (TIM)","TIM","22201"),,(0-4),(0-2)"#;
        for size in 1..line.len() {
            let mut scan: Scan<4> = Scan { operators: Vec::new(), group: Vec::new(), inside: false };
            for piece in line.chunks(size) {
                scan.line(piece, false);
            }
            let names: std::vec::Vec<_> =
                scan.operators.iter().map(|operator| operator.name.as_str()).collect();
            assert_eq!(names.first(), Some(&"Vodafone IT"));
            assert_eq!(scan.operators[0].technology, Some(Technology::Umts));
        }
    }

    #[test]
    fn bands_are_a_set() {
        let bands = Bands::read(Fields::new(b" 900,1800,2100")).unwrap();
        assert_eq!(bands, Bands::GSM_900.and(Bands::GSM_1800).and(Bands::UMTS_2100));
    }
}
