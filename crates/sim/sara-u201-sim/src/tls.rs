//! TLS inside the module: a rustls client without I/O, obeying a profile of AT+USECPRF.

mod verifier;

use core::fmt;
use core::time::Duration;
use std::io::{Read, Write};
use std::sync::Arc;

use rustls::client::Resumption;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::time_provider::TimeProvider;
use rustls::{ClientConfig, ClientConnection};

use crate::security::{Credential, CredentialKind, SecurityProfile};
use verifier::LevelVerifier;

/// Why a handshake failed; the module's AT answer hides it, a test wants it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HandshakeFailure {
    /// The profile names a credential that is not there, or that cannot be used.
    Configuration(String),
    /// The peer or its certificate was refused, or the peer refused us.
    Refused(String),
}

impl fmt::Display for HandshakeFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Configuration(reason) => write!(f, "the TLS profile cannot be used: {reason}"),
            Self::Refused(reason) => write!(f, "the handshake failed: {reason}"),
        }
    }
}

/// The module's clock at the time of the handshake.
#[derive(Debug)]
struct FixedTime(u64);

impl TimeProvider for FixedTime {
    fn current_time(&self) -> Option<UnixTime> {
        Some(UnixTime::since_unix_epoch(Duration::from_secs(self.0)))
    }
}

/// One TLS connection.
pub(crate) struct TlsSession {
    connection: ClientConnection,
    failure: Option<HandshakeFailure>,
    peer_closed: bool,
}

/// Cipher suites of operation 2 that this model has; everything else is refused by the server.
const NO_CIPHER: [rustls::SupportedCipherSuite; 0] = [];

impl TlsSession {
    /// Begins a handshake with `host` as profile, certificate store and clock say.
    pub(crate) fn new(
        profile: &SecurityProfile,
        credentials: &[Credential],
        host: &str,
        with_server_name: bool,
        unix_time: u64,
    ) -> Result<Self, HandshakeFailure> {
        let wrong = |reason: &dyn fmt::Display| HandshakeFailure::Configuration(reason.to_string());
        let mut provider = ring::default_provider();
        if profile.cipher != 0 {
            provider.cipher_suites = NO_CIPHER.to_vec();
        }
        let provider = Arc::new(provider);
        let expected = if profile.host.is_empty() { host } else { &profile.host };
        let verifier = LevelVerifier::new(profile, credentials, expected, &provider)?;
        let builder = ClientConfig::builder_with_details(provider.clone(), Arc::new(FixedTime(unix_time)))
            .with_protocol_versions(&[&rustls::version::TLS12])
            .map_err(|error| wrong(&error))?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier));
        let mut config = match client_identity(profile, credentials, &provider)? {
            Some((chain, key)) => builder.with_client_auth_cert(chain, key).map_err(|error| wrong(&error))?,
            None => builder.with_no_client_auth(),
        };
        config.resumption = Resumption::disabled();
        config.enable_sni = with_server_name && !profile.server_name.is_empty();
        let name = if config.enable_sni { &profile.server_name } else { host };
        let name = ServerName::try_from(name.to_owned()).map_err(|error| wrong(&error))?;
        let connection = ClientConnection::new(Arc::new(config), name).map_err(|error| wrong(&error))?;
        Ok(Self { connection, failure: None, peer_closed: false })
    }

    pub(crate) fn is_handshaking(&self) -> bool {
        self.connection.is_handshaking()
    }

    pub(crate) const fn failure(&self) -> Option<&HandshakeFailure> {
        self.failure.as_ref()
    }

    pub(crate) const fn is_closed_by_peer(&self) -> bool {
        self.peer_closed
    }

    /// Takes bytes from the network.
    pub(crate) fn feed(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() && self.failure.is_none() {
            // Reading from a slice cannot fail; a full buffer only takes less.
            let taken = self.connection.read_tls(&mut bytes).unwrap_or(0);
            match self.connection.process_new_packets() {
                Ok(state) => self.peer_closed |= state.peer_has_closed(),
                Err(error) => self.failure = Some(HandshakeFailure::Refused(error.to_string())),
            }
            if taken == 0 {
                return;
            }
        }
    }

    /// Gives the bytes for the network.
    pub(crate) fn take_out(&mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        while self.connection.wants_write() {
            // Writing to a vector cannot fail.
            if self.connection.write_tls(&mut bytes).unwrap_or(0) == 0 {
                break;
            }
        }
        bytes
    }

    /// Gives at most `limit` bytes of plain text.
    pub(crate) fn read(&mut self, limit: usize) -> Vec<u8> {
        let mut bytes = Vec::new();
        let limit = u64::try_from(limit).unwrap_or(u64::MAX);
        // "Would block" ends the reading; what was read before it stays.
        let _end = self.connection.reader().take(limit).read_to_end(&mut bytes);
        bytes
    }

    /// Takes plain text.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> usize {
        self.connection.writer().write(bytes).unwrap_or(0)
    }

    /// Says good-bye.
    pub(crate) fn close(&mut self) {
        self.connection.send_close_notify();
    }
}

impl fmt::Debug for TlsSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsSession").field("failure", &self.failure).finish_non_exhaustive()
    }
}

/// The client's certificate and key, when the profile names them.
fn client_identity(
    profile: &SecurityProfile,
    credentials: &[Credential],
    provider: &CryptoProvider,
) -> Result<Option<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)>, HandshakeFailure> {
    if profile.client_certificate.is_empty() || profile.client_key.is_empty() {
        return Ok(None);
    }
    let find = |kind, name: &str| {
        let found = credentials.iter().find(|item| item.kind == kind && item.name == name);
        found.ok_or_else(|| HandshakeFailure::Configuration(format!("{name} is not stored")))
    };
    let certificate = find(CredentialKind::ClientCertificate, &profile.client_certificate)?;
    let key = find(CredentialKind::ClientKey, &profile.client_key)?;
    let candidates = [
        PrivateKeyDer::Pkcs8(key.der.clone().into()),
        PrivateKeyDer::Sec1(key.der.clone().into()),
        PrivateKeyDer::Pkcs1(key.der.clone().into()),
    ];
    let usable = candidates
        .into_iter()
        .find(|der| provider.key_provider.load_private_key(der.clone_key()).is_ok())
        .ok_or_else(|| HandshakeFailure::Configuration(format!("{} is no private key", key.name)))?;
    Ok(Some((vec![CertificateDer::from(certificate.der.clone())], usable)))
}
