//! Messages arrive, are acknowledged once, and are sent again when they must be (sections 4.3 and 4.4).

mod support;

use monoclock::{Clock, ManualClock, Millis};
use mqtt_lite::{Connect, Error, Event, Filter, Misuse, PeerError, Publish, QoS, ResourceError, Session};
use support::{ACCEPTED, RESUMED, Wire, assert_no_wait};

#[test]
fn a_message_of_qos_1_is_acknowledged_exactly_once_and_after_it_was_handled() {
    let (wire, clock) = (Wire::with(ACCEPTED), ManualClock::new());
    let (mut receive, mut transmit) = ([0; 64], [0; 64]);
    let mut session = Session::new(&mut receive, &mut transmit);
    let mut connection = session.connect(wire.clone(), &clock, Connect::new(&["c"])).unwrap();
    wire.take();
    wire.send(&[0x32, 6, 0, 1, b't', 0, 7, b'!']);
    let Some(Event::Message(message)) = connection.poll().unwrap() else { panic!("no message") };
    assert_eq!((message.topic.as_str(), message.payload, message.qos), ("t", &b"!"[..], QoS::AtLeastOnce));
    assert!(wire.take().is_empty(), "the application has it, but has not come back yet");
    for _ in 0..3 {
        assert_eq!(connection.poll(), Ok(None));
    }
    assert_eq!(wire.take(), [[0x40, 2, 0, 7]]);
    assert_no_wait(&clock);
}

#[test]
fn every_packet_is_one_write_and_a_slow_stream_gets_the_rest() {
    let (wire, clock) = (Wire::with(ACCEPTED).in_pieces(5), ManualClock::new());
    let (mut receive, mut transmit) = ([0; 64], [0; 64]);
    let mut session = Session::new(&mut receive, &mut transmit);
    let mut connection = session.connect(wire.clone(), &clock, Connect::new(&["c"])).unwrap();
    wire.take();
    connection.publish(&Publish::new(&["topic"], b"payload")).unwrap();
    assert_eq!(wire.take().concat(), [&[0x30, 14, 0, 5][..], b"topicpayload"].concat());
}

#[test]
fn a_persistent_session_sends_again_what_was_not_acknowledged_in_order_and_marked() {
    let clock = ManualClock::new();
    let (mut receive, mut transmit, mut retained) = ([0; 64], [0; 64], [0; 64]);
    let mut session = Session::with_retention(&mut receive, &mut transmit, &mut retained);
    let login = || Connect::new(&["c"]).clean_session(false);
    let publish = |payload: &'static [u8]| Publish::new(&["t"], payload).qos(QoS::AtLeastOnce);

    let wire = Wire::with(ACCEPTED);
    let mut connection = session.connect(wire.clone(), &clock, login()).unwrap();
    let first = connection.publish(&publish(b"1")).unwrap().unwrap();
    let second = connection.publish(&publish(b"2")).unwrap().unwrap();
    let third = connection.publish(&publish(b"3")).unwrap().unwrap();
    connection.subscribe(&[Filter { topic: &["t"], qos: QoS::AtMostOnce }]).unwrap();
    wire.send(&[0x40, 2, 0, second.value().to_le_bytes()[0]]);
    assert_eq!(connection.poll(), Ok(Some(Event::Published(second))));
    drop(connection);
    assert_eq!(session.in_flight(), 3);

    let wire = Wire::with(RESUMED);
    let mut connection = session.connect(wire.clone(), &clock, login()).unwrap();
    assert!(connection.session().session_present());
    let written = wire.take();
    let [first_id, third_id] = [first, third].map(|identifier| identifier.value().to_le_bytes()[0]);
    assert_eq!(
        written[1..],
        [[0x3A, 6, 0, 1, b't', 0, first_id, b'1'], [0x3A, 6, 0, 1, b't', 0, third_id, b'3']]
    );
    assert_eq!(connection.session().in_flight(), 2, "the subscription died with its connection");
    wire.send(&[0x40, 2, 0, first_id, 0x40, 2, 0, third_id]);
    assert_eq!(connection.poll(), Ok(Some(Event::Published(first))));
    assert_eq!(connection.poll(), Ok(Some(Event::Published(third))));
    drop(connection);

    let wire = Wire::with(RESUMED);
    drop(session.connect(wire.clone(), &clock, login()).unwrap());
    assert_eq!(wire.take().len(), 1, "nothing is left to be sent again");
}

