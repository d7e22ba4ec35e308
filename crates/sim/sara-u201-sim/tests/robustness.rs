//! Whatever is typed, the module neither panics nor stops the clock; and the remaining quirks.

#[path = "../fuzz/drive.rs"]
mod drive;
mod terminal;

use core::time::Duration;
use std::rc::Rc;

use embedded_hal_async::delay::DelayNs;
use embedded_io_async::{Read, Write};
use monoclock::ManualClock;
use proptest::prelude::*;
use sara_u201_sim::{
    Event, Fault, MemoryNetwork, PowerAtStart, Profile, Quirks, RateChange, Refusal, Replay, Simulation,
    Transcript, TypedAhead,
};
use terminal::{Terminal, echo_network, is_final, quick};

fn connected(quirks: Quirks) -> Terminal {
    let network = echo_network("echo.example", 7);
    let mut terminal = Terminal::online(Profile { quirks, ..quick() }, network);
    terminal.ok("AT+USOCR=6");
    terminal.ok("AT+USOCO=0,\"echo.example\",7");
    terminal
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn no_input_stops_the_module(input in prop::collection::vec(any::<u8>(), 0..200)) {
        drive::drive(&input);
    }

    #[test]
    fn no_text_is_a_recording_by_accident(text in "([0-9]{0,22}[.]?[0-9é]{0,8} [<>] [A-Z\\\\rnx0-9é]{0,12}\n?){0,4}") {
        if let Ok(transcript) = text.parse::<Transcript>() {
            let written: Transcript = transcript.to_string().parse().expect("its own text");
            prop_assert_eq!(&written.chunks, &transcript.chunks);
            let clock = Rc::new(ManualClock::new());
            let mut replay = Replay::new(transcript, clock.clone());
            for _ in 0..10 {
                embedded_io::Write::write_all(&mut replay, b"AT\r").expect("the line works");
                embedded_io::ReadReady::read_ready(&mut replay).expect("the line works");
                clock.advance_to(replay.next_event().unwrap_or_default());
            }
        }
    }

    #[test]
    fn no_text_is_a_fault_by_accident(text in "[a-z:=,@+#/0-9-]{0,30}") {
        // Reading either works or names the mistake.
        if let Err(error) = text.parse::<Fault>() {
            prop_assert!(!error.to_string().is_empty());
        }
    }
}

#[test]
fn asynchronous_code_shares_the_clock() {
    let clock = Rc::new(ManualClock::new());
    let profile = Profile { power_at_start: PowerAtStart::On, ..quick() };
    let simulation = Simulation::new(profile, MemoryNetwork::new(0), clock.clone());
    let (mut serial, mut delay) = (simulation.async_serial(), simulation.async_delay());
    let answer = simulation.block_on(async {
        delay.delay_ms(1500).await;
        serial.write_all(b"AT\r").await.expect("room");
        serial.flush().await.expect("the line works");
        let mut answer = [0; 9];
        serial.read_exact(&mut answer).await.expect("an answer");
        answer
    });
    assert_eq!(&answer, b"AT\r\r\nOK\r\n");
    assert!((1500..1510).contains(&clock.elapsed().as_millis()));
}

#[test]
fn a_lost_context_may_close_its_sockets_aloud() {
    let mut terminal = connected(Quirks { context_loss_closes: true, ..Quirks::default() });
    terminal.simulation.happen(Event::ContextLost { profile: 0 });
    terminal.until(|seen| seen == b"\r\n+UUPSDD: 0\r\n\r\n+UUSOCL: 0\r\n");
    assert_eq!(terminal.command("AT+USOCR=6"), "\r\n+CME ERROR: 3\r\n");
}

#[test]
fn an_end_may_come_before_the_data_is_read() {
    let mut terminal = connected(Quirks { close_before_drain: true, ..Quirks::default() });
    terminal.with_data("AT+USOWR=0,2", b"@", b"x!");
    terminal.until(|seen| seen.ends_with(b"\r\n+UUSORD: 0,2\r\n\r\n+UUSOCL: 0\r\n"));
    assert_eq!(terminal.command("AT+USORD=0,2"), "\r\n+CME ERROR: 3\r\n");
}

