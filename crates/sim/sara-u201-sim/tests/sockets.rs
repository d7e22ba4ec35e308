//! TCP and UDP through the module, on virtual time.

mod terminal;

use core::net::SocketAddrV4;
use core::time::Duration;

use sara_u201_sim::{EarlyData, EmptyRead, MemoryNetwork, Profile, Quirks};
use terminal::{Echo, Terminal, echo_network, quick};

fn connected(profile: Profile) -> (Terminal, MemoryNetwork) {
    let network = echo_network("echo.example", 7);
    let mut terminal = Terminal::online(profile, network.clone());
    assert_eq!(terminal.ok("AT+USOCR=6"), "+USOCR: 0");
    terminal.ok("AT+USOCO=0,\"echo.example\",7");
    (terminal, network)
}

#[test]
fn binary_data_goes_out_after_the_prompt_and_comes_back_by_urc() {
    let (mut terminal, _) = connected(Profile::default());
    let mut payload: Vec<u8> = (0..=255).collect();
    payload.retain(|byte| *byte != b'!');
    let answer = terminal.with_data("AT+USOWR=0,255", b"\r\n@", &payload);
    assert_eq!(answer, "\r\n+USOWR: 0,255\r\n\r\nOK\r\n");
    assert_eq!(terminal.urc("+UUSORD: "), "0,255");
    terminal.send(b"AT+USORD=0,1024\r");
    let seen = terminal.until(|seen| seen.len() > 270 && seen.ends_with(b"\r\nOK\r\n"));
    let mut expected = b"\r\n+USORD: 0,255,\"".to_vec();
    expected.extend(&payload);
    expected.extend(b"\"\r\n\r\nOK\r\n");
    assert_eq!(seen, expected);
    assert_eq!(terminal.ok("AT+USORD=0,0"), "+USORD: 0,0");
    assert_eq!(terminal.ok("AT+USORD=0,10"), "+USORD: 0,0,\"\"");
    assert_eq!(terminal.simulation.statistics().prompt_rule_violations, 0);
}

#[test]
fn hexadecimal_mode_and_the_rules_of_the_data_urc() {
    let (mut terminal, _) = connected(quick());
    terminal.ok("AT+UDCONF=1,1");
    assert_eq!(terminal.ok("AT+USOWR=0,5,\"68656c6C6F\""), "+USOWR: 0,5");
    assert_eq!(terminal.urc("+UUSORD: "), "0,5");
    terminal.ok("AT+USOWR=0,1,\"2E\"");
    terminal.pass(Duration::from_secs(1));
    assert!(terminal.rest.is_empty(), "data on top of announced data is not announced");
    assert_eq!(terminal.ok("AT+USORD=0,4"), "+USORD: 0,4,\"68656C6C\"");
    assert_eq!(terminal.urc("+UUSORD: "), "0,2");
    assert_eq!(terminal.ok("AT+USORD=0,512"), "+USORD: 0,2,\"6F2E\"");
    terminal.pass(Duration::from_secs(1));
    assert!(terminal.rest.is_empty(), "a drained socket is silent");
    assert_eq!(terminal.command("AT+USOWR=0,2,\"6F2\""), "\r\n+CME ERROR: 50\r\n");
    assert_eq!(terminal.command("AT+USORD=0,513"), "\r\n+CME ERROR: 50\r\n");
}

#[test]
fn the_end_is_told_once_everything_is_read() {
    let (mut terminal, _) = connected(quick());
    terminal.with_data("AT+USOWR=0,6", b"@", b"bye!!!");
    assert_eq!(terminal.urc("+UUSORD: "), "0,6");
    terminal.pass(Duration::from_secs(1));
    assert!(terminal.rest.is_empty());
    assert_eq!(terminal.ok("AT+USORD=0,64"), "+USORD: 0,6,\"bye!!!\"");
    assert_eq!(terminal.urc("+UUSOCL: "), "0");
    assert_eq!(terminal.command("AT+USORD=0,64"), "\r\n+CME ERROR: 3\r\n");
    assert_eq!(terminal.command("AT+USOCL=0"), "\r\n+CME ERROR: 3\r\n");
    assert_eq!(terminal.ok("AT+USOCR=6"), "+USOCR: 0", "the number is free again");
}

#[test]
fn failures_of_the_network_have_numbers() {
    let network = echo_network("echo.example", 7);
    network.black_hole("silent.example");
    let mut terminal = Terminal::online(quick(), network.clone());
    for (host, number) in [("unknown.example", 163), ("echo.example", 111), ("silent.example", 110)] {
        let socket = terminal.ok("AT+USOCR=6").replace("+USOCR: ", "");
        assert_eq!(terminal.command(&format!("AT+USOCO={socket},\"{host}\",9")), "\r\nERROR\r\n");
        assert_eq!(terminal.ok("AT+USOER"), format!("+USOER: {number}"));
        assert_eq!(terminal.ok(&format!("AT+USOCTL={socket},1")), format!("+USOCTL: {socket},1,{number}"));
        terminal.ok(&format!("AT+USOCL={socket}"));
    }
    assert_eq!(terminal.ok("AT+UDNSRN=0,\"echo.example\""), "+UDNSRN: \"198.51.100.1\"");
    network.remove_host("echo.example");
    assert_eq!(terminal.ok("AT+UDNSRN=0,\"echo.example\""), "+UDNSRN: \"198.51.100.1\"", "remembered");
}

