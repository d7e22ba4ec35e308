//! The host's own sockets behind the module, in real time.

mod terminal;

use std::io::{Read, Write};
use std::net::TcpListener;

use sara_u201_sim::HostNetwork;
use terminal::{Terminal, quick};

#[test]
fn a_real_listener_is_reached_by_name() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a caller");
        let mut greeting = [0; 5];
        stream.read_exact(&mut greeting).expect("a greeting");
        stream.write_all(b"and good-bye").expect("an answer");
        greeting
    });
    let mut network = HostNetwork::new();
    network.route("server.example", 443, address);
    let mut terminal = Terminal::online(quick(), network);
    // From here on real time matters.
    terminal.wait = terminal.simulation.clock().paced(10.0);
    terminal.ok("AT+USOCR=6");
    terminal.ok("AT+USOCO=0,\"server.example\",443");
    terminal.with_data("AT+USOWR=0,5", b"@", b"hello");
    assert_eq!(terminal.urc("+UUSORD: "), "0,12");
    assert_eq!(terminal.ok("AT+USORD=0,64"), "+USORD: 0,12,\"and good-bye\"");
    assert_eq!(terminal.urc("+UUSOCL: "), "0");
    assert_eq!(&server.join().expect("the server ends"), b"hello");
    terminal.ok("AT+USOCR=6");
    assert_eq!(terminal.command("AT+USOCO=0,\"elsewhere.example\",443"), "\r\nERROR\r\n");
}
