//! Telemetry that waits for the cloud in flash, and survives a loss of power.

mod error;
mod log;
mod page;

use core::ops::Range;

use embedded_storage::nor_flash::NorFlash;

pub use self::error::{FlashOutboxError, FlushError};
use self::log::{AppendError, Log};
use self::page::{Arrived, DATA, Header, NOTE, PAGE};
use crate::outbox::{DropPolicy, OutboxError, Waiting};
use crate::topic;

/// Events in flight at the same time; the rest waits.
const WINDOW: usize = 4;

/// Pages that events leave to the notes of what has arrived.
const RESERVE: u32 = 4;

/// Telemetry events that are kept in NOR flash until the cloud has acknowledged them, whatever happens to
/// connections and to the power.
///
/// Once [`push`](Self::push) has returned, the event is on flash; once [`acknowledge`](Self::acknowledge)
/// has, it will not be sent again. Events are sent with QoS 1 in their order, a few at a time.
///
/// An event takes a page of 64 bytes for each 44 bytes of subfolder and payload, and so does each
/// acknowledgement; every page is written once, so that any NOR flash will do whose writes are 64 bytes
/// or less. At least four rows (erase sizes) are needed, of which two are never free for events; so are
/// four pages. With the SAMD21's rows of 256 bytes, 16 KiB hold 244 small events. All rows wear alike: an
/// event per minute erases each of 64 rows 11 times a day.
///
/// ```
/// use gcp_iot_core::{DropPolicy, FlashOutbox};
/// # use embedded_storage::nor_flash::{ErrorType, NorFlash, NorFlashErrorKind, ReadNorFlash};
/// # struct Flash([u8; 2048]);
/// # impl ErrorType for Flash { type Error = NorFlashErrorKind; }
/// # impl ReadNorFlash for Flash {
/// #     const READ_SIZE: usize = 1;
/// #     fn read(&mut self, at: u32, to: &mut [u8]) -> Result<(), NorFlashErrorKind> {
/// #         to.copy_from_slice(&self.0[at as usize..][..to.len()]); Ok(())
/// #     }
/// #     fn capacity(&self) -> usize { self.0.len() }
/// # }
/// # impl NorFlash for Flash {
/// #     const WRITE_SIZE: usize = 4;
/// #     const ERASE_SIZE: usize = 256;
/// #     fn erase(&mut self, from: u32, to: u32) -> Result<(), NorFlashErrorKind> {
/// #         self.0[from as usize..to as usize].fill(0xFF); Ok(())
/// #     }
/// #     fn write(&mut self, at: u32, from: &[u8]) -> Result<(), NorFlashErrorKind> {
/// #         self.0[at as usize..][..from.len()].copy_from_slice(from); Ok(())
/// #     }
/// # }
/// # let flash = Flash([0xFF; 2048]);
/// // `flash` is an `embedded_storage::nor_flash::NorFlash`; here its first 2 KiB are used.
/// let mut largest_event = [0; 128];
/// let mut outbox = FlashOutbox::mount(flash, 0..2048, &mut largest_event, DropPolicy::Oldest).unwrap();
/// outbox.push("temperature", b"21.5").unwrap();
///
/// // The power goes, and comes back.
/// let flash = outbox.into_flash();
/// let outbox = FlashOutbox::mount(flash, 0..2048, &mut largest_event, DropPolicy::Oldest).unwrap();
/// assert_eq!(outbox.len(), 1);
/// ```
///
/// In the application's loop, [`Connection::flush_from`](crate::Connection::flush_from) sends what waits, and `Event::Published` is
/// handed to [`FlashOutbox::acknowledge`].
#[derive(Debug)]
pub struct FlashOutbox<'b, F> {
    log: Log<F>,
    /// Holds an event while it is sent.
    event: &'b mut [u8],
    policy: DropPolicy,
    arrived: Arrived,
    /// Where the oldest event that waits begins.
    oldest: Option<u32>,
    count: u32,
    dropped: u32,
    /// Numbers in flight, with the sequence of the event that bears them.
    in_flight: heapless::Vec<(u16, u32), WINDOW>,
    /// The connection that they belong to.
    connection: u32,
    /// Sequence of the event that is being sent.
    sending: u32,
}

/// An event in the log.
#[derive(Clone, Copy, Debug)]
struct Stored {
    position: u32,
    header: Header,
}

impl<'b, F: NorFlash> FlashOutbox<'b, F> {
    /// Finds what waits in the `range` of `flash`; a range without any is empty, whatever it holds.
    ///
    /// The range must stay the same from one start to the next: what lies in a log of another size, or
    /// elsewhere, is not found in its order.
    ///
    /// `event` is to hold the largest event that will be sent: its subfolder and payload.
    ///
    /// # Errors
    /// [`FlashOutboxError::Region`] when the range or the flash does not suit, else when reading fails.
    pub fn mount(
        flash: F,
        range: Range<u32>,
        event: &'b mut [u8],
        policy: DropPolicy,
    ) -> Result<Self, FlashOutboxError<F::Error>> {
        let mut log = Log::new(flash, range).ok_or(FlashOutboxError::Region)?;
        let newest = log.find_newest().map_err(FlashOutboxError::Flash)?;
        let nothing = Arrived { oldest: log.sequence(), marks: 0 };
        let mut outbox = Self {
            log,
            event,
            policy,
            arrived: newest.map_or(nothing, |header| header.arrived),
            oldest: None,
            count: 0,
            dropped: 0,
            in_flight: heapless::Vec::new(),
            connection: 0,
            sending: 0,
        };
        outbox.count_waiting()?;
        Ok(outbox)
    }

