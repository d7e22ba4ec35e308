//! Requests and certificates, read by x509-cert and OpenSSL, and equal to another library's byte by byte.

use std::io::Write;
use std::process::{Command, Stdio};

use jwt_signer::x509::{
    CertificateError, CertificationRequest, CompressedCertificate, DistinguishedName, SelfSignedCertificate,
    SignCertificateError, Style, Validity,
};
use jwt_signer::{Es256Signer, Pem, SoftwareSigner};
use p256::ecdsa::signature::Verifier;
use p256::ecdsa::{DerSignature, SigningKey, VerifyingKey};
use proptest::prelude::*;
use sha2::{Digest, Sha256};
use x509_cert::der::{Decode, Encode};
use x509_cert::ext::pkix::BasicConstraints;
use x509_cert::request::CertReq;
use x509_cert::{Certificate, Version};

/// RFC 6979 appendix A.2.5.
const KEY: [u8; 32] = [
    0xC9, 0xAF, 0xA9, 0xD8, 0x45, 0xBA, 0x75, 0x16, 0x6B, 0x5C, 0x21, 0x57, 0x67, 0xB1, 0xD6, 0x93, 0x4E,
    0x50, 0xC3, 0xDB, 0x36, 0xE8, 0x9B, 0x12, 0x7B, 0x8A, 0x62, 0x2B, 0x12, 0x0F, 0x67, 0x21,
];

const SUBJECT: DistinguishedName<'_> = DistinguishedName {
    country_name: "DE",
    state_or_province_name: "Baden-W\u{fc}rttemberg",
    locality_name: "Ulm",
    organization_name: "Example",
    organizational_unit_name: "Devices",
    common_name: "MyMKRGSM1400",
};

fn signer() -> SoftwareSigner {
    SoftwareSigner::new(SigningKey::from_slice(&KEY).unwrap())
}

fn verifying_key() -> VerifyingKey {
    *SigningKey::from_slice(&KEY).unwrap().verifying_key()
}

fn certificate() -> SelfSignedCertificate<'static> {
    let validity = Validity::new(2026, 11, 23, 7, 30).unwrap();
    SelfSignedCertificate::new(SUBJECT, signer().public_key(), validity)
        .with_serial_number(&[0x00, 0x80, 0xFF, 0x01])
}

fn sha_256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The same request by the Python package cryptography 48, with a deterministic signature.
#[test]
fn a_request_is_another_librarys_byte_by_byte() {
    let mut buffer = [0; 512];
    let der =
        CertificationRequest::new(SUBJECT, signer().public_key()).sign(&mut signer(), &mut buffer).unwrap();
    assert_eq!(der.len(), 305);
    assert_eq!(sha_256(der), "12a4a17c4973a932064f580b2e999e93f55a743afae9d1ff830a0197ecd8adce");
}

/// The same certificate by the Python package cryptography 48, with a deterministic signature.
#[test]
fn a_certificate_is_another_librarys_byte_by_byte() {
    let mut buffer = [0; 512];
    let der = certificate().sign(&mut signer(), &mut buffer).unwrap();
    assert_eq!(der.len(), 494);
    assert_eq!(sha_256(der), "7b32ef7d6521e127d26cf4a7ff0f33656ecb9c6079f77a7c9d6462f96a6f17da");
}

#[test]
fn x509_cert_reads_a_request() {
    let mut buffer = [0; 512];
    let der =
        CertificationRequest::new(SUBJECT, signer().public_key()).sign(&mut signer(), &mut buffer).unwrap();
    let request = CertReq::from_der(der).unwrap();
    assert_eq!(
        request.info.subject.to_string(),
        "CN=MyMKRGSM1400,OU=Devices,O=Example,L=Ulm,ST=Baden-W\u{fc}rttemberg,C=DE"
    );
    assert_eq!(request.info.public_key.to_der().unwrap(), signer().public_key().to_spki_der());
    assert!(request.info.attributes.is_empty());
    let signature = DerSignature::try_from(request.signature.raw_bytes()).unwrap();
    verifying_key().verify(&request.info.to_der().unwrap(), &signature).unwrap();
}

#[test]
fn x509_cert_reads_a_certificate() {
    let mut buffer = [0; 512];
    let der = certificate().sign(&mut signer(), &mut buffer).unwrap();
    let certificate = Certificate::from_der(der).unwrap();
    let body = certificate.tbs_certificate();
    assert_eq!(body.version(), Version::V3);
    assert_eq!(body.serial_number().as_bytes(), [0x00, 0x80, 0xFF, 0x01]);
    assert_eq!(body.issuer(), body.subject());
    assert_eq!(body.validity().not_before.to_string(), "2026-11-23T07:00:00Z");
    assert_eq!(body.validity().not_after.to_string(), "2056-11-23T07:00:00Z");
    let (critical, constraints) = body.get_extension::<BasicConstraints>().unwrap().unwrap();
    assert!(critical && !constraints.ca);
    let signature = DerSignature::try_from(certificate.signature().raw_bytes()).unwrap();
    verifying_key().verify(&body.to_der().unwrap(), &signature).unwrap();
}

