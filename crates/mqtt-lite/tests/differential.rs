//! Our bytes read by mqtt-protocol-core, and its bytes read by us.

mod support;

use monoclock::{Clock, ManualClock, Millis};
use mqtt_lite::{Connect, Event, Filter, Publish, QoS, Session, Will, is_topic_filter, is_topic_name};
use mqtt_protocol_core::mqtt::Arc;
use mqtt_protocol_core::mqtt::packet::{Qos, v3_1_1};
use mqtt_protocol_core::mqtt::result_code::{ConnectReturnCode, SubackReturnCode};
use proptest::prelude::*;
use support::{ACCEPTED, Wire};

/// Splits a packet into first byte and body.
fn split(packet: &[u8]) -> (u8, &[u8]) {
    let length = packet[1..].iter().position(|byte| byte & 0x80 == 0).unwrap() + 1;
    (packet[0], &packet[1 + length..])
}

fn ours(qos: u8) -> QoS {
    if qos == 0 { QoS::AtMostOnce } else { QoS::AtLeastOnce }
}

fn theirs(qos: u8) -> Qos {
    if qos == 0 { Qos::AtMostOnce } else { Qos::AtLeastOnce }
}

/// Runs `act` on a connection and gives back what it wrote after CONNECT.
fn written(act: impl FnOnce(&mut mqtt_lite::Connection<'_, '_, Wire, &ManualClock>)) -> Vec<u8> {
    let (wire, clock) = (Wire::with(ACCEPTED), ManualClock::new());
    let (mut receive, mut transmit) = ([0; 64], vec![0; 4096]);
    let mut session = Session::new(&mut receive, &mut transmit);
    let mut connection = session.connect(wire.clone(), &clock, Connect::new(&["c"])).unwrap();
    wire.take();
    act(&mut connection);
    wire.take().concat()
}

