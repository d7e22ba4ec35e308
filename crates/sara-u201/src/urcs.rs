//! URCs that the program has not seen.

use crate::urc::Urc;

/// Room for them, with a line's end each; the oldest give way.
const ROOM: usize = 128;
/// Places in the ring, which is a power of two large.
const MASK: usize = ROOM - 1;

/// URCs as they came, in a ring: they are read when they are asked for.
#[derive(Clone, Debug)]
#[repr(C)]
pub(crate) struct Urcs {
    /// Where the oldest begins.
    start: usize,
    length: usize,
    lost: bool,
    ring: [u8; ROOM],
}

impl Urcs {
    pub(crate) const fn new() -> Self {
        Self { ring: [0; ROOM], start: 0, length: 0, lost: false }
    }

    /// Keeps a URC, at the cost of older ones; one that is longer than the ring is lost.
    pub(crate) fn push(&mut self, line: &[u8]) {
        if line.len() >= ROOM {
            self.lost = true;
            return;
        }
        while self.length + line.len() >= ROOM {
            self.lost = true;
            while self.pop_byte() != b'\n' {}
        }
        for &byte in line {
            self.push_byte(byte);
        }
        self.push_byte(b'\n');
    }

    /// Takes the oldest URC.
    pub(crate) fn take(&mut self) -> Option<Urc> {
        while self.length > 0 {
            let mut line = [0; ROOM];
            if let Some(urc) = Urc::parse(self.pop(&mut line)) {
                return Some(urc);
            }
        }
        None
    }

    /// Takes the oldest URC that is `wanted`; the others stay.
    pub(crate) fn take_if(&mut self, wanted: &dyn Fn(&Urc) -> bool) -> Option<Urc> {
        let mut found = None;
        let mut left = self.length;
        while left > 0 {
            let mut line = [0; ROOM];
            let line = self.pop(&mut line);
            left = left.saturating_sub(line.len() + 1);
            match Urc::parse(line).filter(wanted) {
                Some(urc) if found.is_none() => found = Some(urc),
                _ => self.push(line),
            }
        }
        found
    }

    /// Whether URCs were lost since this was asked last.
    pub(crate) const fn take_lost(&mut self) -> bool {
        core::mem::replace(&mut self.lost, false)
    }

    fn push_byte(&mut self, byte: u8) {
        if let Some(place) = self.ring.get_mut((self.start + self.length) & MASK) {
            *place = byte;
            self.length += 1;
        }
    }

    /// Takes the oldest byte; an empty ring ends every line.
    fn pop_byte(&mut self) -> u8 {
        if self.length == 0 {
            return b'\n';
        }
        let byte = self.ring.get(self.start & MASK).copied().unwrap_or(b'\n');
        self.start = (self.start + 1) & MASK;
        self.length -= 1;
        byte
    }

    fn pop<'l>(&mut self, line: &'l mut [u8; ROOM]) -> &'l [u8] {
        let mut length = 0;
        for place in line.iter_mut() {
            *place = self.pop_byte();
            if *place == b'\n' {
                break;
            }
            length += 1;
        }
        line.get(..length).unwrap_or(&[])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urcs_come_out_in_their_order() {
        let mut urcs = Urcs::new();
        for socket in 0..7 {
            urcs.push(std::format!("+UUSOCL: {socket}").as_bytes());
        }
        for socket in 0..7 {
            assert_eq!(urcs.take(), Some(Urc::SocketClosed { socket }));
        }
        assert_eq!(urcs.take(), None);
        assert!(!urcs.take_lost());
    }

    #[test]
    fn the_oldest_give_way_and_that_is_told() {
        let mut urcs = Urcs::new();
        for index in 0..1000 {
            urcs.push(std::format!("+CMTI: \"SM\",{index}").as_bytes());
        }
        assert!(urcs.take_lost());
        let mut last = None;
        while let Some(Urc::Message { index }) = urcs.take() {
            assert!(last.is_none_or(|last| last + 1 == index));
            last = Some(index);
        }
        assert_eq!(last, Some(999));
    }

    #[test]
    fn one_is_taken_out_of_the_middle() {
        let mut urcs = Urcs::new();
        for line in ["+UUSOCL: 1", "+UUSOCL: 2", "+UUSOCL: 3"] {
            urcs.push(line.as_bytes());
        }
        let second = urcs.take_if(&|urc| matches!(urc, Urc::SocketClosed { socket: 2 }));
        assert_eq!(second, Some(Urc::SocketClosed { socket: 2 }));
        assert_eq!(urcs.take(), Some(Urc::SocketClosed { socket: 1 }));
        assert_eq!(urcs.take(), Some(Urc::SocketClosed { socket: 3 }));
    }

    #[test]
    fn one_that_is_too_long_is_lost_alone() {
        let mut urcs = Urcs::new();
        urcs.push(b"+UUSOCL: 1");
        urcs.push(&[b'+'; ROOM]);
        assert!(urcs.take_lost());
        assert_eq!(urcs.take(), Some(Urc::SocketClosed { socket: 1 }));
    }
}
