//! Messages that are larger than the receive buffer come in pieces, and are acknowledged.

mod support;

use core::time::Duration;

use gcp_iot_core::{Backoff, Command, Config, DropPolicy, Event, Head, Outbox, QoS};
use monoclock::{Clock, Millis};
use support::World;

#[test]
fn a_configuration_of_64_kb_and_a_command_of_256_kb_come_in_pieces() {
    let world = World::new();
    let config: Vec<u8> = (0..64 * 1024).map(|index| u8::try_from(index % 251).unwrap()).collect();
    let command = vec![b'c'; 256 * 1024];
    world.cloud.set_config(&world.device, &config, world.now()).unwrap();
    let mut buffers = [[0; 512]; 2];
    let mut session = world.session(&mut buffers);
    let mut device = session.connect(world.open(), &mut world.signer.clone(), world.unix_now()).unwrap();
    let (mut heads, mut bodies, mut sent) = (Vec::new(), Vec::<Vec<u8>>::new(), false);
    while let Some(event) = device.wait(world.clock.now() + Millis::from_secs(1)).unwrap() {
        match event {
            Event::Large { head, length } => {
                heads.push((
                    match head {
                        Head::Config(Config { device, payload }) => format!("config of {device} {payload:?}"),
                        Head::Command(Command { subfolder, .. }) => format!("command {subfolder}"),
                        Head::Other(topic) => topic.to_owned(),
                    },
                    length,
                ));
                bodies.push(Vec::new());
            }
            Event::Chunk { payload, left } => {
                let body = bodies.last_mut().unwrap();
                body.extend(payload);
                assert_eq!(body.len() + left, heads.last().unwrap().1);
                if left == 0 && !core::mem::replace(&mut sent, true) {
                    world.cloud.send_command(&world.device, "big", &command, world.now()).unwrap();
                }
            }
            Event::Subscribed => {}
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(
        heads,
        [("config of MyMKRGSM1400 []".to_owned(), config.len()), ("command big".to_owned(), command.len())]
    );
    assert_eq!(bodies, [config, command]);
    assert_eq!(world.cloud.summary().configs_acknowledged, 1);
}

#[test]
fn an_event_larger_than_the_transmit_buffer_is_refused_and_the_connection_lives_on() {
    let world = World::new();
    let mut buffers = [[0; 512]; 2];
    let mut session = world.session(&mut buffers);
    let mut device = session.connect(world.open(), &mut world.signer.clone(), world.unix_now()).unwrap();
    let error = device.publish_event("", &[0; 600], QoS::AtLeastOnce).unwrap_err();
    assert!(matches!(error, gcp_iot_core::Error::Link(mqtt_lite::Error::Resource(_))), "{error:?}");
    assert!(!error.is_over());
    let number = device.publish_event("", &[0; 400], QoS::AtLeastOnce).unwrap();
    while let Some(event) = device.wait(world.clock.now() + Millis::from_secs(1)).unwrap() {
        if let Event::Published(arrived) = event {
            assert_eq!(Some(arrived), number);
        }
    }
    assert_eq!(world.cloud.telemetry()[0].payload.len(), 400);
}

#[test]
fn an_event_that_no_link_can_carry_can_be_discarded_and_the_rest_goes_on() {
    let world = World::new();
    let (mut buffers, mut memory) = ([[0; 512]; 2], [0; 2048]);
    let mut outbox = Outbox::new(&mut memory, DropPolicy::Newest);
    for size in [1, 600, 2] {
        outbox.push("", &vec![0; size]).unwrap();
    }
    let mut session = world.session(&mut buffers);
    let mut device = session.connect(world.open(), &mut world.signer.clone(), world.unix_now()).unwrap();
    let mut refused = 0;
    while !outbox.is_empty() {
        if let Err(error) = device.flush(&mut outbox) {
            assert!(!error.is_over(), "{error:?}");
            refused += 1;
        }
        match device.wait(world.clock.now() + Millis::from_secs(1)).unwrap() {
            Some(Event::Published(number)) => assert!(outbox.acknowledge(number)),
            // Nothing is in flight: the oldest is the one that does not go out.
            None => assert!(outbox.discard_oldest()),
            Some(_) => {}
        }
    }
    assert!(refused > 0 && !outbox.discard_oldest());
    assert_eq!(outbox.dropped(), 1);
    let sizes: Vec<_> = world.cloud.telemetry().iter().map(|event| event.payload.len()).collect();
    assert_eq!(sizes, [1, 2]);
}

#[test]
fn keep_alive_and_delays_can_be_set() {
    let world = World::new();
    let mut buffers = [[0; 512]; 2];
    let backoff = Backoff::new(Millis::from_secs(10), Millis::from_secs(20), 1);
    let mut session = world.session(&mut buffers).with_keep_alive(600).with_backoff(backoff);
    let mut device = session.connect(world.open(), &mut world.signer.clone(), world.unix_now()).unwrap();
    assert!(device.is_answer_awaited(), "the subscription is to be confirmed");
    while device.wait(world.clock.now() + Millis::from_secs(900)).unwrap().is_some() {}
    assert!(!device.is_answer_awaited());
    assert_eq!(world.cloud.summary().pings, 2, "each 450 s");
    world.cut.set(true);
    assert!(device.publish_state(b"", QoS::AtMostOnce).is_err());
    world.cut.set(false);
    drop(device);
    for delay in [5..=10, 10..=20, 10..=20] {
        let at = session.next_attempt() - world.clock.now();
        assert!(delay.contains(&(at.0 / 1000)), "{at:?}");
    }
    world.clock.advance(Duration::from_secs(20));
}
