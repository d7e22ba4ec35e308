use sara_u201::{Certificate, CertificateKind, Error, Upload};
use sara_u201_sim::Profile;

use crate::support::Bench;
use crate::support::tls::Authority;

#[test]
fn a_certificate_is_sent_only_when_the_modem_has_another() {
    let bench = Bench::new(Profile::default());
    let mut modem = bench.ready();
    let (first, second) = (Authority::new("first"), Authority::new("second"));
    let root = Certificate::root("root", &first.der);
    assert_eq!(modem.store_certificate(&root), Ok(Upload::Stored));
    assert_eq!(modem.store_certificate(&root), Ok(Upload::Present));
    assert_eq!(bench.count("AT+USECMNG=0"), 1);
    // The name is taken, by something else.
    let other = Certificate::root("root", &second.der);
    assert_eq!(modem.store_certificate(&other), Ok(Upload::Stored));
    assert_eq!(modem.store_certificate(&other), Ok(Upload::Present));
}

#[test]
fn the_store_survives_a_restart_of_the_program() {
    let bench = Bench::new(Profile::default());
    let authority = Authority::new("root");
    let root = Certificate::root("root", &authority.der);
    bench.ready().store_certificate(&root).unwrap();
    assert_eq!(bench.ready().store_certificate(&root), Ok(Upload::Present));
}

#[test]
fn what_is_no_certificate_is_refused() {
    let mut modem = Bench::new(Profile::default()).ready();
    let result = modem.store_certificate(&Certificate::root("root", b"no certificate"));
    assert!(matches!(result, Err(Error::Refused { .. })), "{result:?}");
    let result = modem.store_certificate(&Certificate::root("root", &[0x30; 9000]));
    assert_eq!(result, Err(Error::Argument("the certificate")));
}

#[test]
fn a_certificate_can_be_removed() {
    let bench = Bench::new(Profile::default());
    let mut modem = bench.ready();
    let authority = Authority::new("root");
    modem.store_certificate(&Certificate::root("root", &authority.der)).unwrap();
    modem.remove_certificate(CertificateKind::Root, "root").unwrap();
    let result = modem.remove_certificate(CertificateKind::Root, "root");
    assert!(matches!(result, Err(Error::Refused { .. })), "{result:?}");
}
