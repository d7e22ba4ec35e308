//! Divided clocks, short and long watchdogs, self-tests at every wake, other addresses, shared buses.

mod support;

use core::cell::RefCell;
use core::time::Duration;
use std::rc::Rc;

use eccx08::{Chip, ClockDivider, Eccx08, Error, Identity, Image, Opcode, Slot, Status};
use eccx08_sim::{Execution, Fault, Profile, Sim, Trigger};
use embedded_hal::i2c::I2c;
use embedded_hal_bus::i2c::RefCellDevice;
use monoclock::ManualClock;
use support::{assert_signs, element, owned, provisioned};

/// An ATECC608 with this ChipMode, and a key in slot 0.
fn with_chip_mode(chip_mode: u8) -> (Sim, support::Element) {
    let mut bytes = *Image::ATECC608.bytes();
    bytes[3] = chip_mode;
    let nv = owned(Profile::Atecc608a, &Image::from_bytes(bytes), &[]).with_private_key(0, &[3; 32]);
    element(Sim::builder(Profile::Atecc608a).nv(nv).execution(Execution::Maximum))
}

#[test]
fn a_divided_clock_is_read_from_chip_mode() {
    for (chip_mode, divider) in
        [(0x00, ClockDivider::M0), (0x28, ClockDivider::M1), (0x68 | 0x04, ClockDivider::M2)]
    {
        let (sim, mut element) = with_chip_mode(chip_mode);
        assert_eq!(element.identity(), Ok(Identity { chip: Chip::Atecc608a, divider }));
        sim.clear_report();
        assert_signs(&sim, &mut element);
        assert_eq!(sim.report().commands, 3, "{divider:?}: something was repeated");
        assert!(sim.log().iter().all(|command| command.polls <= 10), "{divider:?}");
    }
}

/// Half as long again as the sheet says, as measured on ATECC608B.
#[test]
fn an_element_slower_than_its_sheet() {
    let nv = provisioned(Profile::Atecc608b);
    let (sim, mut element) = element(Sim::builder(Profile::Atecc608b).nv(nv));
    element.chip().unwrap();
    sim.clear_report();
    for opcode in [0x1B, 0x16, 0x41] {
        sim.script(Trigger::Opcode(opcode), Fault::Slow);
    }
    assert_signs(&sim, &mut element);
    assert_eq!(sim.report().commands, 3, "something was repeated");
}

#[test]
fn the_shortest_and_the_longest_watchdog() {
    for millis in [700, 1700] {
        for profile in Profile::ALL {
            let builder = Sim::builder(profile).watchdog(Duration::from_millis(millis));
            let (sim, mut element) = element(builder.execution(Execution::Maximum));
            support::provision(&mut element);
            assert_signs(&sim, &mut element);
        }
    }
}

#[test]
fn an_element_in_failure_mode_says_so() {
    let nv = provisioned(Profile::Atecc608a);
    let (sim, mut element) = element(Sim::builder(Profile::Atecc608a).nv(nv));
    sim.set_self_test_failed(true);
    let error = element.random().unwrap_err();
    let failed = |opcode| Error::Refused { opcode, status: Status::SelfTestFailed };
    assert!(error == failed(Opcode::Random) || error == failed(Opcode::Info), "{error:?}");
    sim.set_self_test_failed(false);
    assert_signs(&sim, &mut element);
}

#[test]
fn an_element_at_another_address() {
    let mut bytes = *Image::ATECC608.bytes();
    bytes[0] = 0x6A;
    let nv = owned(Profile::Atecc608b, &Image::from_bytes(bytes), &[]).with_private_key(0, &[3; 32]);
    let sim = Sim::builder(Profile::Atecc608b).nv(nv).build(Rc::new(ManualClock::new()));
    let mut element = Eccx08::new(sim.bus(), sim.delay());
    assert!(matches!(element.chip(), Err(Error::Absent { .. })));
    let mut element = element.with_address(0x35);
    assert_signs(&sim, &mut element);
    // Whose configuration is the image in all but the address.
    assert!(element.survey(Image::ATECC608).is_ok());
}

#[test]
fn an_element_is_found_at_its_factory_address() {
    for address in eccx08::FACTORY_ADDRESSES {
        let mut bytes = *Image::ATECC608.bytes();
        bytes[0] = address << 1;
        let nv = owned(Profile::Atecc608b, &Image::from_bytes(bytes), &[]).with_private_key(0, &[3; 32]);
        let (sim, mut element) = element(Sim::builder(Profile::Atecc608b).nv(nv));
        assert_eq!(element.find(), Ok(address));
        assert_signs(&sim, &mut element);
    }
    let (_, nobody) = element(Sim::builder(Profile::Atecc608b).absent());
    let mut nobody = nobody.with_address(0x10);
    assert!(matches!(nobody.find(), Err(Error::Absent { .. })));
}

/// Two drivers on one bus: `embedded-hal-bus` shares it.
#[test]
fn a_shared_bus() {
    let nv = provisioned(Profile::Atecc508a);
    let sim = Sim::builder(Profile::Atecc508a).nv(nv).build(Rc::new(ManualClock::new()));
    let bus = RefCell::new(sim.bus());
    let mut other = RefCellDevice::new(&bus);
    let mut element = Eccx08::new(RefCellDevice::new(&bus), sim.delay());
    let first = element.key(Slot::S0).public_key().unwrap();
    assert!(other.write(0x6B, &[0x00]).is_err());
    assert_eq!(element.key(Slot::S0).public_key().unwrap(), first);
}

/// A bus at 400 kHz, slowed down for the wake pulse only.
#[test]
fn a_fast_bus_with_a_pulse_of_its_own() {
    let nv = provisioned(Profile::Atecc508a);
    let sim = Sim::builder(Profile::Atecc508a).nv(nv).bus_hz(400_000).build(Rc::new(ManualClock::new()));
    let slow = sim.clone();
    let mut element = Eccx08::new(sim.bus(), sim.delay()).with_wake_pulse(
        move |bus: &mut eccx08_sim::SimBus, _: &mut eccx08_sim::SimDelay| {
            slow.set_bus_hz(100_000);
            let _ = bus.write(0x00, &[0x01]);
            slow.set_bus_hz(400_000);
        },
    );
    assert_eq!(Some(element.key(Slot::S0).public_key().unwrap()), sim.public_key(0));
}
