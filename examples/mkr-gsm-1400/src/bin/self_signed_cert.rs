//! A certificate that the secure element signs itself, kept in its slot 10 (the sketch `ECCX08SelfSignedCert`).
#![cfg_attr(target_os = "none", no_std, no_main)]

firmware::only_on_the_board!();

#[cfg(target_os = "none")]
mod board {
    use core::fmt::Write;

    use eccx08::Slot;
    use eccx08::cert::{LoadCertificate, StoreCertificate};
    use firmware::{ElementError, with_element};
    use jwt_signer::x509::{DistinguishedName, SelfSignedCertificate, SignCertificateError, Style, Validity};
    use jwt_signer::{Pem, PublicKey};
    use mkr_gsm_1400::entry;
    use tutorial::Console;

    const SLOT: Slot = Slot::S10;

    #[entry]
    fn main() -> ! {
        with_element(|element, monitor| {
            let mut name = [0; 64];
            let _ = writeln!(monitor, "Common name, such as the device id?");
            let common_name = monitor.read_line(&mut name);
            let subject = DistinguishedName { common_name, ..DistinguishedName::default() };
            let key = PublicKey::from_bytes(
                element.key(Slot::S0).public_key().map_err(SignCertificateError::Signer)?,
            );
            let _ = writeln!(monitor, "Sign a new one, good from 2026 for 10 years? (y/N)");
            if monitor.read_line(&mut [0; 4]).starts_with(['y', 'Y']) {
                let certificate = SelfSignedCertificate::new(subject, key, Validity::new(2026, 1, 1, 0, 10)?);
                let digest = certificate.digest()?;
                let signature = element.key(Slot::S0).sign(&digest).map_err(SignCertificateError::Signer)?;
                if let Some(store) = StoreCertificate::new(SLOT, &certificate.compress(&signature)) {
                    element.run(store).map_err(SignCertificateError::Signer)?;
                }
            }
            let Some(load) = LoadCertificate::new(SLOT) else { return Ok(()) };
            let stored = element.run(load).map_err(SignCertificateError::Signer)?;
            let certificate = SelfSignedCertificate::new(subject, key, stored.validity(Style::Rfc5280)?);
            let mut buffer = [0; 512];
            let der = certificate.encode(stored.signature(), &mut buffer)?;
            let _ = write!(monitor, "{}", Pem::certificate(der));
            Ok::<_, SignCertificateError<ElementError>>(())
        })
    }
}
