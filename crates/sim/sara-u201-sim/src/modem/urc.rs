//! Unsolicited result codes: queued at any time, said only between commands.

use core::time::Duration;

use super::ModemCore;
use crate::fault::Effect;
use crate::network::Handle;
use crate::sockets::{Socket, SocketState};

/// Lines that wait; what comes on top of them is lost.
const MOST_URCS: usize = 4096;

/// Something to be told when there is a chance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Urc {
    /// A line as it stands.
    Text(String),
    /// Bytes wait in a socket; how many is told when the line is sent.
    Data { socket: usize, generation: u64 },
    /// A socket is closed; it is free from the moment that the line is sent.
    Closed { socket: usize, generation: u64 },
}

impl ModemCore {
    /// Queues a line.
    pub(crate) fn announce(&mut self, line: String) {
        if self.urcs.len() < MOST_URCS {
            self.urcs.push_back(Urc::Text(line));
        }
    }

    pub(crate) fn queue_urc(&mut self, urc: Urc) {
        self.urcs.push_back(urc);
    }

    /// Whether a URC may be sent: no command runs and none is being typed.
    pub(super) fn may_speak(&self) -> bool {
        let typing = !self.line.is_empty() || !self.input.is_empty();
        let heard = self.rate.is_some() || self.profile.uart.any_rate;
        self.is_on()
            && heard
            && !self.is_stalled()
            && self.job.is_none()
            && (self.profile.quirks.urc_race || !typing)
    }

    pub(super) fn flush_urcs(&mut self, now: Duration) {
        while self.may_speak() && now >= self.urc_not_before {
            let Some(urc) = self.urcs.pop_front() else { return };
            let Some(line) = self.word(&urc, now) else { continue };
            if !self.is_dropped(&line) {
                self.statistics.urcs += 1;
                self.say(&self.settings.format().result(&line));
            }
        }
    }

    /// Whether a fault swallows the line.
    fn is_dropped(&mut self, line: &str) -> bool {
        let drops = |effect: &Effect| match effect {
            Effect::DropUrc { name } => line.starts_with(name.as_str()).then_some(()),
            _ => None,
        };
        self.faults.consume(drops).is_some()
    }

    /// Puts a URC into words; `None` when it has become untrue.
    fn word(&mut self, urc: &Urc, now: Duration) -> Option<String> {
        match urc {
            Urc::Text(line) => Some(line.clone()),
            Urc::Data { socket, generation } => {
                let slot = self.sockets.get_mut(*socket)?.as_mut().filter(|s| s.generation == *generation)?;
                let waiting = slot.waiting();
                if waiting == 0 {
                    slot.announced = false;
                    return None;
                }
                let name = if slot.protocol == 17 { "+UUSORF" } else { "+UUSORD" };
                Some(format!("{name}: {socket},{waiting}"))
            }
            Urc::Closed { socket, generation } => {
                let slot = self.sockets.get_mut(*socket)?;
                let mut closed = slot.take_if(|s| s.generation == *generation)?;
                closed.close(&mut *self.network, now);
                Some(format!("+UUSOCL: {socket}"))
            }
        }
    }

    /// Looks at every socket and queues what there is to tell.
    pub(crate) fn poll_sockets(&mut self, now: Duration) {
        for number in 0..self.sockets.len() {
            self.poll_socket(number, now);
        }
    }

    fn poll_socket(&mut self, number: usize, now: Duration) {
        let Some(Some(socket)) = self.sockets.get_mut(number) else { return };
        let generation = socket.generation;
        let news = socket.poll(&mut *self.network, now);
        if news.data {
            socket.announced = true;
            self.urcs.push_back(Urc::Data { socket: number, generation });
        }
        if news.ended && (socket.waiting() == 0 || self.profile.quirks.close_before_drain) {
            socket.end_queued = true;
            if socket.tls.is_some() && self.profile.quirks.tls_close_announces {
                self.urcs.push_back(Urc::Text(format!("+UUSORD: {number},4294967295")));
            }
            self.urcs.push_back(Urc::Closed { socket: number, generation });
        }
        let listening = socket.state == SocketState::Listening;
        let (port, handle) = (socket.local_port, socket.handle);
        if let Some(handle) = handle.filter(|_| listening) {
            self.accept(number, port, handle, now);
        }
    }

    /// Gives each new caller a socket of its own, as long as there are any.
    fn accept(&mut self, listener: usize, port: u16, handle: Handle, now: Duration) {
        while let Some(free) = self.sockets.iter().position(Option::is_none) {
            let Some((connection, remote)) = self.network.accept(handle, now) else { return };
            self.socket_generation += 1;
            let mut socket = Socket::new(6, port, self.socket_generation);
            socket.state = SocketState::Open;
            socket.handle = Some(connection);
            socket.remote = Some(remote);
            if let Some(slot) = self.sockets.get_mut(free) {
                *slot = Some(socket);
            }
            let (ip, own) = (remote.ip(), self.cellular().address);
            let line = format!("+UUSOLI: {free},\"{ip}\",{},{listener},\"{own}\",{port}", remote.port());
            self.announce(line);
        }
    }
}
