//! A server that breaks the rules is named for it, and the connection is over.

mod support;

use core::time::Duration;

use embedded_io::ErrorKind;
use monoclock::{Clock, ManualClock, Millis};
use mqtt_lite::{
    Connect, ConnectError, Error, Filter, Misuse, PacketIdentifier, PeerError, Publish, QoS, Refusal,
    ResourceError, Session, Waiting,
};
use support::{ACCEPTED, Wire};

/// Connects, and waits for what the server's bytes bring about.
fn after_connect(after: &[u8]) -> Error<ErrorKind> {
    let (wire, clock) = (Wire::with(ACCEPTED), ManualClock::new());
    let (mut receive, mut transmit) = ([0; 32], [0; 64]);
    let mut session = Session::new(&mut receive, &mut transmit);
    session.limit_message(1000);
    let mut connection = session.connect(wire.clone(), &clock, Connect::new(&["c"])).unwrap();
    wire.send(after);
    let error = loop {
        match connection.wait(clock.now() + Millis(10)) {
            Ok(Some(_)) => {}
            Ok(None) => panic!("nothing wrong with {after:02x?}"),
            Err(error) => break error,
        }
    };
    assert_eq!(connection.publish(&Publish::new(&["t"], b"")), Err(Misuse::NotConnected.into()));
    error
}

fn instead_of_connack(bytes: &[u8]) -> ConnectError<ErrorKind> {
    let (wire, clock) = (Wire::with(bytes), ManualClock::new());
    let (mut receive, mut transmit) = ([0; 32], [0; 64]);
    let mut session = Session::new(&mut receive, &mut transmit);
    session.connect(wire, &clock, Connect::new(&["c"])).map(|_| ()).unwrap_err()
}

#[test]
fn packets_that_have_no_place_are_refused() {
    for first in [0x00, 0x10, 0x20, 0x41, 0x82, 0xA2, 0xC0, 0xD0, 0xE0, 0xF0] {
        let error = after_connect(&[first, 2, 0, 1]);
        assert_eq!(error, PeerError::UnexpectedPacket(first).into(), "{first:#x}");
    }
    #[cfg(not(feature = "qos2"))]
    for first in [0x50, 0x62, 0x70] {
        assert_eq!(after_connect(&[first, 2, 0, 1]), PeerError::UnexpectedPacket(first).into());
    }
}

#[test]
fn connack_comes_first_and_once() {
    assert_eq!(after_connect(ACCEPTED), PeerError::UnexpectedPacket(0x20).into());
    let unexpected = |first| ConnectError::Link(PeerError::UnexpectedPacket(first).into());
    assert_eq!(instead_of_connack(&[0x30, 3, 0, 1, b't']), unexpected(0x30));
    assert_eq!(instead_of_connack(&[0x90, 3, 0, 1, 0]), unexpected(0x90));
    let present = ConnectError::Link(PeerError::SessionPresent.into());
    assert_eq!(instead_of_connack(&[0x20, 2, 1, 0]), present, "a clean session cannot be present");
    assert_eq!(
        instead_of_connack(&[0x20, 2, 0, 4]),
        ConnectError::Link(Error::Refused(Refusal::BadUserNameOrPassword))
    );
    assert_eq!(
        instead_of_connack(&[0x20, 2, 0, 5]),
        ConnectError::Link(Error::Refused(Refusal::NotAuthorized))
    );
    assert_eq!(instead_of_connack(&[0x20, 1, 0]), ConnectError::Link(PeerError::MalformedPacket.into()));
}

#[test]
fn acknowledgements_of_nothing_are_refused() {
    let unknown = |value| PeerError::UnknownIdentifier(PacketIdentifier::new(value).unwrap()).into();
    assert_eq!(after_connect(&[0x40, 2, 0, 9]), unknown(9));
    assert_eq!(after_connect(&[0x90, 3, 0, 9, 0]), unknown(9));
    assert_eq!(after_connect(&[0xB0, 2, 0, 9]), unknown(9));
    assert_eq!(after_connect(&[0x40, 2, 0, 0]), PeerError::ZeroIdentifier.into());
    assert_eq!(after_connect(&[0x40, 3, 0, 1, 0]), PeerError::MalformedPacket.into());
}

