//! A TLS server in memory, with certificates of its own authority.

use core::cell::RefCell;
use core::time::Duration;
use std::io::{Read, Write};
use std::rc::Rc;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection};
use sara_u201_sim::{MemoryNetwork, PeerConnection};

/// A certificate authority.
pub(crate) struct Authority {
    pub(crate) der: Vec<u8>,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    pub(crate) fn new(name: &str) -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        params.not_before = date_time_ymd(2024, 1, 1);
        params.not_after = date_time_ymd(2044, 1, 1);
        let der = params.self_signed(&key).unwrap().der().to_vec();
        Self { der, issuer: Issuer::new(params, key) }
    }

    /// A certificate and its key (both DER) for a host name, valid to the end of `until`.
    pub(crate) fn issue(&self, host: &str, until: i32) -> (Vec<u8>, Vec<u8>) {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec![host.to_string()]).unwrap();
        params.not_before = date_time_ymd(2024, 1, 1);
        params.not_after = date_time_ymd(until, 12, 31);
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        (certificate.der().to_vec(), key.serialize_der())
    }
}

/// How the server behaves.
#[derive(Default)]
pub(crate) struct ServerOptions {
    /// Clients must have a certificate of this authority.
    pub(crate) clients_of: Option<Vec<u8>>,
    /// Only TLS 1.3, which the modem does not speak.
    pub(crate) tls13_only: bool,
}

/// What the server has received in the clear; it echoes everything.
pub(crate) type Received = Rc<RefCell<Vec<u8>>>;

/// Serves TLS at `host` with the certificate given; echoes.
pub(crate) fn serve(
    network: &MemoryNetwork,
    host: &str,
    port: u16,
    (certificate, key): (Vec<u8>, Vec<u8>),
    options: &ServerOptions,
) -> Received {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let versions: &[&rustls::SupportedProtocolVersion] =
        if options.tls13_only { &[&rustls::version::TLS13] } else { &[&rustls::version::TLS12] };
    let builder =
        ServerConfig::builder_with_provider(provider.clone()).with_protocol_versions(versions).unwrap();
    let builder = match &options.clients_of {
        Some(authority) => {
            let mut roots = RootCertStore::empty();
            roots.add(authority.clone().into()).unwrap();
            let verifier =
                WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
            builder.with_client_cert_verifier(verifier)
        }
        None => builder.with_no_client_auth(),
    };
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key));
    let config = Arc::new(builder.with_single_cert(vec![certificate.into()], key).unwrap());
    let received = Received::default();
    let log = received.clone();
    network.serve(host, port, move |_: Duration| {
        let connection = ServerConnection::new(config.clone()).unwrap();
        let peer: Box<dyn PeerConnection> =
            Box::new(TlsPeer { connection, received: log.clone(), closed: false });
        peer
    });
    received
}

struct TlsPeer {
    connection: ServerConnection,
    received: Received,
    closed: bool,
}

impl PeerConnection for TlsPeer {
    fn receive(&mut self, bytes: &[u8], _now: Duration) {
        let mut rest = bytes;
        while !rest.is_empty() {
            if self.connection.read_tls(&mut rest).is_err() {
                self.closed = true;
                return;
            }
            match self.connection.process_new_packets() {
                Ok(state) => {
                    let mut clear = vec![0; state.plaintext_bytes_to_read()];
                    if self.connection.reader().read_exact(&mut clear).is_ok() {
                        self.received.borrow_mut().extend_from_slice(&clear);
                        let _ = self.connection.writer().write_all(&clear);
                    }
                    self.closed |= state.peer_has_closed();
                }
                Err(_) => {
                    self.closed = true;
                    return;
                }
            }
        }
    }

    fn transmit(&mut self, _now: Duration) -> Vec<u8> {
        let mut out = Vec::new();
        while self.connection.wants_write() {
            if self.connection.write_tls(&mut out).is_err() {
                break;
            }
        }
        out
    }

    fn is_closed(&self) -> bool {
        self.closed
    }

    fn next_event(&self, _now: Duration) -> Option<Duration> {
        None
    }
}
