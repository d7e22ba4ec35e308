//! Certificates that the element signs, and the 72 bytes of one that it keeps.

mod support;

use eccx08::cert::{LoadCertificate, StoreCertificate};
use eccx08::{Eccx08, Error, Slot};
use eccx08_sim::{Fault, Profile, Sim, Torn, Trigger};
use jwt_signer::x509::{
    CertificateError, CertificationRequest, CompressedCertificate, DistinguishedName, SelfSignedCertificate,
    Style, Validity,
};
use jwt_signer::{Es256Signer, PublicKey};
use p256::ecdsa::signature::Verifier;
use p256::ecdsa::{DerSignature, VerifyingKey};
use support::{Element, element, provision, provisioned};
use x509_cert::Certificate;
use x509_cert::der::{Decode, Encode};
use x509_cert::request::CertReq;

const SUBJECT: DistinguishedName<'_> = DistinguishedName {
    country_name: "IT",
    state_or_province_name: "",
    locality_name: "",
    organization_name: "Example",
    organizational_unit_name: "",
    common_name: "0123456789ABCDEFEE",
};

fn public_key(element: &mut Element) -> PublicKey {
    PublicKey::from_bytes(element.key(Slot::S0).public_key().unwrap())
}

fn verifying_key(key: &PublicKey) -> VerifyingKey {
    VerifyingKey::from_sec1_bytes(&[&[4][..], key.as_bytes()].concat()).unwrap()
}

/// Signs a certificate and gives its compressed form.
fn compressed(element: &mut Element, style: Style) -> CompressedCertificate {
    let validity = Validity::new(2026, 11, 23, 7, 10).unwrap();
    let certificate = SelfSignedCertificate::new(SUBJECT, public_key(element), validity).with_style(style);
    let digest = certificate.digest().unwrap();
    let signature = element.key(Slot::S0).sign_digest(&digest).unwrap();
    certificate.compress(&signature)
}

/// Rebuilds a certificate and tells whether its signature is good.
fn verifies(key: PublicKey, stored: &CompressedCertificate, style: Style) -> Result<bool, CertificateError> {
    let certificate = SelfSignedCertificate::new(SUBJECT, key, stored.validity(style)?).with_style(style);
    let mut buffer = [0; 512];
    let read = Certificate::from_der(certificate.encode(stored.signature(), &mut buffer)?).unwrap();
    let signature = DerSignature::try_from(read.signature().raw_bytes()).unwrap();
    Ok(verifying_key(&key).verify(&read.tbs_certificate().to_der().unwrap(), &signature).is_ok())
}

#[test]
fn the_element_signs_a_request() {
    let (_, mut element) = element(Sim::builder(Profile::Atecc608a).nv(provisioned(Profile::Atecc608a)));
    let key = public_key(&mut element);
    let mut buffer = [0; 512];
    let der = CertificationRequest::new(SUBJECT, key).sign(&mut element.key(Slot::S0), &mut buffer).unwrap();
    let read = CertReq::from_der(der).unwrap();
    let signature = DerSignature::try_from(read.signature.raw_bytes()).unwrap();
    verifying_key(&key).verify(&read.info.to_der().unwrap(), &signature).unwrap();
}

#[test]
fn every_open_slot_keeps_a_certificate_of_either_style() {
    for profile in Profile::ALL {
        let (sim, mut element) = element(Sim::builder(profile));
        provision(&mut element);
        for style in [Style::Rfc5280, Style::Arduino] {
            let certificate = compressed(&mut element, style);
            for slot in &Slot::ALL[8..15] {
                element.run(StoreCertificate::new(*slot, &certificate).unwrap()).unwrap();
                let stored = element.run(LoadCertificate::new(*slot).unwrap()).unwrap();
                assert_eq!(verifies(public_key(&mut element), &stored, style), Ok(true));
            }
        }
        assert_eq!(sim.report().misuses, 0);
    }
}

#[test]
fn slots_that_are_too_small_are_known_beforehand() {
    let certificate = CompressedCertificate::from_bytes([0; 72]);
    for slot in &Slot::ALL[..8] {
        assert!(StoreCertificate::new(*slot, &certificate).is_none());
        assert!(LoadCertificate::new(*slot).is_none());
    }
}

/// Slot 15 is secret and never written in the configuration of the tutorial.
#[test]
fn a_closed_slot_is_refused_by_the_element() {
    let (_, mut element) = element(Sim::builder(Profile::Atecc608a).nv(provisioned(Profile::Atecc608a)));
    let certificate = compressed(&mut element, Style::Rfc5280);
    let refused = element.run(StoreCertificate::new(Slot::S15, &certificate).unwrap());
    assert!(matches!(refused, Err(Error::Refused { .. })), "{refused:?}");
}

#[test]
fn a_certificate_that_was_cut_short_is_known() {
    for torn in [Torn::Before, Torn::Half, Torn::After] {
        for write in 0..6 {
            let (sim, mut element) =
                element(Sim::builder(Profile::Atecc608a).nv(provisioned(Profile::Atecc608a)));
            let first = compressed(&mut element, Style::Rfc5280);
            element.run(StoreCertificate::new(Slot::S10, &first).unwrap()).unwrap();
            let second = compressed(&mut element, Style::Rfc5280);
            assert_ne!(first, second);

            sim.script(Trigger::NonVolatileWrite(write), Fault::PowerCut(torn));
            let stored = element.run(StoreCertificate::new(Slot::S10, &second).unwrap());
            let cut = sim.report().faults > 0;
            assert_eq!(cut, stored.is_err());
            sim.power_on();
            let mut element = Eccx08::new(sim.bus(), sim.delay());
            let loaded = element.run(LoadCertificate::new(Slot::S10).unwrap()).unwrap();
            if [first, second].contains(&loaded) {
                assert!(cut || loaded == second);
            } else {
                let good = verifies(public_key(&mut element), &loaded, Style::Rfc5280);
                let known = match torn {
                    Torn::Half => good != Ok(true),
                    _ => good == Err(CertificateError::InvalidDate),
                };
                assert!(known, "write {write}, {torn:?}: {good:?}");
            }
        }
    }
}
