//! A recording of a session, played back to the same host and to another.

mod terminal;

use std::rc::Rc;

use embedded_io::{Read, ReadReady, Write};
use monoclock::ManualClock;
use sara_u201_sim::{MemoryNetwork, Profile, Replay, Transcript};
use terminal::Terminal;

#[test]
fn a_recording_answers_like_the_module() {
    let mut terminal = Terminal::ready(Profile::default(), MemoryNetwork::new(0));
    terminal.simulation.record();
    let answers = [terminal.command("AT+CSQ"), terminal.command("AT+CGMM")];
    let text = terminal.simulation.transcript().to_string();
    let transcript: Transcript = text.parse().expect("well formed");

    let clock = Rc::new(ManualClock::new());
    let mut replay = Replay::new(transcript.clone(), clock.clone());
    for (line, answer) in ["AT+CSQ\r", "AT+CGMM\r"].iter().zip(&answers) {
        replay.write_all(line.as_bytes()).expect("the line works");
        let before = clock.elapsed();
        let mut seen = vec![0; answer.len()];
        replay.read_exact(&mut seen).expect("the line works");
        assert_eq!(seen, answer.as_bytes());
        assert!(clock.elapsed() > before, "an answer takes its time");
    }
    assert!(replay.is_over());

    let mut replay = Replay::new(transcript, clock);
    replay.write_all(b"AT+CREG?\r").expect("the line works");
    assert_eq!(replay.difference(), Some("the host wrote 0x52, recorded was 0x53"));
    assert!(!replay.read_ready().expect("the line works"), "nothing more is said");
}
