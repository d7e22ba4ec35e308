//! Real sockets of the host, on the loopback interface only: for foreign peers, in real time.

use core::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use core::time::Duration;
use std::collections::{BTreeMap, VecDeque};
use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream, UdpSocket};

use super::{ConnectionState, Handle, Network, NetworkError};

/// Sockets of the host behind invented addresses: what the modem may reach is entered by name.
///
/// A name and a port are routed to a socket address of the host; `localhost` and `127.x.x.x` are
/// reached as they are. Anything else does not exist: the model never leaves the machine.
#[derive(Debug, Default)]
pub struct HostNetwork {
    handles: u32,
    hosts: BTreeMap<String, Ipv4Addr>,
    routes: BTreeMap<SocketAddrV4, SocketAddr>,
    open_loopback: bool,
    queries: BTreeMap<u32, Result<Ipv4Addr, NetworkError>>,
    connections: BTreeMap<u32, Connection>,
    ports: BTreeMap<u32, UdpSocket>,
    listeners: BTreeMap<u32, TcpListener>,
}

#[derive(Debug)]
struct Connection {
    stream: Option<TcpStream>,
    state: ConnectionState,
    inbox: VecDeque<u8>,
}

/// How often sockets are looked at.
const POLL: Duration = Duration::from_millis(1);
/// How long a connection attempt may take on loopback.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
/// How much is read ahead of the modem.
const READ_AHEAD: usize = 16 * 1024;

impl HostNetwork {
    /// Makes a network that reaches the loopback addresses and nothing by name but `localhost`.
    #[must_use]
    pub fn new() -> Self {
        Self { open_loopback: true, ..Self::default() }
    }

    /// Routes `name` and `port` to a socket of the host.
    pub fn route(&mut self, name: &str, port: u16, to: SocketAddr) {
        let count = u8::try_from(self.hosts.len() % 250).unwrap_or(0);
        let fresh = Ipv4Addr::new(203, 0, 113, count + 1);
        let address = *self.hosts.entry(name.to_ascii_lowercase()).or_insert(fresh);
        self.routes.insert(SocketAddrV4::new(address, port), to);
    }

    fn new_handle(&mut self) -> Handle {
        self.handles += 1;
        Handle(self.handles)
    }

    fn route_of(&self, remote: SocketAddrV4) -> Option<SocketAddr> {
        let direct = self.open_loopback && remote.ip().is_loopback();
        self.routes.get(&remote).copied().or_else(|| direct.then_some(SocketAddr::V4(remote)))
    }

    /// The invented address of a host socket, for what arrives from it.
    fn name_of(&self, from: SocketAddr) -> SocketAddrV4 {
        let routed = self.routes.iter().find(|(_, to)| **to == from).map(|(invented, _)| *invented);
        routed.unwrap_or(match from {
            SocketAddr::V4(address) => address,
            SocketAddr::V6(address) => SocketAddrV4::new(Ipv4Addr::LOCALHOST, address.port()),
        })
    }

    fn adopt(&mut self, stream: TcpStream) -> Handle {
        let id = self.new_handle();
        let ready = stream.set_nonblocking(true).and_then(|()| stream.set_nodelay(true));
        let state = match ready {
            Ok(()) => ConnectionState::Open,
            Err(_) => ConnectionState::Failed(NetworkError::Reset),
        };
        self.connections.insert(id.0, Connection { stream: Some(stream), state, inbox: VecDeque::new() });
        id
    }
}

impl Connection {
    /// Reads what the host has, up to the read-ahead.
    fn fill(&mut self) {
        let mut chunk = [0; 2048];
        while self.state == ConnectionState::Open && self.inbox.len() < READ_AHEAD {
            let Some(stream) = self.stream.as_mut() else { return };
            match stream.read(&mut chunk) {
                Ok(0) => self.state = ConnectionState::PeerClosed,
                Ok(count) => self.inbox.extend(chunk.iter().take(count)),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => self.state = ConnectionState::Failed(NetworkError::Reset),
            }
        }
    }
}

fn cause(error: &std::io::Error) -> NetworkError {
    match error.kind() {
        ErrorKind::ConnectionRefused => NetworkError::Refused,
        ErrorKind::TimedOut => NetworkError::TimedOut,
        ErrorKind::AddrInUse => NetworkError::AddressInUse,
        ErrorKind::ConnectionReset | ErrorKind::BrokenPipe => NetworkError::Reset,
        _ => NetworkError::Unreachable,
    }
}

impl Network for HostNetwork {
    fn resolve(&mut self, host: &str, _now: Duration) -> Handle {
        let id = self.new_handle();
        let name = host.to_ascii_lowercase();
        let named = self.hosts.get(&name).copied();
        let local = (name == "localhost").then_some(Ipv4Addr::LOCALHOST);
        let known = host.parse().ok().or(named).or(local);
        self.queries.insert(id.0, known.ok_or(NetworkError::UnknownHost));
        id
    }

