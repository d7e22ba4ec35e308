use sara_u201::{CallState, Urc};
use sara_u201_sim::{Event, Profile};

use crate::support::{Bench, TestModem, config};
use core::time::Duration;

/// Lets virtual time pass and collects the URCs.
fn urcs(bench: &Bench, modem: &mut TestModem) -> Vec<Urc> {
    let mut urcs = Vec::new();
    for _ in 0..100 {
        bench.clock.advance(Duration::from_millis(100));
        while let Ok(urc) = modem.poll_urc() {
            urcs.push(urc);
        }
    }
    urcs
}

#[test]
fn a_message_with_an_ok_line_arrives_whole() {
    let bench = Bench::new(Profile::default());
    let mut modem = bench.ready();
    modem.enable_messages().unwrap();
    for text in ["hello\r\nOK\r\n", "ERROR", "{€}", "жизнь"] {
        bench.simulation.happen(Event::Message { from: "+31612345678".into(), text: text.into() });
        let index = urcs(&bench, &mut modem).into_iter().find_map(|urc| match urc {
            Urc::Message { index } => Some(index),
            _ => None,
        });
        let index = index.expect("the message is told");
        assert!(modem.list_messages::<8>().unwrap().contains(&index));
        let message = modem.read_message(index).unwrap();
        assert_eq!(message.text, text);
        assert_eq!(message.sender, "+31612345678");
        modem.delete_message(index).unwrap();
    }
}

#[test]
fn a_message_is_sent() {
    let bench = Bench::new(Profile::default());
    let mut modem = bench.ready();
    modem.send_message("+31612345678", "hello OK\nÄ").unwrap();
    let sent = bench.simulation.sent_messages();
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0].to, "+31612345678");
    // Ten septets that begin with the packed form of "hello" in TS 23.038.
    assert!(sent[0].body.contains("0AE8329BFD06"), "{sent:?}");
}

#[test]
fn a_call_is_answered_and_ended() {
    let bench = Bench::new(Profile::default());
    let mut modem = bench.modem();
    modem.start(&config()).unwrap();
    bench.simulation.happen(Event::Ring { from: "+31612345678".into() });
    assert!(urcs(&bench, &mut modem).contains(&Urc::Ring));
    let call = modem.current_call().unwrap().unwrap();
    assert_eq!((call.incoming, call.state), (true, CallState::Incoming));
    modem.answer_call().unwrap();
    assert_eq!(modem.current_call().unwrap().unwrap().state, CallState::Active);
    modem.send_tone('5').unwrap();
    modem.hang_up().unwrap();
    assert_eq!(modem.current_call(), Ok(None));
}
