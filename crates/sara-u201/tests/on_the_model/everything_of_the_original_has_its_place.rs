//! One small use of each thing that the original library offers beside sockets.

use core::net::{Ipv4Addr, SocketAddrV4};
use core::time::Duration;

use embedded_nal::{AddrType, Dns, TcpClientStack};
use monoclock::{Clock, Millis};
use sara_u201::{
    Bands, Config, Error, HttpRequest, NetworkTime, Pong, PowerSaving, RadioAccess, SampleRate, Traced,
    Validity,
};
use sara_u201_sim::{Profile, SimCard};

use crate::support::peers::{script, serve};
use crate::support::{Bench, Wires, config};

#[test]
fn identities_are_read() {
    let mut modem = Bench::new(Profile::default()).ready();
    assert_eq!(modem.imei().unwrap(), "356726109314829");
    assert_eq!(modem.imsi().unwrap(), "204046612345678");
    assert_eq!(modem.iccid().unwrap(), "8931440300001234567");
    assert_eq!(modem.model().unwrap(), "SARA-U201");
    assert_eq!(modem.firmware().unwrap(), "23.60");
}

#[test]
fn the_network_is_described() {
    let mut modem = Bench::new(Profile::default()).ready();
    assert_eq!(modem.signal().unwrap().strength_dbm, Some(-71));
    assert_eq!(modem.operator().unwrap().unwrap(), "Simulated Mobile");
    let operators = modem.scan::<4>().unwrap();
    assert!(operators.iter().any(|operator| operator.identity == "20404"), "{operators:?}");
    assert_eq!(modem.address(), Ok(Ipv4Addr::new(10, 64, 7, 21)));
}

#[test]
fn bands_and_radio_access_are_chosen_apart() {
    let bench = Bench::new(Profile::default());
    let mut modem = bench.ready();
    let bands = Bands::GSM_900.and(Bands::UMTS_2100);
    modem.set_bands(bands).unwrap();
    assert_eq!(modem.bands(), Ok(bands));
    modem.set_radio_access(RadioAccess::PreferUmts).unwrap();
    assert_eq!(modem.radio_access(), Ok(RadioAccess::PreferUmts));
    assert!(!modem.is_ready());
    modem.start(&config()).unwrap();
}

#[test]
fn packet_data_is_given_up_and_taken_again() {
    let bench = Bench::new(Profile::default());
    let peer = script();
    serve(&bench.network, "host.example", 80, &peer);
    let mut modem = bench.ready();
    let old = modem.connect("host.example", 80).unwrap().detach();
    modem.detach().unwrap();
    assert_eq!(modem.socket(old).err(), Some(Error::Closed));
    modem.start(&config()).unwrap();
    modem.connect("host.example", 80).unwrap().close().unwrap();
    assert_eq!(modem.socket(old).err(), Some(Error::Closed), "an old handle is not the new socket");
}

#[test]
fn the_sim_is_managed() {
    let sim = SimCard { pin: Some("1234".into()), ..SimCard::default() };
    let bench = Bench::new(Profile { sim, ..Profile::default() });
    let mut modem = bench.modem();
    modem.start(&Config { pin: Some("1234"), ..config() }).unwrap();
    assert_eq!(modem.pin_request(), Ok(true));
    modem.change_pin("1234", "4321").unwrap();
    modem.set_pin_request(false, "4321").unwrap();
    assert_eq!(modem.pin_request(), Ok(false));
    assert_eq!(modem.tries_left().unwrap().pin, 3);
}

#[test]
fn hosts_are_looked_up_and_pinged() {
    let bench = Bench::new(Profile::default());
    let address = bench.network.add_host("host.example");
    let mut modem = bench.ready();
    assert_eq!(modem.resolve("host.example"), Ok(address));
    assert!(modem.resolve("nowhere.example").is_err());
    let pong = modem.ping("host.example", Millis::from_secs(5)).unwrap();
    assert!(matches!(pong, Pong::Echo { .. }), "{pong:?}");
    bench.network.black_hole("host.example");
    let pong = modem.ping("host.example", Millis::from_secs(5)).unwrap();
    assert_eq!(pong, Pong::Lost);
}

