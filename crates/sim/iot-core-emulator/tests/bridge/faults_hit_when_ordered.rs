//! Faults of the service: each does what it says, and no more.

use core::time::Duration;

use iot_core_emulator::{CloseReason, Event, Refusal};

use crate::support::{Got, World, topic};

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[test]
fn a_restart_drops_everyone_and_accepts_none_for_a_while() {
    let mut world = World::new();
    let mut client = world.connect();
    client.subscribe(1, &[(&topic("config"), 1)], world.now);
    world.emulator.set_config(&world.path, b"kept", world.now).unwrap();
    world.emulator.restart(world.now, seconds(30));
    assert_eq!(client.connection.deadline(), Some(world.now));
    client.poll(world.now);
    assert!(client.is_closed());
    assert_eq!(world.closed(), [CloseReason::Dropped]);

    world.wait(29.9);
    let mut early = world.accept();
    assert!(early.is_closed());
    assert_eq!(early.connection.deadline(), Some(world.now));
    early.poll(world.now);
    assert_eq!(early.connection.deadline(), None);
    assert!(world.events().contains(&Event::TurnedAway));

    world.wait(0.1);
    let mut client = world.connect();
    client.subscribe(1, &[(&topic("config"), 1)], world.now);
    client.next();
    assert_eq!(client.message().1, b"kept", "the registry survives");
}

#[test]
fn an_unavailable_service_answers_3() {
    let mut world = World::new();
    world.emulator.with_faults(|faults| faults.unavailable_until = Some(seconds(10)));
    let mut client = world.try_connect(&world.token());
    assert_eq!(client.connack(), 3);
    assert!(world.events().contains(&Event::Refused { code: 3, reason: Refusal::Unavailable }));
    world.wait(10.0);
    world.connect();
}

#[test]
fn connections_are_dropped_at_the_moments_ordered() {
    let mut world = World::new();
    world.emulator.with_faults(|faults| faults.drop_at = vec![seconds(70), seconds(20)]);
    let mut client = world.connect();
    assert_eq!(client.connection.deadline(), Some(seconds(20)));
    world.now = seconds(20);
    client.poll(world.now);
    assert!(client.is_closed() && client.nothing());
    let mut client = world.connect();
    assert_eq!(client.connection.deadline(), Some(seconds(70)));
    world.now = seconds(70);
    client.ping(world.now);
    assert!(client.is_closed() && client.nothing());
    assert_eq!(world.closed(), [CloseReason::Dropped, CloseReason::Dropped]);
    assert_eq!(world.connect().connection.deadline(), Some(seconds(70 + 90)));
}

#[test]
fn a_drop_spares_who_came_after_it() {
    let mut world = World::new();
    let old = world.connect();
    world.emulator.with_faults(|faults| faults.drop_at = vec![seconds(5)]);
    world.now = seconds(6);
    let new = world.accept();
    assert!(old.is_closed() && !new.is_closed());
}

#[test]
fn puback_can_be_late() {
    let mut world = World::new();
    let mut client = world.connect();
    world.emulator.with_faults(|faults| faults.puback_delay = seconds(7));
    client.publish(&topic("events"), b"1", Some(1), world.now);
    world.wait(3.0);
    client.publish(&topic("events"), b"2", Some(2), world.now);
    assert!(client.nothing());
    assert_eq!(client.connection.deadline(), Some(seconds(7)));
    world.now = seconds(7);
    client.poll(world.now);
    assert_eq!(client.next(), Got::Puback(1));
    assert_eq!(client.connection.deadline(), Some(seconds(10)));
    // What is not late any more does not overtake what is.
    world.emulator.with_faults(|faults| faults.puback_delay = Duration::ZERO);
    client.publish(&topic("events"), b"3", Some(3), world.now);
    assert!(client.nothing());
    world.now = seconds(10);
    client.poll(world.now);
    assert_eq!((client.next(), client.next()), (Got::Puback(2), Got::Puback(3)));
}

#[test]
fn a_lost_puback_leaves_the_message_and_a_lost_publish_does_not() {
    let world = World::new();
    let mut client = world.connect();
    world.emulator.with_faults(|faults| faults.lose_pubacks = 1);
    client.publish(&topic("events"), b"1", Some(1), world.now);
    world.emulator.with_faults(|faults| faults.lose_publishes = 1);
    client.publish(&topic("events"), b"2", Some(2), world.now);
    assert!(client.nothing());
    client.publish(&topic("events"), b"3", Some(3), world.now);
    assert_eq!(client.next(), Got::Puback(3));
    let payloads: Vec<Vec<u8>> =
        world.emulator.telemetry().into_iter().map(|telemetry| telemetry.payload).collect();
    assert_eq!(payloads, [b"1", b"3"]);
}

#[test]
fn a_silent_service_catches_up() {
    let mut world = World::new();
    let mut client = world.connect();
    world.emulator.with_faults(|faults| faults.silent_until = Some(seconds(100)));
    client.publish(&topic("events"), b"1", Some(1), world.now);
    world.wait(60.0);
    client.ping(world.now);
    assert!(client.nothing());
    assert_eq!(client.connection.deadline(), Some(seconds(100)));
    assert_eq!(world.emulator.summary().events_received, 0);
    world.now = seconds(100);
    client.poll(world.now);
    assert_eq!((client.next(), client.next()), (Got::Puback(1), Got::Pingresp));
    // The keep alive of 60 s ran out during the silence, but not for lack of packets.
    assert!(!client.is_closed());
}

#[test]
fn the_journal_keeps_as_much_as_it_is_told() {
    let world = World::with(|settings| settings.kept = 3);
    let mut client = world.connect();
    for _ in 0..10 {
        client.publish(&topic("events"), b"x", None, world.now);
    }
    assert_eq!((world.emulator.journal().len(), world.emulator.telemetry().len()), (3, 3));
    assert_eq!(world.emulator.summary().events_received, 10);
    assert_eq!(world.emulator.drain_journal().len(), 3);
    assert!(world.emulator.journal().is_empty());
}
