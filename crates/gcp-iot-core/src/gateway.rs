//! Gateways: devices that speak for others (mqtt-bridge page for gateways).

use monoclock::Clock;

use crate::connection::Connection;
use crate::device_path::is_device_id;
use crate::error::Error;
use crate::link::{MqttConnection, QoS};
use crate::topic;

/// Longest authorization that [`Connection::attach`] sends: a token of a device with its JSON around it.
const AUTHORIZATION: usize = 384;

/// A gateway's own subscription, and what it does for the devices that are bound to it.
///
/// Attached devices use the topics of their own: the methods that end in `_of` name the device. Received
/// configurations and commands bear the device's id.
impl<M: MqttConnection, C: Clock> Connection<'_, M, C> {
    /// Subscribes to the error reports of this gateway: `Event::ErrorReport`.
    ///
    /// # Errors
    /// [`Error::Link`]; the connection is over then, as a rule.
    pub fn subscribe_errors(&mut self) -> Result<(), Error<M::Error>> {
        let topic = topic::errors(self.device());
        let number = self.link().subscribe([(&topic, QoS::AtMostOnce)]).map_err(Error::Link)?;
        self.expect_errors(number);
        Ok(())
    }

    /// Attaches `device`, with a token of its own if the gateway's settings ask for it.
    ///
    /// `Event::Published` with the returned number says that it is attached.
    ///
    /// # Errors
    /// [`Error::DeviceId`] and [`Error::AuthorizationTooLong`] leave the connection alone.
    pub fn attach(
        &mut self,
        device: &str,
        authorization: Option<&str>,
    ) -> Result<Option<u16>, Error<M::Error>> {
        check(device)?;
        let payload = authorization_payload(authorization)?;
        self.link().publish(&topic::attach(device), payload.as_bytes(), QoS::AtLeastOnce).map_err(Error::Link)
    }

    /// Detaches `device`; `Event::Published` with the returned number says that it is done.
    ///
    /// # Errors
    /// [`Error::DeviceId`] leaves the connection alone.
    pub fn detach(&mut self, device: &str) -> Result<Option<u16>, Error<M::Error>> {
        check(device)?;
        self.link().publish(&topic::detach(device), b"{}", QoS::AtLeastOnce).map_err(Error::Link)
    }

    /// Subscribes to configuration and commands of `device`, which is attached.
    ///
    /// # Errors
    /// [`Error::DeviceId`] leaves the connection alone.
    pub fn subscribe_of(&mut self, device: &str) -> Result<(), Error<M::Error>> {
        check(device)?;
        let (config, commands) = (topic::config(device), topic::commands(device));
        let filters: [(&[&str], QoS); 2] = [(&config, QoS::AtLeastOnce), (&commands, QoS::AtMostOnce)];
        self.link().subscribe(filters).map(drop).map_err(Error::Link)
    }

    /// Publishes the state of `device`, which is attached, at most once per second and device.
    ///
    /// The session does not watch over the rate of other devices' states.
    ///
    /// # Errors
    /// [`Error::DeviceId`] leaves the connection alone.
    pub fn publish_state_of(
        &mut self,
        device: &str,
        payload: &[u8],
        qos: QoS,
    ) -> Result<Option<u16>, Error<M::Error>> {
        check(device)?;
        self.link().publish(&topic::state(device), payload, qos).map_err(Error::Link)
    }

    /// Publishes an event of `device`, which is attached.
    ///
    /// # Errors
    /// [`Error::DeviceId`] and [`Error::Subfolder`] leave the connection alone.
    pub fn publish_event_of(
        &mut self,
        device: &str,
        subfolder: &str,
        payload: &[u8],
        qos: QoS,
    ) -> Result<Option<u16>, Error<M::Error>> {
        check(device)?;
        if !topic::is_subfolder(subfolder) {
            return Err(Error::Subfolder);
        }
        self.link().publish(&topic::events(device, subfolder), payload, qos).map_err(Error::Link)
    }
}

/// The payload that attaches a device, with its token if there is one.
pub(crate) fn authorization_payload<E>(
    token: Option<&str>,
) -> Result<heapless::String<AUTHORIZATION>, Error<E>> {
    let parts = match token {
        Some(token) => ["{\"authorization\":\"", token, "\"}"],
        None => ["{", "", "}"],
    };
    let mut payload = heapless::String::new();
    let written = parts.iter().try_for_each(|part| payload.push_str(part));
    written.map(|()| payload).map_err(|_| Error::AuthorizationTooLong)
}

pub(crate) const fn check<E>(device: &str) -> Result<(), Error<E>> {
    if is_device_id(device) { Ok(()) } else { Err(Error::DeviceId) }
}
