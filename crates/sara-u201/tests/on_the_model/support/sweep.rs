//! One life with a fault, for this driver and by the original's rules, and whether it went right.
//!
//! Most faults meet the same life: start, connect, send an adversarial payload to an echo, read it back, close;
//! again after an error. A clock, a card, sockets of an earlier life, the certificate store, messages and lost URCs
//! are met by lives of their own.

use core::time::Duration;

use embedded_io::{Read, Write};
use monoclock::Millis;
use sara_u201::{
    Certificate, Config, ConnectReason, DataMode, Error, NetworkTime, PowerUp, SimError, SocketHandle,
    Upload, Validity,
};
use sara_u201_sim::{Event, Profile, Quirks, adversarial_payload, scenario};

use super::original::{End, Original};
use super::peers::{script, serve};
use super::tls::Authority;
use super::{Bench, TestModem, config};

/// How a life went.
#[derive(Debug, Default)]
pub(crate) struct Life {
    /// What the fault was.
    pub(crate) faults: Vec<String>,
    /// Delivered, or reported with the error that says why; nothing hung, nothing lost, nothing wrong.
    pub(crate) right: bool,
    /// Nothing had to be tried again.
    pub(crate) at_once: bool,
    /// What went wrong on the way.
    pub(crate) errors: Vec<Error>,
    /// A byte was delivered that was not sent there.
    pub(crate) corrupted: bool,
    /// The longest try.
    pub(crate) longest: Duration,
    /// The fault has struck; what is so from the start has.
    pub(crate) struck: bool,
    /// Characters sent while an abortable command ran.
    pub(crate) aborts: u64,
    /// Wrong PINs entered.
    pub(crate) pins_rejected: u64,
}

/// Tries until a payload is through.
const TRIES: usize = 6;
/// The sum of all deadlines of one try: registration, attach, connect, and what else may time out once.
pub(crate) const BOUND: Duration = Duration::from_secs(900);
/// What the network's clock shows at the virtual start.
const START: u64 = 1_795_413_600;
const HOST: &str = "host.example";

/// The bench of a fault with a seed, which has these quirks.
fn bench(number: u32, seed: u64, quirks: Quirks) -> (Bench, Vec<String>) {
    let faults = scenario(number, seed).unwrap();
    let profile = Profile { seed, quirks, ..Profile::default() };
    let bench = Bench::with_faults(profile, &faults.iter().map(String::as_str).collect::<Vec<_>>());
    (bench, faults)
}

/// This driver's life.
pub(crate) fn live(number: u32, seed: u64, quirks: Quirks) -> Life {
    let zoneless = quirks.clock_without_zone;
    let (bench, faults) = bench(number, seed, quirks);
    let spec = faults.first().cloned().unwrap_or_default();
    let mut life = Life { faults, ..Life::default() };
    let mut modem = bench.modem();
    // Only a write on a prompt meets what strikes there.
    let on_prompt = spec.contains("prompt");
    let data_mode = [DataMode::Auto, DataMode::Binary, DataMode::Hex][usize::try_from(seed % 3).unwrap()];
    let data_mode = if on_prompt { DataMode::Binary } else { data_mode };
    let power_up = if number == 20 { PowerUp::Keep } else { PowerUp::Reset };
    let config = Config { pin: Some("1234"), data_mode, power_up, ..config() };
    let mut run = Run { bench: &bench, modem: &mut modem, config: &config, life: &mut life };
    let right = match number {
        2 => run.notice_the_end(&spec),
        10 => run.meet_the_card(&spec),
        17 => run.tell_the_time(&spec, zoneless),
        20 => run.open_all_sockets(),
        23 => run.store_a_certificate(&spec),
        24 => run.exchange_messages(&spec),
        // Bytes may be lost for as long as it lives.
        4 | 12 => run.echo(number, seed) || !run.life.errors.is_empty(),
        _ => run.echo(number, seed) && run.reasons_are_right(number, &spec),
    };
    let statistics = bench.simulation.statistics();
    life.struck = matches!(number, 4 | 6 | 7 | 10 | 12 | 17 | 18 | 19 | 20 | 22) || statistics.faults > 0;
    life.aborts = statistics.aborts;
    life.pins_rejected = statistics.pins_rejected;
    // Noise on a line without checksums can change a byte into another.
    let intact = !life.corrupted || number == 4;
    // A character that the noise doubles may abort a command.
    let quiet = life.aborts == 0 || number == 4;
    life.right = right && intact && quiet && life.pins_rejected <= 1 && life.longest <= BOUND;
    life
}

