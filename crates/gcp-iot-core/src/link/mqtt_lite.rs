//! MQTT 3.1.1 by `mqtt-lite`: what the bridge speaks.

#[cfg(feature = "async")]
mod asynch;

use jwt_signer::{Es256Signer, Token};
use monoclock::{Clock, Instant};
use mqtt_lite::{
    Connect, ConnectError, Connection, Error, Event, Filter, Misuse, Password, Publish, ResourceError,
    Session,
};

use super::{
    LinkConnectError, LinkError, LinkEvent, Login, MqttConnection, MqttLink, QoS, Stream, WithStream,
};
use crate::credential;
use crate::error::Refusal;

/// Longest message that the bridge sends: a command, 256 KB (quotas page), and its topic.
const LONGEST_MESSAGE: usize = 256 * 1024 + 1024;

/// The link over `mqtt-lite`, with its two buffers.
///
/// 512 bytes each do for the tutorial. What comes from the cloud and does not fit the first buffer comes
/// in chunks; the second must hold the login, some 30 bytes more than client id and token.
#[derive(Debug)]
pub struct MqttLite<'b> {
    session: Session<'b>,
}

impl<'b> MqttLite<'b> {
    /// Makes the link.
    #[must_use]
    pub const fn new(receive: &'b mut [u8], transmit: &'b mut [u8]) -> Self {
        let mut session = Session::new(receive, transmit);
        session.limit_message(LONGEST_MESSAGE);
        Self { session }
    }
}

impl<'b> MqttLink for MqttLite<'b> {
    type Error<T> = Error<T>;
    type Place<'s>
        = ()
    where
        Self: 's;
    type Connection<'s, T: Stream, C: Clock>
        = Connection<'s, 'b, T, C>
    where
        Self: 's;

    fn connect<'s, T: Stream, C: Clock, S: Es256Signer>(
        &'s mut self,
        (): Self::Place<'s>,
        stream: T,
        clock: C,
        login: Login<'_>,
        signer: &mut S,
    ) -> Result<Connection<'s, 'b, T, C>, LinkConnectError<Error<T::Error>, S::Error>> {
        let Login { client_id, user_name, keep_alive, token } = login;
        let connect =
            Connect::new(client_id).keep_alive(keep_alive).login(user_name, SignedToken { token, signer });
        self.session.connect(stream, clock, connect).map_err(login_failed)
    }
}

impl<T> LinkError for Error<T> {
    fn is_over(&self) -> bool {
        match self {
            Self::Misuse(misuse) => *misuse == Misuse::NotConnected,
            Self::Resource(error) => !matches!(
                error,
                ResourceError::InFlight
                    | ResourceError::Retention { .. }
                    | ResourceError::TransmitBuffer { .. }
            ),
            _ => true,
        }
    }
}

impl<T: Stream, C: Clock> MqttConnection for Connection<'_, '_, T, C> {
    type Error = Error<T::Error>;

    fn publish(&mut self, topic: &[&str], payload: &[u8], qos: QoS) -> Result<Option<u16>, Self::Error> {
        let message = Publish::new(topic, payload).qos(level(qos));
        Ok(Self::publish(self, &message)?.map(|identifier| identifier.value()))
    }

    fn subscribe<const N: usize>(&mut self, filters: [(&[&str], QoS); N]) -> Result<u16, Self::Error> {
        let filters = filters.map(|(topic, qos)| Filter { topic, qos: level(qos) });
        Ok(Self::subscribe(self, &filters)?.value())
    }

    fn wait(&mut self, until: Instant) -> Result<Option<LinkEvent<'_>>, Self::Error> {
        Ok(Self::wait(self, until)?.map(understand))
    }

    fn is_answer_awaited(&self) -> bool {
        Self::is_answer_awaited(self)
    }

    fn disconnect(self) -> Result<(), Self::Error> {
        Self::disconnect(self).map(drop)
    }
}

impl<T: Stream, C: Clock> WithStream for Connection<'_, '_, T, C> {
    type Stream = T;

    fn stream_mut(&mut self) -> &mut T {
        Self::stream_mut(self)
    }
}

/// Tells a refused login from a failed one.
fn login_failed<T, S>(error: ConnectError<T, S>) -> LinkConnectError<Error<T>, S> {
    match error {
        ConnectError::Password(error) => LinkConnectError::Signer(error),
        ConnectError::Link(Error::Refused(refusal)) => {
            LinkConnectError::Refused(Refusal::from_return_code(refusal.return_code()))
        }
        ConnectError::Link(error) => LinkConnectError::Link(error),
    }
}

/// Puts an event into the words of the link.
fn understand(event: Event<'_>) -> LinkEvent<'_> {
    match event {
        Event::Message(message) => {
            LinkEvent::Message { topic: message.topic.as_str(), payload: message.payload, chunked: 0 }
        }
        Event::LargeMessage { message, length } => {
            LinkEvent::Message { topic: message.topic.as_str(), payload: &[], chunked: length }
        }
        Event::Chunk { payload, left } => LinkEvent::Chunk { payload, left },
        Event::Published(identifier) => LinkEvent::Published(identifier.value()),
        Event::Subscribed(identifier, granted) => LinkEvent::Subscribed {
            identifier: identifier.value(),
            refused: granted.iter().position(|qos| qos.is_none()),
        },
        Event::Unsubscribed(identifier) => LinkEvent::Unsubscribed(identifier.value()),
    }
}

/// A token that is signed straight into CONNECT.
struct SignedToken<'a, S> {
    token: &'a Token<'a>,
    signer: &'a mut S,
}

impl<S: Es256Signer> Password for SignedToken<'_, S> {
    type Error = S::Error;

    fn length(&self) -> usize {
        self.token.len()
    }

    fn write(self, space: &mut [u8]) -> Result<(), S::Error> {
        credential::sign(self.token, self.signer, space)
    }
}

const fn level(qos: QoS) -> mqtt_lite::QoS {
    match qos {
        QoS::AtMostOnce => mqtt_lite::QoS::AtMostOnce,
        QoS::AtLeastOnce => mqtt_lite::QoS::AtLeastOnce,
    }
}
