//! A connection of `minimq` in this crate's words: what its two faces have in common.

use embedded_io_async::{Read, Write};
use jwt_signer::Es256Signer;
use minimq::{Op, PeerError, Publication, SubscriptionOptions, TopicFilter};

use super::MinimqError;
use crate::credential;
use crate::error::Refusal;
use crate::link::{LinkConnectError, LinkEvent, Login, QoS};

/// Longest topic, in bytes: device and subfolder of 255 characters each.
const TOPIC: usize = 544;

/// Longest client id that `minimq` takes, in bytes.
pub(super) const CLIENT_ID: usize = 64;

/// Operations that may wait for the broker at the same time: as many as `minimq` keeps.
const OPERATIONS: usize = 8;

/// The memory of a client, outliving its connections.
#[derive(Debug)]
pub(super) struct Buffers<'s> {
    /// One packet from the broker.
    pub(super) receive: &'s mut [u8],
    /// Packets to the broker, also those that wait for their acknowledgement.
    pub(super) transmit: &'s mut [u8],
    /// The message that is lent.
    pub(super) message: &'s mut [u8],
    /// User name and token.
    pub(super) login: &'s mut [u8],
}

/// A `minimq` session that is set up to log in.
pub(super) fn session<'s, T, S: Es256Signer>(
    receive: &'s mut [u8],
    transmit: &'s mut [u8],
    credentials: &'s mut [u8],
    login: &Login<'_>,
    signer: &mut S,
) -> Result<minimq::Session<'s>, LinkConnectError<MinimqError<T>, S::Error>> {
    let needed = login.user_name.len() + login.token.len();
    let credentials =
        credentials.get_mut(..needed).ok_or(LinkConnectError::Link(MinimqError::LoginTooLong(needed)))?;
    let (user_name, token) = credentials.split_at_mut_checked(login.user_name.len()).unwrap_or_default();
    for (to, from) in user_name.iter_mut().zip(login.user_name.bytes()) {
        *to = from;
    }
    credential::sign(login.token, signer, token).map_err(LinkConnectError::Signer)?;
    let user_name = core::str::from_utf8(user_name).unwrap_or_default();
    let client_id: heapless::String<CLIENT_ID> =
        join(login.client_id).ok_or(LinkConnectError::Link(MinimqError::ClientIdTooLong))?;
    let config = minimq::ConfigBuilder::new(minimq::Buffers::new(receive, transmit))
        .keepalive_interval(login.keep_alive)
        .client_id(&client_id)
        .and_then(|config| config.auth(user_name, token))
        .map_err(|error| LinkConnectError::Link(MinimqError::Config(error)))?;
    Ok(minimq::Session::new(config))
}

/// A connection, and what waits for its answer.
pub(super) struct Client<'s, S> {
    connection: minimq::Connection<'s, 's, S>,
    message: &'s mut [u8],
    operations: heapless::Vec<Operation, OPERATIONS>,
    last: u16,
}

#[derive(Debug)]
struct Operation {
    number: u16,
    kind: Kind,
    inner: Op,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Publish,
    /// The filter of this index.
    Subscribe(usize),
}

/// What has happened.
pub(super) enum Progress {
    /// A message lies in the buffer: where its topic ends, and its payload.
    Message(usize, usize),
    /// Something else.
    Other,
    /// The broker has refused an operation: the number of its subscription, and of the filter.
    Refused(u16, usize),
}

impl<'s, S: Read + Write> Client<'s, S> {
    pub(super) async fn connect(
        session: &'s mut minimq::Session<'s>,
        stream: S,
        message: &'s mut [u8],
    ) -> Result<Self, MinimqError<S::Error>> {
        let connection = session.connect(stream).await.map_err(MinimqError::Session)?;
        Ok(Self { connection, message, operations: heapless::Vec::new(), last: 0 })
    }

    pub(super) async fn publish(
        &mut self,
        topic: &[&str],
        payload: &[u8],
        qos: QoS,
    ) -> Result<Option<u16>, MinimqError<S::Error>> {
        if self.operations.is_full() {
            return Err(MinimqError::TooManyOperations);
        }
        let topic: heapless::String<TOPIC> = join(topic).ok_or(MinimqError::TopicTooLong)?;
        let publication = Publication::bytes(&topic, payload).qos(level(qos));
        let operation = self.connection.publish(publication).await.map_err(|error| match error {
            minimq::PubError::Session(error) => MinimqError::Session(error),
            minimq::PubError::Payload(()) => MinimqError::MessageTooLong(payload.len()),
        })?;
        Ok(operation.map(|operation| {
            let number = self.next_number();
            self.remember(number, Kind::Publish, operation);
            number
        }))
    }

