//! What waits for its acknowledgement (section 4.4).

use core::cell::Cell;

use crate::error::{PeerError, ResourceError};
use crate::identifier::PacketIdentifier;

/// Packets that may wait for their acknowledgement at the same time.
pub const IN_FLIGHT: usize = 8;

/// Bytes in front of every retained packet: its identifier and its length.
const RECORD_HEADER: usize = 4;

/// Which packet is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Awaited {
    Puback,
    #[cfg(feature = "qos2")]
    Pubrec,
    #[cfg(feature = "qos2")]
    Pubcomp,
    /// With the number of filters in SUBSCRIBE.
    Suback(u16),
    Unsuback,
}

impl Awaited {
    /// Tells whether the packet outlives the connection in a persistent session.
    const fn is_delivery(self) -> bool {
        !matches!(self, Self::Suback(_) | Self::Unsuback)
    }
}

/// The table of packets in flight, and copies of those that a persistent session sends again.
#[derive(Debug)]
pub(crate) struct InFlight<'b> {
    entries: [Option<(PacketIdentifier, Awaited)>; IN_FLIGHT],
    last: PacketIdentifier,
    retained: &'b mut [u8],
    used: usize,
}

impl<'b> InFlight<'b> {
    pub(crate) const fn new(retained: &'b mut [u8]) -> Self {
        Self { entries: [None; IN_FLIGHT], last: PacketIdentifier::FIRST, retained, used: 0 }
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.iter().flatten().count()
    }

    /// Forgets everything: a clean session begins.
    pub(crate) fn clear(&mut self) {
        self.entries = [None; IN_FLIGHT];
        self.used = 0;
    }

    /// Forgets what only its own connection can acknowledge.
    pub(crate) fn forget_subscriptions(&mut self) {
        for entry in &mut self.entries {
            *entry = entry.filter(|(_, awaited)| awaited.is_delivery());
        }
    }

    /// Picks an identifier that is not in use [MQTT-2.3.1-2].
    pub(crate) fn unused_identifier(&self) -> Result<PacketIdentifier, ResourceError> {
        if self.entries.iter().all(Option::is_some) {
            return Err(ResourceError::InFlight);
        }
        let mut identifier = self.last.successor();
        while self.awaited(identifier).is_some() {
            identifier = identifier.successor();
        }
        Ok(identifier)
    }

    /// Enters a packet; [`InFlight::unused_identifier`] has made sure of the room.
    pub(crate) fn insert(&mut self, identifier: PacketIdentifier, awaited: Awaited) {
        self.last = identifier;
        if let Some(entry) = self.entries.iter_mut().find(|entry| entry.is_none()) {
            *entry = Some((identifier, awaited));
        }
    }

    /// Tells what `identifier` waits for.
    pub(crate) fn awaited(&self, identifier: PacketIdentifier) -> Option<Awaited> {
        self.entries.iter().flatten().find(|(entry, _)| *entry == identifier).map(|(_, awaited)| *awaited)
    }

    /// Takes the acknowledgement `awaited` of `identifier`.
    pub(crate) fn acknowledge(
        &mut self,
        identifier: PacketIdentifier,
        awaited: Awaited,
    ) -> Result<(), PeerError> {
        let found = self.entries.iter_mut().find(|entry| **entry == Some((identifier, awaited)));
        *found.ok_or(PeerError::UnknownIdentifier(identifier))? = None;
        self.release(identifier);
        Ok(())
    }

    /// Goes on from PUBREC to PUBCOMP: PUBREL takes the place of the message.
    #[cfg(feature = "qos2")]
    pub(crate) fn receive(
        &mut self,
        identifier: PacketIdentifier,
        release: &[u8; 4],
    ) -> Result<(), PeerError> {
        let found = self.entries.iter_mut().flatten().find(|(entry, _)| *entry == identifier);
        match found {
            Some((_, awaited)) if matches!(awaited, Awaited::Pubrec | Awaited::Pubcomp) => {
                *awaited = Awaited::Pubcomp;
                if self.used > 0 {
                    self.release(identifier);
                    self.retain_record(identifier, release);
                }
                Ok(())
            }
            _ => Err(PeerError::UnknownIdentifier(identifier)),
        }
    }

    /// Keeps a copy of `packet`, to send it again over the next connection.
    pub(crate) fn retain(
        &mut self,
        identifier: PacketIdentifier,
        packet: &[u8],
    ) -> Result<(), ResourceError> {
        let needed = packet.len();
        if self.retain_record(identifier, packet) { Ok(()) } else { Err(ResourceError::Retention { needed }) }
    }

