//! Telemetry survives what happens to connections.

mod support;

use core::time::Duration;

use gcp_iot_core::{DropPolicy, Event, Outbox};
use monoclock::{Clock, Millis};
use support::World;

#[test]
fn every_event_arrives_though_connections_die_and_acknowledgements_are_lost() {
    let world = World::new();
    let (mut buffers, mut memory) = ([[0; 512]; 2], [0; 1024]);
    let mut outbox = Outbox::new(&mut memory, DropPolicy::Newest);
    let mut session = world.session(&mut buffers).with_seed(5);
    world.cloud.with_faults(|faults| {
        faults.drop_at = (1..10).map(|hour| Duration::from_secs(hour * 333)).collect();
        faults.lose_pubacks = 5;
        faults.lose_publishes = 5;
    });
    let mut produced = 0;
    while world.now() < Duration::from_secs(3600) || !outbox.is_empty() {
        let connected = session.connect(world.open(), &mut world.signer.clone(), world.unix_now());
        if let Ok(mut device) = connected {
            let mut tick = world.clock.now();
            loop {
                if device.flush(&mut outbox).is_err() {
                    break;
                }
                match device.wait(tick) {
                    Ok(Some(Event::Published(number))) => assert!(outbox.acknowledge(number)),
                    Ok(Some(_)) => {}
                    Ok(None) => {
                        if world.now() >= Duration::from_secs(3600) && outbox.is_empty() {
                            break;
                        }
                        if produced < 360 {
                            outbox.push("count", produced.to_string().as_bytes()).unwrap();
                            produced += 1;
                        }
                        tick = world.clock.now() + Millis::from_secs(10);
                    }
                    Err(_) => break,
                }
            }
        }
        world.clock.wait(session.next_attempt());
    }
    let arrived: Vec<u32> = world.cloud.telemetry().iter().map(support::number).collect();
    assert!(
        arrived.len() > 360,
        "{} deliveries: the lost acknowledgements made no duplicates",
        arrived.len()
    );
    for wanted in 0..produced {
        assert!(arrived.contains(&wanted), "event {wanted} is missing");
    }
    assert_eq!(outbox.dropped(), 0);
}

#[test]
fn an_outbox_may_outlive_the_session() {
    let world = World::new();
    let mut memory = [0; 256];
    let mut outbox = Outbox::new(&mut memory, DropPolicy::Newest);
    outbox.push("", b"1").unwrap();
    for _ in 0..5 {
        let mut buffers = [[0; 512]; 2];
        let mut session = world.session(&mut buffers);
        world.cloud.with_faults(|faults| faults.lose_publishes = 1);
        let mut device = session.connect(world.open(), &mut world.signer.clone(), world.unix_now()).unwrap();
        device.flush(&mut outbox).unwrap();
        // It is lost, and then the session is.
        world.clock.advance(Duration::from_secs(5));
    }
    let mut buffers = [[0; 512]; 2];
    let mut session = world.session(&mut buffers);
    let mut device = session.connect(world.open(), &mut world.signer.clone(), world.unix_now()).unwrap();
    device.flush(&mut outbox).unwrap();
    while let Some(event) = device.wait(world.clock.now() + Millis(100)).unwrap() {
        if let Event::Published(number) = event {
            assert!(outbox.acknowledge(number));
        }
    }
    assert!(outbox.is_empty());
    assert_eq!(world.cloud.telemetry().len(), 1);
}
