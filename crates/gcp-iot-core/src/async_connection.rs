//! A device that is connected to the cloud, in a task.

use monoclock::{AsyncClock, Instant};

use crate::error::Error;
use crate::event::Event;
#[cfg(feature = "flash")]
use crate::flash_outbox::{FlashOutbox, FlushError};
use crate::gateway;
use crate::link::{AsyncMqttConnection, QoS};
use crate::outbox::Outbox;
use crate::rules::Rules;
use crate::topic;

/// An open connection to the cloud; made by [`Session::connect_async`](crate::Session::connect_async).
///
/// It does what [`Connection`](crate::Connection) does. [`wait`](Self::wait) and [`poll`](Self::poll) may be
/// dropped half-way, such as by a `select`, and nothing is lost; the others are to be waited for.
///
/// ```
/// # #[cfg(feature = "mqtt-lite")]
/// # mod example {
/// use gcp_iot_core::{AsyncStream, Event, MqttLite, Outbox, Session};
/// use monoclock::{AsyncClock, Millis};
///
/// /// Lives as long as one connection does; `open` makes the stream, and `key` signs.
/// async fn connection<T: AsyncStream>(
///     session: &mut Session<'_, MqttLite<'_>, impl AsyncClock>,
///     open: impl AsyncFnOnce(&str, u16) -> T,
///     key: &mut impl jwt_signer::Es256Signer,
///     unix_now: u64,
///     clock: &impl AsyncClock,
///     outbox: &mut Outbox<'_>,
/// ) {
///     let stream = open(session.endpoint().host, session.endpoint().port).await;
///     let Ok(mut cloud) = session.connect_async(stream, key, unix_now).await else { return };
///     while cloud.flush(outbox).await.is_ok() {
///         match cloud.wait(clock.now() + Millis::from_secs(60)).await {
///             Ok(Some(Event::Published(number))) => _ = outbox.acknowledge(number),
///             Ok(Some(Event::Config(config))) => println!("{:?}", config.payload),
///             Ok(_) => {}
///             Err(_) => break,
///         }
///     }
///     // `session.next_attempt()` tells when to come again.
/// }
/// # }
/// ```
#[derive(Debug)]
pub struct AsyncConnection<'s, M, C> {
    link: M,
    clock: C,
    rules: Rules<'s>,
}

impl<'s, M: AsyncMqttConnection, C: AsyncClock> AsyncConnection<'s, M, C> {
    pub(crate) const fn new(link: M, clock: C, rules: Rules<'s>) -> Self {
        Self { link, clock, rules }
    }

    /// Publishes the device's state, at most 64 KB, at most once per second.
    ///
    /// With QoS 1 it tells the number that [`Event::Published`] will bear.
    ///
    /// # Errors
    /// [`Error::is_over`] tells whether the connection is; [`Error::TooSoon`] leaves it alone.
    pub async fn publish_state(&mut self, payload: &[u8], qos: QoS) -> Result<Option<u16>, Error<M::Error>> {
        let now = self.clock.now();
        self.rules.check_state_rate(now)?;
        let topic = topic::state(self.rules.device());
        let number = self.link.publish(&topic, payload, qos).await.map_err(Error::Link)?;
        self.rules.state_published(now);
        Ok(number)
    }

    /// Publishes a telemetry event, at most 256 KB, to `subfolder`, which may be empty.
    ///
    /// With QoS 1 it tells the number that [`Event::Published`] will bear.
    ///
    /// # Errors
    /// [`Error::is_over`] tells whether the connection is; [`Error::Subfolder`] and a message that does not fit
    /// the link leave it alone.
    pub async fn publish_event(
        &mut self,
        subfolder: &str,
        payload: &[u8],
        qos: QoS,
    ) -> Result<Option<u16>, Error<M::Error>> {
        self.publish_event_of(self.rules.device(), subfolder, payload, qos).await
    }