struct Run<'r> {
    bench: &'r Bench,
    modem: &'r mut TestModem,
    config: &'r Config<'r>,
    life: &'r mut Life,
}

impl Run<'_> {
    /// Tries until it works, some times; tells whether it did.
    fn insist(&mut self, mut attempt: impl FnMut(&mut Self) -> Result<(), Error>) -> bool {
        for number in 0..TRIES {
            let before = self.bench.clock.elapsed();
            let result = attempt(self);
            self.life.longest = self.life.longest.max(self.bench.clock.elapsed() - before);
            match result {
                Ok(()) => {
                    self.life.at_once = number == 0;
                    return true;
                }
                Err(error) => self.life.errors.push(error),
            }
            self.bench.clock.advance(Duration::from_secs(5));
        }
        false
    }

    fn echo(&mut self, number: u32, seed: u64) -> bool {
        let payload = adversarial_payload(seed, 3600);
        // What strikes at a time must find somebody at work.
        let until = Duration::from_secs(if matches!(number, 8 | 26) { 75 } else { 0 });
        self.insist(|run| {
            loop {
                run.echo_once(&payload, number == 21)?;
                if run.bench.clock.elapsed() >= until {
                    return Ok(());
                }
                run.bench.clock.advance(Duration::from_secs(2));
            }
        })
    }

    fn echo_once(&mut self, payload: &[u8], reconnect: bool) -> Result<(), Error> {
        let peer = script();
        peer.borrow_mut().echo = true;
        serve(&self.bench.network, HOST, 80, &peer);
        let mut back = vec![0; payload.len()];
        let mut filled = 0;
        let result = (|| {
            self.modem.start(self.config)?;
            if reconnect {
                self.modem.connect(HOST, 80)?.close()?;
            }
            let mut socket = self.modem.connect(HOST, 80)?;
            socket.set_answer_awaited(true);
            socket.set_read_timeout(Millis::from_secs(20));
            for piece in payload.chunks(700) {
                socket.write_all(piece)?;
            }
            while let Some(room) = back.get_mut(filled..).filter(|room| !room.is_empty()) {
                match socket.read(room)? {
                    0 => return Err(Error::Closed),
                    count => filled += count,
                }
            }
            socket.close()
        })();
        let received = &peer.borrow().received;
        self.life.corrupted |= !payload.starts_with(received) || !payload.starts_with(&back[..filled]);
        result
    }

    /// Whether what went wrong was told by its name.
    fn reasons_are_right(&self, number: u32, spec: &str) -> bool {
        let connect = |reason: ConnectReason| {
            self.life
                .errors
                .first()
                .is_some_and(|error| matches!(error, Error::Connect(connect) if connect.reason == reason))
        };
        match number {
            15 if spec.ends_with("110") => connect(ConnectReason::TimedOut),
            15 if spec.ends_with("113") => connect(ConnectReason::NetworkDown),
            15 => connect(ConnectReason::Refused),
            16 if spec == "resolver" => connect(ConnectReason::HostUnknown),
            16 => self.life.errors.iter().all(|error| matches!(error, Error::Connect(_))),
            _ => true,
        }
    }

    /// A close, or the end of packet data, whose URC is lost, is found out.
    fn notice_the_end(&mut self, spec: &str) -> bool {
        let peer = script();
        peer.borrow_mut().to_send.push_back((Duration::ZERO, vec![7; 100]));
        peer.borrow_mut().close_after = spec.ends_with("+UUSOCL").then_some(3);
        serve(&self.bench.network, HOST, 80, &peer);
        let mut noticed = false;
        let read = self.insist(|run| {
            run.modem.start(run.config)?;
            let mut socket = run.modem.connect(HOST, 80)?;
            socket.set_answer_awaited(true);
            let mut back = [0; 100];
            socket.read_exact(&mut back).map_err(|_| Error::Closed)?;
            run.life.corrupted |= back != [7; 100];
            socket.write_all(b"bye")?;
            let handle = socket.detach();
            if spec.ends_with("+UUPSDD") {
                run.bench.simulation.happen(Event::ContextLost { profile: 0 });
            }
            noticed = run.is_over(handle);
            Ok(())
        });
        read && noticed && self.insist(|run| run.echo_once(b"again", false))
    }

    fn is_over(&mut self, handle: SocketHandle) -> bool {
        let before = self.bench.clock.elapsed();
        let Ok(mut socket) = self.modem.socket(handle) else { return true };
        socket.set_answer_awaited(true);
        socket.set_read_timeout(Millis::from_secs(20));
        let end = socket.read(&mut [0; 8]);
        matches!(end, Ok(0) | Err(Error::Closed))
            && self.bench.clock.elapsed() - before < Duration::from_secs(10)
    }

    fn meet_the_card(&mut self, spec: &str) -> bool {
        let delivered = self.insist(|run| run.echo_once(b"hello", false));
        let sim = |error: &Error| match error {
            Error::Sim(error) => Some(*error),
            _ => None,
        };
        let mut errors = self.life.errors.iter().map(sim);
        match spec {
            "card:state=absent" => errors.all(|error| error == Some(SimError::Absent)),
            "card:state=puk" => errors.all(|error| matches!(error, Some(SimError::PukRequired { .. }))),
            "card:state=unknown-pin" => {
                matches!(errors.next(), Some(Some(SimError::WrongPin { .. })))
                    && errors.all(|error| matches!(error, Some(SimError::PinWithheld { .. })))
            }
            _ => delivered,
        }
    }

    fn tell_the_time(&mut self, spec: &str, zoneless: bool) -> bool {
        if !self.insist(|run| run.modem.start(run.config)) {
            return false;
        }
        let mut told = Vec::new();
        while self.bench.clock.elapsed() < Duration::from_secs(100) {
            match self.modem.network_time(Validity::DEFAULT) {
                Ok(NetworkTime::Unset) => told.push(false),
                Ok(NetworkTime::Utc { unix_seconds, .. }) => {
                    if unix_seconds.abs_diff(START + self.bench.clock.elapsed().as_secs()) > 2 {
                        return false;
                    }
                    told.push(true);
                }
                Err(_) => return false,
            }
            self.bench.clock.advance(Duration::from_secs(5));
        }
        let never = zoneless || spec.ends_with("unset") || spec.ends_with("no-zone");
        // Once it is told it stays so.
        told.is_sorted() && told.last() == Some(&!never)
    }

    fn open_all_sockets(&mut self) -> bool {
        let peer = script();
        serve(&self.bench.network, HOST, 80, &peer);
        self.insist(|run| {
            run.modem.start(run.config)?;
            let mut handles = Vec::new();
            for _ in 0..7 {
                handles.push(run.modem.connect(HOST, 80)?.detach());
            }
            for handle in handles {
                run.modem.socket(handle)?.close()?;
            }
            Ok(())
        }) && self.insist(|run| run.echo_once(b"hello", false))
    }

    fn store_a_certificate(&mut self, spec: &str) -> bool {
        if !self.insist(|run| run.modem.start(run.config)) {
            return false;
        }
        let authority = Authority::new("root");
        let root = Certificate::root("root", &authority.der);
        let first = self.modem.store_certificate(&root);
        let told = match spec {
            "store:kind=full" => matches!(first, Err(Error::Refused { .. })),
            "store:kind=wrong-sum" => first == Err(Error::CertificateMismatch),
            _ => matches!(first, Err(Error::Timeout { .. } | Error::Refused { .. })),
        };
        let again = self.modem.store_certificate(&root);
        let mended = spec == "store:kind=full" || matches!(again, Ok(Upload::Stored | Upload::Present));
        self.life.errors.extend(first.err().into_iter().chain(again.err()));
        told && mended && self.insist(|run| run.echo_once(b"hello", false))
    }

    fn exchange_messages(&mut self, spec: &str) -> bool {
        if !self.insist(|run| run.modem.start(run.config)) {
            return false;
        }
        if spec.starts_with("message-error") {
            let sent = self.modem.send_message("+31612345678", "hello");
            return matches!(sent, Err(Error::Refused { .. }))
                && self.modem.send_message("+31612345678", "hello").is_ok()
                && self.insist(|run| run.echo_once(b"hello", false));
        }
        self.bench.clock.advance(Duration::from_secs(20));
        let Ok(indices) = self.modem.list_messages::<8>() else { return false };
        let message = indices.first().and_then(|&index| self.modem.read_message(index).ok());
        message.is_some_and(|message| message.text.as_str() == text_of(spec))
            && self.insist(|run| run.echo_once(b"hello", false))
    }
}

