//! Sockets and real time around the emulator: one thread per connection.

use core::net::SocketAddr;
use core::time::Duration;
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use iot_core_emulator::{Connection, Emulator, Timestamp};

/// A connection looks for what the admin face gave it this often.
pub(crate) const TICK: Duration = Duration::from_millis(20);

/// Real time since the start, times a factor.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    start: Instant,
    scale: u32,
}

impl Clock {
    pub(crate) fn start(scale: u32) -> Self {
        Self { start: Instant::now(), scale }
    }

    /// Virtual time since the start.
    pub(crate) fn now(self) -> Duration {
        self.start.elapsed() * self.scale
    }
}

/// The host's Unix time.
pub(crate) fn unix_now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_unix(since.as_secs())
}

/// A port that is listened on.
#[derive(Debug)]
pub(crate) struct Listener {
    socket: TcpListener,
    tls: bool,
}

impl Listener {
    pub(crate) fn bind(address: SocketAddr, tls: bool) -> io::Result<Self> {
        Ok(Self { socket: TcpListener::bind(address)?, tls })
    }

    pub(crate) fn address(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    /// Accepts connections on a thread of its own.
    pub(crate) fn serve(self, emulator: Emulator, clock: Clock) {
        thread::spawn(move || {
            for stream in self.socket.incoming().filter_map(Result::ok) {
                let now = clock.now();
                let connection = if self.tls { emulator.accept_tls(now) } else { emulator.accept_plain(now) };
                // A connection that ends with an error ends all the same.
                thread::spawn(move || drop(carry(stream, connection, clock)));
            }
        });
    }
}

/// Carries bytes between a socket and a connection until either ends.
fn carry(mut stream: TcpStream, mut connection: Connection, clock: Clock) -> io::Result<()> {
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(TICK))?;
    let mut buffer = [0; 16 * 1024];
    loop {
        let bytes = connection.transmit(clock.now());
        stream.write_all(&bytes)?;
        if connection.is_closed() {
            return Ok(());
        }
        match stream.read(&mut buffer) {
            Ok(0) => {
                connection.close(clock.now());
                return Ok(());
            }
            Ok(length) => connection.receive(buffer.get(..length).unwrap_or_default(), clock.now()),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Err(error) => return Err(error),
        }
    }
}