/// Runs OpenSSL on `input`; `None` where it is not installed.
fn openssl(arguments: &[&str], input: &str) -> Option<String> {
    let mut child = Command::new("openssl")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .ok()?;
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(output.status.success(), "openssl {arguments:?}: {text}");
    Some(text)
}

#[test]
fn openssl_verifies_a_request() {
    let mut buffer = [0; 512];
    let der =
        CertificationRequest::new(SUBJECT, signer().public_key()).sign(&mut signer(), &mut buffer).unwrap();
    let pem = Pem::certificate_request(der).to_string();
    let Some(text) = openssl(&["req", "-verify", "-noout", "-text", "-utf8", "-nameopt", "utf8"], &pem)
    else {
        return;
    };
    assert!(text.contains("verify OK"), "{text}");
    assert!(text.contains("MyMKRGSM1400"), "{text}");
}

#[test]
fn openssl_takes_a_certificate_as_its_own_anchor() {
    let mut buffer = [0; 512];
    let der = certificate().sign(&mut signer(), &mut buffer).unwrap();
    let pem = Pem::certificate(der).to_string();
    let file = std::env::temp_dir().join(format!("jwt-signer-{}.pem", std::process::id()));
    std::fs::write(&file, &pem).unwrap();
    // 2026-11-24, so that the test does not end with the certificate.
    let arguments = [
        "verify",
        "-check_ss_sig",
        "-x509_strict",
        "-attime",
        "1795500000",
        "-CAfile",
        file.to_str().unwrap(),
    ];
    let verified = openssl(&arguments, &pem);
    std::fs::remove_file(&file).unwrap();
    if let Some(text) = verified {
        assert!(text.contains("stdin: OK"), "{text}");
    }
}

#[test]
fn a_certificate_is_rebuilt_from_72_bytes() {
    let certificate = certificate();
    let signature = signer().sign_digest(&certificate.digest().unwrap()).unwrap();
    let stored = *certificate.compress(&signature).as_bytes();

    let stored = CompressedCertificate::from_bytes(stored);
    let validity = stored.validity(Style::Rfc5280).unwrap();
    let rebuilt = SelfSignedCertificate::new(SUBJECT, signer().public_key(), validity)
        .with_serial_number(&[0x80, 0xFF, 0x01]);
    let (mut first, mut second) = ([0; 512], [0; 512]);
    assert_eq!(
        rebuilt.encode(stored.signature(), &mut first).unwrap(),
        certificate.sign(&mut signer(), &mut second).unwrap()
    );
}

/// Written by hand from the original's wire format, field by field.
#[test]
fn a_certificate_as_the_arduino_library_writes_it() {
    const NAME: &[u8] = b"\x30\x18\x31\x16\x30\x14\x06\x03\x55\x04\x03\x13\x0dMKR_GSM @home";
    let body = [
        b"\x30\x81\xC9\xA0\x03\x02\x01\x02\x02\x01\x01" as &[u8],
        b"\x30\x0a\x06\x08\x2A\x86\x48\xCE\x3D\x04\x03\x02",
        NAME,
        b"\x30\x20\x17\x0d310228050000Z\x18\x0f20620228050000Z",
        NAME,
        &signer().public_key().to_spki_der(),
        b"\xA3\x02\x30\x00",
    ]
    .concat();

    let subject = DistinguishedName { common_name: "MKR_GSM @home", ..Default::default() };
    let validity = Validity::new(2031, 2, 28, 5, 31).unwrap();
    let certificate =
        SelfSignedCertificate::new(subject, signer().public_key(), validity).with_style(Style::Arduino);
    assert_eq!(certificate.digest().unwrap()[..], Sha256::digest(&body)[..]);

    let mut buffer = [0; 512];
    let der = certificate.sign(&mut signer(), &mut buffer).unwrap();
    assert_eq!(der[..3], [0x30, 0x82, 0x01]);
    assert_eq!(&der[4..4 + body.len()], body);
}

#[test]
fn no_years_at_all_last_for_ever() {
    let validity = Validity::new(2024, 2, 29, 0, 0).unwrap();
    let certificate = SelfSignedCertificate::new(SUBJECT, signer().public_key(), validity);
    let mut buffer = [0; 512];
    let der = certificate.sign(&mut signer(), &mut buffer).unwrap();
    let certificate = Certificate::from_der(der).unwrap();
    assert_eq!(certificate.tbs_certificate().validity().not_after.to_string(), "9999-12-31T23:59:59Z");
}

#[test]
fn a_unix_time_is_cut_to_its_hour() {
    let seven = Validity::new(2026, 11, 23, 7, 1);
    assert_eq!(Validity::from_unix(1_795_417_200, 1), seven);
    assert_eq!(Validity::from_unix(1_795_417_200 + 3599, 1), seven);
    assert_eq!(Validity::from_unix(1_795_417_200 + 3600, 1), Validity::new(2026, 11, 23, 8, 1));
}

