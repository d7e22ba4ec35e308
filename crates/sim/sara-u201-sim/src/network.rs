//! What lies behind the antenna: name resolution, TCP, UDP and ping, as the modem's stack sees them.

mod host;
mod memory;

pub use host::HostNetwork;
pub use memory::{DatagramPeer, MemoryNetwork, Peer, PeerConnection};

use core::fmt;
use core::net::{Ipv4Addr, SocketAddrV4};
use core::time::Duration;

/// The address that the network assigns to the modem.
pub(crate) const MODEM_ADDRESS: Ipv4Addr = Ipv4Addr::new(10, 64, 7, 21);

/// Names a TCP connection, a UDP port or a listening port of a [`Network`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Handle(pub u32);

/// Why the network refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NetworkError {
    /// The name does not exist.
    UnknownHost,
    /// The name server did not answer.
    ResolverTimeout,
    /// Nobody listens at that address.
    Refused,
    /// The peer did not answer.
    TimedOut,
    /// The peer, or the network, reset the connection.
    Reset,
    /// The address cannot be reached from here.
    Unreachable,
    /// The local port is taken.
    AddressInUse,
    /// The handle names nothing.
    BadHandle,
}

impl fmt::Display for NetworkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::UnknownHost => "the name does not exist",
            Self::ResolverTimeout => "the name server did not answer",
            Self::Refused => "the connection was refused",
            Self::TimedOut => "the peer did not answer",
            Self::Reset => "the connection was reset",
            Self::Unreachable => "the address cannot be reached",
            Self::AddressInUse => "the local port is taken",
            Self::BadHandle => "no such connection",
        })
    }
}

impl core::error::Error for NetworkError {}

/// Where a TCP connection stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConnectionState {
    /// The handshake is under way.
    Connecting,
    /// Bytes flow.
    Open,
    /// The peer has closed its side; what it sent before may still be read.
    PeerClosed,
    /// It never opened, or it was reset.
    Failed(NetworkError),
}

/// What the modem's own TCP/IP stack can reach.
///
/// Every call names the present as the time since the virtual start; nothing here blocks. What takes
/// time answers "not yet" and is asked again at [`Network::next_event`] or later.
pub trait Network {
    /// Starts to resolve `host` (a name or a dotted address).
    fn resolve(&mut self, host: &str, now: Duration) -> Handle;

    /// Asks for the answer of a query: `None` while it is under way.
    fn resolved(&mut self, query: Handle, now: Duration) -> Option<Result<Ipv4Addr, NetworkError>>;

    /// Starts a TCP connection.
    fn connect(&mut self, remote: SocketAddrV4, now: Duration) -> Handle;

    /// Tells where a connection stands.
    fn state(&mut self, connection: Handle, now: Duration) -> ConnectionState;

    /// Hands bytes over for sending and tells how many were taken.
    ///
    /// # Errors
    /// When the connection is not open.
    fn send(&mut self, connection: Handle, bytes: &[u8], now: Duration) -> Result<usize, NetworkError>;

    /// Takes at most `limit` bytes that have arrived.
    fn receive(&mut self, connection: Handle, limit: usize, now: Duration) -> Vec<u8>;

    /// Closes a connection, a UDP port or a listening port and forgets it.
    fn close(&mut self, handle: Handle, now: Duration);

    /// Opens a UDP port; `port` 0 lets the network choose.
    ///
    /// # Errors
    /// When the port is taken.
    fn open_datagram(&mut self, port: u16, now: Duration) -> Result<Handle, NetworkError>;

    /// Sends one datagram.
    ///
    /// # Errors
    /// When the handle is not a UDP port.
    fn send_to(
        &mut self,
        socket: Handle,
        remote: SocketAddrV4,
        bytes: &[u8],
        now: Duration,
    ) -> Result<(), NetworkError>;

    /// Takes the next datagram that has arrived.
    fn receive_from(&mut self, socket: Handle, now: Duration) -> Option<(SocketAddrV4, Vec<u8>)>;

    /// Listens on a TCP port.
    ///
    /// # Errors
    /// When the port is taken.
    fn listen(&mut self, port: u16, now: Duration) -> Result<Handle, NetworkError>;

    /// Takes the next connection made to a listening port.
    fn accept(&mut self, listener: Handle, now: Duration) -> Option<(Handle, SocketAddrV4)>;

    /// Measures the round trip to an address; `None` when nobody answers.
    fn ping(&mut self, remote: Ipv4Addr, now: Duration) -> Option<Duration>;

    /// Cuts everything: the packet data context is gone. Open connections fail with a reset.
    fn drop_all(&mut self, now: Duration);

    /// Brings the network to `now`.
    fn poll(&mut self, now: Duration);

    /// Tells when something happens next, if nobody calls before.
    fn next_event(&self, now: Duration) -> Option<Duration>;
}
