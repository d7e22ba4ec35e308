//! Socket data: writing and reading (chapter 19 of the manual).

use core::net::SocketAddrV4;
use core::time::Duration;

use super::WRONG;
use super::socket::decode_hexadecimal;
use crate::at::Command;
use crate::fault::{Effect, WriteFault};
use crate::modem::{ModemCore, Step, Urc};
use crate::network::NetworkError;
use crate::quirks::EmptyRead;
use crate::result::{NOT_ALLOWED, errno};
use crate::sockets::SocketState;

/// The most that one read gives, in binary and in hexadecimal.
const LONGEST: usize = 1024;
const LONGEST_HEXADECIMAL: usize = 512;

impl ModemCore {
    /// AT+USOWR, the data of the prompt.
    pub(super) fn write_socket(
        &mut self,
        socket: usize,
        generation: u64,
        bytes: &[u8],
        now: Duration,
    ) -> Step {
        let same = |s: &crate::sockets::Socket| s.generation == generation;
        if !self.sockets.get(socket).and_then(Option::as_ref).is_some_and(same) {
            self.socket_error = errno::BAD_SOCKET;
            return Step::Final(self.closed_socket());
        }
        if self.settings.hexadecimal && self.profile.quirks.hex_after_prompt {
            return match decode_hexadecimal(bytes) {
                Some(bytes) => self.write_bytes(socket, &bytes, now),
                None => WRONG,
            };
        }
        self.write_bytes(socket, bytes, now)
    }

    pub(super) fn write_bytes(&mut self, number: usize, bytes: &[u8], now: Duration) -> Step {
        let fault = self.faults.consume(|effect| match effect {
            Effect::Write(fault) => Some(*fault),
            _ => None,
        });
        let quirk = Some(self.profile.quirks.write_limit).filter(|limit| *limit > 0);
        let limit = match fault {
            Some(WriteFault::Partial(limit)) => limit.min(bytes.len()),
            Some(WriteFault::Zero) => return Step::line(format!("+USOWR: {number},0")),
            Some(WriteFault::Bare) => return Step::ok(),
            Some(WriteFault::WouldBlock) => return self.network_failure(Some(number), errno::WOULD_BLOCK),
            None => quirk.map_or(bytes.len(), |limit| limit.min(bytes.len())),
        };
        let Some(Some(socket)) = self.sockets.get_mut(number) else {
            return Step::Final(self.closed_socket());
        };
        if socket.state != SocketState::Open {
            return self.network_failure(Some(number), errno::of(NetworkError::Reset));
        }
        match socket.send(bytes.get(..limit).unwrap_or_default(), &mut *self.network, now) {
            Ok(0) => self.network_failure(Some(number), errno::WOULD_BLOCK),
            Ok(count) => Step::line(format!("+USOWR: {number},{count}")),
            Err(error) => self.network_failure(Some(number), errno::of(error)),
        }
    }

    /// AT+USOST.
    pub(super) fn send_datagram(
        &mut self,
        number: usize,
        remote: SocketAddrV4,
        bytes: &[u8],
        now: Duration,
    ) -> Step {
        let Some(Some(socket)) = self.sockets.get_mut(number) else {
            return Step::Final(self.closed_socket());
        };
        let Some(handle) = socket.handle else { return Step::Final(self.closed_socket()) };
        let sent = u64::try_from(bytes.len()).unwrap_or(0);
        socket.bytes_sent += sent;
        socket.remote = Some(remote);
        match self.network.send_to(handle, remote, bytes, now) {
            Ok(()) => Step::line(format!("+USOST: {number},{sent}")),
            Err(error) => self.network_failure(Some(number), errno::of(error)),
        }
    }

    /// AT+USORD.
    pub(super) fn read_command(&mut self, command: &Command, now: Duration) -> Step {
        let hexadecimal = self.settings.hexadecimal;
        let bare = self.profile.quirks.empty_read == EmptyRead::Bare;
        let Some(limit) = read_limit(command, hexadecimal) else { return WRONG };
        let (number, socket) = match self.socket_of(command) {
            Ok((_, socket)) if socket.protocol != 6 => return Step::Final(NOT_ALLOWED),
            Ok(found) => found,
            Err(refusal) => return refusal,
        };
        if matches!(socket.state, SocketState::Idle | SocketState::Connecting) {
            self.socket_error = errno::NOT_CONNECTED;
            return Step::Final(self.closed_socket());
        }
        if limit == 0 {
            return Step::line(format!("+USORD: {number},{}", socket.waiting()));
        }
        let count = limit.min(socket.received.len());
        let bytes: Vec<u8> = socket.received.drain(..count).collect();
        let generation = socket.generation;
        let left = !socket.received.is_empty();
        let announce = count > 0 && left;
        socket.announced = left;
        if announce {
            self.queue_data_urc(number, generation);
        }
        self.poll_sockets(now);
        if count == 0 && bare {
            return Step::line(format!("+USORD: {number},0"));
        }
        Step::Done(vec![data_line(&format!("+USORD: {number},{count}"), &bytes, hexadecimal)])
    }

    /// AT+USORF: one datagram, or as much of it as was asked for.
    pub(super) fn receive_from_command(&mut self, command: &Command) -> Step {
        let hexadecimal = self.settings.hexadecimal;
        let bare = self.profile.quirks.empty_read == EmptyRead::Bare;
        let Some(limit) = read_limit(command, hexadecimal) else { return WRONG };
        let (number, socket) = match self.socket_of(command) {
            Ok((_, socket)) if socket.protocol != 17 => return Step::Final(NOT_ALLOWED),
            Ok(found) => found,
            Err(refusal) => return refusal,
        };
        if limit == 0 {
            return Step::line(format!("+USORF: {number},{}", socket.waiting()));
        }
        let Some((from, mut bytes)) = socket.datagrams.pop_front() else {
            let quotes = if bare { "" } else { ",\"\"" };
            return Step::line(format!("+USORF: {number},0{quotes}"));
        };
        if bytes.len() > limit {
            let rest = bytes.split_off(limit);
            socket.datagrams.push_front((from, rest));
        }
        let (generation, left) = (socket.generation, socket.waiting() > 0);
        socket.announced = left;
        if left {
            self.queue_data_urc(number, generation);
        }
        let head = format!("+USORF: {number},\"{}\",{},{}", from.ip(), from.port(), bytes.len());
        Step::Done(vec![data_line(&head, &bytes, hexadecimal)])
    }

    fn queue_data_urc(&mut self, socket: usize, generation: u64) {
        self.queue_urc(Urc::Data { socket, generation });
    }
}

/// How much a read asks for; 0 asks how much there is.
fn read_limit(command: &Command, hexadecimal: bool) -> Option<usize> {
    let limit = usize::try_from(command.number(1)?).ok()?;
    let most = if hexadecimal { LONGEST_HEXADECIMAL } else { LONGEST };
    (limit <= most).then_some(limit)
}

/// A line of information that ends in quoted data.
fn data_line(head: &str, bytes: &[u8], hexadecimal: bool) -> Vec<u8> {
    let mut line = format!("{head},\"").into_bytes();
    if hexadecimal {
        line.extend(bytes.iter().flat_map(|byte| format!("{byte:02X}").into_bytes()));
    } else {
        line.extend_from_slice(bytes);
    }
    line.push(b'"');
    line
}
