//! A network in memory, on virtual time: peers are values, nothing leaves the process.

use core::cell::RefCell;
use core::fmt;
use core::net::{Ipv4Addr, SocketAddrV4};
use core::time::Duration;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};

use super::{ConnectionState, Handle, Network, NetworkError};

/// A TCP server: makes one [`PeerConnection`] for each connection that the modem opens.
///
/// Any `FnMut(Duration) -> Box<dyn PeerConnection>` is a peer.
pub trait Peer {
    /// Accepts a connection at `now` (time since the virtual start).
    fn accept(&mut self, now: Duration) -> Box<dyn PeerConnection>;
}

impl<F: FnMut(Duration) -> Box<dyn PeerConnection>> Peer for F {
    fn accept(&mut self, now: Duration) -> Box<dyn PeerConnection> {
        self(now)
    }
}

/// The far end of one TCP connection, without I/O: bytes in, bytes out, and when it next has something.
pub trait PeerConnection {
    /// Takes bytes that have arrived from the modem.
    fn receive(&mut self, bytes: &[u8], now: Duration);

    /// Gives the bytes to be sent to the modem; called after every [`PeerConnection::receive`] and at
    /// every [`PeerConnection::next_event`].
    fn transmit(&mut self, now: Duration) -> Vec<u8>;

    /// Tells whether the peer has closed; asked after [`PeerConnection::transmit`], whose bytes still
    /// arrive.
    fn is_closed(&self) -> bool;

    /// Tells when [`PeerConnection::transmit`] is to be called next even if nothing arrives.
    fn next_event(&self, now: Duration) -> Option<Duration>;

    /// Learns that the modem has closed the connection, or that it was lost.
    fn closed_by_modem(&mut self, now: Duration) {
        let _ = now;
    }
}

/// A UDP server: datagrams in, datagrams out.
pub trait DatagramPeer {
    /// Answers one datagram with any number of datagrams.
    fn receive(&mut self, from: SocketAddrV4, bytes: &[u8], now: Duration) -> Vec<Vec<u8>>;
}

impl<F: FnMut(SocketAddrV4, &[u8], Duration) -> Vec<Vec<u8>>> DatagramPeer for F {
    fn receive(&mut self, from: SocketAddrV4, bytes: &[u8], now: Duration) -> Vec<Vec<u8>> {
        self(from, bytes, now)
    }
}

/// A network in memory; clones share it, so that a test keeps one to switch things with.
///
/// A peer must not call back into the network from its own methods.
#[derive(Clone)]
pub struct MemoryNetwork(Rc<RefCell<Inner>>);

