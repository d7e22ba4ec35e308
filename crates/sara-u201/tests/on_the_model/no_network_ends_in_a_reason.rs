use monoclock::Millis;
use sara_u201::{Config, Error, RegistrationStatus};
use sara_u201_sim::{CellularNetwork, Profile, RegistrationOutcome};

use crate::support::{Bench, config};

fn start(registration: RegistrationOutcome) -> (Result<(), Error>, Bench) {
    let network = CellularNetwork { registration, ..CellularNetwork::default() };
    let bench = Bench::new(Profile { network, ..Profile::default() });
    let config = Config { registration_timeout: Millis::from_secs(60), ..config() };
    (bench.modem().start(&config), bench)
}

#[test]
fn no_network_ends_at_the_deadline() {
    let (result, bench) = start(RegistrationOutcome::Searching);
    let Err(Error::Registration { status, waited }) = result else { panic!("{result:?}") };
    assert_eq!(status, RegistrationStatus::Searching);
    assert!((60_000..61_000).contains(&waited.0), "{waited}");
    assert!(bench.clock.elapsed().as_secs() < 75);
}

#[test]
fn a_refusal_by_the_network_is_told_from_a_missing_network() {
    let (result, bench) = start(RegistrationOutcome::Denied);
    let Err(Error::Registration { status, .. }) = result else { panic!("{result:?}") };
    assert_eq!(status, RegistrationStatus::Denied);
    // It is believed before the deadline, but not at once.
    assert!((20..45).contains(&bench.clock.elapsed().as_secs()), "{:?}", bench.clock.elapsed());
}

#[test]
fn the_search_goes_on_with_the_next_start() {
    let (result, _) = start(RegistrationOutcome::NoNetwork);
    assert!(matches!(result, Err(Error::Registration { .. })), "{result:?}");
}
