//! TCP sockets of the modem's own stack.

use monoclock::Millis;

use super::{Command, Reply, Spec};
use crate::at::{CommandLine, Fields};

/// How many sockets the modem has; their numbers are used again at once.
pub const SOCKETS: usize = 7;
/// Greatest data of one command in binary mode.
pub const MAX_BINARY: usize = 1024;
/// Greatest data of one command in hexadecimal mode.
pub const MAX_HEX: usize = 512;
/// Longest time to connect (nominally 20 s).
const CONNECT: Millis = Millis::from_secs(60);
/// Longest time to connect with a TLS handshake over a slow network.
const CONNECT_TLS: Millis = Millis::from_secs(120);

/// Protocol of a socket, by its number in IP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// 6.
    Tcp,
    /// 17.
    Udp,
}

/// `AT+USOCR`: creates a socket and answers its number.
#[derive(Clone, Copy, Debug)]
pub struct CreateSocket {
    /// Its protocol.
    pub protocol: Protocol,
    /// The local port; 0 leaves the choice to the modem.
    pub local_port: u16,
}

impl Command for CreateSocket {
    type Response = u8;

    fn spec(&self) -> &'static Spec {
        const { &Spec::new("+USOCR=").reply(Reply::Line).within(Spec::SOCKET) }
    }

    fn encode(&self, line: &mut CommandLine) {
        line.number(match self.protocol {
            Protocol::Tcp => 6u8,
            Protocol::Udp => 17,
        });
        if self.local_port != 0 {
            line.number(self.local_port);
        }
    }

    fn decode(&self, mut answer: Fields<'_>) -> Option<u8> {
        answer.number().filter(|&socket| usize::from(socket) < SOCKETS)
    }
}

/// `AT+USOSEC=socket,1,profile`: TLS on a socket, before it connects.
#[derive(Clone, Copy, Debug)]
pub struct SecureSocket {
    /// The socket.
    pub socket: u8,
    /// The security profile, 0 to 4.
    pub profile: u8,
}

impl Command for SecureSocket {
    type Response = ();

    fn spec(&self) -> &'static Spec {
        const { &Spec::new("+USOSEC=").within(Spec::SOCKET) }
    }

    fn encode(&self, line: &mut CommandLine) {
        line.number(self.socket).number(1u8).number(self.profile);
    }

    fn decode(&self, _: Fields<'_>) -> Option<()> {
        Some(())
    }
}

/// `AT+USOCO`: connects a socket; answers when TCP, and TLS, stand.
#[derive(Clone, Copy, Debug)]
pub struct ConnectSocket<'h> {
    /// The socket.
    pub socket: u8,
    /// Host name or address.
    pub host: &'h str,
    /// Port.
    pub port: u16,
    /// Whether a TLS handshake follows, which takes its time over 2G.
    pub secure: bool,
}

impl Command for ConnectSocket<'_> {
    type Response = ();

    fn spec(&self) -> &'static Spec {
        const PLAIN: Spec = Spec::new("+USOCO=").within(CONNECT);
        if self.secure { const { &PLAIN.within(CONNECT_TLS) } } else { &PLAIN }
    }

    fn encode(&self, line: &mut CommandLine) {
        line.number(self.socket).text(self.host).number(self.port);
    }

    fn decode(&self, _: Fields<'_>) -> Option<()> {
        Some(())
    }
}

/// `AT+USOWR`: writes, and answers how many bytes the modem took. The data is given to the engine.
#[derive(Clone, Copy, Debug)]
pub struct WriteSocket {
    /// The socket.
    pub socket: u8,
    /// How many bytes follow.
    pub length: u16,
    /// Whether they follow in hexadecimal digits on the same line, or as they are on a prompt.
    pub hex: bool,
}

impl Command for WriteSocket {
    type Response = u16;

    fn spec(&self) -> &'static Spec {
        const HEX: Spec = Spec::new("+USOWR=").reply(Reply::Maybe).within(Spec::SOCKET);
        if self.hex { &HEX } else { const { &HEX.prompt(b'@') } }
    }

    fn encode(&self, line: &mut CommandLine) {
        line.number(self.socket).number(self.length);
    }

    fn decode(&self, mut answer: Fields<'_>) -> Option<u16> {
        // A bare OK was seen in the field: nothing was taken.
        let _socket = answer.raw();
        if answer.has_more() { answer.number().filter(|&taken| taken <= self.length) } else { Some(0) }
    }
}

/// `AT+USORD=socket,length`: reads at most `length` bytes, which the engine hands out as data.
#[derive(Clone, Copy, Debug)]
pub struct ReadSocket {
    /// The socket.
    pub socket: u8,
    /// Greatest number of bytes.
    pub length: u16,
    /// Whether the modem is in hexadecimal mode.
    pub hex: bool,
}

impl Command for ReadSocket {
    type Response = u16;