    fn resolved(&mut self, query: Handle, _now: Duration) -> Option<Result<Ipv4Addr, NetworkError>> {
        self.queries.remove(&query.0)
    }

    fn connect(&mut self, remote: SocketAddrV4, _now: Duration) -> Handle {
        let stream = match self.route_of(remote) {
            Some(address) => TcpStream::connect_timeout(&address, CONNECT_TIMEOUT).map_err(|e| cause(&e)),
            None => Err(NetworkError::Unreachable),
        };
        match stream {
            Ok(stream) => self.adopt(stream),
            Err(error) => {
                let id = self.new_handle();
                let state = ConnectionState::Failed(error);
                self.connections.insert(id.0, Connection { stream: None, state, inbox: VecDeque::new() });
                id
            }
        }
    }

    fn state(&mut self, connection: Handle, _now: Duration) -> ConnectionState {
        let Some(connection) = self.connections.get_mut(&connection.0) else {
            return ConnectionState::Failed(NetworkError::BadHandle);
        };
        connection.fill();
        match connection.state {
            ConnectionState::PeerClosed if !connection.inbox.is_empty() => ConnectionState::Open,
            state => state,
        }
    }

    fn send(&mut self, connection: Handle, bytes: &[u8], _now: Duration) -> Result<usize, NetworkError> {
        let connection = self.connections.get_mut(&connection.0).ok_or(NetworkError::BadHandle)?;
        let stream = connection.stream.as_mut().ok_or(NetworkError::BadHandle)?;
        match stream.write(bytes) {
            Ok(count) => Ok(count),
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(0),
            Err(error) => {
                connection.state = ConnectionState::Failed(cause(&error));
                Err(cause(&error))
            }
        }
    }

    fn receive(&mut self, connection: Handle, limit: usize, _now: Duration) -> Vec<u8> {
        let Some(connection) = self.connections.get_mut(&connection.0) else { return Vec::new() };
        connection.fill();
        let count = limit.min(connection.inbox.len());
        connection.inbox.drain(..count).collect()
    }

    fn close(&mut self, handle: Handle, _now: Duration) {
        self.connections.remove(&handle.0);
        self.ports.remove(&handle.0);
        self.listeners.remove(&handle.0);
        self.queries.remove(&handle.0);
    }

    fn open_datagram(&mut self, port: u16, _now: Duration) -> Result<Handle, NetworkError> {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, port)).map_err(|e| cause(&e))?;
        socket.set_nonblocking(true).map_err(|e| cause(&e))?;
        let id = self.new_handle();
        self.ports.insert(id.0, socket);
        Ok(id)
    }

    fn send_to(
        &mut self,
        socket: Handle,
        remote: SocketAddrV4,
        bytes: &[u8],
        _now: Duration,
    ) -> Result<(), NetworkError> {
        let to = self.route_of(remote).ok_or(NetworkError::Unreachable)?;
        let socket = self.ports.get(&socket.0).ok_or(NetworkError::BadHandle)?;
        // A datagram may be lost anywhere, so a refusal by the host is a loss too.
        let _lost = socket.send_to(bytes, to);
        Ok(())
    }

    fn receive_from(&mut self, socket: Handle, _now: Duration) -> Option<(SocketAddrV4, Vec<u8>)> {
        let mut buffer = [0; 2048];
        let (count, from) = self.ports.get(&socket.0)?.recv_from(&mut buffer).ok()?;
        Some((self.name_of(from), buffer.get(..count)?.to_vec()))
    }

    fn listen(&mut self, port: u16, _now: Duration) -> Result<Handle, NetworkError> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).map_err(|e| cause(&e))?;
        listener.set_nonblocking(true).map_err(|e| cause(&e))?;
        let id = self.new_handle();
        self.listeners.insert(id.0, listener);
        Ok(id)
    }

    fn accept(&mut self, listener: Handle, _now: Duration) -> Option<(Handle, SocketAddrV4)> {
        let (stream, from) = self.listeners.get(&listener.0)?.accept().ok()?;
        let remote = self.name_of(from);
        Some((self.adopt(stream), remote))
    }

    fn ping(&mut self, remote: Ipv4Addr, _now: Duration) -> Option<Duration> {
        let known = remote.is_loopback() || self.hosts.values().any(|address| *address == remote);
        known.then_some(Duration::from_millis(1))
    }

    fn drop_all(&mut self, _now: Duration) {
        for connection in self.connections.values_mut() {
            connection.stream = None;
            connection.state = ConnectionState::Failed(NetworkError::Reset);
        }
        self.ports.clear();
        self.listeners.clear();
        self.queries.clear();
    }

    fn poll(&mut self, _now: Duration) {}

    fn next_event(&self, now: Duration) -> Option<Duration> {
        let idle = self.connections.is_empty() && self.ports.is_empty() && self.listeners.is_empty();
        (!idle).then(|| now + POLL)
    }
}
