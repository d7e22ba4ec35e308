use core::cell::{Cell, RefCell};
use core::time::Duration;

use embedded_io_async::{Read, Write};
use monoclock::Millis;
use sara_u201::asynch::{Modem, Shared};
use sara_u201::at::Fields;
use sara_u201::command::{Command, Custom, Reply, Spec};
use sara_u201::{Certificate, Error, Upload};
use sara_u201_sim::{Profile, adversarial_payload};

use crate::support::executor::Tasks;
use crate::support::peers::{script, serve};
use crate::support::{Bench, config};

type Handle<'r> = Modem<'r, 2, 256>;

/// Brings a modem up on a bench with an echoing host and gives it to the test.
fn with_modem<'b, F: Future<Output = ()> + 'b>(
    bench: &'b Bench,
    shared: &'b mut Shared<2, 256>,
    test: impl FnOnce(Handle<'b>) -> F + 'b,
) {
    let (mut runner, modem) = shared.split(bench.port(), bench.wires(), bench.task_clock());
    let mut tasks = Tasks::new(bench);
    tasks.spawn_background(async move {
        runner.run(&config()).await.unwrap();
    });
    tasks.spawn(async move {
        modem.start().await.unwrap();
        test(modem).await;
    });
    tasks.run();
}

fn bench() -> (Bench, crate::support::peers::Shared) {
    let bench = Bench::new(Profile::default());
    let peer = script();
    peer.borrow_mut().echo = true;
    serve(&bench.network, "host.example", 80, &peer);
    (bench, peer)
}

/// `AT+CGSN`, whose answer has no name: whatever digits come would be taken for it.
fn serial_number() -> impl Command<Response = u8> {
    const QUERY: Spec = Spec::new("+CGSN").reply(Reply::Digits);
    Custom::new(&QUERY, |_| {}, |mut answer: Fields<'_>| u8::try_from(answer.raw()?.len()).ok())
}

/// `AT+CIMI`, of the same form, which takes long.
fn subscriber() -> impl Command<Response = std::string::String> {
    const QUERY: Spec = Spec::new("+CIMI").reply(Reply::Digits).within(Spec::SOCKET);
    Custom::new(
        &QUERY,
        |_| {},
        |mut answer: Fields<'_>| core::str::from_utf8(answer.raw()?).ok().map(Into::into),
    )
}

#[test]
fn the_next_command_gets_its_own_result() {
    let (bench, _peer) = bench();
    let mut shared = Shared::new();
    let clock = bench.task_clock();
    let dropped = Cell::new(0);
    with_modem(&bench, &mut shared, |modem: Handle<'_>| {
        let (clock, dropped) = (&clock, &dropped);
        async move {
            let whole = modem.execute(&subscriber()).await.unwrap();
            for time in 0..150 {
                if clock.within(Millis(time), modem.execute(&serial_number())).await.is_none() {
                    dropped.set(dropped.get() + 1);
                }
                assert_eq!(modem.execute(&subscriber()).await.unwrap(), whole, "after {time} ms");
            }
        }
    });
    assert!((10..150).contains(&dropped.get()), "{}", dropped.get());
    assert_eq!(bench.simulation.statistics().pacing_violations, 0);
}

#[test]
fn bytes_are_read_and_written_once() {
    let (bench, peer) = bench();
    let mut shared = Shared::new();
    let clock = bench.task_clock();
    let data = adversarial_payload(5, 1500);
    let back = RefCell::new(Vec::new());
    with_modem(&bench, &mut shared, |modem: Handle<'_>| {
        let (clock, data, back) = (&clock, &data, &back);
        async move {
            let mut socket = modem.connect("host.example", 80).await.unwrap();
            socket.set_answer_awaited(true);
            let mut sent = 0;
            let mut time = 0;
            while back.borrow().len() < data.len() {
                time = (time + 7) % 60;
                if sent < data.len()
                    && let Some(count) = clock.within(Millis(time), socket.write(&data[sent..])).await
                {
                    sent += count.unwrap();
                }
                let mut part = [0; 50];
                if let Some(count) = clock.within(Millis(time), socket.read(&mut part)).await {
                    back.borrow_mut().extend_from_slice(&part[..count.unwrap()]);
                }
                let _ = clock.within(Millis(time), socket.flush()).await;
            }
            socket.close().await.unwrap();
        }
    });
    assert_eq!(*back.borrow(), data);
    assert_eq!(peer.borrow().received, data);
}

