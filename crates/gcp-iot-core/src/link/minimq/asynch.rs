//! `minimq` in a task.

use core::future::{Future, poll_fn};
use core::pin::pin;
use core::task::Poll;

use jwt_signer::Es256Signer;
use monoclock::{AsyncClock, Instant};

use super::client::{self, Client, Progress};
use super::{MinimqError, MinimqLink, MinimqPlace, TIMEOUT};
use crate::link::{AsyncMqttConnection, AsyncMqttLink, AsyncStream, LinkConnectError, LinkEvent, Login, QoS};

impl AsyncMqttLink for MinimqLink<'_> {
    type Error<T> = MinimqError<T>;
    type Place<'s>
        = &'s mut MinimqPlace<'s>
    where
        Self: 's;
    type Connection<'s, T: AsyncStream, C: AsyncClock>
        = AsyncMinimqConnection<'s, T, C>
    where
        Self: 's;

    async fn connect_async<'s, T: AsyncStream, C: AsyncClock, S: Es256Signer>(
        &'s mut self,
        place: &'s mut MinimqPlace<'s>,
        stream: T,
        clock: C,
        login: Login<'_>,
        signer: &mut S,
    ) -> Result<AsyncMinimqConnection<'s, T, C>, LinkConnectError<MinimqError<T::Error>, S::Error>> {
        let (session, message) = self.prepare(place, &login, signer)?;
        let connect = Client::connect(session, stream, message);
        let deadline = clock.now() + TIMEOUT;
        let connected = before(&clock, deadline, connect).await.unwrap_or(Err(MinimqError::Timeout));
        let client = connected.map_err(client::login_failed)?;
        Ok(AsyncMinimqConnection { client, clock })
    }
}

/// A connection of `minimq` in a task.
pub struct AsyncMinimqConnection<'s, T: AsyncStream, C> {
    client: Client<'s, T>,
    clock: C,
}

impl<T: AsyncStream, C> core::fmt::Debug for AsyncMinimqConnection<'_, T, C> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("AsyncMinimqConnection").finish_non_exhaustive()
    }
}

impl<T: AsyncStream, C: AsyncClock> AsyncMinimqConnection<'_, T, C> {
    fn deadline(&self) -> Instant {
        self.clock.now() + TIMEOUT
    }
}

impl<T: AsyncStream, C: AsyncClock> AsyncMqttConnection for AsyncMinimqConnection<'_, T, C> {
    type Error = MinimqError<T::Error>;

    async fn publish(
        &mut self,
        topic: &[&str],
        payload: &[u8],
        qos: QoS,
    ) -> Result<Option<u16>, Self::Error> {
        let deadline = self.deadline();
        let publish = self.client.publish(topic, payload, qos);
        before(&self.clock, deadline, publish).await.unwrap_or(Err(MinimqError::Timeout))
    }

    async fn subscribe<const N: usize>(&mut self, filters: [(&[&str], QoS); N]) -> Result<u16, Self::Error> {
        let deadline = self.deadline();
        let subscribe = self.client.subscribe(&filters);
        before(&self.clock, deadline, subscribe).await.unwrap_or(Err(MinimqError::Timeout))
    }

    async fn wait(&mut self, until: Instant) -> Result<Option<LinkEvent<'_>>, Self::Error> {
        loop {
            if let Some(event) = self.client.completed() {
                return Ok(Some(event));
            }
            let progress = before(&self.clock, until, self.client.progress()).await;
            match progress {
                Some(Ok(Progress::Other)) => {}
                Some(Ok(progress)) => return Ok(self.client.event(progress)),
                Some(Err(error)) => return Err(error),
                None => return Ok(None),
            }
        }
    }

    fn is_answer_awaited(&self) -> bool {
        self.client.is_answer_awaited()
    }

    async fn disconnect(mut self) -> Result<(), Self::Error> {
        let deadline = self.deadline();
        before(&self.clock, deadline, self.client.disconnect()).await.unwrap_or(Err(MinimqError::Timeout))
    }
}

/// Waits for `future`, at most until `deadline`; drops it then.
async fn before<F: Future>(clock: &impl AsyncClock, deadline: Instant, future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    loop {
        let over = clock.now().has_reached(deadline);
        let mut timer = pin!(clock.wait_until(deadline));
        let polled = poll_fn(|context| match future.as_mut().poll(context) {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            Poll::Pending if over => Poll::Ready(None),
            Poll::Pending => timer.as_mut().poll(context).map(|()| None),
        });
        match polled.await {
            None if !over => {}
            output => return output,
        }
    }
}
