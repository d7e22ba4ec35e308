//! The emulator's own certificate authority, and rustls set up with it.
//!
//! Every message of a handshake has the same length in every run: serial numbers are fixed, no session
//! ticket is sent, and ECDSA signatures, whose DER has 70 to 72 bytes with a random nonce, are made anew
//! until they have [`SIGNATURE_LENGTH`].

use core::fmt;
use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, PublicKeyData, SerialNumber,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, UnixTime};
use rustls::server::{NoServerSessionStorage, ServerConfig};
use rustls::sign::{CertifiedKey, Signer, SigningKey, SingleCertAndKey};
use rustls::time_provider::TimeProvider;
use rustls::{SignatureAlgorithm, SignatureScheme};

use crate::{Settings, Timestamp};

/// The most frequent length of a P-256 signature in DER.
const SIGNATURE_LENGTH: usize = 71;
/// Half of all signatures have it, so that a healthy signer does not fail.
const SIGNATURE_TRIES: usize = 256;
const DAY: Duration = Duration::from_secs(24 * 3600);
/// For so long certificates are valid: clients with a clock of their own may connect to a past time.
const VALID_DAYS: u32 = 3650;

/// Says why the emulator cannot be set up.
#[derive(Debug)]
#[non_exhaustive]
pub enum SetupError {
    /// A certificate could not be made, for example since a host name is none.
    Certificate(rcgen::Error),
    /// rustls did not take the certificate.
    Tls(rustls::Error),
}

/// The root certificate that a client needs to trust the emulator.
#[derive(Clone, PartialEq, Eq)]
pub struct RootCertificate {
    der: Vec<u8>,
    pem: String,
}

impl RootCertificate {
    /// The certificate in DER.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// The certificate in PEM.
    #[must_use]
    pub fn pem(&self) -> &str {
        &self.pem
    }
}

impl fmt::Debug for RootCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RootCertificate({} bytes)", self.der.len())
    }
}

/// The virtual clock as rustls reads it.
#[derive(Debug)]
pub(crate) struct VirtualTime {
    start: Timestamp,
    milliseconds: AtomicU64,
}

impl VirtualTime {
    pub(crate) const fn new(start: Timestamp) -> Self {
        Self { start, milliseconds: AtomicU64::new(0) }
    }

    pub(crate) fn advance(&self, now: Duration) {
        let now = u64::try_from(now.as_millis()).unwrap_or(u64::MAX);
        self.milliseconds.fetch_max(now, Ordering::Relaxed);
    }
}

impl TimeProvider for VirtualTime {
    fn current_time(&self) -> Option<UnixTime> {
        let now = Duration::from_millis(self.milliseconds.load(Ordering::Relaxed));
        Some(UnixTime::since_unix_epoch((self.start + now).since_epoch()))
    }
}

/// Makes the authority and the server's configuration.
pub(crate) fn set_up(
    settings: &Settings,
    time: Arc<VirtualTime>,
) -> Result<(RootCertificate, Arc<ServerConfig>), SetupError> {
    let root_key = FixedLength(match &settings.authority_key {
        Some(pem) => KeyPair::from_pem(pem)?,
        None => KeyPair::generate()?,
    });
    let server_key = KeyPair::generate()?;

    let mut root = parameters(Vec::new(), "IoT Core emulator root", 1, settings, VALID_DAYS)?;
    root.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    root.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let root_certificate = root.self_signed(&root_key)?;

    let mut server = parameters(settings.host_names.clone(), "IoT Core emulator", 2, settings, VALID_DAYS)?;
    server.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    server.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    server.use_authority_key_identifier_extension = true;
    let server_certificate = server.signed_by(&server_key, &Issuer::from_params(&root, &root_key))?;

    let config = server_config(server_certificate.der().clone(), &server_key, time)?;
    let root = RootCertificate { der: root_certificate.der().to_vec(), pem: root_certificate.pem() };
    Ok((root, Arc::new(config)))
}

