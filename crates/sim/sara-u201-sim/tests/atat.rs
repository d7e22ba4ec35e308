//! A foreign client: atat's blocking `SimpleClient`, attaching and talking to a socket in hexadecimal.
//!
//! The last tests show what that client gets wrong; the model does not help it.

use core::cell::RefCell;
use core::fmt::Write as _;
use core::task::Waker;
use core::time::Duration;
use std::rc::Rc;

use atat::atat_derive::{AtatCmd, AtatResp, AtatUrc};
use atat::blocking::{AtatClient, SimpleClient};
use atat::{AtDigester, Config, Error};
use heapless::String;
use monoclock::ManualClock;
use sara_u201_sim::{Event, PowerAtStart, Profile, Serial, Simulation};
use terminal::echo_network;

mod terminal;

thread_local! {
    static CLOCK: RefCell<Option<Rc<ManualClock>>> = const { RefCell::new(None) };
}

/// Time moves by 20 microseconds whenever somebody looks: the client waits in loops that look.
struct VirtualTime;

impl embassy_time_driver::Driver for VirtualTime {
    fn now(&self) -> u64 {
        CLOCK.with_borrow(|clock| {
            let clock = clock.as_ref().expect("the test has set its clock");
            clock.advance(Duration::from_micros(20));
            let ticks = clock.elapsed().as_micros() * u128::from(embassy_time_driver::TICK_HZ) / 1_000_000;
            u64::try_from(ticks).expect("not that late")
        })
    }

    fn schedule_wake(&self, _: u64, _: &Waker) {
        unimplemented!("only blocking calls are used");
    }
}

embassy_time_driver::time_driver_impl!(static DRIVER: VirtualTime = VirtualTime);

#[derive(Clone, Debug, AtatResp)]
struct Nothing;

#[derive(Clone, Debug, AtatCmd)]
#[at_cmd("", Nothing, timeout_ms = 1000)]
struct Attention;

#[derive(Clone, Debug, AtatCmd)]
#[at_cmd("E0", Nothing, timeout_ms = 1000, value_sep = false)]
struct EchoOff;

#[derive(Clone, Debug, AtatCmd)]
#[at_cmd("+CMEE", Nothing, timeout_ms = 1000)]
struct ErrorMode {
    mode: u8,
}

#[derive(Clone, Debug, AtatResp)]
struct Text {
    text: String<64>,
}

#[derive(Clone, Debug, AtatCmd)]
#[at_cmd("+CGMM", Text, timeout_ms = 1000)]
struct Model;

#[derive(Clone, Debug, AtatResp)]
struct Pin {
    code: String<16>,
}

#[derive(Clone, Debug, AtatCmd)]
#[at_cmd("+CPIN?", Pin, timeout_ms = 10_000)]
struct PinState;

#[derive(Clone, Debug, AtatResp)]
struct Registered {
    mode: u8,
    status: u8,
}

#[derive(Clone, Debug, AtatCmd)]
#[at_cmd("+CREG?", Registered, timeout_ms = 10_000)]
struct Registration;

#[derive(Clone, Debug, AtatCmd)]
#[at_cmd("+CGATT", Nothing, timeout_ms = 180_000)]
struct Attach {
    state: u8,
}

#[derive(Clone, Debug, AtatCmd)]
#[at_cmd("+UPSD", Nothing, timeout_ms = 10_000)]
struct Apn<'a> {
    profile: u8,
    tag: u8,
    name: &'a str,
}

#[derive(Clone, Debug, AtatCmd)]
#[at_cmd("+UPSDA", Nothing, timeout_ms = 180_000)]
struct Activate {
    profile: u8,
    action: u8,
}

#[derive(Clone, Debug, AtatCmd)]
#[at_cmd("+UDCONF", Nothing, timeout_ms = 1000)]
struct Hexadecimal {
    feature: u8,
    on: u8,
}

#[derive(Clone, Debug, AtatResp)]
struct SocketNumber {
    number: u8,
}

#[derive(Clone, Debug, AtatCmd)]
#[at_cmd("+USOCR", SocketNumber, timeout_ms = 10_000)]
struct Create {
    protocol: u8,
}

#[derive(Clone, Debug, AtatCmd)]
#[at_cmd("+USOCO", Nothing, timeout_ms = 120_000)]
struct Connect<'a> {
    socket: u8,
    host: &'a str,
    port: u16,
}

#[derive(Clone, Debug, AtatResp)]
struct Written {
    socket: u8,
    length: u16,
}

#[derive(Clone, Debug, AtatCmd)]
#[at_cmd("+USOWR", Written, timeout_ms = 10_000)]
struct Write<'a> {
    socket: u8,
    length: u16,
    digits: &'a str,
}

#[derive(Clone, Debug, AtatResp)]
struct Received {
    socket: u8,
    length: u16,
    digits: String<1024>,
}

#[derive(Clone, Debug, AtatCmd)]
#[at_cmd("+USORD", Received, timeout_ms = 10_000)]
struct Read {
    socket: u8,
    length: u16,
}

