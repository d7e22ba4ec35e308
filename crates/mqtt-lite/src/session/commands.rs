//! The packets that the application asks for.

use core::convert::Infallible;

use monoclock::Millis;

use super::{Phase, Session};
use crate::error::{ConnectError, Error, Misuse, ResourceError};
use crate::identifier::PacketIdentifier;
use crate::in_flight::Awaited;
use crate::packet::connect::{Connect, Password};
use crate::packet::publish::Publish;
use crate::packet::subscribe::{self, Filter};
use crate::packet::{DISCONNECT, unsubscribe};
use crate::qos::QoS;
use crate::wire::Writer;

impl Session<'_> {
    /// Begins a connection over a new stream: CONNECT is put into the transmit buffer.
    ///
    /// # Errors
    /// When the password cannot be made, `connect` breaks a rule, or the packet does not fit. The
    /// session is closed then.
    pub fn begin<P: Password>(
        &mut self,
        connect: Connect<'_, P>,
    ) -> Result<(), ConnectError<Infallible, P::Error>> {
        self.close();
        let (clean, keep_alive) = (connect.clean_session, connect.keep_alive);
        let length = connect.encode(self.transmit)?;
        self.pending = 0..length;
        self.inbound.reset();
        (self.clean, self.session_present) = (clean, false);
        if clean {
            self.in_flight.clear();
            #[cfg(feature = "qos2")]
            self.received.clear();
        } else {
            self.in_flight.forget_subscriptions();
        }
        self.keep_alive = Millis::from_secs(u32::from(keep_alive));
        self.phase = Phase::Connecting;
        Ok(())
    }

    /// Puts a PUBLISH into the transmit buffer; tells its identifier unless it is of QoS 0.
    ///
    /// # Errors
    /// [`Error::Misuse`] and [`Error::Resource`]; nothing is sent then.
    pub fn publish(&mut self, message: &Publish<'_>) -> Result<Option<PacketIdentifier>, Error> {
        self.check_ready()?;
        let identifier = self.identifier_for(message.qos)?;
        let length = message.encode(identifier, self.transmit)?;
        if let Some(identifier) = identifier {
            if !self.clean {
                self.in_flight.retain(identifier, self.transmit.get(..length).unwrap_or_default())?;
            }
            self.in_flight.insert(identifier, awaited(message.qos));
        }
        self.pending = 0..length;
        Ok(identifier)
    }

    /// Puts a PUBLISH without its payload into the transmit buffer; `length` bytes of payload must
    /// follow on the stream, each reported to [`handle_streamed`](Self::handle_streamed).
    ///
    /// The payload of `message` is not looked at.
    ///
    /// # Errors
    /// [`Error::Misuse`], also for QoS 1 in a persistent session, and [`Error::Resource`].
    pub fn publish_streamed(
        &mut self,
        message: &Publish<'_>,
        length: usize,
    ) -> Result<Option<PacketIdentifier>, Error> {
        self.check_ready()?;
        let identifier = self.identifier_for(message.qos)?;
        if identifier.is_some() && !self.clean {
            return Err(Misuse::StreamedRetention.into());
        }
        let mut writer = Writer::new(self.transmit);
        message.encode_header(identifier, length, &mut writer)?;
        let header = writer.finish().map_err(|needed| ResourceError::TransmitBuffer { needed })?;
        if let Some(identifier) = identifier {
            self.in_flight.insert(identifier, awaited(message.qos));
        }
        self.pending = 0..header;
        self.streaming = length;
        Ok(identifier)
    }

    /// Puts a SUBSCRIBE into the transmit buffer.
    ///
    /// # Errors
    /// [`Error::Misuse`] and [`Error::Resource`]; nothing is sent then.
    pub fn subscribe(&mut self, filters: &[Filter<'_>]) -> Result<PacketIdentifier, Error> {
        self.check_ready()?;
        let identifier = self.in_flight.unused_identifier()?;
        let length = subscribe::encode(identifier, filters, self.transmit)?;
        self.in_flight.insert(identifier, Awaited::Suback(filter_count(filters.len())));
        self.pending = 0..length;
        Ok(identifier)
    }

    /// Puts an UNSUBSCRIBE into the transmit buffer.
    ///
    /// # Errors
    /// [`Error::Misuse`] and [`Error::Resource`]; nothing is sent then.
    pub fn unsubscribe(&mut self, filters: &[&[&str]]) -> Result<PacketIdentifier, Error> {
        self.check_ready()?;
        let identifier = self.in_flight.unused_identifier()?;
        let length = unsubscribe::encode(identifier, filters, self.transmit)?;
        self.in_flight.insert(identifier, Awaited::Unsuback);
        self.pending = 0..length;
        Ok(identifier)
    }

    /// Puts a DISCONNECT into the transmit buffer: the will is discarded, the stream can be closed.
    ///
    /// # Errors
    /// [`Error::Misuse`] when there is no connection.
    pub fn finish(&mut self) -> Result<(), Error> {
        self.check_ready()?;
        self.queue(&DISCONNECT);
        // [MQTT-3.14.4-2]: nothing follows it.
        self.phase = Phase::Closed;
        Ok(())
    }

    fn identifier_for(&self, qos: QoS) -> Result<Option<PacketIdentifier>, ResourceError> {
        if qos == QoS::AtMostOnce { Ok(None) } else { self.in_flight.unused_identifier().map(Some) }
    }

    fn check_ready(&self) -> Result<(), Misuse> {
        if self.phase != Phase::Connected {
            Err(Misuse::NotConnected)
        } else if self.has_transmit() || self.streaming > 0 {
            Err(Misuse::TransmitPending)
        } else {
            Ok(())
        }
    }
}

const fn awaited(qos: QoS) -> Awaited {
    match qos {
        #[cfg(feature = "qos2")]
        QoS::ExactlyOnce => Awaited::Pubrec,
        _ => Awaited::Puback,
    }
}

/// Counts filters as SUBACK is compared with them; a packet never has more than fit.
fn filter_count(count: usize) -> u16 {
    u16::try_from(count).unwrap_or(u16::MAX)
}