#[test]
fn refusals_closings_and_hexadecimal_have_variants() {
    let quirks = Quirks {
        closed_socket: Refusal::Plain,
        network_failure: Refusal::Cme,
        unknown_command_cme: false,
        close_announces: true,
        hex_after_prompt: true,
        write_limit: 3,
        ..Quirks::default()
    };
    let mut terminal = connected(quirks);
    assert_eq!(terminal.command("AT+NONSENSE"), "\r\nERROR\r\n");
    terminal.ok("AT+UDCONF=1,1");
    assert_eq!(terminal.with_data("AT+USOWR=0,4", b"@", b"61626364"), "\r\n+USOWR: 0,3\r\n\r\nOK\r\n");
    assert_eq!(terminal.urc("+UUSORD: "), "0,3");
    terminal.ok("AT+USOCL=0");
    assert_eq!(terminal.urc("+UUSOCL: "), "0");
    assert_eq!(terminal.command("AT+USOCL=0"), "\r\nERROR\r\n");
    terminal.ok("AT+USOCR=6");
    assert_eq!(terminal.command("AT+USOCO=0,\"nowhere.example\",7"), "\r\n+CME ERROR: 3\r\n");
}

#[test]
fn the_result_of_a_rate_change_may_come_at_the_new_rate() {
    let quirks = Quirks { rate_change: RateChange::BeforeResult, ..Quirks::default() };
    let mut terminal = Terminal::ready(Profile { quirks, ..quick() }, MemoryNetwork::new(0));
    terminal.send(b"AT+IPR=921600\r");
    terminal.serial.set_baud_rate(921_600);
    assert!(terminal.until(is_final).ends_with(b"\nOK\r\n"));
}

#[test]
fn typing_ahead_is_kept_or_lost() {
    for (typed_ahead, results) in [(TypedAhead::Keep, 2), (TypedAhead::Discard, 1)] {
        let quirks = Quirks { typed_ahead, ..Quirks::default() };
        let profile = Profile { quirks, ..Profile::default() };
        let mut terminal = Terminal::ready(profile, MemoryNetwork::new(0));
        terminal.pass(Duration::from_millis(25));
        terminal.send(b"AT+CGSN\rAT\r");
        terminal.pass(Duration::from_secs(2));
        let count = terminal.rest.windows(6).filter(|window| *window == b"\r\nOK\r\n").count();
        assert_eq!(count, results);
    }
}

#[test]
fn a_urc_may_slip_in_after_the_hosts_first_byte() {
    for (urc_race, expected) in [(true, &b"\r\nRING\r\n"[..]), (false, b"")] {
        let quirks = Quirks { urc_race, ..Quirks::default() };
        let mut terminal = Terminal::ready(Profile { quirks, ..quick() }, MemoryNetwork::new(0));
        terminal.pass(Duration::from_millis(25));
        terminal.send(b"AT");
        terminal.pass(Duration::from_millis(1));
        terminal.simulation.happen(Event::Ring { from: "1".into() });
        terminal.pass(Duration::from_millis(2));
        assert_eq!(terminal.rest, expected);
        terminal.send(b"\r");
        terminal
            .until(|seen| seen.windows(4).any(|w| w == b"RING") && seen.windows(4).any(|w| w == b"OK\r\n"));
    }
}

#[test]
fn a_profile_of_extremes_is_a_module_all_the_same() {
    const TOML: &str = "
        unix_time_at_start = 9223372036854775807
        [network]
        signal = 255
        quality = 255
        time_zone = -128
        search = 0
        packet_delay = 0
        [sim]
        busy = 0
        pin_tries = 255
        [uart]
        host_transmit_capacity = 0
        module_receive_capacity = 64
        rts_threshold = 100000
        flow_control_wired = false
        [latencies]
        local = [1, 0]
        [quirks]
        unset_clock_year = 255
        urc_gap = 0
        autobaud_swallows = 0
        write_limit = 1";
    let profile = Profile::from_toml(TOML).expect("well formed");
    let mut terminal =
        Terminal::new(Profile { power_at_start: PowerAtStart::On, ..profile }, MemoryNetwork::new(0));
    terminal.ok("ATE0+CTZU=2");
    terminal.pass(Duration::from_secs(10));
    terminal.ok("AT+CCLK?;+CSQ;+CESQ;+CIND?;+CREG?;+COPS?");
}
