use core::cell::{Cell, RefCell};

use embedded_io_async::{Read, ReadReady, Write};
use monoclock::Millis;
use sara_u201::asynch::{Modem, Shared};
use sara_u201::{Certificate, Config, ConnectReason, DataMode, Error, TlsProfile, Urc};
use sara_u201_sim::{Event, Profile, adversarial_payload};

use crate::support::executor::Tasks;
use crate::support::peers::{script, serve};
use crate::support::tls::{self, Authority, ServerOptions};
use crate::support::{Bench, config};

const HOSTS: [&str; 3] = ["one.example", "two.example", "three.example"];

/// Writes what a scanner would stumble over in pieces, and reads it back at the same time.
async fn echo(modem: Modem<'_, 3, 600>, place: usize) {
    let data = adversarial_payload(u64::try_from(place).unwrap(), 2500);
    let mut socket = modem.connect(HOSTS[place], 80).await.unwrap();
    socket.set_answer_awaited(true);
    let mut back = Vec::new();
    for piece in data.chunks(700) {
        socket.write_all(piece).await.unwrap();
        let mut part = [0; 100];
        while socket.read_ready().unwrap() {
            let count = socket.read(&mut part).await.unwrap();
            back.extend_from_slice(&part[..count]);
        }
    }
    while back.len() < data.len() {
        let mut part = [0; 333];
        let count = socket.read(&mut part).await.unwrap();
        assert_ne!(count, 0);
        back.extend_from_slice(&part[..count]);
    }
    assert_eq!(back, data);
    socket.close().await.unwrap();
}

fn together(data_mode: DataMode) {
    let bench = Bench::new(Profile::default());
    for host in HOSTS {
        let peer = script();
        peer.borrow_mut().echo = true;
        serve(&bench.network, host, 80, &peer);
    }
    let mut shared: Shared<3, 600> = Shared::new();
    let (mut runner, modem) = shared.split(bench.port(), bench.wires(), bench.task_clock());
    let config = Config { data_mode, ..config() };
    let (urcs, signals) = (RefCell::new(Vec::new()), Cell::new(0));
    let mut tasks = Tasks::new(&bench);
    tasks.spawn_background(async move {
        runner.run(&config).await.unwrap();
    });
    for place in 0..HOSTS.len() {
        tasks.spawn(async move {
            modem.start().await.unwrap();
            echo(modem, place).await;
        });
    }
    tasks.spawn({
        let (clock, signals) = (bench.task_clock(), &signals);
        async move {
            modem.start().await.unwrap();
            for _ in 0..20 {
                let signal = modem.signal().await.unwrap();
                assert!(signal.strength_dbm.is_some_and(|dbm| (-113..=-51).contains(&dbm)));
                signals.set(signals.get() + 1);
                clock.pause(Millis(100)).await;
            }
        }
    });
    tasks.spawn_background(async {
        let urcs = &urcs;
        loop {
            let urc = modem.next_urc().await;
            urcs.borrow_mut().push(urc);
        }
    });
    tasks.spawn({
        let (clock, simulation) = (bench.task_clock(), bench.simulation.clone());
        async move {
            modem.start().await.unwrap();
            clock.pause(Millis(500)).await;
            simulation.happen(Event::Ring { from: "0123".into() });
        }
    });
    tasks.run();
    assert_eq!(signals.get(), 20);
    assert!(urcs.borrow().iter().any(|urc| matches!(urc, Urc::Ring | Urc::Call { .. })), "{urcs:?}");
    let statistics = bench.simulation.statistics();
    let broken = (statistics.pacing_violations, statistics.prompt_rule_violations, statistics.aborts);
    assert_eq!(broken, (0, 0, 0));
}

#[test]
fn bytes_commands_and_urcs_do_not_meet() {
    for data_mode in [DataMode::Auto, DataMode::Binary, DataMode::Hex] {
        together(data_mode);
    }
}

#[test]
fn a_lent_socket_serves_asynchronous_code_too() {
    let bench = Bench::new(Profile::default());
    let peer = script();
    peer.borrow_mut().echo = true;
    serve(&bench.network, HOSTS[0], 80, &peer);
    let mut modem = bench.ready();
    let mut socket = modem.connect(HOSTS[0], 80).unwrap();
    bench.simulation.block_on(async {
        Write::write_all(&mut socket, b"hello").await.unwrap();
        let mut back = [0; 5];
        Read::read_exact(&mut socket, &mut back).await.unwrap();
        assert_eq!(&back, b"hello");
    });
}

#[test]
fn a_task_speaks_tls() {
    let bench = Bench::new(Profile::default());
    let (ours, foreign) = (Authority::new("ours"), Authority::new("foreign"));
    tls::serve(&bench.network, HOSTS[0], 8883, ours.issue(HOSTS[0], 2040), &ServerOptions::default());
    tls::serve(&bench.network, HOSTS[1], 8883, foreign.issue(HOSTS[1], 2040), &ServerOptions::default());
    let mut shared: Shared<2, 256> = Shared::new();
    let (mut runner, modem) = shared.split(bench.port(), bench.wires(), bench.task_clock());
    let root = ours.der.clone();
    let mut tasks = Tasks::new(&bench);
    tasks.spawn_background(async move {
        runner.run(&config()).await.unwrap();
    });
    tasks.spawn(async {
        modem.start().await.unwrap();
        modem.store_certificate(&Certificate::root("root", &root)).await.unwrap();
        let profile = TlsProfile::new("root");
        let refused = modem.connect_tls(HOSTS[1], 8883, &profile).await;
        assert!(
            matches!(refused, Err(Error::Connect(error)) if error.reason == ConnectReason::Tls),
            "{refused:?}"
        );
        let mut socket = modem.connect_tls(HOSTS[0], 8883, &profile).await.unwrap();
        socket.write_all(b"secret").await.unwrap();
        socket.set_answer_awaited(true);
        let mut back = [0; 6];
        socket.read_exact(&mut back).await.unwrap();
        assert_eq!(&back, b"secret");
        socket.close().await.unwrap();
    });
    tasks.run();
}
