//! Any bytes, any time, any wires and any faults: the modem neither panics nor stops the clock.

use core::time::Duration;
use std::rc::Rc;

use embedded_hal::digital::OutputPin;
use embedded_io::{Read, ReadReady, Write, WriteReady};
use monoclock::ManualClock;
use sara_u201_sim::{
    Event, MemoryNetwork, Peer, PeerConnection, PowerAtStart, Profile, Redactor, Serial, SimClock,
    Simulation, scenario,
};

/// Lines that lead somewhere.
const LINES: [&str; 48] = [
    "AT",
    "ATE0",
    "ATE1",
    "ATV0",
    "ATQ1",
    "ATZ",
    "AT&F",
    "ATS3=10",
    "ATS12=0",
    "A/",
    "AT&K0",
    "AT&D2",
    "AT+CMEE=1",
    "AT+CMEE=2",
    "AT+CFUN=16",
    "AT+CFUN=4",
    "AT+CFUN=1",
    "AT+CPWROFF",
    "AT+IPR=921600",
    "AT+IPR=115200",
    "AT+UPSV=1,40",
    "AT+UPSV=2",
    "AT+UPSV=3",
    "AT+UPSV=0",
    "AT+CPIN=\"0000\"",
    "AT+CGATT=1",
    "AT+UPSDA=0,3",
    "AT+UPSDA=0,4",
    "AT+COPS=2",
    "AT+COPS=0",
    "AT+UDCONF=1,1",
    "AT+USOCR=6",
    "AT+USOCR=17,7",
    "AT+USOCO=0,\"echo.example\",7",
    "AT+USOCO=0,\"echo.example\",7,1",
    "AT+USOWR=0,9",
    "AT+USORD=0,1024",
    "AT+USOST=1,\"echo.example\",7,5",
    "AT+USOLI=0,80",
    "AT+USODL=0",
    "AT+USOCL=0",
    "AT+USECMNG=0,0,\"a\",9",
    "AT+USOSEC=0,1,0",
    "AT+UDWNFILE=\"f\",7",
    "AT+CMGS=\"1\"",
    "ATD1;",
    "AT+UPING=\"echo.example\"",
    "AT+CSCS=\"UCS2\";+CMGF=1;+CNMI=2,2;+CMER=1,0,0,2,1;+CGEREP=1;+CREG=2;+UCALLSTAT=1",
];

/// How many events one span of time may hold: more is a clock that stands.
const MOST_EVENTS: u32 = 3_000_000;

/// Sends back what it gets; a `!` makes it close.
#[derive(Default)]
struct Echo {
    waiting: Vec<u8>,
    closed: bool,
}

impl PeerConnection for Echo {
    fn receive(&mut self, bytes: &[u8], _now: Duration) {
        self.closed |= bytes.contains(&b'!');
        self.waiting.extend_from_slice(bytes);
    }

    fn transmit(&mut self, _now: Duration) -> Vec<u8> {
        core::mem::take(&mut self.waiting)
    }

    fn is_closed(&self) -> bool {
        self.closed
    }

    fn next_event(&self, _now: Duration) -> Option<Duration> {
        None
    }
}

/// Serves [`Echo`].
struct EchoServer;

impl Peer for EchoServer {
    fn accept(&mut self, _now: Duration) -> Box<dyn PeerConnection> {
        Box::new(Echo::default())
    }
}

/// The host and its surroundings.
struct Host {
    simulation: Simulation,
    clock: Rc<ManualClock>,
    serial: Serial,
    wait: SimClock,
    network: MemoryNetwork,
    redactor: Redactor,
    reads: bool,
}

