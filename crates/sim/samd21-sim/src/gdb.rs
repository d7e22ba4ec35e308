//! A debugger's side of a run: GDB's remote protocol over TCP.

use core::error::Error;
use core::fmt;
use std::net::{TcpListener, TcpStream};

use gdbstub::common::Signal;
use gdbstub::conn::ConnectionExt as _;
use gdbstub::stub::run_blocking::{BlockingEventLoop, Event, WaitForStopReasonError};
use gdbstub::stub::{DisconnectReason, GdbStub, SingleThreadStopReason};

use crate::run::{Failure, Pause, Run};
use crate::time::Time;

mod arch;
mod target;

/// Why there is no debugger.
#[derive(Debug)]
#[non_exhaustive]
pub enum GdbError {
    /// The port cannot be used.
    Port(std::io::Error),
    /// The conversation has broken down.
    Protocol(String),
}

impl fmt::Display for GdbError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Port(_) => f.write_str("cannot listen for GDB"),
            Self::Protocol(why) => write!(f, "the conversation with GDB broke down: {why}"),
        }
    }
}

impl Error for GdbError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Port(error) => Some(error),
            Self::Protocol(_) => None,
        }
    }
}

/// What the debugger steers.
struct Session<'r> {
    run: &'r mut Run,
    mode: Mode,
    /// Called between slices of the run: consoles want it.
    between: &'r mut dyn FnMut(Time),
}

impl fmt::Debug for Session<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("mode", &self.mode).finish_non_exhaustive()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Continue,
    Step,
}

/// Virtual time between two looks at the connection.
const SLICE: Time = Time::from_millis(1);

/// Waits for a debugger at `port` of 127.0.0.1 and obeys it until it leaves. `between` is called after every
/// millisecond of virtual time.
///
/// # Errors
///
/// The port is not free, or the connection breaks.
pub fn serve(run: &mut Run, port: u16, between: &mut dyn FnMut(Time)) -> Result<(), GdbError> {
    let listener = TcpListener::bind(("127.0.0.1", port)).map_err(GdbError::Port)?;
    let address = listener.local_addr().map_err(GdbError::Port)?;
    eprintln!("waiting for GDB: target remote {address}");
    serve_on(run, &listener, between)
}

/// Does the same at a port that is open already.
///
/// # Errors
///
/// The connection breaks.
pub fn serve_on(
    run: &mut Run,
    listener: &TcpListener,
    between: &mut dyn FnMut(Time),
) -> Result<(), GdbError> {
    let (stream, _) = listener.accept().map_err(GdbError::Port)?;
    stream.set_nodelay(true).map_err(GdbError::Port)?;
    run.watch.strict = false;
    run.machine.cpu.halt_on_breakpoint = true;
    let mut session = Session { run, mode: Mode::Continue, between };
    let ended = GdbStub::new(stream).run_blocking::<Loop<'_>>(&mut session);
    session.run.machine.cpu.halt_on_breakpoint = false;
    match ended {
        Ok(DisconnectReason::TargetExited(_) | DisconnectReason::TargetTerminated(_)) => Ok(()),
        Ok(DisconnectReason::Disconnect | DisconnectReason::Kill) => Ok(()),
        Err(error) => Err(GdbError::Protocol(error.to_string())),
    }
}

struct Loop<'r>(core::marker::PhantomData<&'r ()>);

impl<'r> BlockingEventLoop for Loop<'r> {
    type Target = Session<'r>;
    type Connection = TcpStream;
    type StopReason = SingleThreadStopReason<u32>;

    fn wait_for_stop_reason(
        target: &mut Self::Target,
        connection: &mut Self::Connection,
    ) -> Result<Event<Self::StopReason>, WaitForStopReasonError<&'static str, std::io::Error>> {
        let pc = target.run.machine.cpu.register(15);
        target.run.watch.pass(pc);
        loop {
            if target.mode == Mode::Step {
                return Ok(Event::TargetStopped(target.step()));
            }
            let end = target.run.machine.now() + SLICE;
            let pause = target.run.run_until(end);
            (target.between)(target.run.machine.now());
            match pause {
                Pause::TimeUp => {}
                Pause::Breakpoint => return Ok(Event::TargetStopped(SingleThreadStopReason::SwBreak(()))),
                Pause::Failed(failure) => return Ok(Event::TargetStopped(signal(&failure))),
            }
            if connection.peek().map_err(WaitForStopReasonError::Connection)?.is_some() {
                let byte = connection.read().map_err(WaitForStopReasonError::Connection)?;
                return Ok(Event::IncomingData(byte));
            }
        }
    }

    fn on_interrupt(_: &mut Self::Target) -> Result<Option<Self::StopReason>, &'static str> {
        Ok(Some(SingleThreadStopReason::Signal(Signal::SIGINT)))
    }
}

/// How a failure looks to a debugger.
const fn signal(failure: &Failure) -> SingleThreadStopReason<u32> {
    SingleThreadStopReason::Signal(match failure {
        Failure::Panic => Signal::SIGABRT,
        Failure::Watchdog | Failure::ResetLoop | Failure::StaysInLoader => Signal::SIGTERM,
        _ => Signal::SIGSEGV,
    })
}

impl Session<'_> {
    fn step(&mut self) -> SingleThreadStopReason<u32> {
        let before = self.run.machine.cpu.instructions();
        // A core that sleeps steps when it wakes; one that never wakes must not hold the debugger up.
        for _ in 0..1000 {
            self.run.machine.single_step = true;
            let pause = self.run.run_until(self.run.machine.now() + SLICE);
            self.run.machine.single_step = false;
            (self.between)(self.run.machine.now());
            match pause {
                Pause::Failed(failure) => return signal(&failure),
                Pause::Breakpoint => return SingleThreadStopReason::SwBreak(()),
                Pause::TimeUp if self.run.machine.cpu.instructions() != before => break,
                Pause::TimeUp => {}
            }
        }
        SingleThreadStopReason::DoneStep
    }
}
