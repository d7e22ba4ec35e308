//! Telemetry that waits for the cloud.

use core::cell::Cell;
use core::fmt;

use crate::topic;

/// Bytes in front of every record: its number in flight, length of subfolder, length of payload.
const HEADER: usize = 5;

/// Events in flight at the same time; the rest waits.
const WINDOW: usize = 4;

/// Telemetry events that are kept until the cloud has acknowledged them, over any number of connections.
///
/// Events are sent with QoS 1 in their order; what a connection took to its grave is sent again over the
/// next. The memory is the caller's: when it is full, [`DropPolicy`] says which event goes.
///
/// ```
/// use gcp_iot_core::{DropPolicy, Outbox};
///
/// let mut memory = [0; 64];
/// let mut outbox = Outbox::new(&mut memory, DropPolicy::Oldest);
/// outbox.push("temperature", b"21.5")?;
/// assert_eq!(outbox.len(), 1);
/// # Ok::<(), gcp_iot_core::OutboxError>(())
/// ```
///
/// In the application's loop, [`Connection::flush`](crate::Connection::flush) sends what waits, and `Event::Published` is handed to
/// [`Outbox::acknowledge`].
#[derive(Debug)]
pub struct Outbox<'b> {
    memory: &'b mut [u8],
    used: usize,
    count: usize,
    policy: DropPolicy,
    dropped: u32,
    /// The connection that the numbers in flight belong to.
    connection: u32,
    /// Where the event is that is being sent.
    sending: usize,
}

/// An event that waits: its subfolder and payload.
pub(crate) type Waiting<'a> = (&'a str, &'a [u8]);

/// Which event goes when there is no room for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DropPolicy {
    /// The oldest ones go: the newest telemetry matters most.
    Oldest,
    /// The new one is refused: the oldest telemetry matters most.
    Newest,
}

/// Why an event was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OutboxError {
    /// There is no room for it, and the policy keeps the others.
    Full,
    /// It would not fit if it were alone.
    TooLarge,
    /// Not a valid subfolder.
    Subfolder,
}

impl<'b> Outbox<'b> {
    /// Makes an empty outbox; an event takes five bytes, its subfolder and its payload.
    #[must_use]
    pub const fn new(memory: &'b mut [u8], policy: DropPolicy) -> Self {
        Self { memory, used: 0, count: 0, policy, dropped: 0, connection: 0, sending: 0 }
    }

    /// Takes an event for `subfolder`, which may be empty.
    ///
    /// # Errors
    /// When it cannot be taken; nothing is lost then.
    pub fn push(&mut self, subfolder: &str, payload: &[u8]) -> Result<(), OutboxError> {
        if !topic::is_subfolder(subfolder) {
            return Err(OutboxError::Subfolder);
        }
        let length = HEADER + subfolder.len() + payload.len();
        let (Ok(folder_length), Ok(payload_length)) =
            (u8::try_from(subfolder.len()), u16::try_from(payload.len()))
        else {
            return Err(OutboxError::TooLarge);
        };
        if length > self.memory.len() {
            return Err(OutboxError::TooLarge);
        }
        while self.used + length > self.memory.len() {
            if self.policy == DropPolicy::Newest || !self.discard_oldest() {
                return Err(OutboxError::Full);
            }
        }
        let [high, low] = payload_length.to_be_bytes();
        let header = [0, 0, folder_length, high, low];
        let record = header.iter().chain(subfolder.as_bytes()).chain(payload);
        for (from, to) in record.zip(self.memory.iter_mut().skip(self.used)) {
            *to = *from;
        }
        self.used += length;
        self.count += 1;
        Ok(())
    }

    /// Takes note that the event with this number has arrived; tells whether it was one of these.
    pub fn acknowledge(&mut self, number: u16) -> bool {
        let mut place = 0;
        while let Some(record) = self.record(place) {
            if record.number == number {
                self.remove(place);
                return true;
            }
            place = record.next;
        }
        false
    }

    /// Drops the oldest event, such as one that no link can carry; tells whether there was one.
    ///
    /// Events are sent in their order: what cannot be sent holds up those behind it.
    pub fn discard_oldest(&mut self) -> bool {
        let some = self.count > 0;
        if some {
            self.remove(0);
            self.dropped = self.dropped.saturating_add(1);
        }
        some
    }

