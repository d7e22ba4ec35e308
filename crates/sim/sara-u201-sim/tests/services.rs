//! Messages, calls, files, HTTP, ping, location, power.

mod terminal;

use core::time::Duration;

use embedded_hal::digital::OutputPin;
use sara_u201_sim::{Event, MemoryNetwork, PeerConnection, Profile, SentMessage};
use terminal::{Terminal, echo_network, quick};

fn ready() -> Terminal {
    Terminal::ready(quick(), MemoryNetwork::new(0))
}

#[test]
fn a_text_message_is_sent_and_one_arrives() {
    let mut terminal = ready();
    terminal.ok("AT+CMGF=1");
    let answer = terminal.with_data("AT+CMGS=\"+491701234567\"", b"\r\n> ", b"good day\x1a");
    assert_eq!(answer, "\r\n+CMGS: 1\r\n\r\nOK\r\n");
    let sent = SentMessage { to: "+491701234567".into(), body: "good day".into() };
    assert_eq!(terminal.simulation.sent_messages(), [sent]);
    terminal.ok("AT+CNMI=2,1");
    let text = "line\r\nOK\r\nhello OK".to_owned();
    terminal.simulation.happen(Event::Message { from: "+4930123".into(), text });
    assert_eq!(terminal.urc("+CMTI: "), "\"SM\",1");
    let listed = terminal.ok("AT+CMGL=\"REC UNREAD\"");
    assert!(listed.starts_with("+CMGL: 1,\"REC UNREAD\",\"+4930123\",,\"80/01/06,"), "{listed}");
    terminal.rest.clear();
    assert_eq!(terminal.ok("AT+CMGL=\"REC UNREAD\""), "", "it has been read");
    terminal.ok("AT+CMGF=0");
    let pdu = terminal.ok("AT+CMGR=1");
    assert!(pdu.starts_with("+CMGR: 1,,"), "{pdu}");
    terminal.ok("AT+CMGD=1");
    assert_eq!(terminal.ok("AT+CMGL=4"), "");
}

#[test]
fn a_message_may_be_thrown_away_or_be_a_pdu() {
    let mut terminal = ready();
    terminal.ok("AT+CMGF=1");
    assert_eq!(terminal.with_data("AT+CMGS=\"123\"", b"> ", b"no\x1b"), "\r\nOK\r\n");
    terminal.ok("AT+CMGF=0");
    let pdu = b"0011000B916407281553F80000AA0AE8329BFD4697D9EC37\x1a";
    assert_eq!(terminal.with_data("AT+CMGS=23", b"> ", pdu), "\r\n+CMGS: 1\r\n\r\nOK\r\n");
    assert_eq!(terminal.with_data("AT+CMGS=22", b"> ", pdu), "\r\n+CMS ERROR: 304\r\n");
    assert_eq!(terminal.simulation.sent_messages()[0].to, "+46708251358");
}

#[test]
fn calls_go_out_and_come_in() {
    let mut terminal = Terminal::ready(Profile::default(), MemoryNetwork::new(0));
    terminal.ok("AT+UCALLSTAT=1");
    terminal.ok("ATD+49170;");
    assert_eq!(terminal.urc("+UCALLSTAT: "), "1,2");
    assert_eq!(terminal.urc("+UCALLSTAT: "), "1,3");
    terminal.until(|seen| seen.ends_with(b"+UCALLSTAT: 1,0\r\n"));
    assert_eq!(terminal.ok("AT+CLCC"), "+CLCC: 1,0,0,0,0,\"+49170\",145");
    terminal.ok("AT+VTS=5");
    terminal.ok("AT+UDTMFD=1,2");
    terminal.simulation.happen(Event::Tone('7'));
    assert_eq!(terminal.urc("+UUDTMFD: "), "7");
    terminal.ok("ATH");
    assert_eq!(terminal.ok("AT+CLCC"), "");
    terminal.ok("AT+CLIP=1");
    terminal.simulation.happen(Event::Ring { from: "+4930".into() });
    terminal.until(|seen| seen.ends_with(b"\r\nRING\r\n\r\n+CLIP: \"+4930\",145\r\n"));
    terminal.ok("ATA");
    terminal.rest.clear();
    terminal.simulation.happen(Event::HangUp);
    terminal.until(|seen| seen.ends_with(b"\r\nNO CARRIER\r\n"));
    assert_eq!(terminal.command("ATA"), "\r\nNO CARRIER\r\n");
}

