//! What the admin face may send in a second. ("Quotas and limits")

use core::time::Duration;

use iot_core_emulator::{CommandError, Event, Rate, RateRule, RegistryError};

use crate::support::*;

fn exceeded(world: &World) -> usize {
    let records = world.emulator.journal();
    records
        .iter()
        .filter(|record| matches!(record.event, Event::RateExceeded { rate: Rate::Configs | Rate::Commands }))
        .count()
}

#[test]
fn one_configuration_per_second() {
    for (rule, recorded, taken) in
        [(RateRule::Ignore, 0, 4), (RateRule::Record, 2, 4), (RateRule::Close, 1, 3)]
    {
        let mut world = World::with(|settings| settings.rules.config_rate = rule);
        let mut refused = 0;
        for wait in [0, 999, 500, 1000] {
            world.now += Duration::from_millis(wait);
            match world.emulator.set_config(&world.path, b"x", world.now) {
                Ok(_) => {}
                Err(RegistryError::ResourceExhausted) => refused += 1,
                Err(error) => panic!("{error}"),
            }
        }
        // The empty one, from the device's creation, was not sent by anybody.
        let versions = world.emulator.configs(&world.path).unwrap().len();
        assert_eq!((exceeded(&world), versions), (recorded, taken + 1), "{rule:?}");
        assert_eq!(refused, usize::from(rule == RateRule::Close));
    }
}

#[test]
fn a_hundred_commands_per_second() {
    for rule in [RateRule::Ignore, RateRule::Record, RateRule::Close] {
        let mut world = World::with(|settings| settings.rules.command_rate = rule);
        let mut client = world.connect();
        client.subscribe(1, &[(&topic("commands/#"), 0)], world.now);
        let mut refused = 0;
        for _ in 0..2 {
            for _ in 0..101 {
                match world.emulator.send_command(&world.path, "", b"x", world.now) {
                    Ok(_) => {}
                    Err(CommandError::ResourceExhausted) => refused += 1,
                    Err(error) => panic!("{error}"),
                }
            }
            world.now += Duration::from_secs(1);
        }
        assert_eq!(refused, if rule == RateRule::Close { 2 } else { 0 });
        assert_eq!(exceeded(&world), if rule == RateRule::Ignore { 0 } else { 2 });
    }
}