#[test]
fn no_socket_is_left_behind() {
    let (bench, peer) = bench();
    let mut shared = Shared::new();
    let clock = bench.task_clock();
    let (dropped, opened) = (Cell::new(0), Cell::new(0));
    with_modem(&bench, &mut shared, |modem: Handle<'_>| {
        let (clock, dropped, opened) = (&clock, &dropped, &opened);
        async move {
            for time in (0..1500).step_by(31) {
                match clock.within(Millis(time), modem.connect("host.example", 80)).await {
                    None => dropped.set(dropped.get() + 1),
                    // Dropped as it is, it closes too.
                    Some(socket) => {
                        socket.unwrap().write_all(b"last words").await.unwrap();
                        opened.set(opened.get() + 1);
                    }
                }
            }
            clock.pause(Millis(1000)).await;
            // Two can be had, so all the others were given back.
            let one = modem.connect("host.example", 80).await.unwrap();
            let two = modem.connect("host.example", 80).await.unwrap();
            assert!(matches!(modem.connect("host.example", 80).await, Err(Error::OutOfSockets)));
            one.close().await.unwrap();
            two.close().await.unwrap();
            clock.pause(Millis(1000)).await;
        }
    });
    assert!(dropped.get() > 5 && opened.get() > 5, "{dropped:?} {opened:?}");
    assert_eq!(bench.network.open_connections(), 0);
    assert_eq!(peer.borrow().received.len(), 10 * opened.get());
}

#[test]
fn an_upload_that_is_given_up_does_not_hang_the_modem() {
    let (bench, _peer) = bench();
    let mut shared = Shared::new();
    let clock = bench.task_clock();
    let authority = crate::support::tls::Authority::new("root");
    let root = authority.der;
    with_modem(&bench, &mut shared, |modem: Handle<'_>| {
        let clock = &clock;
        async move {
            let certificate = Certificate::root("root", &root);
            for time in [5, 40, 80, 100, 120, 140, 160] {
                assert!(clock.within(Millis(time), modem.store_certificate(&certificate)).await.is_none());
                // The modem takes commands for commands again, not for data.
                modem.signal().await.unwrap();
            }
            assert_eq!(modem.store_certificate(&certificate).await, Ok(Upload::Stored));
            assert_eq!(modem.store_certificate(&certificate).await, Ok(Upload::Present));
        }
    });
}

#[test]
fn a_runner_can_be_stopped_and_started() {
    let (bench, _peer) = bench();
    let mut shared: Shared<2, 256> = Shared::new();
    let clock = bench.task_clock();
    let (mut runner, modem) = shared.split(bench.port(), bench.wires(), bench.task_clock());
    let answers = Cell::new(0);
    let mut tasks = Tasks::new(&bench);
    tasks.spawn_background({
        let clock = clock.clone();
        async move {
            for time in (3..).step_by(7) {
                assert!(clock.within(Millis(time), runner.run(&config())).await.is_none());
            }
        }
    });
    tasks.spawn(async {
        modem.start().await.unwrap();
        for _ in 0..50 {
            assert_eq!(modem.execute(&serial_number()).await, Ok(15));
            answers.set(answers.get() + 1);
        }
    });
    assert!(tasks.run_for(Duration::from_secs(600)));
    drop(tasks);
    assert_eq!(answers.get(), 50);
}
