//! What may be typed: V.250's rules for lines, and what the module says to each mistake.

mod terminal;

use core::time::Duration;

use embedded_hal::digital::OutputPin;
use sara_u201_sim::{MemoryNetwork, Profile, Quirks};
use terminal::{Terminal, quick};

const WRONG: &str = "\r\n+CME ERROR: 50\r\n";
const UNKNOWN: &str = "\r\n+CME ERROR: 100\r\n";

fn ready() -> Terminal {
    Terminal::ready(quick(), MemoryNetwork::new(0))
}

#[test]
fn case_and_spaces_do_not_matter() {
    let mut terminal = ready();
    for line in ["at+cgmm", "AT +CGMM", "aT + c g m m", "at+Cgmm;", "garbageAT+CGMM"] {
        assert_eq!(terminal.ok(line), "SARA-U201", "{line}");
    }
    // What wvdial begins with.
    terminal.ok("ATQ0 V1 E0 S0=0 &C1 &D2 +FCLASS=0");
    assert_eq!(terminal.ok("AT+FCLASS?"), "+FCLASS: 0");
}

#[test]
fn a_line_can_be_edited_and_repeated() {
    let mut terminal = ready();
    assert_eq!(terminal.ok("AT+CGMX\x08M"), "SARA-U201");
    assert_eq!(terminal.ok("AT+CG\x1b\x1aM\tM"), "SARA-U201", "other control characters do not count");
    terminal.ok("ATS5=127");
    assert_eq!(terminal.ok("AT+CGMXX\x7f\x7fM"), "SARA-U201");
    terminal.rest.clear();
    terminal.send(b"a/");
    assert_eq!(terminal.until(terminal::is_final), b"\r\nSARA-U201\r\n\r\nOK\r\n");
    terminal.pass(Duration::from_millis(25));
    terminal.send(b"hello there\r\r\n");
    terminal.pass(Duration::from_secs(1));
    assert!(terminal.rest.is_empty(), "a line without AT is not for the module");
}

#[test]
fn several_commands_stop_at_the_first_mistake() {
    let mut terminal = ready();
    assert_eq!(terminal.command("AT+CMEE?;+CGMM"), "\r\n+CMEE: 1\r\n\r\nSARA-U201\r\n\r\nOK\r\n");
    assert_eq!(terminal.command("ATV1E0+CMEE?"), "\r\n+CMEE: 1\r\n\r\nOK\r\n");
    let before = "\r\n+CMEE: 1\r\n";
    assert_eq!(terminal.command("AT+CMEE?;+NONSENSE;+CGMM"), format!("{before}{UNKNOWN}"));
    assert_eq!(terminal.command("AT+CMEE?;+CPIN=\"1"), format!("{before}{UNKNOWN}"), "a quote is open");
    assert_eq!(terminal.command("AT+CMEE?;*"), format!("{before}{UNKNOWN}"));
    assert_eq!(terminal.command("AT+CMEE?;+UPSD=9"), format!("{before}{WRONG}"));
}

#[test]
fn mistakes_have_their_errors_in_three_degrees() {
    let mut terminal = ready();
    for (mode, unknown, wrong, refused) in [
        (0, "ERROR", "ERROR", "ERROR"),
        (1, "+CME ERROR: 100", "+CME ERROR: 50", "+CME ERROR: 3"),
        (2, "+CME ERROR: unknown", "+CME ERROR: incorrect parameters", "+CME ERROR: operation not allowed"),
    ] {
        terminal.ok(&format!("AT+CMEE={mode}"));
        let refusal = |terminal: &mut Terminal, line: &str| terminal.command(line).trim().to_owned();
        for line in ["AT+NONSENSE", "AT+CSQ=1", "AT+CGMM?", "AT+USOER?", "ATJ", "AT+", "AT=", "AT+CSQ+CREG?"]
        {
            assert_eq!(refusal(&mut terminal, line), unknown, "{line}");
        }
        for line in [
            "AT+CMEE=3",
            "AT+CMEE=",
            "AT+CMEE=1,2",
            "AT+CMEE=\"1\"",
            "AT+CREG=x",
            "AT+CLIP=7",
            "AT+UPSV=1,20",
            "AT+CSCS=\"latin\"",
            "AT&D3",
            "ATE2",
            "ATS3=300",
            "ATS99?",
            "AT+IPR=12345",
            "AT+USOCTL=0,5",
        ] {
            assert_eq!(refusal(&mut terminal, line), wrong, "{line}");
        }
        assert_eq!(refusal(&mut terminal, "AT+USOCR=6"), refused, "without a data context");
    }
    let quirks = Quirks { unknown_command_cme: false, ..Quirks::default() };
    let mut terminal = Terminal::ready(Profile { quirks, ..quick() }, MemoryNetwork::new(0));
    assert_eq!(terminal.command("AT+NONSENSE"), "\r\nERROR\r\n");
}

#[test]
fn messages_have_errors_of_their_own() {
    let mut terminal = ready();
    assert_eq!(terminal.command("AT+CMGR=26"), "\r\n+CMS ERROR: 321\r\n");
    assert_eq!(terminal.command("AT+CMGL=\"ALL\""), "\r\n+CMS ERROR: 304\r\n");
    terminal.ok("AT+CMGF=1;+CMEE=2");
    assert_eq!(terminal.command("AT+CMGL=\"SOME\""), "\r\n+CMS ERROR: invalid text mode parameter\r\n");
    terminal.ok("AT+CMEE=0");
    assert_eq!(terminal.command("AT+CMGL=\"SOME\""), "\r\nERROR\r\n");
}