    /// Counts the events that have not arrived yet.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.count
    }

    /// Tells whether every event has arrived.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Counts the events that were dropped.
    #[must_use]
    pub const fn dropped(&self) -> u32 {
        self.dropped
    }

    /// Finds the first event that may be sent over the connection with this number: its subfolder and payload.
    pub(crate) fn next_to_send(&mut self, connection: u32) -> Option<Waiting<'_>> {
        let mut place = 0;
        if connection != self.connection {
            self.connection = connection;
            // What was in flight went down with its connection.
            while let Some(next) = self.record(place).map(|record| record.next) {
                self.number(place, 0);
                place = next;
            }
            place = 0;
        }
        for _ in 0..WINDOW {
            let record = self.record(place)?;
            if record.number == 0 {
                self.sending = place;
                return self.record(place).map(|record| (record.subfolder, record.payload));
            }
            place = record.next;
        }
        None
    }

    /// Takes note of the number that the event found last has in flight.
    pub(crate) fn sent(&mut self, number: u16) {
        self.number(self.sending, number);
    }

    fn record(&self, place: usize) -> Option<Record<'_>> {
        let (header, rest) = self.memory.get(place..self.used)?.split_first_chunk::<HEADER>()?;
        let &[number_high, number_low, folder, high, low] = header;
        let (subfolder, rest) = rest.split_at_checked(usize::from(folder))?;
        let length = usize::from(u16::from_be_bytes([high, low]));
        Some(Record {
            number: u16::from_be_bytes([number_high, number_low]),
            subfolder: core::str::from_utf8(subfolder).ok()?,
            payload: rest.get(..length)?,
            next: place + HEADER + subfolder.len() + length,
        })
    }

    fn number(&mut self, place: usize, number: u16) {
        for (from, to) in number.to_be_bytes().iter().zip(self.memory.iter_mut().skip(place)) {
            *to = *from;
        }
    }

    /// Removes the record at `place`; those behind move up.
    fn remove(&mut self, place: usize) {
        let Some(next) = self.record(place).map(|record| record.next) else { return };
        let cells = Cell::from_mut(&mut *self.memory).as_slice_of_cells();
        let (to, from) = (cells.get(place..), cells.get(next..self.used));
        for (to, from) in to.unwrap_or_default().iter().zip(from.unwrap_or_default()) {
            to.set(from.take());
        }
        self.used -= next - place;
        self.count -= 1;
    }
}

/// An event as it lies in memory.
#[derive(Debug)]
struct Record<'a> {
    /// Its number in flight; zero while it waits.
    number: u16,
    subfolder: &'a str,
    payload: &'a [u8],
    /// Where the next record begins.
    next: usize,
}

impl fmt::Display for OutboxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full => "the outbox is full",
            Self::TooLarge => "the event is larger than the outbox",
            Self::Subfolder => "malformed subfolder",
        })
    }
}

