//! The blocking face's socket where the traits of `embedded_io_async` are asked for.

use embedded_io::ReadReady;
use embedded_io_async::{Read, Write};
use monoclock::Clock;

use crate::error::Error;
use crate::power::Wiring;
use crate::socket::Socket;

/// Its futures are ready at the first poll: they wait inside, as the blocking calls do.
impl<S, P, C> Read for Socket<'_, S, P, C>
where
    S: embedded_io::Read + embedded_io::Write + ReadReady,
    P: Wiring<S>,
    C: Clock,
{
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Error> {
        embedded_io::Read::read(self, buffer)
    }
}

/// Its futures are ready at the first poll: they wait inside, as the blocking calls do.
impl<S, P, C> Write for Socket<'_, S, P, C>
where
    S: embedded_io::Read + embedded_io::Write + ReadReady,
    P: Wiring<S>,
    C: Clock,
{
    async fn write(&mut self, data: &[u8]) -> Result<usize, Error> {
        embedded_io::Write::write(self, data)
    }

    async fn flush(&mut self) -> Result<(), Error> {
        embedded_io::Write::flush(self)
    }
}
