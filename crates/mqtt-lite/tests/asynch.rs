//! The async face does what the blocking one does, and loses nothing when a future is dropped.
#![cfg(feature = "async")]

mod support;

use core::pin::pin;
use core::sync::atomic::{AtomicBool, Ordering};
use core::task::{Context, Poll, Waker};
use core::time::Duration;
use std::sync::Arc;
use std::task::Wake;

use monoclock::{Clock, ManualClock, Millis};
use mqtt_lite::{Connect, ConnectError, Error, Event, Filter, Misuse, Publish, QoS, Session, Waiting};
use support::{ACCEPTED, RESUMED, Wire};

/// Tells whether a task was woken.
#[derive(Default)]
struct Bell(AtomicBool);

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Polls `task` at most `most` times, and moves the clock when nothing else happens.
fn poll_some<T>(clock: &ManualClock, most: usize, task: impl Future<Output = T>) -> Option<T> {
    let mut task = pin!(task);
    let bell = Arc::new(Bell::default());
    let waker = Waker::from(bell.clone());
    for _ in 0..most {
        if let Poll::Ready(output) = task.as_mut().poll(&mut Context::from_waker(&waker)) {
            return Some(output);
        }
        if !bell.0.swap(false, Ordering::Relaxed) {
            assert!(clock.advance_to_awaited(), "the task waits for nothing");
        }
    }
    None
}

fn run<T>(clock: &ManualClock, task: impl Future<Output = T>) -> T {
    poll_some(clock, usize::MAX, task).unwrap()
}

#[test]
fn messages_go_both_ways_and_are_acknowledged_once() {
    let (wire, clock) = (Wire::with(ACCEPTED).in_pieces(3).hesitant(), ManualClock::new());
    let (mut receive, mut transmit) = ([0; 64], [0; 64]);
    let mut session = Session::new(&mut receive, &mut transmit);
    run(&clock, async {
        let mut connection = session.connect_async(wire.clone(), &clock, Connect::new(&["c"])).await.unwrap();
        let subscription =
            connection.subscribe(&[Filter { topic: &["t"], qos: QoS::AtLeastOnce }]).await.unwrap();
        wire.take();
        let identifier = connection.publish(&Publish::new(&["t"], b"!").qos(QoS::AtLeastOnce)).await.unwrap();
        assert_eq!(wire.take().concat(), [0x32, 6, 0, 1, b't', 0, 3, b'!']);
        wire.send(&[0x90, 3, 0, 2, 1, 0x40, 2, 0, 3, 0x32, 6, 0, 1, b't', 0, 7, b'?']);
        let soon = clock.now() + Millis(10);
        let Ok(Some(Event::Subscribed(answered, granted))) = connection.wait(soon).await else {
            panic!("no SUBACK")
        };
        assert!(answered == subscription && granted.all());
        assert_eq!(connection.wait(soon).await, Ok(identifier.map(Event::Published)));
        let Ok(Some(Event::Message(message))) = connection.wait(soon).await else { panic!("no message") };
        assert_eq!((message.topic.as_str(), message.payload), ("t", &b"?"[..]));
        assert!(wire.take().is_empty());
        assert_eq!(connection.wait(soon).await, Ok(None));
        assert_eq!(wire.take().concat(), [0x40, 2, 0, 7]);
        connection.unsubscribe(&[&["t"]]).await.unwrap();
        assert!(connection.is_answer_awaited());
        connection.disconnect().await.unwrap();
        assert_eq!(wire.take().concat(), [0xA2, 5, 0, 4, 0, 1, b't', 0xE0, 0]);
    });
}

#[test]
fn silence_is_noticed_by_the_ping_that_nobody_answers() {
    let (wire, clock) = (Wire::with(ACCEPTED), ManualClock::new());
    let (mut receive, mut transmit) = ([0; 32], [0; 64]);
    let mut session = Session::new(&mut receive, &mut transmit);
    run(&clock, async {
        let login = Connect::new(&["c"]).keep_alive(60);
        let mut connection = session.connect_async(wire.clone(), &clock, login).await.unwrap();
        wire.take();
        let error = connection.wait(clock.now() + Millis::from_secs(600)).await.unwrap_err();
        assert_eq!(error, Error::Timeout(Waiting::PingResponse));
        assert_eq!(wire.take(), [[0xC0, 0]]);
        assert_eq!(clock.elapsed(), Duration::from_secs(45 + 30));
        assert_eq!(connection.wait(clock.now()).await, Err(Misuse::NotConnected.into()));
    });
}

#[test]
fn a_server_that_never_answers_connect_is_given_up_in_time() {
    let (wire, clock) = (Wire::with(&[0x20, 2, 0]), ManualClock::new());
    let (mut receive, mut transmit) = ([0; 32], [0; 64]);
    let mut session = Session::new(&mut receive, &mut transmit);
    let error =
        run(&clock, session.connect_async(wire, &clock, Connect::new(&["c"]))).map(|_| ()).unwrap_err();
    assert_eq!(error, ConnectError::Link(Error::Timeout(Waiting::ConnectAcknowledgement)));
    assert_eq!(clock.elapsed(), Duration::from_secs(30));
}