    fn spec(&self) -> &'static Spec {
        const WAITING: Spec = BytesWaiting::SPEC;
        if self.hex { const { &WAITING.data(2, true) } } else { const { &WAITING.data(2, false) } }
    }

    fn encode(&self, line: &mut CommandLine) {
        line.number(self.socket).number(self.length);
    }

    fn decode(&self, mut answer: Fields<'_>) -> Option<u16> {
        let socket: u8 = answer.number()?;
        answer.number().filter(|&length| length <= self.length && socket == self.socket)
    }
}

/// `AT+USORD=socket,0`: how many bytes wait?
#[derive(Clone, Copy, Debug)]
pub struct BytesWaiting(pub u8);

impl BytesWaiting {
    const SPEC: Spec = Spec::new("+USORD=").reply(Reply::Line).within(Spec::SOCKET);
}

impl Command for BytesWaiting {
    type Response = u32;

    fn spec(&self) -> &'static Spec {
        const { &Self::SPEC }
    }

    fn encode(&self, line: &mut CommandLine) {
        line.number(self.0).number(0u8);
    }

    fn decode(&self, mut answer: Fields<'_>) -> Option<u32> {
        let _socket = answer.raw()?;
        answer.number()
    }
}

/// `AT+USOCL`: closes a socket.
#[derive(Clone, Copy, Debug)]
pub struct CloseSocket(pub u8);

impl Command for CloseSocket {
    type Response = ();

    fn spec(&self) -> &'static Spec {
        const { &Spec::new("+USOCL=").within(Spec::SOCKET) }
    }

    fn encode(&self, line: &mut CommandLine) {
        line.number(self.0);
    }

    fn decode(&self, _: Fields<'_>) -> Option<()> {
        Some(())
    }
}

/// `AT+USOER`: why did the last socket command fail? The numbers are like those of BSD's `errno`.
#[derive(Clone, Copy, Debug)]
pub struct LastSocketError;

impl Command for LastSocketError {
    type Response = u16;

    fn spec(&self) -> &'static Spec {
        const { &Spec::new("+USOER").reply(Reply::Line) }
    }

    fn decode(&self, mut answer: Fields<'_>) -> Option<u16> {
        answer.number()
    }
}

/// `AT+UDCONF=1,n`: socket data in hexadecimal digits, for all sockets and both directions.
#[derive(Clone, Copy, Debug)]
pub struct HexMode(pub bool);

impl Command for HexMode {
    type Response = ();

    fn spec(&self) -> &'static Spec {
        const { &Spec::new("+UDCONF=") }
    }

    fn encode(&self, line: &mut CommandLine) {
        line.number(1u8).number(u8::from(self.0));
    }

    fn decode(&self, _: Fields<'_>) -> Option<()> {
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(command: &impl Command) -> std::vec::Vec<u8> {
        let mut line = CommandLine::new(command.spec().name);
        command.encode(&mut line);
        line.finish().unwrap().to_vec()
    }

    #[test]
    fn socket_commands_read_as_in_the_manual() {
        assert_eq!(line(&CreateSocket { protocol: Protocol::Tcp, local_port: 0 }), b"AT+USOCR=6\r");
        assert_eq!(line(&CreateSocket { protocol: Protocol::Udp, local_port: 123 }), b"AT+USOCR=17,123\r");
        assert_eq!(line(&SecureSocket { socket: 3, profile: 1 }), b"AT+USOSEC=3,1,1\r");
        let connect = ConnectSocket { socket: 0, host: "mqtt.example", port: 8883, secure: true };
        assert_eq!(line(&connect), b"AT+USOCO=0,\"mqtt.example\",8883\r");
        assert_eq!(line(&WriteSocket { socket: 0, length: 1024, hex: false }), b"AT+USOWR=0,1024\r");
        assert_eq!(line(&BytesWaiting(2)), b"AT+USORD=2,0\r");
        assert_eq!(line(&HexMode(true)), b"AT+UDCONF=1,1\r");
    }

    #[test]
    fn an_answer_about_more_than_was_asked_is_refused() {
        let read = ReadSocket { socket: 1, length: 10, hex: false };
        assert_eq!(read.decode(Fields::new(b" 1,10,\"")), Some(10));
        assert_eq!(read.decode(Fields::new(b" 1,11,\"")), None);
        assert_eq!(read.decode(Fields::new(b" 2,10,\"")), None);
        let write = WriteSocket { socket: 1, length: 10, hex: true };
        assert_eq!(write.decode(Fields::new(b" 1,4")), Some(4));
        assert_eq!(write.decode(Fields::new(b" 1,11")), None);
        assert_eq!(write.decode(Fields::new(b"")), Some(0));
        assert_eq!(CreateSocket { protocol: Protocol::Tcp, local_port: 0 }.decode(Fields::new(b" 7")), None);
    }
}