    /// Takes the next event if there is one; does not wait.
    ///
    /// # Errors
    /// When the connection is over, or its token about to expire.
    pub async fn poll(&mut self) -> Result<Option<Event<'_>>, Error<M::Error>> {
        let now = self.clock.now();
        self.wait(now).await
    }

    /// Waits for the next event, at most until `until`, and keeps the connection alive meanwhile.
    ///
    /// # Errors
    /// When the connection is over, or its token about to expire.
    pub async fn wait(&mut self, until: Instant) -> Result<Option<Event<'_>>, Error<M::Error>> {
        if let Some(event) = self.link.wait(self.rules.limit(until)).await.map_err(Error::Link)? {
            return self.rules.understand(event).map(Some);
        }
        self.rules.check_token(self.clock.now())?;
        Ok(None)
    }

    /// Tells whether the cloud owes an answer: to a login, a subscription, a message of QoS 1, or a ping.
    #[must_use]
    pub fn is_answer_awaited(&self) -> bool {
        self.link.is_answer_awaited()
    }

    /// Sends events that wait in `outbox`, as many as may be in flight.
    ///
    /// # Errors
    /// When the connection is over, or an event does not fit the link; nothing is lost then.
    pub async fn flush(&mut self, outbox: &mut Outbox<'_>) -> Result<(), Error<M::Error>> {
        while let Some((subfolder, payload)) = outbox.next_to_send(self.rules.number()) {
            let number = self.publish_event(subfolder, payload, QoS::AtLeastOnce).await?;
            let Some(number) = number else { break };
            outbox.sent(number);
        }
        Ok(())
    }

    /// Sends events that wait in `outbox`, as many as may be in flight. Reading the flash blocks.
    ///
    /// # Errors
    /// When the connection is over, or the flash fails; nothing is lost then.
    #[cfg(feature = "flash")]
    pub async fn flush_from<F: embedded_storage::nor_flash::NorFlash>(
        &mut self,
        outbox: &mut FlashOutbox<'_, F>,
    ) -> Result<(), FlushError<M::Error, F::Error>> {
        while let Some((subfolder, payload)) = outbox.next_to_send(self.rules.number())? {
            let number = self.publish_event(subfolder, payload, QoS::AtLeastOnce).await;
            let Some(number) = number.map_err(FlushError::Connection)? else { break };
            outbox.sent(number);
        }
        Ok(())
    }

    /// Says goodbye to the cloud.
    ///
    /// # Errors
    /// When the connection fails first.
    pub async fn disconnect(self) -> Result<(), Error<M::Error>> {
        self.link.disconnect().await.map_err(Error::Link)
    }
}

/// A gateway's own subscription, and what it does for the devices that are bound to it.
impl<M: AsyncMqttConnection, C: AsyncClock> AsyncConnection<'_, M, C> {
    /// Subscribes to the error reports of this gateway: [`Event::ErrorReport`].
    ///
    /// # Errors
    /// [`Error::Link`]; the connection is over then, as a rule.
    pub async fn subscribe_errors(&mut self) -> Result<(), Error<M::Error>> {
        let topic = topic::errors(self.rules.device());
        let filters: [(&[&str], QoS); 1] = [(&topic, QoS::AtMostOnce)];
        let number = self.link.subscribe(filters).await.map_err(Error::Link)?;
        self.rules.expect_errors(number);
        Ok(())
    }

    /// Attaches `device`, with a token of its own if the gateway's settings ask for it.
    ///
    /// # Errors
    /// [`Error::DeviceId`] and [`Error::AuthorizationTooLong`] leave the connection alone.
    pub async fn attach(
        &mut self,
        device: &str,
        authorization: Option<&str>,
    ) -> Result<Option<u16>, Error<M::Error>> {
        gateway::check(device)?;
        let payload = gateway::authorization_payload(authorization)?;
        let topic = topic::attach(device);
        self.link.publish(&topic, payload.as_bytes(), QoS::AtLeastOnce).await.map_err(Error::Link)
    }

    /// Detaches `device`.
    ///
    /// # Errors
    /// [`Error::DeviceId`] leaves the connection alone.
    pub async fn detach(&mut self, device: &str) -> Result<Option<u16>, Error<M::Error>> {
        gateway::check(device)?;
        self.link.publish(&topic::detach(device), b"{}", QoS::AtLeastOnce).await.map_err(Error::Link)
    }

    /// Subscribes to configuration and commands of `device`, which is attached.
    ///
    /// # Errors
    /// [`Error::DeviceId`] leaves the connection alone.
    pub async fn subscribe_of(&mut self, device: &str) -> Result<(), Error<M::Error>> {
        gateway::check(device)?;
        let (config, commands) = (topic::config(device), topic::commands(device));
        let filters: [(&[&str], QoS); 2] = [(&config, QoS::AtLeastOnce), (&commands, QoS::AtMostOnce)];
        self.link.subscribe(filters).await.map(drop).map_err(Error::Link)
    }

    /// Publishes the state of `device`, which is attached; its rate is not watched over.
    ///
    /// # Errors
    /// [`Error::DeviceId`] leaves the connection alone.
    pub async fn publish_state_of(
        &mut self,
        device: &str,
        payload: &[u8],
        qos: QoS,
    ) -> Result<Option<u16>, Error<M::Error>> {
        gateway::check(device)?;
        self.link.publish(&topic::state(device), payload, qos).await.map_err(Error::Link)
    }

    /// Publishes an event of `device`, which is attached.
    ///
    /// # Errors
    /// [`Error::DeviceId`] and [`Error::Subfolder`] leave the connection alone.
    pub async fn publish_event_of(
        &mut self,
        device: &str,
        subfolder: &str,
        payload: &[u8],
        qos: QoS,
    ) -> Result<Option<u16>, Error<M::Error>> {
        gateway::check(device)?;
        if !topic::is_subfolder(subfolder) {
            return Err(Error::Subfolder);
        }
        self.link.publish(&topic::events(device, subfolder), payload, qos).await.map_err(Error::Link)
    }
}
