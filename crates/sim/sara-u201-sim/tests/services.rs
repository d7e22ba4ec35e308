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
