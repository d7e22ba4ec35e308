use core::cell::Cell;

use embedded_hal::digital::OutputPin;
use embedded_io_async::{Read, Write};
use monoclock::Millis;
use sara_u201::asynch::{Modem, Shared};
use sara_u201::{Error, PowerSaving, SimError};
use sara_u201_sim::Profile;

use crate::support::executor::Tasks;
use crate::support::peers::{script, serve};
use crate::support::{Bench, config};

/// Runs the test as a task beside the runner.
fn task(bench: &Bench, test: impl AsyncFnOnce(Modem<'_, 2, 256>)) {
    let mut shared = Shared::new();
    let (mut runner, modem) = shared.split(bench.port(), bench.wires(), bench.task_clock());
    let mut tasks = Tasks::new(bench);
    tasks.spawn_background(async move {
        runner.run(&config()).await.unwrap();
    });
    tasks.spawn(test(modem));
    tasks.run();
}

fn serve_echo(bench: &Bench) {
    let peer = script();
    peer.borrow_mut().echo = true;
    serve(&bench.network, "host.example", 80, &peer);
}

#[test]
fn a_silent_modem_is_told_and_comes_back() {
    let bench = Bench::new(Profile::default());
    serve_echo(&bench);
    let (clock, mut reset) = (bench.task_clock(), bench.simulation.reset_line());
    task(&bench, async |modem| {
        modem.start().await.unwrap();
        let mut socket = modem.connect("host.example", 80).await.unwrap();
        reset.set_high().unwrap();
        clock.pause(Millis(200)).await;
        assert_eq!(modem.signal().await, Err(Error::Timeout { command: "+CSQ" }));
        // The next finds that nothing answers at all, and so does the socket.
        assert_eq!(modem.signal().await, Err(Error::ModemLost));
        assert_eq!(socket.read(&mut [0; 8]).await, Err(Error::ModemLost));
        assert!(!modem.is_ready());
        drop(socket);
        reset.set_low().unwrap();
        clock.pause(Millis(10)).await;
        modem.start().await.unwrap();
        let mut socket = modem.connect("host.example", 80).await.unwrap();
        socket.write_all(b"again").await.unwrap();
        socket.set_answer_awaited(true);
        assert_eq!(socket.read(&mut [0; 8]).await, Ok(5));
    });
}

#[test]
fn a_restart_ends_the_sockets_and_is_told_to_all() {
    for moment in ["begin", "result"] {
        let bench = Bench::with_faults(Profile::default(), &[&format!("reboot@+USOWR#2/{moment}")]);
        serve_echo(&bench);
        task(&bench, async |modem| {
            modem.start().await.unwrap();
            let mut socket = modem.connect("host.example", 80).await.unwrap();
            let mut ended = None;
            for _ in 0..4 {
                socket.write_all(b"ping").await.ok();
                if let Err(error) = socket.flush().await {
                    ended = Some(error);
                    break;
                }
            }
            let ended = ended.or(modem.signal().await.err()).unwrap();
            assert!(
                matches!(ended, Error::Restarted | Error::Timeout { .. } | Error::ModemLost),
                "{ended:?}"
            );
            drop(socket);
            modem.start().await.unwrap();
            let mut socket = modem.connect("host.example", 80).await.unwrap();
            socket.write_all(b"again").await.unwrap();
            socket.set_answer_awaited(true);
            assert_eq!(socket.read(&mut [0; 8]).await, Ok(5));
        });
    }
}

#[test]
fn every_task_is_told_why_the_modem_does_not_come_up() {
    let bench = Bench::with_faults(Profile::default(), &["card:state=absent"]);
    let told = Cell::new(0);
    let mut shared: Shared = Shared::new();
    let (mut runner, modem) = shared.split(bench.port(), bench.wires(), bench.task_clock());
    let mut tasks = Tasks::new(&bench);
    tasks.spawn_background(async move {
        runner.run(&config()).await.unwrap();
    });
    for _ in 0..3 {
        tasks.spawn(async {
            assert_eq!(modem.start().await, Err(Error::Sim(SimError::Absent)));
            told.set(told.get() + 1);
        });
    }
    tasks.run();
    drop(tasks);
    assert_eq!(told.get(), 3);
}

#[test]
fn the_end_of_packet_data_ends_the_sockets() {
    let bench = Bench::new(Profile::default());
    serve_echo(&bench);
    let simulation = bench.simulation.clone();
    task(&bench, async |modem| {
        modem.start().await.unwrap();
        let mut socket = modem.connect("host.example", 80).await.unwrap();
        simulation.happen(sara_u201_sim::Event::ContextLost { profile: 0 });
        assert_eq!(socket.read(&mut [0; 8]).await, Err(Error::Closed));
        assert!(!modem.is_ready());
        drop(socket);
        modem.start().await.unwrap();
        modem.connect("host.example", 80).await.unwrap();
    });
}

#[test]
fn a_closed_peer_is_seen_after_its_last_byte() {
    let bench = Bench::new(Profile::default());
    let peer = script();
    peer.borrow_mut().to_send.push_back((core::time::Duration::ZERO, vec![7; 700]));
    peer.borrow_mut().close_after = Some(0);
    serve(&bench.network, "host.example", 80, &peer);
    task(&bench, async |modem| {
        modem.start().await.unwrap();
        let mut socket = modem.connect("host.example", 80).await.unwrap();
        let mut count = 0;
        loop {
            match socket.read(&mut [0; 100]).await.unwrap() {
                0 => break,
                more => count += more,
            }
        }
        assert_eq!(count, 700);
        assert_eq!(socket.close().await, Ok(()));
    });
}

#[test]
fn a_sleeping_modem_is_woken_for_commands_and_bytes() {
    for saving in [PowerSaving::Dtr, PowerSaving::Idle] {
        let bench = Bench::new(Profile::default());
        serve_echo(&bench);
        let clock = bench.task_clock();
        task(&bench, async |modem| {
            modem.start().await.unwrap();
            modem.set_power_saving(saving).await.unwrap();
            let mut socket = modem.connect("host.example", 80).await.unwrap();
            for _ in 0..3 {
                clock.pause(Millis::from_secs(15)).await;
                modem.signal().await.unwrap();
                clock.pause(Millis::from_secs(15)).await;
                socket.write_all(b"good morning").await.unwrap();
                socket.flush().await.unwrap();
            }
            let mut back = [0; 36];
            socket.read_exact(&mut back).await.unwrap();
            assert_eq!(&back, b"good morninggood morninggood morning");
        });
    }
}

#[test]
fn a_connection_that_is_idle_costs_next_to_nothing() {
    let bench = Bench::new(Profile::default());
    serve_echo(&bench);
    let clock = bench.task_clock();
    let commands = Cell::new(0);
    task(&bench, async |modem| {
        modem.start().await.unwrap();
        let mut socket = modem.connect("host.example", 80).await.unwrap();
        let before = bench.simulation.statistics().at_commands;
        for _ in 0..12 {
            socket.write_all(&[0x30; 43]).await.unwrap();
            socket.read_exact(&mut [0; 43]).await.unwrap();
            clock.pause(Millis::from_secs(5)).await;
        }
        commands.set(bench.simulation.statistics().at_commands - before);
    });
    // A write and a read each, and a question now and then.
    assert!((24..=28).contains(&commands.get()), "{}", commands.get());
}