    /// Writes an event for `subfolder`, which may be empty, to flash.
    ///
    /// # Errors
    /// When it was not taken. If the flash is to blame, it may arrive all the same.
    pub fn push(&mut self, subfolder: &str, payload: &[u8]) -> Result<(), FlashOutboxError<F::Error>> {
        if !topic::is_subfolder(subfolder) {
            return Err(OutboxError::Subfolder.into());
        }
        let whole = subfolder.len() + payload.len();
        let (Ok(folder), Ok(length)) = (u8::try_from(subfolder.len()), u16::try_from(whole)) else {
            return Err(OutboxError::TooLarge.into());
        };
        let pages = page::pages(whole);
        let needed = pages + RESERVE;
        if whole > self.event.len() || pages > u32::from(NOTE) || needed > self.log.capacity() {
            return Err(OutboxError::TooLarge.into());
        }
        while self.log.room(self.oldest) < needed {
            if self.policy == DropPolicy::Newest || !self.discard_oldest()? {
                return Err(OutboxError::Full.into());
            }
        }
        let mut arrived = self.arrived;
        if self.count == 0 {
            arrived.advance(self.log.sequence());
        }
        let mut first = None;
        let mut bytes = subfolder.bytes().chain(payload.iter().copied());
        for part in (0..NOTE).zip(0..pages).map(|(part, _)| part) {
            let header = Header { sequence: self.log.sequence(), arrived, length, folder, part };
            match self.log.append(&header.encode(bytes.by_ref().take(DATA))) {
                Ok(position) => _ = first.get_or_insert(position),
                Err(error) => {
                    // The event may be there or not: what is there counts.
                    self.count_waiting()?;
                    return Err(error.into());
                }
            }
        }
        self.arrived = arrived;
        self.oldest = self.oldest.or(first);
        self.count += 1;
        Ok(())
    }

    /// Takes note that the event with this number has arrived; tells whether it was one of these.
    ///
    /// The note is on flash when this returns, unless events take all the room: then it goes there with
    /// the next page.
    ///
    /// # Errors
    /// When the flash fails. The event has arrived, but would be sent again after a loss of power.
    pub fn acknowledge(&mut self, number: u16) -> Result<bool, FlashOutboxError<F::Error>> {
        let Some(index) = self.in_flight.iter().position(|(in_flight, _)| *in_flight == number) else {
            return Ok(false);
        };
        let (_, sequence) = self.in_flight.swap_remove(index);
        self.count = self.count.saturating_sub(1);
        if sequence == self.arrived.oldest {
            self.advance()?;
        } else {
            self.arrived.mark(sequence);
        }
        if self.log.room(self.oldest) > 0 {
            let header = Header {
                sequence: self.log.sequence(),
                arrived: self.arrived,
                length: 0,
                folder: 0,
                part: NOTE,
            };
            self.log.append(&header.encode(core::iter::empty()))?;
        }
        Ok(true)
    }

    /// Drops the oldest event, such as one that no link can carry; tells whether there was one.
    ///
    /// Events are sent in their order: what cannot be sent holds up those behind it. It is gone from flash
    /// with the next page that is written.
    ///
    /// # Errors
    /// When the flash fails.
    pub fn discard_oldest(&mut self) -> Result<bool, FlashOutboxError<F::Error>> {
        let some = self.count > 0;
        if some {
            let gone = self.arrived.oldest;
            self.in_flight.retain(|(_, sequence)| *sequence != gone);
            self.advance()?;
            self.count = self.count.saturating_sub(1);
            self.dropped = self.dropped.saturating_add(1);
        }
        Ok(some)
    }

    /// Counts the events that have not arrived yet.
    #[must_use]
    pub const fn len(&self) -> u32 {
        self.count
    }

    /// Tells whether every event has arrived.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Counts the events that were dropped since it was mounted.
    #[must_use]
    pub const fn dropped(&self) -> u32 {
        self.dropped
    }

    /// Gives the flash back; what waits stays there.
    pub fn into_flash(self) -> F {
        self.log.into_flash()
    }

