//! MQTT 5 by `minimq`, for brokers that speak it: Mosquitto, EMQX, RabbitMQ from 3.13.
//!
//! `minimq` borrows the password for as long as its own session lives, so the caller holds both: a token
//! is written into a buffer, a `minimq::Session` is made from it for one connection, and
//! [`Session::adopt`](crate::Session::adopt) takes the connection over. Its futures are polled in a loop
//! that waits on the clock. It wants its PINGRESP and CONNACK within 5 s, which is short for 3G.

use core::future::{Future, poll_fn};
use core::pin::pin;
use core::task::{Context, Poll, Waker};

use embedded_io::ErrorType;
use minimq::{Op, Publication, SubscriptionOptions, TopicFilter};
use monoclock::{Clock, Instant, Millis};

use super::{LinkEvent, MqttConnection, QoS, Stream};
use crate::device_path::DevicePath;
use crate::endpoint::Endpoint;

/// Longest topic, in bytes: device and subfolder of 255 characters each.
const TOPIC: usize = 544;

/// Operations that may wait for the broker at the same time: as many as `minimq` keeps.
const OPERATIONS: usize = 8;

/// How long CONNECT and the writing of a packet may take.
const TIMEOUT: Millis = Millis::from_secs(30);

/// Why a connection over `minimq` failed.
#[derive(Debug, PartialEq)]
#[non_exhaustive]
pub enum MinimqError<T> {
    /// What `minimq` says.
    Session(minimq::Error<T>),
    /// The broker did not answer, or the stream did not take a packet, in time.
    Timeout,
    /// A topic is too long, or too many operations wait for the broker.
    Capacity,
    /// A message does not fit the message buffer: the bytes it needs.
    MessageTooLong(usize),
}

/// Makes a `minimq` session for one connection of `device`.
///
/// The client id is the device id: `minimq` takes 64 bytes at most, and a device path has more.
///
/// # Errors
/// `ClientIdTooLong` when the device id has more than 64 bytes.
pub fn minimq_session<'b>(
    device: &DevicePath<'_>,
    endpoint: &Endpoint<'b>,
    token: &'b [u8],
    buffers: minimq::Buffers<'b>,
) -> Result<minimq::Session<'b>, minimq::ConfigError> {
    let config = minimq::ConfigBuilder::new(buffers)
        .client_id(device.device())?
        .auth(endpoint.user_name, token)?
        .keepalive_interval(60);
    Ok(minimq::Session::new(config))
}

/// A connection of `minimq`, driven by the session's own loop.
pub struct MinimqConnection<'a, 'b, T: Stream, C> {
    connection: minimq::Connection<'a, 'b, Pending<T>>,
    clock: C,
    /// The message that is lent.
    message: &'a mut [u8],
    operations: heapless::Vec<(u16, Kind, Op), OPERATIONS>,
    last: u16,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Publish,
    Subscribe,
}

/// What a poll has brought: the lengths of topic and payload in the message buffer.
enum Arrived {
    Message(usize, usize),
    Progress,
}

impl<'a, 'b, T: Stream, C: Clock> MinimqConnection<'a, 'b, T, C> {
    /// Logs in over `stream`; `message` is to hold the largest topic and payload.
    ///
    /// # Errors
    /// When the broker refuses or does not answer, or the stream fails.
    pub fn connect(
        session: &'a mut minimq::Session<'b>,
        stream: T,
        clock: C,
        message: &'a mut [u8],
    ) -> Result<Self, MinimqError<T::Error>> {
        let deadline = clock.now() + TIMEOUT;
        let connection = wait_for(&clock, deadline, session.connect(Pending(stream)))
            .ok_or(MinimqError::Timeout)?
            .map_err(MinimqError::Session)?;
        Ok(Self { connection, clock, message, operations: heapless::Vec::new(), last: 0 })
    }

    fn remember(&mut self, kind: Kind, operation: Op) -> u16 {
        self.last = self.last.checked_add(1).unwrap_or(1);
        // Room was made sure of before the operation began.
        let _ = self.operations.push((self.last, kind, operation));
        self.last
    }

    fn completed(&mut self) -> Option<(u16, Kind)> {
        let index =
            self.operations.iter().position(|(_, _, operation)| self.connection.is_complete(operation))?;
        let (number, kind, _) = self.operations.swap_remove(index);
        Some((number, kind))
    }
}

impl<T: Stream, C> core::fmt::Debug for MinimqConnection<'_, '_, T, C> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("MinimqConnection").field("operations", &self.operations).finish_non_exhaustive()
    }
}

impl<T: Stream, C: Clock> MqttConnection for MinimqConnection<'_, '_, T, C> {
    type Error = MinimqError<T::Error>;

    fn publish(&mut self, topic: &[&str], payload: &[u8], qos: QoS) -> Result<Option<u16>, Self::Error> {
        if self.operations.is_full() {
            return Err(MinimqError::Capacity);
        }
        let topic = join(topic)?;
        let publication = Publication::bytes(&topic, payload).qos(level(qos));
        let deadline = self.clock.now() + TIMEOUT;
        let operation = wait_for(&self.clock, deadline, self.connection.publish(publication))
            .ok_or(MinimqError::Timeout)?
            .map_err(|error| match error {
                minimq::PubError::Session(error) => MinimqError::Session(error),
                minimq::PubError::Payload(_) => MinimqError::Capacity,
            })?;
        Ok(operation.map(|operation| self.remember(Kind::Publish, operation)))
    }

