//! The commands of Arduino's MKRGSM library, byte for byte and with its own timing, against the model.
//!
//! The client below keeps the library's habits as its public source shows them: CR LF ends a line, the
//! echo must be on, a reply begins after the echoed line and ends with the last `OK`, `ERROR` or `NO
//! CARRIER` at a line feed, 20 ms pass after it before the next command, each step of its start-up takes
//! 100 ms, and most local commands are given no more than 100 ms to answer.

mod terminal;

use core::time::Duration;

use embedded_hal::digital::OutputPin;
use sara_u201_sim::{Event, MemoryNetwork, PowerAtStart, Profile, Quirks, SentMessage, SimCard};
use terminal::{Authority, Terminal, echo_network};

/// What a wait for an answer has come to.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Reply {
    Ok(String),
    Error,
    NoCarrier,
    Timeout,
}

/// The library's side of the line.
struct Original {
    terminal: Terminal,
    /// When the last answer or URC ended.
    last_response: Duration,
    /// Lines that came when nothing was awaited.
    urcs: Vec<String>,
}

const MS_20: Duration = Duration::from_millis(20);
const MS_100: Duration = Duration::from_millis(100);

impl Original {
    fn new(profile: Profile, network: MemoryNetwork) -> Self {
        Self { terminal: Terminal::new(profile, network), last_response: Duration::ZERO, urcs: Vec::new() }
    }

    /// Sends a line; what has come meanwhile are URCs.
    fn send(&mut self, line: &str) {
        let ready = self.last_response + MS_20;
        self.terminal.pass(ready.saturating_sub(self.terminal.now()));
        self.poll();
        self.terminal.send(format!("{line}\r\n").as_bytes());
    }

    fn poll(&mut self) {
        self.terminal.pass(Duration::ZERO);
        let text = String::from_utf8_lossy(&core::mem::take(&mut self.terminal.rest)).into_owned();
        for line in text.lines().filter(|line| !line.is_empty()) {
            self.urcs.push(line.to_owned());
            self.last_response = self.terminal.now();
        }
    }

    fn wait(&mut self, timeout: Duration) -> Reply {
        let end = self.terminal.now() + timeout;
        loop {
            self.terminal.pass(Duration::from_millis(1));
            let seen = String::from_utf8_lossy(&self.terminal.rest).into_owned();
            // The echo arms the parser: a line that begins with AT and ends in CR LF.
            if let Some((echo, answer)) = seen.split_once('\n')
                && echo.starts_with("AT")
                && echo.ends_with('\r')
            {
                let found = [("OK\r\n", 1), ("ERROR\r\n", 2), ("NO CARRIER\r\n", 3)]
                    .into_iter()
                    .find_map(|(word, kind)| answer.rfind(word).map(|at| (at, kind)));
                if let Some((at, kind)) = found {
                    self.last_response = self.terminal.now();
                    self.terminal.rest.clear();
                    return match kind {
                        1 => Reply::Ok(answer[..at].trim().to_owned()),
                        2 => Reply::Error,
                        _ => Reply::NoCarrier,
                    };
                }
            }
            if self.terminal.now() >= end {
                self.terminal.rest.clear();
                return Reply::Timeout;
            }
        }
    }

    fn exchange(&mut self, line: &str, timeout: Duration) -> Reply {
        self.send(line);
        self.wait(timeout)
    }

    /// A command that must be answered within `ms`.
    fn ok(&mut self, line: &str, ms: u64) -> String {
        match self.exchange(line, Duration::from_millis(ms)) {
            Reply::Ok(information) => information,
            other => panic!("{line}: {other:?} after {ms} ms"),
        }
    }

    /// `AT` every 100 ms, each with 100 ms to answer, for 10 s.
    fn autosense(&mut self) {
        let end = self.terminal.now() + Duration::from_secs(10);
        while self.exchange("AT", MS_100) != Reply::Ok(String::new()) {
            self.terminal.pass(MS_100);
            assert!(self.terminal.now() < end, "no answer at {}", self.terminal.serial.baud_rate());
        }
    }

