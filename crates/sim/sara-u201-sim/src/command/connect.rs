//! AT+USOCO: name, TCP, TLS, one after the other.

use core::net::{Ipv4Addr, SocketAddrV4};
use core::time::Duration;

use crate::modem::{ModemCore, Step, Timer};
use crate::network::{ConnectionState, Handle, NetworkError};
use crate::result::errno;
use crate::sockets::{Socket, SocketState};
use crate::tls::{HandshakeFailure, TlsSession};

/// How long a connection attempt takes at most.
const TIMEOUT: Duration = Duration::from_secs(120);

/// A connection attempt under way.
#[derive(Debug)]
pub(crate) struct Connecting {
    socket: usize,
    generation: u64,
    host: String,
    port: u16,
    stage: Stage,
    deadline: Duration,
}

#[derive(Debug)]
enum Stage {
    Resolving(Handle),
    /// The name has no address.
    Unresolved,
    Opening(Handle),
    Handshake,
    /// The handshake is done; the module's own arithmetic is not.
    Computing {
        until: Duration,
    },
}

impl Connecting {
    pub(crate) fn new(
        modem: &mut ModemCore,
        socket: usize,
        generation: u64,
        host: &str,
        port: u16,
        now: Duration,
    ) -> Self {
        let literal: Option<Ipv4Addr> = host.parse().ok();
        let fault = if literal.is_none() { modem.resolver_fault() } else { None };
        let known = literal.or_else(|| modem.remembered_address(host));
        let stage = match (fault, known) {
            (Some(None), _) => Stage::Unresolved,
            (Some(Some(address)), _) | (None, Some(address)) => modem.open(address, port, now),
            (None, None) => Stage::Resolving(modem.network.resolve(host, now)),
        };
        Self { socket, generation, host: host.to_owned(), port, stage, deadline: now + TIMEOUT }
    }

    /// The socket's number.
    pub(crate) const fn socket(&self) -> usize {
        self.socket
    }

    /// When to look again even if nothing happens on the network.
    pub(crate) const fn next_event(&self) -> Duration {
        match self.stage {
            Stage::Computing { until } => until,
            Stage::Unresolved => Duration::ZERO,
            _ => self.deadline,
        }
    }
}

impl ModemCore {
    fn open(&mut self, address: Ipv4Addr, port: u16, now: Duration) -> Stage {
        Stage::Opening(self.network.connect(SocketAddrV4::new(address, port), now))
    }

    /// Moves an attempt on; a step ends it.
    pub(crate) fn poll_connect(&mut self, connecting: &mut Connecting, now: Duration) -> Option<Step> {
        loop {
            if self.connecting_socket(connecting).is_none() {
                // The data context went away under it.
                self.abandon(connecting, now);
                return Some(self.network_failure(None, errno::of(NetworkError::Unreachable)));
            }
            if now >= connecting.deadline {
                return Some(self.fail_connect(connecting, errno::of(NetworkError::TimedOut), now));
            }
            match &connecting.stage {
                Stage::Resolving(query) => match self.network.resolved(*query, now)? {
                    Ok(address) => {
                        self.remember_address(&connecting.host, address);
                        connecting.stage = self.open(address, connecting.port, now);
                    }
                    Err(error) => return Some(self.fail_connect(connecting, errno::of(error), now)),
                },
                Stage::Unresolved => {
                    let number = errno::of(NetworkError::UnknownHost);
                    return Some(self.fail_connect(connecting, number, now));
                }
                Stage::Opening(handle) => {
                    let handle = *handle;
                    match self.network.state(handle, now) {
                        ConnectionState::Connecting => return None,
                        ConnectionState::Failed(error) => {
                            return Some(self.fail_connect(connecting, errno::of(error), now));
                        }
                        ConnectionState::Open | ConnectionState::PeerClosed => {
                            if let Some(done) = self.opened(connecting, handle, now) {
                                return Some(done);
                            }
                        }
                    }
                }
                Stage::Handshake => {
                    let socket = self.connecting_socket(connecting)?;
                    let tls = socket.tls.as_ref()?;
                    if let Some(failure) = tls.failure().cloned() {
                        return Some(self.fail_handshake(connecting, failure, now));
                    }
                    if !tls.is_handshaking() {
                        let until = now + self.profile.latencies.handshake.draw(&mut self.rng);
                        connecting.stage = Stage::Computing { until };
                        continue;
                    }
                    let handle = socket.handle?;
                    if !matches!(self.network.state(handle, now), ConnectionState::Open) {
                        let failure = HandshakeFailure::Refused("the peer closed the connection".into());
                        return Some(self.fail_handshake(connecting, failure, now));
                    }
                    return None;
                }
                Stage::Computing { until } => {
                    if now < *until {
                        return None;
                    }
                    return Some(self.connected(connecting));
                }
            }
        }
    }