fn parameters(
    names: Vec<String>,
    common_name: &str,
    serial: u64,
    settings: &Settings,
    days: u32,
) -> Result<CertificateParams, SetupError> {
    let mut parameters = CertificateParams::new(names)?;
    parameters.distinguished_name.push(DnType::CommonName, common_name);
    parameters.serial_number = Some(SerialNumber::from(serial));
    let epoch = rcgen::date_time_ymd(1970, 1, 1);
    parameters.not_before = epoch + settings.start.since_epoch().saturating_sub(DAY);
    parameters.not_after = epoch + settings.start.since_epoch() + DAY * days;
    Ok(parameters)
}

fn server_config(
    certificate: CertificateDer<'static>,
    key: &KeyPair,
    time: Arc<VirtualTime>,
) -> Result<ServerConfig, SetupError> {
    let der = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let key = Arc::new(FixedLength(rustls::crypto::ring::sign::any_ecdsa_type(&der)?));
    let resolver = SingleCertAndKey::from(CertifiedKey::new(vec![certificate], key));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_details(provider, time)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(resolver));
    config.send_tls13_tickets = 0;
    config.session_storage = Arc::new(NoServerSessionStorage {});
    Ok(config)
}

/// A key whose signatures all have [`SIGNATURE_LENGTH`].
#[derive(Debug)]
struct FixedLength<K>(K);

/// Signs until the length is right; the last signature is as good as any where it never is.
fn fixed_length<E>(mut sign: impl FnMut() -> Result<Vec<u8>, E>) -> Result<Vec<u8>, E> {
    let mut signature = sign()?;
    for _ in 0..SIGNATURE_TRIES {
        if signature.len() == SIGNATURE_LENGTH {
            break;
        }
        signature = sign()?;
    }
    Ok(signature)
}

impl PublicKeyData for FixedLength<KeyPair> {
    fn der_bytes(&self) -> &[u8] {
        self.0.der_bytes()
    }

    fn algorithm(&self) -> &'static rcgen::SignatureAlgorithm {
        self.0.algorithm()
    }
}

impl rcgen::SigningKey for FixedLength<KeyPair> {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        fixed_length(|| self.0.sign(message))
    }
}

impl SigningKey for FixedLength<Arc<dyn SigningKey>> {
    fn choose_scheme(&self, offered: &[SignatureScheme]) -> Option<Box<dyn Signer>> {
        let signer = self.0.choose_scheme(offered)?;
        Some(Box::new(FixedLength(signer)))
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        self.0.algorithm()
    }
}

impl Signer for FixedLength<Box<dyn Signer>> {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rustls::Error> {
        fixed_length(|| self.0.sign(message))
    }

    fn scheme(&self) -> SignatureScheme {
        self.0.scheme()
    }
}

impl From<rcgen::Error> for SetupError {
    fn from(error: rcgen::Error) -> Self {
        Self::Certificate(error)
    }
}

impl From<rustls::Error> for SetupError {
    fn from(error: rustls::Error) -> Self {
        Self::Tls(error)
    }
}

impl fmt::Display for SetupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Certificate(error) => write!(f, "certificate: {error}"),
            Self::Tls(error) => write!(f, "TLS: {error}"),
        }
    }
}

impl core::error::Error for SetupError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Certificate(error) => Some(error),
            Self::Tls(error) => Some(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_root_has_the_same_length_each_time() {
        let settings = Settings::google(Timestamp::from_unix(1_552_600_000));
        let root = || {
            let time = Arc::new(VirtualTime::new(settings.start));
            set_up(&settings, time).unwrap().0
        };
        let first = root();
        for _ in 0..8 {
            let again = root();
            assert_eq!((again.der().len(), again.pem().len()), (first.der().len(), first.pem().len()));
            assert_ne!(again, first, "each authority has a key of its own");
        }
    }
}
