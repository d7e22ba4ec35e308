//! Keep alive, idle limit, token expiry, age, and take-over.

use core::time::Duration;

use iot_core_emulator::{CloseReason, Event, Refusal, Takeover};

use crate::support::{Got, World, topic};

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[test]
fn nothing_for_one_and_a_half_keep_alives_closes() {
    let mut world = World::new();
    let mut client = world.connect(); // keep alive 60 s
    assert_eq!(client.connection.deadline(), Some(seconds(90)));
    world.wait(89.0);
    client.ping(world.now);
    assert_eq!(client.next(), Got::Pingresp);
    assert_eq!(client.connection.deadline(), Some(seconds(89 + 90)));
    world.wait(89.999);
    client.poll(world.now);
    assert!(!client.is_closed());
    world.wait(0.001);
    client.poll(world.now);
    assert!(client.is_closed());
    assert_eq!(world.closed(), [CloseReason::KeepAlive]);
    assert_eq!(client.connection.deadline(), None);
}

#[test]
fn every_packet_keeps_alive_and_half_a_packet_does_not() {
    let mut world = World::new();
    let mut client = world.connect();
    for _ in 0..3 {
        world.wait(80.0);
        client.publish(&topic("state"), b"x", None, world.now);
        assert!(!client.is_closed());
    }
    world.wait(80.0);
    client.raw(&[0xc0], world.now);
    world.wait(10.0);
    client.poll(world.now);
    assert_eq!(world.closed(), [CloseReason::KeepAlive]);
}

#[test]
fn without_keep_alive_twenty_idle_minutes_close() {
    let mut world = World::new();
    let mut client = world.accept();
    client.connect(&world.path.to_string(), &world.token(), 0, world.now);
    assert_eq!(client.connack(), 0);
    assert_eq!(client.connection.deadline(), Some(seconds(20 * 60)));
    world.wait(1199.0);
    client.publish(&topic("state"), b"x", None, world.now);
    world.wait(1200.0);
    client.poll(world.now);
    assert_eq!(world.closed(), [CloseReason::Idle]);
}

#[test]
fn a_long_keep_alive_does_not_lengthen_the_idle_limit() {
    let mut world = World::new();
    let mut client = world.accept();
    client.connect(&world.path.to_string(), &world.token(), 3600, world.now);
    world.wait(1200.0);
    client.poll(world.now);
    assert_eq!(world.closed(), [CloseReason::Idle]);
}

#[test]
fn ten_minutes_after_its_token_expires_a_connection_is_cut() {
    let mut world = World::new();
    let mut client = world.connect(); // one hour
    let cut = seconds(3600 + 600);
    // Kept alive each minute, it lives on.
    for minute in 1..=69 {
        world.now = seconds(minute * 60);
        client.ping(world.now);
    }
    assert_eq!(client.connection.deadline(), Some(cut));
    world.now = cut - Duration::from_millis(1);
    client.ping(world.now);
    assert!(!client.is_closed());
    world.now = cut;
    client.poll(world.now);
    assert_eq!(world.closed(), [CloseReason::TokenExpired]);
    // A new token is all it takes.
    world.connect();
}

#[test]
fn no_connection_grows_older_than_a_day() {
    let mut world = World::with(|settings| settings.limits.connection = Some(seconds(1800)));
    let mut client = world.connect();
    while world.now < seconds(1800) {
        assert!(!client.is_closed());
        world.wait(60.0);
        client.ping(world.now);
    }
    assert_eq!(world.closed(), [CloseReason::TooOld]);
    assert_eq!(World::new().connect().connection.deadline(), Some(seconds(90)));
}

#[test]
fn connect_must_come_in_time() {
    let mut world = World::new();
    let mut client = world.accept();
    assert_eq!(client.connection.deadline(), Some(seconds(60)));
    world.wait(59.0);
    client.raw(&[0x10], world.now);
    world.wait(1.0);
    client.poll(world.now);
    assert_eq!(world.closed(), [CloseReason::ConnectTimeout]);
}

#[test]
fn disconnect_and_a_closed_transport_end_a_connection() {
    let world = World::new();
    let mut client = world.connect();
    client.raw(&[0xe0, 0], world.now);
    assert!(client.is_closed());
    let mut other = world.connect();
    other.connection.close(world.now);
    assert!(other.is_closed());
    assert_eq!(world.closed(), [CloseReason::Disconnect, CloseReason::ByPeer]);
    assert!(!world.emulator.is_connected(&world.path));
}

#[test]
fn a_second_connection_takes_over() {
    let world = World::new();
    let mut first = world.connect();
    let mut second = world.connect();
    assert!(first.is_closed() && !second.is_closed());
    assert_eq!(world.closed(), [CloseReason::TakenOver]);
    assert_eq!(first.connection.deadline(), Some(world.now), "its transport is to be told");
    // What the first still says is not heard, and its end does not end the second.
    first.raw(&[0xc0, 0], world.now);
    assert!(first.nothing());
    drop(first);
    second.subscribe(1, &[(&topic("commands/#"), 0)], world.now);
    assert!(world.emulator.send_command(&world.path, "", b"x", world.now).is_ok());
    assert!(world.emulator.is_connected(&world.path));
}

#[test]
fn a_bad_second_connection_takes_nothing_over() {
    let world = World::new();
    let first = world.connect();
    assert_eq!(world.try_connect("bad").connack(), 5);
    assert!(!first.is_closed());
}

#[test]
fn the_first_connection_can_be_made_to_stay() {
    let world = World::with(|settings| settings.rules.takeover = Takeover::RefuseSecond);
    let first = world.connect();
    assert_eq!(world.try_connect(&world.token()).connack(), 2);
    assert!(!first.is_closed());
    assert!(world.events().contains(&Event::Refused { code: 2, reason: Refusal::IdInUse }));
}

#[test]
fn pings_are_the_devices_heartbeat() {
    let mut world = World::new();
    let mut client = world.connect();
    world.wait(30.0);
    client.ping(world.now);
    let heartbeat = world.emulator.device(&world.path).unwrap().last_heartbeat.unwrap();
    assert_eq!(heartbeat.unix(), world.unix());
    assert_eq!(world.emulator.summary().pings, 1);
}

#[test]
fn a_month_of_connections_leaves_nothing_behind() {
    let mut world = World::new();
    let month = seconds(30 * 24 * 3600);
    let mut client = world.connect();
    let mut sent = 0;
    // A ping each minute and a state each hour; the client waits to be cut before it takes a new token.
    while world.now < month {
        world.wait(60.0);
        client.ping(world.now);
        if client.is_closed() {
            client = world.connect();
        }
        if world.now.as_secs().is_multiple_of(3600) {
            client.publish(&topic("state"), b"alive", None, world.now);
            sent += 1;
        }
        assert_eq!(world.emulator.transports(), 1);
    }
    let summary = world.emulator.summary();
    assert_eq!((summary.states_received, sent), (720, 720));
    // One connection in 70 minutes, and the first.
    assert_eq!(summary.connections, month.as_secs() / 4200 + 1);
    let expired = |reason: &&CloseReason| **reason == CloseReason::TokenExpired;
    assert_eq!(world.closed().iter().filter(expired).count(), world.closed().len());
    drop(client);
    assert_eq!(world.emulator.transports(), 0);
    assert!(!world.emulator.is_connected(&world.path));
}