    /// Reset pulse, rate, power saving, card, settings, registration.
    fn begin(&mut self, pin: Option<&str>) {
        let mut reset = self.terminal.simulation.reset_line();
        for (high, us) in [(true, 150), (false, 3000), (true, 600_000), (false, 0)] {
            if high { reset.set_high() } else { reset.set_low() }.expect("a level");
            self.terminal.pass(Duration::from_micros(us));
        }
        self.terminal.serial.set_baud_rate(115_200);
        self.autosense();
        self.ok("AT+IPR=921600", 100);
        self.terminal.pass(MS_100);
        self.terminal.serial.set_baud_rate(921_600);
        self.autosense();
        self.terminal.simulation.dtr_line().set_low().expect("a level");
        self.ok("AT+UPSV=3", 100);
        let limit = self.terminal.now() + Duration::from_secs(60);
        loop {
            match self.exchange("AT+CPIN?", Duration::from_secs(10)) {
                Reply::Ok(state) if state.ends_with("READY") => break,
                Reply::Ok(state) if state.ends_with("SIM PIN") => {
                    self.ok(&format!("AT+CPIN=\"{}\"", pin.expect("a PIN is asked for")), 10_000);
                }
                Reply::Error => {}
                other => panic!("AT+CPIN?: {other:?}"),
            }
            self.terminal.pass(MS_100);
            assert!(self.terminal.now() < limit, "the card does not become ready");
        }
        for line in ["AT+CMGF=1", "AT+UDCONF=1,1", "AT+CTZU=1", "AT+UDTMFD=1,2"] {
            self.ok(line, 10_000);
            self.terminal.pass(MS_100);
        }
        let limit = self.terminal.now() + Duration::from_secs(60);
        while !self.ok("AT+CREG?", 10_000).ends_with(['1', '5']) {
            self.terminal.pass(MS_100);
            assert!(self.terminal.now() < limit, "no registration");
        }
        self.ok("AT+UCALLSTAT=1", 10_000);
    }

    fn attach(&mut self) {
        for line in [
            "AT+CGATT=1",
            "AT+UPSD=0,1,\"apn.example\"",
            "AT+UPSD=0,6,3",
            "AT+UPSD=0,2,\"\"",
            "AT+UPSD=0,3,\"\"",
            "AT+UPSD=0,7,\"0.0.0.0\"",
            "AT+UPSDA=0,3",
        ] {
            self.ok(line, 180_000);
            self.terminal.pass(MS_100);
        }
        assert!(self.ok("AT+UPSND=0,8", 10_000).ends_with(",1"));
    }

    /// Sends certificates as the library does: the prompt within 500 ms, the answer within 1 s.
    fn upload(&mut self, name: &str, bytes: &[u8]) {
        self.send(&format!("AT+USECMNG=0,0,\"{name}\",{}", bytes.len()));
        let end = self.terminal.now() + Duration::from_millis(500);
        while !self.terminal.rest.ends_with(b">") {
            self.terminal.pass(Duration::from_millis(1));
            assert!(self.terminal.now() < end, "no prompt for {name}");
        }
        self.terminal.send(bytes);
        let answer = self.wait(Duration::from_secs(1));
        assert!(
            matches!(&answer, Reply::Ok(sum) if sum.contains("\r\n+USECMNG: 0,0,")),
            "{name}: {answer:?}"
        );
    }

    fn commands(&self) -> Vec<String> {
        self.terminal.simulation.commands().into_iter().map(|record| record.line).collect()
    }
}