#[test]
fn files_are_stored_and_read_in_blocks() {
    let mut terminal = ready();
    assert_eq!(terminal.with_data("AT+UDWNFILE=\"a.txt\",5", b"\r\n>", b"ab\r\nc"), "\r\nOK\r\n");
    assert_eq!(terminal.with_data("AT+UDWNFILE=\"a.txt\",2", b"\r\n>", b"de"), "\r\nOK\r\n");
    assert_eq!(terminal.ok("AT+URDFILE=\"a.txt\""), "+URDFILE: \"a.txt\",7,\"ab\r\ncde\"");
    assert_eq!(terminal.ok("AT+URDBLOCK=\"a.txt\",4,100"), "+URDBLOCK: \"a.txt\",3,\"cde\"");
    assert_eq!(terminal.ok("AT+ULSTFILE=2,\"a.txt\""), "+ULSTFILE: 7");
    assert_eq!(terminal.ok("AT+ULSTFILE=0"), "+ULSTFILE: \"a.txt\"");
    terminal.ok("AT+UDELFILE=\"a.txt\"");
    assert_eq!(terminal.command("AT+URDFILE=\"a.txt\""), "\r\n+CME ERROR: 22\r\n");
    terminal.send(b"AT+UDWNFILE=\"b\",5\r");
    terminal.until(|seen| seen.ends_with(b">"));
    terminal.send(b"abc");
    let before = terminal.now();
    assert_eq!(terminal.until(terminal::is_final), b"\r\n+CME ERROR: 1616\r\n");
    assert!(terminal.now() - before >= Duration::from_secs(20), "an upload that stalls");
}

/// Answers one request.
struct Page(Vec<u8>, Vec<u8>);

impl PeerConnection for Page {
    fn receive(&mut self, bytes: &[u8], _now: Duration) {
        self.0.extend_from_slice(bytes);
        if self.0.ends_with(b"\r\n\r\n") {
            assert!(self.0.starts_with(b"GET /time HTTP/1."), "a request line");
            self.1 = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nnoon".to_vec();
        }
    }

    fn transmit(&mut self, _now: Duration) -> Vec<u8> {
        core::mem::take(&mut self.1)
    }

    fn is_closed(&self) -> bool {
        false
    }

    fn next_event(&self, _now: Duration) -> Option<Duration> {
        None
    }
}

#[test]
fn a_page_is_fetched_into_a_file() {
    let network = MemoryNetwork::new(0);
    let page = |_| Box::new(Page(Vec::new(), Vec::new())) as Box<dyn PeerConnection>;
    network.serve("www.example", 80, page);
    let mut terminal = Terminal::online(quick(), network);
    terminal.ok("AT+UHTTP=0,1,\"www.example\"");
    terminal.ok("AT+UHTTPC=0,1,\"/time\",\"answer\"");
    assert_eq!(terminal.urc("+UUHTTPCR: "), "0,1,1");
    assert!(terminal.ok("AT+URDFILE=\"answer\"").ends_with("\r\n\r\nnoon\""));
    terminal.ok("AT+UHTTP=0,1,\"nowhere.example\"");
    terminal.ok("AT+UHTTPC=0,1,\"/\",\"answer\"");
    assert_eq!(terminal.urc("+UUHTTPCR: "), "0,1,0");
    assert_eq!(terminal.ok("AT+UHTTPER=0"), "+UHTTPER: 0,3,11");
}

#[test]
fn ping_and_position_answer_by_urc() {
    let mut terminal = Terminal::online(quick(), echo_network("echo.example", 7));
    terminal.ok("AT+UPING=\"echo.example\",2,32,5000,60");
    assert_eq!(terminal.urc("+UUPING: 1,"), "32,\"echo.example\",\"198.51.100.1\",60,120");
    assert_eq!(terminal.urc("+UUPING: 2,"), "32,\"echo.example\",\"198.51.100.1\",60,120");
    terminal.ok("AT+UPING=\"nowhere.example\"");
    assert_eq!(terminal.urc("+UUPINGER: "), "8");
    terminal.ok("AT+ULOCCELL=1");
    terminal.ok("AT+ULOC=2,2,0,1,1");
    assert!(terminal.urc("+UULOC: ").ends_with(",52.520007,13.404954,34,850"));
}

