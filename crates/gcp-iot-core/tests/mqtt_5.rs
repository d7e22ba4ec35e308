//! The session over `minimq`, blocking and in a task, at the emulator's laboratory for MQTT 5.
#![cfg(all(feature = "minimq", feature = "async"))]

mod support;

use core::cell::RefCell;
use core::future::Future;
use core::pin::pin;
use core::task::{Context, Waker};
use core::time::Duration;
use std::collections::BTreeSet;
use std::rc::Rc;

use embassy_time_driver::{Driver, TICK_HZ, time_driver_impl};
use gcp_iot_core::{
    ConnectError, DropPolicy, Endpoint, Error, Event, MinimqError, MinimqLink, MinimqPlace, Outbox, QoS,
    Refusal, Session, Subscription,
};
use iot_core_emulator as cloud;
use monoclock::{AsyncClock, Clock, Instant, ManualClock, Millis};
use support::asynch::AsyncWire;
use support::{DEVICE, EPOCH, Signer, World, signer};

/// The time of `minimq` is the virtual time of the test that runs in the thread.
struct VirtualTime;

thread_local! {
    static CLOCK: RefCell<Rc<ManualClock>> = RefCell::default();
}

impl Driver for VirtualTime {
    fn now(&self) -> u64 {
        let elapsed = CLOCK.with_borrow(|clock| clock.elapsed());
        u64::try_from(elapsed.as_micros() * u128::from(TICK_HZ) / 1_000_000).unwrap()
    }

    /// Everybody is polled when the clock has moved; it has to move to this time, too.
    fn schedule_wake(&self, at: u64, _: &Waker) {
        CLOCK.with_borrow(|clock| {
            let left = Duration::from_micros((at.saturating_sub(self.now())) * 1_000_000 / TICK_HZ);
            let at = clock.now() + Millis(u32::try_from(left.as_micros().div_ceil(1000)).unwrap());
            let _ = pin!(clock.wait_until(at)).poll(&mut Context::from_waker(Waker::noop()));
        });
    }
}

time_driver_impl!(static TIME: VirtualTime = VirtualTime);

fn laboratory() -> World {
    let mut settings = cloud::Settings::google(cloud::Timestamp::from_unix(EPOCH));
    settings.rules.mqtt5 = true;
    let world = World::with(settings);
    CLOCK.set(Rc::clone(&world.clock));
    world
}

#[derive(Default)]
struct Memory([Vec<u8>; 4]);

impl Memory {
    fn new() -> Self {
        Self([512, 1024, 512, 300].map(|size| vec![0; size]))
    }

    fn session<'a>(&'a mut self, world: &'a World) -> Session<'a, MinimqLink<'a>, &'a World> {
        let [receive, transmit, message, login] = &mut self.0;
        let link = MinimqLink::new(receive, transmit, message, login);
        Session::new(DEVICE, Endpoint::mosquitto("localhost", "root"), link, world)
    }
}

#[test]
fn the_tutorial_runs_over_mqtt_5() {
    let world = laboratory();
    let (mut memory, mut place) = (Memory::new(), MinimqPlace::default());
    let mut session = memory.session(&world);
    let stream = world.open();
    let mut device =
        session.connect_in(&mut place, stream, &mut world.signer.clone(), world.unix_now()).unwrap();
    let soon = || world.clock.now() + Millis::from_secs(1);
    // Each filter has a SUBSCRIBE of its own, so the configuration comes before all of them are confirmed.
    assert!(matches!(device.wait(soon()), Ok(Some(Event::Config(config))) if config.payload.is_empty()));
    assert_eq!(device.wait(soon()).unwrap(), Some(Event::Subscribed));
    device.publish_state(b"hello", QoS::AtMostOnce).unwrap();
    let number = device.publish_event("a/b", b"21.5", QoS::AtLeastOnce).unwrap().unwrap();
    assert_eq!(device.wait(soon()).unwrap(), Some(Event::Published(number)));
    world.cloud.send_command(&world.device, "led", b"on", world.now()).unwrap();
    assert!(matches!(device.wait(soon()), Ok(Some(Event::Command(command))) if command.subfolder == "led"));
    // Nothing happens for hours but pings, until the token must be renewed.
    let error = device.wait(world.clock.now() + Millis::from_secs(7200)).unwrap_err();
    assert_eq!(error, Error::TokenExpiring);
    device.disconnect().unwrap();
    assert_eq!(world.states(), ["hello"]);
    assert_eq!(world.cloud.telemetry()[0].subfolder, "a/b");
}

