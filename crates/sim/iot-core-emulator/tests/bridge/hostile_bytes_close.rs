//! Bytes that no client should send: each closes, with a reason in the journal.

use core::time::Duration;

use iot_core_emulator::{CloseReason, FrameError};
use proptest::prelude::*;

use crate::support::{World, packet, string, topic};

/// What the fuzz target does with its input.
#[path = "../../fuzz/drive.rs"]
mod drive;

/// Sends `bytes` on a connection that is online.
fn online(bytes: &[u8]) -> Vec<CloseReason> {
    let world = World::new();
    let mut client = world.connect();
    client.connection.receive(bytes, world.now);
    world.closed()
}

/// Sends `bytes` as the first of a connection.
fn first(bytes: &[u8]) -> Vec<CloseReason> {
    let world = World::new();
    let mut connection = world.emulator.accept_plain(world.now);
    connection.receive(bytes, world.now);
    assert!(connection.transmit(world.now).is_empty(), "a malformed CONNECT gets no CONNACK");
    world.closed()
}

#[test]
fn lengths_beyond_the_limit_close_before_the_bytes_come() {
    // 256 MB announced, nothing sent.
    assert_eq!(
        online(&[0x30, 0xff, 0xff, 0xff, 0x7f]),
        [CloseReason::Frame(FrameError::TooLarge(268_435_460))]
    );
    assert_eq!(first(&[0x10, 0xff, 0xff, 0x7f]), [CloseReason::Frame(FrameError::TooLarge(2_097_155))]);
    assert_eq!(online(&[0x30, 0xff, 0xff, 0xff, 0xff]), [CloseReason::Frame(FrameError::RemainingLength)]);
}

#[test]
fn reserved_types_and_flags_close() {
    assert_eq!(online(&[0x00, 0]), [CloseReason::Frame(FrameError::Type(0))]);
    assert_eq!(online(&[0xf0, 0]), [CloseReason::Frame(FrameError::Type(15))]);
    assert_eq!(online(&[0xc1, 0]), [CloseReason::Frame(FrameError::Flags(0xc1))]);
    assert_eq!(online(&[0x36, 0]), [CloseReason::Frame(FrameError::Flags(0x36))]);
    assert_eq!(online(&[0x80, 0]), [CloseReason::Frame(FrameError::Flags(0x80))]);
}

#[test]
fn the_first_packet_is_connect() {
    for packet in [&[0xc0, 0][..], &[0xe0, 0], &[0x30, 3, 0, 1, b'a'], &[0x40, 2, 0, 1]] {
        assert_eq!(first(packet), [CloseReason::NotConnect]);
    }
}

#[test]
fn malformed_connects_close_without_connack() {
    let connect = |flags: u8, rest: &[u8]| {
        let body = [&[0, 4, b'M', b'Q', b'T', b'T', 4, flags, 0, 60], rest].concat();
        packet(0x10, &body)
    };
    for packet in [
        vec![0x10, 0],
        vec![0x10, 6, 0, 4, b'M', b'Q', b'T', b'T'],
        vec![0x10, 7, 0, 4, b'M', b'Q', b'T', b'X', 4],
        vec![0x10, 7, 0, 4, b'M', b'Q', b'T', b'T', 4],
        connect(0x03, &[0, 0]),                         // reserved flag
        connect(0xc2, &[0, 9, b'a']),                   // client id cut short
        connect(0xc2, &[0, 1, b'a', 0, 1, b'u']),       // password missing
        connect(0xc2, &[0, 1, b'a', 0, 1, b'u', 0, 2]), // password cut short
        connect(0x02, &[0, 1, b'a', 0xff]),             // a byte too many
        connect(0x02, &[0, 2, 0xc3, 0x28]),             // not UTF-8
    ] {
        let closed = first(&packet);
        assert!(matches!(closed[..], [CloseReason::Protocol(_)]), "{packet:x?}: {closed:?}");
    }
}

