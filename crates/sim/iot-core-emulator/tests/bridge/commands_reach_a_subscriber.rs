//! Commands: now or never.

use iot_core_emulator::{CommandError, Event};

use crate::support::{Got, World, topic};

#[test]
fn a_command_needs_a_connected_subscriber() {
    let world = World::new();
    let send = || world.emulator.send_command(&world.path, "", b"Hello There!", world.now);
    assert_eq!(send(), Err(CommandError::FailedPrecondition));
    let mut client = world.connect();
    assert_eq!(send(), Err(CommandError::FailedPrecondition));
    client.subscribe(1, &[(&topic("commands/#"), 0)], world.now);
    client.next();
    let id = send().unwrap();
    client.poll(world.now);
    assert_eq!(client.message(), (topic("commands"), b"Hello There!".to_vec(), None, false));
    assert!(world.events().contains(&Event::CommandSent { command: id, qos: 0, duplicate: false }));
    drop(client);
    assert_eq!(send(), Err(CommandError::FailedPrecondition));
}

#[test]
fn a_subfolder_is_in_the_topic() {
    let world = World::new();
    let mut client = world.connect();
    client.subscribe(1, &[(&topic("commands/#"), 1)], world.now);
    client.next();
    world.emulator.send_command(&world.path, "lamp/left", b"on", world.now).unwrap();
    client.poll(world.now);
    assert_eq!(client.message().0, topic("commands/lamp/left"));
    for bad in ["+", "a#", "a\0b", "x".repeat(257).as_str()] {
        let sent = world.emulator.send_command(&world.path, bad, b"on", world.now);
        assert_eq!(sent, Err(CommandError::Subfolder), "{bad:?}");
    }
}

#[test]
fn a_qos_1_command_is_retried_until_acknowledged() {
    let mut world = World::new();
    let mut client = world.connect();
    client.subscribe(1, &[(&topic("commands/#"), 1)], world.now);
    client.next();
    let id = world.emulator.send_command(&world.path, "", b"go", world.now).unwrap();
    client.poll(world.now);
    let (_, _, packet_id, dup) = client.message();
    assert!(!dup);
    world.wait(20.0);
    client.poll(world.now);
    assert_eq!(client.message(), (topic("commands"), b"go".to_vec(), packet_id, true));
    client.puback(packet_id.unwrap(), world.now);
    assert!(world.events().contains(&Event::CommandAcknowledged { command: id }));
    world.wait(30.0);
    client.poll(world.now);
    assert!(client.nothing());
    assert_eq!(world.emulator.summary().commands_acknowledged, 1);
}

#[test]
fn a_command_that_nobody_acknowledges_is_given_up() {
    let mut world = World::new();
    let mut client = world.connect();
    client.subscribe(1, &[(&topic("commands/#"), 1)], world.now);
    client.next();
    let id = world.emulator.send_command(&world.path, "", b"go", world.now).unwrap();
    client.poll(world.now);
    let packet_id = client.message().2.unwrap();
    for _ in 0..3 {
        world.wait(20.0);
        client.ping(world.now);
    }
    assert!(world.events().contains(&Event::CommandLost { command: id }));
    let copies = core::iter::from_fn(|| (!client.nothing()).then(|| client.next()));
    assert_eq!(copies.filter(|got| matches!(got, Got::Publish { .. })).count(), 2);
    // Its acknowledgement may still come.
    client.puback(packet_id, world.now);
    assert_eq!(world.emulator.summary().unexpected_pubacks, 0);
    assert_eq!(world.emulator.summary().commands_acknowledged, 0);
}

#[test]
fn a_command_is_lost_with_its_connection() {
    let world = World::new();
    let mut client = world.connect();
    client.subscribe(1, &[(&topic("commands/#"), 1)], world.now);
    let id = world.emulator.send_command(&world.path, "", b"go", world.now).unwrap();
    drop(client);
    assert!(world.events().contains(&Event::CommandLost { command: id }));
}

#[test]
fn a_command_of_256_kb_is_the_largest() {
    let world = World::new();
    let mut client = world.connect();
    client.subscribe(1, &[(&topic("commands/#"), 0)], world.now);
    client.next();
    let largest = vec![1; 256 * 1024];
    world.emulator.send_command(&world.path, "", &largest, world.now).unwrap();
    client.poll(world.now);
    assert_eq!(client.message().1.len(), 256 * 1024);
    let too_large = vec![1; 256 * 1024 + 1];
    assert_eq!(
        world.emulator.send_command(&world.path, "", &too_large, world.now),
        Err(CommandError::TooLarge)
    );
}
