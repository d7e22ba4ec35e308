//! SUBACK (section 3.9).

use crate::error::PeerError;
use crate::qos::QoS;

/// Return code of a refused Topic Filter.
const FAILURE: u8 = 0x80;

/// The return codes of a SUBACK: what the server grants, filter by filter, in the order of SUBSCRIBE.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Granted<'a> {
    codes: &'a [u8],
}

impl<'a> Granted<'a> {
    /// Walks over the granted QoS of each filter; `None` where the filter was refused (0x80).
    pub fn iter(&self) -> impl Iterator<Item = Option<QoS>> + 'a {
        self.codes.iter().map(|code| QoS::from_bits(*code))
    }

    /// Tells whether no filter was refused.
    #[must_use]
    pub fn all(&self) -> bool {
        // Not `contains`: for bytes that is a `memchr`, 0.1 KB of flash.
        self.codes.iter().all(|code| *code != FAILURE)
    }

    /// Takes codes that [`check`] has accepted.
    pub(crate) const fn checked(codes: &'a [u8]) -> Self {
        Self { codes }
    }
}

/// Checks the return codes: others are reserved [MQTT-3.9.3-2].
pub(crate) fn check(codes: &[u8]) -> Result<(), PeerError> {
    match codes.iter().find(|code| **code != FAILURE && QoS::from_bits(**code).is_none()) {
        Some(code) => Err(PeerError::GrantedQoS(*code)),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_codes_of_figure_3_26_are_understood() {
        // Success with QoS 1 in place of the example's QoS 2, success with QoS 0, failure.
        let codes = [1, 0, 0x80];
        check(&codes).unwrap();
        let granted = Granted::checked(&codes);
        assert!(granted.iter().eq([Some(QoS::AtLeastOnce), Some(QoS::AtMostOnce), None]));
        assert!(!granted.all());
    }

    #[test]
    fn reserved_codes_are_refused() {
        assert_eq!(check(&[0, 3]), Err(PeerError::GrantedQoS(3)));
        assert_eq!(check(&[0x81]), Err(PeerError::GrantedQoS(0x81)));
    }
}
