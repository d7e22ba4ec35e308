//! From reset to packet data, with the commands in their order.

use crate::support::{Bench, config};
use sara_u201::{Domain, NetworkTime, Validity};
use sara_u201_sim::Profile;

#[test]
fn a_modem_comes_up_from_power_off() {
    let bench = Bench::new(Profile::default());
    let mut modem = bench.modem();
    assert!(!modem.is_ready());
    modem.start(&config()).unwrap();
    assert!(modem.is_ready());
    assert!(modem.registration(Domain::PacketSwitched).status.is_registered());
    let sent = bench.sent();
    let settings: Vec<_> = sent.iter().map(String::as_str).filter(|line| *line != "AT").collect();
    assert_eq!(
        settings.first_chunk(),
        Some(&["ATE0", "AT+CMEE=1", "AT+UDCONF=1,1", "AT+CTZU=1", "AT+CREG=2", "AT+CGREG=2", "AT+CPIN?"])
    );
    assert!(sent.contains(&"AT+UPSD=0,1,\"internet\"".to_string()), "{sent:?}");
    assert_eq!(sent.last().map(String::as_str), Some("AT+UPSDA=0,3"));
}

#[test]
fn a_modem_that_stands_is_not_brought_up_again() {
    let bench = Bench::new(Profile::default());
    let mut modem = bench.ready();
    let before = bench.sent().len();
    modem.start(&config()).unwrap();
    assert_eq!(bench.sent().len(), before);
}

#[test]
fn without_a_reset_line_the_modem_is_restarted_by_a_command() {
    let bench = Bench::new(Profile::default());
    let mut modem =
        sara_u201::Modem::new(bench.simulation.serial(), sara_u201::NoWiring, bench.simulation.clock());
    modem.start(&config()).unwrap();
    assert_eq!(bench.count("AT+CFUN=16"), 1);
    assert!(modem.is_ready());
}

#[test]
fn the_clock_is_set_by_the_network() {
    let bench = Bench::new(Profile::default());
    let mut modem = bench.ready();
    let NetworkTime::Utc { unix_seconds, zone } = modem.network_time(Validity::DEFAULT).unwrap() else {
        panic!("the clock is not set");
    };
    let expected = 1_795_413_600 + bench.clock.elapsed().as_secs();
    assert!(unix_seconds.abs_diff(expected) <= 1, "{unix_seconds} against {expected}");
    assert_eq!(zone, 4);
}
