//! What is under way, and what happens to it as time passes.

use core::net::{Ipv4Addr, SocketAddrV4};
use core::time::Duration;
use std::collections::{BTreeMap, VecDeque};

use rand_chacha::ChaCha8Rng;
use rand_core::Rng;

use super::super::{ConnectionState, Handle, NetworkError};
use super::{DatagramPeer, Peer, PeerConnection};

/// How late a lost TCP segment arrives.
pub(super) const RETRANSMISSION: Duration = Duration::from_secs(1);
/// How long a connection attempt waits for a silent peer.
pub(super) const CONNECT_TIMEOUT: Duration = Duration::from_secs(20);
/// How long a look-up waits for a silent name server.
pub(super) const RESOLVER_TIMEOUT: Duration = Duration::from_secs(30);
/// The shortest step in which a peer may ask for attention.
pub(super) const PEER_STEP: Duration = Duration::from_millis(1);

pub(super) struct Inner {
    pub(super) rng: ChaCha8Rng,
    pub(super) round_trip: Duration,
    pub(super) loss_per_mille: u16,
    pub(super) link_up: bool,
    pub(super) resolver_up: bool,
    pub(super) window: usize,
    pub(super) hosts: BTreeMap<String, Ipv4Addr>,
    pub(super) services: BTreeMap<SocketAddrV4, Box<dyn Peer>>,
    pub(super) datagram_services: BTreeMap<SocketAddrV4, Box<dyn DatagramPeer>>,
    pub(super) black_holes: Vec<Ipv4Addr>,
    pub(super) handles: u32,
    pub(super) queries: BTreeMap<u32, (Duration, Result<Ipv4Addr, NetworkError>)>,
    pub(super) connections: BTreeMap<u32, Connection>,
    pub(super) ports: BTreeMap<u32, DatagramPort>,
    pub(super) listeners: BTreeMap<u32, Listener>,
    pub(super) now: Duration,
}

pub(super) struct Connection {
    pub(super) remote: SocketAddrV4,
    pub(super) state: ConnectionState,
    pub(super) opens_at: Duration,
    pub(super) peer: Option<Box<dyn PeerConnection>>,
    pub(super) peer_closed: bool,
    /// When the peer was last asked; `None` before the first time.
    pub(super) polled: Option<Duration>,
    pub(super) to_peer: VecDeque<(Duration, Vec<u8>)>,
    /// Bytes on their way to the modem; `None` is the end of the stream.
    pub(super) to_modem: VecDeque<(Duration, Option<Vec<u8>>)>,
    pub(super) inbox: VecDeque<u8>,
    pub(super) closing_at: Option<Duration>,
}

pub(super) struct DatagramPort {
    pub(super) port: u16,
    pub(super) inbox: VecDeque<(Duration, SocketAddrV4, Vec<u8>)>,
}

pub(super) struct Listener {
    pub(super) port: u16,
    pub(super) waiting: VecDeque<(Handle, SocketAddrV4)>,
}

impl Connection {
    pub(super) fn new(remote: SocketAddrV4, opens_at: Duration) -> Self {
        Self {
            remote,
            state: ConnectionState::Connecting,
            opens_at,
            peer: None,
            peer_closed: false,
            polled: None,
            to_peer: VecDeque::new(),
            to_modem: VecDeque::new(),
            inbox: VecDeque::new(),
            closing_at: None,
        }
    }

    pub(super) fn fail(&mut self, error: NetworkError, now: Duration) {
        if let Some(mut peer) = self.peer.take() {
            peer.closed_by_modem(now);
        }
        self.to_peer.clear();
        self.to_modem.clear();
        self.state = ConnectionState::Failed(error);
    }

    /// When this connection needs attention next.
    pub(super) fn next_event(&self) -> Option<Duration> {
        if self.state == ConnectionState::Connecting {
            return Some(self.opens_at);
        }
        let peer = match (&self.peer, self.polled) {
            (Some(_), None) => Some(self.opens_at),
            (Some(peer), Some(polled)) if !self.peer_closed => {
                peer.next_event(polled).map(|at| at.max(polled + PEER_STEP))
            }
            _ => None,
        };
        let queues = [self.to_peer.front().map(|item| item.0), self.to_modem.front().map(|item| item.0)];
        [peer, self.closing_at].into_iter().chain(queues).flatten().min()
    }
}