/// What the message of a fault says.
fn text_of(spec: &str) -> String {
    let text = spec.split_once("text=").and_then(|(_, text)| text.split_once('@'));
    let text = text.map_or("first\\r\\nOK\\r\\n+UUSOCL: 0\\r\\nhello OK", |(text, _)| text);
    text.replace("\\r", "\r").replace("\\n", "\n").replace("\\c", ",")
}

/// A life by the original's rules: whether it went right, and whether it hung.
pub(crate) fn live_originally(number: u32, seed: u64, quirks: Quirks) -> (bool, bool) {
    let (bench, faults) = bench(number, seed, quirks);
    let spec = faults.first().cloned().unwrap_or_default();
    let mut original = Original::new(&bench);
    let mut corrupted = false;
    let mut result = Err(End::Failed);
    for _ in 0..TRIES {
        original.begin();
        result = attempt(&mut original, &bench, number, seed, &spec, &mut corrupted);
        // What hangs never comes back to be tried again.
        if result != Err(End::Failed) {
            break;
        }
        original.pause(Millis::from_secs(5));
    }
    let statistics = bench.simulation.statistics();
    // Failing where nothing else can be done is right; burning PINs is not.
    let lasting = number == 10 && !spec.contains("busy");
    let good = if lasting { result == Err(End::Failed) } else { result == Ok(true) };
    let intact = (!corrupted || number == 4) && statistics.aborts == 0 && statistics.pins_rejected <= 1;
    (good && intact, result == Err(End::Hangs))
}

