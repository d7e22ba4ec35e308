//! What goes wrong is named.

mod support;

use core::error::Error as _;
use core::time::Duration;

use embedded_io::ErrorKind;
use gcp_iot_core::{ConnectError, Credential, Error, Event, QoS, Refusal, TokenError};
use iot_core_emulator as cloud;
use jwt_signer::Es256Signer;
use monoclock::{Clock, Millis};
use mqtt_lite::Waiting;
use support::{EPOCH, World, signer};

#[test]
fn a_clock_that_was_never_set_is_named_and_nothing_is_sent() {
    let world = World::new();
    let mut buffers = [[0; 512]; 2];
    let mut session = world.session(&mut buffers);
    // The modem's factory date.
    let result = session.connect(world.open(), &mut world.signer.clone(), 1_072_915_200);
    assert_eq!(result.unwrap_err(), ConnectError::Token(TokenError::ClockNotSet(1_072_915_200)));
    let result = session.connect(world.open(), &mut world.signer.clone(), 1 << 32);
    assert_eq!(result.unwrap_err(), ConnectError::Token(TokenError::ClockOutOfRange(1 << 32)));
    assert!(world.writes.borrow().is_empty());
}

#[test]
fn an_unknown_key_is_refused_with_connack_5() {
    let world = World::new();
    let mut buffers = [[0; 512]; 2];
    let mut session = world.session(&mut buffers);
    let error = session.connect(world.open(), &mut signer(8), world.unix_now()).unwrap_err();
    assert_eq!(error, ConnectError::Refused(Refusal::NotAuthorized { code: 5 }));
    assert!(error.source().unwrap().to_string().starts_with("CONNACK 5, not authorized"));
}

#[test]
fn clearblade_refuses_an_unknown_key_with_connack_4() {
    let world = World::with(cloud::Settings::clearblade(cloud::Timestamp::from_unix(EPOCH)));
    let mut buffers = [[0; 512]; 2];
    let mut session = world.session(&mut buffers);
    let error = session.connect(world.open(), &mut signer(8), world.unix_now()).unwrap_err();
    assert_eq!(error, ConnectError::Refused(Refusal::NotAuthorized { code: 4 }));
}

#[test]
fn a_clock_that_is_wrong_by_more_than_ten_minutes_is_refused() {
    let world = World::new();
    let mut buffers = [[0; 512]; 2];
    let mut session = world.session(&mut buffers);
    let mut try_at = |offset: i64| {
        let unix = world.unix_now().saturating_add_signed(offset);
        session.connect(world.open(), &mut world.signer.clone(), unix).map(drop)
    };
    assert_eq!(try_at(601), Err(ConnectError::Refused(Refusal::NotAuthorized { code: 5 })));
    assert_eq!(try_at(-3600 - 601), Err(ConnectError::Refused(Refusal::NotAuthorized { code: 5 })));
    assert_eq!(try_at(599), Ok(()));
    assert_eq!(try_at(-3600), Ok(()));
}

#[test]
fn a_service_that_is_away_is_told_from_a_refusal() {
    let world = World::new();
    let mut buffers = [[0; 512]; 2];
    let mut session = world.session(&mut buffers);
    world.cloud.with_faults(|faults| faults.unavailable_until = Some(Duration::from_secs(9)));
    let error = session.connect(world.open(), &mut world.signer.clone(), world.unix_now()).unwrap_err();
    assert_eq!(error, ConnectError::Refused(Refusal::Unavailable));
    world.cloud.with_faults(|faults| faults.down_until = Some(Duration::from_secs(9)));
    let error = session.connect(world.open(), &mut world.signer.clone(), world.unix_now()).unwrap_err();
    assert_eq!(error, ConnectError::Link(mqtt_lite::Error::Closed));
}

