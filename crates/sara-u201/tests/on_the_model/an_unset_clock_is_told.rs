use sara_u201::{NetworkTime, Validity};
use sara_u201_sim::{CellularNetwork, Nitz, Profile, Quirks};

use crate::support::Bench;

fn network_time(profile: Profile) -> NetworkTime {
    Bench::new(profile).ready().network_time(Validity::DEFAULT).unwrap()
}

#[test]
fn a_network_that_never_tells_the_time_leaves_the_clock_unset() {
    for year in [80, 4, 15] {
        let network = CellularNetwork { nitz: Nitz::Never, ..CellularNetwork::default() };
        let quirks = Quirks { unset_clock_year: year, ..Quirks::default() };
        assert_eq!(network_time(Profile { network, quirks, ..Profile::default() }), NetworkTime::Unset);
    }
}

#[test]
fn a_clock_without_a_zone_is_not_believed() {
    let quirks = Quirks { clock_without_zone: true, ..Quirks::default() };
    assert_eq!(network_time(Profile { quirks, ..Profile::default() }), NetworkTime::Unset);
}

#[test]
fn zones_west_of_greenwich_are_taken_off_too() {
    let network = CellularNetwork { time_zone: -32, ..CellularNetwork::default() };
    let bench = Bench::new(Profile { network, ..Profile::default() });
    let time = bench.ready().network_time(Validity::DEFAULT).unwrap();
    let expected = 1_795_413_600 + bench.clock.elapsed().as_secs();
    assert!(time.unix_seconds().unwrap().abs_diff(expected) <= 1);
}
