//! Certificates and TLS profiles in the modem.

use super::{Command, Reply, Spec};
use crate::at::{CommandLine, Fields};
use crate::certificate::CertificateKind;

/// `AT+USECMNG=0`: imports a certificate or key, whose bytes are given to the engine; answers its MD5.
#[derive(Clone, Copy, Debug)]
pub struct CertificateUpload<'n> {
    /// What it is.
    pub kind: CertificateKind,
    /// Its name in the modem.
    pub name: &'n str,
    /// Its length.
    pub length: u16,
}

impl Command for CertificateUpload<'_> {
    type Response = Option<[u8; 16]>;

    fn spec(&self) -> &'static Spec {
        const { &Spec::new("+USECMNG=").reply(Reply::Maybe).within(Spec::SOCKET).prompt(b'>') }
    }

    fn encode(&self, line: &mut CommandLine) {
        line.number(0u8).number(self.kind.number()).text(self.name).number(self.length);
    }

    fn decode(&self, answer: Fields<'_>) -> Option<Option<[u8; 16]>> {
        Some(md5(answer))
    }
}

/// `AT+USECMNG=4`: the MD5 of what is stored under a name, in DER form.
#[derive(Clone, Copy, Debug)]
pub struct CertificateMd5<'n> {
    /// What it is.
    pub kind: CertificateKind,
    /// Its name in the modem.
    pub name: &'n str,
}

impl Command for CertificateMd5<'_> {
    type Response = [u8; 16];

    fn spec(&self) -> &'static Spec {
        const { &Spec::new("+USECMNG=").reply(Reply::Line).within(Spec::SOCKET) }
    }

    fn encode(&self, line: &mut CommandLine) {
        line.number(4u8).number(self.kind.number()).text(self.name);
    }

    fn decode(&self, answer: Fields<'_>) -> Option<[u8; 16]> {
        md5(answer)
    }
}

/// `AT+USECMNG=2`: removes what is stored under a name.
#[derive(Clone, Copy, Debug)]
pub struct RemoveCertificate<'n> {
    /// What it is.
    pub kind: CertificateKind,
    /// Its name in the modem.
    pub name: &'n str,
}

impl Command for RemoveCertificate<'_> {
    type Response = ();

    fn spec(&self) -> &'static Spec {
        const { &Spec::new("+USECMNG=").within(Spec::SOCKET) }
    }

    fn encode(&self, line: &mut CommandLine) {
        line.number(2u8).number(self.kind.number()).text(self.name);
    }

    fn decode(&self, _: Fields<'_>) -> Option<()> {
        Some(())
    }
}

/// `AT+USECPRF=profile`: sets a profile back to its defaults.
#[derive(Clone, Copy, Debug)]
pub struct ProfileReset(pub u8);

impl Command for ProfileReset {
    type Response = ();

    fn spec(&self) -> &'static Spec {
        const { &Spec::new("+USECPRF=").within(Spec::SOCKET) }
    }

    fn encode(&self, line: &mut CommandLine) {
        line.number(self.0);
    }

    fn decode(&self, _: Fields<'_>) -> Option<()> {
        Some(())
    }
}

/// `AT+USECPRF=profile,op,number`.
#[derive(Clone, Copy, Debug)]
pub struct ProfileNumber {
    /// The profile, 0 to 4.
    pub profile: u8,
    /// Which setting.
    pub op: u8,
    /// Its value.
    pub number: u8,
}

impl ProfileNumber {
    /// Op of the verification: 0 none (the modem's default), 1 chain, 2 and host name, 3 and dates.
    pub const VERIFICATION: u8 = 0;
    /// Op of the lowest TLS version: 0 any, 1 TLS 1.0, 2 TLS 1.1, 3 TLS 1.2.
    pub const MINIMUM_VERSION: u8 = 1;
    /// Op of the cipher suite: 0 leaves the choice to the modem.
    pub const CIPHER_SUITE: u8 = 2;
}

impl Command for ProfileNumber {
    type Response = ();

    fn spec(&self) -> &'static Spec {
        const { &Spec::new("+USECPRF=").within(Spec::SOCKET) }
    }

    fn encode(&self, line: &mut CommandLine) {
        line.number(self.profile).number(self.op).number(self.number);
    }

    fn decode(&self, _: Fields<'_>) -> Option<()> {
        Some(())
    }
}

/// `AT+USECPRF=profile,op,"text"`.
#[derive(Clone, Copy, Debug)]
pub struct ProfileText<'t> {
    /// The profile, 0 to 4.
    pub profile: u8,
    /// Which setting.
    pub op: u8,
    /// Its value.
    pub text: &'t str,
}

impl ProfileText<'_> {
    /// Op of the trusted root's name in the modem.
    pub const ROOT: u8 = 3;
    /// Op of the host name that the server's certificate must carry.
    pub const HOST_NAME: u8 = 4;
    /// Op of the client certificate's name in the modem.
    pub const CLIENT_CERTIFICATE: u8 = 5;
    /// Op of the client key's name in the modem.
    pub const CLIENT_KEY: u8 = 6;
    /// Op of the server name indication (refused by SARA-U2 firmware seen in the field).
    pub const SERVER_NAME_INDICATION: u8 = 10;
}

impl Command for ProfileText<'_> {
    type Response = ();

    fn spec(&self) -> &'static Spec {
        const { &Spec::new("+USECPRF=").within(Spec::SOCKET) }
    }

    fn encode(&self, line: &mut CommandLine) {
        line.number(self.profile).number(self.op).text(self.text);
    }

    fn decode(&self, _: Fields<'_>) -> Option<()> {
        Some(())
    }
}

/// Reads `op,type,"name","md5"`.
fn md5(mut answer: Fields<'_>) -> Option<[u8; 16]> {
    let (_op, _kind, _name) = (answer.raw()?, answer.raw()?, answer.raw()?);
    let digits = answer.bytes()?;
    if digits.len() != 32 {
        return None;
    }
    let mut md5 = [0; 16];
    for (byte, pair) in md5.iter_mut().zip(digits.chunks(2)) {
        *byte = u8::try_from(Fields::new(pair).hex()?).ok()?;
    }
    Some(md5)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_md5_of_a_certificate_is_read() {
        let command = CertificateMd5 { kind: CertificateKind::Root, name: "r" };
        let answer = br#" 4,0,"r","00112233445566778899AABBccddeeff""#;
        let expected =
            [0, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff];
        assert_eq!(command.decode(Fields::new(answer)), Some(expected));
        assert_eq!(command.decode(Fields::new(br#" 4,0,"r","0011""#)), None);
    }
}
