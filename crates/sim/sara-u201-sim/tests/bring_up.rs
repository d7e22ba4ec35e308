//! From reset to an attached module with a clock.

mod terminal;

use core::time::Duration;

use embedded_hal::digital::OutputPin;
use sara_u201_sim::{
    AccessPoint, CellularNetwork, MemoryNetwork, Nitz, PowerAtStart, Profile, RegistrationOutcome, SimCard,
};
use terminal::Terminal;

fn network() -> MemoryNetwork {
    MemoryNetwork::new(0)
}

/// Sends `AT` every half second until it is answered.
fn find_rate(terminal: &mut Terminal) -> u32 {
    for attempt in 1..=20 {
        terminal.rest.clear();
        terminal.send(b"AT\r");
        terminal.pass(Duration::from_millis(500));
        if terminal.rest.ends_with(b"\r\nOK\r\n") {
            return attempt;
        }
    }
    panic!("no answer at any attempt");
}

#[test]
fn a_reset_pulse_starts_the_module_and_the_second_attention_is_answered() {
    let profile = Profile { power_at_start: PowerAtStart::Off, ..Profile::default() };
    let mut terminal = Terminal::new(profile, network());
    terminal.send(b"AT\r");
    terminal.pass(Duration::from_secs(5));
    assert!(terminal.rest.is_empty(), "a module that is off is silent");
    let mut reset = terminal.simulation.reset_line();
    reset.set_high().expect("a level");
    terminal.pass(Duration::from_millis(60));
    reset.set_low().expect("a level");
    let attempts = find_rate(&mut terminal);
    assert!((6..=8).contains(&attempts), "2.5 s of boot and one line for the rate: {attempts}");
    assert_eq!(terminal.simulation.statistics().boots, 1);
}

#[test]
fn a_short_pulse_does_not_disturb_a_running_module() {
    let mut terminal = Terminal::ready(Profile::default(), network());
    let mut reset = terminal.simulation.reset_line();
    reset.set_high().expect("a level");
    terminal.pass(Duration::from_millis(3));
    reset.set_low().expect("a level");
    terminal.pass(Duration::from_secs(5));
    assert_eq!(terminal.ok("AT"), "");
    reset.set_high().expect("a level");
    terminal.pass(Duration::from_millis(50));
    terminal.send(b"AT\r");
    terminal.pass(Duration::from_secs(5));
    assert!(terminal.rest.is_empty(), "held in reset it is silent");
    reset.set_low().expect("a level");
    terminal.pass(Duration::from_secs(3));
    find_rate(&mut terminal);
    assert!(terminal.command("AT").starts_with("AT\r"), "the echo is on again");
}

#[test]
fn the_rate_changes_after_the_result() {
    let mut terminal = Terminal::ready(Profile::default(), network());
    terminal.ok("AT+IPR=921600");
    terminal.send(b"AT\r");
    terminal.pass(Duration::from_millis(300));
    assert!(terminal.rest.is_empty(), "the old rate is not understood");
    terminal.serial.set_baud_rate(921_600);
    terminal.send(b"\r");
    terminal.pass(Duration::from_millis(100));
    let before = terminal.now();
    terminal.ok("AT+CGMM");
    assert!(terminal.now() - before < Duration::from_millis(60));
    let second = terminal.ok("AT+IPR?");
    assert_eq!(second, "+IPR: 921600");
}

#[test]
fn the_card_is_busy_then_asks_for_its_pin_and_counts() {
    let sim = SimCard { pin: Some("1234".into()), ..SimCard::default() };
    let mut terminal = Terminal::new(Profile { sim, ..Profile::default() }, network());
    terminal.pass(Duration::from_millis(2500));
    find_rate(&mut terminal);
    terminal.ok("ATE0");
    terminal.ok("AT+CMEE=1");
    assert_eq!(terminal.command("AT+CPIN?"), "\r\n+CME ERROR: 14\r\n");
    terminal.pass(Duration::from_secs(3));
    assert_eq!(terminal.ok("AT+CPIN?"), "+CPIN: SIM PIN");
    assert_eq!(terminal.ok("AT+CREG?"), "+CREG: 0,0");
    assert_eq!(terminal.command("AT+CGATT=1"), "\r\n+CME ERROR: 11\r\n");
    assert_eq!(terminal.command("AT+CPIN=\"0000\""), "\r\n+CME ERROR: 16\r\n");
    assert_eq!(terminal.ok("AT+UPINCNT"), "+UPINCNT: 2,3,10,10");
    terminal.ok("AT+CPIN=\"1234\"");
    assert_eq!(terminal.ok("AT+UPINCNT"), "+UPINCNT: 3,3,10,10");
    assert_eq!(terminal.simulation.statistics().pins_rejected, 1);
    let log = terminal.simulation.commands();
    assert!(log.iter().any(|record| record.line == "AT+CPIN=\"***\""));
    assert!(log.iter().all(|record| !record.line.contains("1234")));
}