#[test]
fn an_answer_that_lies_unread_while_the_application_is_away_counts() {
    let (wire, clock) = (Wire::with(ACCEPTED).in_pieces(1), ManualClock::new());
    let (mut receive, mut transmit) = ([0; 32], [0; 64]);
    let mut session = Session::new(&mut receive, &mut transmit);
    run(&clock, async {
        let mut connection = session.connect_async(wire.clone(), &clock, Connect::new(&["c"])).await.unwrap();
        let message = Publish::new(&["t"], b"").qos(QoS::AtLeastOnce);
        let identifier = connection.publish(&message).await.unwrap();
        wire.send(&[0x40, 2, 0, 2]);
        clock.advance(Duration::from_secs(300));
        let soon = clock.now() + Millis(10);
        assert_eq!(connection.wait(soon).await, Ok(identifier.map(Event::Published)));
        connection.publish(&message).await.unwrap();
        clock.advance(Duration::from_secs(300));
        assert_eq!(connection.wait(clock.now()).await, Ok(None), "one look");
        assert_eq!(
            connection.wait(clock.now() + Millis(10)).await,
            Err(Error::Timeout(Waiting::Acknowledgement))
        );
    });
}

#[test]
fn a_large_payload_is_written_in_pieces_and_giving_it_up_ends_the_connection() {
    let (wire, clock) = (Wire::with(ACCEPTED).in_pieces(7).hesitant(), ManualClock::new());
    let (mut receive, mut transmit) = ([0; 32], [0; 64]);
    let mut session = Session::new(&mut receive, &mut transmit);
    run(&clock, async {
        let mut connection = session.connect_async(wire.clone(), &clock, Connect::new(&["c"])).await.unwrap();
        wire.take();
        let mut payload = connection.publish_streamed(&Publish::new(&["t"], b""), 100).await.unwrap();
        assert_eq!(payload.identifier(), None);
        while payload.left() > 0 {
            payload.write(&[b'x'; 30]).await.unwrap();
        }
        assert_eq!(payload.write(b"more").await, Ok(0));
        drop(payload);
        assert_eq!(wire.take().concat()[..5], [0x30, 103, 0, 1, b't']);
        connection.publish(&Publish::new(&["t"], b"next")).await.unwrap();
        assert_eq!(wire.take().concat()[..5], [0x30, 7, 0, 1, b't']);
        let mut payload = connection.publish_streamed(&Publish::new(&["t"], b""), 100).await.unwrap();
        payload.write(b"half").await.unwrap();
        drop(payload);
        assert_eq!(connection.wait(clock.now()).await, Err(Misuse::NotConnected.into()));
    });
}

/// Splits a stream of packets whose Remaining Length is one byte.
fn packets(mut stream: &[u8]) -> Vec<Vec<u8>> {
    let mut packets = Vec::new();
    while let [_, length, ..] = stream {
        let (packet, rest) = stream.split_at(2 + usize::from(*length));
        packets.push(packet.to_vec());
        stream = rest;
    }
    assert!(stream.is_empty());
    packets
}

#[test]
fn a_future_that_is_dropped_anywhere_loses_no_byte() {
    for most in 0..40 {
        let (wire, clock) = (Wire::with(ACCEPTED).in_pieces(3).hesitant(), ManualClock::new());
        let (mut receive, mut transmit, mut retained) = ([0; 64], [0; 64], [0; 64]);
        let mut session = Session::with_retention(&mut receive, &mut transmit, &mut retained);
        let login = || Connect::new(&["c"]).clean_session(false);
        let mut connection = run(&clock, session.connect_async(wire.clone(), &clock, login())).unwrap();
        wire.take();
        let message = Publish::new(&["t"], b"!").qos(QoS::AtLeastOnce);
        let dropped = poll_some(&clock, most, connection.publish(&message)).is_none();
        wire.send(&[0x30, 4, 0, 1, b't', b'1', 0x32, 6, 0, 1, b't', 0, 7, b'2']);
        let mut received: Vec<u8> = Vec::new();
        let until = clock.now() + Millis(50);
        for most in (most..).take(60) {
            let event = poll_some(&clock, most % 7, connection.wait(until));
            if let Some(Some(Event::Message(message))) = event.map(Result::unwrap) {
                received.extend(message.payload);
            }
        }
        assert_eq!(received, b"12", "polled {most} times");
        assert_eq!(run(&clock, connection.wait(clock.now())), Ok(None));
        let written = packets(&wire.take().concat());
        let puback = vec![0x40, 2, 0, 7];
        let publish = vec![0x32, 6, 0, 1, b't', 0, 2, b'!'];
        match connection.session().in_flight() {
            0 => assert!(dropped && written == [puback], "polled {most} times: {written:02x?}"),
            _ => assert_eq!(written, [publish.clone(), puback], "polled {most} times"),
        }
        let in_flight = connection.session().in_flight();
        drop(connection);

        // What was sent but not acknowledged is sent again.
        let wire = Wire::with(RESUMED);
        drop(run(&clock, session.connect_async(wire.clone(), &clock, login())).unwrap());
        let again = packets(&wire.take().concat());
        assert_eq!(again.len(), 1 + in_flight);
        assert!(again[1..].iter().all(|packet| packet[0] == 0x3A && packet[1..] == publish[1..]));
    }
}
