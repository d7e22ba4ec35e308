//! Days of virtual time: networks fail, brokers restart, tokens expire, the clock is corrected.
//!
//! Twelve hours by default; `SOAK_DAYS=30` runs thirty days.

mod support;

use core::time::Duration;
use std::collections::BTreeSet;

use gcp_iot_core::{DropPolicy, Error, Event, Outbox, QoS};
use monoclock::{Clock, Millis};
use support::World;

/// A small generator, so that every run is the same.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}

#[test]
fn nothing_is_lost_and_nothing_grows() {
    let days = std::env::var("SOAK_DAYS").map_or(0.5, |days| days.parse().unwrap());
    let end = Duration::from_secs_f64(days * 86_400.0);
    let world = World::new();
    let (mut buffers, mut memory) = ([[0; 512]; 2], [0; 4096]);
    let mut outbox = Outbox::new(&mut memory, DropPolicy::Newest);
    let mut session = world.session(&mut buffers).with_seed(11);
    let mut random = Random(1);

    let (mut produced, mut arrived) = (0_u32, BTreeSet::new());
    let (mut configs_set, mut last_config, mut longest_outbox) = (0_u32, 0_u32, 0);
    let (mut connections, mut renewals, mut failures) = (0_u32, 0_u32, 0_u32);
    let mut next_event = Duration::ZERO;
    let mut next_fault = Duration::from_secs(900);
    // The clock that tokens are made with is off, and corrected at times; the cloud bears ten minutes.
    let mut clock_error = 0_i64;

    while world.now() < end || !outbox.is_empty() {
        let unix = world.unix_now().saturating_add_signed(clock_error);
        match session.connect(world.open(), &mut world.signer.clone(), unix) {
            Err(_) => failures += 1,
            Ok(mut device) => {
                connections += 1;
                // Each connection gets the configuration that is valid now.
                let mut config_seen = false;
                let since = world.now();
                let error = loop {
                    if world.now() >= next_fault {
                        next_fault = world.now() + Duration::from_secs(600 + random.below(3600));
                        match random.below(5) {
                            0 => world.cloud.restart(world.now(), Duration::from_secs(random.below(120))),
                            1 => world.cloud.with_faults(|faults| faults.lose_pubacks = 2),
                            2 => world.cloud.with_faults(|faults| faults.lose_publishes = 2),
                            3 => break None,
                            _ => clock_error = i64::try_from(random.below(1000)).unwrap() - 500,
                        }
                    }
                    if world.now() >= next_event && world.now() < end {
                        next_event = world.now() + Duration::from_secs(30 + random.below(60));
                        if outbox.push("", produced.to_string().as_bytes()).is_ok() {
                            produced += 1;
                        }
                        longest_outbox = longest_outbox.max(outbox.len());
                        if random.below(20) == 0 {
                            configs_set += 1;
                            world
                                .cloud
                                .set_config(&world.device, configs_set.to_string().as_bytes(), world.now())
                                .unwrap();
                        }
                    }
                    if let Err(error) = device.flush(&mut outbox) {
                        break Some(error);
                    }
                    match device.wait(world.clock.now() + Millis::from_secs(10)) {
                        Ok(Some(Event::Published(number))) => {
                            outbox.acknowledge(number);
                        }
                        Ok(Some(Event::Config(config))) => {
                            config_seen = true;
                            if !config.payload.is_empty() {
                                let version = str::from_utf8(config.payload).unwrap().parse().unwrap();
                                assert!(
                                    version >= last_config,
                                    "an older configuration came after a newer one"
                                );
                                last_config = version;
                            }
                        }
                        Ok(Some(_)) => {}
                        Ok(None) if world.now() >= end && outbox.is_empty() => break None,
                        Ok(None) => {
                            let _ = device.publish_state(b"up", QoS::AtMostOnce);
                        }
                        Err(error) => break Some(error),
                    }
                };
                if world.now() > since + Duration::from_secs(60) {
                    assert!(config_seen, "a connection of a minute without a configuration");
                }
                if error == Some(Error::TokenExpiring) {
                    renewals += 1;
                }
            }
        }
        arrived.extend(world.cloud.drain_telemetry().iter().map(support::number));
        let _ = world.cloud.drain_journal();
        world.clock.wait(session.next_attempt());
    }

    println!(
        "{days} days: {connections} connections, {renewals} renewals, {failures} refused or unreachable, \
         {produced} events, {configs_set} configurations, at most {longest_outbox} events waiting"
    );
    assert_eq!(arrived.len(), usize::try_from(produced).unwrap(), "events are missing");
    assert_eq!(last_config, configs_set, "the last configuration was missed");
    assert_eq!(outbox.dropped(), 0);
    assert_eq!(world.cloud.summary().unexpected_pubacks, 0);
    assert!(f64::from(renewals) > days * 5.0, "{renewals} renewals");
    assert!(longest_outbox < 100, "{longest_outbox} events waiting");
}