    /// Copies the retained packet that starts at `place` to `packet`; tells its length and the next place.
    pub(crate) fn retained(&self, place: usize, packet: &mut [u8]) -> Option<(usize, usize)> {
        let record = self.retained.get(place..self.used)?;
        let (_, length, rest) = Self::split(record)?;
        for (to, from) in packet.get_mut(..length)?.iter_mut().zip(rest) {
            *to = *from;
        }
        Some((length, place + RECORD_HEADER + length))
    }

    fn retain_record(&mut self, identifier: PacketIdentifier, packet: &[u8]) -> bool {
        let Ok(length) = u16::try_from(packet.len()) else { return false };
        let Some(space) = self.retained.get_mut(self.used..) else { return false };
        if space.len() < RECORD_HEADER + packet.len() {
            return false;
        }
        let [id_high, id_low] = identifier.value().to_be_bytes();
        let [high, low] = length.to_be_bytes();
        let header = [id_high, id_low, high, low];
        for (to, from) in space.iter_mut().zip(header.iter().chain(packet)) {
            *to = *from;
        }
        self.used += RECORD_HEADER + packet.len();
        true
    }

    /// Frees the memory of a retained packet; those behind move up and stay in order [MQTT-4.6.0-1].
    fn release(&mut self, identifier: PacketIdentifier) {
        let mut place = 0;
        while let Some((owner, length, _)) = self.retained.get(place..self.used).and_then(Self::split) {
            let next = place + RECORD_HEADER + length;
            if owner == identifier.value() {
                let cells = Cell::from_mut(&mut *self.retained).as_slice_of_cells();
                let (to, from) = (cells.get(place..), cells.get(next..self.used));
                for (to, from) in to.unwrap_or_default().iter().zip(from.unwrap_or_default()) {
                    // Bytes leave nothing behind, which also keeps `memmove` (768 B) out of the image.
                    to.set(from.take());
                }
                self.used -= next - place;
                return;
            }
            place = next;
        }
    }

    /// Splits a record off: owner, length, and the packet with what follows it.
    fn split(records: &[u8]) -> Option<(u16, usize, &[u8])> {
        let (&[id_high, id_low, high, low], rest) = records.split_first_chunk()?;
        Some((u16::from_be_bytes([id_high, id_low]), usize::from(u16::from_be_bytes([high, low])), rest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    fn packets(table: &InFlight<'_>) -> Vec<Vec<u8>> {
        let (mut found, mut place, mut packet) = (Vec::new(), 0, [0; 32]);
        while let Some((length, next)) = table.retained(place, &mut packet) {
            found.push(packet[..length].to_vec());
            place = next;
        }
        found
    }

    #[test]
    fn retained_packets_stay_in_order_when_one_is_acknowledged() {
        let mut memory = [0; 32];
        let mut table = InFlight::new(&mut memory);
        let mut identifiers = Vec::new();
        for packet in [&b"one"[..], b"second", b"3"] {
            let identifier = table.unused_identifier().unwrap();
            table.retain(identifier, packet).unwrap();
            table.insert(identifier, Awaited::Puback);
            identifiers.push(identifier);
        }
        assert_eq!(
            table.retain(PacketIdentifier::FIRST, &[0; 12]),
            Err(ResourceError::Retention { needed: 12 })
        );
        table.acknowledge(identifiers[1], Awaited::Puback).unwrap();
        assert_eq!(packets(&table), [&b"one"[..], b"3"]);
        table.acknowledge(identifiers[0], Awaited::Puback).unwrap();
        table.acknowledge(identifiers[2], Awaited::Puback).unwrap();
        assert_eq!(packets(&table), [b""; 0]);
        assert_eq!(table.len(), 0);
    }

    #[test]
    fn an_acknowledgement_counts_once_and_only_for_its_packet() {
        let mut table = InFlight::new(&mut []);
        let identifier = table.unused_identifier().unwrap();
        table.insert(identifier, Awaited::Suback(1));
        let unknown = Err(PeerError::UnknownIdentifier(identifier));
        assert_eq!(table.acknowledge(identifier, Awaited::Puback), unknown);
        assert_eq!(table.acknowledge(identifier, Awaited::Suback(1)), Ok(()));
        assert_eq!(table.acknowledge(identifier, Awaited::Suback(1)), unknown);
    }

    #[test]
    fn identifiers_in_use_are_passed_over() {
        let mut table = InFlight::new(&mut []);
        table.insert(PacketIdentifier::new(3).unwrap(), Awaited::Puback);
        table.last = PacketIdentifier::new(2).unwrap();
        assert_eq!(table.unused_identifier().unwrap().value(), 4);
        for value in 10..17 {
            table.insert(PacketIdentifier::new(value).unwrap(), Awaited::Puback);
        }
        assert_eq!(table.unused_identifier(), Err(ResourceError::InFlight));
    }
}