impl MemoryNetwork {
    /// Makes an empty network with a round trip of 120 ms (UTRAN).
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(Rc::new(RefCell::new(Inner {
            rng: ChaCha8Rng::seed_from_u64(seed),
            round_trip: Duration::from_millis(120),
            loss_per_mille: 0,
            link_up: true,
            resolver_up: true,
            window: 16 * 1024,
            hosts: BTreeMap::new(),
            services: BTreeMap::new(),
            datagram_services: BTreeMap::new(),
            black_holes: Vec::new(),
            handles: 0,
            queries: BTreeMap::new(),
            connections: BTreeMap::new(),
            ports: BTreeMap::new(),
            listeners: BTreeMap::new(),
            now: Duration::ZERO,
        })))
    }

    /// Sets the round trip of everything that starts after the call.
    pub fn set_round_trip(&self, round_trip: Duration) {
        self.0.borrow_mut().round_trip = round_trip;
    }

    /// Sets how many datagrams of a thousand are lost; a lost TCP segment arrives 1 s late instead.
    pub fn set_loss(&self, per_mille: u16) {
        self.0.borrow_mut().loss_per_mille = per_mille;
    }

    /// Sets how many bytes may be under way to a peer before the modem has to wait.
    pub fn set_window(&self, bytes: usize) {
        self.0.borrow_mut().window = bytes;
    }

    /// Takes the link down (bytes wait, connections stall) or up again (they go on).
    pub fn set_link(&self, up: bool) {
        self.0.borrow_mut().link_up = up;
    }

    /// Lets name look-ups fail by silence, or work again.
    pub fn set_resolver(&self, up: bool) {
        self.0.borrow_mut().resolver_up = up;
    }

    /// Enters `name` in the name service and gives its address; a known name keeps its own.
    pub fn add_host(&self, name: &str) -> Ipv4Addr {
        self.0.borrow_mut().add_host(name)
    }

    /// Gives `name` the address `address`, in the place of any other.
    pub fn set_address(&self, name: &str, address: Ipv4Addr) {
        self.0.borrow_mut().hosts.insert(name.to_ascii_lowercase(), address);
    }

    /// Takes `name` out of the name service.
    pub fn remove_host(&self, name: &str) {
        self.0.borrow_mut().hosts.remove(&name.to_ascii_lowercase());
    }

    /// Lets `peer` listen at `host` (a name, entered if new, or a dotted address) on a TCP port.
    pub fn serve(&self, host: &str, port: u16, peer: impl Peer + 'static) {
        let mut inner = self.0.borrow_mut();
        let address = SocketAddrV4::new(inner.address_of(host), port);
        inner.services.insert(address, Box::new(peer));
    }

    /// Lets `peer` answer datagrams at `host` on a UDP port.
    pub fn serve_datagrams(&self, host: &str, port: u16, peer: impl DatagramPeer + 'static) {
        let mut inner = self.0.borrow_mut();
        let address = SocketAddrV4::new(inner.address_of(host), port);
        inner.datagram_services.insert(address, Box::new(peer));
    }

    /// Takes away whoever listens there: the next connection is refused.
    pub fn stop_serving(&self, host: &str, port: u16) {
        let mut inner = self.0.borrow_mut();
        let address = SocketAddrV4::new(inner.address_of(host), port);
        inner.services.remove(&address);
        inner.datagram_services.remove(&address);
    }

    /// Lets `host` swallow everything: connections to it time out instead of being refused.
    pub fn black_hole(&self, host: &str) {
        let mut inner = self.0.borrow_mut();
        let address = inner.address_of(host);
        inner.black_holes.push(address);
    }

    /// Resets every open connection, as a rebooting server would.
    pub fn reset_connections(&self) {
        let mut inner = self.0.borrow_mut();
        let now = inner.now;
        for connection in inner.connections.values_mut() {
            connection.fail(NetworkError::Reset, now);
        }
    }

    /// Dials a port on which the modem listens; false when it does not.
    pub fn dial(&self, port: u16, from: SocketAddrV4, peer: Box<dyn PeerConnection>) -> bool {
        let mut inner = self.0.borrow_mut();
        if !inner.listeners.values().any(|listener| listener.port == port) {
            return false;
        }
        let now = inner.now;
        let id = inner.new_handle();
        let mut connection = Connection::new(from, now);
        connection.peer = Some(peer);
        connection.state = ConnectionState::Open;
        connection.polled = None;
        inner.connections.insert(id.0, connection);
        for listener in inner.listeners.values_mut().filter(|listener| listener.port == port) {
            listener.waiting.push_back((id, from));
        }
        true
    }

    /// Counts the connections that are open.
    #[must_use]
    pub fn open_connections(&self) -> usize {
        self.0.borrow().connections.values().filter(|c| c.state == ConnectionState::Open).count()
    }
}

impl fmt::Debug for MemoryNetwork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = self.0.borrow();
        f.debug_struct("MemoryNetwork")
            .field("hosts", &inner.hosts)
            .field("link_up", &inner.link_up)
            .field("connections", &inner.connections.len())
            .finish_non_exhaustive()
    }
}

/// How late a lost TCP segment arrives.
const RETRANSMISSION: Duration = Duration::from_secs(1);
/// How long a connection attempt waits for a silent peer.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(20);
/// How long a look-up waits for a silent name server.
const RESOLVER_TIMEOUT: Duration = Duration::from_secs(30);
/// The shortest step in which a peer may ask for attention.
const PEER_STEP: Duration = Duration::from_millis(1);

