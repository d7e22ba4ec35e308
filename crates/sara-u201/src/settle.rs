//! Bringing both sides to a point where a command can be sent.

use embedded_io::{Read, ReadReady, Write};
use monoclock::{Clock, Millis};

use crate::command::{Attention, CloseSocket, Command, ProbeErrorNumbers};
use crate::fault::Fault;
use crate::lifecycle::PowerSaving;
use crate::modem::Modem;
use crate::power::Wiring;

/// Questions to a modem whose answers got out of step, before it is given up.
pub(crate) const RESYNC_TRIES: u8 = 5;
/// Silence after which nothing late is expected any more.
pub(crate) const QUIET: Millis = Millis(300);
/// Longest wait for that silence, should the modem never be quiet.
pub(crate) const QUIET_LIMIT: Millis = Millis(1500);
/// Time for the modem to wake up (at least 20 ms).
pub(crate) const WAKE: Millis = Millis(21);

impl<S, P, C> Modem<S, P, C>
where
    S: Read + Write + ReadReady,
    P: Wiring<S>,
    C: Clock,
{
    /// Brings both sides to a point where a command can be sent.
    #[inline(never)]
    pub(crate) fn prepare(&mut self) -> Result<(), Fault> {
        self.wake()?;
        self.settle()
    }

    /// Wakes a modem that saves power.
    fn wake(&mut self) -> Result<(), Fault> {
        match self.saving {
            PowerSaving::Off => {}
            PowerSaving::Dtr => {
                self.wiring.dtr(true);
                let awake = self.clock.now() + WAKE;
                while !self.clock.now().has_reached(awake) {
                    self.clock.wait(awake);
                    self.serve()?;
                }
            }
            PowerSaving::Idle => {
                // The first is lost if the modem sleeps, and wakes it.
                for _ in 0..2 {
                    if self.run_plain(&Attention).is_ok() {
                        break;
                    }
                }
                self.device.engine.set_fresh();
            }
        }
        Ok(())
    }

    fn settle(&mut self) -> Result<(), Fault> {
        self.serve()?;
        self.leave_polled()?;
        // Only what was polled and left alone can be running here.
        while self.device.engine.is_busy() {
            self.wait();
            self.serve()?;
        }
        if self.device.engine.is_stale() {
            self.resync()?;
        }
        if self.device.restarted {
            return Err(Fault::Restarted);
        }
        while let Some(socket) = self.device.sockets.abandoned() {
            self.device.sockets.free(socket);
            // The modem may have closed it long since.
            let _ = self.run_plain(&CloseSocket(socket));
        }
        Ok(())
    }

    /// Asks until the answer is surely that of the question, then lets late ones pass.
    fn resync(&mut self) -> Result<(), Fault> {
        let probe = ProbeErrorNumbers;
        for _ in 0..RESYNC_TRIES {
            match self.run_plain(&probe) {
                Ok(()) => {}
                Err(fault @ Fault::Serial(_)) => return Err(fault),
                Err(_) => continue,
            }
            if probe.decode(self.device.engine.answer()) == Some(0) {
                self.device.handle_restart();
            }
            self.wait_until_quiet()?;
            self.device.engine.set_fresh();
            return Ok(());
        }
        self.bringup.lose_modem();
        Err(Fault::ModemLost)
    }

    fn wait_until_quiet(&mut self) -> Result<(), Fault> {
        let mut quiet_at = self.clock.now() + QUIET;
        let limit = self.clock.now() + QUIET_LIMIT;
        while !self.clock.now().has_reached(quiet_at) {
            if self.serve()? {
                quiet_at = (self.clock.now() + QUIET).earlier(limit);
            }
            self.clock.wait(quiet_at);
        }
        Ok(())
    }
}
