//! What a connection observes, whichever way its I/O is done.

use monoclock::{Instant, Millis};

use crate::error::Error;
use crate::event::{Command, Config, Event, Head, Subscription};
use crate::link::LinkEvent;
use crate::session::History;
use crate::topic::{self, Kind};

/// States may be published once per second (quotas page).
pub(crate) const STATE_INTERVAL: Millis = Millis(1000);

/// The rules of one connection.
#[derive(Debug)]
pub(crate) struct Rules<'s> {
    device: &'s str,
    history: &'s mut History,
    /// Number of the subscription to error reports.
    errors: Option<u16>,
}

impl<'s> Rules<'s> {
    pub(crate) const fn new(device: &'s str, history: &'s mut History) -> Self {
        Self { device, history, errors: None }
    }

    pub(crate) const fn device(&self) -> &'s str {
        self.device
    }

    /// Tells this connection from others.
    pub(crate) const fn number(&self) -> u32 {
        self.history.connections
    }

    pub(crate) const fn expect_errors(&mut self, number: u16) {
        self.errors = Some(number);
    }

    /// Tells whether a state may be published.
    pub(crate) fn check_state_rate<E>(&self, now: Instant) -> Result<(), Error<E>> {
        match self.history.state_published {
            Some(last) if !now.has_reached(last + STATE_INTERVAL) => {
                Err(Error::TooSoon(now.until(last + STATE_INTERVAL)))
            }
            _ => Ok(()),
        }
    }

    pub(crate) const fn state_published(&mut self, now: Instant) {
        self.history.state_published = Some(now);
    }

    /// How long a wait may last, at most until `until`.
    pub(crate) fn limit(&self, until: Instant) -> Instant {
        until.earlier(self.history.renew_at)
    }

    /// Tells, when nothing has come, whether the connection must be renewed.
    pub(crate) fn check_token<E>(&mut self, now: Instant) -> Result<(), Error<E>> {
        self.history.renewing = now.has_reached(self.history.renew_at);
        if self.history.renewing { Err(Error::TokenExpiring) } else { Ok(()) }
    }

    /// Makes sense of an MQTT event.
    pub(crate) fn understand<'e, E>(&self, event: LinkEvent<'e>) -> Result<Event<'e>, Error<E>> {
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
                    _ if self.errors == Some(identifier) => Subscription::Errors,
                    0 => Subscription::Config,
                    _ => Subscription::Commands,
                }));
            }
        })
    }
}
