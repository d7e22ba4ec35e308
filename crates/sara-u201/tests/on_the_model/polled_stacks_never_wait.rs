use core::net::{IpAddr, SocketAddr, SocketAddrV4};
use core::time::Duration;

use embedded_io::Write as _;
use embedded_nal::{AddrType, Dns, TcpClientStack, TcpError, TcpErrorKind, UdpClientStack};
use sara_u201::{Config, ConnectReason, DataMode, Error};
use sara_u201_sim::{DatagramPeer, Profile, adversarial_payload};

use crate::support::peers::{script, serve};
use crate::support::{Bench, TestModem, config};

/// Polls until there is a result, moving the clock itself: the call must not.
fn poll<R>(
    bench: &Bench,
    modem: &mut TestModem,
    mut call: impl FnMut(&mut TestModem) -> nb::Result<R, Error>,
) -> Result<R, Error> {
    let limit = bench.clock.elapsed() + Duration::from_secs(300);
    let mut waits = 0;
    while bench.clock.elapsed() < limit {
        let before = bench.clock.elapsed();
        let result = call(modem);
        // Less than a byte's time on the line, for a place in the serial port's buffer.
        assert!(bench.clock.elapsed() - before < Duration::from_micros(90), "the call waited");
        match result {
            Ok(response) => {
                assert!(waits > 0, "no modem answers at once");
                return Ok(response);
            }
            Err(nb::Error::Other(error)) => return Err(error),
            Err(nb::Error::WouldBlock) => waits += 1,
        }
        bench.clock.advance(Duration::from_millis(1));
        bench.simulation.catch_up();
    }
    panic!("polled for five minutes");
}

fn address(bench: &Bench, modem: &mut TestModem, host: &str, port: u16) -> SocketAddr {
    let ip: IpAddr = poll(bench, modem, |modem| modem.get_host_by_name(host, AddrType::IPv4)).unwrap();
    SocketAddr::new(ip, port)
}

#[test]
fn tcp_connects_sends_and_receives_by_polls() {
    for data_mode in [DataMode::Hex, DataMode::Binary] {
        let bench = Bench::new(Profile::default());
        let peer = script();
        peer.borrow_mut().echo = true;
        peer.borrow_mut().close_after = Some(2000);
        serve(&bench.network, "host.example", 80, &peer);
        let mut modem = bench.modem();
        modem.start(&Config { data_mode, ..config() }).unwrap();
        let remote = address(&bench, &mut modem, "host.example", 80);
        let mut socket = TcpClientStack::socket(&mut modem).unwrap();
        poll(&bench, &mut modem, |modem| TcpClientStack::connect(modem, &mut socket, remote)).unwrap();
        let data = adversarial_payload(3, 2000);
        let mut sent = 0;
        while sent < data.len() {
            sent += poll(&bench, &mut modem, |modem| TcpClientStack::send(modem, &mut socket, &data[sent..]))
                .unwrap();
        }
        let mut back = Vec::new();
        let end = loop {
            // A new buffer at every poll, and a small one.
            let mut part = [0; 33];
            match TcpClientStack::receive(&mut modem, &mut socket, &mut part) {
                Ok(count) => back.extend_from_slice(&part[..count]),
                Err(nb::Error::Other(error)) => break error,
                Err(nb::Error::WouldBlock) => bench.clock.advance(Duration::from_millis(1)),
            }
        };
        assert_eq!(TcpError::kind(&end), TcpErrorKind::PipeClosed);
        assert_eq!(back, data);
        assert_eq!(peer.borrow().received, data);
        assert_eq!(TcpClientStack::close(&mut modem, socket), Ok(()));
    }
}