#[test]
fn registration_is_told_by_urc_and_by_reply() {
    let mut terminal =
        Terminal::new(Profile { power_at_start: PowerAtStart::On, ..Profile::default() }, network());
    terminal.ok("ATE0");
    terminal.ok("AT+CREG=2");
    terminal.ok("AT+CGREG=2");
    assert_eq!(terminal.ok("AT+CREG?"), "+CREG: 2,2");
    assert_eq!(terminal.urc("+CREG: "), "1,\"1A2B\",\"00123456\",2");
    assert_eq!(terminal.urc("+CGREG: "), "1,\"1A2B\",\"00123456\",2,\"01\"");
    assert_eq!(terminal.ok("AT+CREG?"), "+CREG: 2,1,\"1A2B\",\"00123456\",2");
    assert_eq!(terminal.ok("AT+COPS?"), "+COPS: 0,0,\"Simulated Mobile\",2");
    assert_eq!(terminal.ok("AT+CSQ"), "+CSQ: 21,3");
}

#[test]
fn a_network_may_refuse_or_be_absent() {
    for (outcome, status) in [
        (RegistrationOutcome::Denied, 3),
        (RegistrationOutcome::Searching, 2),
        (RegistrationOutcome::NoNetwork, 0),
        (RegistrationOutcome::Roaming, 5),
    ] {
        let network_profile = CellularNetwork { registration: outcome, ..CellularNetwork::default() };
        let mut terminal =
            Terminal::ready(Profile { network: network_profile, ..Profile::default() }, network());
        assert_eq!(terminal.ok("AT+CREG?"), format!("+CREG: 0,{status}"));
        if status != 5 {
            assert_eq!(terminal.command("AT+CGATT=1"), "\r\n+CME ERROR: 30\r\n");
            assert_eq!(terminal.command("AT+USOCR=6"), "\r\n+CME ERROR: 3\r\n");
        }
    }
}

#[test]
fn the_clock_is_unset_until_the_network_tells_the_time() {
    let mut terminal =
        Terminal::new(Profile { power_at_start: PowerAtStart::On, ..Profile::default() }, network());
    terminal.ok("ATE0");
    terminal.ok("AT+CTZU=1");
    assert_eq!(terminal.ok("AT+CCLK?"), "+CCLK: \"80/01/06,00:00:00+00\"");
    terminal.pass(Duration::from_secs(4));
    assert_eq!(terminal.ok("AT+CCLK?"), "+CCLK: \"26/11/23,07:00:04+04\"");
    let network_profile = CellularNetwork { nitz: Nitz::Never, ..CellularNetwork::default() };
    let mut terminal = Terminal::ready(Profile { network: network_profile, ..Profile::default() }, network());
    terminal.ok("AT+CTZU=1");
    terminal.pass(Duration::from_secs(600));
    assert!(terminal.ok("AT+CCLK?").contains("80/01/06"));
}

#[test]
fn an_unknown_access_point_is_refused_after_a_while() {
    let access_points = vec![AccessPoint { name: "good.apn".into(), ..AccessPoint::default() }];
    let network_profile = CellularNetwork { access_points, ..CellularNetwork::default() };
    let mut terminal = Terminal::ready(Profile { network: network_profile, ..Profile::default() }, network());
    terminal.ok("AT+CGATT=1");
    terminal.ok("AT+UPSD=0,1,\"bad.apn\"");
    let before = terminal.now();
    assert_eq!(terminal.command("AT+UPSDA=0,3"), "\r\n+CME ERROR: 133\r\n");
    assert!(terminal.now() - before >= Duration::from_secs(20));
    assert_eq!(terminal.ok("AT+UPSND=0,8"), "+UPSND: 0,8,0");
    terminal.ok("AT+UPSD=0,1,\"Good.APN\"");
    terminal.ok("AT+UPSDA=0,3");
    assert_eq!(terminal.ok("AT+UPSND=0,8"), "+UPSND: 0,8,1");
    assert_eq!(terminal.ok("AT+UPSND=0,0"), "+UPSND: 0,0,\"10.64.7.21\"");
    assert_eq!(terminal.command("AT+UPSDA=0,3"), "\r\n+CME ERROR: 3\r\n", "twice is an error");
}

