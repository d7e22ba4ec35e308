//! The original library's rules on the line, on the same model: what it waits for, how it tells a result from the
//! rest, and for how long. Its behaviour, not its code.
//!
//! Received characters pile up in one buffer. While no command is out, each line is a URC for whoever knows it. The
//! echo of the command, a line that begins with AT, begins the response; from then on every line's end looks for
//! the last `OK`, `ERROR` or `NO CARRIER` with a line's end behind it anywhere in the pile. Error numbers are not
//! asked for. Most waits end after 100 ms; those for the card, the network and a connection never do. That the number
//! of bytes taken by a write is not looked at is from memory.

use core::time::Duration;

use std::rc::Rc;

use embedded_hal::digital::OutputPin;
use embedded_io::{Read, ReadReady, Write};
use monoclock::{Clock, ManualClock, Millis};
use sara_u201_sim::{DtrLine, ResetLine, Serial, SimClock};

use super::Bench;

/// A wait without end is cut here: the program hangs.
const FOR_EVER: Duration = Duration::from_secs(900);

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// It told the program that it failed.
    Failed,
    /// It did not come back.
    Hangs,
}

/// The library, with its modem.
pub(crate) struct Original {
    time: Rc<ManualClock>,
    serial: Serial,
    reset: ResetLine,
    dtr: DtrLine,
    clock: SimClock,
    began: Duration,
    pile: Vec<u8>,
    answering: bool,
    result: Option<bool>,
    response: String,
    last_line: Duration,
    low_power: bool,
    socket: Option<u8>,
}

impl Original {
    pub(crate) fn new(bench: &Bench) -> Self {
        let simulation = &bench.simulation;
        Self {
            serial: simulation.serial(),
            reset: simulation.reset_line(),
            dtr: simulation.dtr_line(),
            clock: simulation.clock(),
            time: bench.clock.clone(),
            began: Duration::ZERO,
            pile: Vec::new(),
            answering: false,
            result: None,
            response: String::new(),
            last_line: Duration::ZERO,
            low_power: false,
            socket: None,
        }
    }

    fn now(&self) -> Duration {
        self.time.elapsed()
    }

    fn sleep(&mut self, ms: u64) {
        let until = self.now() + Duration::from_millis(ms);
        while self.now() < until {
            self.clock.wait_until(until);
        }
    }

    /// Begins to count for a call that may hang.
    pub(crate) fn begin(&mut self) {
        self.began = self.now();
    }

    fn check(&self) -> Result<(), End> {
        if self.now() - self.began > FOR_EVER { Err(End::Hangs) } else { Ok(()) }
    }

    fn poll(&mut self) {
        let mut byte = [0];
        while self.serial.read_ready() == Ok(true) && self.serial.read(&mut byte) == Ok(1) {
            self.pile.push(byte[0]);
            if !self.answering {
                if self.pile.ends_with(b"\r\n") {
                    self.answering = self.pile.starts_with(b"AT");
                    if !self.answering && self.pile.len() > 2 {
                        self.last_line = self.now();
                    }
                    self.pile.clear();
                }
            } else if byte[0] == b'\n' {
                self.last_line = self.now();
                let pile = String::from_utf8_lossy(&self.pile).into_owned();
                let good = pile.rfind("OK\r\n").map(|place| (place, true));
                let bad = ["ERROR\r\n", "NO CARRIER\r\n"].iter().find_map(|end| pile.rfind(end));
                if let Some((place, result)) = good.or(bad.map(|place| (place, false))) {
                    self.response = pile[..place].trim().into();
                    self.result = Some(result);
                    self.answering = false;
                    self.pile.clear();
                    if self.low_power {
                        let _ = self.dtr.set_high();
                    }
                    return;
                }
            }
        }
    }

    fn send(&mut self, command: &str) -> Result<(), End> {
        if self.low_power {
            let _ = self.dtr.set_low();
            self.sleep(5);
        }
        let quiet = self.last_line + Duration::from_millis(20);
        while self.now() < quiet {
            self.clock.wait_until(quiet);
        }
        (self.answering, self.result) = (false, None);
        // It waits until the serial port is empty, however long that takes.
        let line = format!("{command}\r\n");
        self.serial.write_all(line.as_bytes()).and_then(|()| self.serial.flush()).map_err(|_| End::Hangs)
    }

