//! A debugger's conversation, packet by packet.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};

use samd21_sim::chip::Chip;
use samd21_sim::gdb::serve_on;
use samd21_sim::image::Image;
use samd21_sim::machine::Machine;
use samd21_sim::peripherals;
use samd21_sim::run::{Entry, Run};

/// MOVS R0, #7; ADDS R0, #1; BKPT #1; UDF; B .
const CODE: [u16; 5] = [0x2007, 0x3001, 0xBE01, 0xDE00, 0xE7FE];

struct Client(TcpStream);

impl Client {
    /// Sends a packet and gives the answer.
    fn ask(&mut self, packet: &str) -> String {
        let sum = packet.bytes().fold(0_u8, u8::wrapping_add);
        write!(self.0, "${packet}#{sum:02x}").unwrap();
        let mut answer = String::new();
        let mut byte = [0];
        loop {
            self.0.read_exact(&mut byte).unwrap();
            match byte[0] {
                b'+' if answer.is_empty() => {}
                b'$' => answer.clear(),
                b'#' => break,
                other => answer.push(char::from(other)),
            }
        }
        self.0.read_exact(&mut [0; 2]).unwrap();
        write!(self.0, "+").unwrap();
        answer
    }

    /// Reads a register: little-endian digits.
    fn register(&mut self, number: u8) -> u32 {
        let answer = self.ask(&format!("p{number:x}"));
        u32::from_str_radix(&answer, 16).unwrap_or_else(|_| panic!("{answer}")).swap_bytes()
    }
}

fn talk(mut client: Client) {
    assert!(client.ask("qSupported:multiprocess+").contains("PacketSize"));
    assert!(client.ask("qXfer:features:read:target.xml:0,ffb").contains("m-profile"));
    assert!(client.ask("?").starts_with(['S', 'T']));
    let pc = client.register(15);
    assert_eq!(pc, 0x2008);
    assert_eq!(client.ask("m2008,4"), "07200130");
    assert!(client.ask("vCont;s").starts_with(['S', 'T']));
    assert_eq!((client.register(0), client.register(15)), (7, 0x200A));
    assert_eq!(client.ask("Z0,200c,2"), "OK");
    assert!(client.ask("vCont;c").starts_with(['S', 'T']), "stops at the breakpoint");
    assert_eq!((client.register(0), client.register(15)), (8, 0x200C));
    assert_eq!(client.ask("z0,200c,2"), "OK");
    assert!(client.ask("vCont;c").starts_with(['S', 'T']), "BKPT stops too");
    assert_eq!(client.register(15), 0x200C);
    assert_eq!(client.ask("P0=2a000000"), "OK");
    assert_eq!(client.register(0), 42);
    assert_eq!(client.ask("M20000100,4:01020304"), "OK");
    assert_eq!(client.ask("m20000100,4"), "01020304");
    assert!(client.ask("m30000000,4").starts_with('E'));
    assert_eq!(client.ask("D"), "OK");
}

#[test]
fn a_debugger_reads_writes_steps_and_stops() {
    let mut bytes: Vec<u8> = [0x2000_7FF8, 0x2009].iter().flat_map(|word: &u32| word.to_le_bytes()).collect();
    bytes.extend(CODE.iter().flat_map(|halfword| halfword.to_le_bytes()));
    let mut chip = Chip::bare();
    peripherals::attach(&mut chip);
    let mut run = Run::new(Machine::new(chip), Image::parse(&bytes, None).unwrap(), Entry::Image);
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = listener.local_addr().unwrap();
    let client = std::thread::spawn(move || talk(Client(TcpStream::connect(address).unwrap())));
    let served = serve_on(&mut run, &listener, &mut |_| {});
    client.join().unwrap();
    served.unwrap();
    assert_eq!(run.machine.chip.fabric.ram.read32(0x2000_0100), 0x0403_0201);
}
