//! Sockets: making, setting, closing, asking (chapter 19 of the manual).

use core::net::SocketAddrV4;
use core::time::Duration;

use super::WRONG;
use super::connect::Connecting;
use crate::at::{Command, Kind};
use crate::fault::Effect;
use crate::modem::{Data, DataKind, Direct, ModemCore, Step, Urc, Wait};
use crate::network::NetworkError;
use crate::quirks::Refusal;
use crate::result::{FinalResult, NOT_ALLOWED, errno};
use crate::sockets::{SOCKETS, Socket, SocketState};

impl ModemCore {
    pub(super) fn socket_command(&mut self, command: &Command, now: Duration) -> Option<Step> {
        if command.name == "+USOER" && command.kind == Kind::Execute {
            return Some(Step::line(format!("+USOER: {}", self.socket_error)));
        }
        if command.kind != Kind::Set {
            return None;
        }
        Some(match command.name.as_str() {
            "+UDCONF" => self.set_socket_mode(command),
            "+USOCR" => self.create_socket(command, now),
            "+USOSEC" => self.secure_socket(command),
            "+USOSO" => self.set_socket_option(command),
            "+USOCO" => self.connect_socket(command, now),
            "+USOWR" => self.write_command(command, now),
            "+USOST" => self.send_to_command(command, now),
            "+USORD" => self.read_command(command, now),
            "+USORF" => self.receive_from_command(command),
            "+USOCL" => self.close_socket(command, now),
            "+USOCTL" => self.socket_control(command),
            "+USOLI" => self.listen(command, now),
            "+USODL" => match self.socket_of(command) {
                Ok((number, socket)) if socket.protocol == 6 && socket.state == SocketState::Open => {
                    Step::Direct(Direct::new(number, socket.generation, now))
                }
                Ok(_) => Step::Final(NOT_ALLOWED),
                Err(refusal) => refusal,
            },
            "+UDNSRN" => self.resolve_name(command, now),
            _ => return None,
        })
    }

    fn set_socket_mode(&mut self, command: &Command) -> Step {
        match (command.number(0), command.number(1)) {
            (Some(1), Some(mode @ (0 | 1))) => {
                self.settings.hexadecimal = mode == 1;
                Step::ok()
            }
            (Some(1), None) => Step::line(format!("+UDCONF: 1,{}", u8::from(self.settings.hexadecimal))),
            _ => WRONG,
        }
    }

    /// The socket a command names, or the refusal.
    pub(crate) fn socket_of(&mut self, command: &Command) -> Result<(usize, &mut Socket), Step> {
        let Some(number) = command.index(0, SOCKETS) else { return Err(WRONG) };
        let refusal = self.closed_socket();
        match self.sockets.get_mut(number).and_then(Option::as_mut) {
            Some(socket) => Ok((number, socket)),
            None => {
                self.socket_error = errno::BAD_SOCKET;
                Err(Step::Final(refusal))
            }
        }
    }

    /// How a command on a closed socket is refused.
    pub(crate) const fn closed_socket(&self) -> FinalResult {
        match self.profile.quirks.closed_socket {
            Refusal::Cme => NOT_ALLOWED,
            Refusal::Plain => FinalResult::Error,
        }
    }

    /// How a failure of the network is told; AT+USOER has the number.
    pub(crate) fn network_failure(&mut self, socket: Option<usize>, number: u16) -> Step {
        self.socket_error = number;
        if let Some(Some(socket)) = socket.and_then(|socket| self.sockets.get_mut(socket)) {
            socket.last_error = number;
        }
        Step::Final(match self.profile.quirks.network_failure {
            Refusal::Cme => NOT_ALLOWED,
            Refusal::Plain => FinalResult::Error,
        })
    }

    fn create_socket(&mut self, command: &Command, now: Duration) -> Step {
        let protocol = match command.number(0) {
            Some(6) => 6,
            Some(17) => 17,
            _ => return WRONG,
        };
        let port = command.number(1).and_then(|port| u16::try_from(port).ok()).unwrap_or(0);
        if !self.contexts.any_active() {
            return Step::Final(NOT_ALLOWED);
        }
        let Some(free) = self.sockets.iter().position(Option::is_none) else {
            self.socket_error = errno::TOO_MANY;
            return Step::Final(NOT_ALLOWED);
        };
        self.socket_generation += 1;
        let mut socket = Socket::new(protocol, port, self.socket_generation);
        if protocol == 17 {
            match self.network.open_datagram(port, now) {
                Ok(handle) => (socket.handle, socket.state) = (Some(handle), SocketState::Open),
                Err(error) => return self.network_failure(None, errno::of(error)),
            }
        }
        if let Some(slot) = self.sockets.get_mut(free) {
            *slot = Some(socket);
        }
        self.socket_error = 0;
        if self.faults.late_close.take_if(|late| *late == free).is_some() {
            self.announce(format!("+UUSOCL: {free}"));
        }
        Step::line(format!("+USOCR: {free}"))
    }

