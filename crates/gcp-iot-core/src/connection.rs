//! A device that is connected to the cloud.

use monoclock::{Clock, Instant};

use crate::error::Error;
use crate::event::Event;
use crate::link::{MqttConnection, QoS, WithStream};
use crate::rules::Rules;
use crate::topic;

/// An open connection to the cloud; made by [`Session::connect`](crate::Session::connect).
#[derive(Debug)]
pub struct Connection<'s, M, C> {
    link: M,
    clock: C,
    rules: Rules<'s>,
}

impl<'s, M: MqttConnection, C: Clock> Connection<'s, M, C> {
    pub(crate) const fn new(link: M, clock: C, rules: Rules<'s>) -> Self {
        Self { link, clock, rules }
    }

    /// Publishes the device's state, at most 64 KB, at most once per second.
    ///
    /// With QoS 1 it tells the number that [`Event::Published`] will bear.
    ///
    /// # Errors
    /// [`Error::is_over`] tells whether the connection is; [`Error::TooSoon`] leaves it alone.
    pub fn publish_state(&mut self, payload: &[u8], qos: QoS) -> Result<Option<u16>, Error<M::Error>> {
        let now = self.clock.now();
        self.rules.check_state_rate(now)?;
        let topic = topic::state(self.rules.device());
        let number = self.link.publish(&topic, payload, qos).map_err(Error::Link)?;
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
    pub fn publish_event(
        &mut self,
        subfolder: &str,
        payload: &[u8],
        qos: QoS,
    ) -> Result<Option<u16>, Error<M::Error>> {
        if !topic::is_subfolder(subfolder) {
            return Err(Error::Subfolder);
        }
        self.link.publish(&topic::events(self.rules.device(), subfolder), payload, qos).map_err(Error::Link)
    }

    /// Takes the next event if there is one; does not wait.
    ///
    /// # Errors
    /// When the connection is over, or its token about to expire.
    pub fn poll(&mut self) -> Result<Option<Event<'_>>, Error<M::Error>> {
        let now = self.clock.now();
        self.wait(now)
    }

    /// Waits for the next event, at most until `until`, and keeps the connection alive meanwhile.
    ///
    /// # Errors
    /// When the connection is over, or its token about to expire.
    pub fn wait(&mut self, until: Instant) -> Result<Option<Event<'_>>, Error<M::Error>> {
        if let Some(event) = self.link.wait(self.rules.limit(until)).map_err(Error::Link)? {
            return self.rules.understand(event).map(Some);
        }
        self.rules.check_token(self.clock.now())?;
        Ok(None)
    }

    /// Tells whether the cloud owes an answer: to a login, a subscription, a message of QoS 1, or a ping.
    ///
    /// Whoever must poll a transport to notice its bytes polls more often then.
    #[must_use]
    pub fn is_answer_awaited(&self) -> bool {
        self.link.is_answer_awaited()
    }

    /// Says goodbye to the cloud.
    ///
    /// # Errors
    /// When the connection fails first.
    pub fn disconnect(self) -> Result<(), Error<M::Error>> {
        self.link.disconnect().map_err(Error::Link)
    }

    pub(crate) const fn device(&self) -> &'s str {
        self.rules.device()
    }

    pub(crate) const fn link(&mut self) -> &mut M {
        &mut self.link
    }

    pub(crate) const fn expect_errors(&mut self, number: u16) {
        self.rules.expect_errors(number);
    }

    /// Tells this connection from others.
    pub(crate) const fn number(&self) -> u32 {
        self.rules.number()
    }
}

impl<M: WithStream, C> Connection<'_, M, C> {
    /// The stream underneath, for settings of its own.
    pub fn stream_mut(&mut self) -> &mut M::Stream {
        self.link.stream_mut()
    }
}