#[test]
fn a_key_that_cannot_sign_keeps_its_cause_and_nothing_is_sent() {
    #[derive(Debug, PartialEq)]
    struct Absent;
    impl core::fmt::Display for Absent {
        fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
            f.write_str("no secure element answers")
        }
    }
    impl core::error::Error for Absent {}
    impl Es256Signer for Absent {
        type Error = Self;
        fn sign_digest(&mut self, _digest: &[u8; 32]) -> Result<[u8; 64], Self> {
            Err(Self)
        }
    }
    let world = World::new();
    let mut buffers = [[0; 512]; 2];
    let mut session = world.session(&mut buffers);
    let error = session.connect(world.open(), &mut Absent, world.unix_now()).unwrap_err();
    assert_eq!(error, ConnectError::Token(TokenError::Signer(Absent)));
    assert_eq!(error.source().unwrap().source().unwrap().to_string(), "no secure element answers");
    assert!(world.writes.borrow().is_empty());
}

#[test]
fn a_lost_transport_keeps_its_cause() {
    let world = World::new();
    let mut buffers = [[0; 512]; 2];
    let mut session = world.session(&mut buffers);
    let mut cloud = session.connect(world.open(), &mut world.signer.clone(), world.unix_now()).unwrap();
    world.cut.set(true);
    let error = cloud.publish_state(b"hello", QoS::AtMostOnce).unwrap_err();
    assert_eq!(error, Error::Link(mqtt_lite::Error::Transport(ErrorKind::ConnectionReset)));
    assert!(error.is_over());
    let misuse = mqtt_lite::Error::Misuse(mqtt_lite::Misuse::NotConnected);
    world.cut.set(false);
    assert_eq!(cloud.publish_state(b"hello", QoS::AtMostOnce), Err(Error::Link(misuse)));
}

#[test]
fn an_event_that_is_never_acknowledged_ends_the_connection_in_time() {
    let world = World::new();
    let mut buffers = [[0; 512]; 2];
    let mut session = world.session(&mut buffers);
    let mut cloud = session.connect(world.open(), &mut world.signer.clone(), world.unix_now()).unwrap();
    // The subscription is confirmed, and the empty first configuration comes.
    assert_eq!(cloud.poll(), Ok(Some(Event::Subscribed)));
    assert!(matches!(cloud.poll(), Ok(Some(Event::Config(config))) if config.payload.is_empty()));
    world.cloud.with_faults(|faults| faults.lose_publishes = 1);
    cloud.publish_event("", b"lost", QoS::AtLeastOnce).unwrap();
    let error = cloud.wait(world.clock.now() + Millis::from_secs(600)).unwrap_err();
    assert_eq!(error, Error::Link(mqtt_lite::Error::Timeout(Waiting::Acknowledgement)));
    assert_eq!(world.now(), Duration::from_secs(30));
}

#[test]
fn states_faster_than_the_bridge_takes_them_are_held_back() {
    let world = World::new();
    let mut buffers = [[0; 512]; 2];
    let mut session = world.session(&mut buffers);
    let mut cloud = session.connect(world.open(), &mut world.signer.clone(), world.unix_now()).unwrap();
    cloud.publish_state(b"1", QoS::AtMostOnce).unwrap();
    world.clock.advance(Duration::from_millis(400));
    let error = cloud.publish_state(b"2", QoS::AtMostOnce).unwrap_err();
    assert_eq!(error, Error::TooSoon(Millis(600)));
    assert!(!error.is_over());
    world.clock.advance(Duration::from_millis(600));
    cloud.publish_state(b"3", QoS::AtMostOnce).unwrap();
    assert_eq!(world.states(), ["1", "3"]);
}

#[test]
fn a_subfolder_that_is_no_topic_is_refused_before_it_is_sent() {
    let world = World::new();
    let mut buffers = [[0; 512]; 2];
    let mut session = world.session(&mut buffers);
    let mut cloud = session.connect(world.open(), &mut world.signer.clone(), world.unix_now()).unwrap();
    for bad in ["a/#", "+", "\0"] {
        assert_eq!(cloud.publish_event(bad, b"", QoS::AtMostOnce), Err(Error::Subfolder));
    }
}

#[test]
fn lifetimes_have_limits() {
    assert!(Credential::with_lifetime(86_401).is_err());
    assert!(Credential::with_lifetime(10).is_err());
    assert_eq!(Credential::with_lifetime(86_400).map(|credential| credential.lifetime()), Ok(86_400));
    assert_eq!(Credential::default().lifetime(), 3600);
}