#[test]
fn seven_sockets_and_no_more() {
    let mut terminal = Terminal::online(quick(), echo_network("echo.example", 7));
    for number in 0..7 {
        assert_eq!(terminal.ok("AT+USOCR=6"), format!("+USOCR: {number}"));
    }
    assert_eq!(terminal.command("AT+USOCR=6"), "\r\n+CME ERROR: 3\r\n");
    assert_eq!(terminal.ok("AT+USOER"), "+USOER: 24");
}

#[test]
fn datagrams_keep_their_borders() {
    let network = MemoryNetwork::new(0);
    network.serve_datagrams("198.51.100.77", 123, |_: SocketAddrV4, bytes: &[u8], _| {
        vec![bytes.to_vec(), b"second".to_vec()]
    });
    let mut terminal = Terminal::online(quick(), network);
    assert_eq!(terminal.ok("AT+USOCR=17"), "+USOCR: 0");
    let answer = terminal.with_data("AT+USOST=0,\"198.51.100.77\",123,5", b"@", b"first");
    assert_eq!(answer, "\r\n+USOST: 0,5\r\n\r\nOK\r\n");
    assert_eq!(terminal.urc("+UUSORF: "), "0,5");
    assert_eq!(terminal.ok("AT+USORF=0,1024"), "+USORF: 0,\"198.51.100.77\",123,5,\"first\"");
    assert_eq!(terminal.urc("+UUSORF: "), "0,6");
    assert_eq!(terminal.ok("AT+USORF=0,1024"), "+USORF: 0,\"198.51.100.77\",123,6,\"second\"");
}

#[test]
fn a_listening_socket_gives_each_caller_its_own() {
    let network = MemoryNetwork::new(0);
    let mut terminal = Terminal::online(quick(), network.clone());
    terminal.ok("AT+USOCR=6");
    terminal.ok("AT+USOLI=0,80");
    let from = SocketAddrV4::new([192, 0, 2, 9].into(), 4242);
    assert!(!network.dial(81, from, Box::new(Echo::default())));
    assert!(network.dial(80, from, Box::new(Echo::default())));
    assert_eq!(terminal.urc("+UUSOLI: "), "1,\"192.0.2.9\",4242,0,\"10.64.7.21\",80");
    terminal.with_data("AT+USOWR=1,3", b"@", b"hey");
    assert_eq!(terminal.urc("+UUSORD: "), "1,3");
}

#[test]
fn data_before_the_prompt_rule_is_treated_as_the_quirk_says() {
    for early_data in [EarlyData::Accept, EarlyData::Drop, EarlyData::Error] {
        let profile = Profile { quirks: Quirks { early_data, ..Quirks::default() }, ..quick() };
        let (mut terminal, _) = connected(profile);
        terminal.pass(Duration::from_millis(25));
        terminal.send(b"AT+USOWR=0,3\r");
        terminal.until(|seen| seen.ends_with(b"@"));
        terminal.send(b"abc");
        terminal.pass(Duration::from_millis(300));
        let expected: &[u8] = match early_data {
            EarlyData::Accept => b"\r\n+USOWR: 0,3\r\n\r\nOK\r\n\r\n+UUSORD: 0,3\r\n",
            EarlyData::Drop => b"",
            EarlyData::Error => b"\r\n+CME ERROR: 50\r\n",
        };
        assert_eq!(terminal.rest, expected);
        assert_eq!(terminal.simulation.statistics().prompt_rule_violations, 1);
    }
}

#[test]
fn a_full_window_makes_the_module_wait() {
    let (mut terminal, network) = connected(quick());
    network.set_link(false);
    network.set_window(8);
    assert_eq!(terminal.with_data("AT+USOWR=0,10", b"@", b"0123456789"), "\r\n+USOWR: 0,8\r\n\r\nOK\r\n");
    assert_eq!(terminal.with_data("AT+USOWR=0,2", b"@", b"89"), "\r\nERROR\r\n");
    assert_eq!(terminal.ok("AT+USOER"), "+USOER: 11");
    network.set_link(true);
    terminal.pass(Duration::from_secs(1));
    assert_eq!(terminal.ok("AT+USORD=0,9"), "+USORD: 0,8,\"01234567\"");
}