proptest! {
    #[test]
    fn our_connect_is_read_as_it_was_meant(
        id in "[a-zA-Z0-9/]{1,120}", user in "\\PC{0,30}", password in "[ -~]{0,300}",
        keep_alive: u16, clean: bool, will in proptest::option::of(("[a-z/]{1,20}", "\\PC{0,40}", 0..2u8, any::<bool>())),
    ) {
        let wire = Wire::with(ACCEPTED);
        let (mut receive, mut transmit) = ([0; 64], [0; 2048]);
        let mut session = Session::new(&mut receive, &mut transmit);
        let (head, tail) = id.split_at(id.len() / 2);
        let parts = [head, tail];
        let mut connect = Connect::new(&parts).keep_alive(keep_alive).clean_session(clean);
        if let Some((topic, payload, qos, retain)) = &will {
            connect = connect.will(Will { topic, payload: payload.as_bytes(), qos: ours(*qos), retain: *retain });
        }
        drop(session.connect(wire.clone(), &ManualClock::new(), connect.login(&user, password.as_str())).unwrap());
        let packet = wire.take().concat();
        let (first, body) = split(&packet);
        let (read, length) = v3_1_1::Connect::parse(body).unwrap();
        prop_assert_eq!((first, length), (0x10, body.len()));
        prop_assert_eq!(read.client_id(), id);
        prop_assert_eq!((read.protocol_version(), read.keep_alive(), read.clean_session()), (4, keep_alive, clean));
        prop_assert_eq!(read.user_name(), Some(user.as_str()));
        prop_assert_eq!(read.password(), Some(password.as_bytes()));
        prop_assert_eq!(read.will_topic(), will.as_ref().map(|will| will.0.as_str()));
        if let Some((_, payload, qos, retain)) = &will {
            prop_assert_eq!(read.will_payload(), Some(payload.as_bytes()));
            prop_assert_eq!((read.will_qos(), read.will_retain()), (theirs(*qos), *retain));
        }
    }

    #[test]
    fn our_publish_is_read_as_it_was_meant(
        topic in "[a-z/]{1,60}", payload in proptest::collection::vec(any::<u8>(), 0..600), qos in 0..2u8, retain: bool,
    ) {
        let mut identifier = None;
        let packet = written(|connection| {
            let (head, tail) = topic.split_at(topic.len() / 2);
            let parts = [head, tail];
            let mut message = Publish::new(&parts, &payload).qos(ours(qos));
            if retain {
                message = message.retain();
            }
            identifier = connection.publish(&message).unwrap();
        });
        let (first, body) = split(&packet);
        let (read, length) = v3_1_1::Publish::parse(first & 0x0F, Arc::from(body)).unwrap();
        prop_assert_eq!(length, body.len());
        prop_assert_eq!(read.topic_name(), topic);
        prop_assert_eq!(read.payload().as_slice(), &payload[..]);
        prop_assert_eq!((read.qos(), read.retain(), read.dup()), (theirs(qos), retain, false));
        prop_assert_eq!(read.packet_id(), identifier.map(|identifier| identifier.value()));
    }

    #[test]
    fn our_subscribe_and_unsubscribe_are_read_as_they_were_meant(
        filters in proptest::collection::vec(("[a-z]{1,20}(/[+])?(/#)?", 0..2u8), 1..6),
    ) {
        let packet = written(|connection| {
            let parts: Vec<[&str; 1]> = filters.iter().map(|(filter, _)| [filter.as_str()]).collect();
            let list: Vec<_> = parts.iter().zip(&filters).map(|(topic, (_, qos))| Filter { topic, qos: ours(*qos) }).collect();
            connection.subscribe(&list).unwrap();
        });
        let (read, _) = v3_1_1::Subscribe::parse(split(&packet).1).unwrap();
        let entries: Vec<_> = read.entries().iter().map(|entry| (entry.topic_filter().to_owned(), entry.sub_opts().qos())).collect();
        let expected: Vec<_> = filters.iter().map(|(filter, qos)| (filter.clone(), theirs(*qos))).collect();
        prop_assert_eq!(entries, expected);

        let packet = written(|connection| {
            let parts: Vec<[&str; 1]> = filters.iter().map(|(filter, _)| [filter.as_str()]).collect();
            let list: Vec<&[&str]> = parts.iter().map(|parts| &parts[..]).collect();
            connection.unsubscribe(&list).unwrap();
        });
        let (read, _) = v3_1_1::Unsubscribe::parse(split(&packet).1).unwrap();
        prop_assert!(read.entries().iter().map(|entry| entry.as_str()).eq(filters.iter().map(|(filter, _)| filter.as_str())));
    }

    #[test]
    fn their_publish_is_delivered_as_it_was_meant(
        topic in "[^+#\\x00]{1,60}", payload in proptest::collection::vec(any::<u8>(), 0..300),
        qos in 0..2u8, identifier in 1..=u16::MAX, retain: bool, dup: bool, piece in 1..50usize,
    ) {
        prop_assume!(is_topic_name(&[&topic]));
        let mut packet = v3_1_1::Publish::builder().topic_name(&topic).unwrap().qos(theirs(qos)).retain(retain);
        if qos > 0 {
            packet = packet.packet_id(identifier).dup(dup);
        }
        let packet = packet.payload(payload.clone()).build().unwrap().to_continuous_buffer();
        let (wire, clock) = (Wire::with(ACCEPTED).in_pieces(piece), ManualClock::new());
        let (mut receive, mut transmit) = ([0; 256], [0; 64]);
        let mut session = Session::new(&mut receive, &mut transmit);
        let mut connection = session.connect(wire.clone(), &clock, Connect::new(&["c"])).unwrap();
        wire.take();
        wire.send(&packet);
        let (mut received, mut left) = (Vec::<u8>::new(), 1);
        while left > 0 {
            match connection.wait(clock.now() + Millis(100)).unwrap().unwrap() {
                Event::Message(message) => {
                    prop_assert_eq!((message.topic.as_str(), message.retain), (topic.as_str(), retain));
                    prop_assert_eq!((message.qos, message.duplicate), (ours(qos), dup && qos > 0));
                    received.extend(message.payload);
                    left = 0;
                }
                Event::LargeMessage { message, length } => {
                    prop_assert_eq!((message.topic.as_str(), length), (topic.as_str(), payload.len()));
                    left = length;
                }
                Event::Chunk { payload, left: more } => {
                    received.extend(payload);
                    left = more;
                }
                other => panic!("{other:?}"),
            }
        }
        prop_assert_eq!(received, payload);
        connection.poll().unwrap();
        let [high, low] = identifier.to_be_bytes();
        let expected: &[u8] = if qos == 0 { &[] } else { &[0x40, 2, high, low] };
        prop_assert_eq!(wire.take().concat(), expected);
    }

    #[test]
    fn their_connack_and_suback_are_read_as_they_were_meant(present: bool, codes in proptest::collection::vec(0..3u8, 1..5)) {
        let connack = v3_1_1::Connack::builder().session_present(present).return_code(ConnectReturnCode::Accepted);
        let (wire, clock) = (Wire::with(&connack.build().unwrap().to_continuous_buffer()), ManualClock::new());
        let (mut receive, mut transmit) = ([0; 256], [0; 64]);
        let mut session = Session::new(&mut receive, &mut transmit);
        let login = Connect::new(&["c"]).clean_session(false);
        let mut connection = session.connect(wire.clone(), &clock, login).unwrap();
        prop_assert_eq!(connection.session().session_present(), present);
        let filters = vec![Filter { topic: &["t"], qos: QoS::AtLeastOnce }; codes.len()];
        let identifier = connection.subscribe(&filters).unwrap();
        let their_codes = codes.iter().map(|code| match code {
            0 => SubackReturnCode::SuccessMaximumQos0,
            1 => SubackReturnCode::SuccessMaximumQos1,
            _ => SubackReturnCode::Failure,
        });
        let suback = v3_1_1::Suback::builder().packet_id(identifier.value()).return_codes(their_codes.collect());
        wire.send(&suback.build().unwrap().to_continuous_buffer());
        let Ok(Some(Event::Subscribed(_, granted))) = connection.poll() else { panic!("no SUBACK") };
        let expected = codes.iter().map(|code| (*code < 2).then(|| ours(*code)));
        prop_assert!(granted.iter().eq(expected));
    }

    #[test]
    fn any_bytes_from_the_server_end_in_silence_or_a_named_error(
        bytes in proptest::collection::vec(any::<u8>(), 0..200), accepted: bool, piece in 1..50usize,
    ) {
        let (wire, clock) = (Wire::with(if accepted { ACCEPTED } else { &[] }).in_pieces(piece), ManualClock::new());
        wire.send(&bytes);
        let (mut receive, mut transmit) = ([0; 32], [0; 64]);
        let mut session = Session::new(&mut receive, &mut transmit);
        if let Ok(mut connection) = session.connect(wire, &clock, Connect::new(&["c"])) {
            while let Ok(Some(_)) = connection.wait(clock.now() + Millis(100)) {}
        }
    }

    #[test]
    fn topic_rules_agree_with_the_specification_written_another_way(text in "[a+#/\\x00]{0,8}") {
        let levels: Vec<_> = text.split('/').collect();
        let plain = !text.is_empty() && !text.contains('\0');
        prop_assert_eq!(is_topic_name(&[&text]), plain && !text.contains(['+', '#']));
        let good = |(index, level): (usize, &&str)| match *level {
            "+" => true,
            "#" => index + 1 == levels.len(),
            level => !level.contains(['+', '#']),
        };
        prop_assert_eq!(is_topic_filter(&[&text]), plain && levels.iter().enumerate().all(good));
    }
}
