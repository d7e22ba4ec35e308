//! Keeps the model in step with real time and moves bytes between it and a line.

use core::time::Duration;
use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::rc::Rc;
use std::time::Instant;

use embedded_io::{Read, ReadReady, Write, WriteReady};
use monoclock::ManualClock;
use sara_u201_sim::{Fault, HostNetwork, Profile, Simulation};

use crate::Failure;
use crate::line::Line;

/// How long the program sleeps when nothing happens.
const NAP: Duration = Duration::from_millis(1);

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
    log: Option<File>,
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
        log: Option<&Path>,
    ) -> Result<Self, Failure> {
        let clock = Rc::new(ManualClock::new());
        let simulation = Simulation::with_faults(profile, faults, network, clock.clone());
        let log = log.map(File::create).transpose()?;
        if log.is_some() {
            simulation.record();
        }
        Ok(Self { simulation, clock, speed, log, to_module: Vec::new(), to_client: Vec::new() })
    }

    /// Serves until the line breaks.
    pub(crate) fn serve(mut self, mut line: Box<dyn Line>) -> Result<(), Failure> {
        println!("{}", line.name());
        std::io::stdout().flush()?;
        let start = Instant::now();
        let mut buffer = [0; 4096];
        loop {
            self.clock.advance_to(start.elapsed().mul_f64(self.speed));
            self.simulation.catch_up();
            let received = line.receive(&mut buffer)?;
            self.to_module.extend(buffer.iter().take(received));
            let moved = self.move_to_module()? + self.move_to_client(&mut *line)?;
            self.write_log()?;
            if received + moved == 0 {
                std::thread::sleep(NAP);
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
        while serial.read_ready()? {
            let count = serial.read(&mut buffer)?;
            self.to_client.extend(buffer.iter().take(count));
        }
        let sent = line.send(&self.to_client)?;
        self.to_client.drain(..sent);
        Ok(sent)
    }

    fn write_log(&mut self) -> Result<(), Failure> {
        if let Some(log) = &mut self.log {
            let transcript = self.simulation.transcript();
            if !transcript.chunks.is_empty() {
                write!(log, "{transcript}")?;
            }
        }
        Ok(())
    }
}
