//! Measurements that survive a loss of network and of power: kept on flash until the cloud has acknowledged them.

use eccx08::Eccx08;
use embedded_hal::delay::DelayNs;
use embedded_hal::i2c::I2c;
use embedded_io::{Read, ReadReady, Write};
use embedded_storage::nor_flash::NorFlash;
use gcp_iot_core::{
    Connection, Event, FlashOutbox, FlushError, MqttConnection, MqttLite, Session, WithStream,
};
use heapless::String;
use monoclock::{Clock, Instant, Millis};
use sara_u201::{Modem, Socket, Wiring};

use crate::cloud::{BUFFER, CloudFailure, connect_gsm, connect_ssl, on_message_received, outlive, seed};
use crate::{Console, Settings};

/// Longest payload of a measurement.
pub const LONGEST: usize = 48;
/// How long a measurement waits for the acknowledgement of those before it to be heard of.
const PATIENCE: Millis = Millis::from_secs(1);

/// What is measured, how often, and where it waits.
#[derive(Debug)]
pub struct Telemetry<'t, F, T> {
    /// Where measurements wait.
    pub outbox: FlashOutbox<'t, F>,
    /// Topic below `events`; may be empty.
    pub subfolder: &'t str,
    /// How often one is made.
    pub interval: Millis,
    /// Makes one.
    pub measure: T,
}

impl<F: NorFlash, T: FnMut() -> String<LONGEST>> Telemetry<'_, F, T> {
    /// Makes a measurement if it is time for one.
    fn advance(&mut self, now: Instant, next: &mut Instant, console: &mut impl Console) {
        if !now.has_reached(*next) {
            return;
        }
        *next = now + self.interval;
        let value = (self.measure)();
        let _ = match self.outbox.push(self.subfolder, value.as_bytes()) {
            Ok(()) => writeln!(console, "Measured: {value}"),
            Err(_) => writeln!(console, "Measured, but not kept: {value}"),
        };
    }
}

/// Measures and sends for as long as `keep_going` says so, connected or not.
///
/// # Errors
/// The failure that was final, or the last of [`Settings::attempts`] in a row; what waits stays on flash.
// Not inlined: its stack is not to lie under what the caller did before.
#[inline(never)]
pub fn run<I, D, S, P, C, K, F, T>(
    element: &mut Eccx08<I, D>,
    modem: &mut Modem<S, P, C>,
    clock: &C,
    settings: &Settings<'_>,
    console: &mut K,
    telemetry: &mut Telemetry<'_, F, T>,
    mut keep_going: impl FnMut() -> bool,
) -> Result<(), CloudFailure<I::Error>>
where
    I: I2c<Error: 'static>,
    D: DelayNs,
    S: Read + Write + ReadReady,
    P: Wiring<S>,
    C: Clock,
    K: Console,
    F: NorFlash,
    T: FnMut() -> String<LONGEST>,
{
    let (mut receive, mut transmit) = ([0; BUFFER], [0; BUFFER]);
    let link = MqttLite::new(&mut receive, &mut transmit);
    let mut session = Session::new(settings.device, settings.endpoint, link, clock).with_seed(seed(element));
    let mut failures = 0;
    let mut next = clock.now();
    while keep_going() {
        telemetry.advance(clock.now(), &mut next, console);
        let result = connect_gsm(modem, clock, settings, console).and_then(|unix_now| {
            let stream = connect_ssl(modem, settings, console)?;
            let mut key = element.key(settings.slot);
            let mut cloud = session.connect(stream, &mut key, unix_now)?;
            failures = 0;
            serve(&mut cloud, clock, console, telemetry, &mut next, &mut keep_going)?;
            Ok(cloud.disconnect()?)
        });
        let Err(failure) = result else { return Ok(()) };
        let retry = session.next_attempt();
        outlive(failure, &mut failures, settings, console)?;
        while !clock.now().has_reached(retry) && keep_going() {
            telemetry.advance(clock.now(), &mut next, console);
            clock.wait(retry.earlier(next));
        }
    }
    Ok(())
}

/// Sends what waits and takes what comes, until the connection ends or `keep_going` says so.
fn serve<'m, M, S, P, C, D, F, T>(
    cloud: &mut Connection<'_, M, D>,
    clock: &C,
    console: &mut impl Console,
    telemetry: &mut Telemetry<'_, F, T>,
    next: &mut Instant,
    keep_going: &mut impl FnMut() -> bool,
) -> Result<(), gcp_iot_core::Error<M::Error>>
where
    M: MqttConnection + WithStream<Stream = Socket<'m, S, P, C>>,
    S: Read + Write + ReadReady + 'm,
    P: Wiring<S> + 'm,
    C: Clock + 'm,
    D: Clock,
    F: NorFlash,
    T: FnMut() -> String<LONGEST>,
{
    while keep_going() {
        telemetry.advance(clock.now(), next, console);
        match cloud.flush_from(&mut telemetry.outbox) {
            Ok(()) => {}
            Err(FlushError::Connection(error)) => return Err(error),
            // What the flash does not give back now it may later; the connection is good.
            Err(_) => {
                let _ = writeln!(console, "The measurements on flash cannot be read");
            }
        }
        let awaited = cloud.is_answer_awaited();
        cloud.stream_mut().set_answer_awaited(awaited);
        match cloud.wait(next.earlier(clock.now() + PATIENCE))? {
            Some(Event::Published(number)) => {
                if let Ok(true) = telemetry.outbox.acknowledge(number) {
                    let _ = writeln!(console, "Arrived; {} wait", telemetry.outbox.len());
                }
            }
            Some(event) => on_message_received(event, console),
            None => {}
        }
    }
    Ok(())
}