impl core::error::Error for OutboxError {}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::VecDeque;
    use std::string::{String, ToString};
    use std::vec::Vec;

    type Sent = Vec<(String, Vec<u8>)>;

    fn flush(outbox: &mut Outbox<'_>, connection: u32, next: &mut u16) -> Sent {
        let mut sent = Vec::new();
        while let Some((subfolder, payload)) = outbox.next_to_send(connection) {
            sent.push((subfolder.to_string(), payload.to_vec()));
            *next += 1;
            outbox.sent(*next);
        }
        sent
    }

    #[test]
    fn events_leave_in_order_and_stay_until_they_are_acknowledged() {
        let (mut memory, mut next) = ([0; 64], 0);
        let mut outbox = Outbox::new(&mut memory, DropPolicy::Newest);
        outbox.push("a", b"1").unwrap();
        outbox.push("", b"22").unwrap();
        assert_eq!(
            flush(&mut outbox, 1, &mut next),
            [("a".into(), b"1".to_vec()), ("".into(), b"22".to_vec())]
        );
        assert_eq!(flush(&mut outbox, 1, &mut next), [], "they are in flight");
        assert!(outbox.acknowledge(1));
        assert!(!outbox.acknowledge(1));
        assert_eq!(flush(&mut outbox, 2, &mut next), [("".into(), b"22".to_vec())], "a new connection");
        assert!(!outbox.acknowledge(2), "the number of a connection that is gone");
        assert!(outbox.acknowledge(3));
        assert!(outbox.is_empty());
    }

    #[test]
    fn the_window_bounds_what_is_in_flight() {
        let (mut memory, mut next) = ([0; 128], 0);
        let mut outbox = Outbox::new(&mut memory, DropPolicy::Newest);
        for _ in 0..10 {
            outbox.push("", b"x").unwrap();
        }
        assert_eq!(flush(&mut outbox, 1, &mut next).len(), WINDOW);
        outbox.acknowledge(1);
        assert_eq!(flush(&mut outbox, 1, &mut next).len(), 1);
        assert_eq!(flush(&mut outbox, 2, &mut next).len(), WINDOW);
    }

    #[test]
    fn a_full_outbox_follows_its_policy() {
        let mut memory = [0; 14];
        let mut outbox = Outbox::new(&mut memory, DropPolicy::Newest);
        outbox.push("", b"12").unwrap();
        outbox.push("", b"34").unwrap();
        assert_eq!(outbox.push("", b""), Err(OutboxError::Full));
        assert_eq!(outbox.push("", &[0; 10]), Err(OutboxError::TooLarge));
        assert_eq!(outbox.push("#", b""), Err(OutboxError::Subfolder));
        let mut outbox = Outbox::new(&mut memory, DropPolicy::Oldest);
        for payload in [b"12", b"34", b"56"] {
            outbox.push("", payload).unwrap();
        }
        assert_eq!((outbox.len(), outbox.dropped()), (2, 1));
        assert_eq!(flush(&mut outbox, 1, &mut 0), [("".into(), b"34".to_vec()), ("".into(), b"56".to_vec())]);
    }

    proptest! {
        /// Against a plain queue, with the newest events surviving.
        #[test]
        fn it_behaves_like_a_queue(steps in proptest::collection::vec((0..4u8, 0..20usize), 0..80)) {
            let (mut memory, mut next, mut connection) = ([0; 100], 0, 1);
            let mut outbox = Outbox::new(&mut memory, DropPolicy::Oldest);
            let mut model: VecDeque<(Vec<u8>, u16)> = VecDeque::new();
            for (index, (step, size)) in steps.into_iter().enumerate() {
                match step {
                    0 => {
                        let payload = std::vec![u8::try_from(index).unwrap(); size];
                        outbox.push("f", &payload).unwrap();
                        model.push_back((payload, 0));
                        while model.iter().map(|(payload, _)| payload.len() + HEADER + 1).sum::<usize>() > 100 {
                            model.pop_front();
                        }
                    }
                    1 => {
                        let sent = flush(&mut outbox, connection, &mut next);
                        let first = next - u16::try_from(sent.len()).unwrap();
                        let waiting = model.iter_mut().take(WINDOW).filter(|(_, number)| *number == 0);
                        let mut expected = Vec::new();
                        for ((payload, number), fresh) in waiting.zip(first + 1..) {
                            *number = fresh;
                            expected.push(("f".to_string(), payload.clone()));
                        }
                        prop_assert_eq!(sent, expected);
                    }
                    2 => {
                        connection += 1;
                        model.iter_mut().for_each(|(_, number)| *number = 0);
                        // The outbox learns of the new connection when it is flushed.
                        let sent = flush(&mut outbox, connection, &mut next);
                        let first = next - u16::try_from(sent.len()).unwrap();
                        for ((_, number), fresh) in model.iter_mut().take(WINDOW).zip(first + 1..) {
                            *number = fresh;
                        }
                        prop_assert_eq!(sent.len(), model.len().min(WINDOW));
                    }
                    _ => {
                        if let Some(position) = model.iter().position(|(_, number)| *number != 0) {
                            let (_, number) = model.remove(position).unwrap();
                            prop_assert!(outbox.acknowledge(number));
                        }
                    }
                }
                prop_assert_eq!(outbox.len(), model.len());
            }
        }
    }
}