struct Inner {
    rng: ChaCha8Rng,
    round_trip: Duration,
    loss_per_mille: u16,
    link_up: bool,
    resolver_up: bool,
    window: usize,
    hosts: BTreeMap<String, Ipv4Addr>,
    services: BTreeMap<SocketAddrV4, Box<dyn Peer>>,
    datagram_services: BTreeMap<SocketAddrV4, Box<dyn DatagramPeer>>,
    black_holes: Vec<Ipv4Addr>,
    handles: u32,
    queries: BTreeMap<u32, (Duration, Result<Ipv4Addr, NetworkError>)>,
    connections: BTreeMap<u32, Connection>,
    ports: BTreeMap<u32, DatagramPort>,
    listeners: BTreeMap<u32, Listener>,
    now: Duration,
}

struct Connection {
    remote: SocketAddrV4,
    state: ConnectionState,
    opens_at: Duration,
    peer: Option<Box<dyn PeerConnection>>,
    peer_closed: bool,
    /// When the peer was last asked; `None` before the first time.
    polled: Option<Duration>,
    to_peer: VecDeque<(Duration, Vec<u8>)>,
    /// Bytes on their way to the modem; `None` is the end of the stream.
    to_modem: VecDeque<(Duration, Option<Vec<u8>>)>,
    inbox: VecDeque<u8>,
    closing_at: Option<Duration>,
}

struct DatagramPort {
    port: u16,
    inbox: VecDeque<(Duration, SocketAddrV4, Vec<u8>)>,
}

struct Listener {
    port: u16,
    waiting: VecDeque<(Handle, SocketAddrV4)>,
}

