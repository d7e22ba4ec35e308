//! What the session makes of each packet from the server.

use super::{Phase, Ping, Session};
use crate::error::{Error, PeerError};
use crate::event::Event;
use crate::packet::publish::{self, Head};
use crate::packet::suback::Granted;
use crate::packet::{acknowledge, connack, first_byte};
#[cfg(feature = "qos2")]
use crate::{identifier::PacketIdentifier, qos::QoS};

/// Payload bytes of a large message that put the time of an answer off: 34 per second, if that is 30 s.
const PROGRESS: usize = 1024;

impl Session<'_> {
    /// Takes the next event from what was received; `None` when more bytes are needed, or when
    /// something must be transmitted first.
    ///
    /// # Errors
    /// When the server refuses the connection or breaks the rules, or a packet does not fit: the
    /// connection is over then.
    pub fn poll_event(&mut self) -> Result<Option<Event<'_>>, Error> {
        while self.next()? {
            if self.inbound.frame.first != Some(first_byte::CONNACK) {
                return Ok(Some(self.event()));
            }
        }
        Ok(None)
    }

    /// Works on what was received until there is an event, or CONNACK has come; tells whether that is so.
    pub(crate) fn next(&mut self) -> Result<bool, Error> {
        while self.phase != Phase::Closed && self.streaming == 0 && !self.has_transmit() {
            match self
                .inbound
                .next()
                .and_then(|found| if found { self.received().map(Some) } else { Ok(None) })
            {
                Ok(Some(true)) => return Ok(true),
                Ok(Some(false)) => {}
                Ok(None) => break,
                Err(error) => {
                    self.close();
                    return Err(error);
                }
            }
        }
        Ok(false)
    }

    /// The event that [`Session::next`] has found.
    #[cfg_attr(target_os = "none", inline(never))]
    pub(crate) fn event(&self) -> Event<'_> {
        let (frame, body) = (&self.inbound.frame, self.inbound.body());
        let Some(first) = frame.first else { return Event::Chunk { payload: body, left: frame.left } };
        match frame.identifier {
            Some(identifier) if first == first_byte::SUBACK => {
                Event::Subscribed(identifier, Granted::checked(body.get(2..).unwrap_or_default()))
            }
            Some(identifier) if first == first_byte::UNSUBACK => Event::Unsubscribed(identifier),
            Some(identifier) => Event::Published(identifier),
            None => {
                let message = publish::message(first, frame.topic, body);
                match frame.left {
                    0 => Event::Message(message),
                    length => Event::LargeMessage { message, length },
                }
            }
        }
    }

    /// Works on what was cut off; tells whether it is an event.
    fn received(&mut self) -> Result<bool, Error> {
        let Some(first) = self.inbound.frame.first else { return Ok(self.payload_received()) };
        match (first, self.phase) {
            (first_byte::PUBLISH..=0x3F, Phase::Connected) => self.message_received(first),
            // [MQTT-3.2.0-1]: CONNACK is the first packet, and comes once.
            (first_byte::CONNACK, Phase::Connecting) => self.connack_received(),
            (first_byte::PUBACK | first_byte::SUBACK | first_byte::UNSUBACK, Phase::Connected) => {
                let (identifier, codes) = acknowledge::decode(first, self.inbound.body())?;
                self.in_flight.acknowledge(identifier, first, codes.len())?;
                self.inbound.frame.identifier = Some(identifier);
                self.response = None;
                Ok(true)
            }
            #[cfg(feature = "qos2")]
            (first_byte::PUBREC | first_byte::PUBREL | first_byte::PUBCOMP, Phase::Connected) => {
                self.exactly_once_received(first)
            }
            (first_byte::PINGRESP, _) if self.ping == Ping::Sent => self.pingresp_received(),
            _ => Err(PeerError::UnexpectedPacket(first).into()),
        }
    }

    fn connack_received(&mut self) -> Result<bool, Error> {
        self.session_present = connack::decode(self.inbound.body())?;
        if self.session_present && self.clean {
            // [MQTT-3.2.2-1]
            return Err(PeerError::SessionPresent.into());
        }
        #[cfg(feature = "qos2")]
        if !self.session_present {
            // The server has forgotten its messages, and uses their identifiers for others.
            self.received.clear();
        }
        self.phase = Phase::Connected;
        (self.response, self.resend) = (None, 0);
        Ok(true)
    }

    fn pingresp_received(&mut self) -> Result<bool, Error> {
        if !self.inbound.body().is_empty() {
            return Err(PeerError::MalformedPacket.into());
        }
        self.ping = Ping::Idle;
        if self.in_flight.len() == 0 {
            // Otherwise the time of what is in flight goes on.
            self.response = None;
        }
        Ok(false)
    }

    /// Takes a message, whole, or without its payload.
    fn message_received(&mut self, first: u8) -> Result<bool, Error> {
        let Head { topic, identifier } = Head::decode(first, self.inbound.body())?;
        self.inbound.frame.topic = topic;
        #[cfg(feature = "qos2")]
        if publish::qos(first) == QoS::ExactlyOnce {
            return self.exactly_once_message(identifier);
        }
        self.owed = identifier.map(|identifier| (first_byte::PUBACK, identifier));
        Ok(true)
    }

    /// Takes a piece of a large message.
    fn payload_received(&mut self) -> bool {
        // An answer behind this message could not come any sooner, if the message makes some progress.
        let length = self.inbound.body().len();
        self.progress = self.progress.saturating_add(length);
        if self.progress >= PROGRESS {
            (self.progress, self.response) = (0, None);
        }
        #[cfg(feature = "qos2")]
        if self.skip {
            self.skip = self.inbound.is_streaming();
            return false;
        }
        true
    }

    /// Takes a message of QoS 2; one that was received before is answered, not delivered.
    #[cfg(feature = "qos2")]
    fn exactly_once_message(&mut self, identifier: Option<PacketIdentifier>) -> Result<bool, Error> {
        let Some(identifier) = identifier else { return Ok(false) };
        let is_new = !self.received.contains(&identifier);
        if is_new {
            self.received.push(identifier).map_err(|_| crate::ResourceError::InFlight)?;
        }
        self.owed = Some((first_byte::PUBREC, identifier));
        self.skip = !is_new && self.inbound.is_streaming();
        Ok(is_new)
    }

    /// Takes a packet of the exchange for QoS 2 (section 4.3.3).
    #[cfg(feature = "qos2")]
    fn exactly_once_received(&mut self, first: u8) -> Result<bool, Error> {
        let (identifier, _) = acknowledge::decode(first, self.inbound.body())?;
        match first {
            first_byte::PUBREC => {
                let [high, low] = identifier.value().to_be_bytes();
                self.in_flight.receive(identifier, &[first_byte::PUBREL, 2, high, low])?;
                self.owed = Some((first_byte::PUBREL, identifier));
            }
            first_byte::PUBREL => {
                // PUBCOMP also answers a PUBREL that is repeated (section 4.3.3).
                if let Some(index) = self.received.iter().position(|received| *received == identifier) {
                    let _ = self.received.swap_remove(index);
                }
                self.owed = Some((first_byte::PUBCOMP, identifier));
                return Ok(false);
            }
            _ => self.in_flight.acknowledge(identifier, first, 0)?,
        }
        self.response = None;
        self.inbound.frame.identifier = Some(identifier);
        Ok(first == first_byte::PUBCOMP)
    }
}
