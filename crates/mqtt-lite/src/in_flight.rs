//! What waits for its acknowledgement (section 4.4).

use crate::error::{PeerError, ResourceError};
use crate::identifier::PacketIdentifier;
use crate::packet::first_byte;
use crate::wire::{copy, move_down};

/// Packets that may wait for their acknowledgement at the same time.
pub const IN_FLIGHT: usize = 8;

/// A packet that waits for its acknowledgement.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Entry {
    identifier: Option<PacketIdentifier>,
    /// First byte of the acknowledgement.
    awaited: u8,
    /// Topic Filters of a SUBSCRIBE; of others, bytes of the retained copy.
    count: u16,
}

impl Entry {
    const FREE: Self = Self { identifier: None, awaited: 0, count: 0 };

    fn retained(&self) -> usize {
        if self.awaited == first_byte::SUBACK { 0 } else { usize::from(self.count) }
    }
}

/// The table of packets in flight, and copies of those that a persistent session sends again.
///
/// Entries are in the order of sending, and so are the copies, one behind the other.
#[derive(Debug)]
pub(crate) struct InFlight<'b> {
    entries: [Entry; IN_FLIGHT],
    length: usize,
    last: PacketIdentifier,
    retained: &'b mut [u8],
}

impl<'b> InFlight<'b> {
    pub(crate) const fn new(retained: &'b mut [u8]) -> Self {
        Self { entries: [Entry::FREE; IN_FLIGHT], length: 0, last: PacketIdentifier::FIRST, retained }
    }

    pub(crate) const fn len(&self) -> usize {
        self.length
    }

    /// Forgets everything: a clean session begins.
    pub(crate) const fn clear(&mut self) {
        self.length = 0;
    }

    /// Forgets what cannot be sent again: only its own connection could acknowledge it.
    pub(crate) fn forget_unretained(&mut self) {
        while let Some(index) = self.entries().iter().position(|entry| entry.retained() == 0) {
            self.remove(index);
        }
    }

    /// Picks an identifier that is not in use [MQTT-2.3.1-2].
    #[cfg_attr(target_os = "none", inline(never))]
    pub(crate) fn unused_identifier(&self) -> Result<PacketIdentifier, ResourceError> {
        if self.length == IN_FLIGHT {
            return Err(ResourceError::InFlight);
        }
        let mut identifier = self.last.successor();
        while self.entries().iter().any(|entry| entry.identifier == Some(identifier)) {
            identifier = identifier.successor();
        }
        Ok(identifier)
    }

    /// Enters a packet; [`InFlight::unused_identifier`] has made sure of the room.
    #[cfg_attr(target_os = "none", inline(never))]
    pub(crate) fn insert(&mut self, identifier: PacketIdentifier, awaited: u8, count: u16) {
        self.last = identifier;
        if let Some(entry) = self.entries.get_mut(self.length) {
            *entry = Entry { identifier: Some(identifier), awaited, count };
            self.length += 1;
        }
    }

    /// Takes the acknowledgement of `identifier` that begins with `first`, and has `codes` return codes.
    pub(crate) fn acknowledge(
        &mut self,
        identifier: PacketIdentifier,
        first: u8,
        codes: usize,
    ) -> Result<(), PeerError> {
        let index = self.position(identifier, first)?;
        let filters = self.entries.get(index).map_or(0, |entry| usize::from(entry.count));
        if first == first_byte::SUBACK && filters != codes {
            return Err(PeerError::GrantedCount);
        }
        self.remove(index);
        Ok(())
    }

    /// Goes on from PUBREC to PUBCOMP: PUBREL takes the place of the message.
    ///
    /// It moves to the end, since PUBREL packets are sent again in the order of PUBREC [MQTT-4.6.0-4].
    #[cfg(feature = "qos2")]
    pub(crate) fn receive(
        &mut self,
        identifier: PacketIdentifier,
        release: &[u8; 4],
    ) -> Result<(), PeerError> {
        let index = match self.position(identifier, first_byte::PUBREC) {
            Ok(index) => index,
            // PUBREC again: PUBREL was lost.
            Err(_) => self.position(identifier, first_byte::PUBCOMP)?,
        };
        let is_retained = self.packet(index).is_some_and(|packet| !packet.is_empty());
        self.remove(index);
        let count = if is_retained { self.retain(release).unwrap_or_default() } else { 0 };
        let last = self.last;
        self.insert(identifier, first_byte::PUBCOMP, count);
        self.last = last;
        Ok(())
    }

    /// Keeps a copy of `packet`, to send it again over the next connection; it is to be inserted next.
    pub(crate) fn retain(&mut self, packet: &[u8]) -> Result<u16, ResourceError> {
        let (needed, place) = (packet.len(), self.place(self.length));
        let space = self.retained.get_mut(place..place + needed);
        match (space, u16::try_from(needed)) {
            (Some(space), Ok(length)) => {
                copy(space, packet);
                Ok(length)
            }
            _ => Err(ResourceError::Retention { needed }),
        }
    }

