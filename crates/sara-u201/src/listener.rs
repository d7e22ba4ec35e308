//! TCP server: sockets that others connect to.

use core::net::SocketAddrV4;

use embedded_io::{Read, ReadReady, Write};
use monoclock::Clock;

use crate::command::{Custom, Protocol, Spec};
use crate::error::Error;
use crate::modem::Modem;
use crate::power::Wiring;
use crate::socket::SocketHandle;
use crate::urc::Urc;

impl<S, P, C> Modem<S, P, C>
where
    S: Read + Write + ReadReady,
    P: Wiring<S>,
    C: Clock,
{
    /// Listens on a port. Mobile networks rarely let anybody through.
    ///
    /// # Errors
    /// Packet data is not active, or the port is taken.
    pub fn listen(&mut self, port: u16) -> Result<SocketHandle, Error> {
        let SocketHandle { number, generation } = self.create_socket(Protocol::Tcp, 0)?;
        let listening =
            self.execute(&Custom::plain(const { &Spec::new("+USOLI=").within(Spec::SOCKET) }, |line| {
                line.number(number).number(port);
            }));
        if listening.is_err() {
            self.device.sockets.abandon(number, generation);
        }
        listening.map(|()| SocketHandle { number, generation })
    }

    /// Takes the next connection that was made to a listening socket; [`Modem::socket`] lends it.
    ///
    /// # Errors
    /// `WouldBlock` while there is none; [`Error::Closed`] when the listener is closed.
    pub fn accept(&mut self, listener: SocketHandle) -> nb::Result<(SocketHandle, SocketAddrV4), Error> {
        let open = self.check(listener);
        self.named(open)?;
        let urc = self.device.urcs.take_if(
            &|urc: &Urc| matches!(urc, Urc::SocketAccepted { listener: number, .. } if *number == listener.number),
        );
        let Some(Urc::SocketAccepted { socket, remote, .. }) = urc else {
            return Err(nb::Error::WouldBlock);
        };
        let waiting = self.device.sockets.waiting(socket);
        let generation = self.device.sockets.open(socket).ok_or(Error::Garbled { command: "+UUSOLI" })?;
        self.device.sockets.handle_data(socket, waiting);
        let (now, probe) = (self.now(), self.device.probe);
        let handle = SocketHandle { number: socket, generation };
        if let Ok(entry) = self.live(handle) {
            entry.schedule_probe(probe, now);
        }
        Ok((handle, remote))
    }
}
