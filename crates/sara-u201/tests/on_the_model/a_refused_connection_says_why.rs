use sara_u201::{ConnectReason, Error};
use sara_u201_sim::Profile;

use crate::support::{Bench, TestModem};

fn reason(modem: &mut TestModem, host: &str) -> ConnectReason {
    match modem.connect(host, 80) {
        Err(Error::Connect(error)) => error.reason,
        other => panic!("{other:?}"),
    }
}

#[test]
fn nobody_listens() {
    let bench = Bench::new(Profile::default());
    bench.network.add_host("closed.example");
    assert_eq!(reason(&mut bench.ready(), "closed.example"), ConnectReason::Refused);
}

#[test]
fn nobody_answers() {
    let bench = Bench::new(Profile::default());
    bench.network.add_host("hole.example");
    bench.network.black_hole("hole.example");
    let mut modem = bench.ready();
    let before = bench.clock.elapsed();
    assert_eq!(reason(&mut modem, "hole.example"), ConnectReason::TimedOut);
    assert!((bench.clock.elapsed() - before).as_secs() <= 61);
}

#[test]
fn the_name_does_not_exist() {
    let bench = Bench::new(Profile::default());
    assert_eq!(reason(&mut bench.ready(), "nowhere.example"), ConnectReason::HostUnknown);
}
