//! The outbox against a plain queue, with power cuts.

use std::collections::{BTreeMap, VecDeque};
use std::vec::Vec;

use embedded_storage::nor_flash::ReadNorFlash as _;
use proptest::prelude::*;

use super::flash::{Flash, PAGE, ROW, Tear, WRITES_PER_ROW};
use super::*;

/// What a device and its cloud do.
#[derive(Clone, Debug)]
enum Step {
    /// An event of this size.
    Push(usize),
    /// Sends what may be in flight.
    Flush,
    /// Acknowledges one of the messages in flight.
    Acknowledge(usize),
    /// Connects again.
    Connect,
    /// Cuts the power during one of the next operations.
    Cut(u32, Tear),
    /// The device starts again, without a cut.
    Restart,
}

fn step() -> impl Strategy<Value = Step> {
    let tear = prop_oneof![
        Just(Tear::Nothing),
        Just(Tear::Everything),
        (0..PAGE).prop_map(Tear::First),
        (0..ROW).prop_map(Tear::First),
        (0..ROW).prop_map(Tear::AllBut),
        any::<u64>().prop_map(Tear::Bits),
    ];
    prop_oneof![
        4 => prop_oneof![0..44_usize, 0..200_usize].prop_map(Step::Push),
        4 => Just(Step::Flush),
        6 => (0..4_usize).prop_map(Step::Acknowledge),
        1 => Just(Step::Connect),
        2 => (0..12_u32, tear).prop_map(|(after, tear)| Step::Cut(after, tear)),
        1 => Just(Step::Restart),
    ]
}

/// An event of the model, by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// `push` has returned: it must arrive.
    Taken,
    /// The power went during `push`: it may arrive.
    Unknown,
    /// `acknowledge` has returned: it must not be sent again.
    Acknowledged,
    /// The power went during `acknowledge`: it may be sent again.
    AcknowledgedPerhaps,
}

/// The number of an event is in its first four bytes.
fn event(number: u32, size: usize) -> Vec<u8> {
    let mut payload = number.to_be_bytes().to_vec();
    payload.resize(4 + size, u8::try_from(number % 256).unwrap());
    payload
}

struct Device {
    flash: Flash,
    policy: DropPolicy,
    events: BTreeMap<u32, (State, usize)>,
    next: u32,
    /// Packet identifiers in flight, with their events.
    in_flight: VecDeque<(u16, u32)>,
    identifier: u16,
    connection: u32,
    dropped: u32,
}

impl Device {
    /// Lives until the power goes, a restart is asked for, or there is nothing left to do.
    fn live(&mut self, steps: &mut impl Iterator<Item = Step>) {
        let whole = 0..u32::try_from(self.flash.capacity()).unwrap();
        let mut memory = [0; 256];
        let mount = FlashOutbox::mount(self.flash.clone(), whole, &mut memory, self.policy);
        let mut outbox = mount.unwrap();
        self.connection += 1;
        self.in_flight.clear();
        let dropped_before = self.dropped;
        for step in steps {
            match step {
                Step::Push(size) => {
                    let (number, payload) = (self.next, event(self.next, size));
                    self.next += 1;
                    match outbox.push("f", &payload) {
                        Ok(()) => _ = self.events.insert(number, (State::Taken, size)),
                        Err(FlashOutboxError::Event(OutboxError::Full)) => {
                            assert_eq!(self.policy, DropPolicy::Newest);
                        }
                        Err(_) => {
                            self.events.insert(number, (State::Unknown, size));
                            return;
                        }
                    }
                }
                Step::Flush => self.flush(&mut outbox),
                Step::Acknowledge(which) => {
                    let Some((identifier, number)) = self.in_flight.remove(which) else { continue };
                    if !self.acknowledge(&mut outbox, identifier, number) {
                        return;
                    }
                }
                Step::Connect => {
                    self.connection += 1;
                    self.in_flight.clear();
                }
                Step::Cut(after, tear) => self.flash.cut_after(after, tear),
                Step::Restart => return,
            }
            self.dropped = dropped_before + outbox.dropped();
        }
        // The end: everything that waits goes out.
        while !outbox.is_empty() && self.flash.has_power() {
            self.flush(&mut outbox);
            let Some((identifier, number)) = self.in_flight.pop_front() else { break };
            self.acknowledge(&mut outbox, identifier, number);
        }
        assert!(outbox.is_empty() || !self.flash.has_power());
    }

    /// Tells whether the power is still there.
    fn acknowledge(&mut self, outbox: &mut FlashOutbox<'_, Flash>, identifier: u16, number: u32) -> bool {
        let (state, _) = self.events.get_mut(&number).unwrap();
        let before = self.flash.operations();
        let result = outbox.acknowledge(identifier);
        // An event that had to make room is not known any more.
        assert!(result != Ok(false) || self.policy == DropPolicy::Oldest);
        // Without room the note goes to flash with the next page.
        let noted = self.flash.operations() > before && result.is_ok();
        *state = if noted { State::Acknowledged } else { State::AcknowledgedPerhaps };
        result.is_ok()
    }

    fn flush(&mut self, outbox: &mut FlashOutbox<'_, Flash>) {
        let mut sent = Vec::new();
        // Without power nothing is read.
        while let Ok(Some((folder, payload))) = outbox.next_to_send(self.connection) {
            assert_eq!(folder, "f");
            self.identifier += 1;
            sent.push((self.identifier, payload.to_vec()));
            outbox.sent(self.identifier);
        }
        for (identifier, payload) in sent {
            let number = u32::from_be_bytes(*payload.first_chunk().unwrap());
            let (state, size) = self.events[&number];
            assert_ne!(state, State::Acknowledged, "event {number} is sent again");
            assert_eq!(payload, event(number, size));
            let newest = self.in_flight.iter().map(|(_, number)| *number).max();
            assert!(newest.is_none_or(|newest| newest < number), "event {number} is out of order");
            self.in_flight.push_back((identifier, number));
        }
        assert!(self.in_flight.len() <= WINDOW || self.policy == DropPolicy::Oldest);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn nothing_taken_is_lost_and_nothing_acknowledged_is_sent_again(
        steps in proptest::collection::vec(step(), 0..120),
        rows in 4..9_usize,
        oldest in any::<bool>(),
    ) {
        let policy = if oldest { DropPolicy::Oldest } else { DropPolicy::Newest };
        let mut device = Device {
            flash: Flash::new(rows),
            policy,
            events: BTreeMap::new(),
            next: 1,
            in_flight: VecDeque::new(),
            identifier: 0,
            connection: 0,
            dropped: 0,
        };
        let mut steps = steps.into_iter().peekable();
        loop {
            device.live(&mut steps);
            device.flash.power_on();
            if steps.peek().is_none() {
                break;
            }
        }
        device.live(&mut core::iter::empty());
        let left = device.events.values().filter(|(state, _)| *state == State::Taken).count();
        if policy == DropPolicy::Newest {
            prop_assert_eq!(left, 0, "events were lost");
        }
        prop_assert!(device.flash.most_writes() <= WRITES_PER_ROW / 2);
    }
}