/// Plays `input`: each step is a byte that says what, and what it needs.
pub(crate) fn drive(input: &[u8]) {
    let (head, steps) = input.split_at(input.len().min(4));
    let choice = |index: usize| head.get(index).copied().unwrap_or(0);
    let mut profile = Profile { seed: u64::from(choice(0)), ..Profile::default() };
    profile.power_at_start =
        [PowerAtStart::On, PowerAtStart::Booting, PowerAtStart::Off][usize::from(choice(1) % 3)];
    let faults = scenario(u32::from(choice(2) % 30), u64::from(choice(3))).unwrap_or_default();
    let faults = faults.iter().map(|spec| spec.parse().expect("the catalogue is well formed")).collect();
    let clock = Rc::new(ManualClock::new());
    let network = MemoryNetwork::new(1);
    network.serve("echo.example", 7, EchoServer);
    let simulation = Simulation::with_faults(profile, faults, network.clone(), clock.clone());
    simulation.record();
    let (serial, wait) = (simulation.serial(), simulation.clock());
    let mut host =
        Host { simulation, clock, serial, wait, network, redactor: Redactor::default(), reads: true };
    let mut steps = steps.iter().copied();
    while let Some(step) = steps.next() {
        host.take(step, &mut steps);
    }
    host.reads = true;
    host.pass(Duration::from_secs(30));
    assert!(host.clock.elapsed() >= Duration::from_secs(30), "time has passed");
}

impl Host {
    fn take(&mut self, step: u8, rest: &mut impl Iterator<Item = u8>) {
        let mut next = || rest.next().unwrap_or(0);
        match step % 16 {
            0..=4 => {
                let line = LINES[usize::from(next()) % LINES.len()];
                self.write(line.as_bytes());
                self.write(b"\r");
                self.pass(Duration::from_millis(50 * u64::from(step % 16)));
            }
            5 | 6 => {
                let bytes: Vec<u8> = (0..next() % 40).map(|_| next()).collect();
                self.write(&bytes);
            }
            7 => self.pass(Duration::from_millis(u64::from(next()) * u64::from(next()))),
            8 => self.simulation.happen(match next() % 6 {
                0 => Event::Message { from: "+491".into(), text: "OK\r\n+CMTI: \u{e9}".into() },
                1 => Event::Ring { from: "+492".into() },
                2 => Event::HangUp,
                3 => Event::Tone('5'),
                4 => Event::ContextLost { profile: usize::from(next()) },
                _ => Event::RegistrationLost(Duration::from_secs(u64::from(next()))),
            }),
            9 => {
                let specs = scenario(u32::from(next() % 27), u64::from(next())).unwrap_or_default();
                specs.iter().for_each(|spec| self.simulation.add_fault(spec.parse().expect("well formed")));
            }
            10 => {
                let (mut reset, mut dtr) = (self.simulation.reset_line(), self.simulation.dtr_line());
                let Ok(()) = match next() % 4 {
                    0 => reset.set_high(),
                    1 => reset.set_low(),
                    2 => dtr.set_high(),
                    _ => dtr.set_low(),
                };
            }
            11 => self.serial.set_request_to_send(next().is_multiple_of(2)),
            12 => self.serial.set_flow_control(next().is_multiple_of(2)),
            13 => self.serial.set_baud_rate([115_200, 921_600, 9600, 1][usize::from(next() % 4)]),
            14 => self.reads = next().is_multiple_of(2),
            _ => self.network.set_link(next().is_multiple_of(2)),
        }
    }

    /// Writes what the line takes within a second; the rest is lost, as in a host that gives up.
    fn write(&mut self, mut bytes: &[u8]) {
        let limit = self.clock.elapsed() + Duration::from_secs(1);
        while !bytes.is_empty() && self.clock.elapsed() < limit {
            if self.serial.write_ready().expect("the line works") {
                let count = self.serial.write(bytes).expect("there is room");
                bytes = &bytes[count..];
            } else {
                self.pass(Duration::from_millis(10));
            }
        }
    }

    fn pass(&mut self, span: Duration) {
        let until = self.clock.elapsed() + span;
        for _ in 0..MOST_EVENTS {
            if self.clock.elapsed() >= until {
                let _shown = self.redactor.redact(&self.simulation.transcript());
                return;
            }
            self.wait.wait_until(until);
            let mut buffer = [0; 64];
            while self.reads && self.serial.read_ready().expect("the line works") {
                self.serial.read(&mut buffer).expect("there is something");
            }
        }
        panic!("the clock stands at {:?}", self.clock.elapsed());
    }
}
