use sara_u201::{Config, Error, SimError};
use sara_u201_sim::{Profile, SimCard};

use crate::support::{Bench, config};

fn locked(tries: u8) -> Bench {
    let sim = SimCard { pin: Some("1234".into()), pin_tries: tries, ..SimCard::default() };
    Bench::new(Profile { sim, ..Profile::default() })
}

fn with_pin(pin: &'static str) -> Config<'static> {
    Config { pin: Some(pin), ..config() }
}

#[test]
fn the_right_pin_unlocks() {
    let bench = locked(3);
    let mut modem = bench.modem();
    modem.start(&with_pin("1234")).unwrap();
    assert_eq!(bench.count("AT+CPIN="), 1);
}

#[test]
fn a_wrong_pin_is_tried_once_however_often_it_is_started() {
    let bench = locked(3);
    let mut modem = bench.modem();
    let wrong = Error::Sim(SimError::WrongPin { tries_left: Some(2) });
    assert_eq!(modem.start(&with_pin("9999")), Err(wrong));
    for _ in 0..5 {
        let withheld = Error::Sim(SimError::PinWithheld { tries_left: Some(2) });
        assert_eq!(modem.start(&with_pin("9999")), Err(withheld));
    }
    assert_eq!(bench.count("AT+CPIN="), 1);
    // Another value is another try.
    modem.start(&with_pin("1234")).unwrap();
    assert_eq!(bench.count("AT+CPIN="), 2);
}

#[test]
fn the_last_try_is_not_risked() {
    let bench = locked(1);
    let mut modem = bench.modem();
    let withheld = Error::Sim(SimError::PinWithheld { tries_left: Some(1) });
    assert_eq!(modem.start(&with_pin("9999")), Err(withheld));
    assert_eq!(bench.count("AT+CPIN="), 0);
}

#[test]
fn a_missing_pin_is_asked_for() {
    let mut modem = locked(3).modem();
    let required = Error::Sim(SimError::PinRequired { tries_left: Some(3) });
    assert_eq!(modem.start(&config()), Err(required));
}

#[test]
fn a_sim_that_wants_its_puk_says_so() {
    let mut modem = locked(0).modem();
    let required = Error::Sim(SimError::PukRequired { tries_left: Some(10) });
    assert_eq!(modem.start(&with_pin("1234")), Err(required));
}

#[test]
fn a_missing_sim_is_told() {
    let sim = SimCard { present: false, ..SimCard::default() };
    let mut modem = Bench::new(Profile { sim, ..Profile::default() }).modem();
    assert_eq!(modem.start(&config()), Err(Error::Sim(SimError::Absent)));
}

#[test]
fn a_pin_that_is_none_is_never_sent() {
    let bench = locked(3);
    let mut modem = bench.modem();
    for pin in ["", "12a4", "123456789", "1\"34"] {
        assert_eq!(modem.start(&with_pin(pin)), Err(Error::Argument("the PIN")));
    }
    assert_eq!(bench.count("AT+CPIN="), 0);
}