fn attempt(
    original: &mut Original,
    bench: &Bench,
    number: u32,
    seed: u64,
    spec: &str,
    corrupted: &mut bool,
) -> Result<bool, End> {
    let peer = script();
    peer.borrow_mut().echo = true;
    peer.borrow_mut().close_after = spec.ends_with("+UUSOCL").then_some(5);
    serve(&bench.network, HOST, 80, &peer);
    original.start("1234")?;
    let mut right = true;
    match number {
        17 => {
            let truth = i64::try_from(START + bench.clock.elapsed().as_secs()).unwrap();
            let told = original.time()?;
            right = told.is_none_or(|told| told.abs_diff(truth) <= 2);
        }
        23 => {
            let stored = original.store(&Authority::new("root").der);
            // A sum that does not agree is not noticed.
            right = stored == Err(End::Failed);
            if stored == Err(End::Hangs) {
                return Err(End::Hangs);
            }
        }
        24 if spec.starts_with("message-error") => {
            right = original.message("+31612345678", "hello") == Err(End::Failed);
        }
        24 => {
            original.pause(Millis::from_secs(20));
            right = original.messages()?.replace("\r\n", "\n").contains(&text_of(spec).replace("\r\n", "\n"));
        }
        20 => {}
        _ => {}
    }
    if number == 21 {
        original.connect(HOST, 80)?;
        original.close()?;
    }
    original.connect(HOST, 80)?;
    let payload = if number == 2 { b"hello".to_vec() } else { adversarial_payload(seed, 3600) };
    let result = original.write(&payload);
    let mut back = Vec::new();
    let deadline = bench.clock.elapsed() + Duration::from_secs(60);
    let read = (|| {
        result?;
        while back.len() < payload.len() && bench.clock.elapsed() < deadline {
            back.extend(original.read()?);
        }
        Ok(())
    })();
    *corrupted |= !payload.starts_with(&peer.borrow().received) || !payload.starts_with(&back);
    read?;
    if number == 2 {
        if spec.ends_with("+UUPSDD") {
            bench.simulation.happen(Event::ContextLost { profile: 0 });
        }
        original.pause(Millis::from_secs(2));
        // It asks again and again, and an error is the end.
        right &= original.read() == Err(End::Failed);
    }
    original.close()?;
    if back.len() < payload.len() { Err(End::Failed) } else { Ok(right) }
}
