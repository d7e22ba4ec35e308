//! The sketch `GCP_IoT_Core_GSM`: connect, report the state, take configurations and commands.

use core::fmt::Write as _;

use eccx08::Eccx08;
use embedded_hal::delay::DelayNs;
use embedded_hal::i2c::I2c;
use embedded_io::{Read, ReadReady, Write};
use gcp_iot_core::{Connection, Event, MqttConnection, MqttLink, MqttLite, QoS, Session, WithStream};
use heapless::String;
use monoclock::{Clock, Instant, Millis};
use sara_u201::{Config, Modem, NetworkTime, Socket, TlsProfile, Validity, Wiring};

use crate::{Console, Explain, Failure, Settings};

/// Longest wait for the network to tell the time.
const TIME_TIMEOUT: Millis = Millis::from_secs(15);
/// Pause between two looks at the modem's clock.
const TIME_PAUSE: Millis = Millis(500);
/// Bytes of each of the two MQTT buffers.
pub(crate) const BUFFER: usize = 512;

/// What can fail: the link over a socket of the modem, and everything else.
pub(crate) type LinkError = <MqttLite<'static> as MqttLink>::Error<sara_u201::Error>;
pub(crate) type CloudFailure<B> = Failure<LinkError, eccx08::Error<B>>;

/// Runs the sketch for as long as `keep_going` says so, which is asked at every turn of the loop.
///
/// What fails is printed with its causes and tried again, later and later; what cannot get better ends it.
///
/// # Errors
/// The failure that was final, or the last of [`Settings::attempts`] in a row.
// Not inlined: its stack is not to lie under what the caller did before.
#[inline(never)]
pub fn run<I, D, S, P, C, K>(
    element: &mut Eccx08<I, D>,
    modem: &mut Modem<S, P, C>,
    clock: &C,
    settings: &Settings<'_>,
    console: &mut K,
    mut keep_going: impl FnMut() -> bool,
) -> Result<(), CloudFailure<I::Error>>
where
    I: I2c<Error: 'static>,
    D: DelayNs,
    S: Read + Write + ReadReady,
    P: Wiring<S>,
    C: Clock,
    K: Console,
{
    let (mut receive, mut transmit) = ([0; BUFFER], [0; BUFFER]);
    let link = MqttLite::new(&mut receive, &mut transmit);
    let mut session = Session::new(settings.device, settings.endpoint, link, clock).with_seed(seed(element));
    let mut failures = 0;
    let mut next_state = clock.now();

    while keep_going() {
        let failure = match connect_gsm(modem, clock, settings, console).and_then(|unix_now| {
            let mut stream = connect_ssl(modem, settings, console)?;
            stream.set_answer_awaited(true);
            let mut key = element.key(settings.slot);
            let mut cloud = session.connect(stream, &mut key, unix_now)?; // connectMQTT, calculateJWT
            let _ = writeln!(console, "You're connected to the MQTT broker");
            failures = 0;
            serve(&mut cloud, clock, settings, console, &mut next_state, &mut keep_going)?;
            Ok(cloud.disconnect()?)
        }) {
            Ok(()) => return Ok(()),
            Err(failure) => failure,
        };
        let retry = session.next_attempt();
        outlive(failure, &mut failures, settings, console)?;
        let _ = writeln!(console, "Trying again in {}", clock.now().until(retry));
        while !clock.now().has_reached(retry) && keep_going() {
            clock.wait(retry);
        }
    }
    Ok(())
}

/// Prints a failure with its causes; gives it back when it cannot get better, or was one too many in a row.
pub(crate) fn outlive<B>(
    failure: CloudFailure<B>,
    failures: &mut u32,
    settings: &Settings<'_>,
    console: &mut impl Console,
) -> Result<(), CloudFailure<B>>
where
    CloudFailure<B>: Explain,
{
    if !failure.is_renewal() {
        *failures += 1;
    }
    let _ = failure.explain(console).and_then(|()| writeln!(console));
    if failure.is_final() || settings.attempts.is_some_and(|most| *failures >= most) {
        return Err(failure);
    }
    Ok(())
}

