//! The programs for the board, as they are flashed, on the emulated board: what each console shows.
//!
//! `cargo xtask build --all` makes the images. An image that was not built is passed over, loudly; with
//! `REQUIRE_IMAGES=1` that is a failure.

use core::cell::OnceCell;
use core::net::SocketAddrV4;
use core::time::Duration;
use std::path::Path;
use std::rc::Rc;

use eccx08_sim::{NvImage, Profile as ElementProfile, Sim};
use monoclock::ManualClock;
use samd21_sim::board::usb_host::Console;
use samd21_sim::board::{Board, BoardSettings};
use samd21_sim::chip::Chip;
use samd21_sim::image::Image;
use samd21_sim::machine::Machine;
use samd21_sim::run::{Entry, Pause, Run};
use samd21_sim::{Time, peripherals};
use sara_u201_sim::{MemoryNetwork, Profile, Simulation};

/// Time for each step: a search for networks takes up to two minutes, and the modem starts before it.
const PATIENCE: Time = Time::from_millis(240_000);
const SLICE: Time = Time::from_millis(1);
/// What a program on the modem asks for first, when no access point is built in.
const ASKS_FOR_SETTINGS: &str = "> ";
const SETTINGS: &str = "set apn internet\nrun\n";

/// What one program is asked, and what it has to show.
struct Row {
    program: &'static str,
    /// What is typed when something is shown.
    dialogue: &'static [(&'static str, &'static str)],
    /// What is shown then, in this order.
    shows: &'static [&'static str],
}

const ROWS: &[Row] = &[
    Row { program: "usb_log", dialogue: &[], shows: &["Reset: ", "2 s"] },
    Row { program: "battery", dialogue: &[], shows: &[" mV", "charging"] },
    Row { program: "i2c_scan", dialogue: &[], shows: &["0x60: the secure element", "0x6B: the charger"] },
    Row { program: "element_random", dialogue: &[], shows: &["Press Enter to begin again."] },
    Row {
        program: "element_sign",
        dialogue: &[("What is to be signed?", "hello\n")],
        shows: &["It verifies.", "Press Enter"],
    },
    Row {
        program: "element_counter",
        dialogue: &[("Counter 1 stands at 0 of 2097151.", ""), ("(y/N)", "y\n")],
        shows: &["Now it stands at 1."],
    },
    Row {
        program: "csr",
        dialogue: &[("Organization?", "Acme\n"), ("Common name", "MyMKRGSM1400\n")],
        shows: &["-----BEGIN CERTIFICATE REQUEST-----", "-----END CERTIFICATE REQUEST-----", "Press Enter"],
    },
    Row {
        program: "self_signed_cert",
        dialogue: &[("Common name", "MyMKRGSM1400\n"), ("(y/N)", "y\n")],
        shows: &["-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----", "Press Enter"],
    },
    Row {
        program: "scan_networks",
        dialogue: &[],
        shows: &[
            "IMEI 356726109314829",
            "Registered with Simulated Mobile",
            "Signal: -71 dBm",
            "20404 Simulated Mobile: in use",
            "20408 Other Mobile: available",
            "Press Enter",
        ],
    },
    Row {
        program: "pin_management",
        dialogue: &[
            ("Tries left: PIN 3, PUK 10", ""),
            ("The SIM does not ask for its PIN.", ""),
            ("on, off or new?", "on\n"),
            ("A wrong one costs a try.", "1111\n"),
            ("****\r\nAT+CLCK: CME 16 (incorrect password)", ""),
            ("Press Enter", "\n"),
            ("Tries left: PIN 2, PUK 10", ""),
            ("on, off or new?", "on\n"),
            ("A wrong one costs a try.", "0000\n"),
            ("Press Enter", "\n"),
        ],
        shows: &["Tries left: PIN 3, PUK 10", "The SIM asks for its PIN."],
    },
    Row {
        program: "sms",
        dialogue: &[("which number?", "+491701234567\n"), ("What shall it say?", "hello\n")],
        shows: &["Sent, reference 1", "Press Enter"],
    },
    Row {
        program: "ping",
        dialogue: &[("Host?", "host.example\n")],
        shows: &["host.example: 120 ms, time to live ", "Press Enter"],
    },
    Row { program: "udp_ntp", dialogue: &[], shows: &["pool.ntp.org: 17954136", "s since 1970, UTC"] },
    Row {
        program: "https_get",
        dialogue: &[("with a certificate under", "nowhere.example\n")],
        shows: &["host unknown (error, socket error 163)\r\n", "Press Enter"],
    },
];

/// A board with an image, its modem, and what its console has shown.
struct Desk {
    run: Run,
    console: Console,
    modem: Simulation,
    element: Sim,
    shown: String,
    /// How much of it was waited for.
    seen: usize,
}

impl Desk {
    /// None if the image was not built.
    fn boot(program: &str, memory: Option<NvImage>) -> Option<Self> {
        let built = Path::new(env!("CARGO_BIN_EXE_samd21-sim")).ancestors().nth(2)?;
        let path = built.join("board/thumbv6m-none-eabi/firmware").join(program);
        let Ok(bytes) = std::fs::read(&path) else {
            assert!(std::env::var_os("REQUIRE_IMAGES").is_none(), "{} is required", path.display());
            eprintln!("PASSED OVER: {}: cargo xtask build --all", path.display());
            return None;
        };
        let clock = Rc::new(ManualClock::new());
        let mut element = Sim::builder(ElementProfile::Atecc508a);
        if let Some(memory) = memory {
            element = element.nv(memory);
        }
        let element = element.build(Rc::clone(&clock));
        let modem = Simulation::new(Profile::default(), network(), clock);
        let mut chip = Chip::bare();
        peripherals::attach(&mut chip);
        let board = Board::wire(&mut chip, &element, &modem, BoardSettings::default());
        let run = Run::new(Machine::new(chip), Image::parse(&bytes, None).unwrap(), Entry::Loader);
        Some(Self { run, console: board.console, modem, element, shown: String::new(), seen: 0 })
    }