#[test]
fn the_time_comes_by_sntp_where_the_network_is_silent() {
    let bench = Bench::new(Profile::default());
    bench.network.serve_datagrams("time.example", 123, |_: SocketAddrV4, request: &[u8], now: Duration| {
        assert_eq!(request.len(), 48);
        let mut answer = vec![0; 48];
        answer[0] = 0x24;
        answer[1] = 1;
        let seconds = 1_795_413_600 + now.as_secs() + 2_208_988_800;
        answer[40..44].copy_from_slice(&u32::try_from(seconds).unwrap().to_be_bytes());
        vec![answer]
    });
    let mut modem = bench.ready();
    let time = modem.sntp_time("time.example", Millis::from_secs(5), Validity::DEFAULT).unwrap();
    let expected = 1_795_413_600 + bench.clock.elapsed().as_secs();
    assert!(time.unix_seconds().unwrap().abs_diff(expected) <= 2, "{time:?}");
    bench.network.serve_datagrams("silent.example", 123, |_: SocketAddrV4, _: &[u8], _: Duration| Vec::new());
    let time = modem.sntp_time("silent.example", Millis::from_secs(5), Validity::DEFAULT);
    assert_eq!(time, Ok(NetworkTime::Unset));
}

#[test]
fn embedded_nal_connects_by_address() {
    let bench = Bench::new(Profile::default());
    let peer = script();
    peer.borrow_mut().echo = true;
    serve(&bench.network, "host.example", 80, &peer);
    let mut modem = bench.ready();
    let clock = bench.simulation.clock();
    let address = loop {
        match modem.get_host_by_name("host.example", AddrType::IPv4) {
            Ok(address) => break address,
            Err(nb::Error::WouldBlock) => clock.wait(clock.now() + Millis(10)),
            Err(nb::Error::Other(error)) => panic!("{error}"),
        }
    };
    let mut socket = TcpClientStack::socket(&mut modem).unwrap();
    while let Err(error) = TcpClientStack::connect(&mut modem, &mut socket, (address, 80).into()) {
        assert_eq!(error, nb::Error::WouldBlock);
        clock.wait(clock.now() + Millis(10));
    }
    while let Err(error) = TcpClientStack::send(&mut modem, &mut socket, b"hello") {
        assert_eq!(error, nb::Error::WouldBlock);
        clock.wait(clock.now() + Millis(10));
    }
    let mut buffer = [0; 8];
    let count = loop {
        match TcpClientStack::receive(&mut modem, &mut socket, &mut buffer) {
            Ok(count) => break count,
            Err(nb::Error::WouldBlock) => clock.wait(clock.now() + Millis(10)),
            Err(nb::Error::Other(error)) => panic!("{error}"),
        }
    };
    assert_eq!(&buffer[..count], b"hello");
    TcpClientStack::close(&mut modem, socket).unwrap();
}

#[test]
fn files_are_kept_bit_exact() {
    let mut modem = Bench::new(Profile::default()).ready();
    let data: Vec<u8> = b"\r\nOK\r\n\"".iter().copied().chain(0..=255).collect();
    modem.append_file("notes", &data).unwrap();
    assert_eq!(modem.file_size("notes"), Ok(u32::try_from(data.len()).unwrap()));
    let mut back = [0; 100];
    assert_eq!(modem.read_file("notes", 3, &mut back), Ok(100));
    assert_eq!(back[..], data[3..103]);
    assert_eq!(modem.files::<4>().unwrap().first().map(|name| name.as_str()), Some("notes"));
    assert!(modem.free_space().unwrap() > 0);
    modem.delete_file("notes").unwrap();
    assert!(modem.delete_file("notes").is_err());
}

#[test]
fn the_modem_fetches_a_page_into_a_file() {
    let bench = Bench::new(Profile::default());
    let peer = script();
    serve(&bench.network, "host.example", 80, &peer);
    peer.borrow_mut().to_send.push_back((Duration::from_secs(30), b"HTTP/1.0 200 OK\r\n\r\nhello".to_vec()));
    peer.borrow_mut().close_after = Some(1);
    let mut modem = bench.ready();
    let host = ("host.example", 80);
    let result = modem.http(host, None, HttpRequest::Get, ("/", "page"), Millis::from_secs(120)).unwrap();
    assert_eq!(result, Ok(()));
    let mut page = [0; 64];
    let count = modem.read_file("page", 0, &mut page[..24]).unwrap();
    assert!(page[..count].ends_with(b"hello") || count > 0);
}

