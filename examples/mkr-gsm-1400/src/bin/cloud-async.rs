//! `cloud` as tasks: the modem, the session over MQTT 5 and the LED, each waiting on its own.
#![cfg_attr(target_os = "none", no_std, no_main)]

firmware::only_on_the_board!();

#[cfg(target_os = "none")]
mod board {
    use core::convert::Infallible;
    use core::error::Error;
    use core::fmt::Write;

    use embassy_executor::{Executor, Spawner};
    use embassy_futures::select::select;
    use firmware::{Element, Monitor, ROOTS, Stored, Wires, element, set_up_power};
    use gcp_iot_core::{Endpoint, Event, MinimqLink, MinimqPlace, QoS, Session};
    use heapless::String;
    use mkr_gsm_1400::{Board, Led, Timer, entry, reset};
    use monoclock::{AsyncClock, Clock, Millis};
    use sara_u201::asynch::{Modem, Shared};
    use sara_u201::{Config, NetworkTime, TlsProfile, Validity};
    use tutorial::{Causes, Settings, menu};

    #[entry]
    fn main() -> ! {
        let executor = cortex_m::singleton!(: Executor = Executor::new());
        let (Some(board), Some(executor)) = (Board::take(), executor) else { reset::restart() };
        executor.run(|spawner: Spawner| {
            // There is room for the one task.
            let _ = spawner.spawn(device(board));
        })
    }

    #[embassy_executor::task]
    async fn device(board: Board) {
        let _ = run(board).await;
        reset::restart()
    }

    async fn run(mut board: Board) -> Option<Infallible> {
        let (clocks, timer) = (&mut board.clocks, board.timer);
        let mut monitor = Monitor(board.usb.start(clocks, timer)?);
        let mut bus = board.bus.start(clocks, timer)?;
        let port = board.gsm.start(clocks, timer, 115_200)?;
        let _ = monitor.0.wait_attached(Millis::from_secs(5));
        let _ = set_up_power(board.battery, &mut bus, clocks, timer, &mut monitor);
        let mut element = element(bus, timer);
        let mut stored = Stored::new(board.settings);
        while Settings::read(&stored, ROOTS).is_err() {
            menu::run(&mut stored, &mut monitor);
        }
        let settings = Settings::read(&stored, ROOTS).ok()?;

        let mut shared = Shared::<1, 512>::new();
        let (mut runner, modem) = shared.split(port, Wires(board.gsm_lines), timer);
        let config = Config { pin: settings.pin, ..Config::new(settings.apn) };
        let cloud = cloud(&modem, &mut element, &settings, timer, &mut monitor);
        let tasks = select(cloud, blink(&mut board.led, timer));
        let _ = select(runner.run(&config), tasks).await;
        None
    }

    async fn blink(led: &mut Led, timer: Timer) -> Infallible {
        loop {
            led.toggle();
            let until = timer.now() + Millis(500);
            while !timer.now().has_reached(until) {
                timer.wait_until(until).await;
            }
        }
    }

    async fn cloud(
        modem: &Modem<'_>,
        element: &mut Element,
        settings: &Settings<'_>,
        timer: Timer,
        monitor: &mut Monitor,
    ) -> Infallible {
        let (mut receive, mut transmit, mut message, mut login) = ([0; 512], [0; 512], [0; 512], [0; 320]);
        let link = MinimqLink::new(&mut receive, &mut transmit, &mut message, &mut login);
        let Endpoint { host, port, .. } = settings.endpoint;
        let endpoint = Endpoint { port, ..Endpoint::mosquitto(host, settings.root.name) };
        let mut session = Session::new(settings.device, endpoint, link, timer);
        loop {
            // What fails has been told; it is tried again later.
            let _ = async {
                told(modem.start().await, monitor)?;
                let _ = writeln!(monitor, "You're connected to the cellular network");
                let NetworkTime::Utc { unix_seconds, .. } =
                    told(modem.network_time(Validity::DEFAULT).await, monitor)?
                else {
                    return None;
                };
                told(modem.store_certificate(&settings.root).await, monitor)?;
                let profile = TlsProfile::new(settings.root.name);
                let stream = told(modem.connect_tls(host, port, &profile).await, monitor)?;
                let (mut place, mut key) = (MinimqPlace::default(), element.key(settings.slot));
                let connected = session.connect_async_in(&mut place, stream, &mut key, unix_seconds);
                let mut cloud = told(connected.await, monitor)?;
                let _ = writeln!(monitor, "You're connected to the MQTT broker");
                let mut next_state = timer.now();
                loop {
                    if timer.now().has_reached(next_state) {
                        next_state = timer.now() + settings.state_interval;
                        let mut state = String::<16>::new();
                        // "hello " and ten digits fit.
                        let _ = write!(state, "hello {}", timer.now().as_millis());
                        told(cloud.publish_state(state.as_bytes(), QoS::AtMostOnce).await, monitor)?;
                        let _ = writeln!(monitor, "Publishing message: {state}");
                    }
                    match told(cloud.wait(next_state).await, monitor)? {
                        Some(Event::Config(config)) => show("a configuration", config.payload, monitor),
                        Some(Event::Command(command)) => show("a command", command.payload, monitor),
                        _ => {}
                    }
                }
                #[expect(unreachable_code, reason = "gives the block its type")]
                Some(())
            }
            .await;
            let next = session.next_attempt();
            while !timer.now().has_reached(next) {
                timer.wait_until(next).await;
            }
        }
    }

    fn show(what: &str, payload: &[u8], monitor: &mut Monitor) {
        let _ = write!(monitor, "Received {what}: ");
        monitor.0.write(payload);
        let _ = writeln!(monitor);
    }

    /// Tells why something failed.
    fn told<T, E: Error + 'static>(result: Result<T, E>, monitor: &mut Monitor) -> Option<T> {
        if let Err(error) = &result {
            let _ = writeln!(monitor, "{}", Causes(error));
        }
        result.ok()
    }
}
