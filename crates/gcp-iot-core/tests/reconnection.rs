//! A device stays connected: tokens are renewed, and lost connections come back.

mod support;

use core::time::Duration;

use gcp_iot_core::{Error, Event, QoS};
use iot_core_emulator as cloud;
use monoclock::{Clock, Millis};
use support::World;

#[test]
fn a_token_is_renewed_before_it_expires_and_at_once() {
    let world = World::new();
    let mut buffers = [[0; 512]; 2];
    let mut session = world.session(&mut buffers).with_seed(1);
    for _ in 0..5 {
        let began = world.now();
        let mut device = session.connect(world.open(), &mut world.signer.clone(), world.unix_now()).unwrap();
        let end = world.clock.now() + Millis::from_secs(7200);
        let error = loop {
            match device.wait(end) {
                Ok(event) => assert!(matches!(event, Some(Event::Subscribed | Event::Config(_)))),
                Err(error) => break error,
            }
        };
        assert_eq!(error, Error::TokenExpiring);
        device.disconnect().unwrap();
        let lasted = (world.now() - began).as_secs();
        assert!((3480..=3540).contains(&lasted), "renewed after {lasted} s of 3600");
        assert_eq!(session.next_attempt(), world.clock.now());
    }
    assert_eq!(world.cloud.summary().tokens_verified, 5);
    let expired = |record: &cloud::Record| {
        matches!(record.event, cloud::Event::Closed { reason: cloud::CloseReason::TokenExpired, .. })
    };
    assert!(!world.cloud.journal().iter().any(expired));
}

#[test]
fn renewal_times_differ_so_that_a_fleet_does_not_reconnect_at_once() {
    let mut ends = Vec::new();
    for seed in 1..=5 {
        let world = World::new();
        let mut buffers = [[0; 512]; 2];
        let mut session = world.session(&mut buffers).with_seed(seed * 0x1234_5678);
        let mut device = session.connect(world.open(), &mut world.signer.clone(), world.unix_now()).unwrap();
        while device.wait(world.clock.now() + Millis::from_secs(7200)).is_ok() {}
        ends.push(world.now());
    }
    ends.sort();
    ends.dedup();
    assert_eq!(ends.len(), 5);
}

#[test]
fn delays_grow_while_the_service_is_down_and_start_again_after_success() {
    let world = World::new();
    let mut buffers = [[0; 512]; 2];
    let mut session = world.session(&mut buffers).with_seed(3);
    world.cloud.restart(world.now(), Duration::from_secs(600));
    let mut delays = Vec::new();
    let mut device = loop {
        // The borrow of a failed attempt ends with it.
        if session.connect(world.open(), &mut world.signer.clone(), world.unix_now()).is_ok() {
            break session.connect(world.open(), &mut world.signer.clone(), world.unix_now()).unwrap();
        }
        let at = session.next_attempt();
        delays.push((at - world.clock.now()).0);
        world.clock.wait(at);
    };
    assert!(delays.windows(2).take(5).all(|pair| pair[1] >= pair[0]), "{delays:?}");
    assert!(delays.iter().all(|delay| *delay <= 64_000));
    assert!(delays.len() < 25, "{} attempts in 600 s", delays.len());
    assert!(world.now() < Duration::from_secs(600 + 64));

    // A connection that lasts for a minute has succeeded.
    let minute = world.clock.now() + Millis::from_secs(61);
    while device.wait(minute).unwrap().is_some() {}
    drop(device);
    assert!((session.next_attempt() - world.clock.now()).0 <= 1000);
}

#[test]
fn a_connection_that_breaks_at_once_does_not_reset_the_delay() {
    let world = World::new();
    let mut buffers = [[0; 512]; 2];
    let mut session = world.session(&mut buffers).with_seed(3);
    let mut last = 0;
    for _ in 0..8 {
        drop(session.connect(world.open(), &mut world.signer.clone(), world.unix_now()).unwrap());
        let at = session.next_attempt();
        last = (at - world.clock.now()).0;
        world.clock.wait(at);
    }
    assert!(last >= 32_000, "{last} ms after eight failures");
}

#[test]
fn a_state_that_is_weeks_old_holds_no_other_back() {
    let world = World::new();
    let mut buffers = [[0; 512]; 2];
    let mut session = world.session(&mut buffers);
    // Instants wrap after 49.7 days.
    for days in 1..60 {
        let mut device = session.connect(world.open(), &mut world.signer.clone(), world.unix_now()).unwrap();
        if [1, 26, 59].contains(&days) {
            device.publish_state(b"up", QoS::AtMostOnce).unwrap();
        }
        drop(device);
        world.clock.advance(Duration::from_secs(86_400));
    }
    assert_eq!(world.states().len(), 3);
}
