//! MQTT 5 by `minimq`, for brokers that speak it: Mosquitto, EMQX, RabbitMQ from 3.13.

#[cfg(feature = "async")]
mod asynch;
mod client;
mod error;

use core::future::{Future, poll_fn};
use core::pin::pin;
use core::task::{Context, Poll, Waker};

use embedded_io::ErrorType;
use jwt_signer::Es256Signer;
use monoclock::{Clock, Instant, Millis};

#[cfg(feature = "async")]
pub use self::asynch::AsyncMinimqConnection;
use self::client::{Buffers, Client};
pub use self::error::MinimqError;
use super::{LinkConnectError, LinkEvent, Login, MqttConnection, MqttLink, QoS, Stream};

/// How long the login and the writing of a packet may take.
const TIMEOUT: Millis = Millis::from_secs(30);

/// A wait is cut in pieces of this length: `minimq` has deadlines of its own, which it does not tell.
const PIECE: Millis = Millis(250);

/// The link over `minimq`, with its buffers.
///
/// The client id has 64 bytes at most, so the [`Endpoint`](crate::Endpoint) must have one that fits, such as
/// [`ClientId::DeviceId`](crate::ClientId::DeviceId); a longer one is refused before anything is sent. When
/// `minimq` sends a ping, the broker has 5 s to answer it, which is short for 3G: a Keep Alive of some
/// minutes keeps pings rare.
///
/// `minimq` borrows the token for as long as its own session lives. That session is made anew for each
/// connection, in a [`MinimqPlace`] of the caller's: see
/// [`Session::connect_in`](crate::Session::connect_in).
///
/// ```
/// use gcp_iot_core::{ConnectError, DevicePath, Endpoint, MinimqError, MinimqLink, MinimqPlace, Session};
/// # fn run<T: gcp_iot_core::Stream, K: jwt_signer::Es256Signer>(
/// #     device: DevicePath<'static>, stream: T, key: &mut K, clock: impl monoclock::Clock, unix_now: u64,
/// # ) -> Result<(), ConnectError<MinimqError<T::Error>, K::Error>> {
/// let (mut receive, mut transmit, mut message, mut login) = ([0; 512], [0; 1024], [0; 512], [0; 300]);
/// let link = MinimqLink::new(&mut receive, &mut transmit, &mut message, &mut login);
/// let endpoint = Endpoint::mosquitto("broker.example.com", "Example Root");
/// let mut session = Session::new(device, endpoint, link, clock);
///
/// let mut place = MinimqPlace::default();
/// let mut cloud = session.connect_in(&mut place, stream, key, unix_now)?;
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct MinimqLink<'b> {
    buffers: Buffers<'b>,
}

/// Room for the `minimq` session of one connection.
#[derive(Default)]
pub struct MinimqPlace<'s>(Option<minimq::Session<'s>>);

/// A session of `minimq` that is to log in, and the message buffer.
type Prepared<'s> = (&'s mut minimq::Session<'s>, &'s mut [u8]);

impl core::fmt::Debug for MinimqPlace<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("MinimqPlace").finish_non_exhaustive()
    }
}

impl<'b> MinimqLink<'b> {
    /// Makes the link.
    ///
    /// `receive` holds the largest packet from the broker, `transmit` what waits for its acknowledgement
    /// and one packet more, `message` the largest topic and payload, `login` user name and token.
    #[must_use]
    pub const fn new(
        receive: &'b mut [u8],
        transmit: &'b mut [u8],
        message: &'b mut [u8],
        login: &'b mut [u8],
    ) -> Self {
        Self { buffers: Buffers { receive, transmit, message, login } }
    }