#[derive(Clone, Debug, AtatCmd)]
#[at_cmd("+USOCL", Nothing, timeout_ms = 10_000)]
struct Close {
    socket: u8,
}

#[derive(Clone, Debug, AtatUrc)]
#[expect(dead_code, reason = "the blocking client drops what it has read")]
enum Urc {
    #[at_urc("+UUSORD")]
    Data(Written),
    #[at_urc("+UUSOCL")]
    Closed(SocketNumber),
}

type Client<'a> = SimpleClient<'a, Serial, AtDigester<Urc>>;

/// A module that is up and knows `echo.example`.
fn simulation() -> Simulation {
    let clock = Rc::new(ManualClock::new());
    CLOCK.set(Some(clock.clone()));
    let profile = Profile { power_at_start: PowerAtStart::On, ..Profile::default() };
    Simulation::new(profile, echo_network("echo.example", 7), clock)
}

fn client<'a>(simulation: &Simulation, buffer: &'a mut [u8]) -> Client<'a> {
    SimpleClient::new(simulation.serial(), AtDigester::default(), buffer, Config::default())
}

/// Lets time pass without a command.
fn pass(simulation: &Simulation, span: Duration) {
    CLOCK.with_borrow(|clock| clock.as_ref().expect("set").advance(span));
    simulation.catch_up();
}

fn connect(client: &mut Client<'_>) -> u8 {
    client.send(&Attention).expect("attention");
    client.send(&EchoOff).expect("echo off");
    client.send(&ErrorMode { mode: 1 }).expect("error mode");
    assert_eq!(client.send(&Model).expect("model").text, "SARA-U201");
    assert_eq!(client.send(&PinState).expect("card").code, "READY");
    for _ in 0..1000 {
        let registered = client.send(&Registration).expect("registration");
        if registered.mode == 0 && registered.status == 1 {
            break;
        }
    }
    client.send(&Attach { state: 1 }).expect("attached");
    client.send(&Apn { profile: 0, tag: 1, name: "apn.example" }).expect("the name of the access point");
    client.send(&Activate { profile: 0, action: 3 }).expect("a context");
    client.send(&Hexadecimal { feature: 1, on: 1 }).expect("hexadecimal mode");
    let socket = client.send(&Create { protocol: 6 }).expect("a socket").number;
    client.send(&Connect { socket, host: "echo.example", port: 7 }).expect("a connection");
    socket
}

#[test]
fn it_attaches_and_gets_its_own_bytes_back() {
    let simulation = simulation();
    let mut buffer = [0; 2200];
    let mut client = client(&simulation, &mut buffer);
    let socket = connect(&mut client);
    let payload: Vec<u8> = (0..=255).filter(|byte| *byte != b'!').cycle().take(4000).collect();
    let mut received = Vec::new();
    for piece in payload.chunks(500) {
        let mut digits = String::<1024>::new();
        for byte in piece {
            write!(digits, "{byte:02X}").expect("room");
        }
        let length = u16::try_from(piece.len()).expect("small");
        let written = client.send(&Write { socket, length, digits: &digits }).expect("written");
        assert_eq!((written.socket, written.length), (socket, length));
        pass(&simulation, Duration::from_millis(300));
        let read = client.send(&Read { socket, length: 512 }).expect("read");
        assert_eq!((read.socket, read.length), (socket, length));
        let pairs = read.digits.as_bytes().chunks(2);
        received.extend(pairs.map(|pair| u8::from_str_radix(core::str::from_utf8(pair).expect("text"), 16)));
    }
    assert!(received.into_iter().map(|byte| byte.expect("digits")).eq(payload));
    client.send(&Close { socket }).expect("closed");
    assert!(matches!(client.send(&Close { socket }), Err(Error::CmeError(_))), "it is closed already");
    assert_eq!(simulation.statistics().module_overruns, 0);
}

#[test]
fn it_never_sees_an_error_in_words() {
    let simulation = simulation();
    let mut buffer = [0; 512];
    let mut client = client(&simulation, &mut buffer);
    client.send(&EchoOff).expect("echo off");
    client.send(&ErrorMode { mode: 2 }).expect("error mode");
    // The module says `+CME ERROR: operation not allowed` within a tenth of a second.
    assert!(matches!(client.send(&Create { protocol: 6 }), Err(Error::Timeout)));
}

#[test]
fn it_takes_a_line_that_nobody_has_told_it_for_an_answer() {
    let simulation = simulation();
    let mut buffer = [0; 512];
    let mut client = client(&simulation, &mut buffer);
    client.send(&EchoOff).expect("echo off");
    pass(&simulation, Duration::from_millis(50));
    simulation.happen(Event::Ring { from: "+4930".into() });
    pass(&simulation, Duration::from_millis(50));
    let answer = client.send(&Model).map(|model| model.text.to_string());
    assert_ne!(answer.as_deref().ok(), Some("SARA-U201"), "{answer:?}");
}