    /// Lets the program run until its console has shown one of `texts`; tells which.
    fn until(&mut self, texts: &[&str]) -> usize {
        let end = self.run.machine.now() + PATIENCE;
        loop {
            let unseen = &self.shown[self.seen..];
            let found = texts
                .iter()
                .enumerate()
                .filter_map(|(number, text)| unseen.find(text).map(|place| (place + text.len(), number)));
            if let Some((length, number)) = found.min() {
                self.seen += length;
                return number;
            }
            let now = self.run.machine.now();
            assert!(now < end, "{texts:?} was not shown after\n{}", self.shown);
            let pause = self.run.run_until(now + SLICE);
            self.shown.push_str(&String::from_utf8_lossy(&self.console.take_output()));
            assert_eq!(pause, Pause::TimeUp, "{texts:?} was not shown after\n{}", self.shown);
        }
    }

    fn answer(&mut self, question: &str, answer: &str) {
        self.until(&[question]);
        self.console.type_in(answer.as_bytes());
    }

    /// Runs the program through `row`.
    fn go_through(&mut self, row: &Row) {
        let first = row.dialogue.first().map_or(row.shows[0], |(question, _)| question);
        let before = self.seen;
        if self.until(&[ASKS_FOR_SETTINGS, first]) == 0 {
            self.console.type_in(SETTINGS.as_bytes());
        } else {
            self.seen = before;
        }
        for (question, answer) in row.dialogue {
            self.answer(question, answer);
        }
        for text in row.shows {
            self.until(&[text]);
        }
        assert_eq!(self.run.resets(), [], "{}", self.shown);
    }
}

/// A host that can be pinged, and a time server.
fn network() -> MemoryNetwork {
    let network = MemoryNetwork::new(0);
    network.add_host("host.example");
    network.serve_datagrams("pool.ntp.org", 123, |_: SocketAddrV4, _: &[u8], now: Duration| {
        let mut answer = vec![0; 48];
        (answer[0], answer[1]) = (0x24, 1);
        let seconds = Profile::default().unix_time_at_start + now.as_secs() + 2_208_988_800;
        answer[40..44].copy_from_slice(&u32::try_from(seconds).unwrap().to_be_bytes());
        vec![answer]
    });
    network
}

/// What an element holds once `provision` has run on it; none if the image was not built.
fn provisioned() -> Option<NvImage> {
    thread_local!(static MEMORY: OnceCell<Option<NvImage>> = const { OnceCell::new() });
    MEMORY.with(|memory| {
        let provision = || {
            let mut desk = Desk::boot("provision", None)?;
            desk.answer("PERMANENTLY configure and lock it? It cannot be undone. (y/N)", "y\n");
            desk.answer("Which slot holds the key?", "0\n");
            desk.answer("(Y/n)", "y\n");
            desk.until(&["-----BEGIN PUBLIC KEY-----"]);
            desk.until(&["-----END PUBLIC KEY-----"]);
            assert!(desk.element.public_key(0).is_some());
            desk.element.nv()
        };
        memory.get_or_init(provision).clone()
    })
}

#[test]
fn each_program_shows_what_it_is_for() {
    let Some(memory) = provisioned() else { return };
    for row in ROWS {
        let Some(mut desk) = Desk::boot(row.program, Some(memory.clone())) else { continue };
        eprintln!("{}", row.program);
        desk.go_through(row);
        match row.program {
            "sms" => {
                let sent = desk.modem.sent_messages();
                assert_eq!(sent[0].to, "+491701234567");
                // Five septets: "hello" in the alphabet of 3GPP TS 23.038.
                assert!(sent[0].body.ends_with("05E8329BFD06"), "{}", sent[0].body);
            }
            "element_random" => {
                let hexadecimal =
                    |line: &str| line.len() == 64 && line.bytes().all(|byte| byte.is_ascii_hexdigit());
                assert!(desk.shown.lines().any(hexadecimal), "{}", desk.shown);
            }
            _ => {}
        }
    }
}

#[test]
fn a_provisioned_element_is_known_again_and_its_key_stays() {
    let Some(memory) = provisioned() else { return };
    let Some(mut desk) = Desk::boot("provision", Some(memory)) else { return };
    let key = desk.element.public_key(0);
    desk.until(&["is locked with this configuration already."]);
    desk.answer("Which slot holds the key?", "\n");
    desk.answer("(Y/n)", "n\n");
    desk.until(&["The public key in slot 0:"]);
    desk.until(&["-----END PUBLIC KEY-----"]);
    assert_eq!(desk.element.public_key(0), key);
}

#[test]
fn what_is_typed_reaches_the_modem_and_its_answers_come_back() {
    let Some(mut desk) = Desk::boot("gsm_passthrough", None) else { return };
    let now = desk.run.machine.now();
    assert_eq!(desk.run.run_until(now + Time::from_millis(8_000)), Pause::TimeUp);
    // The modem learns the rate from the first command, which it does not answer.
    desk.console.type_in(b"AT\r");
    let now = desk.run.machine.now();
    assert_eq!(desk.run.run_until(now + Time::from_millis(2_000)), Pause::TimeUp);
    desk.console.type_in(b"AT\r");
    desk.until(&["AT\r\r\nOK\r\n"]);
    desk.console.type_in(b"AT+CGMM\r");
    desk.until(&["SARA-U201\r\n\r\nOK\r\n"]);
}