    fn subscribe<const N: usize>(&mut self, filters: [(&[&str], QoS); N]) -> Result<u16, Self::Error> {
        if self.operations.is_full() {
            return Err(MinimqError::Capacity);
        }
        let mut topics: [heapless::String<TOPIC>; N] = core::array::from_fn(|_| heapless::String::new());
        for (topic, (parts, _)) in topics.iter_mut().zip(&filters) {
            *topic = join(parts)?;
        }
        let mut list: heapless::Vec<_, N> = heapless::Vec::new();
        for (topic, (_, qos)) in topics.iter().zip(&filters) {
            let options = SubscriptionOptions::default().maximum_qos(level(*qos));
            list.push(TopicFilter::new(topic).options(options)).map_err(|_| MinimqError::Capacity)?;
        }
        let deadline = self.clock.now() + TIMEOUT;
        let operation = wait_for(&self.clock, deadline, self.connection.subscribe(&list, &[]))
            .ok_or(MinimqError::Timeout)?
            .map_err(MinimqError::Session)?;
        Ok(self.remember(Kind::Subscribe, operation))
    }

    /// A refused subscription is `Error::Peer(Rejected)` of `minimq`, not [`LinkEvent::Subscribed`].
    fn wait(&mut self, until: Instant) -> Result<Option<LinkEvent<'_>>, Self::Error> {
        loop {
            if let Some((number, kind)) = self.completed() {
                return Ok(Some(match kind {
                    Kind::Publish => LinkEvent::Published(number),
                    Kind::Subscribe => LinkEvent::Subscribed { identifier: number, refused: None },
                }));
            }
            let over = self.clock.now().has_reached(until);
            // `poll` may be dropped and called again: it is cancel-safe, and the stream is, too.
            let arrived = match once(pin!(self.connection.poll())) {
                Poll::Ready(Ok(Some(message))) => {
                    let (topic, payload) = (message.topic().as_bytes(), message.payload());
                    let needed = topic.len() + payload.len();
                    let space = self.message.get_mut(..needed).ok_or(MinimqError::MessageTooLong(needed))?;
                    for (from, to) in topic.iter().chain(payload).zip(space) {
                        *to = *from;
                    }
                    Some(Arrived::Message(topic.len(), needed))
                }
                Poll::Ready(Ok(None)) => Some(Arrived::Progress),
                Poll::Ready(Err(error)) => return Err(MinimqError::Session(error)),
                Poll::Pending => None,
            };
            match arrived {
                Some(Arrived::Message(topic, end)) => {
                    let (topic, payload) = self
                        .message
                        .get(..end)
                        .unwrap_or_default()
                        .split_at_checked(topic)
                        .unwrap_or_default();
                    let topic = core::str::from_utf8(topic).unwrap_or_default();
                    return Ok(Some(LinkEvent::Message { topic, payload, chunked: 0 }));
                }
                Some(Arrived::Progress) if !over => {}
                None if !over => self.clock.wait(until),
                _ if self
                    .operations
                    .iter()
                    .any(|(_, _, operation)| self.connection.is_complete(operation)) => {}
                _ => return Ok(None),
            }
        }
    }

    fn is_answer_awaited(&self) -> bool {
        !self.operations.is_empty()
    }

    fn disconnect(mut self) -> Result<(), Self::Error> {
        let deadline = self.clock.now() + TIMEOUT;
        wait_for(&self.clock, deadline, self.connection.disconnect())
            .ok_or(MinimqError::Timeout)?
            .map_err(MinimqError::Session)
    }
}

/// A blocking stream as an asynchronous one: reading is pending while nothing is there.
#[derive(Debug)]
struct Pending<T>(T);

impl<T: ErrorType> ErrorType for Pending<T> {
    type Error = T::Error;
}

impl<T: Stream> embedded_io_async::Read for Pending<T> {
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, T::Error> {
        poll_fn(|_| match self.0.read_ready() {
            Ok(true) => Poll::Ready(Ok(())),
            Ok(false) => Poll::Pending,
            Err(error) => Poll::Ready(Err(error)),
        })
        .await?;
        self.0.read(buffer)
    }
}

impl<T: Stream> embedded_io_async::Write for Pending<T> {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, T::Error> {
        self.0.write(bytes)
    }

    async fn flush(&mut self) -> Result<(), T::Error> {
        self.0.flush()
    }
}

/// Polls `future` once.
fn once<F: Future>(future: core::pin::Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// Polls `future` until it is ready, or `deadline` has come.
fn wait_for<F: Future>(clock: &impl Clock, deadline: Instant, future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    loop {
        let over = clock.now().has_reached(deadline);
        match once(future.as_mut()) {
            Poll::Ready(output) => return Some(output),
            Poll::Pending if over => return None,
            Poll::Pending => clock.wait(deadline),
        }
    }
}

fn join<E>(parts: &[&str]) -> Result<heapless::String<TOPIC>, MinimqError<E>> {
    let mut topic = heapless::String::new();
    parts.iter().try_for_each(|part| topic.push_str(part)).map_err(|_| MinimqError::Capacity)?;
    Ok(topic)
}

const fn level(qos: QoS) -> minimq::QoS {
    match qos {
        QoS::AtMostOnce => minimq::QoS::AtMostOnce,
        QoS::AtLeastOnce => minimq::QoS::AtLeastOnce,
    }
}

impl<T> core::fmt::Display for MinimqError<T> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Session(_) => "the MQTT 5 session failed",
            Self::Timeout => "the broker did not answer in time",
            Self::Capacity => "a topic is too long, or too many operations wait",
            Self::MessageTooLong(_) => "a message does not fit its buffer",
        })
    }
}

impl<T: core::fmt::Debug> core::error::Error for MinimqError<T> {}
