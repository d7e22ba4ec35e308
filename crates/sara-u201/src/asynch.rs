//! The asynchronous face: a [`Runner`] that owns the serial port, and handles for any number of tasks.
//!
//! The protocol is that of the blocking face: the same engine, the same bring-up, the same commands. The
//! runner sends and receives, waits for the engine's deadlines, and moves the bytes of the sockets; a
//! [`Modem`] runs commands, a [`Socket`] is a byte stream of `embedded_io_async`.
//!
//! - The serial port is `embedded_io_async::{Read, Write}`. A read that is dropped must not lose bytes: so it is
//!   with buffered, interrupt-driven ports.
//! - Time is an [`AsyncClock`]; no timer is global.
//! - No heap, no critical section, no atomics: all of it belongs to one executor on one thread.
//! - A command ends after the manual's time; a read waits as long as it takes. Put it under a time-out of the
//!   executor's, if it is not to.
//! - Futures may be dropped at any `await`; nothing is lost and nobody gets the result of another's command.
//!
//! ```
//! use embedded_io_async::{Read, Write};
//! use sara_u201::asynch::{Modem, Shared};
//! use sara_u201::{Apn, Config, Error};
//! # use std::rc::Rc;
//! # use sara_u201_sim::{MemoryNetwork, Peer, PowerAtStart, Profile, Simulation};
//!
//! async fn hello(modem: Modem<'_>) -> Result<usize, Error> {
//!     modem.start().await?;
//!     let mut socket = modem.connect("host.example", 80).await?;
//!     socket.write_all(b"hello").await?;
//!     let mut answer = [0; 32];
//!     let count = socket.read(&mut answer).await?;
//!     socket.close().await?;
//!     Ok(count)
//! }
//!
//! # let network = MemoryNetwork::new(0);
//! # network.serve("host.example", 80, |_: core::time::Duration| {
//! #     let peer: Box<dyn sara_u201_sim::PeerConnection> = Box::new(Echo(Vec::new()));
//! #     peer
//! # });
//! # let profile = Profile { power_at_start: PowerAtStart::On, ..Profile::default() };
//! # let clock = Rc::new(monoclock::ManualClock::new());
//! # let simulation = Simulation::new(profile, network, clock);
//! # let (serial, clock) = (simulation.async_serial(), simulation.clock());
//! # let wiring = sara_u201::NoWiring;
//! let mut shared = Shared::new();
//! let (mut runner, modem) = shared.split(serial, wiring, clock);
//! let config = Config::new(Apn::new("internet"));
//! // On a board each of the two is a task of its own.
//! # let mut first = core::pin::pin!(runner.run(&config));
//! # let mut second = core::pin::pin!(hello(modem));
//! # let result = simulation.block_on(core::future::poll_fn(|context| {
//! #     assert!(first.as_mut().poll(context).is_pending());
//! #     second.as_mut().poll(context)
//! # }));
//! assert_eq!(result, Ok(5));
//! # struct Echo(Vec<u8>);
//! # impl sara_u201_sim::PeerConnection for Echo {
//! #     fn receive(&mut self, bytes: &[u8], _: core::time::Duration) { self.0.extend_from_slice(bytes) }
//! #     fn transmit(&mut self, _: core::time::Duration) -> Vec<u8> { core::mem::take(&mut self.0) }
//! #     fn is_closed(&self) -> bool { false }
//! #     fn next_event(&self, _: core::time::Duration) -> Option<core::time::Duration> { None }
//! # }
//! ```

mod duty;
mod hold;
mod lent;
mod modem;
mod pipe;
mod runner;
mod shared;
mod socket;
mod transfer;
mod waiters;

use embedded_io_async::{Read, Write};
use monoclock::AsyncClock;

use crate::power::Wiring;

pub use modem::Modem;
pub use runner::Runner;
pub use shared::Shared;
pub use socket::Socket;

impl<const SOCKETS: usize, const BUFFER: usize> Shared<SOCKETS, BUFFER> {
    /// Takes the serial port, the pins and the clock; gives the runner and a handle on the modem.
    pub fn split<S, P, C>(
        &mut self,
        serial: S,
        wiring: P,
        clock: C,
    ) -> (Runner<'_, S, P, C, SOCKETS, BUFFER>, Modem<'_, SOCKETS, BUFFER>)
    where
        S: Read + Write,
        P: Wiring<S>,
        C: AsyncClock,
    {
        let shared = &*self;
        let runner = Runner { serial, wiring, clock, shared, next: 0, handles_first: false };
        (runner, Modem { shared })
    }
}