    /// Signs the token and sets up a session of `minimq`; gives the message buffer along.
    fn prepare<'s, T, S: Es256Signer>(
        &'s mut self,
        MinimqPlace(place): &'s mut MinimqPlace<'s>,
        login: &Login<'_>,
        signer: &mut S,
    ) -> Result<Prepared<'s>, LinkConnectError<MinimqError<T>, S::Error>> {
        let Buffers { receive, transmit, message, login: credentials } = &mut self.buffers;
        let session = client::session(receive, transmit, credentials, login, signer)?;
        Ok((place.insert(session), message))
    }
}

impl MqttLink for MinimqLink<'_> {
    type Error<T> = MinimqError<T>;
    type Place<'s>
        = &'s mut MinimqPlace<'s>
    where
        Self: 's;
    type Connection<'s, T: Stream, C: Clock>
        = MinimqConnection<'s, T, C>
    where
        Self: 's;

    fn connect<'s, T: Stream, C: Clock, S: Es256Signer>(
        &'s mut self,
        place: &'s mut MinimqPlace<'s>,
        stream: T,
        clock: C,
        login: Login<'_>,
        signer: &mut S,
    ) -> Result<MinimqConnection<'s, T, C>, LinkConnectError<MinimqError<T::Error>, S::Error>> {
        let (session, message) = self.prepare(place, &login, signer)?;
        let deadline = clock.now() + TIMEOUT;
        let connect = Client::connect(session, Pending(stream), message);
        let connected = wait_for(&clock, deadline, connect).unwrap_or(Err(MinimqError::Timeout));
        let client = connected.map_err(client::login_failed)?;
        Ok(MinimqConnection { client, clock })
    }
}

/// A connection of `minimq`, polled in a loop that waits on the clock.
pub struct MinimqConnection<'s, T: Stream, C> {
    client: Client<'s, Pending<T>>,
    clock: C,
}

impl<T: Stream, C> core::fmt::Debug for MinimqConnection<'_, T, C> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("MinimqConnection").finish_non_exhaustive()
    }
}

impl<T: Stream, C: Clock> MinimqConnection<'_, T, C> {
    fn deadline(&self) -> Instant {
        self.clock.now() + TIMEOUT
    }
}

impl<T: Stream, C: Clock> MqttConnection for MinimqConnection<'_, T, C> {
    type Error = MinimqError<T::Error>;

    fn publish(&mut self, topic: &[&str], payload: &[u8], qos: QoS) -> Result<Option<u16>, Self::Error> {
        let deadline = self.deadline();
        let publish = self.client.publish(topic, payload, qos);
        wait_for(&self.clock, deadline, publish).unwrap_or(Err(MinimqError::Timeout))
    }

    fn subscribe<const N: usize>(&mut self, filters: [(&[&str], QoS); N]) -> Result<u16, Self::Error> {
        let deadline = self.deadline();
        let subscribe = self.client.subscribe(&filters);
        wait_for(&self.clock, deadline, subscribe).unwrap_or(Err(MinimqError::Timeout))
    }

    fn wait(&mut self, until: Instant) -> Result<Option<LinkEvent<'_>>, Self::Error> {
        loop {
            if let Some(event) = self.client.completed() {
                return Ok(Some(event));
            }
            let over = self.clock.now().has_reached(until);
            // Dropping it loses nothing: it goes on where it was.
            let progress = once(pin!(self.client.progress()));
            match progress {
                Poll::Ready(Ok(client::Progress::Other)) => {}
                Poll::Ready(Ok(progress)) => return Ok(self.client.event(progress)),
                Poll::Ready(Err(error)) => return Err(error),
                Poll::Pending if over => return Ok(None),
                Poll::Pending => self.clock.wait(until.earlier(self.clock.now() + PIECE)),
            }
        }
    }

    fn is_answer_awaited(&self) -> bool {
        self.client.is_answer_awaited()
    }

    fn disconnect(mut self) -> Result<(), Self::Error> {
        let deadline = self.deadline();
        wait_for(&self.clock, deadline, self.client.disconnect()).unwrap_or(Err(MinimqError::Timeout))
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
