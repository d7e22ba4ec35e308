//! Subscriptions, and the configuration that follows them.

use core::time::Duration;

use iot_core_emulator::{CloseReason, Event};

use crate::support::{Got, World, topic};

#[test]
fn three_filters_are_granted_and_others_answered_with_128() {
    let world = World::with(|settings| settings.rules.push_empty_config = false);
    let mut client = world.connect();
    let config = topic("config");
    let (commands, errors) = (topic("commands/#"), topic("errors"));
    client.subscribe(1, &[(&config, 1), (&commands, 0), (&errors, 2)], world.now);
    assert_eq!(client.next(), Got::Suback(1, vec![1, 0, 1]));
    assert!(world.events().contains(&Event::Subscribed { filter: errors, qos: 1 }));
    for other in
        ["#", "+", "/devices/+/config", "/devices/Other/config", "/devices/mymkrgsm1400/config", "projects/p"]
    {
        client.subscribe(2, &[(other, 1)], world.now);
        assert_eq!(client.next(), Got::Suback(2, vec![0x80]), "{other}");
    }
    for below in ["state", "events", "commands", "commands/folder", "commands/+", "commands/folder/#"] {
        client.subscribe(3, &[(&topic(below), 1)], world.now);
        assert_eq!(client.next(), Got::Suback(3, vec![0x80]), "{below}");
    }
    assert!(!client.is_closed());
}

#[test]
fn the_newest_config_follows_the_subscription_and_every_update() {
    let world = World::new();
    assert_eq!(world.emulator.set_config(&world.path, b"two", world.now), Ok(2));
    let mut client = world.connect();
    client.subscribe(1, &[(&topic("config"), 1)], world.now);
    assert_eq!(client.next(), Got::Suback(1, vec![1]));
    let (to, payload, id, dup) = client.message();
    assert_eq!((to, payload, dup), (topic("config"), b"two".to_vec(), false));
    client.puback(id.unwrap(), world.now);

    assert_eq!(world.emulator.set_config(&world.path, b"three", world.now), Ok(3));
    client.poll(world.now);
    assert_eq!(client.message().1, b"three");
    assert!(client.nothing());
}

#[test]
fn a_new_device_gets_its_empty_first_version_unless_switched_off() {
    for (push, expected) in [(true, true), (false, false)] {
        let world = World::with(|settings| settings.rules.push_empty_config = push);
        let mut client = world.connect();
        client.subscribe(1, &[(&topic("config"), 0)], world.now);
        assert_eq!(client.next(), Got::Suback(1, vec![0]));
        assert_eq!(!client.nothing(), expected);
        if expected {
            assert_eq!(client.message(), (topic("config"), vec![], None, false));
        }
    }
}

#[test]
fn puback_sets_the_acknowledge_time_once() {
    let mut world = World::new();
    let mut client = world.connect();
    client.subscribe(1, &[(&topic("config"), 1)], world.now);
    client.next();
    let id = client.message().2.unwrap();
    assert_eq!(world.emulator.configs(&world.path).unwrap()[0].acknowledged, None);
    world.wait(2.5);
    client.puback(id, world.now);
    let acknowledged = world.emulator.configs(&world.path).unwrap()[0].acknowledged.unwrap();
    assert_eq!(acknowledged.to_string(), "2019-03-14T21:46:42.500Z");
    // The Arduino client acknowledges twice. That is logged, and lived with.
    client.puback(id, world.now);
    assert!(!client.is_closed());
    let summary = world.emulator.summary();
    assert_eq!((summary.configs_acknowledged, summary.unexpected_pubacks), (1, 1));
}

#[test]
fn a_second_puback_can_be_made_to_close() {
    let world = World::with(|settings| settings.rules.strict_puback = true);
    let mut client = world.connect();
    client.subscribe(1, &[(&topic("config"), 1)], world.now);
    client.next();
    let id = client.message().2.unwrap();
    client.puback(id, world.now);
    assert!(!client.is_closed());
    client.puback(id, world.now);
    assert_eq!(world.closed(), [CloseReason::UnexpectedPuback]);
}