#[test]
fn lengths_that_cannot_be_are_refused_before_they_are_awaited() {
    assert_eq!(after_connect(&[0x30, 0xFF, 0xFF, 0xFF, 0xFF]), PeerError::MalformedRemainingLength.into());
    assert_eq!(
        after_connect(&[0x30, 0xFF, 0xFF, 0xFF, 0x7F]),
        ResourceError::MessageLimit { needed: 268_435_455 }.into()
    );
    assert_eq!(after_connect(&[0x90, 0xE7, 0x07]), ResourceError::ReceiveBuffer { needed: 1002 }.into());
    assert_eq!(after_connect(&[0x30, 50, 0, 39]), ResourceError::ReceiveBuffer { needed: 43 }.into());
}

#[test]
fn malformed_messages_are_refused() {
    assert_eq!(after_connect(&[0x36, 5, 0, 1, b't', 0, 1]), PeerError::QoS(3).into());
    #[cfg(not(feature = "qos2"))]
    assert_eq!(after_connect(&[0x34, 5, 0, 1, b't', 0, 1]), PeerError::QoS(2).into());
    assert_eq!(after_connect(&[0x38, 3, 0, 1, b't']), PeerError::ReservedFlags.into());
    assert_eq!(after_connect(&[0x30, 3, 0, 1, 0xFF]), PeerError::TopicName.into());
    assert_eq!(after_connect(&[0x30, 3, 0, 9, b't']), PeerError::MalformedPacket.into());
    assert_eq!(after_connect(&[0x32, 5, 0, 1, b't', 0, 0]), PeerError::ZeroIdentifier.into());
}

#[test]
fn a_short_or_long_suback_is_refused() {
    for codes in [&[][..], &[0, 0, 0]] {
        let (wire, clock) = (Wire::with(ACCEPTED), ManualClock::new());
        let (mut receive, mut transmit) = ([0; 32], [0; 64]);
        let mut session = Session::new(&mut receive, &mut transmit);
        let mut connection = session.connect(wire.clone(), &clock, Connect::new(&["c"])).unwrap();
        let filter = Filter { topic: &["a"], qos: QoS::AtMostOnce };
        connection.subscribe(&[filter, filter]).unwrap();
        wire.send(&[0x90, u8::try_from(2 + codes.len()).unwrap(), 0, 2]);
        wire.send(codes);
        assert_eq!(connection.poll(), Err(PeerError::GrantedCount.into()));
    }
    assert_eq!(after_connect(&[0x90, 3, 0, 1, 7]), PeerError::GrantedQoS(7).into());
}

#[test]
fn a_server_that_never_answers_connect_is_given_up_in_time() {
    for bytes in [&[][..], &[0x20, 2, 0]] {
        let (wire, clock) = (Wire::with(bytes), ManualClock::new());
        let (mut receive, mut transmit) = ([0; 32], [0; 64]);
        let mut session = Session::new(&mut receive, &mut transmit);
        session.set_response_timeout(Millis::from_secs(10));
        let error = session.connect(wire, &clock, Connect::new(&["c"])).map(|_| ()).unwrap_err();
        assert_eq!(error, ConnectError::Link(Error::Timeout(Waiting::ConnectAcknowledgement)));
        assert_eq!(clock.elapsed(), Duration::from_secs(10));
    }
}

#[test]
fn silence_is_noticed_by_the_ping_that_nobody_answers() {
    let (wire, clock) = (Wire::with(ACCEPTED), ManualClock::new());
    let (mut receive, mut transmit) = ([0; 32], [0; 64]);
    let mut session = Session::new(&mut receive, &mut transmit);
    let login = Connect::new(&["c"]).keep_alive(60);
    let mut connection = session.connect(wire.clone(), &clock, login).unwrap();
    wire.take();
    // A packet that never ends is silence, too.
    wire.send(&[0x30, 20, 0, 1]);
    let error = connection.wait(clock.now() + Millis::from_secs(600)).unwrap_err();
    assert_eq!(error, Error::Timeout(Waiting::PingResponse));
    assert_eq!(wire.take(), [[0xC0, 0]]);
    assert_eq!(
        clock.elapsed(),
        Duration::from_secs(45 + 30),
        "three quarters of 60 s, and the answer's 30 s"
    );
}

#[test]
fn traffic_puts_the_ping_off_and_an_answer_allows_the_next() {
    let (wire, clock) = (Wire::with(ACCEPTED), ManualClock::new());
    let (mut receive, mut transmit) = ([0; 32], [0; 64]);
    let mut session = Session::new(&mut receive, &mut transmit);
    let login = Connect::new(&["c"]).keep_alive(60);
    let mut connection = session.connect(wire.clone(), &clock, login).unwrap();
    clock.advance(Duration::from_secs(40));
    connection.publish(&Publish::new(&["t"], b"")).unwrap();
    wire.take();
    assert_eq!(connection.wait(clock.now() + Millis::from_secs(44)), Ok(None));
    assert!(wire.take().is_empty());
    for _ in 0..3 {
        assert_eq!(connection.wait(clock.now() + Millis::from_secs(2)), Ok(None));
        assert_eq!(wire.take(), [[0xC0, 0]]);
        wire.send(&[0xD0, 0]);
        assert_eq!(connection.wait(clock.now() + Millis::from_secs(44)), Ok(None));
    }
}