#[test]
fn a_refused_login_is_told_from_a_failure() {
    let world = laboratory();
    let mut memory = Memory::new();
    let mut try_with = |mut signer: Signer| {
        let (mut session, mut place) = (memory.session(&world), MinimqPlace::default());
        let result = session.connect_in(&mut place, world.open(), &mut signer, world.unix_now());
        result.map(drop).unwrap_err()
    };
    assert_eq!(try_with(signer(8)), ConnectError::Refused(Refusal::NotAuthorized { code: 0x87 }));
    world.cloud.with_faults(|faults| faults.unavailable_until = Some(Duration::from_secs(9)));
    assert_eq!(try_with(world.signer.clone()), ConnectError::Refused(Refusal::Unavailable));
    world.cloud.with_faults(|faults| faults.down_until = Some(Duration::from_secs(9)));
    let closed = MinimqError::Session(minimq::Error::Disconnected);
    assert_eq!(try_with(world.signer.clone()), ConnectError::Link(closed));
    memory.0[3].truncate(100);
    let mut session = memory.session(&world);
    let mut place = MinimqPlace::default();
    let result = session.connect_in(&mut place, world.open(), &mut world.signer.clone(), world.unix_now());
    assert_eq!(result.map(drop).unwrap_err(), ConnectError::Link(MinimqError::LoginTooLong(210)));
}

#[test]
fn a_refused_subscription_is_named() {
    let world = laboratory();
    let (mut memory, mut place) = (Memory::new(), MinimqPlace::default());
    let mut session = memory.session(&world);
    let stream = world.open();
    let mut device =
        session.connect_in(&mut place, stream, &mut world.signer.clone(), world.unix_now()).unwrap();
    device.subscribe_of("Stranger").unwrap();
    let error = loop {
        match device.wait(world.clock.now() + Millis::from_secs(1)) {
            Ok(event) => assert!(event.is_some(), "never refused"),
            Err(error) => break error,
        }
    };
    assert_eq!(error, Error::SubscriptionRefused(Subscription::Config));
}

#[test]
fn hours_in_a_task_lose_nothing() {
    const HOURS: u64 = 5;
    let world = laboratory();
    let (mut memory, mut waiting) = (Memory::new(), [0; 4096]);
    let mut session = memory.session(&world).with_seed(3);
    let mut outbox = Outbox::new(&mut waiting, DropPolicy::Newest);
    world.cloud.with_faults(|faults| {
        faults.drop_at = [1111, 6666, 12_345].map(Duration::from_secs).into();
        faults.lose_pubacks = 4;
        faults.lose_publishes = 4;
    });
    let end = Duration::from_secs(HOURS * 3600);
    let (mut produced, mut renewals, mut failures, mut restarted) = (0_u32, 0, 0, false);
    world.run(async {
        while world.now() < end || !outbox.is_empty() {
            let mut place = MinimqPlace::default();
            let stream = AsyncWire(world.open());
            let signer = &mut world.signer.clone();
            match session.connect_async_in(&mut place, stream, signer, world.unix_now()).await {
                Err(_) => failures += 1,
                Ok(mut device) => {
                    let mut tick = world.clock.now();
                    let error = loop {
                        if let Err(error) = device.flush(&mut outbox).await {
                            break Some(error);
                        }
                        match device.wait(tick).await {
                            Ok(Some(Event::Published(number))) => assert!(outbox.acknowledge(number)),
                            Ok(Some(_)) => {}
                            Ok(None) if world.now() >= end && outbox.is_empty() => break None,
                            Ok(None) => {
                                if world.now() < end {
                                    outbox.push("", produced.to_string().as_bytes()).unwrap();
                                    produced += 1;
                                }
                                tick = world.clock.now() + Millis::from_secs(30);
                            }
                            Err(error) => break Some(error),
                        }
                        if produced == 200 && !core::mem::replace(&mut restarted, true) {
                            world.cloud.restart(world.now(), Duration::from_secs(300));
                        }
                    };
                    renewals += u32::from(error == Some(Error::TokenExpiring));
                }
            }
            let next: Instant = session.next_attempt();
            while !world.clock.now().has_reached(next) {
                world.wait_until(next).await;
            }
        }
    });
    let arrived: BTreeSet<u32> = world.cloud.telemetry().iter().map(support::number).collect();
    assert_eq!(arrived.len(), usize::try_from(produced).unwrap());
    assert_eq!(outbox.dropped(), 0);
    assert!(renewals > 0 && (3..20).contains(&failures), "{renewals} renewals, {failures} failures");
    println!("{produced} events, {renewals} renewals, {failures} refused or unreachable");
}