    /// Waits for a result; nothing when the time is over, for ever if there is no time.
    fn wait(&mut self, time: Option<u64>) -> Result<Option<bool>, End> {
        let until = time.map(|ms| self.now() + Duration::from_millis(ms));
        loop {
            self.poll();
            if let Some(result) = self.result.take() {
                return Ok(Some(result));
            }
            if until.is_some_and(|until| self.now() >= until) {
                return Ok(None);
            }
            self.check()?;
            let limit = self.now() + Duration::from_millis(100);
            self.clock.wait_until(until.map_or(limit, |until| until.min(limit)));
        }
    }

    fn command(&mut self, command: &str, time: Option<u64>) -> Result<Option<bool>, End> {
        self.send(command)?;
        self.wait(time)
    }

    /// A step of its state machines: on to the next, or the call has failed.
    fn step(&mut self, command: &str, time: Option<u64>) -> Result<(), End> {
        if self.command(command, time)? == Some(true) { Ok(()) } else { Err(End::Failed) }
    }

    fn find_modem(&mut self) -> Result<(), End> {
        let until = self.now() + Duration::from_secs(10);
        while self.now() < until {
            if self.command("AT", Some(100))? == Some(true) {
                return Ok(());
            }
            self.sleep(100);
        }
        Err(End::Failed)
    }

    /// `GSM.begin` and `attachGPRS`.
    pub(crate) fn start(&mut self, pin: &str) -> Result<(), End> {
        self.low_power = false;
        self.serial.set_baud_rate(115_200);
        let _ = self.dtr.set_low();
        let _ = self.reset.set_high();
        self.clock.wait_until(self.now() + Duration::from_micros(150));
        let _ = self.reset.set_low();
        self.sleep(3);
        let _ = self.reset.set_high();
        self.sleep(600);
        let _ = self.reset.set_low();
        self.find_modem()?;
        if self.command("AT+IPR=921600", Some(100))? != Some(true) {
            return Err(End::Failed);
        }
        self.sleep(100);
        self.serial.set_baud_rate(921_600);
        self.find_modem()?;
        self.step("AT+UPSV=3", Some(100))?;
        self.low_power = true;
        // Asked until it is answered with OK.
        while self.command("AT+CPIN?", None)? != Some(true) {
            self.check()?;
        }
        if self.response.ends_with("SIM PIN") {
            self.step(&format!("AT+CPIN=\"{pin}\""), None)?;
        } else if !self.response.ends_with("READY") {
            return Err(End::Failed);
        }
        for command in ["AT+CMGF=1", "AT+UDCONF=1,1", "AT+CTZU=1", "AT+UDTMFD=1,2"] {
            self.step(command, None)?;
        }
        loop {
            self.check()?;
            self.step("AT+CREG?", None)?;
            match self.response.chars().last() {
                Some('1' | '5' | '8') => break,
                Some('3') => return Err(End::Failed),
                _ => self.sleep(100),
            }
        }
        self.step("AT+UCALLSTAT=1", None)?;
        self.step("AT+CGATT=1", None)?;
        for parameter in ["1,\"internet\"", "6,3", "2,\"\"", "3,\"\"", "7,\"0.0.0.0\""] {
            self.step(&format!("AT+UPSD=0,{parameter}"), None)?;
        }
        self.step("AT+UPSDA=0,3", None)?;
        self.step("AT+UPSND=0,8", None)?;
        if self.response.ends_with(",1") { Ok(()) } else { Err(End::Failed) }
    }

    pub(crate) fn connect(&mut self, host: &str, port: u16) -> Result<(), End> {
        self.step("AT+USOCR=6", None)?;
        let digit = self.response.bytes().last().filter(u8::is_ascii_digit).ok_or(End::Failed)?;
        self.socket = Some(digit - b'0');
        let connected = self.step(&format!("AT+USOCO={},\"{host}\",{port}", digit - b'0'), None);
        if connected == Err(End::Failed) {
            self.close()?;
        }
        connected
    }

    pub(crate) fn write(&mut self, data: &[u8]) -> Result<(), End> {
        for piece in data.chunks(256) {
            let socket = self.socket.ok_or(End::Failed)?;
            let digits: String = piece.iter().map(|byte| format!("{byte:02X}")).collect();
            let command = format!("AT+USOWR={socket},{},\"{digits}\"", piece.len());
            // How many the modem took is not looked at.
            if self.command(&command, Some(10_000))? != Some(true) {
                self.close()?;
                return Err(End::Failed);
            }
        }
        Ok(())
    }

