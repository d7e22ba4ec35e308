//! A device's standing in the cloud, from one connection to the next.

#[cfg(feature = "async")]
mod asynch;

use jwt_signer::Es256Signer;
use monoclock::{Clock, Instant, Millis};

use crate::backoff::Backoff;
use crate::connection::Connection;
use crate::credential::Credential;
use crate::device_path::DevicePath;
use crate::endpoint::Endpoint;
use crate::error::ConnectError;
use crate::link::{Login, MqttConnection, MqttLink, QoS, Stream};
use crate::rules::{Rules, STATE_INTERVAL};
use crate::topic;

/// Keep Alive in seconds, as the bridge's page advises.
const KEEP_ALIVE: u16 = 60;

/// Shortest and longest delay between attempts.
const BACKOFF: (Millis, Millis) = (Millis::from_secs(1), Millis::from_secs(64));

/// A connection that lasted this long has succeeded: delays start again from the shortest.
const STABLE: Millis = Millis::from_secs(60);

/// Everything that outlives a connection: who the device is, how it logs in, and when to try again.
///
/// Each [`connect`](Self::connect) signs a new token, and lends a [`Connection`] over a stream that the
/// caller has opened; when that is over, [`next_attempt`](Self::next_attempt) tells when to open the
/// next one.
#[derive(Debug)]
pub struct Session<'a, L, C> {
    device: DevicePath<'a>,
    endpoint: Endpoint<'a>,
    credential: Credential,
    keep_alive: u16,
    link: L,
    clock: C,
    pub(crate) history: History,
}

/// What is remembered of the connections before.
#[derive(Debug)]
pub(crate) struct History {
    backoff: Backoff,
    /// When the connection that is open, or was open last, began.
    connected: Option<Instant>,
    /// It ended because its token was about to expire.
    pub(crate) renewing: bool,
    /// When the token of the connection must be replaced.
    pub(crate) renew_at: Instant,
    /// When a state was published last.
    pub(crate) state_published: Option<Instant>,
    /// Tells connections apart, so that an outbox knows what its numbers belong to.
    pub(crate) connections: u32,
}

impl<'a, L, C: Clock> Session<'a, L, C> {
    /// Makes a session for `device` at `endpoint`, over `link`.
    #[must_use]
    pub const fn new(device: DevicePath<'a>, endpoint: Endpoint<'a>, link: L, clock: C) -> Self {
        let history = History {
            backoff: Backoff::new(BACKOFF.0, BACKOFF.1, 0),
            connected: None,
            renewing: false,
            renew_at: Instant::from_millis(0),
            state_published: None,
            connections: 0,
        };
        Self {
            device,
            endpoint,
            credential: Credential::DEFAULT,
            keep_alive: KEEP_ALIVE,
            link,
            clock,
            history,
        }
    }

    /// Sets how tokens are made.
    #[must_use]
    pub fn with_credential(mut self, credential: Credential) -> Self {
        self.credential = credential;
        self
    }

    /// Sets the delays between attempts.
    #[must_use]
    pub fn with_backoff(mut self, backoff: Backoff) -> Self {
        self.history.backoff = backoff;
        self
    }

    /// Sets the Keep Alive in seconds; 60 at first.
    #[must_use]
    pub fn with_keep_alive(mut self, seconds: u16) -> Self {
        self.keep_alive = seconds;
        self
    }

    /// Seeds the jitter of delays and renewals: a random number, different on every device.
    #[must_use]
    pub fn with_seed(mut self, seed: u32) -> Self {
        self.history.backoff.seed(seed);
        self
    }

    /// Who the device is.
    #[must_use]
    pub const fn device(&self) -> &DevicePath<'a> {
        &self.device
    }

    /// Where it connects: the stream goes to this host and port.
    #[must_use]
    pub const fn endpoint(&self) -> &Endpoint<'a> {
        &self.endpoint
    }

    /// Tells when to connect next. To be asked once after every failure, be it of the stream, of
    /// [`connect`](Self::connect), or of the connection.
    ///
    /// That is at once when a token was about to expire; otherwise the delay doubles with every failure
    /// up to its cap, half of it at random, and starts again when a connection has lasted a minute.
    pub fn next_attempt(&mut self) -> Instant {
        let now = self.clock.now();
        let History { backoff, connected, renewing, .. } = &mut self.history;
        if core::mem::take(renewing) {
            *connected = None;
            backoff.reset();
            return now;
        }
        if connected.take().is_some_and(|since| now.has_reached(since + STABLE)) {
            backoff.reset();
        }
        backoff.next(now)
    }
}

impl<L: MqttLink, C: Clock> Session<'_, L, C> {
    /// Signs a token, logs in over `stream`, and subscribes to configuration and commands.
    ///
    /// `unix_now` is the time in seconds since 1970, such as the network tells it.
    ///
    /// # Errors
    /// When there is no token (the clock is not set, the key cannot be used), the cloud refuses the
    /// login, or the connection fails.
    #[expect(clippy::type_complexity, reason = "the errors of link and signer are kept whole")]
    pub fn connect<'s, T: Stream, S: Es256Signer>(
        &'s mut self,
        stream: T,
        signer: &mut S,
        unix_now: u64,
    ) -> Result<Connection<'s, L::Connection<'s, T, &'s C>, &'s C>, ConnectError<L::Error<T::Error>, S::Error>>
    where
        L: MqttLink<Place<'s> = ()>,
    {
        self.connect_in((), stream, signer, unix_now)
    }

    /// Does the same with a link whose connections need a `place` of the caller's.
    ///
    /// # Errors
    /// As [`connect`](Self::connect).
    #[expect(clippy::type_complexity, reason = "the errors of link and signer are kept whole")]
    pub fn connect_in<'s, T: Stream, S: Es256Signer>(
        &'s mut self,
        place: L::Place<'s>,
        stream: T,
        signer: &mut S,
        unix_now: u64,
    ) -> Result<Connection<'s, L::Connection<'s, T, &'s C>, &'s C>, ConnectError<L::Error<T::Error>, S::Error>>
    {
        let claims = self
            .credential
            .claims(self.device.project(), self.endpoint.claims, unix_now)
            .map_err(ConnectError::Token)?;
        let token = self.endpoint.token(claims.as_bytes());
        let login = Login {
            client_id: &self.endpoint.client_id_of(&self.device),
            user_name: self.endpoint.user_name,
            keep_alive: self.keep_alive,
            token: &token,
        };
        self.history.renew_at = self.clock.now() + self.credential.renewal(self.history.backoff.jitter());
        let mut link = self.link.connect(place, stream, &self.clock, login, signer)?;
        let device = self.device.device();
        let (config, commands) = (topic::config(device), topic::commands(device));
        link.subscribe([(&config, QoS::AtLeastOnce), (&commands, QoS::AtMostOnce)])
            .map_err(ConnectError::Link)?;
        self.history.begin(self.clock.now());
        Ok(Connection::new(link, &self.clock, Rules::new(device, &mut self.history)))
    }
}

impl History {
    /// A connection has begun.
    pub(crate) fn begin(&mut self, now: Instant) {
        self.connected = Some(now);
        // Odd, so that it changes each time; and an outbox may outlive a session, so not a mere count.
        self.connections = self.connections.wrapping_add(now.as_millis().wrapping_mul(1 << 8) | 1);
        // Instants wrap: what is long past must not become the future.
        if self.state_published.is_some_and(|last| now.has_reached(last + STATE_INTERVAL)) {
            self.state_published = None;
        }
    }
}