    fn secure_socket(&mut self, command: &Command) -> Step {
        let security = match (command.number(1), command.count(), command.index(2, 5)) {
            (Some(0), ..) => None,
            (Some(1), 2, _) => Some(0),
            (Some(1), _, Some(profile)) => Some(profile),
            _ => return WRONG,
        };
        match self.socket_of(command) {
            Ok((_, socket)) if socket.protocol == 6 && socket.state == SocketState::Idle => {
                socket.security = security;
                Step::ok()
            }
            Ok(_) => Step::Final(NOT_ALLOWED),
            Err(refusal) => refusal,
        }
    }

    fn set_socket_option(&mut self, command: &Command) -> Step {
        let known = match (command.number(1), command.number(2)) {
            (Some(0), Some(1 | 2)) | (Some(6), Some(1 | 2)) => true,
            (Some(65535), Some(option)) => [4, 8, 32, 128, 256, 512].contains(&option),
            _ => false,
        };
        match self.socket_of(command) {
            Ok(_) if known && command.number(3).is_some() => Step::ok(),
            Ok(_) => WRONG,
            Err(refusal) => refusal,
        }
    }

    fn connect_socket(&mut self, command: &Command, now: Duration) -> Step {
        let port = command.number(2).and_then(|port| u16::try_from(port).ok()).filter(|port| *port > 0);
        let (Some(host), Some(port)) = (command.text(1).map(str::to_owned), port) else { return WRONG };
        let (number, generation) = match self.socket_of(command) {
            Ok((_, socket)) if socket.protocol != 6 || socket.state != SocketState::Idle => {
                return Step::Final(NOT_ALLOWED);
            }
            Ok((number, socket)) => {
                socket.state = SocketState::Connecting;
                (number, socket.generation)
            }
            Err(refusal) => return refusal,
        };
        let fault = self.faults.consume(|effect| match effect {
            Effect::Connect { number } => Some(*number),
            _ => None,
        });
        if let Some(error) = fault {
            if let Some(Some(socket)) = self.sockets.get_mut(number) {
                socket.state = SocketState::Idle;
            }
            return self.network_failure(Some(number), error);
        }
        let connecting = Connecting::new(self, number, generation, &host, port, now);
        if command.number(3) == Some(1) {
            self.connecting.push(connecting);
            return Step::ok();
        }
        Step::Wait(Wait::Connect(connecting))
    }

    fn write_command(&mut self, command: &Command, now: Duration) -> Step {
        let Some(length) = command.number(1).and_then(|n| usize::try_from(n).ok()) else { return WRONG };
        let hexadecimal = self.settings.hexadecimal;
        let closed = self.closed_socket();
        let (number, generation) = match self.socket_of(command) {
            Ok((number, socket)) if socket.protocol == 6 && socket.state == SocketState::Open => {
                (number, socket.generation)
            }
            Ok((_, socket)) => {
                let ended = socket.state == SocketState::Ended;
                self.socket_error = if ended { errno::of(NetworkError::Reset) } else { errno::NOT_CONNECTED };
                return Step::Final(closed);
            }
            Err(refusal) => return refusal,
        };
        match command.text(2) {
            None if command.count() > 2 || !(1..=1024).contains(&length) => WRONG,
            None => {
                let doubled = hexadecimal && self.profile.quirks.hex_after_prompt;
                let wanted = if doubled { length * 2 } else { length };
                Step::Prompt(Data::new(DataKind::SocketWrite { socket: number, generation }, wanted, now))
            }
            Some(text) => match inline_data(text, length, hexadecimal) {
                Some(bytes) => self.write_bytes(number, &bytes, now),
                None => WRONG,
            },
        }
    }

    fn send_to_command(&mut self, command: &Command, now: Duration) -> Step {
        let host = command.text(1).unwrap_or_default().to_owned();
        let port = command.number(2).and_then(|port| u16::try_from(port).ok()).filter(|port| *port > 0);
        let length = command.number(3).and_then(|n| usize::try_from(n).ok());
        let (Some(port), Some(length)) = (port, length) else { return WRONG };
        let number = match self.socket_of(command) {
            Ok((number, socket)) if socket.protocol == 17 => number,
            Ok(_) => return Step::Final(NOT_ALLOWED),
            Err(refusal) => return refusal,
        };
        let Some(ip) = self.address_now(&host, now) else {
            return self.network_failure(Some(number), errno::of(NetworkError::UnknownHost));
        };
        let remote = SocketAddrV4::new(ip, port);
        match command.text(4) {
            None if !(1..=1024).contains(&length) => WRONG,
            None => Step::Prompt(Data::new(DataKind::SendTo { socket: number, remote }, length, now)),
            Some(text) => match inline_data(text, length, self.settings.hexadecimal) {
                Some(bytes) => self.send_datagram(number, remote, &bytes, now),
                None => WRONG,
            },
        }
    }