    /// Reads what there is: `available` and `read` in one.
    pub(crate) fn read(&mut self) -> Result<Vec<u8>, End> {
        let socket = self.socket.ok_or(End::Failed)?;
        if self.command(&format!("AT+USORD={socket},512"), Some(10_000))? != Some(true) {
            self.close()?;
            return Err(End::Failed);
        }
        if !self.response.starts_with("+USORD: ") {
            return Ok(Vec::new());
        }
        let Some(open) = self.response.find('"') else { return Ok(Vec::new()) };
        let digits = self.response[open + 1..].trim_end_matches('"').as_bytes();
        // Digits are not checked.
        let value =
            |digit: u8| if digit > b'9' { digit.wrapping_sub(b'A' - 10) } else { digit.wrapping_sub(b'0') };
        Ok(digits.chunks_exact(2).map(|pair| value(pair[0]) << 4 | value(pair[1]) & 15).collect())
    }

    pub(crate) fn close(&mut self) -> Result<(), End> {
        if let Some(socket) = self.socket.take() {
            self.command(&format!("AT+USOCL={socket}"), Some(10_000))?;
        }
        Ok(())
    }

    /// `getTime`: seconds since 1970, whatever the clock shows; nothing when there was no answer.
    pub(crate) fn time(&mut self) -> Result<Option<i64>, End> {
        if self.command("AT+CCLK?", Some(100))? != Some(true) || !self.response.starts_with("+CCLK: \"") {
            return Ok(None);
        }
        let text = self.response.as_bytes();
        let two = |place: usize| {
            let digit = |place: usize| i64::from(text.get(place).map_or(0, |byte| byte.wrapping_sub(b'0')));
            digit(place) * 10 + digit(place + 1)
        };
        let (year, month, day) = (2000 + two(8), two(11), two(14));
        let (shifted, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
        let leap_days = shifted / 4 - shifted / 100 + shifted / 400;
        let days = shifted * 365 + leap_days + (153 * month + 2) / 5 + day - 1 - 719_468;
        let local = days * 86_400 + two(17) * 3600 + two(20) * 60 + two(23);
        let quarters = if text.get(25) == Some(&b'-') { -two(26) } else { two(26) };
        Ok(Some(local - quarters * 900))
    }

    /// Sends a root certificate; its sum is not looked at.
    pub(crate) fn store(&mut self, certificate: &[u8]) -> Result<(), End> {
        self.send(&format!("AT+USECMNG=0,0,\"root\",{}", certificate.len()))?;
        let until = self.now() + Duration::from_millis(500);
        while !self.pile.ends_with(b">") {
            self.poll();
            if self.result.take().is_some() || self.now() >= until {
                return Err(End::Failed);
            }
            self.clock.wait_until(until);
        }
        self.serial.write_all(certificate).map_err(|_| End::Hangs)?;
        if self.wait(Some(1000))? == Some(true) { Ok(()) } else { Err(End::Failed) }
    }

    /// The messages as the modem lists them.
    pub(crate) fn messages(&mut self) -> Result<String, End> {
        self.step("AT+CMGL=\"REC UNREAD\"", None)?;
        Ok(self.response.clone())
    }

    /// Sends a message. No prompt is as good as one; the end is waited for without limit.
    pub(crate) fn message(&mut self, number: &str, text: &str) -> Result<(), End> {
        if self.command(&format!("AT+CMGS=\"{number}\""), Some(100))? == Some(false) {
            return Err(End::Failed);
        }
        self.serial.write_all(text.as_bytes()).map_err(|_| End::Hangs)?;
        self.serial.write_all(&[0x1a]).map_err(|_| End::Hangs)?;
        if self.wait(None)? == Some(true) { Ok(()) } else { Err(End::Failed) }
    }

    /// Lets time pass, hearing what comes.
    pub(crate) fn pause(&mut self, span: Millis) {
        let until = self.clock.now() + span;
        while !self.clock.now().has_reached(until) {
            self.clock.wait(until);
            self.poll();
        }
    }
}
