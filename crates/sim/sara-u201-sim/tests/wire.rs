//! The time that bytes take: the table of wire costs, within five per cent, in virtual time.

mod terminal;

use core::time::Duration;

use sara_u201_sim::Profile;
use terminal::{Terminal, echo_network, is_final, quick};

/// A connected socket at `rate`, errors numbered, no echo, a module that answers at once.
fn connected(rate: u32, hexadecimal: bool) -> Terminal {
    let profile = Profile { seed: 5, ..quick() };
    let network = echo_network("echo.example", 7);
    network.set_round_trip(Duration::from_micros(100));
    network.set_window(1 << 20);
    let mut terminal = Terminal::online(profile, network);
    terminal.ok(&format!("AT+IPR={rate}"));
    terminal.serial.set_baud_rate(rate);
    terminal.pass(Duration::from_millis(120));
    terminal.ok(&format!("AT+UDCONF=1,{}", u8::from(hexadecimal)));
    terminal.ok("AT+USOCR=6");
    terminal.ok("AT+USOCO=0,\"echo.example\",7");
    terminal
}

/// Milliseconds of `action`, without the pause that the terminal makes before it, with one of 20 ms.
fn cost(terminal: &mut Terminal, action: impl FnOnce(&mut Terminal)) -> f64 {
    terminal.pass(Duration::from_millis(40));
    terminal.rest.clear();
    let before = terminal.now();
    action(terminal);
    (terminal.now() - before + Duration::from_millis(20)).as_secs_f64() * 1000.0
}

fn near(what: &str, measured: f64, expected: f64) {
    println!("{what}: {measured:.1} ms, table {expected} ms");
    assert!((measured / expected - 1.0).abs() < 0.05, "{what}: {measured:.1} ms instead of {expected} ms");
}

#[test]
fn writing_and_reading_cost_what_the_wire_costs() {
    for (rate, binary, read) in [(115_200, 162.8, 112.7), (460_800, 93.2, 43.2), (921_600, 81.6, 31.6)] {
        let mut terminal = connected(rate, false);
        let write = cost(&mut terminal, |t| {
            t.send(b"AT+USOWR=0,1024\r");
            t.until(|seen| seen.ends_with(b"\r\n@"));
            t.pass(Duration::from_millis(50));
            t.send(&[b'x'; 1024]);
            t.until(is_final);
        });
        near(&format!("binary write at {rate}"), write, binary);
        terminal.pass(Duration::from_millis(100));
        let taken = cost(&mut terminal, |t| {
            t.send(b"AT+USORD=0,1024\r");
            t.until(is_final);
        });
        near(&format!("binary read at {rate}"), taken, read);
    }
}

#[test]
fn hexadecimal_costs_twice_the_bytes_and_no_prompt() {
    for (rate, expected) in [(115_200, 225.2), (460_800, 86.3), (921_600, 63.2)] {
        let mut terminal = connected(rate, true);
        let line = format!("AT+USOWR=0,512,\"{}\"\r", "78".repeat(512));
        let mut total = 0.0;
        for _ in 0..2 {
            total += cost(&mut terminal, |t| {
                t.send(line.as_bytes());
                t.until(is_final);
            });
        }
        near(&format!("two hexadecimal writes at {rate}"), total, expected);
    }
}
