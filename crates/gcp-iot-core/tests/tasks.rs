//! The session in a task, over `mqtt-lite`, on the emulator.
#![cfg(all(feature = "mqtt-lite", feature = "async"))]

mod support;

use core::future::{Future, poll_fn};
use core::pin::pin;
use core::task::Poll;
use core::time::Duration;
use std::collections::BTreeSet;

use gcp_iot_core::{ConnectError, DropPolicy, Error, Event, Outbox, QoS, Refusal, Subscription};
use monoclock::{AsyncClock, Clock, Instant, Millis};
use support::asynch::AsyncWire;
use support::{World, number, signer};

impl World {
    async fn sleep(&self, until: Instant) {
        while !self.clock.now().has_reached(until) {
            self.wait_until(until).await;
        }
    }
}

/// Whichever of two futures is ready first; the other is dropped.
async fn first<A: Future, B: Future>(a: A, b: B) -> Result<A::Output, B::Output> {
    let (mut a, mut b) = (pin!(a), pin!(b));
    poll_fn(|context| match a.as_mut().poll(context) {
        Poll::Ready(output) => Poll::Ready(Ok(output)),
        Poll::Pending => b.as_mut().poll(context).map(Err),
    })
    .await
}

#[test]
fn the_tutorial_runs_in_a_task() {
    let world = World::new();
    world.cloud.set_config(&world.device, b"{\"led\":true}", world.now()).unwrap();
    let mut buffers = [[0; 512]; 2];
    let mut session = world.session(&mut buffers);
    world.run(async {
        let signer = &mut world.signer.clone();
        let stream = AsyncWire(world.open());
        let mut device = session.connect_async(stream, signer, world.unix_now()).await.unwrap();
        assert!(device.is_answer_awaited());
        let soon = || world.clock.now() + Millis::from_secs(1);
        assert_eq!(device.wait(soon()).await, Ok(Some(Event::Subscribed)));
        assert!(matches!(device.wait(soon()).await, Ok(Some(Event::Config(config))) if config.payload == b"{\"led\":true}"));
        device.publish_state(b"hello", QoS::AtMostOnce).await.unwrap();
        assert_eq!(device.publish_state(b"again", QoS::AtMostOnce).await, Err(Error::TooSoon(Millis(1000))));
        world.cloud.send_command(&world.device, "led", b"on", world.now()).unwrap();
        assert!(matches!(device.poll().await, Ok(Some(Event::Command(command))) if command.subfolder == "led"));
        assert_eq!(device.poll().await, Ok(None));
        assert_eq!(device.publish_event("#", b"", QoS::AtMostOnce).await, Err(Error::Subfolder));
        let number = device.publish_event("t", b"21.5", QoS::AtLeastOnce).await.unwrap().unwrap();
        assert_eq!(device.wait(soon()).await, Ok(Some(Event::Published(number))));
        device.disconnect().await.unwrap();
    });
    assert_eq!(world.states(), ["hello"]);
    assert_eq!(world.cloud.summary().unexpected_pubacks, 0);
}

#[test]
fn refusals_are_named_in_a_task() {
    let world = World::new();
    let mut buffers = [[0; 512]; 2];
    let mut session = world.session(&mut buffers);
    world.run(async {
        let stream = AsyncWire(world.open());
        let refused = session.connect_async(stream, &mut signer(8), world.unix_now()).await.map(drop);
        assert_eq!(refused, Err(ConnectError::Refused(Refusal::NotAuthorized { code: 5 })));
        let stream = AsyncWire(world.open());
        let signer = &mut world.signer.clone();
        let mut device = session.connect_async(stream, signer, world.unix_now()).await.unwrap();
        assert_eq!(device.subscribe_of("a/b").await, Err(Error::DeviceId));
        device.subscribe_of("Stranger").await.unwrap();
        let error = loop {
            match device.wait(world.clock.now() + Millis::from_secs(1)).await {
                Ok(event) => assert!(event.is_some(), "never refused"),
                Err(error) => break error,
            }
        };
        assert_eq!(error, Error::SubscriptionRefused(Subscription::Config));
    });
}

#[test]
fn a_wait_that_is_dropped_loses_nothing() {
    let world = World::new();
    let mut buffers = [[0; 512]; 2];
    let mut session = world.session(&mut buffers);
    let (mut seen, mut dropped) = (Vec::new(), 0);
    world.run(async {
        let signer = &mut world.signer.clone();
        let stream = AsyncWire(world.open());
        let mut device = session.connect_async(stream, signer, world.unix_now()).await.unwrap();
        for round in 0..2000_u32 {
            if round % 100 == 0 {
                world.cloud.set_config(&world.device, round.to_string().as_bytes(), world.now()).unwrap();
            }
            let until = world.clock.now() + Millis::from_secs(3600);
            let timer = world.sleep(world.clock.now() + Millis(700));
            match first(device.wait(until), timer).await {
                Ok(Ok(Some(Event::Config(config)))) => {
                    seen.push(String::from_utf8(config.payload.to_vec()).unwrap())
                }
                Ok(event) => assert!(matches!(event, Ok(Some(Event::Subscribed)))),
                Err(()) => dropped += 1,
            }
        }
    });
    // The first is the empty one of a new device; the next replaces it before it is acknowledged.
    let set = (0..2000).step_by(100).map(|round: u32| round.to_string());
    let expected: Vec<_> = core::iter::once(String::new()).chain(set).collect();
    assert_eq!(seen, expected);
    assert!(dropped > 1900, "{dropped}");
    let summary = world.cloud.summary();
    assert_eq!((summary.configs_acknowledged, summary.unexpected_pubacks), (20, 0));
    assert!(summary.pings > 10, "{} pings", summary.pings);
}

#[test]
fn hours_in_a_task_lose_nothing() {
    const HOURS: u64 = 8;
    let world = World::new();
    let (mut buffers, mut memory) = ([[0; 512]; 2], [0; 4096]);
    let mut session = world.session(&mut buffers).with_seed(3);
    let mut outbox = Outbox::new(&mut memory, DropPolicy::Newest);
    world.cloud.with_faults(|faults| {
        faults.drop_at = [1111, 6666, 12_345].map(Duration::from_secs).into();
        faults.lose_pubacks = 4;
        faults.lose_publishes = 4;
    });
    let end = Duration::from_secs(HOURS * 3600);
    let (mut produced, mut renewals, mut failures, mut restarted) = (0_u32, 0, 0, false);
    let mut delays = Vec::new();
    world.run(async {
        while world.now() < end || !outbox.is_empty() {
            let stream = AsyncWire(world.open());
            let signer = &mut world.signer.clone();
            match session.connect_async(stream, signer, world.unix_now()).await {
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
            let next = session.next_attempt();
            delays.push((next - world.clock.now()).0);
            world.sleep(next).await;
        }
    });
    let arrived: BTreeSet<u32> = world.cloud.telemetry().iter().map(number).collect();
    assert_eq!(arrived.len(), usize::try_from(produced).unwrap());
    assert_eq!(outbox.dropped(), 0);
    assert!(renewals >= 5 && (3..20).contains(&failures), "{renewals} renewals, {failures} failures");
    assert!(delays.iter().any(|delay| *delay > 16_000) && delays.iter().all(|delay| *delay <= 64_000));
}
