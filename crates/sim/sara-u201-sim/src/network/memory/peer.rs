//! Who answers at the far end.

use core::net::SocketAddrV4;
use core::time::Duration;

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
