//! Telemetry on flash survives power cuts.
#![cfg(feature = "flash")]

mod support;

use core::future::Future;
use core::pin::pin;
use core::task::{Context, Poll, Waker};
use core::time::Duration;
use std::collections::BTreeSet;

use gcp_iot_core::{DropPolicy, Event, FlashOutbox, FlashOutboxError, FlushError, OutboxError};
use monoclock::{Clock, Millis};
use sequential_storage::cache::Cache;
use sequential_storage::queue::{QueueConfig, QueueStorage};
use support::World;
use support::flash::{Flash, PAGE, ROW, Tear, WRITES_PER_ROW, asynch::Ready};

fn range(flash: &Flash) -> core::ops::Range<u32> {
    use embedded_storage::nor_flash::ReadNorFlash;
    0..u32::try_from(flash.capacity()).unwrap()
}

fn mount<'b>(flash: &Flash, event: &'b mut [u8], policy: DropPolicy) -> FlashOutbox<'b, Flash> {
    FlashOutbox::mount(flash.clone(), range(flash), event, policy).unwrap()
}

/// Why `sequential-storage` is not underneath: its queue writes too often for this flash.
#[test]
fn the_queue_of_sequential_storage_writes_a_row_more_often_than_the_flash_takes() {
    fn ready<F: Future>(future: F) -> F::Output {
        match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(output) => output,
            Poll::Pending => panic!("the flash is always ready"),
        }
    }
    let flash = Flash::new(16);
    flash.allow_multiwrite();
    let config = QueueConfig::new(range(&flash));
    let mut queue = QueueStorage::new(Ready(flash.clone()), config, Cache::new_uncached());
    let mut buffer = [0; 64];
    for number in 0..20_u8 {
        ready(queue.push(&[number; 12], false)).unwrap();
    }
    for number in 0..20_u8 {
        let item = ready(queue.pop(&mut buffer)).unwrap().unwrap();
        assert_eq!(*item, [number; 12]);
    }
    assert!(flash.most_writes() > WRITES_PER_ROW, "{} writes per row", flash.most_writes());
}

#[test]
fn a_range_that_does_not_suit_is_refused() {
    let flash = Flash::new(8);
    let mut event = [0; 44];
    let mut refused = |range| {
        let result = FlashOutbox::mount(flash.clone(), range, &mut event, DropPolicy::Newest);
        result.err() == Some(FlashOutboxError::Region)
    };
    assert!(refused(0..768), "three rows");
    assert!(refused(64..1088) && refused(0..1100), "no whole rows");
    assert!(refused(1024..2304), "beyond the end");
    #[expect(clippy::reversed_empty_ranges, reason = "it is what is tried")]
    let reversed = refused(2048..0);
    assert!(reversed);
    assert!(!refused(1024..2048) && !refused(0..2048));
}

#[test]
fn a_range_that_holds_something_else_is_empty() {
    for fill in [0x00, 0x55, 0xFF] {
        let flash = Flash::new(8);
        flash.fill(|index| fill ^ u8::try_from(index % 251).unwrap());
        let mut event = [0; 44];
        let mut outbox = mount(&flash, &mut event, DropPolicy::Newest);
        assert!(outbox.is_empty());
        outbox.push("a", b"1").unwrap();
        drop(outbox);
        assert_eq!(mount(&flash, &mut event, DropPolicy::Newest).len(), 1);
    }
}