    fn close_socket(&mut self, command: &Command, now: Duration) -> Step {
        let announces = self.profile.quirks.close_announces;
        let (number, generation) = match self.socket_of(command) {
            Ok((number, socket)) => (number, socket.generation),
            Err(refusal) => return refusal,
        };
        if command.number(1) == Some(1) {
            self.queue_urc(Urc::Closed { socket: number, generation });
            return Step::ok();
        }
        if let Some(mut socket) = self.sockets.get_mut(number).and_then(Option::take) {
            socket.close(&mut *self.network, now);
        }
        let late = |effect: &Effect| matches!(effect, Effect::LateClose).then_some(());
        if self.faults.consume(late).is_some() {
            self.faults.late_close = Some(number);
        }
        if announces {
            self.announce(format!("+UUSOCL: {number}"));
        }
        Step::ok()
    }

    fn socket_control(&mut self, command: &Command) -> Step {
        let (Some(parameter), Some(_)) = (command.number(1), command.index(0, SOCKETS)) else { return WRONG };
        let tells_unused = self.profile.quirks.unused_socket_type;
        let (number, socket) = match self.socket_of(command) {
            Ok(found) => found,
            Err(_) if parameter == 0 && tells_unused => {
                let number = command.number(0).unwrap_or(0);
                return Step::line(format!("+USOCTL: {number},0,0"));
            }
            Err(refusal) => return refusal,
        };
        let value = match parameter {
            0 => socket.protocol.to_string(),
            1 => socket.last_error.to_string(),
            2 => socket.bytes_sent.to_string(),
            3 => socket.bytes_received.to_string(),
            4 => match socket.remote {
                Some(remote) => format!("\"{}\",{}", remote.ip(), remote.port()),
                None => "\"0.0.0.0\",0".into(),
            },
            10 if socket.protocol == 6 => socket.tcp_state().to_string(),
            11 if socket.protocol == 6 => "0".into(),
            _ => return WRONG,
        };
        Step::line(format!("+USOCTL: {number},{parameter},{value}"))
    }

    fn listen(&mut self, command: &Command, now: Duration) -> Step {
        let Some(port) = command.number(1).and_then(|port| u16::try_from(port).ok()) else { return WRONG };
        let (number, protocol) = match self.socket_of(command) {
            Ok((_, socket)) if socket.security.is_some() => return Step::Final(NOT_ALLOWED),
            Ok((number, socket)) => (number, socket.protocol),
            Err(refusal) => return refusal,
        };
        let opened = if protocol == 17 {
            self.network.open_datagram(port, now)
        } else {
            self.network.listen(port, now)
        };
        let handle = match opened {
            Ok(handle) => handle,
            Err(error) => return self.network_failure(Some(number), errno::of(error)),
        };
        if let Some(Some(socket)) = self.sockets.get_mut(number) {
            if let Some(unbound) = socket.handle.replace(handle) {
                self.network.close(unbound, now);
            }
            socket.local_port = port;
            socket.state = if protocol == 17 { SocketState::Open } else { SocketState::Listening };
        }
        Step::ok()
    }
}

/// Data within the command line: as it stands, or in hexadecimal digits.
fn inline_data(text: &str, length: usize, hexadecimal: bool) -> Option<Vec<u8>> {
    if !hexadecimal {
        let bytes: Option<Vec<u8>> = text.chars().map(|c| u8::try_from(u32::from(c)).ok()).collect();
        return bytes.filter(|bytes| bytes.len() == length && (1..=1024).contains(&length));
    }
    let digits = text.as_bytes();
    let fits = digits.len() == length * 2 && (1..=512).contains(&length);
    fits.then(|| decode_hexadecimal(digits)).flatten()
}

/// Bytes from pairs of digits.
pub(crate) fn decode_hexadecimal(digits: &[u8]) -> Option<Vec<u8>> {
    let value = |digit: u8| char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok());
    let pair = |pair: &[u8]| Some(value(*pair.first()?)? << 4 | value(*pair.get(1)?)?);
    digits.chunks(2).map(pair).collect()
}
