//! Looks a host up through `embedded-nal` and pings it. It runs on the model.
//!
//! `cargo run -p sara-u201 --example ping`

use std::rc::Rc;

use embedded_nal::{AddrType, Dns, nb};
use monoclock::{Clock, ManualClock, Millis};
use sara_u201::{Apn, Config, Modem, NoWiring, Pong};
use sara_u201_sim::{MemoryNetwork, PowerAtStart, Profile, Simulation};

fn main() {
    let network = MemoryNetwork::new(0);
    network.add_host("host.example");
    network.set_round_trip(core::time::Duration::from_millis(80));
    let profile = Profile { power_at_start: PowerAtStart::On, ..Profile::default() };
    let simulation = Simulation::new(profile, network, Rc::new(ManualClock::new()));
    let clock = simulation.clock();
    let mut modem = Modem::new(simulation.serial(), NoWiring, simulation.clock());
    modem.start(&Config::new(Apn::new("internet"))).expect("the modem comes up");

    let address = loop {
        match modem.get_host_by_name("host.example", AddrType::IPv4) {
            Ok(address) => break address,
            // A real program would do something else meanwhile.
            Err(nb::Error::WouldBlock) => clock.wait(clock.now() + Millis(10)),
            Err(nb::Error::Other(error)) => panic!("{error}"),
        }
    };
    println!("host.example is {address}");

    for _ in 0..4 {
        match modem.ping(&address.to_string(), Millis::from_secs(5)).expect("the modem answers") {
            Pong::Echo { round_trip, time_to_live } => {
                println!("{round_trip} ms, time to live {time_to_live}");
            }
            other => panic!("{other:?}"),
        }
    }
    let pong = modem.ping("nowhere.example", Millis::from_secs(5)).expect("the modem answers");
    println!("nowhere.example: {pong:?}");
    assert!(matches!(pong, Pong::Failed { .. }));
}

#[test]
fn the_example_runs() {
    main();
}