#[test]
fn a_full_outbox_follows_its_policy() {
    let (flash, mut event) = (Flash::new(6), [0; 600]);
    let mut outbox = mount(&flash, &mut event, DropPolicy::Newest);
    assert_eq!(outbox.push("#", b"").unwrap_err(), FlashOutboxError::Event(OutboxError::Subfolder));
    // Four of six rows can wait, less four pages for notes.
    let too_large = [0; 13 * 44];
    assert_eq!(outbox.push("", &too_large).unwrap_err(), FlashOutboxError::Event(OutboxError::TooLarge));
    let mut taken = 0;
    while outbox.push("", b"x").is_ok() {
        taken += 1;
    }
    assert_eq!(outbox.push("", b"x").unwrap_err(), FlashOutboxError::Event(OutboxError::Full));
    assert_eq!(taken, 5 * 4 - 4, "the current row, and four of the five others");
    drop(outbox);

    let mut outbox = mount(&flash, &mut event, DropPolicy::Oldest);
    assert_eq!(outbox.len(), taken);
    for _ in 0..100 {
        outbox.push("", b"y").unwrap();
    }
    assert_eq!(outbox.len() + outbox.dropped(), taken + 100);
    assert!(outbox.len() >= 12, "{} events", outbox.len());
    assert!(flash.most_writes() <= 4);
    let (least, most) = (flash.erases().into_iter().min(), flash.erases().into_iter().max());
    assert!(most.unwrap() - least.unwrap() <= 1, "all rows wear alike: {:?}", flash.erases());
}

#[test]
fn an_event_that_outgrew_its_memory_is_named() {
    let world = World::new();
    let (mut buffers, flash) = ([[0; 512]; 2], Flash::new(8));
    mount(&flash, &mut [0; 100], DropPolicy::Newest).push("", &[7; 100]).unwrap();
    let mut small = [0; 99];
    let mut outbox = mount(&flash, &mut small, DropPolicy::Newest);
    assert_eq!(outbox.push("", &[7; 100]), Err(FlashOutboxError::Event(OutboxError::TooLarge)));
    let mut session = world.session(&mut buffers);
    let mut device = session.connect(world.open(), &mut world.signer.clone(), world.unix_now()).unwrap();
    let needed = FlashOutboxError::EventBuffer { needed: 100 };
    assert_eq!(device.flush_from(&mut outbox), Err(FlushError::Outbox(needed)));
}

/// A device that makes an event every half minute, of one to three pages.
///
/// It lives on to the end although the power goes; what the cloud has is checked by the caller.
struct Life {
    flash: Flash,
    /// Events to be made: 120 take an hour.
    events: u32,
    /// Seed of power cuts that come at random.
    cuts: Option<u64>,
    /// Numbers of the events that `push` has taken.
    accepted: Vec<u32>,
    world: World,
    reboots: u32,
}

impl Life {
    fn event(number: u32) -> Vec<u8> {
        let length = 4 + usize::try_from(number).unwrap() * 31 % 90;
        format!("{number:0length$}").into_bytes()
    }

    fn hour(flash: Flash) -> Self {
        let life = Self::new(flash, 120, None);
        life.world.cloud.with_faults(|faults| {
            faults.drop_at = (1..9).map(|time| Duration::from_secs(time * 433)).collect();
            faults.lose_pubacks = 3;
        });
        life.live()
    }

    fn new(flash: Flash, events: u32, cuts: Option<u64>) -> Self {
        Self { flash, events, cuts, accepted: Vec::new(), world: World::new(), reboots: 0 }
    }

    fn live(mut self) -> Self {
        let mut next = 0;
        self.plan_cut();
        while !self.boot(&mut next) {
            assert!(!self.flash.has_power(), "it gave up without a power cut");
            self.flash.power_on();
            self.reboots += 1;
            self.plan_cut();
            self.world.clock.advance(Duration::from_secs(5));
        }
        self
    }

    /// Chooses the next power cut, if they come at random.
    fn plan_cut(&mut self) {
        let Some(seed) = &mut self.cuts else { return };
        *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let random = *seed >> 33;
        let bytes = usize::try_from(random % 256).unwrap();
        let tear = match random / 256 % 4 {
            0 => Tear::Nothing,
            1 => Tear::First(bytes),
            2 => Tear::AllBut(bytes),
            _ => Tear::Bits(random),
        };
        self.flash.cut_after(u32::try_from(random / 1024 % 200).unwrap(), tear);
    }

