//! A network in memory, on virtual time: peers are values, nothing leaves the process.

mod peer;
mod stack;
mod state;

pub use peer::{DatagramPeer, Peer, PeerConnection};

use core::cell::RefCell;
use core::fmt;
use core::net::{Ipv4Addr, SocketAddrV4};
use core::time::Duration;
use std::collections::BTreeMap;
use std::rc::Rc;

use rand_chacha::ChaCha8Rng;
use rand_core::SeedableRng;

use super::{ConnectionState, NetworkError};
use state::{Connection, Inner};

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