#[test]
fn a_character_aborts_what_may_be_aborted() {
    let mut terminal = Terminal::ready(Profile::default(), network());
    terminal.ok("AT+CGATT=1");
    terminal.send(b"AT+UPSDA=0,3\r\n");
    terminal.pass(Duration::from_millis(200));
    assert!(terminal.rest.is_empty(), "the line feed does not abort");
    terminal.send(b"A");
    let seen = terminal.until(terminal::is_final);
    assert_eq!(seen, b"\r\nABORTED\r\n");
    assert_eq!(terminal.simulation.statistics().aborts, 1);
    assert_eq!(terminal.ok("AT+UPSND=0,8"), "+UPSND: 0,8,0");
}

#[test]
fn identity_and_several_commands_on_a_line() {
    let mut terminal = Terminal::ready(Profile::default(), network());
    assert_eq!(terminal.ok("AT+CGSN"), "356726109314829");
    assert_eq!(terminal.ok("ATI9"), "23.60,A01.01");
    assert_eq!(terminal.ok("AT+CCID"), "+CCID: 8931440300001234567");
    assert_eq!(terminal.command("AT+CGMM;+CMEE?"), "\r\nSARA-U201\r\n\r\n+CMEE: 1\r\n\r\nOK\r\n");
    assert_eq!(terminal.command("AT+NONSENSE"), "\r\n+CME ERROR: 100\r\n");
    terminal.ok("AT+CMEE=2");
    assert_eq!(terminal.command("AT+UPSDA=9,3"), "\r\n+CME ERROR: incorrect parameters\r\n");
}

#[test]
fn the_same_seed_gives_the_same_bytes_at_the_same_times() {
    let run = |seed| {
        let mut terminal =
            Terminal::online(Profile { seed, ..Profile::default() }, terminal::echo_network("host", 7));
        terminal.ok("AT+USOCR=6");
        terminal.ok("AT+USOCO=0,\"host\",7");
        (terminal.now(), terminal.simulation.statistics())
    };
    assert_eq!(run(1), run(1));
    assert_ne!(run(1).0, run(2).0);
}

/// The recommended order of commands, as a conversation: what is typed and what is said, without times.
#[test]
fn the_recommended_bring_up_reads_like_this() {
    let profile = Profile { power_at_start: PowerAtStart::Off, ..terminal::quick() };
    let mut terminal = Terminal::new(profile, terminal::echo_network("echo.example", 7));
    let mut reset = terminal.simulation.reset_line();
    reset.set_high().expect("a level");
    terminal.pass(Duration::from_millis(60));
    reset.set_low().expect("a level");
    terminal.pass(Duration::from_millis(2600));
    terminal.simulation.record();
    find_rate(&mut terminal);
    terminal.command("ATE0");
    terminal.ok("AT+CMEE=1");
    terminal.ok("AT+IPR=921600");
    terminal.serial.set_baud_rate(921_600);
    terminal.pass(Duration::from_millis(110));
    for line in ["AT", "AT&K3", "AT+UPSV=0", "AT+UDCONF=1,0"] {
        terminal.ok(line);
    }
    while terminal.command("AT+CPIN?").contains("ERROR") {
        terminal.pass(Duration::from_secs(1));
    }
    for line in ["AT+CTZU=1", "AT+CREG=2", "AT+CGREG=2", "AT+CGEREP=1"] {
        terminal.ok(line);
    }
    terminal.urc("+CGREG: 1");
    for line in ["AT+CGATT=1", "AT+UPSD=0,1,\"apn\"", "AT+UPSND=0,8", "AT+UPSDA=0,3", "AT+UPSND=0,0"] {
        terminal.ok(line);
    }
    for socket in 0..7 {
        terminal.command(&format!("AT+USOCL={socket}"));
    }
    let recorded = terminal.simulation.transcript();
    let said: Vec<_> =
        recorded.to_string().lines().filter_map(|line| Some(line.split_once(' ')?.1.to_owned())).collect();
    let expected = include_str!("bring_up.txt");
    assert_eq!(said.join("\n") + "\n", expected, "{}", said.join("\n"));
}