#[test]
fn raw_commands_show_the_modems_own_words() {
    let mut modem = Bench::new(Profile::default()).ready();
    let mut lines = Vec::new();
    modem.raw("+CSQ", |line| lines.push(String::from_utf8_lossy(line).into_owned())).unwrap();
    assert_eq!(lines, ["+CSQ: 21,3"]);
    assert!(modem.raw("+NONSENSE", |_| {}).is_err());
    assert_eq!(modem.raw("+CSQ\rATD1;", |_| {}), Err(Error::Argument("")));
}

#[test]
fn audio_switches_and_tones_are_commands() {
    let bench = Bench::new(Profile::default());
    let mut modem = bench.ready();
    modem.enable_audio(SampleRate::Hz16000).unwrap();
    modem.disable_audio().unwrap();
    modem.enable_tone_detection().unwrap();
    assert_eq!(bench.count("AT+UI2S=11,1,0,3,1"), 1);
    assert_eq!(modem.send_tone('x'), Err(Error::Argument("the tone")));
    assert_eq!(modem.dial("555-1234"), Err(Error::Argument("the number")));
}

#[test]
fn a_sleeping_modem_is_woken_for_every_command() {
    for saving in [PowerSaving::Dtr, PowerSaving::Idle] {
        let bench = Bench::new(Profile::default());
        let mut modem = bench.ready();
        modem.set_power_saving(saving).unwrap();
        for _ in 0..3 {
            bench.clock.advance(Duration::from_secs(60));
            modem.signal().unwrap();
        }
        modem.set_power_saving(PowerSaving::Off).unwrap();
        modem.signal().unwrap();
    }
}

#[test]
fn a_modem_that_is_switched_off_comes_up_again() {
    let bench = Bench::new(Profile::default());
    let mut modem = bench.ready();
    modem.power_off().unwrap();
    assert!(!modem.is_ready());
    bench.clock.advance(Duration::from_secs(10));
    modem.start(&config()).unwrap();
    assert!(modem.is_ready());
}

#[test]
fn the_baud_rate_goes_up_and_is_found_again() {
    let bench = Bench::new(Profile::default());
    let fast = Config { baud_rate: 921_600, ..config() };
    bench.modem().start(&fast).unwrap();
    assert_eq!(bench.count("AT+IPR=921600"), 1);
    // The program starts again, at the usual rate, and finds the modem where it was left.
    let keep = Config { power_up: sara_u201::PowerUp::Keep, ..fast };
    let mut serial = bench.simulation.serial();
    serial.set_baud_rate(115_200);
    let mut modem = bench.modem();
    modem.start(&keep).unwrap();
    modem.signal().unwrap();
}

#[test]
fn a_trace_shows_both_directions_without_secrets() {
    #[derive(Default)]
    struct Log(std::rc::Rc<core::cell::RefCell<Vec<u8>>>);
    impl sara_u201::Trace for Log {
        fn sent(&mut self, bytes: &[u8]) {
            self.0.borrow_mut().extend_from_slice(bytes);
        }
        fn received(&mut self, bytes: &[u8]) {
            self.0.borrow_mut().extend_from_slice(bytes);
        }
    }
    let sim = SimCard { pin: Some("1234".into()), ..SimCard::default() };
    let bench = Bench::new(Profile { sim, ..Profile::default() });
    let log = Log::default();
    let shown = log.0.clone();
    let serial = Traced::new(bench.simulation.serial(), log);
    let mut modem = sara_u201::Modem::new(serial, sara_u201::NoWiring, bench.simulation.clock());
    modem.start(&Config { pin: Some("1234"), ..config() }).unwrap();
    let shown = String::from_utf8_lossy(&shown.borrow()).into_owned();
    assert!(shown.contains("AT+CPIN=\"****\"") && shown.contains("+CPIN: READY"), "{shown}");
    assert!(!shown.contains("\"1234\""));
    let _ = Wires::new(&bench.simulation);
}
