//! The four levels of certificate checking.

use core::fmt;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};

use super::HandshakeFailure;
use crate::security::{Credential, CredentialKind, SecurityProfile};

/// Checks nothing (0), the chain (1), the name too (2), the dates too (3).
pub(super) struct LevelVerifier {
    level: u8,
    roots: RootCertStore,
    expected: Option<ServerName<'static>>,
    provider: Arc<CryptoProvider>,
}

impl LevelVerifier {
    pub(super) fn new(
        profile: &SecurityProfile,
        credentials: &[Credential],
        expected: &str,
        provider: &Arc<CryptoProvider>,
    ) -> Result<Self, HandshakeFailure> {
        let mut roots = RootCertStore::empty();
        // A profile that names a root trusts that one; otherwise every stored root counts.
        let named = |item: &&Credential| profile.root.is_empty() || item.name == profile.root;
        for item in credentials.iter().filter(|item| item.kind == CredentialKind::Root).filter(named) {
            // A root that cannot be read is stored by the module all the same; it anchors nothing.
            let _unreadable = roots.add(CertificateDer::from(item.der.clone()));
        }
        let expected = ServerName::try_from(expected.to_owned()).ok();
        if profile.level >= 2 && expected.is_none() {
            return Err(HandshakeFailure::Configuration("the expected name is no host name".into()));
        }
        Ok(Self { level: profile.level, roots, expected, provider: provider.clone() })
    }

    /// Checks the chain at `now`; below level 3 a date that is out of range is looked past.
    fn verify_chain(
        &self,
        leaf: &ParsedCertificate<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<(), Error> {
        let algorithms = self.provider.signature_verification_algorithms.all;
        let mut at = now;
        // One new try for each date of a chain of at most five certificates.
        for _ in 0..10 {
            let checked =
                verify_server_cert_signed_by_trust_anchor(leaf, &self.roots, intermediates, at, algorithms);
            at = match checked {
                Err(Error::InvalidCertificate(CertificateError::ExpiredContext { not_after, .. }))
                    if self.level < 3 =>
                {
                    not_after
                }
                Err(Error::InvalidCertificate(CertificateError::NotValidYetContext {
                    not_before, ..
                })) if self.level < 3 => not_before,
                other => return other,
            };
        }
        Err(Error::InvalidCertificate(CertificateError::Expired))
    }
}

impl ServerCertVerifier for LevelVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if self.level >= 1 {
            let leaf = ParsedCertificate::try_from(end_entity)?;
            self.verify_chain(&leaf, intermediates, now)?;
            if self.level >= 2
                && let Some(expected) = &self.expected
            {
                verify_server_name(&leaf, expected)?;
            }
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

impl fmt::Debug for LevelVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LevelVerifier").field("level", &self.level).finish_non_exhaustive()
    }
}