#[test]
fn radio_and_bands_are_chosen() {
    let mut terminal = Terminal::ready(Profile::default(), MemoryNetwork::new(0));
    terminal.ok("AT+COPS=2");
    terminal.ok("AT+URAT=0");
    terminal.ok("AT+UBANDSEL=900,1800");
    assert_eq!(terminal.ok("AT+UBANDSEL?"), "+UBANDSEL: 900,1800");
    assert_eq!(terminal.command("AT+UBANDSEL=901"), "\r\n+CME ERROR: 50\r\n");
    terminal.ok("AT+COPS=0");
    assert_eq!(terminal.ok("AT+COPS?"), "+COPS: 0,0,\"Simulated Mobile\",0");
    let scan = terminal.ok("AT+COPS=?");
    assert!(scan.starts_with("+COPS: (2,\"Simulated Mobile\",\"SimMob\",\"20404\",2),("), "{scan}");
    assert_eq!(terminal.command("AT+COPS=1,2,\"99999\""), "\r\n+CME ERROR: 30\r\n");
    terminal.ok("AT+CFUN=4");
    assert_eq!(terminal.ok("AT+CREG?"), "+CREG: 0,0");
    terminal.ok("AT+CFUN=16");
    terminal.rest.clear();
    terminal.pass(Duration::from_secs(4));
    // Automatic detection swallows the first line.
    terminal.send(b"AT\r");
    terminal.pass(Duration::from_millis(100));
    assert!(terminal.command("AT+CFUN?").contains("+CFUN: 4,0"), "airplane mode stays");
}

#[test]
fn a_switched_off_module_is_silent_until_reset() {
    let mut terminal = ready();
    terminal.ok("AT+CPWROFF");
    terminal.pass(Duration::from_secs(3));
    terminal.send(b"AT\r");
    terminal.pass(Duration::from_secs(3));
    assert!(terminal.rest.is_empty());
    let mut reset = terminal.simulation.reset_line();
    reset.set_high().expect("a level");
    terminal.pass(Duration::from_millis(60));
    reset.set_low().expect("a level");
    terminal.pass(Duration::from_secs(3));
    terminal.send(b"AT\r");
    terminal.pass(Duration::from_secs(1));
    assert!(terminal.command("AT").ends_with("\r\nOK\r\n"));
}

#[test]
fn a_sleeping_module_loses_the_byte_that_wakes_it() {
    let mut terminal = ready();
    terminal.ok("AT+UPSV=1,2000");
    terminal.pass(Duration::from_secs(10));
    terminal.send(b"AT\r");
    terminal.pass(Duration::from_millis(15));
    assert!(terminal.rest.is_empty());
    terminal.pass(Duration::from_millis(10));
    assert_eq!(terminal.ok("AT"), "", "20 ms later it hears");
    assert_eq!(terminal.simulation.statistics().bytes_lost_asleep, 3);
    let mut dtr = terminal.simulation.dtr_line();
    terminal.ok("AT+UPSV=3");
    dtr.set_high().expect("a level");
    terminal.send(b"AT\r");
    terminal.pass(Duration::from_secs(1));
    assert!(terminal.rest.is_empty());
    dtr.set_low().expect("a level");
    terminal.pass(Duration::from_millis(5));
    assert_eq!(terminal.ok("AT"), "");
}

#[test]
fn rts_wakes_a_module_where_it_does_not_pace_the_line() {
    let mut terminal = ready();
    assert_eq!(terminal.command("AT+UPSV=2"), "\r\n+CME ERROR: 3\r\n", "RTS paces the line");
    terminal.ok("AT&K0");
    terminal.serial.set_flow_control(false);
    terminal.ok("AT+UPSV=2");
    assert_eq!(terminal.command("AT&K3"), "\r\n+CME ERROR: 3\r\n");
    terminal.serial.set_request_to_send(false);
    terminal.send(b"AT\r");
    terminal.pass(Duration::from_secs(1));
    assert!(terminal.rest.is_empty());
    assert_eq!(terminal.simulation.statistics().bytes_lost_asleep, 3);
    terminal.serial.set_request_to_send(true);
    terminal.pass(Duration::from_millis(5));
    assert_eq!(terminal.ok("AT+UPSV?"), "+UPSV: 2");
}

#[test]
fn what_a_module_says_keeps_it_awake() {
    let mut terminal = ready();
    terminal.ok("AT+UPSV=1,400"); // 1.85 s
    terminal.pass(Duration::from_millis(1700));
    terminal.simulation.happen(Event::Ring { from: "1".into() });
    terminal.pass(Duration::from_millis(1700));
    assert_eq!(terminal.ok("AT"), "");
}

