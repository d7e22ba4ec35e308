//! A device that is connected to the cloud.

use monoclock::{Clock, Instant, Millis};

use crate::error::Error;
use crate::event::{Command, Config, Event, Head, Subscription};
use crate::link::{LinkEvent, MqttConnection, QoS, WithStream};
use crate::session::History;
use crate::topic::{self, Kind};

/// States may be published once per second (quotas page).
const STATE_INTERVAL: Millis = Millis(1000);

/// An open connection to the cloud; made by [`Session::connect`](crate::Session::connect).
#[derive(Debug)]
pub struct Connection<'s, M, C> {
    link: M,
    clock: C,
    device: &'s str,
    history: &'s mut History,
    /// Number of the subscription to error reports.
    errors: Option<u16>,
}

impl<'s, M: MqttConnection, C: Clock> Connection<'s, M, C> {
    pub(crate) const fn new(link: M, clock: C, device: &'s str, history: &'s mut History) -> Self {
        Self { link, clock, device, history, errors: None }
    }

    /// Publishes the device's state, at most 64 KB, at most once per second.
    ///
    /// With QoS 1 it tells the number that [`Event::Published`] will bear.
    ///
    /// # Errors
    /// [`Error::TooSoon`] leaves the connection alone; after [`Error::Link`] it is over.
    pub fn publish_state(&mut self, payload: &[u8], qos: QoS) -> Result<Option<u16>, Error<M::Error>> {
        let now = self.clock.now();
        if let Some(last) = self.history.state_published {
            let left = now.until(last + STATE_INTERVAL);
            if left > Millis::ZERO {
                return Err(Error::TooSoon(left));
            }
        }
        let number = self.link.publish(&topic::state(self.device), payload, qos).map_err(Error::Link)?;
        self.history.state_published = Some(now);
        Ok(number)
    }

    /// Publishes a telemetry event, at most 256 KB, to `subfolder`, which may be empty.
    ///
    /// With QoS 1 it tells the number that [`Event::Published`] will bear.
    ///
    /// # Errors
    /// [`Error::Subfolder`] leaves the connection alone; after [`Error::Link`] it is over.
    pub fn publish_event(
        &mut self,
        subfolder: &str,
        payload: &[u8],
        qos: QoS,
    ) -> Result<Option<u16>, Error<M::Error>> {
        if !topic::is_subfolder(subfolder) {
            return Err(Error::Subfolder);
        }
        self.link.publish(&topic::events(self.device, subfolder), payload, qos).map_err(Error::Link)
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
        if let Some(event) = self.link.wait(until.earlier(self.history.renew_at)).map_err(Error::Link)? {
            return understand(event, self.errors).map(Some);
        }
        if self.clock.now().has_reached(self.history.renew_at) {
            self.history.renewing = true;
            return Err(Error::TokenExpiring);
        }
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
        self.device
    }

    pub(crate) const fn link(&mut self) -> &mut M {
        &mut self.link
    }

    pub(crate) const fn expect_errors(&mut self, number: u16) {
        self.errors = Some(number);
    }

    /// Counts the connections of the session up to this one.
    pub(crate) const fn number(&self) -> u32 {
        self.history.connections
    }
}

impl<M: WithStream, C> Connection<'_, M, C> {
    /// The stream underneath, for settings of its own.
    pub fn stream_mut(&mut self) -> &mut M::Stream {
        self.link.stream_mut()
    }
}

/// Makes sense of an MQTT event; `errors` is the number of the subscription to error reports.
fn understand<E>(event: LinkEvent<'_>, errors: Option<u16>) -> Result<Event<'_>, Error<E>> {
    Ok(match event {
        LinkEvent::Message { topic, payload, chunked: 0 } => match topic::parse(topic) {
            Some((device, Kind::Config)) => Event::Config(Config { device, payload }),
            Some((device, Kind::Command(subfolder))) => {
                Event::Command(Command { device, subfolder, payload })
            }
            Some((device, Kind::Errors)) => Event::ErrorReport { device, payload },
            None => Event::Other { topic, payload },
        },
        LinkEvent::Message { topic, payload, chunked } => {
            let head = match topic::parse(topic) {
                Some((device, Kind::Config)) => Head::Config(Config { device, payload }),
                Some((device, Kind::Command(subfolder))) => {
                    Head::Command(Command { device, subfolder, payload })
                }
                Some((_, Kind::Errors)) | None => Head::Other(topic),
            };
            Event::Large { head, length: chunked }
        }
        LinkEvent::Chunk { payload, left } => Event::Chunk { payload, left },
        LinkEvent::Published(number) => Event::Published(number),
        LinkEvent::Unsubscribed(number) => Event::Unsubscribed(number),
        LinkEvent::Subscribed { refused: None, .. } => Event::Subscribed,
        LinkEvent::Subscribed { identifier, refused: Some(index) } => {
            return Err(Error::SubscriptionRefused(match index {
                _ if errors == Some(identifier) => Subscription::Errors,
                0 => Subscription::Config,
                _ => Subscription::Commands,
            }));
        }
    })
}