#[test]
fn the_librarys_start_up_and_first_tls_connection() {
    for echo_line_feed in [false, true] {
        let authority = Authority::new();
        let server = authority.server("mqtt.example", 2040, &rustls::version::TLS12);
        let network = MemoryNetwork::new(1);
        network.serve("mqtt.example", 8883, move |_| server.accept());
        let profile = Profile {
            power_at_start: PowerAtStart::Off,
            quirks: Quirks { echo_line_feed, ..Quirks::default() },
            ..Profile::default()
        };
        let mut original = Original::new(profile, network);
        original.begin(None);
        let started = original.terminal.now();
        assert!((5..30).contains(&started.as_secs()), "{started:?}");
        original.attach();
        let probes = |line: &String| line == "AT" || line == "AT+CPIN?" || line == "AT+CREG?";
        let settings: Vec<_> = original.commands().into_iter().filter(|line| !probes(line)).collect();
        assert_eq!(
            settings,
            [
                "AT+IPR=921600",
                "AT+UPSV=3",
                "AT+CMGF=1",
                "AT+UDCONF=1,1",
                "AT+CTZU=1",
                "AT+UDTMFD=1,2",
                "AT+UCALLSTAT=1",
                "AT+CGATT=1",
                "AT+UPSD=0,1,\"apn.example\"",
                "AT+UPSD=0,6,3",
                "AT+UPSD=0,2,\"\"",
                "AT+UPSD=0,3,\"\"",
                "AT+UPSD=0,7,\"0.0.0.0\"",
                "AT+UPSDA=0,3",
                "AT+UPSND=0,8",
            ]
        );

        for index in 0..14 {
            original.upload(&format!("Root_{index}"), &authority.root);
        }
        original.upload("Root_in_PEM", terminal::pem(&authority.root).as_bytes());
        // The library's sixteenth root has no bytes: it asks for a removal, which fails.
        assert_eq!(
            original.exchange("AT+USECMNG=2,0,\"AmazonRootCA1\"", Duration::from_secs(1)),
            Reply::Error
        );
        assert_eq!(original.ok("AT+USOCR=6", 10_000), "+USOCR: 0");
        original.ok("AT+USOSEC=0,1,0", 10_000);
        original.ok("AT+USECPRF=0,0,1", 10_000);
        original.ok("AT+USOCO=0,\"mqtt.example\",8883", 120_000);

        // A CONNECT of 317 bytes goes in two pieces of at most 256.
        let packet: Vec<u8> = (0..=255).filter(|byte| *byte != b'!').cycle().take(317).collect();
        for (piece, length) in packet.chunks(256).zip([256, 61]) {
            let digits: String = piece.iter().map(|byte| format!("{byte:02X}")).collect();
            let answer = original.ok(&format!("AT+USOWR=0,{length},\"{digits}\""), 10_000);
            assert_eq!(answer, format!("+USOWR: 0,{length}"));
        }
        let mut received = String::new();
        while received.len() < packet.len() * 2 {
            let answer = original.ok("AT+USORD=0,512", 10_000);
            received.push_str(answer.split('"').nth(1).expect("quoted data"));
        }
        assert_eq!(received, packet.iter().map(|byte| format!("{byte:02X}")).collect::<String>());
        assert_eq!(original.ok("AT+USORD=0,512", 10_000), "+USORD: 0,0,\"\"");
        original.ok("AT+USOCL=0", 10_000);

        // The second life of the host: no reset, AT+CFUN=16, and the module keeps its rate.
        original.ok("AT+CFUN=16", 10_000);
        original.terminal.pass(Duration::from_secs(1));
        original.autosense();
        original.ok("AT+CPWROFF", 40_000);
    }
}

