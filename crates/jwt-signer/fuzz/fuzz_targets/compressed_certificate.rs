//! Any 72 bytes of a slot and any name: a certificate that encodes, or an error.
#![no_main]

use jwt_signer::PublicKey;
use jwt_signer::x509::{CompressedCertificate, DistinguishedName, SelfSignedCertificate, Style};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: ([u8; 72], &str, &[u8], bool)| {
    let (stored, common_name, serial_number, arduino) = input;
    let style = if arduino { Style::Arduino } else { Style::Rfc5280 };
    let stored = CompressedCertificate::from_bytes(stored);
    let Ok(validity) = stored.validity(style) else { return };
    let subject = DistinguishedName { common_name, ..Default::default() };
    let certificate = SelfSignedCertificate::new(subject, PublicKey::from_bytes([0x55; 64]), validity)
        .with_serial_number(serial_number)
        .with_style(style);
    let mut buffer = [0; 1024];
    let encoded = certificate.encode(stored.signature(), &mut buffer).map(<[u8]>::len);
    // One byte less is refused, and with the right length.
    if let Ok(length) = encoded {
        let short = &mut [0; 1024][..length - 1];
        assert!(certificate.encode(stored.signature(), short).is_err());
    }
    assert_eq!(encoded.is_ok(), certificate.digest().is_ok());
});