#[test]
fn an_unacknowledged_config_comes_again_with_dup_and_the_same_id() {
    let mut world = World::new();
    let mut client = world.connect();
    client.subscribe(1, &[(&topic("config"), 1)], world.now);
    client.next();
    let first = client.message().2.unwrap();
    assert_eq!(client.connection.deadline(), Some(Duration::from_secs(20)));
    world.wait(19.9);
    client.poll(world.now);
    assert!(client.nothing());
    for _ in 0..3 {
        world.wait(20.0);
        client.ping(world.now);
        let (_, _, id, dup) = loop {
            match client.next() {
                Got::Pingresp => {}
                Got::Publish { topic, payload, id, dup, .. } => break (topic, payload, id, dup),
                other => panic!("{other:?}"),
            }
        };
        assert_eq!((id, dup), (Some(first), true));
    }
    client.puback(first, world.now);
    world.wait(50.0);
    client.poll(world.now);
    assert!(!client.is_closed());
    let sent = |event: &Event| matches!(event, Event::ConfigSent { duplicate: true, .. });
    assert_eq!(world.events().iter().filter(|event| sent(event)).count(), 3);
}

#[test]
fn a_newer_version_replaces_one_that_is_not_acknowledged() {
    let mut world = World::new();
    let mut client = world.connect();
    client.subscribe(1, &[(&topic("config"), 1)], world.now);
    client.next();
    let old = client.message().2.unwrap();
    world.emulator.set_config(&world.path, b"two", world.now).unwrap();
    client.poll(world.now);
    let new = client.message().2.unwrap();
    assert_ne!(old, new);
    world.wait(21.0);
    client.poll(world.now);
    assert_eq!(client.message().1, b"two");
    assert!(client.nothing(), "the old version is not sent again");
    // A late PUBACK of the old one is no error, and acknowledges nothing.
    client.puback(old, world.now);
    assert_eq!(world.emulator.summary().configs_acknowledged, 0);
    assert_eq!(world.emulator.summary().unexpected_pubacks, 0);
    client.puback(new, world.now);
    let versions = world.emulator.configs(&world.path).unwrap();
    assert!(versions[0].acknowledged.is_some() && versions[1].acknowledged.is_none());
}

#[test]
fn with_qos_0_a_config_is_sent_once_and_again_on_resubscription() {
    let mut world = World::new();
    let mut client = world.connect();
    client.subscribe(1, &[(&topic("config"), 0)], world.now);
    client.next();
    assert_eq!(client.message().2, None);
    world.wait(45.0);
    client.poll(world.now);
    assert!(client.nothing());
    client.subscribe(2, &[(&topic("config"), 0)], world.now);
    assert_eq!(client.next(), Got::Suback(2, vec![0]));
    assert_eq!(client.message().2, None);
    assert_eq!(world.emulator.configs(&world.path).unwrap()[0].acknowledged, None);
}

#[test]
fn an_unacknowledged_config_comes_again_after_a_reconnect() {
    for dup in [false, true] {
        let world = World::with(|settings| settings.rules.dup_after_reconnect = dup);
        let mut client = world.connect();
        client.subscribe(1, &[(&topic("config"), 1)], world.now);
        client.next();
        assert!(!client.message().3);
        drop(client);
        let mut client = world.connect();
        assert!(client.nothing(), "there is no persistent session");
        client.subscribe(1, &[(&topic("config"), 1)], world.now);
        client.next();
        let (_, _, id, again) = client.message();
        assert_eq!(again, dup);
        client.puback(id.unwrap(), world.now);
        drop(client);
        let mut client = world.connect();
        client.subscribe(1, &[(&topic("config"), 1)], world.now);
        client.next();
        assert!(!client.message().3, "it was acknowledged in between");
    }
}

#[test]
fn after_unsubscribe_nothing_is_pushed() {
    let world = World::new();
    let mut client = world.connect();
    let (config, commands) = (topic("config"), topic("commands/#"));
    client.subscribe(1, &[(&config, 0), (&commands, 0)], world.now);
    client.next();
    client.message();
    client.unsubscribe(9, &[&config, &commands], world.now);
    assert_eq!(client.next(), Got::Unsuback(9));
    assert!(!client.is_closed());
    world.emulator.set_config(&world.path, b"unheard", world.now).unwrap();
    assert!(world.emulator.send_command(&world.path, "", b"unheard", world.now).is_err());
    client.poll(world.now);
    assert!(client.nothing());
}

#[test]
fn a_config_of_64_kb_is_the_largest() {
    let world = World::new();
    let largest = vec![7; 64 * 1024];
    assert!(world.emulator.set_config(&world.path, &largest, world.now).is_ok());
    let too_large = [&largest[..], &[7]].concat();
    assert!(world.emulator.set_config(&world.path, &too_large, world.now).is_err());
    let mut client = world.connect();
    client.subscribe(1, &[(&topic("config"), 1)], world.now);
    client.next();
    assert_eq!(client.message().1, largest);
}