#[test]
fn direct_link_is_a_stream_until_the_escape_sequence_or_the_end() {
    let (mut terminal, _network) = connected(quick());
    terminal.pass(Duration::from_millis(25));
    terminal.rest.clear();
    terminal.send(b"AT+USODL=0\r");
    terminal.until(|seen| seen == b"\r\nCONNECT\r\n");
    let payload: Vec<u8> = (0..=255).filter(|byte| *byte != b'!').cycle().take(20_000).collect();
    for piece in payload.chunks(200) {
        terminal.send(piece);
        terminal.pass(Duration::from_millis(30));
    }
    terminal.pass(Duration::from_secs(2));
    assert!(terminal.rest == payload, "{} of {} bytes", terminal.rest.len(), payload.len());
    terminal.rest.clear();
    // Escape characters without silence around them are data, and so are two of them.
    terminal.send(b"a+++");
    terminal.pass(Duration::from_secs(2));
    terminal.send(b"++");
    terminal.pass(Duration::from_secs(2));
    assert_eq!(terminal.rest, b"a+++++");
    terminal.rest.clear();
    terminal.send(b"+++");
    terminal.until(|seen| seen == b"\r\nDISCONNECT\r\n\r\nOK\r\n");
    assert_eq!(terminal.ok("AT+USOCTL=0,10"), "+USOCTL: 0,10,4", "the socket stays open");
    terminal.send(b"AT+USODL=0\r");
    terminal.until(|seen| seen.ends_with(b"CONNECT\r\n"));
    terminal.send(b"bye!");
    let seen = terminal.until(|seen| seen.ends_with(b"\r\nOK\r\n"));
    assert_eq!(seen, b"bye!\r\nDISCONNECT\r\n\r\nOK\r\n");
    assert_eq!(terminal.urc("+UUSOCL: "), "0");
}

#[test]
fn the_loss_of_dtr_ends_direct_link_unless_it_is_ignored() {
    for (mode, ends) in [(0, false), (1, true), (2, true)] {
        let (mut terminal, _network) = connected(quick());
        terminal.ok(&format!("AT&D{mode}"));
        terminal.send(b"AT+USODL=0\r");
        terminal.until(|seen| seen.ends_with(b"CONNECT\r\n"));
        let mut dtr = terminal.simulation.dtr_line();
        embedded_hal::digital::OutputPin::set_high(&mut dtr).expect("a level");
        terminal.pass(Duration::from_secs(1));
        assert_eq!(terminal.rest.ends_with(b"\r\nOK\r\n"), ends, "AT&D{mode}");
    }
}

#[test]
fn a_connection_nobody_waits_for_is_told_by_urc() {
    let network = echo_network("echo.example", 7);
    let mut terminal = Terminal::online(quick(), network);
    terminal.ok("AT+USOCR=6");
    let before = terminal.now();
    terminal.ok("AT+USOCO=0,\"echo.example\",7,1");
    assert!(terminal.now() - before < Duration::from_millis(60), "the line is free at once");
    assert_eq!(terminal.ok("AT+USOCTL=0,10"), "+USOCTL: 0,10,2");
    assert_eq!(terminal.command("AT+USOWR=0,1,\"x\""), "\r\n+CME ERROR: 3\r\n");
    assert_eq!(terminal.urc("+UUSOCO: "), "0,0");
    terminal.ok("AT+USOWR=0,1,\"x\"");
    terminal.ok("AT+USOCR=6");
    terminal.ok("AT+USOCO=1,\"echo.example\",8,1");
    assert_eq!(terminal.urc("+UUSOCO: "), "1,111");
    terminal.ok("AT+USOCO=1,\"nowhere.example\",8,1");
    assert_eq!(terminal.urc("+UUSOCO: "), "1,163");
    terminal.ok("AT+USOCO=1,\"echo.example\",7,1");
    terminal.ok("AT+USOCL=1");
    assert_eq!(terminal.urc("+UUSOCO: "), "1,113", "its socket has gone");
}

#[test]
fn numbers_without_a_socket_are_refused_or_told_as_the_quirk_says() {
    for (unused_socket_type, answer) in
        [(false, "\r\n+CME ERROR: 3\r\n"), (true, "\r\n+USOCTL: 3,0,0\r\n\r\nOK\r\n")]
    {
        let quirks = Quirks { unused_socket_type, ..Quirks::default() };
        let (mut terminal, _network) = connected(Profile { quirks, ..quick() });
        assert_eq!(terminal.command("AT+USOCTL=3,0"), answer);
        assert_eq!(terminal.ok("AT+USOCTL=0,0"), "+USOCTL: 0,0,6");
        assert_eq!(terminal.command("AT+USOCTL=3,10"), "\r\n+CME ERROR: 3\r\n");
    }
}

#[test]
fn an_empty_socket_answers_as_the_quirk_says() {
    for (empty_read, quotes) in [(EmptyRead::Quotes, ",\"\""), (EmptyRead::Bare, "")] {
        let quirks = Quirks { empty_read, ..Quirks::default() };
        let (mut terminal, _network) = connected(Profile { quirks, ..quick() });
        assert_eq!(terminal.ok("AT+USORD=0,10"), format!("+USORD: 0,0{quotes}"));
        assert_eq!(terminal.ok("AT+USOCR=17"), "+USOCR: 1");
        assert_eq!(terminal.ok("AT+USORF=1,10"), format!("+USORF: 1,0{quotes}"));
    }
}
