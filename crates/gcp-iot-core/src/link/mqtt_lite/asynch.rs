//! `mqtt-lite` in a task.

use jwt_signer::Es256Signer;
use monoclock::{AsyncClock, Instant};
use mqtt_lite::asynch::Connection;
use mqtt_lite::{Connect, Error, Filter, Publish};

use super::{MqttLite, SignedToken, level, login_failed, understand};
use crate::link::{AsyncMqttConnection, AsyncMqttLink, AsyncStream, LinkConnectError, LinkEvent, Login, QoS};

impl<'b> AsyncMqttLink for MqttLite<'b> {
    type Error<T> = Error<T>;
    type Place<'s>
        = ()
    where
        Self: 's;
    type Connection<'s, T: AsyncStream, C: AsyncClock>
        = Connection<'s, 'b, T, C>
    where
        Self: 's;

    async fn connect_async<'s, T: AsyncStream, C: AsyncClock, S: Es256Signer>(
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
        self.session.connect_async(stream, clock, connect).await.map_err(login_failed)
    }
}

impl<T: AsyncStream, C: AsyncClock> AsyncMqttConnection for Connection<'_, '_, T, C> {
    type Error = Error<T::Error>;

    async fn publish(
        &mut self,
        topic: &[&str],
        payload: &[u8],
        qos: QoS,
    ) -> Result<Option<u16>, Self::Error> {
        let message = Publish::new(topic, payload).qos(level(qos));
        Ok(Self::publish(self, &message).await?.map(|identifier| identifier.value()))
    }

    async fn subscribe<const N: usize>(&mut self, filters: [(&[&str], QoS); N]) -> Result<u16, Self::Error> {
        let filters = filters.map(|(topic, qos)| Filter { topic, qos: level(qos) });
        Ok(Self::subscribe(self, &filters).await?.value())
    }

    async fn wait(&mut self, until: Instant) -> Result<Option<LinkEvent<'_>>, Self::Error> {
        Ok(Self::wait(self, until).await?.map(understand))
    }

    fn is_answer_awaited(&self) -> bool {
        Self::is_answer_awaited(self)
    }

    async fn disconnect(self) -> Result<(), Self::Error> {
        Self::disconnect(self).await.map(drop)
    }
}
