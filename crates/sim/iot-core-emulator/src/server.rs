//! Sockets and real time around an emulator: a thread per listener and per connection.

use core::fmt;
use core::net::SocketAddr;
use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Instant;

use crate::{Connection, Emulator};

/// How often a connection looks for what is due and for what the admin face gave it.
const TICK: Duration = Duration::from_millis(10);
/// How many ticks a connection that the bridge has closed waits for the other side to close.
const LINGER_TICKS: u32 = 100;

/// Real time since it was made, times a factor: virtual time for a [`Server`].
#[derive(Clone, Copy, Debug)]
pub struct RealTime {
    start: Instant,
    factor: u32,
}

impl RealTime {
    /// Starts at zero; passes `factor` times faster than real time.
    #[must_use]
    pub fn start(factor: u32) -> Self {
        Self { start: Instant::now(), factor }
    }

    /// Virtual time since the start.
    #[must_use]
    pub fn now(&self) -> Duration {
        self.start.elapsed() * self.factor
    }
}

/// An emulator that listens on sockets until it is dropped.
///
/// ```no_run
/// use iot_core_emulator::{Emulator, RealTime, Server, Settings, Timestamp};
///
/// let emulator = Emulator::new(Settings::google(Timestamp::from_unix(1_552_600_000)))?;
/// let time = RealTime::start(1);
/// let any_port = ([127, 0, 0, 1], 0).into();
/// let server = Server::start(&emulator, Some(any_port), None, move || time.now())?;
/// println!("listening on {:?}", server.tls_address());
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
pub struct Server {
    tls: Option<SocketAddr>,
    plain: Option<SocketAddr>,
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Server {
    /// Listens with TLS on `tls` and without on `plain`; port 0 takes a free one. `now` tells virtual time.
    ///
    /// # Errors
    /// An address cannot be listened on.
    pub fn start(
        emulator: &Emulator,
        tls: Option<SocketAddr>,
        plain: Option<SocketAddr>,
        now: impl Fn() -> Duration + Send + Sync + 'static,
    ) -> io::Result<Self> {
        let now: Arc<dyn Fn() -> Duration + Send + Sync> = Arc::new(now);
        let mut server = Self { tls: None, plain: None, stop: Arc::default(), threads: Vec::new() };
        for (address, with_tls) in [(tls, true), (plain, false)] {
            let Some(address) = address else { continue };
            let socket = TcpListener::bind(address)?;
            let bound = Some(socket.local_addr()?);
            if with_tls {
                server.tls = bound
            } else {
                server.plain = bound
            }
            let (emulator, now, stop) = (emulator.clone(), Arc::clone(&now), Arc::clone(&server.stop));
            server.threads.push(thread::spawn(move || serve(&socket, with_tls, &emulator, &*now, &stop)));
        }
        Ok(server)
    }

    /// Where it listens with TLS.
    #[must_use]
    pub const fn tls_address(&self) -> Option<SocketAddr> {
        self.tls
    }

    /// Where it listens without TLS.
    #[must_use]
    pub const fn plain_address(&self) -> Option<SocketAddr> {
        self.plain
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        for address in [self.tls, self.plain].into_iter().flatten() {
            // A connection wakes the listener, which then sees that it is to stop.
            let _ = TcpStream::connect(address);
        }
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("tls", &self.tls).field("plain", &self.plain).finish_non_exhaustive()
    }
}

type Now = dyn Fn() -> Duration + Send + Sync;

fn serve(socket: &TcpListener, tls: bool, emulator: &Emulator, now: &Now, stop: &AtomicBool) {
    thread::scope(|scope| {
        for stream in socket.incoming().filter_map(Result::ok) {
            if stop.load(Ordering::Relaxed) {
                return;
            }
            let connection = if tls { emulator.accept_tls(now()) } else { emulator.accept_plain(now()) };
            // A connection that ends with an error of its socket has ended, and no more.
            scope.spawn(move || drop(carry(stream, connection, now, stop)));
        }
    });
}

/// Carries bytes between a socket and a connection until either ends.
fn carry(mut stream: TcpStream, mut connection: Connection, now: &Now, stop: &AtomicBool) -> io::Result<()> {
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(TICK))?;
    let mut buffer = [0; 16 * 1024];
    while !stop.load(Ordering::Relaxed) {
        let bytes = connection.transmit(now());
        stream.write_all(&bytes)?;
        if connection.is_closed() {
            return linger(&mut stream, &mut buffer, stop);
        }
        match read(&mut stream, &mut buffer)? {
            Some(0) => {
                connection.close(now());
                return Ok(());
            }
            Some(length) => connection.receive(buffer.get(..length).unwrap_or_default(), now()),
            None => {}
        }
    }
    Ok(())
}

/// Waits for the other side to close: closing with bytes unread would take back what was just sent.
fn linger(stream: &mut TcpStream, buffer: &mut [u8], stop: &AtomicBool) -> io::Result<()> {
    stream.shutdown(Shutdown::Write)?;
    for _ in 0..LINGER_TICKS {
        if stop.load(Ordering::Relaxed) || read(stream, buffer)? == Some(0) {
            break;
        }
    }
    Ok(())
}

/// Reads what is there within a tick; `None` if nothing came.
fn read(stream: &mut TcpStream, buffer: &mut [u8]) -> io::Result<Option<usize>> {
    match stream.read(buffer) {
        Ok(length) => Ok(Some(length)),
        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => Ok(None),
        Err(error) => Err(error),
    }
}
