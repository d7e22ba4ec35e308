//! Claims (RFC 7519 section 4), and the JSON text that a token carries.

use serde::Serialize;

use crate::ClaimsError;

/// The claims that IoT Core asks for, in its order.
///
/// Times are seconds since 1970 in 32 bits without sign, which end in 2106: printing 64-bit integers
/// costs a Cortex-M0+ 0.7 KB more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct IotCoreClaims<'a> {
    /// Audience: the cloud project's id.
    pub aud: &'a str,
    /// Issued at, seconds since 1970.
    pub iat: u32,
    /// Expires at, seconds since 1970; at most 24 hours after `iat`.
    pub exp: u32,
}

impl<'a> IotCoreClaims<'a> {
    /// Claims of a token for `project_id`, issued at `iat`, that lives for `lifetime` seconds.
    #[must_use]
    pub const fn new(project_id: &'a str, iat: u32, lifetime: u32) -> Self {
        Self { aud: project_id, iat, exp: iat.saturating_add(lifetime) }
    }
}

/// The JSON text of a set of claims, `N` bytes at most.
///
/// [`IotCoreClaims`] need 44 bytes and the project's id (at most 30 characters), so the default fits
/// them. Any other `Serialize` type will do, as long as its own code never calls
/// `serde::ser::Error::custom`, for which serde-json-core has no answer but a panic.
#[derive(Clone, Copy, Debug)]
pub struct Payload<const N: usize = 128> {
    json: [u8; N],
    length: usize,
}

impl<const N: usize> Payload<N> {
    /// Writes `claims` as JSON, without spaces and in the order of the fields.
    ///
    /// # Errors
    /// [`ClaimsError::TooLong`] if they need more than `N` bytes.
    pub fn new<C: Serialize + ?Sized>(claims: &C) -> Result<Self, ClaimsError> {
        let mut json = [0; N];
        let length = serde_json_core::to_slice(claims, &mut json)
            .map_err(|cause| ClaimsError::TooLong { capacity: N, cause })?;
        Ok(Self { json, length })
    }

    /// The JSON text.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.json.get(..self.length).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_the_claims_in_iot_cores_order() {
        let claims = IotCoreClaims::new("mkr-gcp-tutorial", 1_552_600_000, 86_400);
        let payload = Payload::<128>::new(&claims).unwrap();
        assert_eq!(payload.as_bytes(), br#"{"aud":"mkr-gcp-tutorial","iat":1552600000,"exp":1552686400}"#);
    }

    #[test]
    fn outlives_the_year_2038() {
        let claims = IotCoreClaims::new("p", 2_147_483_648, 3600);
        let payload = Payload::<128>::new(&claims).unwrap();
        assert_eq!(payload.as_bytes(), br#"{"aud":"p","iat":2147483648,"exp":2147487248}"#);
    }

    #[test]
    fn the_longest_project_id_fits_the_default() {
        let claims = IotCoreClaims::new("a23456789-123456789-123456789-", u32::MAX, 3600);
        let payload: Payload = Payload::new(&claims).unwrap();
        assert_eq!(payload.as_bytes().len(), 74);
    }

    #[test]
    fn escapes_what_json_wants_escaped() {
        let payload = Payload::<128>::new(&IotCoreClaims { aud: "a\"b\\c\n", iat: 0, exp: 0 }).unwrap();
        assert_eq!(payload.as_bytes(), br#"{"aud":"a\"b\\c\n","iat":0,"exp":0}"#);
    }

    #[test]
    fn says_when_the_claims_are_too_long() {
        let claims = IotCoreClaims::new("mkr-gcp-tutorial", 1_552_600_000, 86_400);
        assert!(Payload::<60>::new(&claims).is_ok());
        let error = Payload::<59>::new(&claims).unwrap_err();
        assert!(matches!(error, ClaimsError::TooLong { capacity: 59, .. }));
    }
}