#[test]
fn blocking_calls_are_refused_while_data_is_under_way_and_lose_nothing() {
    let bench = Bench::new(Profile::default());
    let peer = script();
    peer.borrow_mut().echo = true;
    serve(&bench.network, "host.example", 80, &peer);
    let mut modem = bench.ready();
    let remote = address(&bench, &mut modem, "host.example", 80);
    let mut socket = TcpClientStack::socket(&mut modem).unwrap();
    poll(&bench, &mut modem, |modem| TcpClientStack::connect(modem, &mut socket, remote)).unwrap();
    let data = adversarial_payload(4, 200);
    assert_eq!(poll(&bench, &mut modem, |modem| TcpClientStack::send(modem, &mut socket, &data)), Ok(200));
    let (mut back, mut refused) = (Vec::new(), 0);
    while back.len() < data.len() {
        let mut part = [0; 64];
        match TcpClientStack::receive(&mut modem, &mut socket, &mut part) {
            Ok(count) => back.extend_from_slice(&part[..count]),
            Err(nb::Error::WouldBlock) => {}
            Err(error) => panic!("{error:?}"),
        }
        match modem.signal() {
            Ok(_) => {}
            Err(Error::Busy) => {
                refused += 1;
                assert_eq!(modem.start(&config()), Err(Error::Busy));
                bench.clock.advance(Duration::from_millis(1));
            }
            Err(error) => panic!("{error:?}"),
        }
        let _ = modem.poll_urc();
    }
    assert_eq!(back, data);
    assert!(refused > 0);
    TcpClientStack::close(&mut modem, socket).unwrap();
}

#[test]
fn what_nobody_polls_is_given_up_in_time() {
    let bench = Bench::new(Profile::default());
    let peer = script();
    serve(&bench.network, "host.example", 80, &peer);
    let mut modem = bench.ready();
    let remote = address(&bench, &mut modem, "host.example", 80);
    let mut left = TcpClientStack::socket(&mut modem).unwrap();
    assert_eq!(TcpClientStack::connect(&mut modem, &mut left, remote), Err(nb::Error::WouldBlock));
    assert_eq!(modem.signal(), Err(Error::Busy));
    bench.clock.advance(Duration::from_secs(15));
    // The modem answers again, and the other call learns that its time is over.
    let mut socket = modem.connect("host.example", 80).unwrap();
    socket.write_all(b"x").unwrap();
    socket.close().unwrap();
    let result = poll(&bench, &mut modem, |modem| TcpClientStack::connect(modem, &mut left, remote));
    assert_eq!(result, Err(Error::Timeout { command: "+USOCR=" }));
}

#[test]
fn refusals_keep_their_reason() {
    let bench = Bench::new(Profile::default());
    bench.network.add_host("host.example");
    let mut modem = bench.ready();
    let remote = address(&bench, &mut modem, "host.example", 81);
    let mut socket = TcpClientStack::socket(&mut modem).unwrap();
    let result = poll(&bench, &mut modem, |modem| TcpClientStack::connect(modem, &mut socket, remote));
    assert!(
        matches!(result, Err(Error::Connect(error)) if error.reason == ConnectReason::Refused),
        "{result:?}"
    );
    TcpClientStack::close(&mut modem, socket).unwrap();
    let result = poll(&bench, &mut modem, |modem| modem.get_host_by_name("nowhere.example", AddrType::IPv4));
    assert!(matches!(result, Err(Error::Refused { .. })), "{result:?}");
}

struct Mirror;

impl DatagramPeer for Mirror {
    fn receive(&mut self, _from: SocketAddrV4, datagram: &[u8], _now: Duration) -> Vec<Vec<u8>> {
        vec![datagram.iter().rev().copied().collect()]
    }
}

#[test]
fn datagrams_go_both_ways_by_polls() {
    let bench = Bench::new(Profile::default());
    bench.network.serve_datagrams("host.example", 7, Mirror);
    let mut modem = bench.ready();
    let remote = address(&bench, &mut modem, "host.example", 7);
    let mut socket = UdpClientStack::socket(&mut modem).unwrap();
    UdpClientStack::connect(&mut modem, &mut socket, remote).unwrap();
    for _ in 0..3 {
        poll(&bench, &mut modem, |modem| UdpClientStack::send(modem, &mut socket, b"abc\r\nOK\r\n")).unwrap();
        let small =
            poll(&bench, &mut modem, |modem| UdpClientStack::receive(modem, &mut socket, &mut [0; 4]));
        assert!(matches!(small, Err(Error::Argument(_))), "{small:?}");
        let mut back = [0; 64];
        let received = UdpClientStack::receive(&mut modem, &mut socket, &mut back);
        assert_eq!(received, Ok((9, remote)));
        assert_eq!(&back[..9], b"\n\rKO\n\rcba");
    }
    let long = UdpClientStack::send(&mut modem, &mut socket, &[0; 513]);
    assert!(matches!(long, Err(nb::Error::Other(Error::Argument(_)))), "{long:?}");
    UdpClientStack::close(&mut modem, socket).unwrap();
}
