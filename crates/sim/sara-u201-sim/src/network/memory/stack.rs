//! The network as the module's stack uses it.

use core::net::{Ipv4Addr, SocketAddrV4};
use core::time::Duration;
use std::collections::VecDeque;

use super::super::{ConnectionState, Handle, MODEM_ADDRESS, Network, NetworkError};
use super::MemoryNetwork;
use super::state::{CONNECT_TIMEOUT, Connection, DatagramPort, Listener, RESOLVER_TIMEOUT};

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
        let from = SocketAddrV4::new(MODEM_ADDRESS, port);
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