impl Inner {
    pub(super) fn new_handle(&mut self) -> Handle {
        self.handles += 1;
        Handle(self.handles)
    }

    pub(super) fn add_host(&mut self, name: &str) -> Ipv4Addr {
        let name = name.to_ascii_lowercase();
        let count = u8::try_from(self.hosts.len() % 250).unwrap_or(0);
        *self.hosts.entry(name).or_insert(Ipv4Addr::new(198, 51, 100, count + 1))
    }

    pub(super) fn address_of(&mut self, host: &str) -> Ipv4Addr {
        host.parse().unwrap_or_else(|_| self.add_host(host))
    }

    pub(super) fn is_lost(&mut self) -> bool {
        self.loss_per_mille > 0 && self.rng.next_u32() % 1000 < u32::from(self.loss_per_mille)
    }

    /// How long a segment takes one way.
    pub(super) fn transit(&mut self) -> Duration {
        let late = if self.is_lost() { RETRANSMISSION } else { Duration::ZERO };
        self.round_trip / 2 + late
    }

    pub(super) fn next_event(&self) -> Option<Duration> {
        let answers = self.queries.values().map(|query| query.0).filter(|at| *at > self.now);
        let datagrams = self.ports.values().filter_map(|port| port.inbox.front()).map(|item| item.0);
        let datagrams = datagrams.filter(|at| *at > self.now);
        let connections = self.connections.values().filter_map(Connection::next_event);
        let timed = answers.chain(datagrams).min();
        if self.link_up { connections.chain(timed).min() } else { timed }
    }

    /// Runs everything that is due by `now`, in the order of time.
    pub(super) fn poll(&mut self, now: Duration) {
        while self.link_up {
            let due = self.connections.iter().filter_map(|(id, c)| c.next_event().map(|at| (at, *id))).min();
            let Some((at, id)) = due.filter(|(at, _)| *at <= now) else { break };
            self.now = self.now.max(at);
            self.step(id, at);
        }
        self.now = self.now.max(now);
    }

    /// Handles one event of one connection.
    pub(super) fn step(&mut self, id: u32, at: Duration) {
        let transit = self.transit();
        let remote = self.connections.get(&id).map(|connection| connection.remote);
        let service = remote.and_then(|remote| self.services.get_mut(&remote));
        let Some(connection) = self.connections.get_mut(&id) else { return };
        if connection.state == ConnectionState::Connecting {
            match service {
                Some(service) => {
                    connection.peer = Some(service.accept(at));
                    connection.state = ConnectionState::Open;
                }
                None if self.black_holes.contains(connection.remote.ip()) => {
                    connection.state = ConnectionState::Failed(NetworkError::TimedOut);
                }
                None => connection.state = ConnectionState::Failed(NetworkError::Refused),
            }
        }
        if connection.closing_at.is_some_and(|closing| closing <= at) {
            if let Some(mut peer) = connection.peer.take() {
                peer.closed_by_modem(at);
            }
            self.connections.remove(&id);
            return;
        }
        while let Some((_, segment)) = connection.to_modem.pop_front_if(|item| item.0 <= at) {
            match segment {
                Some(bytes) => connection.inbox.extend(bytes),
                None if connection.state == ConnectionState::Open => {
                    connection.state = ConnectionState::PeerClosed;
                }
                None => {}
            }
        }
        let Some(peer) = connection.peer.as_mut().filter(|_| !connection.peer_closed) else {
            connection.to_peer.retain(|item| item.0 > at);
            return;
        };
        while let Some((_, bytes)) = connection.to_peer.pop_front_if(|item| item.0 <= at) {
            peer.receive(&bytes, at);
        }
        let bytes = peer.transmit(at);
        let last = connection.to_modem.back().map_or(Duration::ZERO, |item| item.0);
        let arrival = last.max(at + transit);
        if !bytes.is_empty() {
            connection.to_modem.push_back((arrival, Some(bytes)));
        }
        if peer.is_closed() {
            connection.peer_closed = true;
            connection.to_modem.push_back((arrival, None));
        }
        connection.polled = Some(at);
    }
}