#[test]
fn a_clean_session_forgets_what_was_in_flight() {
    let clock = ManualClock::new();
    let (mut receive, mut transmit, mut retained) = ([0; 64], [0; 64], [0; 64]);
    let mut session = Session::with_retention(&mut receive, &mut transmit, &mut retained);
    let wire = Wire::with(ACCEPTED);
    let login = Connect::new(&["c"]).clean_session(false);
    let mut connection = session.connect(wire, &clock, login).unwrap();
    connection.publish(&Publish::new(&["t"], b"1").qos(QoS::AtLeastOnce)).unwrap();
    drop(connection);
    let wire = Wire::with(ACCEPTED);
    let connection = session.connect(wire.clone(), &clock, Connect::new(&["c"])).unwrap();
    assert_eq!(connection.session().in_flight(), 0);
    assert_eq!(wire.take().len(), 1);
}

#[test]
fn what_cannot_be_kept_is_refused_before_it_is_sent() {
    let clock = ManualClock::new();
    let (mut receive, mut transmit) = ([0; 64], [0; 64]);
    let mut session = Session::new(&mut receive, &mut transmit);
    let wire = Wire::with(ACCEPTED);
    let login = Connect::new(&["c"]).clean_session(false);
    let mut connection = session.connect(wire.clone(), &clock, login).unwrap();
    wire.take();
    let message = Publish::new(&["t"], b"1").qos(QoS::AtLeastOnce);
    let refused = Error::Resource(ResourceError::Retention { needed: 8 });
    assert_eq!(connection.publish(&message), Err(refused));
    assert_eq!(connection.publish_streamed(&message, 1).map(|_| ()), Err(Misuse::StreamedRetention.into()));
    assert!(wire.take().is_empty());
    assert_eq!(connection.poll(), Ok(None), "the connection lives on");
}

#[test]
fn the_ninth_message_in_flight_is_refused_and_the_connection_lives_on() {
    let (wire, clock) = (Wire::with(ACCEPTED), ManualClock::new());
    let (mut receive, mut transmit) = ([0; 64], [0; 64]);
    let mut session = Session::new(&mut receive, &mut transmit);
    let mut connection = session.connect(wire.clone(), &clock, Connect::new(&["c"])).unwrap();
    let message = Publish::new(&["t"], b"").qos(QoS::AtLeastOnce);
    for _ in 0..mqtt_lite::IN_FLIGHT {
        connection.publish(&message).unwrap();
    }
    assert_eq!(connection.publish(&message), Err(Error::Resource(ResourceError::InFlight)));
    wire.send(&[0x40, 2, 0, 2]);
    assert!(matches!(connection.poll(), Ok(Some(Event::Published(_)))));
    connection.publish(&message).unwrap();
}

