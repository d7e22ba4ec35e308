//! The packets that the application asks for.

use core::convert::Infallible;

use monoclock::Millis;

use super::{Phase, Session};
use crate::error::{ConnectError, Error, Misuse};
use crate::identifier::PacketIdentifier;
use crate::packet::connect::{Connect, Password};
use crate::packet::publish::Publish;
use crate::packet::subscribe::{self, Filter};
use crate::packet::{first_byte, unsubscribe};
use crate::qos::QoS;

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
        connect.encode(&mut self.out)?;
        self.start(clean, keep_alive);
        Ok(())
    }

    /// Puts a PUBLISH into the transmit buffer; tells its identifier unless it is of QoS 0.
    ///
    /// # Errors
    /// [`Error::Misuse`] and [`Error::Resource`]; nothing is sent then.
    pub fn publish(&mut self, message: &Publish<'_>) -> Result<Option<PacketIdentifier>, Error> {
        self.check_ready()?;
        let identifier = self.identifier_for(message.qos)?;
        message.encode(identifier, 0, &mut self.out)?;
        if let Some(identifier) = identifier {
            let mut retained = 0;
            if !self.clean {
                retained = self.in_flight.retain(self.out.pending()).inspect_err(|_| self.out.clear())?;
            }
            self.in_flight.insert(identifier, awaited(message.qos), retained);
        }
        Ok(identifier)
    }

    /// Puts a PUBLISH without the rest of its payload into the transmit buffer: `length` bytes of it must
    /// follow on the stream, each reported to [`handle_streamed`](Self::handle_streamed).
    ///
    /// The payload of `message` itself comes first.
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
        message.encode(identifier, length, &mut self.out)?;
        if let Some(identifier) = identifier {
            self.in_flight.insert(identifier, awaited(message.qos), 0);
        }
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
        subscribe::encode(identifier, filters, &mut self.out)?;
        // A packet never has more filters than this.
        let count = u16::try_from(filters.len()).unwrap_or(u16::MAX);
        self.in_flight.insert(identifier, first_byte::SUBACK, count);
        Ok(identifier)
    }

    /// Puts an UNSUBSCRIBE into the transmit buffer.
    ///
    /// # Errors
    /// [`Error::Misuse`] and [`Error::Resource`]; nothing is sent then.
    pub fn unsubscribe(&mut self, filters: &[&[&str]]) -> Result<PacketIdentifier, Error> {
        self.check_ready()?;
        let identifier = self.in_flight.unused_identifier()?;
        unsubscribe::encode(identifier, filters, &mut self.out)?;
        self.in_flight.insert(identifier, first_byte::UNSUBACK, 0);
        Ok(identifier)
    }

    /// Puts a DISCONNECT into the transmit buffer: the will is discarded, the stream can be closed.
    ///
    /// # Errors
    /// [`Error::Misuse`] when there is no connection.
    pub fn finish(&mut self) -> Result<(), Error> {
        self.check_ready()?;
        self.out.short(first_byte::DISCONNECT, None);
        // [MQTT-3.14.4-2]: nothing follows it.
        self.phase = Phase::Closed;
        Ok(())
    }

    /// Takes note that CONNECT is on its way.
    fn start(&mut self, clean: bool, keep_alive: u16) {
        self.inbound.reset();
        (self.clean, self.session_present) = (clean, false);
        if clean {
            self.in_flight.clear();
            #[cfg(feature = "qos2")]
            self.received.clear();
        } else {
            self.in_flight.forget_unretained();
        }
        // Three quarters, so that there is time for PINGREQ to arrive [MQTT-3.1.2-23].
        self.ping_after = Millis(u32::from(keep_alive) * 750);
        self.phase = Phase::Connecting;
    }

    fn identifier_for(&self, qos: QoS) -> Result<Option<PacketIdentifier>, Error> {
        if qos == QoS::AtMostOnce { Ok(None) } else { Ok(Some(self.in_flight.unused_identifier()?)) }
    }

    #[cfg_attr(target_os = "none", inline(never))]
    fn check_ready(&mut self) -> Result<(), Misuse> {
        if self.phase != Phase::Connected {
            Err(Misuse::NotConnected)
        } else if self.has_transmit() || self.streaming > 0 {
            Err(Misuse::TransmitPending)
        } else {
            Ok(())
        }
    }
}

/// First byte of the packet that answers a PUBLISH.
const fn awaited(qos: QoS) -> u8 {
    match qos {
        #[cfg(feature = "qos2")]
        QoS::ExactlyOnce => first_byte::PUBREC,
        _ => first_byte::PUBACK,
    }
}
