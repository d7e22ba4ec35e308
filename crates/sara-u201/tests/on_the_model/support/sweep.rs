//! One life with a fault: start, connect, echo an adversarial payload, close; again after an error.

use core::time::Duration;
use std::rc::Rc;

use embedded_io::{Read, Write};
use monoclock::{ManualClock, Millis};
use sara_u201::{Config, DataMode, Error};
use sara_u201_sim::{Fault, MemoryNetwork, Profile, Simulation, adversarial_payload, scenario};

use super::peers::{script, serve};
use super::{TestModem, Wires, config};

/// How a life ended.
#[derive(Debug)]
pub(crate) struct Life {
    /// The payload came back whole, at this try.
    pub(crate) survived_at: Option<u32>,
    /// What the tries before ended in.
    pub(crate) errors: Vec<Error>,
    /// A byte was delivered that was not sent there.
    pub(crate) corrupted: bool,
    /// The longest try.
    pub(crate) longest: Duration,
    /// Characters sent while an abortable command ran.
    pub(crate) aborts: u64,
    /// Wrong PINs entered.
    pub(crate) pins_rejected: u64,
}

/// Tries until the payload is through.
const TRIES: u32 = 6;
/// The sum of all deadlines of one try: registration, attach, connect, and what else may time out once.
pub(crate) const BOUND: Duration = Duration::from_secs(900);

pub(crate) fn live(number: u32, seed: u64) -> Life {
    let clock = Rc::new(ManualClock::new());
    let network = MemoryNetwork::new(seed);
    let faults: Vec<Fault> =
        scenario(number, seed).unwrap().iter().map(|spec| spec.parse().unwrap()).collect();
    let profile = Profile { seed, ..Profile::default() };
    let simulation = Simulation::with_faults(profile, faults, network.clone(), clock.clone());
    let wires = Wires::new(&simulation);
    let mut modem: TestModem = sara_u201::Modem::new(simulation.serial(), wires, simulation.clock());
    let data_mode = [DataMode::Auto, DataMode::Binary, DataMode::Hex][usize::try_from(seed % 3).unwrap()];
    let config = Config { pin: Some("1234"), data_mode, ..config() };
    let mut life = Life {
        survived_at: None,
        errors: Vec::new(),
        corrupted: false,
        longest: Duration::ZERO,
        aborts: 0,
        pins_rejected: 0,
    };
    let payload = adversarial_payload(seed, 1500);
    for attempt in 1..=TRIES {
        let peer = script();
        peer.borrow_mut().echo = true;
        serve(&network, "host.example", 80, &peer);
        let before = clock.elapsed();
        let mut back = vec![0; payload.len()];
        let mut filled = 0;
        let result = (|| {
            modem.start(&config)?;
            let mut socket = modem.connect("host.example", 80)?;
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
        life.longest = life.longest.max(clock.elapsed() - before);
        let received = &peer.borrow().received;
        life.corrupted |= !payload.starts_with(received) || !payload.starts_with(&back[..filled]);
        match result {
            Ok(()) => {
                life.survived_at = Some(attempt);
                break;
            }
            Err(error) => life.errors.push(error),
        }
        clock.advance(Duration::from_secs(5));
    }
    let statistics = simulation.statistics();
    life.aborts = statistics.aborts;
    life.pins_rejected = statistics.pins_rejected;
    life
}