#[test]
fn a_locked_card_is_opened_and_a_wrong_pin_costs_a_try() {
    let sim = SimCard { pin: Some("1234".into()), ..SimCard::default() };
    let profile = Profile { power_at_start: PowerAtStart::Off, sim, ..Profile::default() };
    let mut original = Original::new(profile, MemoryNetwork::new(1));
    original.begin(Some("1234"));
    let seconds = |n| Duration::from_secs(n);
    assert_eq!(original.ok("AT+CLCK=\"SC\",2", 180_000), "+CLCK: 1");
    assert_eq!(original.exchange("AT+CLCK=\"SC\",0,\"9999\"", seconds(180)), Reply::Error);
    original.ok("AT+CPWD=\"SC\",\"1234\",\"4321\"", 180_000);
    original.ok("AT+CLCK=\"SC\",0,\"4321\"", 180_000);
    assert_eq!(original.ok("AT+CLCK=\"SC\",2", 180_000), "+CLCK: 0");
    assert_eq!(original.terminal.simulation.statistics().pins_rejected, 1);
}

/// The rest of the library, each string with the time it is given.
#[test]
fn every_other_command_of_the_library_is_answered_in_its_time() {
    let network = echo_network("echo.example", 7);
    let mut original =
        Original::new(Profile { power_at_start: PowerAtStart::Off, ..Profile::default() }, network);
    original.begin(None);
    // The network tells the time a little after it has let the module in.
    original.terminal.pass(Duration::from_secs(1));
    for (line, ms, answer) in [
        ("AT+CCLK?", 100, "+CCLK: \"26/11/23,"),
        ("AT+CSQ", 100, "+CSQ: 21,3"),
        ("AT+CGSN", 100, "356726109314829"),
        ("AT+CCID", 1000, "+CCID: 8931440300001234567"),
        ("AT+COPS?", 180_000, "+COPS: 0,0,\"Simulated Mobile\",2"),
        ("AT+COPS=?", 180_000, "+COPS: (2,\"Simulated Mobile\""),
        ("AT+COPS=2", 10_000, ""),
        ("AT+URAT=1,0", 10_000, ""),
        ("AT+URAT=1,2", 10_000, ""),
        ("AT+UBANDSEL=850,1900", 10_000, ""),
        ("AT+UBANDSEL?", 100, "+UBANDSEL: 850,1900"),
        ("AT+COPS=0", 180_000, ""),
        ("AT+CLCC", 100, ""),
        ("AT+USPM=255,255,0,0,2", 100, ""),
        ("AT+UI2S=11,1,0,8,1", 100, ""),
        ("AT+USPM=1,1,0,0,2", 100, ""),
        ("AT+ULOCCELL=1", 100, ""),
        ("AT+ULOC=2,2,0,1,1", 100, ""),
        ("AT+CMGL=\"REC UNREAD\"", 10_000, ""),
        ("AT+CMGD=1", 55_000, ""),
        ("AT+UHTTP=0", 100, ""),
        ("AT+UHTTP=0,1,\"www.example\"", 100, ""),
        ("AT+UHTTP=0,5,443", 100, ""),
        ("AT+UHTTP=0,6,1,0", 100, ""),
        ("AT+ULSTFILE=1", 5000, "+ULSTFILE: 2500000"),
        ("AT+USECPRF=0,3,\"ca\"", 200, ""),
        ("AT+USECPRF=0,5,\"cert\"", 200, ""),
        ("AT+USECPRF=0,6,\"key\"", 200, ""),
    ] {
        let said = original.ok(line, ms);
        assert!(said.starts_with(answer), "{line}: {said:?}");
    }
    original.attach();
    assert_eq!(original.ok("AT+UPSND=0,0", 100), "+UPSND: 0,0,\"10.64.7.21\"");
    assert_eq!(original.ok("AT+UDNSRN=0,\"echo.example\"", 70_000), "+UDNSRN: \"198.51.100.1\"");
    original.ok("AT+UPING=\"echo.example\",1,32,5000,60", 2000);
    original.terminal.pass(Duration::from_secs(5));
    original.poll();
    assert!(
        original.urcs.iter().any(|urc| urc.starts_with("+UUPING: 1,32,\"echo.example\"")),
        "{:?}",
        original.urcs
    );

    // UDP and a server.
    assert_eq!(original.ok("AT+USOCR=17", 100), "+USOCR: 0");
    original.ok("AT+USOLI=0,5000", 10_000);
    assert_eq!(original.ok("AT+USOST=0,\"198.51.100.1\",7,2,\"6869\"", 100), "+USOST: 0,2");
    assert_eq!(original.ok("AT+USORF=0,512", 10_000), "+USORF: 0,0,\"\"");
    assert_eq!(original.ok("AT+USOCR=6", 10_000), "+USOCR: 1");
    original.ok("AT+USOLI=1,80", 10_000);
    assert_eq!(original.exchange("AT+USORD=2,0", Duration::from_secs(10)), Reply::Error, "no caller yet");
    original.ok("AT+USOCL=1", 10_000);

    // A message out and one in.
    original.send("AT+CMGS=\"+491701234567\"");
    assert_eq!(original.wait(MS_100), Reply::Timeout, "the library takes that for the prompt");
    original.terminal.send(b"good day\x1a");
    original.terminal.until(|seen| seen.ends_with(b"OK\r\n"));
    let sent = SentMessage { to: "+491701234567".into(), body: "good day".into() };
    assert_eq!(original.terminal.simulation.sent_messages(), [sent]);
    original.terminal.simulation.happen(Event::Message { from: "+4930".into(), text: "hello".into() });
    let listed = original.ok("AT+CMGL=\"REC UNREAD\"", 10_000);
    assert!(
        listed.starts_with("+CMGL: 1,\"REC UNREAD\",\"+4930\"") && listed.ends_with("\r\nhello"),
        "{listed}"
    );
    original.ok("AT+CMGD=1", 55_000);

    // A call.
    original.ok("ATD+49170;", 180_000);
    original.terminal.pass(Duration::from_secs(10));
    original.poll();
    assert!(original.urcs.iter().any(|urc| urc == "+UCALLSTAT: 1,0"), "{:?}", original.urcs);
    original.ok("AT+VTS=5", 420_000);
    original.ok("ATH", 200_000);

    // A file in hexadecimal digits, as the library writes them.
    original.send("AT+UDWNFILE=\"a.txt\",4");
    original.terminal.until(|seen| seen.ends_with(b">"));
    original.terminal.send(b"6869");
    original.terminal.until(|seen| seen.ends_with(b"OK\r\n"));
    assert_eq!(original.ok("AT+URDFILE=\"a.txt\"", 1000), "+URDFILE: \"a.txt\",4,\"6869\"");
    assert_eq!(original.ok("AT+URDBLOCK=\"a.txt\",2,2", 1000), "+URDBLOCK: \"a.txt\",2,\"69\"");
    assert_eq!(original.ok("AT+ULSTFILE=0", 5000), "+ULSTFILE: \"a.txt\"");
    assert_eq!(original.ok("AT+ULSTFILE=2,\"a.txt\"", 5000), "+ULSTFILE: 4");
    original.ok("AT+UDELFILE=\"a.txt\"", 1000);

    original.ok("AT+UPSDA=0,4", 180_000);
    original.ok("AT+CGATT=0", 180_000);
}

#[test]
fn what_the_library_gets_wrong() {
    let mut original = Original::new(
        Profile { power_at_start: PowerAtStart::Off, ..Profile::default() },
        MemoryNetwork::new(1),
    );
    original.begin(None);
    original.terminal.simulation.add_fault("urc:text=+UUSOCL: 3@+CSQ/reply".parse().expect("well formed"));
    let answer = original.ok("AT+CSQ", 100);
    assert_eq!(answer, "+UUSOCL: 3\r\n\r\n+CSQ: 21,3", "a URC within an answer is part of it, and no URC");
    original.ok("AT+CMEE=1", 100);
    let timeout = Duration::from_secs(10);
    assert_eq!(original.exchange("AT+USOCR=6", timeout), Reply::Timeout, "a numbered error is no end");
}
