use sara_u201::at::Cause;
use sara_u201::{Apn, Config, Error};
use sara_u201_sim::{AccessPoint, CellularNetwork, Profile};

use crate::support::Bench;

fn bench() -> Bench {
    let point = AccessPoint { name: "internet".into(), user: "me".into(), password: "secret".into() };
    let network = CellularNetwork { access_points: vec![point], ..CellularNetwork::default() };
    Bench::new(Profile { network, ..Profile::default() })
}

#[test]
fn an_unknown_access_point_is_refused_with_the_networks_cause() {
    let mut modem = bench().modem();
    let refused = Error::PacketDataRefused(Cause::Cme(133));
    assert_eq!(modem.start(&Config::new(Apn::new("nowhere"))), Err(refused));
}

#[test]
fn a_wrong_password_is_refused() {
    let mut modem = bench().modem();
    let result = modem.start(&Config::new(Apn::new("internet").with_login("me", "wrong")));
    assert!(matches!(result, Err(Error::PacketDataRefused(_))), "{result:?}");
}

#[test]
fn the_right_login_is_accepted_after_a_wrong_one() {
    let bench = bench();
    let mut modem = bench.modem();
    assert!(modem.start(&Config::new(Apn::new("nowhere"))).is_err());
    modem.start(&Config::new(Apn::new("internet").with_login("me", "secret"))).unwrap();
    assert_eq!(bench.count("ATE0"), 1, "the settings are not made twice");
}