    /// The copy of the packet at `index`, empty if there is none; `None` behind the last one.
    pub(crate) fn packet(&self, index: usize) -> Option<&[u8]> {
        let length = self.entries().get(index)?.retained();
        let place = self.place(index);
        self.retained.get(place..place + length)
    }

    fn entries(&self) -> &[Entry] {
        self.entries.get(..self.length).unwrap_or_default()
    }

    fn position(&self, identifier: PacketIdentifier, awaited: u8) -> Result<usize, PeerError> {
        let is_it = |entry: &Entry| entry.identifier == Some(identifier) && entry.awaited == awaited;
        self.entries().iter().position(is_it).ok_or(PeerError::UnknownIdentifier(identifier))
    }

    /// Where the copy of the packet at `index` begins.
    #[cfg_attr(target_os = "none", inline(never))]
    fn place(&self, index: usize) -> usize {
        self.entries().iter().take(index).map(Entry::retained).sum()
    }

    /// Frees an entry; those behind move up and stay in order [MQTT-4.6.0-1].
    #[cfg_attr(target_os = "none", inline(never))]
    fn remove(&mut self, index: usize) {
        move_down(self.retained, self.place(index), self.place(index + 1)..self.place(self.length));
        let mut next = Entry::FREE;
        for entry in self.entries.iter_mut().rev().take(IN_FLIGHT - index) {
            core::mem::swap(entry, &mut next);
        }
        self.length -= 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    fn packets<'t>(table: &'t InFlight<'_>) -> Vec<&'t [u8]> {
        (0..).map_while(|index| table.packet(index)).collect()
    }

    #[test]
    fn retained_packets_stay_in_order_when_one_is_acknowledged() {
        let mut memory = [0; 16];
        let mut table = InFlight::new(&mut memory);
        let mut identifiers = Vec::new();
        for packet in [&b"one"[..], b"second", b"3"] {
            let identifier = table.unused_identifier().unwrap();
            let length = table.retain(packet).unwrap();
            table.insert(identifier, first_byte::PUBACK, length);
            identifiers.push(identifier);
        }
        assert_eq!(table.retain(&[0; 7]), Err(ResourceError::Retention { needed: 7 }));
        table.acknowledge(identifiers[1], first_byte::PUBACK, 0).unwrap();
        assert_eq!(packets(&table), [&b"one"[..], b"3"]);
        table.acknowledge(identifiers[0], first_byte::PUBACK, 0).unwrap();
        table.acknowledge(identifiers[2], first_byte::PUBACK, 0).unwrap();
        assert_eq!(packets(&table), [b""; 0]);
        assert_eq!(table.len(), 0);
    }

    #[test]
    fn only_what_is_retained_outlives_the_connection() {
        let mut memory = [0; 16];
        let mut table = InFlight::new(&mut memory);
        let others = [(1, first_byte::SUBACK, 2), (2, first_byte::PUBACK, 0), (3, first_byte::UNSUBACK, 0)];
        for (value, awaited, count) in others {
            table.insert(PacketIdentifier::new(value).unwrap(), awaited, count);
        }
        let length = table.retain(b"kept").unwrap();
        table.insert(PacketIdentifier::new(4).unwrap(), first_byte::PUBACK, length);
        table.forget_unretained();
        assert_eq!(packets(&table), [b"kept"]);
    }

    #[test]
    fn an_acknowledgement_counts_once_and_only_for_its_packet() {
        let mut table = InFlight::new(&mut []);
        let identifier = table.unused_identifier().unwrap();
        table.insert(identifier, first_byte::SUBACK, 1);
        let unknown = Err(PeerError::UnknownIdentifier(identifier));
        assert_eq!(table.acknowledge(identifier, first_byte::PUBACK, 0), unknown);
        assert_eq!(table.acknowledge(identifier, first_byte::SUBACK, 2), Err(PeerError::GrantedCount));
        assert_eq!(table.acknowledge(identifier, first_byte::SUBACK, 1), Ok(()));
        assert_eq!(table.acknowledge(identifier, first_byte::SUBACK, 1), unknown);
    }

    #[test]
    fn identifiers_in_use_are_passed_over() {
        let mut table = InFlight::new(&mut []);
        table.insert(PacketIdentifier::new(3).unwrap(), first_byte::PUBACK, 0);
        table.last = PacketIdentifier::new(2).unwrap();
        assert_eq!(table.unused_identifier().unwrap().value(), 4);
        for value in 10..17 {
            table.insert(PacketIdentifier::new(value).unwrap(), first_byte::PUBACK, 0);
        }
        assert_eq!(table.unused_identifier(), Err(ResourceError::InFlight));
    }
}