#[test]
fn a_large_message_comes_in_chunks_and_is_acknowledged_at_its_end() {
    let (wire, clock) = (Wire::with(ACCEPTED).in_pieces(7), ManualClock::new());
    let (mut receive, mut transmit) = ([0; 16], [0; 64]);
    let mut session = Session::new(&mut receive, &mut transmit);
    let mut connection = session.connect(wire.clone(), &clock, Connect::new(&["c"])).unwrap();
    wire.take();
    wire.send(&[0x32, 0x85, 0x01, 0, 1, b't', 0, 9]);
    let payload: Vec<u8> = (0..128).collect();
    wire.send(&payload);
    wire.send(&[0x30, 3, 0, 1, b'u']);
    let Some(Event::LargeMessage { message, length }) = connection.wait(clock.now() + Millis(1)).unwrap()
    else {
        panic!("not large")
    };
    assert_eq!((message.topic.as_str(), length), ("t", 128));
    let mut received: Vec<u8> = Vec::new();
    loop {
        assert!(wire.take().is_empty());
        match connection.wait(clock.now() + Millis(1)).unwrap().unwrap() {
            Event::Chunk { payload, left } => {
                received.extend(payload);
                assert_eq!(left, 128 - received.len());
                if left == 0 {
                    break;
                }
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(received, payload);
    assert!(matches!(connection.wait(clock.now() + Millis(1)), Ok(Some(Event::Message(_)))));
    assert_eq!(wire.take(), [[0x40, 2, 0, 9]]);
}

#[test]
fn an_acknowledgement_behind_a_slow_large_message_is_waited_for() {
    let (wire, clock) = (Wire::with(ACCEPTED), ManualClock::new());
    let (mut receive, mut transmit) = ([0; 16], [0; 64]);
    let mut session = Session::new(&mut receive, &mut transmit);
    let login = Connect::new(&["c"]).keep_alive(20);
    let mut connection = session.connect(wire.clone(), &clock, login).unwrap();
    let published = connection.publish(&Publish::new(&["t"], b"").qos(QoS::AtLeastOnce)).unwrap();
    wire.send(&[0x30, 0x83, 0xA0, 0x01, 0, 1, b't']);
    let mut received = 0;
    while received < 20_480 {
        match connection.wait(clock.now() + Millis::from_secs(20)).unwrap() {
            Some(Event::Chunk { payload, .. }) => received += payload.len(),
            Some(Event::LargeMessage { length, .. }) => assert_eq!(length, 20_480),
            Some(other) => panic!("{other:?}"),
            None => wire.send(&[b'x'; 1024]),
        }
    }
    assert!(clock.now().as_millis() > 300_000, "longer than any answer may take");
    wire.send(&[0x40, 2, 0, 2, 0xD0, 0]);
    assert_eq!(connection.poll(), Ok(published.map(Event::Published)));
    assert_eq!(wire.take().concat().iter().filter(|byte| **byte == 0xC0).count(), 1, "one ping");
    assert_eq!(connection.poll(), Ok(None));
}

#[test]
fn what_only_a_clean_session_waited_for_is_forgotten() {
    let clock = ManualClock::new();
    let (mut receive, mut transmit, mut retained) = ([0; 64], [0; 64], [0; 64]);
    let mut session = Session::with_retention(&mut receive, &mut transmit, &mut retained);
    let mut connection = session.connect(Wire::with(ACCEPTED), &clock, Connect::new(&["c"])).unwrap();
    connection.publish(&Publish::new(&["t"], b"").qos(QoS::AtLeastOnce)).unwrap();
    drop(connection);
    let login = Connect::new(&["c"]).clean_session(false);
    let connection = session.connect(Wire::with(ACCEPTED), &clock, login).unwrap();
    assert!(!connection.is_answer_awaited(), "nobody will ever acknowledge it");
}

#[test]
fn a_large_payload_is_written_in_pieces_of_the_callers() {
    let (wire, clock) = (Wire::with(ACCEPTED), ManualClock::new());
    let (mut receive, mut transmit) = ([0; 16], [0; 32]);
    let mut session = Session::new(&mut receive, &mut transmit);
    let mut connection = session.connect(wire.clone(), &clock, Connect::new(&["c"])).unwrap();
    wire.take();
    let message = Publish::new(&["t"], b"").qos(QoS::AtLeastOnce);
    let mut payload = connection.publish_streamed(&message, 1000).unwrap();
    let identifier = payload.identifier().unwrap();
    for _ in 0..3 {
        assert_eq!(payload.write(&[b'x'; 300]), Ok(300));
    }
    assert_eq!(payload.left(), 100);
    assert_eq!(payload.write(&[b'y'; 300]), Ok(100), "bytes past the announced length are left out");
    drop(payload);
    let written = wire.take().concat();
    assert_eq!(written[..8], [0x32, 0xED, 0x07, 0, 1, b't', 0, identifier.value().to_le_bytes()[0]]);
    assert_eq!(written.len(), 8 + 1000);
    connection.publish(&Publish::new(&["t"], b"next")).unwrap();
}

#[test]
fn a_streamed_payload_that_is_given_up_ends_the_connection() {
    let (wire, clock) = (Wire::with(ACCEPTED), ManualClock::new());
    let (mut receive, mut transmit) = ([0; 16], [0; 32]);
    let mut session = Session::new(&mut receive, &mut transmit);
    let mut connection = session.connect(wire, &clock, Connect::new(&["c"])).unwrap();
    let mut payload = connection.publish_streamed(&Publish::new(&["t"], b""), 10).unwrap();
    payload.write(b"half").unwrap();
    drop(payload);
    assert_eq!(connection.poll(), Err(Misuse::NotConnected.into()));
}

#[test]
fn nothing_follows_disconnect() {
    let (wire, clock) = (Wire::with(ACCEPTED), ManualClock::new());
    let (mut receive, mut transmit) = ([0; 64], [0; 64]);
    let mut session = Session::new(&mut receive, &mut transmit);
    let mut connection = session.connect(wire.clone(), &clock, Connect::new(&["c"])).unwrap();
    wire.take();
    wire.send(&[0x32, 5, 0, 1, b't', 0, 7, 0x32, 5, 0, 1, b't', 0, 8]);
    assert!(matches!(connection.poll(), Ok(Some(Event::Message(_)))));
    drop(connection.disconnect().unwrap());
    assert_eq!(wire.take(), [&[0x40, 2, 0, 7][..], &[0xE0, 0]], "what was handled is acknowledged before");
    let publish = Publish::new(&["t"], b"");
    assert_eq!(session.publish(&publish), Err(Misuse::NotConnected.into()));
    assert!(matches!(session.poll_event(), Ok(None)), "what was not handled is left to the server");
    assert_eq!(session.poll_transmit(), None);
}

#[test]
fn subscriptions_are_granted_filter_by_filter_and_end() {
    let (wire, clock) = (Wire::with(ACCEPTED), ManualClock::new());
    let (mut receive, mut transmit) = ([0; 64], [0; 64]);
    let mut session = Session::new(&mut receive, &mut transmit);
    let mut connection = session.connect(wire.clone(), &clock, Connect::new(&["c"])).unwrap();
    let filters =
        [Filter { topic: &["a"], qos: QoS::AtLeastOnce }, Filter { topic: &["b"], qos: QoS::AtMostOnce }];
    let identifier = connection.subscribe(&filters).unwrap();
    // A message may come before SUBACK (section 3.8.4).
    wire.send(&[0x30, 3, 0, 1, b'a', 0x90, 4, 0, 2, 1, 0x80]);
    assert!(matches!(connection.poll(), Ok(Some(Event::Message(_)))));
    let Ok(Some(Event::Subscribed(number, granted))) = connection.poll() else { panic!("no SUBACK") };
    assert_eq!(number, identifier);
    assert!(granted.iter().eq([Some(QoS::AtLeastOnce), None]));
    let identifier = connection.unsubscribe(&[&["a"]]).unwrap();
    wire.send(&[0xB0, 2, 0, 3]);
    assert_eq!(connection.poll(), Ok(Some(Event::Unsubscribed(identifier))));
    let acknowledged_twice = connection.wait(clock.now());
    assert_eq!(acknowledged_twice, Ok(None));
    wire.send(&[0xB0, 2, 0, 3]);
    assert_eq!(connection.poll(), Err(PeerError::UnknownIdentifier(identifier).into()));
}

#[cfg(feature = "qos2")]
mod qos2 {
    use super::*;

    #[test]
    fn a_message_goes_out_exactly_once() {
        let clock = ManualClock::new();
        let (mut receive, mut transmit, mut retained) = ([0; 64], [0; 64], [0; 64]);
        let mut session = Session::with_retention(&mut receive, &mut transmit, &mut retained);
        let login = || Connect::new(&["c"]).clean_session(false);
        let wire = Wire::with(ACCEPTED);
        let mut connection = session.connect(wire.clone(), &clock, login()).unwrap();
        wire.take();
        let message = Publish::new(&["t"], b"!").qos(QoS::ExactlyOnce);
        let identifier = connection.publish(&message).unwrap().unwrap();
        assert_eq!(wire.take(), [[0x34, 6, 0, 1, b't', 0, 2, b'!']]);
        wire.send(&[0x50, 2, 0, 2]);
        assert_eq!(connection.poll(), Ok(None));
        assert_eq!(wire.take(), [[0x62, 2, 0, 2]]);
        drop(connection);

        // After PUBREC only PUBREL is sent again [MQTT-4.3.3-1].
        let wire = Wire::with(RESUMED);
        let mut connection = session.connect(wire.clone(), &clock, login()).unwrap();
        assert_eq!(wire.take()[1..], [[0x62, 2, 0, 2]]);
        wire.send(&[0x70, 2, 0, 2]);
        assert_eq!(connection.poll(), Ok(Some(Event::Published(identifier))));
        assert_eq!(connection.session().in_flight(), 0);
    }

    #[test]
    fn a_message_before_pubrec_is_sent_again_marked() {
        let clock = ManualClock::new();
        let (mut receive, mut transmit, mut retained) = ([0; 64], [0; 64], [0; 64]);
        let mut session = Session::with_retention(&mut receive, &mut transmit, &mut retained);
        let login = || Connect::new(&["c"]).clean_session(false);
        let wire = Wire::with(ACCEPTED);
        let mut connection = session.connect(wire, &clock, login()).unwrap();
        connection.publish(&Publish::new(&["t"], b"!").qos(QoS::ExactlyOnce)).unwrap();
        drop(connection);
        let wire = Wire::with(RESUMED);
        drop(session.connect(wire.clone(), &clock, login()).unwrap());
        assert_eq!(wire.take()[1..], [[0x3C, 6, 0, 1, b't', 0, 2, b'!']]);
    }

    #[test]
    fn a_message_comes_in_exactly_once() {
        let (wire, clock) = (Wire::with(ACCEPTED), ManualClock::new());
        let (mut receive, mut transmit) = ([0; 64], [0; 64]);
        let mut session = Session::new(&mut receive, &mut transmit);
        let mut connection = session.connect(wire.clone(), &clock, Connect::new(&["c"])).unwrap();
        wire.take();
        wire.send(&[0x34, 6, 0, 1, b't', 0, 7, b'!']);
        assert!(matches!(connection.poll(), Ok(Some(Event::Message(_)))));
        // Sent again before PUBREC arrived: answered, not delivered.
        wire.send(&[0x3C, 6, 0, 1, b't', 0, 7, b'!']);
        assert_eq!(connection.poll(), Ok(None));
        assert_eq!(wire.take(), [[0x50, 2, 0, 7], [0x50, 2, 0, 7]]);
        wire.send(&[0x62, 2, 0, 7]);
        assert_eq!(connection.poll(), Ok(None));
        assert_eq!(wire.take(), [[0x70, 2, 0, 7]]);
        // Released: the identifier may be used for another message.
        wire.send(&[0x34, 6, 0, 1, b't', 0, 7, b'?']);
        assert!(matches!(connection.poll(), Ok(Some(Event::Message(_)))));
    }
}