    /// Finds the first event that may be sent over the connection with this number: its subfolder and payload.
    pub(crate) fn next_to_send(
        &mut self,
        connection: u32,
    ) -> Result<Option<Waiting<'_>>, FlashOutboxError<F::Error>> {
        if connection != self.connection {
            self.connection = connection;
            self.in_flight.clear();
        }
        if self.in_flight.is_full() {
            return Ok(None);
        }
        self.pass_over_lost()?;
        let mut from = self.oldest;
        for _ in 0..WINDOW {
            let Some(start) = from else { break };
            let Some(Stored { position, header }) = self.next_waiting(start)? else { break };
            if header.sequence.wrapping_sub(self.arrived.oldest) > Arrived::REACH {
                break;
            }
            if !self.in_flight.iter().any(|(_, sequence)| *sequence == header.sequence) {
                self.sending = header.sequence;
                return self.load(position, &header).map(Some);
            }
            from = Some(self.log.after(position, header.pages()));
        }
        Ok(None)
    }

    /// Takes note of the number that the event found last has in flight.
    pub(crate) fn sent(&mut self, number: u16) {
        // There is room: none is found otherwise.
        let _ = self.in_flight.push((number, self.sending));
    }

    /// An event that flash no longer holds counts as dropped, so that it does not stop those behind it.
    fn pass_over_lost(&mut self) -> Result<(), FlashOutboxError<F::Error>> {
        let Some(oldest) = self.oldest else { return Ok(()) };
        let found = self.next_waiting(oldest)?;
        if found.is_none_or(|stored| stored.header.sequence != self.arrived.oldest) {
            let before = self.count;
            self.count_waiting()?;
            self.dropped = self.dropped.saturating_add(before.saturating_sub(self.count));
        }
        Ok(())
    }

    /// Finds the first event at or after `from` that waits.
    fn next_waiting(&mut self, from: u32) -> Result<Option<Stored>, FlashOutboxError<F::Error>> {
        let (mut position, end) = (from, self.log.end());
        while position != end {
            let header = self.header(position)?;
            let waiting = header.filter(|header| header.part == 0 && !self.arrived.has(header.sequence));
            if let Some(header) = waiting
                && self.is_whole(position, &header)?
            {
                return Ok(Some(Stored { position, header }));
            }
            position = self.log.after(position, 1);
        }
        Ok(None)
    }

    /// Tells whether the pages after an event's first are there; a power cut may have come between.
    fn is_whole(&mut self, position: u32, first: &Header) -> Result<bool, FlashOutboxError<F::Error>> {
        for (part, distance) in (1..NOTE).zip(1..first.pages()) {
            let expected = Header { sequence: first.sequence.wrapping_add(distance), part, ..*first };
            let found = self.header(self.log.after(position, distance))?;
            // The parts of an event bear the same note.
            if found != Some(expected) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn header(&mut self, position: u32) -> Result<Option<Header>, FlashOutboxError<F::Error>> {
        let mut page = [0; PAGE];
        self.log.read(position, &mut page).map_err(FlashOutboxError::Flash)?;
        Ok(Header::decode(&page).map(|(header, _)| header))
    }

    /// Reads an event into memory: its subfolder and payload.
    fn load(&mut self, position: u32, header: &Header) -> Result<(&str, &[u8]), FlashOutboxError<F::Error>> {
        let length = usize::from(header.length);
        let event = self.event.get_mut(..length).ok_or(FlashOutboxError::EventBuffer { needed: length })?;
        let mut parts = event.chunks_mut(DATA);
        for part in 0..header.pages() {
            let mut page = [0; PAGE];
            self.log.read(self.log.after(position, part), &mut page).map_err(FlashOutboxError::Flash)?;
            let (_, data) = Header::decode(&page).ok_or(FlashOutboxError::Verify)?;
            for (to, from) in parts.next().unwrap_or_default().iter_mut().zip(data) {
                *to = *from;
            }
        }
        let (subfolder, payload) = event.split_at_checked(usize::from(header.folder)).unwrap_or_default();
        Ok((core::str::from_utf8(subfolder).unwrap_or_default(), payload))
    }

    /// Goes on to the next event that waits: the oldest has arrived, or must go.
    fn advance(&mut self) -> Result<(), FlashOutboxError<F::Error>> {
        let next = match self.oldest {
            Some(oldest) => self.next_waiting(self.log.after(oldest, 1))?,
            None => None,
        };
        self.oldest = next.map(|stored| stored.position);
        self.arrived.advance(next.map_or(self.log.sequence(), |stored| stored.header.sequence));
        Ok(())
    }

    /// Counts what waits in the whole log.
    fn count_waiting(&mut self) -> Result<(), FlashOutboxError<F::Error>> {
        let (mut from, mut count, mut first) = (self.log.begin(), 0, None);
        while let Some(Stored { position, header }) = self.next_waiting(from)? {
            first = first.or(Some((position, header.sequence)));
            count += 1;
            from = self.log.after(position, header.pages());
        }
        (self.count, self.oldest) = (count, first.map(|(position, _)| position));
        self.arrived.advance(first.map_or(self.arrived.oldest, |(_, sequence)| sequence));
        Ok(())
    }
}

impl<E> From<AppendError<E>> for FlashOutboxError<E> {
    fn from(error: AppendError<E>) -> Self {
        match error {
            AppendError::Flash(error) => Self::Flash(error),
            AppendError::Verify => Self::Verify,
        }
    }
}

#[cfg(test)]
#[path = "../tests/support/flash.rs"]
mod flash;
#[cfg(test)]
mod tests;
