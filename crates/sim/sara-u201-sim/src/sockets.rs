//! The module's seven sockets.

use core::net::SocketAddrV4;
use core::time::Duration;
use std::collections::VecDeque;

use crate::network::{ConnectionState, Handle, Network, NetworkError};
use crate::result::errno;
use crate::tls::TlsSession;

/// How many sockets there are.
pub(crate) const SOCKETS: usize = 7;
/// What one socket holds for the host.
const RECEIVE_BUFFER: usize = 8192;
/// What one TLS socket holds for the network.
const SEND_BUFFER: usize = 8192;

/// Where a socket stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SocketState {
    /// Made, not connected.
    Idle,
    Connecting,
    Open,
    Listening,
    /// The peer has closed, or the connection is lost; told by +UUSOCL once drained.
    Ended,
}

/// One socket.
#[derive(Debug)]
pub(crate) struct Socket {
    /// 6 or 17.
    pub(crate) protocol: u8,
    pub(crate) local_port: u16,
    pub(crate) state: SocketState,
    /// The TLS profile of AT+USOSEC.
    pub(crate) security: Option<usize>,
    pub(crate) handle: Option<Handle>,
    pub(crate) remote: Option<SocketAddrV4>,
    pub(crate) tls: Option<TlsSession>,
    pub(crate) received: VecDeque<u8>,
    pub(crate) datagrams: VecDeque<(SocketAddrV4, Vec<u8>)>,
    outgoing: VecDeque<u8>,
    /// An URC about waiting data has been queued and not been answered by a read to the end.
    pub(crate) announced: bool,
    pub(crate) end_queued: bool,
    pub(crate) last_error: u16,
    pub(crate) bytes_sent: u64,
    pub(crate) bytes_received: u64,
    /// Tells this socket from earlier ones of the same number.
    pub(crate) generation: u64,
}

/// What the host must be told after a look at the network.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct News {
    pub(crate) data: bool,
    pub(crate) ended: bool,
}

impl Socket {
    pub(crate) const fn new(protocol: u8, local_port: u16, generation: u64) -> Self {
        Self {
            protocol,
            local_port,
            state: SocketState::Idle,
            security: None,
            handle: None,
            remote: None,
            tls: None,
            received: VecDeque::new(),
            datagrams: VecDeque::new(),
            outgoing: VecDeque::new(),
            announced: false,
            end_queued: false,
            last_error: 0,
            bytes_sent: 0,
            bytes_received: 0,
            generation,
        }
    }

    /// Bytes that AT+USORD (or, for the next datagram, AT+USORF) would give.
    pub(crate) fn waiting(&self) -> usize {
        match self.protocol {
            17 => self.datagrams.front().map_or(0, |datagram| datagram.1.len()),
            _ => self.received.len(),
        }
    }

    /// Moves bytes between the network and the buffers.
    pub(crate) fn poll(&mut self, network: &mut dyn Network, now: Duration) -> News {
        let Some(handle) = self.handle else { return News::default() };
        if self.protocol == 17 {
            while let Some(datagram) = network.receive_from(handle, now) {
                let held: usize = self.datagrams.iter().map(|datagram| datagram.1.len().max(1)).sum();
                if held + datagram.1.len() > RECEIVE_BUFFER {
                    continue;
                }
                self.bytes_received += u64::try_from(datagram.1.len()).unwrap_or(0);
                self.datagrams.push_back(datagram);
            }
        } else if matches!(self.state, SocketState::Open | SocketState::Connecting) {
            self.poll_stream(handle, network, now);
        }
        let data = self.waiting() > 0 && !self.announced && self.state != SocketState::Connecting;
        News { data, ended: self.state == SocketState::Ended && !self.end_queued }
    }

    fn poll_stream(&mut self, handle: Handle, network: &mut dyn Network, now: Duration) {
        self.pump_out(handle, network, now);
        let room = RECEIVE_BUFFER.saturating_sub(self.received.len());
        if let Some(tls) = &mut self.tls {
            // Plain text that rustls still holds goes first; only then does it take more records.
            let mut plain = tls.read(room);
            if plain.len() < room || self.state == SocketState::Connecting {
                tls.feed(&network.receive(handle, RECEIVE_BUFFER, now));
                plain.extend(tls.read(room - plain.len()));
            }
            self.bytes_received += u64::try_from(plain.len()).unwrap_or(0);
            self.received.extend(plain);
        } else if room > 0 && self.state == SocketState::Open {
            let bytes = network.receive(handle, room, now);
            self.bytes_received += u64::try_from(bytes.len()).unwrap_or(0);
            self.received.extend(bytes);
        }
        self.pump_out(handle, network, now);
        let ended = match network.state(handle, now) {
            ConnectionState::PeerClosed => Some(0),
            ConnectionState::Failed(error) => Some(errno::of(error)),
            _ => None,
        };
        let tls_ended =
            self.tls.as_ref().is_some_and(|tls| tls.is_closed_by_peer() || tls.failure().is_some());
        let drained = self.received.len() < RECEIVE_BUFFER;
        if self.state == SocketState::Open && drained && (ended.is_some() || tls_ended) {
            self.last_error = ended.unwrap_or(0);
            self.state = SocketState::Ended;
        }
    }

    /// Sends what waits for the network.
    fn pump_out(&mut self, handle: Handle, network: &mut dyn Network, now: Duration) {
        if let Some(tls) = &mut self.tls {
            self.outgoing.extend(tls.take_out());
        }
        if matches!(network.state(handle, now), ConnectionState::Open) && !self.outgoing.is_empty() {
            let taken = network.send(handle, self.outgoing.make_contiguous(), now).unwrap_or(0);
            self.outgoing.drain(..taken);
        }
    }

    /// Takes bytes from the host; tells how many, or why none.
    pub(crate) fn send(
        &mut self,
        bytes: &[u8],
        network: &mut dyn Network,
        now: Duration,
    ) -> Result<usize, NetworkError> {
        let handle = self.handle.ok_or(NetworkError::BadHandle)?;
        let taken = match &mut self.tls {
            Some(_) if self.outgoing.len() >= SEND_BUFFER => 0,
            Some(tls) => tls.write(bytes),
            None => network.send(handle, bytes, now)?,
        };
        self.bytes_sent += u64::try_from(taken).unwrap_or(0);
        self.poll_stream(handle, network, now);
        Ok(taken)
    }

    /// Takes all of `bytes` for sending, now or when the network has room.
    pub(crate) fn queue(&mut self, bytes: &[u8]) {
        match &mut self.tls {
            Some(tls) => {
                tls.write(bytes);
            }
            None => self.outgoing.extend(bytes),
        }
    }

    /// Closes towards the network.
    pub(crate) fn close(&mut self, network: &mut dyn Network, now: Duration) {
        let Some(handle) = self.handle else { return };
        if let Some(tls) = &mut self.tls {
            tls.close();
            self.pump_out(handle, network, now);
        }
        network.close(handle, now);
        self.handle = None;
    }

    /// AT+USOCTL=s,10: the state of the TCP connection.
    pub(crate) const fn tcp_state(&self) -> u8 {
        match self.state {
            SocketState::Idle => 0,
            SocketState::Listening => 1,
            SocketState::Connecting => 2,
            SocketState::Open => 4,
            SocketState::Ended => 7,
        }
    }
}
