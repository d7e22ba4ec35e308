//! F1 to F26 on the asynchronous face: a task that echoes a payload, beside one that asks for the signal;
//! `SARA_FAULT_SEEDS` sets how many seeds each gets (3 at first).

use core::cell::{Cell, RefCell};
use core::time::Duration;

use embedded_io_async::{Read, Write};
use monoclock::Millis;
use sara_u201::asynch::{Modem, Shared};
use sara_u201::{Config, DataMode, Error, SimError};
use sara_u201_sim::{Profile, Quirks, adversarial_payload, scenario};

use crate::support::executor::{TaskClock, Tasks};
use crate::support::peers::{script, serve};
use crate::support::quirks::pairwise;
use crate::support::{Bench, config};

/// Tries until the payload is through.
const TRIES: u32 = 8;

#[derive(Debug, Default)]
struct Life {
    delivered: Cell<bool>,
    corrupted: Cell<bool>,
    errors: RefCell<Vec<Error>>,
    hangs: bool,
}

async fn echo(modem: Modem<'_, 1, 600>, clock: &TaskClock, payload: &[u8]) -> (Vec<u8>, Result<(), Error>) {
    let mut back = Vec::new();
    let result = async {
        modem.start().await?;
        let mut socket = modem.connect("host.example", 80).await?;
        socket.set_answer_awaited(true);
        for piece in payload.chunks(550) {
            socket.write_all(piece).await?;
            let end = back.len() + piece.len();
            while back.len() < end {
                let mut part = [0; 200];
                let read = clock.within(Millis::from_secs(20), socket.read(&mut part)).await;
                match read.unwrap_or(Err(Error::Timeout { command: "" }))? {
                    0 => return Err(Error::Closed),
                    count => back.extend_from_slice(&part[..count]),
                }
            }
        }
        socket.close().await
    };
    let result = result.await;
    (back, result)
}

fn live(number: u32, seed: u64, quirks: Quirks) -> Life {
    let faults = scenario(number, seed).unwrap();
    let specs: Vec<&str> = faults.iter().map(String::as_str).collect();
    let bench = Bench::with_faults(Profile { seed, quirks, ..Profile::default() }, &specs);
    let data_mode = [DataMode::Auto, DataMode::Binary, DataMode::Hex][usize::try_from(seed % 3).unwrap()];
    let config = Config { pin: Some("1234"), data_mode, ..config() };
    let payload = adversarial_payload(seed, 2500);
    let mut life = Life::default();
    let mut shared: Shared<1, 600> = Shared::new();
    let (mut runner, modem) = shared.split(bench.port(), bench.wires(), bench.task_clock());
    let mut tasks = Tasks::new(&bench);
    tasks.spawn_background(async move {
        runner.run(&config).await.unwrap();
    });
    tasks.spawn_background({
        let clock = bench.task_clock();
        async move {
            loop {
                clock.pause(Millis(700)).await;
                // Whatever comes of it.
                let _ = modem.signal().await;
            }
        }
    });
    tasks.spawn({
        let (bench, payload, life, clock) = (&bench, &payload, &life, bench.task_clock());
        async move {
            for _ in 0..TRIES {
                let peer = script();
                peer.borrow_mut().echo = true;
                serve(&bench.network, "host.example", 80, &peer);
                let (back, result) = echo(modem, &clock, payload).await;
                let intact = payload.starts_with(&peer.borrow().received) && payload.starts_with(&back);
                life.corrupted.set(life.corrupted.get() | !intact);
                match result {
                    Ok(()) => return life.delivered.set(true),
                    Err(error) => life.errors.borrow_mut().push(error),
                }
                clock.pause(Millis::from_secs(5)).await;
            }
        }
    });
    let ended = tasks.run_for(Duration::from_secs(2 * 3600));
    drop(tasks);
    life.hangs = !ended;
    life
}

#[test]
fn every_fault_ends_well_or_with_its_reason() {
    let seeds = std::env::var("SARA_FAULT_SEEDS").ok().and_then(|seeds| seeds.parse().ok()).unwrap_or(3);
    let (sets, _) = pairwise();
    let mut bad = Vec::new();
    for number in 1..=26 {
        for seed in 0..seeds {
            let set = usize::try_from(u64::from(number) * 3 + seed).unwrap() % sets.len();
            let life = live(number, seed, sets[set].clone());
            // A card may be of no use; noise lasts, and can change a byte into another.
            let card = number == 10
                && life.errors.borrow().iter().all(|error| {
                    matches!(error, Error::Sim(error) if !matches!(error, SimError::Busy | SimError::Failure(_)))
                });
            let right = (life.delivered.get() || card || matches!(number, 4 | 12))
                && (!life.corrupted.get() || number == 4);
            if life.hangs || !right {
                bad.push(format!("F{number} seed {seed} set {set} {:?}: {life:?}", scenario(number, seed)));
            }
        }
    }
    assert!(bad.is_empty(), "{} of {}:\n{}", bad.len(), 26 * seeds, bad.join("\n"));
}