    /// TCP is open: the socket gets its connection, and TLS begins if asked for.
    fn opened(&mut self, connecting: &mut Connecting, handle: Handle, now: Duration) -> Option<Step> {
        let unix_time = self.rtc.unix(now);
        let with_name = self.profile.quirks.server_name_indication;
        let socket = self.connecting_socket(connecting)?;
        socket.handle = Some(handle);
        let Some(profile) = socket.security.and_then(|index| self.stored.security.get(index)) else {
            return Some(self.connected(connecting));
        };
        let credentials = &self.stored.credentials;
        match TlsSession::new(profile, credentials, &connecting.host, with_name, unix_time) {
            Ok(tls) => {
                self.connecting_socket(connecting)?.tls = Some(tls);
                connecting.stage = Stage::Handshake;
                // The first flight goes out at once.
                self.poll_sockets(now);
                None
            }
            Err(failure) => Some(self.fail_handshake(connecting, failure, now)),
        }
    }

    /// Moves the attempts on that nobody waits for; the end of each is told by URC.
    pub(crate) fn poll_connections(&mut self, now: Duration) {
        for mut connecting in core::mem::take(&mut self.connecting) {
            match self.poll_connect(&mut connecting, now) {
                None => self.connecting.push(connecting),
                Some(step) => {
                    let error = if matches!(step, Step::Done(_)) { 0 } else { self.socket_error };
                    self.announce(format!("+UUSOCO: {},{error}", connecting.socket()));
                }
            }
        }
    }

    fn connected(&mut self, connecting: &Connecting) -> Step {
        let remote = self.resolver_cache.iter().rev().find(|(name, _)| *name == connecting.host);
        let address = connecting.host.parse().ok().or_else(|| remote.map(|(_, address)| *address));
        if let Some(socket) = self.connecting_socket(connecting) {
            socket.state = SocketState::Open;
            socket.remote = address.map(|address| SocketAddrV4::new(address, connecting.port));
            socket.last_error = 0;
        }
        self.socket_error = 0;
        Step::ok()
    }

    fn connecting_socket(&mut self, connecting: &Connecting) -> Option<&mut Socket> {
        let socket = self.sockets.get_mut(connecting.socket)?.as_mut()?;
        (socket.generation == connecting.generation).then_some(socket)
    }

    /// Gives everything of an attempt back to the network; the socket is idle again.
    pub(crate) fn abandon(&mut self, connecting: &Connecting, now: Duration) {
        match connecting.stage {
            Stage::Resolving(handle) | Stage::Opening(handle) => self.network.close(handle, now),
            _ => {}
        }
        let Some(Some(socket)) = self.sockets.get_mut(connecting.socket) else { return };
        if socket.generation == connecting.generation {
            socket.close(&mut *self.network, now);
            socket.tls = None;
            socket.received.clear();
            socket.state = SocketState::Idle;
        }
    }

    fn fail_connect(&mut self, connecting: &Connecting, number: u16, now: Duration) -> Step {
        self.abandon(connecting, now);
        self.network_failure(Some(connecting.socket), number)
    }

    /// A failed handshake: the alert is sent, the command fails, +UUSOCL follows late.
    fn fail_handshake(&mut self, connecting: &Connecting, failure: HandshakeFailure, now: Duration) -> Step {
        self.last_handshake_failure = Some(failure);
        let step = self.fail_connect(connecting, self.profile.quirks.handshake_error, now);
        let delay = Duration::from_millis(u64::from(self.profile.quirks.handshake_close));
        let (socket, generation) = (connecting.socket, connecting.generation);
        self.schedule(now + delay, Timer::HandshakeClose { socket, generation });
        step
    }
}
