//! Gets a page by HTTPS, the server's certificate and name checked (the sketch `GsmSSLWebClient`).
#![cfg_attr(target_os = "none", no_std, no_main)]

firmware::only_on_the_board!();

#[cfg(target_os = "none")]
mod board {
    use core::fmt::Write as _;

    use embedded_io::{Read, Write};
    use firmware::{Gsm, ROOTS, with_modem};
    use mkr_gsm_1400::entry;
    use sara_u201::TlsProfile;
    use tutorial::Console;

    #[entry]
    fn main() -> ! {
        with_modem(|Gsm { modem, config, monitor }| {
            if !modem.is_ready() {
                modem.start(&config)?;
            }
            let Some(root) = ROOTS.first() else { return Ok(()) };
            let _ = writeln!(monitor, "Host, with a certificate under {}?", root.name);
            let mut line = [0; 64];
            let host = monitor.read_line(&mut line);
            modem.store_certificate(root)?;
            let mut socket = modem.connect_tls(host, 443, &TlsProfile::new(root.name))?;
            for part in ["GET / HTTP/1.0\r\nHost: ", host, "\r\n\r\n"] {
                socket.write_all(part.as_bytes())?;
            }
            let mut buffer = [0; 256];
            loop {
                match socket.read(&mut buffer)? {
                    0 => return socket.close(),
                    count => monitor.0.write(buffer.get(..count).unwrap_or_default()),
                }
            }
        })
    }
}
