//! Each switch that no other test turns: rates, clock, resolver, sleep, pauses.

mod terminal;

use core::time::Duration;

use embedded_hal::digital::OutputPin;
use sara_u201_sim::{Event, MemoryNetwork, PowerAtStart, Profile, Quirks};
use terminal::{Terminal, echo_network, quick};

fn ready(quirks: Quirks) -> Terminal {
    Terminal::ready(Profile { quirks, ..quick() }, MemoryNetwork::new(0))
}

fn reset(terminal: &mut Terminal) {
    let mut line = terminal.simulation.reset_line();
    line.set_high().expect("a level");
    terminal.pass(Duration::from_millis(60));
    line.set_low().expect("a level");
    terminal.pass(Duration::from_secs(3));
    terminal.rest.clear();
}

/// Whether `AT` is answered within 100 ms.
fn answers(terminal: &mut Terminal) -> bool {
    terminal.rest.clear();
    terminal.send(b"AT\r");
    terminal.pass(Duration::from_millis(100));
    terminal.rest.ends_with(b"OK\r\n")
}

#[test]
fn the_module_is_deaf_for_a_while_after_a_change_of_rate() {
    for (rate_change_deaf, after, hears) in
        [(100, 90, false), (100, 110, true), (0, 10, true), (400, 300, false)]
    {
        let mut terminal = ready(Quirks { rate_change_deaf, ..Quirks::default() });
        terminal.ok("AT+IPR=230400");
        terminal.serial.set_baud_rate(230_400);
        terminal.pass(Duration::from_millis(after));
        assert_eq!(answers(&mut terminal), hears, "{after} of {rate_change_deaf} ms");
    }
}

#[test]
fn a_rate_survives_a_reset_or_not() {
    for rate_survives_reset in [true, false] {
        let mut terminal = ready(Quirks { rate_survives_reset, ..Quirks::default() });
        terminal.ok("AT+IPR=230400");
        terminal.serial.set_baud_rate(230_400);
        terminal.pass(Duration::from_millis(150));
        reset(&mut terminal);
        assert_eq!(answers(&mut terminal), rate_survives_reset);
        terminal.serial.set_baud_rate(115_200);
        let found = (0..3).any(|_| answers(&mut terminal));
        assert_eq!(found, !rate_survives_reset, "automatic detection is on again");
    }
}

#[test]
fn rate_detection_swallows_as_many_lines_as_it_is_told() {
    for autobaud_swallows in [0, 1, 4] {
        let quirks = Quirks { autobaud_swallows, ..Quirks::default() };
        let profile = Profile { power_at_start: PowerAtStart::Booting, quirks, ..quick() };
        let mut terminal = Terminal::new(profile, MemoryNetwork::new(0));
        terminal.pass(Duration::from_secs(3));
        // The line that tells the rate is never answered as a command of its own.
        let lost = (0..10).position(|_| answers(&mut terminal)).expect("an answer in the end");
        assert_eq!(lost, autobaud_swallows.max(1) as usize);
    }
}

#[test]
fn a_urc_waits_a_while_after_a_result() {
    for urc_gap in [0, 5, 50] {
        let mut terminal = ready(Quirks { urc_gap, ..Quirks::default() });
        terminal.ok("AT+CMGF=1;+CNMI=2,1");
        terminal.pass(Duration::from_millis(200));
        terminal.send(b"AT\r");
        terminal.until(terminal::is_final);
        let result = terminal.now();
        terminal.simulation.happen(Event::Message { from: "1".into(), text: "x".into() });
        terminal.urc("+CMTI: ");
        // 17 characters at 115200 baud take 1.5 ms.
        let gap = (terminal.now() - result).as_millis();
        let least = u128::from(urc_gap).saturating_sub(1);
        assert!((least..=u128::from(urc_gap) + 3).contains(&gap), "{gap} ms instead of {urc_gap}");
    }
}

#[test]
fn an_old_answer_is_remembered_until_reset_or_not_at_all() {
    for resolver_cache in [true, false] {
        let network = echo_network("echo.example", 7);
        let quirks = Quirks { resolver_cache, ..Quirks::default() };
        let mut terminal = Terminal::online(Profile { quirks, ..quick() }, network.clone());
        let old = terminal.ok("AT+UDNSRN=0,\"echo.example\"");
        network.set_address("echo.example", core::net::Ipv4Addr::new(203, 0, 113, 9));
        let new = terminal.ok("AT+UDNSRN=0,\"Echo.Example\"");
        assert_eq!(old == new, resolver_cache, "{old} {new}");
    }
}

#[test]
fn the_unset_clock_has_many_faces() {
    for (unset_clock_year, unset_clock_without_zone, answer) in [
        (80, false, "+CCLK: \"80/01/06,00:00:0"),
        (4, false, "+CCLK: \"04/01/06,00:00:0"),
        (70, true, "+CCLK: \"70/01/06,00:00:0"),
    ] {
        let mut terminal = ready(Quirks { unset_clock_year, unset_clock_without_zone, ..Quirks::default() });
        let told = terminal.ok("AT+CCLK?");
        assert!(told.starts_with(answer), "{told}");
        assert_eq!(told.ends_with("+00\""), !unset_clock_without_zone, "{told}");
        terminal.ok("AT+CCLK=\"26/11/23,06:00:00-08\"");
        assert!(terminal.ok("AT+CCLK?").ends_with("-08\""), "once it is set the zone is told");
    }
}

#[test]
fn a_clock_survives_a_reset_or_not() {
    for clock_survives_reset in [true, false] {
        let mut terminal = ready(Quirks { clock_survives_reset, ..Quirks::default() });
        terminal.ok("AT+CCLK=\"26/11/23,06:00:00+04\"");
        reset(&mut terminal);
        answers(&mut terminal);
        let told = terminal.command("AT+CCLK?");
        assert_eq!(told.contains("+CCLK: \"26/11/23,06:00:0"), clock_survives_reset, "{told}");
    }
}

#[test]
fn waking_takes_the_time_it_is_told() {
    for (wake_time, dtr_wake_time) in [(20, 5), (60, 40)] {
        let mut terminal = ready(Quirks { wake_time, dtr_wake_time, ..Quirks::default() });
        let span = |ms: u32| Duration::from_millis(u64::from(ms));
        terminal.ok("AT+UPSV=1,40");
        for (early, hears) in [(true, false), (false, true)] {
            terminal.pass(Duration::from_secs(1));
            terminal.send(b"x");
            terminal.pass(if early { span(wake_time - 5) } else { span(wake_time + 1) });
            assert_eq!(answers(&mut terminal), hears);
        }
        terminal.ok("AT+UPSV=3");
        let mut dtr = terminal.simulation.dtr_line();
        for (early, hears) in [(true, false), (false, true)] {
            dtr.set_high().expect("a level");
            terminal.pass(Duration::from_secs(1));
            dtr.set_low().expect("a level");
            terminal.pass(if early { span(dtr_wake_time - 4) } else { span(dtr_wake_time) });
            assert_eq!(answers(&mut terminal), hears);
        }
    }
}
