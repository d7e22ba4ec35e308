//! A host that asks without end, or leaves everything unread, does not make the module grow.

mod terminal;

use core::time::Duration;

use embedded_io::{Write, WriteReady};
use sara_u201_sim::Event;
use terminal::{Terminal, echo_network, quick};

/// Kilobytes of this process in memory, where the system tells.
fn resident() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

/// Sends what the line takes within a tenth of a second.
fn push(terminal: &mut Terminal, line: &str) {
    let mut bytes = line.as_bytes();
    for _ in 0..10 {
        if bytes.is_empty() {
            return;
        }
        if terminal.serial.write_ready().expect("the line works") {
            let count = terminal.serial.write(bytes).expect("there is room");
            bytes = &bytes[count..];
        }
        let until = terminal.now() + Duration::from_millis(10);
        terminal.wait.wait_until(until);
    }
}

#[test]
fn nothing_that_a_host_does_makes_the_module_grow() {
    let mut terminal = Terminal::online(quick(), echo_network("echo.example", 7));
    terminal.ok("AT+CMGF=1;+CNMI=2,1;+CREG=2;+CMER=1,0,0,2,1");
    terminal.ok("AT+USOCR=6");
    terminal.ok("AT+USOCO=0,\"echo.example\",7");
    terminal.ok("AT+USOCR=17,9");
    let mut sizes = Vec::new();
    for round in 0..3000 {
        push(&mut terminal, &format!("AT+UDNSRN=0,\"host{round}.example\"\r"));
        push(&mut terminal, &format!("AT+UDWNFILE=\"file{round}\",0\r"));
        push(&mut terminal, "AT+UPING=\"echo.example\",64\rAT+ULOC=2,2,0,1,1\r");
        push(&mut terminal, "AT+CMGS=\"1\"\r");
        push(&mut terminal, &format!("{}\x1a", "x".repeat(100)));
        push(&mut terminal, &format!("AT+USOWR=0,100,\"{}\"\r", "y".repeat(100)));
        push(&mut terminal, "AT+CLAC\r");
        terminal.simulation.happen(Event::Message { from: "1".into(), text: "z".repeat(160) });
        if round % 100 == 99 {
            terminal.simulation.happen(Event::RegistrationLost(Duration::from_millis(1)));
        }
        // The second half of the time nobody reads.
        if round < 1500 {
            terminal.pass(Duration::from_millis(20));
            terminal.rest.clear();
        }
        if round % 500 == 499 {
            sizes.push(resident());
        }
    }
    println!("resident kilobytes after each 500 rounds: {sizes:?}");
    if let (Some(Some(first)), Some(Some(last))) = (sizes.first(), sizes.last()) {
        assert!(last.saturating_sub(*first) < 16_000, "{sizes:?}");
    }
    let statistics = terminal.simulation.statistics();
    assert!(statistics.at_commands > 5000, "{statistics:?}");
    assert!(
        statistics.module_overruns == 0 && statistics.host_overruns == 0,
        "RTS and CTS hold: {statistics:?}"
    );
    assert!((10..=1000).contains(&terminal.simulation.sent_messages().len()));
    // Somebody reads again: the module goes on.
    terminal.pass(Duration::from_secs(100));
    terminal.send(b"\x1b\r");
    terminal.pass(Duration::from_secs(10));
    assert!(terminal.command("AT").ends_with("\r\nOK\r\n"));
}