#[test]
fn dates_that_cannot_be_are_refused() {
    for (year, month, day, hour, years) in [
        (1999, 12, 31, 0, 1),
        (2032, 1, 1, 0, 1),
        (2026, 0, 1, 0, 1),
        (2026, 13, 1, 0, 1),
        (2026, 2, 29, 0, 1),
        (2026, 1, 1, 24, 1),
        (2026, 1, 1, 0, 32),
        // It would end on a 29th of February 2025.
        (2024, 2, 29, 0, 1),
    ] {
        let validity = Validity::new(year, month, day, hour, years);
        assert_eq!(validity, Err(CertificateError::InvalidDate), "{year}-{month}-{day} {hour} +{years}");
    }
    assert!(Validity::new(2024, 2, 29, 0, 4).is_ok());
}

#[test]
fn subjects_and_serial_numbers_that_cannot_be_are_refused() {
    let key = signer().public_key();
    let validity = Validity::new(2026, 1, 1, 0, 1).unwrap();
    let long = "x".repeat(129);
    for (subject, error) in [
        (DistinguishedName::default(), CertificateError::EmptySubject),
        (DistinguishedName { country_name: "D", ..SUBJECT }, CertificateError::InvalidCountry),
        (DistinguishedName { country_name: "de", ..SUBJECT }, CertificateError::InvalidCountry),
        (
            DistinguishedName { common_name: &long[..65], ..SUBJECT },
            CertificateError::AttributeTooLong { attribute: "commonName", limit: 64 },
        ),
        (
            DistinguishedName { locality_name: &long, ..SUBJECT },
            CertificateError::AttributeTooLong { attribute: "localityName", limit: 128 },
        ),
    ] {
        let certificate = SelfSignedCertificate::new(subject, key, validity);
        assert_eq!(certificate.digest(), Err(error));
        let request = CertificationRequest::new(subject, key);
        let refused = request.sign(&mut signer(), &mut [0; 512]).unwrap_err();
        assert!(matches!(refused, SignCertificateError::Certificate(cause) if cause == error), "{subject:?}");
    }
    for serial_number in [&[] as &[u8], &[0, 0], &[1; 21]] {
        let certificate =
            SelfSignedCertificate::new(SUBJECT, key, validity).with_serial_number(serial_number);
        assert_eq!(certificate.digest(), Err(CertificateError::InvalidSerialNumber));
    }
}

#[test]
fn a_buffer_that_is_too_small_is_told_the_length() {
    let mut buffer = [0; 493];
    let signature = signer().sign_digest(&certificate().digest().unwrap()).unwrap();
    assert_eq!(
        certificate().encode(&signature, &mut buffer),
        Err(CertificateError::BufferTooSmall { needed: 494 })
    );
}

/// DER integers are as short as they can be.
#[test]
fn small_r_and_s_are_short_integers() {
    let mut signature = [0; 64];
    signature[31] = 0x7F;
    signature[63] = 0x80;
    let mut buffer = [0; 512];
    let der = certificate().encode(&signature, &mut buffer).unwrap();
    assert!(der.ends_with(&[0x03, 0x0A, 0x00, 0x30, 0x07, 0x02, 0x01, 0x7F, 0x02, 0x02, 0x00, 0x80]));
    Certificate::from_der(der).unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_certificate_is_read_again(
        texts in proptest::array::uniform4("[ -~]{0,20}|[\u{e4}-\u{fc}]{0,10}"),
        common_name in "[ -~]{1,64}",
        serial_number in proptest::collection::vec(any::<u8>(), 1..=20),
        date in (2000..=2031_u16, 1..=12_u8, 1..=28_u8, 0..=23_u8, 0..=31_u8),
        signature in proptest::collection::vec(any::<u8>(), 64),
    ) {
        let [state_or_province_name, locality_name, organization_name, organizational_unit_name] = &texts;
        let subject = DistinguishedName {
            country_name: "",
            state_or_province_name,
            locality_name,
            organization_name,
            organizational_unit_name,
            common_name: &common_name,
        };
        prop_assume!(serial_number.iter().any(|byte| *byte != 0));
        let (year, month, day, hour, years) = date;
        let validity = Validity::new(year, month, day, hour, years).unwrap();
        let certificate = SelfSignedCertificate::new(subject, signer().public_key(), validity)
            .with_serial_number(&serial_number);
        let signature = signature.try_into().unwrap();
        let mut buffer = [0; 1024];
        let der = certificate.encode(&signature, &mut buffer).unwrap();
        let read = Certificate::from_der(der).unwrap();
        prop_assert_eq!(read.to_der().unwrap(), der);
        let body = read.tbs_certificate().to_der().unwrap();
        prop_assert_eq!(&Sha256::digest(&body)[..], &certificate.digest().unwrap()[..]);
    }
}