/// Registers with the mobile network and opens packet data; tells the time, which the token needs.
pub(crate) fn connect_gsm<S, P, C, L, E>(
    modem: &mut Modem<S, P, C>,
    clock: &C,
    settings: &Settings<'_>,
    console: &mut impl Console,
) -> Result<u64, Failure<L, E>>
where
    S: Read + Write + ReadReady,
    P: Wiring<S>,
    C: Clock,
{
    if !modem.is_ready() {
        let _ = writeln!(console, "Attempting to connect to the cellular network");
        modem.start(&Config { pin: settings.pin, ..Config::new(settings.apn) })?;
        let _ = writeln!(console, "You're connected to the cellular network");
    }
    let deadline = clock.now() + TIME_TIMEOUT;
    loop {
        if let NetworkTime::Utc { unix_seconds, .. } = modem.network_time(Validity::DEFAULT)? {
            return Ok(unix_seconds);
        }
        if clock.now().has_reached(deadline) {
            return Err(Failure::ClockNotSet);
        }
        let next = clock.now() + TIME_PAUSE;
        while !clock.now().has_reached(next) {
            clock.wait(next);
        }
    }
}

/// Opens the TLS connection, with the root certificate in the modem.
pub(crate) fn connect_ssl<'m, S, P, C, L, E>(
    modem: &'m mut Modem<S, P, C>,
    settings: &Settings<'_>,
    console: &mut impl Console,
) -> Result<Socket<'m, S, P, C>, Failure<L, E>>
where
    S: Read + Write + ReadReady,
    P: Wiring<S>,
    C: Clock,
{
    let gcp_iot_core::Endpoint { host, port, .. } = settings.endpoint;
    let _ = writeln!(console, "Attempting to connect to MQTT broker: {host}:{port}");
    modem.store_certificate(&settings.root)?;
    Ok(modem.connect_tls(host, port, &TlsProfile::new(settings.root.name))?)
}

/// The sketch's `loop`, until the connection ends or `keep_going` says so.
fn serve<'m, M, S, P, C, D>(
    cloud: &mut Connection<'_, M, D>,
    clock: &C,
    settings: &Settings<'_>,
    console: &mut impl Console,
    next_state: &mut Instant,
    keep_going: &mut impl FnMut() -> bool,
) -> Result<(), gcp_iot_core::Error<M::Error>>
where
    M: MqttConnection + WithStream<Stream = Socket<'m, S, P, C>>,
    S: Read + Write + ReadReady + 'm,
    P: Wiring<S> + 'm,
    C: Clock + 'm,
    D: Clock,
{
    while keep_going() {
        let now = clock.now();
        if now.has_reached(*next_state) {
            *next_state = now + settings.state_interval;
            publish_message(cloud, now, console)?;
        }
        // A lost URC is made up for sooner while an answer is awaited.
        let awaited = cloud.is_answer_awaited();
        cloud.stream_mut().set_answer_awaited(awaited);
        if let Some(event) = cloud.wait(*next_state)? {
            on_message_received(event, console);
        }
    }
    Ok(())
}

/// Publishes the state: `hello` and the time since the start in milliseconds.
fn publish_message<M: MqttConnection, C: Clock>(
    cloud: &mut Connection<'_, M, C>,
    now: Instant,
    console: &mut impl Console,
) -> Result<(), gcp_iot_core::Error<M::Error>> {
    let mut state = String::<16>::new();
    // "hello " and ten digits fit.
    let _ = write!(state, "hello {}", now.as_millis());
    let _ = writeln!(console, "Publishing message: {state}");
    cloud.publish_state(state.as_bytes(), QoS::AtMostOnce).map(drop)
}

/// Prints what the cloud says.
pub(crate) fn on_message_received(event: Event<'_>, console: &mut impl Console) {
    let _ = match event {
        Event::Config(config) => writeln!(console, "Received a configuration: {}", Text(config.payload)),
        Event::Command(command) if command.subfolder.is_empty() => {
            writeln!(console, "Received a command: {}", Text(command.payload))
        }
        Event::Command(command) => {
            writeln!(console, "Received a command for {}: {}", command.subfolder, Text(command.payload))
        }
        Event::Large { length, .. } => writeln!(console, "Received a message of {length} bytes"),
        Event::Subscribed => writeln!(console, "Subscribed to configuration and commands"),
        _ => Ok(()),
    };
}

/// A payload as the serial monitor can show it.
struct Text<'t>(&'t [u8]);

impl core::fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        self.0.utf8_chunks().try_for_each(|chunk| {
            f.write_str(chunk.valid())?;
            chunk.invalid().iter().try_for_each(|byte| write!(f, "\\x{byte:02X}"))
        })
    }
}

/// Draws the seed that keeps devices apart; a device without an element finds that out later.
pub(crate) fn seed<I: I2c, D: DelayNs>(element: &mut Eccx08<I, D>) -> u32 {
    let random = element.random().ok();
    random.and_then(|random| random.first_chunk().copied()).map_or(0, u32::from_le_bytes)
}