    /// Subscribes with a packet for each filter, so that a refusal tells which it was.
    pub(super) async fn subscribe(
        &mut self,
        filters: &[(&[&str], QoS)],
    ) -> Result<u16, MinimqError<S::Error>> {
        if self.operations.len() + filters.len() > OPERATIONS {
            return Err(MinimqError::TooManyOperations);
        }
        let number = self.next_number();
        for (index, (topic, qos)) in filters.iter().enumerate() {
            let topic: heapless::String<TOPIC> = join(topic).ok_or(MinimqError::TopicTooLong)?;
            let options = SubscriptionOptions::default().maximum_qos(level(*qos));
            let filter = [TopicFilter::new(&topic).options(options)];
            let operation = self.connection.subscribe(&filter, &[]).await.map_err(MinimqError::Session)?;
            self.remember(number, Kind::Subscribe(index), operation);
        }
        Ok(number)
    }

    /// Waits for the next thing to happen; may be dropped and called again, if the stream allows it.
    pub(super) async fn progress(&mut self) -> Result<Progress, MinimqError<S::Error>> {
        match self.connection.poll().await {
            Ok(Some(message)) => {
                let (topic, payload) = (message.topic().as_bytes(), message.payload());
                let end = topic.len() + payload.len();
                let space = self.message.get_mut(..end).ok_or(MinimqError::MessageTooLong(end))?;
                for (to, from) in space.iter_mut().zip(topic.iter().chain(payload)) {
                    *to = *from;
                }
                Ok(Progress::Message(topic.len(), end))
            }
            Ok(None) => Ok(Progress::Other),
            Err(minimq::Error::Peer(PeerError::Rejected(reason))) => match self.take_completed() {
                // A refusal completes the operation that it answers.
                Some(Operation { number, kind: Kind::Subscribe(index), .. }) => {
                    self.operations.retain(|operation| operation.number != number);
                    Ok(Progress::Refused(number, index))
                }
                _ => Err(MinimqError::Rejected(reason.into())),
            },
            Err(error) => Err(MinimqError::Session(error)),
        }
    }

    /// Tells which operation is done; a subscription with the last of its filters.
    pub(super) fn completed(&mut self) -> Option<LinkEvent<'static>> {
        while let Some(Operation { number, kind, .. }) = self.take_completed() {
            match kind {
                Kind::Publish => return Some(LinkEvent::Published(number)),
                Kind::Subscribe(_) if self.operations.iter().any(|left| left.number == number) => {}
                Kind::Subscribe(_) => {
                    return Some(LinkEvent::Subscribed { identifier: number, refused: None });
                }
            }
        }
        None
    }

    /// The event of something that has happened; none when there is nothing to tell.
    pub(super) fn event(&self, progress: Progress) -> Option<LinkEvent<'_>> {
        match progress {
            Progress::Message(topic, end) => {
                let message = self.message.get(..end).unwrap_or_default();
                let (topic, payload) = message.split_at_checked(topic).unwrap_or_default();
                let topic = core::str::from_utf8(topic).unwrap_or_default();
                Some(LinkEvent::Message { topic, payload, chunked: 0 })
            }
            Progress::Refused(identifier, index) => {
                Some(LinkEvent::Subscribed { identifier, refused: Some(index) })
            }
            Progress::Other => None,
        }
    }

    pub(super) fn is_answer_awaited(&self) -> bool {
        !self.operations.is_empty()
    }

    pub(super) async fn disconnect(&mut self) -> Result<(), MinimqError<S::Error>> {
        self.connection.disconnect().await.map_err(MinimqError::Session)
    }

    fn next_number(&mut self) -> u16 {
        self.last = self.last.checked_add(1).unwrap_or(1);
        self.last
    }

    fn remember(&mut self, number: u16, kind: Kind, inner: Op) {
        // Room was made sure of before the operation began.
        let _ = self.operations.push(Operation { number, kind, inner });
    }

    fn take_completed(&mut self) -> Option<Operation> {
        let done = |operation: &Operation| self.connection.is_complete(&operation.inner);
        let index = self.operations.iter().position(done)?;
        Some(self.operations.remove(index))
    }
}

/// Tells a refused login from a failed one, in the terms of MQTT 3.1.1.
pub(super) fn login_failed<T, S>(error: MinimqError<T>) -> LinkConnectError<MinimqError<T>, S> {
    let MinimqError::Session(minimq::Error::Peer(PeerError::Rejected(reason))) = error else {
        return LinkConnectError::Link(error);
    };
    let code = u8::from(reason);
    LinkConnectError::Refused(match code {
        0x85 => Refusal::ClientId,
        0x86 | 0x87 | 0x8C => Refusal::NotAuthorized { code },
        0x88 | 0x89 => Refusal::Unavailable,
        _ => Refusal::Other { code },
    })
}

/// Puts the parts of a text together.
fn join<const N: usize>(parts: &[&str]) -> Option<heapless::String<N>> {
    let mut text = heapless::String::new();
    parts.iter().try_for_each(|part| text.push_str(part)).ok()?;
    Some(text)
}

const fn level(qos: QoS) -> minimq::QoS {
    match qos {
        QoS::AtMostOnce => minimq::QoS::AtMostOnce,
        QoS::AtLeastOnce => minimq::QoS::AtLeastOnce,
    }
}