#[test]
fn an_answer_that_lies_unread_while_the_application_is_away_counts() {
    let (wire, clock) = (Wire::with(ACCEPTED), ManualClock::new());
    let (mut receive, mut transmit) = ([0; 32], [0; 64]);
    let mut session = Session::new(&mut receive, &mut transmit);
    let mut connection = session.connect(wire.clone(), &clock, Connect::new(&["c"])).unwrap();
    let message = Publish::new(&["t"], b"").qos(QoS::AtLeastOnce);
    let identifier = connection.publish(&message).unwrap().unwrap();
    wire.send(&[0x40, 2, 0, 2]);
    clock.advance(Duration::from_secs(300));
    assert_eq!(connection.poll(), Ok(Some(mqtt_lite::Event::Published(identifier))));
    connection.publish(&message).unwrap();
    clock.advance(Duration::from_secs(300));
    assert_eq!(connection.poll(), Err(Error::Timeout(Waiting::Acknowledgement)));
}

#[test]
fn a_byte_now_and_then_does_not_put_the_end_off() {
    for (after, waiting) in [(&[][..], Waiting::PingResponse), (&[0x40][..], Waiting::Acknowledgement)] {
        let (wire, clock) = (Wire::with(ACCEPTED), ManualClock::new());
        let (mut receive, mut transmit) = ([0; 255], [0; 64]);
        let mut session = Session::new(&mut receive, &mut transmit);
        let login = Connect::new(&["c"]).keep_alive(10);
        let mut connection = session.connect(wire.clone(), &clock, login).unwrap();
        if !after.is_empty() {
            connection.publish(&Publish::new(&["t"], b"").qos(QoS::AtLeastOnce)).unwrap();
        }
        // A packet of 200 bytes that never ends, a byte each second, always there when it is looked for.
        wire.send(&[0x30, 200, 1, 0, 100]);
        let error = loop {
            wire.send(b"x");
            match connection.wait(clock.now() + Millis::from_secs(1)) {
                Ok(None) => {}
                Ok(Some(event)) => panic!("{event:?}"),
                Err(error) => break error,
            }
            clock.advance(Duration::from_millis(1));
        };
        assert_eq!(error, Error::Timeout(waiting));
        assert!(clock.elapsed() < Duration::from_secs(120), "{:?}", clock.elapsed());
    }
}

#[test]
fn a_large_message_that_makes_no_progress_does_not_put_the_end_off_either() {
    let (wire, clock) = (Wire::with(ACCEPTED), ManualClock::new());
    let (mut receive, mut transmit) = ([0; 32], [0; 64]);
    let mut session = Session::new(&mut receive, &mut transmit);
    let mut connection = session.connect(wire.clone(), &clock, Connect::new(&["c"]).keep_alive(10)).unwrap();
    wire.send(&[0x30, 0xFF, 0xFF, 0x03, 0, 1, b't']);
    let error = loop {
        match connection.wait(clock.now() + Millis::from_secs(1)) {
            Ok(None) => wire.send(b"x"),
            Ok(Some(_)) => {}
            Err(error) => break error,
        }
    };
    assert_eq!(error, Error::Timeout(Waiting::PingResponse));
    assert!(clock.elapsed() < Duration::from_secs(120), "{:?}", clock.elapsed());
}

#[test]
fn an_end_of_the_stream_and_a_failure_of_the_transport_are_told_apart() {
    let (wire, clock) = (Wire::with(ACCEPTED), ManualClock::new());
    let (mut receive, mut transmit) = ([0; 32], [0; 64]);
    let mut session = Session::new(&mut receive, &mut transmit);
    let mut connection = session.connect(wire.clone(), &clock, Connect::new(&["c"])).unwrap();
    wire.close();
    assert_eq!(connection.poll(), Err(Error::Closed));
    let wire = Wire::with(ACCEPTED);
    let mut connection = session.connect(wire.clone(), &clock, Connect::new(&["c"])).unwrap();
    wire.break_down();
    assert_eq!(connection.poll(), Err(Error::Transport(ErrorKind::ConnectionReset)));
}
