//! A request for a certificate, signed by the secure element (the sketch `ECCX08CSR`).
#![cfg_attr(target_os = "none", no_std, no_main)]

firmware::only_on_the_board!();

#[cfg(target_os = "none")]
mod board {
    use core::fmt::Write;

    use eccx08::Slot;
    use firmware::{ElementError, with_element};
    use jwt_signer::x509::{CertificationRequest, DistinguishedName, SignCertificateError};
    use jwt_signer::{Pem, PublicKey};
    use mkr_gsm_1400::entry;
    use tutorial::Console;

    #[entry]
    fn main() -> ! {
        with_element(|element, monitor| {
            let (mut organization, mut name) = ([0; 64], [0; 64]);
            let _ = writeln!(monitor, "Organization? (may be empty)");
            let organization_name = monitor.read_line(&mut organization);
            let _ = writeln!(monitor, "Common name, such as the device id?");
            let common_name = monitor.read_line(&mut name);
            let subject =
                DistinguishedName { organization_name, common_name, ..DistinguishedName::default() };
            let key = PublicKey::from_bytes(
                element.key(Slot::S0).public_key().map_err(SignCertificateError::Signer)?,
            );
            let mut buffer = [0; 512];
            let der =
                CertificationRequest::new(subject, key).sign(&mut element.key(Slot::S0), &mut buffer)?;
            let _ = write!(monitor, "{}", Pem::certificate_request(der));
            Ok::<_, SignCertificateError<ElementError>>(())
        })
    }
}