impl Connection {
    fn new(remote: SocketAddrV4, opens_at: Duration) -> Self {
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

    fn fail(&mut self, error: NetworkError, now: Duration) {
        if let Some(mut peer) = self.peer.take() {
            peer.closed_by_modem(now);
        }
        self.to_peer.clear();
        self.to_modem.clear();
        self.state = ConnectionState::Failed(error);
    }

    /// When this connection needs attention next.
    fn next_event(&self) -> Option<Duration> {
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
    fn new_handle(&mut self) -> Handle {
        self.handles += 1;
        Handle(self.handles)
    }

    fn add_host(&mut self, name: &str) -> Ipv4Addr {
        let name = name.to_ascii_lowercase();
        let count = u8::try_from(self.hosts.len() % 250).unwrap_or(0);
        *self.hosts.entry(name).or_insert(Ipv4Addr::new(198, 51, 100, count + 1))
    }

    fn address_of(&mut self, host: &str) -> Ipv4Addr {
        host.parse().unwrap_or_else(|_| self.add_host(host))
    }

    fn is_lost(&mut self) -> bool {
        self.loss_per_mille > 0 && self.rng.next_u32() % 1000 < u32::from(self.loss_per_mille)
    }

    /// How long a segment takes one way.
    fn transit(&mut self) -> Duration {
        let late = if self.is_lost() { RETRANSMISSION } else { Duration::ZERO };
        self.round_trip / 2 + late
    }

    fn next_event(&self) -> Option<Duration> {
        let answers = self.queries.values().map(|query| query.0).filter(|at| *at > self.now);
        let datagrams = self.ports.values().filter_map(|port| port.inbox.front()).map(|item| item.0);
        let datagrams = datagrams.filter(|at| *at > self.now);
        let connections = self.connections.values().filter_map(Connection::next_event);
        let timed = answers.chain(datagrams).min();
        if self.link_up { connections.chain(timed).min() } else { timed }
    }

    /// Runs everything that is due by `now`, in the order of time.
    fn poll(&mut self, now: Duration) {
        while self.link_up {
            let due = self.connections.iter().filter_map(|(id, c)| c.next_event().map(|at| (at, *id))).min();
            let Some((at, id)) = due.filter(|(at, _)| *at <= now) else { break };
            self.now = self.now.max(at);
            self.step(id, at);
        }
        self.now = self.now.max(now);
    }

    /// Handles one event of one connection.
    fn step(&mut self, id: u32, at: Duration) {
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

impl Network for MemoryNetwork {
    fn resolve(&mut self, host: &str, now: Duration) -> Handle {
        let mut inner = self.0.borrow_mut();
        let id = inner.new_handle();
        let known = host.parse().ok().or_else(|| inner.hosts.get(&host.to_ascii_lowercase()).copied());
        let literal = host.parse::<Ipv4Addr>().is_ok();
        let answer = if literal {
            (now, known.ok_or(NetworkError::UnknownHost))
        } else if !inner.resolver_up || !inner.link_up {
            (now + RESOLVER_TIMEOUT, Err(NetworkError::ResolverTimeout))
        } else {
            (now + inner.round_trip, known.ok_or(NetworkError::UnknownHost))
        };
        inner.queries.insert(id.0, answer);
        id
    }

    fn resolved(&mut self, query: Handle, now: Duration) -> Option<Result<Ipv4Addr, NetworkError>> {
        let mut inner = self.0.borrow_mut();
        let (at, answer) = inner.queries.get(&query.0).copied()?;
        (at <= now).then(|| {
            inner.queries.remove(&query.0);
            answer
        })
    }

    fn connect(&mut self, remote: SocketAddrV4, now: Duration) -> Handle {
        let mut inner = self.0.borrow_mut();
        let id = inner.new_handle();
        let silent = inner.black_holes.contains(remote.ip()) || !inner.link_up;
        let patience = if silent { CONNECT_TIMEOUT } else { inner.round_trip };
        inner.connections.insert(id.0, Connection::new(remote, now + patience));
        id
    }

    fn state(&mut self, connection: Handle, now: Duration) -> ConnectionState {
        self.poll(now);
        let mut inner = self.0.borrow_mut();
        let link_up = inner.link_up;
        let Some(connection) = inner.connections.get_mut(&connection.0) else {
            return ConnectionState::Failed(NetworkError::BadHandle);
        };
        if !link_up && connection.state == ConnectionState::Connecting && connection.opens_at <= now {
            connection.state = ConnectionState::Failed(NetworkError::TimedOut);
        }
        // The end of the stream is told once everything before it has been read.
        match connection.state {
            ConnectionState::PeerClosed if !connection.inbox.is_empty() => ConnectionState::Open,
            state => state,
        }
    }

    fn send(&mut self, connection: Handle, bytes: &[u8], now: Duration) -> Result<usize, NetworkError> {
        self.poll(now);
        let mut inner = self.0.borrow_mut();
        let (transit, window) = (inner.transit(), inner.window);
        let connection = inner.connections.get_mut(&connection.0).ok_or(NetworkError::BadHandle)?;
        match connection.state {
            ConnectionState::Open => {}
            ConnectionState::Failed(error) => return Err(error),
            ConnectionState::Connecting | ConnectionState::PeerClosed => return Err(NetworkError::Reset),
        }
        let under_way: usize = connection.to_peer.iter().map(|item| item.1.len()).sum();
        let taken = bytes.get(..window.saturating_sub(under_way).min(bytes.len())).unwrap_or_default();
        if !taken.is_empty() {
            let last = connection.to_peer.back().map_or(Duration::ZERO, |item| item.0);
            connection.to_peer.push_back((last.max(now + transit), taken.to_vec()));
        }
        Ok(taken.len())
    }

    fn receive(&mut self, connection: Handle, limit: usize, now: Duration) -> Vec<u8> {
        self.poll(now);
        let mut inner = self.0.borrow_mut();
        let Some(connection) = inner.connections.get_mut(&connection.0) else { return Vec::new() };
        let count = limit.min(connection.inbox.len());
        connection.inbox.drain(..count).collect()
    }

    fn close(&mut self, handle: Handle, now: Duration) {
        let mut inner = self.0.borrow_mut();
        let transit = inner.round_trip / 2;
        if inner.connections.get(&handle.0).is_some_and(|c| c.state == ConnectionState::Connecting) {
            inner.connections.remove(&handle.0);
        }
        if let Some(connection) = inner.connections.get_mut(&handle.0) {
            let last = connection.to_peer.back().map_or(Duration::ZERO, |item| item.0);
            connection.closing_at = Some(last.max(now + transit));
        }
        inner.ports.remove(&handle.0);
        inner.listeners.remove(&handle.0);
        inner.queries.remove(&handle.0);
    }

    fn open_datagram(&mut self, port: u16, _now: Duration) -> Result<Handle, NetworkError> {
        let mut inner = self.0.borrow_mut();
        if port != 0 && inner.ports.values().any(|other| other.port == port) {
            return Err(NetworkError::AddressInUse);
        }
        let id = inner.new_handle();
        let chosen = u16::try_from(49152 + id.0 % 16384).unwrap_or(u16::MAX);
        let port = if port == 0 { chosen } else { port };
        inner.ports.insert(id.0, DatagramPort { port, inbox: VecDeque::new() });
        Ok(id)
    }

    fn send_to(
        &mut self,
        socket: Handle,
        remote: SocketAddrV4,
        bytes: &[u8],
        now: Duration,
    ) -> Result<(), NetworkError> {
        let mut inner = self.0.borrow_mut();
        let inner = &mut *inner;
        let port = inner.ports.get(&socket.0).ok_or(NetworkError::BadHandle)?.port;
        if !inner.link_up || inner.is_lost() {
            return Ok(());
        }
        let half = inner.round_trip / 2;
        let from = SocketAddrV4::new(super::MODEM_ADDRESS, port);
        let Some(peer) = inner.datagram_services.get_mut(&remote) else { return Ok(()) };
        for answer in peer.receive(from, bytes, now + half) {
            if !inner.is_lost()
                && let Some(port) = inner.ports.get_mut(&socket.0)
            {
                port.inbox.push_back((now + half * 2, remote, answer));
            }
        }
        Ok(())
    }

    fn receive_from(&mut self, socket: Handle, now: Duration) -> Option<(SocketAddrV4, Vec<u8>)> {
        let mut inner = self.0.borrow_mut();
        let port = inner.ports.get_mut(&socket.0)?;
        port.inbox.pop_front_if(|item| item.0 <= now).map(|(_, from, bytes)| (from, bytes))
    }

    fn listen(&mut self, port: u16, _now: Duration) -> Result<Handle, NetworkError> {
        let mut inner = self.0.borrow_mut();
        if inner.listeners.values().any(|other| other.port == port) {
            return Err(NetworkError::AddressInUse);
        }
        let id = inner.new_handle();
        inner.listeners.insert(id.0, Listener { port, waiting: VecDeque::new() });
        Ok(id)
    }

    fn accept(&mut self, listener: Handle, _now: Duration) -> Option<(Handle, SocketAddrV4)> {
        self.0.borrow_mut().listeners.get_mut(&listener.0)?.waiting.pop_front()
    }

    fn ping(&mut self, remote: Ipv4Addr, _now: Duration) -> Option<Duration> {
        let mut inner = self.0.borrow_mut();
        let known = inner.hosts.values().any(|address| *address == remote);
        let answers = known && inner.link_up && !inner.black_holes.contains(&remote) && !inner.is_lost();
        answers.then_some(inner.round_trip)
    }

    fn drop_all(&mut self, now: Duration) {
        let mut inner = self.0.borrow_mut();
        for connection in inner.connections.values_mut() {
            connection.fail(NetworkError::Reset, now);
        }
        inner.ports.clear();
        inner.listeners.clear();
        inner.queries.clear();
    }

    fn poll(&mut self, now: Duration) {
        self.0.borrow_mut().poll(now);
    }

    fn next_event(&self, _now: Duration) -> Option<Duration> {
        let inner = self.0.borrow();
        let connecting = inner.connections.values().filter(|c| c.state == ConnectionState::Connecting);
        let given_up = if inner.link_up { None } else { connecting.map(|c| c.opens_at).min() };
        let dialled = inner.listeners.values().any(|listener| !listener.waiting.is_empty());
        let dialled = dialled.then_some(inner.now);
        [inner.next_event(), given_up, dialled].into_iter().flatten().min()
    }
}
