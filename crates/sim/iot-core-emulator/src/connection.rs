//! A transport: plain, or TLS in the middle.

use core::time::Duration;
use std::io::{Read as _, Write as _};
use std::sync::{Arc, Mutex};

use rustls::ServerConnection;

use crate::CloseReason;
use crate::authority::VirtualTime;
use crate::bridge::Bridge;
use crate::emulator::lock;
use crate::journal::{ConnectionId, Event};

/// One accepted connection, without a socket: bytes and time in, bytes and the next deadline out.
///
/// After every [`receive`](Self::receive), and whenever [`deadline`](Self::deadline) has come, call
/// [`transmit`](Self::transmit) and send what it answers. When [`is_closed`](Self::is_closed) is true then,
/// close the transport. When the other side closes, call [`close`](Self::close) or drop the connection.
#[derive(Debug)]
pub struct Connection {
    bridge: Arc<Mutex<Bridge>>,
    id: ConnectionId,
    tls: Option<Tls>,
}

#[derive(Debug)]
struct Tls {
    session: Box<ServerConnection>,
    time: Arc<VirtualTime>,
    /// The handshake is in the journal.
    established: bool,
    /// Why TLS came to its end.
    failed: Option<String>,
    /// `close_notify` is sent.
    ended: bool,
}

impl Connection {
    pub(crate) fn plain(bridge: Arc<Mutex<Bridge>>, now: Duration) -> Self {
        let id = lock(&bridge).open(false, now);
        Self { bridge, id, tls: None }
    }

    pub(crate) fn tls(
        bridge: Arc<Mutex<Bridge>>,
        mut session: Box<ServerConnection>,
        time: Arc<VirtualTime>,
        now: Duration,
    ) -> Self {
        // The bridge bounds what it buffers; a limit here would only lose bytes.
        session.set_buffer_limit(None);
        let id = lock(&bridge).open(true, now);
        Self { bridge, id, tls: Some(Tls { session, time, established: false, failed: None, ended: false }) }
    }

    /// Names the connection as the journal does.
    #[must_use]
    pub const fn id(&self) -> ConnectionId {
        self.id
    }

    /// Takes bytes that arrived at `now`.
    pub fn receive(&mut self, bytes: &[u8], now: Duration) {
        let mut bridge = lock(&self.bridge);
        match &mut self.tls {
            None => bridge.receive(self.id, bytes, now),
            Some(tls) => {
                tls.time.advance(now);
                let plaintext = tls.receive(bytes);
                if let Some(established) = tls.newly_established() {
                    bridge.cloud.journal.record(now, Some(self.id), None, established);
                }
                bridge.receive(self.id, &plaintext, now);
                if let Some(cause) = &tls.failed {
                    bridge.close(self.id, CloseReason::Tls(cause.clone()), now);
                } else if tls.peer_has_closed() {
                    bridge.close(self.id, CloseReason::ByPeer, now);
                }
            }
        }
    }

    /// Does what is due at `now`, and answers the bytes to send.
    #[must_use]
    pub fn transmit(&mut self, now: Duration) -> Vec<u8> {
        let mut bridge = lock(&self.bridge);
        let plaintext = bridge.transmit(self.id, now);
        match &mut self.tls {
            None => plaintext,
            Some(tls) => {
                tls.time.advance(now);
                tls.transmit(&plaintext, bridge.is_closed(self.id))
            }
        }
    }

    /// Whether the transport is to be closed, once what `transmit` answered is sent.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        lock(&self.bridge).is_closed(self.id)
    }

    /// When `transmit` must be called next, at the latest. A time that has passed means: now.
    ///
    /// A configuration or a command sent by the admin face moves it forward.
    #[must_use]
    pub fn deadline(&self) -> Option<Duration> {
        let bridge = lock(&self.bridge);
        if self.tls.as_ref().is_some_and(|tls| tls.session.wants_write()) {
            return Some(bridge.now());
        }
        bridge.deadline(self.id)
    }

    /// Learns that the other side has closed the transport.
    pub fn close(&mut self, now: Duration) {
        lock(&self.bridge).close(self.id, CloseReason::ByPeer, now);
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        lock(&self.bridge).forget(self.id);
    }
}

impl Tls {
    /// Decrypts. After a failure, and after our own `close_notify`, nothing is heard any more.
    fn receive(&mut self, mut bytes: &[u8]) -> Vec<u8> {
        let mut plaintext = Vec::new();
        while !bytes.is_empty() && self.failed.is_none() && !self.ended {
            let read = self.session.read_tls(&mut bytes).map_err(|error| error.to_string());
            let read =
                read.and_then(|read| if read == 0 { Err("after close_notify".into()) } else { Ok(()) });
            let done =
                read.and_then(|()| self.session.process_new_packets().map_err(|error| error.to_string()));
            // What was decrypted before an error still counts. "Would block" is the end of it.
            let _ = self.session.reader().read_to_end(&mut plaintext);
            if let Err(cause) = done {
                self.failed = Some(cause);
            }
        }
        plaintext
    }

    fn transmit(&mut self, plaintext: &[u8], closed: bool) -> Vec<u8> {
        let mut bytes = Vec::new();
        // Writing to memory does not fail.
        let _ = self.session.writer().write_all(plaintext);
        if closed && !self.ended {
            self.ended = true;
            self.session.send_close_notify();
        }
        while self.session.wants_write() {
            if self.session.write_tls(&mut bytes).is_err() {
                break;
            }
        }
        bytes
    }

    fn newly_established(&mut self) -> Option<Event> {
        if self.established || self.session.is_handshaking() {
            return None;
        }
        self.established = true;
        let version =
            self.session.protocol_version().map(|version| format!("{version:?}")).unwrap_or_default();
        Some(Event::TlsEstablished { version, server_name: self.session.server_name().map(String::from) })
    }

    fn peer_has_closed(&mut self) -> bool {
        !self.ended && self.session.process_new_packets().is_ok_and(|state| state.peer_has_closed())
    }
}
