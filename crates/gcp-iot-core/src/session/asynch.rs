//! Connecting in a task.

use jwt_signer::Es256Signer;
use monoclock::AsyncClock;

use super::Session;
use crate::async_connection::AsyncConnection;
use crate::error::ConnectError;
use crate::link::{AsyncMqttConnection, AsyncMqttLink, AsyncStream, Login, QoS};
use crate::rules::Rules;
use crate::topic;

/// The asynchronous face: everything else of the session is the same.
impl<L: AsyncMqttLink, C: AsyncClock> Session<'_, L, C> {
    /// Signs a token, logs in over `stream`, and subscribes to configuration and commands, in a task.
    ///
    /// `unix_now` is the time in seconds since 1970, such as the network tells it. Signing blocks.
    ///
    /// # Errors
    /// When there is no token (the clock is not set, the key cannot be used), the cloud refuses the
    /// login, or the connection fails.
    pub async fn connect_async<'s, T: AsyncStream, S: Es256Signer>(
        &'s mut self,
        stream: T,
        signer: &mut S,
        unix_now: u64,
    ) -> Result<
        AsyncConnection<'s, L::Connection<'s, T, &'s C>, &'s C>,
        ConnectError<L::Error<T::Error>, S::Error>,
    >
    where
        L: AsyncMqttLink<Place<'s> = ()>,
    {
        self.connect_async_in((), stream, signer, unix_now).await
    }

    /// Does the same with a link whose connections need a `place` of the caller's.
    ///
    /// # Errors
    /// As [`connect_async`](Self::connect_async).
    pub async fn connect_async_in<'s, T: AsyncStream, S: Es256Signer>(
        &'s mut self,
        place: L::Place<'s>,
        stream: T,
        signer: &mut S,
        unix_now: u64,
    ) -> Result<
        AsyncConnection<'s, L::Connection<'s, T, &'s C>, &'s C>,
        ConnectError<L::Error<T::Error>, S::Error>,
    > {
        let claims = self
            .credential
            .claims(self.device.project(), self.endpoint.claims, unix_now)
            .map_err(ConnectError::Token)?;
        let token = self.endpoint.token(claims.as_bytes());
        let login = Login {
            client_id: &self.endpoint.client_id_of(&self.device),
            user_name: self.endpoint.user_name,
            keep_alive: self.keep_alive,
            token: &token,
        };
        self.history.renew_at = self.clock.now() + self.credential.renewal(self.history.backoff.jitter());
        let mut link = self.link.connect_async(place, stream, &self.clock, login, signer).await?;
        let device = self.device.device();
        let (config, commands) = (topic::config(device), topic::commands(device));
        let filters: [(&[&str], QoS); 2] = [(&config, QoS::AtLeastOnce), (&commands, QoS::AtMostOnce)];
        link.subscribe(filters).await.map_err(ConnectError::Link)?;
        self.history.begin(self.clock.now());
        Ok(AsyncConnection::new(link, &self.clock, Rules::new(device, &mut self.history)))
    }
}