#[test]
fn messages_can_come_straight_through() {
    let mut terminal = ready();
    terminal.ok("AT+CMGF=1;+CNMI=2,2");
    let message = Event::Message { from: "+4930123".into(), text: "hello".into() };
    terminal.simulation.happen(message.clone());
    let seen = String::from_utf8(terminal.until(|seen| seen.ends_with(b"hello\r\n"))).expect("text");
    assert!(seen.starts_with("\r\n+CMT: \"+4930123\",,\""), "{seen}");
    terminal.ok("AT+CMGF=0");
    terminal.simulation.happen(message);
    let seen = terminal.until(|seen| seen.windows(4).any(|four| four == b"0004") && seen.ends_with(b"\r\n"));
    let pdu = String::from_utf8(seen)
        .expect("text")
        .trim_start()
        .trim_start_matches("+CMT: ,22\r\n")
        .trim()
        .to_owned();
    assert_eq!(pdu.len(), (1 + 22) * 2, "{pdu}");
    assert_eq!(terminal.ok("AT+CMGL=4"), "", "nothing is stored");
}

#[test]
fn a_call_can_be_answered_by_the_module() {
    let mut terminal = ready();
    terminal.ok("ATS0=2+CRC=1");
    terminal.simulation.happen(Event::Ring { from: "+4930".into() });
    assert_eq!(terminal.urc("+CRING: "), "VOICE");
    terminal.pass(Duration::from_secs(4));
    assert!(terminal.ok("AT+CLCC").starts_with("+CLCC: 1,1,4,"), "it rings");
    terminal.pass(Duration::from_secs(2));
    assert!(terminal.ok("AT+CLCC").starts_with("+CLCC: 1,1,0,"), "it is taken");
}

#[test]
fn contexts_of_both_kinds_are_kept() {
    let mut terminal = ready();
    terminal.ok("AT+CGEREP=1,0");
    terminal.ok("AT+CGATT=1");
    terminal.ok("AT+UPSD=0,1,\"one\"");
    for wrong in ["0,6,4", "0,7,\"here\"", "7,1,\"x\"", "0,10,1"] {
        assert_eq!(terminal.command(&format!("AT+UPSD={wrong}")), "\r\n+CME ERROR: 50\r\n", "{wrong}");
    }
    terminal.ok("AT+UPSDA=0,1");
    terminal.ok("AT+UPSD=0,1,\"two\"");
    terminal.ok("AT+UPSDA=0,2");
    assert_eq!(terminal.ok("AT+UPSD=0,1"), "+UPSD: 0,1,\"one\"");
    terminal.ok("AT+CGDCONT=1,\"IP\",\"three\"");
    assert_eq!(terminal.ok("AT+CGDCONT?"), "+CGDCONT: 1,\"IP\",\"three\",\"\",0,0");
    terminal.ok("AT+CGACT=1,1");
    assert_eq!(terminal.ok("AT+CGPADDR=1"), "+CGPADDR: 1,\"10.64.7.21\"");
    assert_eq!(terminal.command("AT+CGACT=1,2"), "\r\n+CME ERROR: 3\r\n");
    terminal.rest.clear();
    terminal.simulation.happen(Event::RegistrationLost(Duration::from_secs(1)));
    assert_eq!(terminal.urc("+CGEV: "), "NW DETACH");
}

#[test]
fn a_greeting_is_said_at_each_start() {
    let mut terminal = ready();
    terminal.ok("AT+IPR=115200");
    terminal.pass(Duration::from_millis(150));
    terminal.ok("AT+CSGT=1,\"good morning\"");
    assert_eq!(terminal.ok("AT+CSGT?"), "+CSGT: \"good morning\",1");
    terminal.ok("AT+CFUN=16");
    terminal.until(|seen| seen == b"\r\ngood morning\r\n");
}

#[test]
fn card_and_module_keep_messages_apart() {
    let mut terminal = ready();
    terminal.ok("AT+CMGF=1;+CNMI=2,1");
    assert_eq!(terminal.ok("AT+CPMS?"), "+CPMS: \"SM\",0,25,\"SM\",0,25,\"SM\",0,25");
    assert_eq!(terminal.ok("AT+CPMS=\"SM\",\"SM\",\"ME\""), "+CPMS: 0,25,0,25,0,25");
    terminal.simulation.happen(Event::Message { from: "1".into(), text: "x".into() });
    assert_eq!(terminal.urc("+CMTI: "), "\"ME\",1");
    assert_eq!(terminal.ok("AT+CMGL=\"ALL\""), "");
    assert_eq!(terminal.ok("AT+CPMS=\"ME\""), "+CPMS: 1,25,0,25,1,25");
    assert!(terminal.ok("AT+CMGL=\"ALL\"").ends_with("\r\nx"));
    assert_eq!(terminal.ok("AT+CMGD=?"), "+CMGD: (1),(0-4)");
    assert_eq!(terminal.command("AT+CPMS=\"MT\""), "\r\n+CME ERROR: 50\r\n");
}