    /// Runs from power on to the end, or to the next power cut.
    fn boot(&mut self, next: &mut u32) -> bool {
        let (mut buffers, mut event) = ([[0; 512]; 2], [0; 128]);
        let world = &self.world;
        let mount =
            FlashOutbox::mount(self.flash.clone(), range(&self.flash), &mut event, DropPolicy::Newest);
        let Ok(mut outbox) = mount else { return false };
        let mut session = world.session(&mut buffers).with_seed(5);
        loop {
            let connected = session.connect(world.open(), &mut world.signer.clone(), world.unix_now());
            if let Ok(mut device) = connected {
                let mut tick = world.clock.now();
                loop {
                    match device.flush_from(&mut outbox) {
                        Ok(()) => {}
                        Err(FlushError::Outbox(_)) => return false,
                        Err(_) => break,
                    }
                    match device.wait(tick) {
                        Ok(Some(Event::Published(number))) => {
                            let before = outbox.len();
                            match outbox.acknowledge(number) {
                                Ok(known) => assert!(known && outbox.len() == before - 1),
                                Err(_) => return false,
                            }
                        }
                        Ok(Some(_)) => {}
                        Ok(None) => {
                            if *next == self.events && outbox.is_empty() {
                                return true;
                            }
                            if *next < self.events {
                                let number = *next;
                                // If the power goes now, nobody is told whether the event was taken.
                                *next += 1;
                                match outbox.push("count", &Self::event(number)) {
                                    Ok(()) => self.accepted.push(number),
                                    Err(_) => return false,
                                }
                            }
                            tick = world.clock.now() + Millis::from_secs(30);
                        }
                        Err(_) => break,
                    }
                }
            }
            world.clock.wait(session.next_attempt());
        }
    }

    /// Nothing that was taken is missing, the order is kept, and only what was in flight comes again.
    fn check(&self) {
        let arrived: Vec<u32> = self.world.cloud.telemetry().iter().map(support::number).collect();
        let (mut seen, mut first) = (BTreeSet::new(), Vec::new());
        for (index, number) in arrived.iter().enumerate() {
            if seen.insert(*number) {
                first.push(*number);
            } else {
                let again = first.iter().rev().take(4).any(|late| late == number);
                assert!(again, "event {number} comes again at {index}, long after it was sent");
            }
        }
        for number in &self.accepted {
            assert!(seen.contains(number), "event {number} is lost");
        }
        assert!(first.is_sorted(), "out of order");
        assert!(self.flash.most_writes() <= WRITES_PER_ROW);
    }
}

#[test]
fn an_hour_of_telemetry_survives_a_power_cut_at_every_write_and_erase() {
    let whole = Life::hour(Flash::new(16));
    whole.check();
    assert_eq!((whole.accepted.len(), whole.reboots), (120, 0));
    let operations = whole.flash.operations();
    for operation in 0..operations {
        let bytes = usize::try_from(operation).unwrap() * 7;
        for tear in [
            [Tear::Nothing, Tear::First(bytes % PAGE), Tear::Bits(u64::from(operation) << 20)],
            [Tear::Everything, Tear::AllBut(bytes % PAGE), Tear::First(bytes % ROW)],
        ][usize::from(operation % 2 == 0)]
        {
            let flash = Flash::new(16);
            flash.cut_after(operation, tear);
            let life = Life::hour(flash);
            assert_eq!(life.reboots, 1, "the cut at operation {operation} did not come");
            life.check();
        }
    }
    println!("{operations} writes and erases in the hour, {} power cuts", 3 * operations);
}

/// A day by default; `SOAK_DAYS=30` runs thirty days.
#[test]
fn days_with_power_cuts_at_random_lose_nothing_and_wear_all_rows_alike() {
    let days = std::env::var("SOAK_DAYS").map_or(1, |days| days.parse::<u32>().unwrap());
    let life = Life::new(Flash::new(64), days * 24 * 120, Some(1)).live();
    life.check();
    let erases = life.flash.erases();
    let (least, most) = (erases.iter().min().unwrap(), erases.iter().max().unwrap());
    println!(
        "{days} days: {} events, {} power cuts, each row erased {least} to {most} times",
        life.accepted.len(),
        life.reboots
    );
    assert!(life.reboots > days * 24, "{} reboots", life.reboots);
    // A row whose erasing was cut is erased again.
    assert!(most * 10 <= least * 11 + 10, "rows do not wear alike: {erases:?}");
}
