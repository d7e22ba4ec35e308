//! The certificate store (AT+USECMNG) and the TLS profiles (AT+USECPRF).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest, Md5};

/// What a credential is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CredentialKind {
    Root,
    ClientCertificate,
    ClientKey,
}

impl CredentialKind {
    pub(crate) const fn from_number(number: u32) -> Option<Self> {
        match number {
            0 => Some(Self::Root),
            1 => Some(Self::ClientCertificate),
            2 => Some(Self::ClientKey),
            _ => None,
        }
    }

    pub(crate) const fn number(self) -> u8 {
        match self {
            Self::Root => 0,
            Self::ClientCertificate => 1,
            Self::ClientKey => 2,
        }
    }

    /// The name in the list of AT+USECMNG=3.
    pub(crate) const fn label(self) -> &'static str {
        match self {
            Self::Root => "CA",
            Self::ClientCertificate => "CC",
            Self::ClientKey => "PK",
        }
    }
}

/// A certificate or a key in the module's flash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Credential {
    pub(crate) kind: CredentialKind,
    pub(crate) name: String,
    pub(crate) der: Vec<u8>,
    /// The PEM label, for keys.
    pub(crate) label: String,
}

/// The greatest size of one item and the greatest number of items.
pub(crate) const MAX_SIZE: usize = 8192;
pub(crate) const MAX_ITEMS: usize = 16;
pub(crate) const MAX_NAME: usize = 200;

impl Credential {
    /// Reads an upload, DER or PEM; `None` when it is neither.
    pub(crate) fn import(kind: CredentialKind, name: &str, data: &[u8]) -> Option<Self> {
        let (label, der) = match core::str::from_utf8(data).ok().filter(|text| text.contains("-----BEGIN ")) {
            Some(text) => decode_pem(text)?,
            None => (String::new(), data.to_vec()),
        };
        let acceptable = match kind {
            CredentialKind::ClientKey => !label.contains("ENCRYPTED"),
            _ => label.is_empty() || label == "CERTIFICATE",
        };
        let sequence = der.first() == Some(&0x30) && der_length(&der) == Some(der.len());
        (acceptable && sequence).then(|| Self { kind, name: name.to_owned(), der, label })
    }

    /// The MD5 sum over the DER form, in lower-case digits.
    pub(crate) fn md5(&self) -> String {
        Md5::digest(&self.der).iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// The subject's common name and the end of validity, as far as they can be found.
    pub(crate) fn subject_and_expiry(&self) -> (String, String) {
        (common_name(&self.der).unwrap_or_default(), expiry(&self.der).unwrap_or_default())
    }
}

fn decode_pem(text: &str) -> Option<(String, Vec<u8>)> {
    let (_, rest) = text.split_once("-----BEGIN ")?;
    let (label, rest) = rest.split_once("-----")?;
    let (body, _) = rest.split_once(&format!("-----END {label}-----"))?;
    let digits: String = body.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    Some((label.to_owned(), STANDARD.decode(digits).ok()?))
}

/// The whole length of a DER element from its header.
fn der_length(der: &[u8]) -> Option<usize> {
    let first = usize::from(*der.get(1)?);
    if first < 0x80 {
        return Some(first + 2);
    }
    let count = first & 0x7F;
    let digits = der.get(2..2 + count).filter(|_| count <= 3)?;
    Some(digits.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)) + 2 + count)
}

/// The last common name (2.5.4.3) of a certificate: the subject follows the issuer.
fn common_name(der: &[u8]) -> Option<String> {
    let at = der.windows(5).rposition(|window| window == [0x06, 0x03, 0x55, 0x04, 0x03])?;
    let length = usize::from(*der.get(at + 6)?);
    let text = der.get(at + 7..at + 7 + length)?;
    Some(String::from_utf8_lossy(text).into_owned())
}

/// The second of the two times of the validity, as `yyyy/MM/dd hh:mm:ss`.
fn expiry(der: &[u8]) -> Option<String> {
    let is_time = |window: &[u8]| matches!(window, [0x17, 13, ..] | [0x18, 15, ..]);
    let first = der.windows(2).position(is_time)?;
    let second = first + 2 + usize::from(*der.get(first + 1)?);
    let length = usize::from(*der.get(second + 1)?);
    let digits = core::str::from_utf8(der.get(second + 2..second + 2 + length)?).ok()?;
    let (year, rest) = if length == 13 { digits.split_at(2) } else { digits.split_at(4) };
    let century = match (length, year.parse::<u16>().ok()?) {
        (13, year) if year >= 50 => "19",
        (13, _) => "20",
        _ => "",
    };
    let part = |at: usize| rest.get(at..at + 2);
    let (month, day) = (part(0)?, part(2)?);
    Some(format!("{century}{year}/{month}/{day} {}:{}:{}", part(4)?, part(6)?, part(8)?))
}

/// One TLS profile.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct SecurityProfile {
    /// Operation 0: 0 nothing, 1 chain, 2 chain and name, 3 chain, name and dates.
    pub(crate) level: u8,
    /// Operation 1: 0 any, 1 TLS 1.0, 2 TLS 1.1, 3 TLS 1.2.
    pub(crate) least_version: u8,
    /// Operation 2.
    pub(crate) cipher: u16,
    /// Operation 3.
    pub(crate) root: String,
    /// Operation 4.
    pub(crate) host: String,
    /// Operation 5.
    pub(crate) client_certificate: String,
    /// Operation 6.
    pub(crate) client_key: String,
    /// Operation 10.
    pub(crate) server_name: String,
}

#[cfg(test)]
mod tests {
    use super::{Credential, CredentialKind, der_length};

    #[test]
    fn pem_is_stored_as_der() {
        let key = rcgen::KeyPair::generate().expect("a key");
        let mut parameters = rcgen::CertificateParams::new(["host".to_owned()]).expect("parameters");
        parameters.distinguished_name.push(rcgen::DnType::CommonName, "Root R9");
        parameters.not_after = rcgen::date_time_ymd(2039, 4, 5);
        let certificate = parameters.self_signed(&key).expect("a certificate");
        let from_pem = Credential::import(CredentialKind::Root, "r", certificate.pem().as_bytes());
        let from_der = Credential::import(CredentialKind::Root, "r", certificate.der());
        let (from_pem, from_der) = (from_pem.expect("PEM"), from_der.expect("DER"));
        assert_eq!(from_pem.der, from_der.der);
        assert_eq!(from_pem.md5(), from_der.md5());
        assert_eq!(from_der.subject_and_expiry(), ("Root R9".into(), "2039/04/05 00:00:00".into()));
        assert!(Credential::import(CredentialKind::Root, "r", &certificate.der()[1..]).is_none());
        assert_eq!(der_length(&from_der.der), Some(from_der.der.len()));
    }

    #[test]
    fn the_sum_is_md5() {
        let item = Credential {
            kind: CredentialKind::Root,
            name: String::new(),
            der: b"abc".to_vec(),
            label: String::new(),
        };
        assert_eq!(item.md5(), "900150983cd24fb0d6963f7d28e17f72"); // RFC 1321 A.5
    }
}
