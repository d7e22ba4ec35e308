//! Keeps the model in step with real time and moves bytes between it and a line.

use core::time::Duration;
use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::rc::Rc;
use std::sync::mpsc::Receiver;
use std::time::Instant;

use embedded_hal::digital::OutputPin;
use embedded_io::{Read, ReadReady, Write, WriteReady};
use monoclock::ManualClock;
use sara_u201_sim::{Fault, HostNetwork, Profile, Redactor, Simulation, Transcript};

use crate::Failure;
use crate::control::Control;
use crate::line::Line;

/// How long the program sleeps when nothing happens.
pub(crate) const NAP: Duration = Duration::from_millis(1);

/// What the program holds of a client that does not wait.
const MOST_WAITING: usize = 65_536;
/// How long the line is quiet before the log is written.
const QUIET: Duration = Duration::from_millis(20);
/// How long a person's reset lasts.
const RESET: Duration = Duration::from_millis(100);

/// The file of --log.
pub(crate) struct Log {
    file: File,
    redactor: Option<Redactor>,
}

impl Log {
    /// Creates the file; with `secrets` everything is written as it was.
    pub(crate) fn create(path: &Path, secrets: bool) -> Result<Self, Failure> {
        let file = File::create(path).map_err(|error| format!("--log {}: {error}", path.display()))?;
        Ok(Self { file, redactor: (!secrets).then(Redactor::default) })
    }

    fn write(&mut self, transcript: &Transcript) -> Result<(), Failure> {
        if transcript.chunks.is_empty() {
            return Ok(());
        }
        match &mut self.redactor {
            Some(redactor) => write!(self.file, "{}", redactor.redact(transcript))?,
            None => write!(self.file, "{transcript}")?,
        }
        Ok(())
    }
}

/// Reads routes of the form NAME:PORT=ADDRESS.
pub(crate) fn network(routes: &[String]) -> Result<HostNetwork, Failure> {
    let mut network = HostNetwork::new();
    for route in routes {
        let wrong = || format!("--route {route}: expected NAME:PORT=ADDRESS");
        let (name, address) = route.split_once('=').ok_or_else(wrong)?;
        let (name, port) = name.rsplit_once(':').ok_or_else(wrong)?;
        let address: core::net::SocketAddr = address.parse().map_err(|_| wrong())?;
        if !address.ip().is_loopback() {
            return Err(format!("--route {route}: only loopback addresses are reached").into());
        }
        network.route(name, port.parse().map_err(|_| wrong())?, address);
    }
    Ok(network)
}

/// The model in real time.
pub(crate) struct Shell {
    simulation: Simulation,
    clock: Rc<ManualClock>,
    speed: f64,
    log: Option<Log>,
    control: Option<Receiver<Control>>,
    /// When the reset line that a person holds is released.
    release: Option<Duration>,
    /// Bytes that one side could not take yet.
    to_module: Vec<u8>,
    to_client: Vec<u8>,
}

impl Shell {
    pub(crate) fn new(
        profile: Profile,
        faults: Vec<Fault>,
        network: HostNetwork,
        speed: f64,
        log: Option<Log>,
        control: Option<Receiver<Control>>,
    ) -> Self {
        let clock = Rc::new(ManualClock::new());
        let simulation = Simulation::with_faults(profile, faults, network, clock.clone());
        if log.is_some() {
            simulation.record();
        }
        let (to_module, to_client) = (Vec::new(), Vec::new());
        Self { simulation, clock, speed, log, control, release: None, to_module, to_client }
    }

    /// Serves until the line breaks.
    pub(crate) fn serve(mut self, mut line: Box<dyn Line>) -> Result<(), Failure> {
        println!("{}", line.name());
        std::io::stdout().flush()?;
        let start = Instant::now();
        let (mut buffer, mut unlogged, mut last) = ([0; 4096], 0, start);
        loop {
            self.clock.advance_to(start.elapsed().mul_f64(self.speed));
            self.simulation.catch_up();
            self.obey();
            // A client that does not wait is held back by the line itself.
            let room = MOST_WAITING.saturating_sub(self.to_module.len()).min(buffer.len());
            let received = line.receive(buffer.get_mut(..room).unwrap_or_default())?;
            self.to_module.extend(buffer.iter().take(received));
            let moved = self.move_to_module()? + self.move_to_client(&mut *line)?;
            unlogged += received + moved;
            if received + moved == 0 {
                std::thread::sleep(NAP);
            }
            // A line is written once it is whole, as far as that can be told.
            last = if received + moved > 0 { Instant::now() } else { last };
            if unlogged > MOST_WAITING || (unlogged > 0 && last.elapsed() > QUIET) {
                unlogged = 0;
                self.write_log()?;
            }
        }
    }

    fn move_to_module(&mut self) -> Result<usize, Failure> {
        let mut serial = self.simulation.serial();
        let mut moved = 0;
        while !self.to_module.is_empty() && serial.write_ready()? {
            let count = serial.write(&self.to_module)?;
            self.to_module.drain(..count);
            moved += count;
        }
        Ok(moved)
    }

    fn move_to_client(&mut self, line: &mut dyn Line) -> Result<usize, Failure> {
        let mut serial = self.simulation.serial();
        let mut buffer = [0; 4096];
        while self.to_client.len() < MOST_WAITING && serial.read_ready()? {
            let count = serial.read(&mut buffer)?;
            self.to_client.extend(buffer.iter().take(count));
        }
        let sent = line.send(&self.to_client)?;
        self.to_client.drain(..sent);
        Ok(sent)
    }

    /// Does what the program's input says.
    fn obey(&mut self) {
        let now = self.clock.elapsed();
        if self.release.take_if(|at| *at <= now).is_some() {
            let Ok(()) = self.simulation.reset_line().set_low();
        }
        let Some(control) = &self.control else { return };
        while let Ok(control) = control.try_recv() {
            if control == Control::Reset {
                self.release = Some(now + RESET);
            }
            control.apply(&self.simulation);
        }
    }

    fn write_log(&mut self) -> Result<(), Failure> {
        if let Some(log) = &mut self.log {
            let transcript = self.simulation.transcript();
            log.write(&transcript)?;
        }
        Ok(())
    }
}
