//! The modem: power-up, attach, root certificate, one TLS socket that is written to and read from.

#![no_std]
#![no_main]

use sara_u201::{Apn, Certificate, Config, Error, Modem, NoWiring, TlsProfile};
use size_probes::{Room, Serial, Ticks, keep, unknown_bytes};

static MODEM: Room<Modem<Serial, NoWiring, Ticks>> = Room::new();

const ROOT: Certificate<'_> = Certificate::root("root", &[0x30; 64]);

#[cortex_m_rt::entry]
fn main() -> ! {
    let modem = MODEM.fill(Modem::new(Serial, NoWiring, Ticks));
    loop {
        if run(modem).is_err() {
            keep(&[1]);
        }
    }
}

fn run(modem: &mut Modem<Serial, NoWiring, Ticks>) -> Result<(), Error> {
    modem.start(&Config { pin: Some("1234"), ..Config::new(Apn::new("internet")) })?;
    modem.store_certificate(&ROOT)?;
    let mut socket = modem.connect_tls("mqtt.googleapis.com", 8883, &TlsProfile::new(ROOT.name))?;
    let mut buffer = [0; 64];
    unknown_bytes(&mut buffer);
    embedded_io::Write::write(&mut socket, &buffer)?;
    if embedded_io::ReadReady::read_ready(&mut socket)? {
        let count = embedded_io::Read::read(&mut socket, &mut buffer)?;
        keep(buffer.get(..count).unwrap_or_default());
    }
    socket.close()
}