#[test]
fn what_a_command_takes_can_be_asked() {
    let mut terminal = ready();
    assert_eq!(terminal.ok("AT+CMEE=?"), "+CMEE: (0-2)");
    assert_eq!(terminal.ok("AT+USOCR=?"), "+USOCR: (6,17),(1-65535)");
    assert_eq!(terminal.ok("AT+CGSN=?"), "");
    assert_eq!(terminal.ok("AT+IPR=?").get(..13), Some("+IPR: (0,1200"));
    let all = terminal.ok("AT+CLAC");
    let names = all.split("\r\n").filter(|name| name.starts_with('+')).count();
    assert!(names > 100, "{names}");
}

#[test]
fn a_line_that_is_too_long_is_refused_whole() {
    let mut terminal = ready();
    terminal.ok("AT+CMEE=0");
    let line = format!("AT+CMEE={}1", "0".repeat(4096 - 9));
    assert_eq!(terminal.command(&line), "\r\nOK\r\n", "4096 characters are a line");
    assert_eq!(terminal.command(&format!("{line};+CMEE=0")), "\r\nERROR\r\n");
    assert_eq!(terminal.ok("AT+CMEE?"), "+CMEE: 1", "nothing of it was done");
    assert_eq!(terminal.command(&format!("AT{}", "x".repeat(100_000))), "\r\nERROR\r\n");
    assert_eq!(terminal.ok("AT+CGMM"), "SARA-U201");
}

#[test]
fn results_can_be_numbers_or_missing() {
    let mut terminal = ready();
    let say = |terminal: &mut Terminal, line: &str| {
        terminal.pass(Duration::from_millis(25));
        terminal.rest.clear();
        terminal.send(line.as_bytes());
        terminal.pass(Duration::from_millis(100));
        String::from_utf8(core::mem::take(&mut terminal.rest)).expect("text")
    };
    assert_eq!(say(&mut terminal, "ATV0\r"), "0\r");
    assert_eq!(say(&mut terminal, "AT+CGMM\r"), "SARA-U201\r\n0\r");
    assert_eq!(say(&mut terminal, "AT+NONSENSE\r"), "+CME ERROR: 100\r\n");
    assert_eq!(say(&mut terminal, "AT+CMEE=0\r"), "0\r");
    assert_eq!(say(&mut terminal, "AT+NONSENSE\r"), "4\r");
    terminal.simulation.happen(sara_u201_sim::Event::Ring { from: "1".into() });
    assert_eq!(terminal.until(|seen| !seen.is_empty()), b"2");
    assert_eq!(say(&mut terminal, "ATHQ1\r"), "");
    assert_eq!(say(&mut terminal, "AT+CGMM\r"), "SARA-U201\r\n", "information is not a result");
    assert_eq!(say(&mut terminal, "ATQ0V1\r"), "\r\nOK\r\n");
    assert_eq!(say(&mut terminal, "ATS3=33S4=36\r"), "!$OK!$", "the characters of this very answer");
    assert_eq!(say(&mut terminal, "ATS3?!"), "!$033!$!$OK!$");
    assert_eq!(say(&mut terminal, "ATS3=13 S4=10 E1!"), "\r\nOK\r\n");
    assert_eq!(say(&mut terminal, "AT\r\n"), "AT\r\r\nOK\r\n", "the line feed is no line of its own");
}

#[test]
fn personal_profiles_are_stored_and_taken_up() {
    let mut terminal = Terminal::ready(quick(), MemoryNetwork::new(0));
    terminal.ok("AT&D0S0=3&W1");
    terminal.ok("AT&F");
    terminal.ok("ATE0+CMEE=1");
    let shown = terminal.ok("AT&V");
    assert!(shown.starts_with("ACTIVE PROFILE:") && shown.contains("E0") && shown.contains("&D1"), "{shown}");
    assert_eq!(terminal.ok("ATS0?"), "000");
    terminal.ok("ATZ1");
    assert_eq!(terminal.ok("ATS0?"), "003");
    assert_eq!(terminal.command("ATZ2"), WRONG);
    terminal.ok("AT&Y1");
    let mut reset = terminal.simulation.reset_line();
    reset.set_high().expect("a level");
    terminal.pass(Duration::from_millis(60));
    reset.set_low().expect("a level");
    terminal.pass(Duration::from_secs(4));
    terminal.send(b"AT\r");
    terminal.pass(Duration::from_secs(1));
    assert_eq!(
        terminal.command("AT+CMEE?;S0?"),
        "\r\n+CMEE: 1\r\n\r\n003\r\n\r\nOK\r\n",
        "echo is still off"
    );
}

#[test]
fn a_command_that_waits_is_aborted_by_any_character_but_its_own_line_feed() {
    for line in ["AT+COPS=?", "AT+COPS=1,2,\"99999\"", "AT+CGATT=1", "AT+UPSDA=0,3"] {
        let mut terminal = Terminal::ready(Profile::default(), MemoryNetwork::new(0));
        terminal.ok("AT+CGATT=1");
        terminal.pass(Duration::from_millis(25));
        terminal.send(format!("{line}\r\n").as_bytes());
        terminal.pass(Duration::from_millis(200));
        terminal.rest.clear();
        terminal.send(b"AT\r");
        terminal.pass(Duration::from_secs(1));
        let seen = String::from_utf8_lossy(&terminal.rest).into_owned();
        assert!(seen.starts_with("\r\nABORTED\r\n"), "{line}: {seen:?}");
        assert_eq!(terminal.simulation.statistics().aborts, 1);
        terminal.ok("AT");
    }
}
