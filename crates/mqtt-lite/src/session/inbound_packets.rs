//! What the session makes of each packet from the server.

use core::ops::Range;

use super::{Incoming, Large, Phase, Ping, Session};
use crate::error::{Error, PeerError};
use crate::identifier::PacketIdentifier;
use crate::in_flight::Awaited;
use crate::inbound::Frame;
use crate::packet::publish::Head;
use crate::packet::{acknowledge, connack, first_byte, suback};
#[cfg(feature = "qos2")]
use crate::qos::QoS;

impl Session<'_> {
    /// Works on what was received until there is an event, or something to transmit.
    pub(crate) fn next_incoming(&mut self) -> Result<Option<Incoming>, Error> {
        while self.phase != Phase::Closed && !self.has_transmit() {
            match self.advance() {
                Ok(Advance::Nothing) => return Ok(None),
                Ok(Advance::Internal) => {}
                Ok(Advance::Event(incoming)) => return Ok(Some(incoming)),
                Err(error) => {
                    self.close();
                    return Err(error);
                }
            }
        }
        Ok(None)
    }

    fn advance(&mut self) -> Result<Advance, Error> {
        let Some(frame) = self.inbound.next()? else { return Ok(Advance::Nothing) };
        match frame {
            Frame::Packet { first, body } if first_byte::is_publish(first) => {
                self.message_received(first, body, None)
            }
            Frame::Packet { first, body } => self.packet_received(first, body),
            Frame::Large { first, head, payload } => self.message_received(first, head, Some(payload)),
            Frame::Chunk { bytes, left } => {
                #[cfg(feature = "qos2")]
                let skip = self.large.skip;
                #[cfg(not(feature = "qos2"))]
                let skip = false;
                if left == 0 {
                    self.owed = core::mem::take(&mut self.large).acknowledgement;
                }
                Ok(if skip { Advance::Internal } else { Advance::Event(Incoming::Chunk { bytes, left }) })
            }
        }
    }

    fn packet_received(&mut self, first: u8, body: Range<usize>) -> Result<Advance, Error> {
        let bytes = self.inbound.bytes(body.clone());
        let connected = self.phase == Phase::Connected;
        let incoming = match first {
            // [MQTT-3.2.0-1]: CONNACK is the first packet, and comes once.
            first_byte::CONNACK if !connected => {
                let session_present = connack::decode(bytes)?.map_err(Error::Refused)?;
                self.accepted(session_present)?;
                return Ok(Advance::Internal);
            }
            first_byte::PUBACK if connected => {
                let identifier = acknowledge::decode(bytes)?;
                self.acknowledged(identifier, Awaited::Puback)?;
                Incoming::Published(identifier)
            }
            #[cfg(feature = "qos2")]
            first_byte::PUBREC if connected => {
                let identifier = acknowledge::decode(bytes)?;
                let release = acknowledge::encode(first_byte::PUBREL, identifier);
                self.in_flight.receive(identifier, &release)?;
                self.response = None;
                self.owed = Some((first_byte::PUBREL, identifier));
                return Ok(Advance::Internal);
            }
            #[cfg(feature = "qos2")]
            first_byte::PUBREL if connected => {
                let identifier = acknowledge::decode(bytes)?;
                // PUBCOMP also answers a PUBREL that is repeated (section 4.3.3).
                if let Some(index) = self.received.iter().position(|received| *received == identifier) {
                    let _ = self.received.swap_remove(index);
                }
                self.owed = Some((first_byte::PUBCOMP, identifier));
                return Ok(Advance::Internal);
            }
            #[cfg(feature = "qos2")]
            first_byte::PUBCOMP if connected => {
                let identifier = acknowledge::decode(bytes)?;
                self.acknowledged(identifier, Awaited::Pubcomp)?;
                Incoming::Published(identifier)
            }
            first_byte::SUBACK if connected => {
                let (identifier, codes) = suback::decode(bytes)?;
                let count = codes.len();
                match self.in_flight.awaited(identifier) {
                    Some(Awaited::Suback(filters)) if usize::from(filters) != count => {
                        return Err(PeerError::GrantedCount.into());
                    }
                    Some(suback @ Awaited::Suback(_)) => self.acknowledged(identifier, suback)?,
                    _ => return Err(PeerError::UnknownIdentifier(identifier).into()),
                }
                Incoming::Subscribed(identifier, body.end - count..body.end)
            }
            first_byte::UNSUBACK if connected => {
                let identifier = acknowledge::decode(bytes)?;
                self.acknowledged(identifier, Awaited::Unsuback)?;
                Incoming::Unsubscribed(identifier)
            }
            first_byte::PINGRESP if matches!(self.ping, Ping::Sent(_)) => {
                if !bytes.is_empty() {
                    return Err(PeerError::MalformedPacket.into());
                }
                self.ping = Ping::Idle;
                return Ok(Advance::Internal);
            }
            _ => return Err(PeerError::UnexpectedPacket(first).into()),
        };
        Ok(Advance::Event(incoming))
    }

    fn accepted(&mut self, session_present: bool) -> Result<(), PeerError> {
        if session_present && self.clean {
            // [MQTT-3.2.2-1]
            return Err(PeerError::SessionPresent);
        }
        self.session_present = session_present;
        #[cfg(feature = "qos2")]
        if !session_present {
            // The server has forgotten its messages, and uses their identifiers for others.
            self.received.clear();
        }
        self.phase = Phase::Connected;
        self.response = None;
        self.resend = Some(0);
        Ok(())
    }

    fn acknowledged(&mut self, identifier: PacketIdentifier, awaited: Awaited) -> Result<(), PeerError> {
        self.in_flight.acknowledge(identifier, awaited)?;
        self.response = None;
        Ok(())
    }

    /// Takes a message, whole, or without its payload of `follows` bytes.
    fn message_received(
        &mut self,
        first: u8,
        body: Range<usize>,
        follows: Option<usize>,
    ) -> Result<Advance, Error> {
        let (head, repeated) = self.head(first, body.clone())?;
        let acknowledgement = acknowledgement(&head);
        if follows.unwrap_or_default() > 0 {
            self.large = Large {
                acknowledgement,
                #[cfg(feature = "qos2")]
                skip: repeated,
            };
        } else {
            self.owed = acknowledgement;
        }
        Ok(if repeated {
            Advance::Internal
        } else {
            Advance::Event(Incoming::Message { head, body, follows })
        })
    }

    /// Decodes the head of a PUBLISH; tells whether the message was received before (QoS 2).
    fn head(&mut self, first: u8, body: Range<usize>) -> Result<(Head, bool), Error> {
        if self.phase != Phase::Connected {
            return Err(PeerError::UnexpectedPacket(first).into());
        }
        let head = Head::decode(first, self.inbound.bytes(body))?;
        #[cfg(feature = "qos2")]
        if let (QoS::ExactlyOnce, Some(identifier)) = (head.qos, head.identifier) {
            if self.received.contains(&identifier) {
                return Ok((head, true));
            }
            self.received.push(identifier).map_err(|_| crate::ResourceError::InFlight)?;
        }
        Ok((head, false))
    }
}

/// What became of a packet.
enum Advance {
    /// There is none.
    Nothing,
    /// It was for the session only.
    Internal,
    Event(Incoming),
}

/// The packet that acknowledges a message (section 4.3).
fn acknowledgement(head: &Head) -> Option<(u8, PacketIdentifier)> {
    let first = match head.qos {
        #[cfg(feature = "qos2")]
        QoS::ExactlyOnce => first_byte::PUBREC,
        _ => first_byte::PUBACK,
    };
    head.identifier.map(|identifier| (first, identifier))
}