#[test]
fn packets_of_the_server_and_of_qos_2_close() {
    for packet in [
        &[0x20, 2, 0, 0][..],            // CONNACK
        &[0x90, 3, 0, 1, 0],             // SUBACK
        &[0xb0, 2, 0, 1],                // UNSUBACK
        &[0xd0, 0],                      // PINGRESP
        &[0x50, 2, 0, 1],                // PUBREC
        &[0x62, 2, 0, 1],                // PUBREL
        &[0x70, 2, 0, 1],                // PUBCOMP
        &[0x82, 2, 0, 1],                // SUBSCRIBE without a filter
        &[0x82, 6, 0, 1, 0, 1, b'a', 3], // QoS 3
        &[0xa2, 2, 0, 1],                // UNSUBSCRIBE without a filter
        &[0x40, 1, 0],                   // PUBACK cut short
        &[0x32, 2, 0, 0],                // PUBLISH without an identifier
        &[0xc0, 1, 0],                   // PINGREQ with a body
    ] {
        let closed = online(packet);
        assert!(matches!(closed[..], [CloseReason::Protocol(_)]), "{packet:x?}: {closed:?}");
    }
}

#[test]
fn a_second_connect_closes() {
    let world = World::new();
    let mut client = world.connect();
    client
        .connection
        .receive(&[0x10, 14, 0, 4, b'M', b'Q', b'T', b'T', 4, 2, 0, 60, 0, 2, b'a', b'b'], world.now);
    assert!(matches!(world.closed()[..], [CloseReason::Protocol(_)]));
}

#[test]
fn after_the_close_nothing_is_heard() {
    let world = World::new();
    let mut client = world.connect();
    let state = packet(0x30, &string(&topic("state")));
    client.connection.receive(&[&[0xe0, 0], &state[..]].concat(), world.now);
    client.connection.receive(&state, world.now);
    assert!(world.emulator.states(&world.path).unwrap().is_empty());
    assert_eq!(world.closed(), [CloseReason::Disconnect]);
}

/// Packets that look right at first: a good header, then anything.
fn plausible() -> impl Strategy<Value = Vec<u8>> {
    let header = prop::sample::select(vec![0x10, 0x30, 0x32, 0x3a, 0x40, 0x62, 0x82, 0xa2, 0xc0, 0xe0]);
    let filter =
        prop::sample::select(vec!["/devices/MyMKRGSM1400/config", "/devices/MyMKRGSM1400/state", "#", ""]);
    (header, prop::option::of(filter), prop::collection::vec(any::<u8>(), 0..40)).prop_map(
        |(header, filter, bytes)| {
            let id: &[u8] = if header & 0x80 != 0 { &[0, 1] } else { &[] };
            let filter = filter.map(string);
            let body = [id, &filter.unwrap_or_default(), &bytes].concat();
            packet(header, &body)
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn any_bytes_leave_the_bridge_standing(
        bytes in prop::collection::vec(any::<u8>(), 0..300),
        packets in prop::collection::vec(plausible(), 0..8),
        step in 0u64..100,
        connected: bool,
    ) {
        // One authority for all cases would be enough, but each case wants a clean registry.
        let world = World::new();
        let mut connection =
            if connected { world.connect().connection } else { world.emulator.accept_plain(world.now) };
        let mut now = world.now;
        for bytes in packets.iter().chain([&bytes]) {
            connection.receive(bytes, now);
            now += Duration::from_secs(step);
            let _ = connection.transmit(now);
        }
        prop_assert!(connection.is_closed() || connection.deadline().is_some());
        // The bridge still serves the next.
        let mut next = World { now, ..world }.connect();
        next.ping(now);
    }

    #[test]
    fn any_orders_leave_the_bridge_standing(input in prop::collection::vec(any::<u8>(), 0..400)) {
        drive::drive(&input);
    }
}
