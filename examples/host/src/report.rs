//! The summary of a run.

use core::time::Duration;

use samd21_sim::fabric::{RAM_BASE, RAM_BYTES};
use samd21_sim::run::Run;
use serde_json::{Value, json};

use crate::{Operator, World};

/// What a run of the tutorial came to; all of it seen on the cloud's side or counted by the models.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Report {
    /// States that arrived in the cloud.
    pub states_received: u64,
    /// The device acknowledged the configuration.
    pub config_acknowledged: bool,
    /// The command was sent by the cloud and shown by the device.
    pub command_delivered: bool,
    /// The cloud verified a token of the device.
    pub token_verified: bool,
    /// CONNECT packets that arrived in the cloud.
    pub connect_attempts: u64,
    /// Command lines that the modem took.
    pub at_commands: u64,
    /// Bytes on the modem's serial line, both ways.
    pub uart_bytes: u64,
    /// Commands that the secure element took.
    pub i2c_commands: u64,
    /// Virtual time of the run.
    pub virtual_time: Duration,
    /// Real time of the run.
    pub wall_time: Duration,
    /// What the emulated chip counted, when it ran the real image.
    pub image: Option<ImageFigures>,
}

/// What the emulated chip counted while it ran `cloud`.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ImageFigures {
    /// SHA-256 of the ELF file.
    pub sha256: String,
    /// Cycles from power-on to the first state in the cloud.
    pub cycles_to_first_state: Option<u64>,
    /// Those of them in which the core was awake.
    pub awake_to_first_state: Option<u64>,
    /// Share of the last whole minute in which the core was awake, when the run was long enough.
    pub awake_share: Option<f64>,
    /// Greatest depth of the stack, in bytes.
    pub stack_high_water: u32,
    /// Static RAM, in bytes.
    pub static_ram: u32,
    /// Resets after power-on.
    pub resets: usize,
    /// What firmware touched that is not modelled.
    pub warnings: Vec<String>,
}

impl ImageFigures {
    /// Reads them from a run.
    #[must_use]
    pub fn new(run: &Run, first_state: Option<(u64, u64)>, minute: Option<(u64, u64)>) -> Self {
        let machine = &run.machine;
        let share = |(cycles, asleep): (u64, u64)| {
            let (all, slept) = (machine.cpu.cycles - cycles, machine.asleep_cycles() - asleep);
            (all != 0).then(|| 1.0 - slept as f64 / all as f64)
        };
        Self {
            sha256: samd21_sim::report::hex(&run.image().hash()),
            cycles_to_first_state: first_state.map(|(cycles, _)| cycles),
            awake_to_first_state: first_state.map(|(cycles, asleep)| cycles - asleep),
            awake_share: minute.and_then(share),
            stack_high_water: (RAM_BASE + RAM_BYTES).saturating_sub(machine.cpu.lowest_sp()),
            static_ram: run.image().statics_end() - RAM_BASE,
            resets: run.resets().len(),
            warnings: machine.chip.fabric.warnings.iter().map(|(_, text)| text.to_owned()).collect(),
        }
    }

    fn to_json(&self) -> Value {
        json!({
            "sha256": self.sha256,
            "cycles_to_first_state": self.cycles_to_first_state,
            "awake_cycles_to_first_state": self.awake_to_first_state,
            "awake_share_of_last_minute": self.awake_share,
            "stack_high_water": self.stack_high_water,
            "static_ram": self.static_ram,
            "resets": self.resets,
            "warnings": self.warnings,
        })
    }
}

impl Report {
    /// Draws it up from the cloud's records, the models' counters, and what the device's console showed.
    #[must_use]
    pub fn new(world: &World, operator: &Operator, shown: &str, wall_time: Duration) -> Self {
        let summary = world.emulator.summary();
        let modem = world.modem.statistics();
        let shown = shown.lines().any(|line| line.ends_with(&operator.plan().command));
        Self {
            states_received: summary.states_received,
            config_acknowledged: operator.config_acknowledged(),
            command_delivered: operator.command_sent().is_some() && shown,
            token_verified: summary.tokens_verified > 0,
            connect_attempts: summary.connect_attempts,
            at_commands: modem.at_commands,
            uart_bytes: modem.uart_bytes(),
            i2c_commands: world.element.report().commands,
            virtual_time: world.clock.elapsed(),
            wall_time,
            image: None,
        }
    }

    /// Tells whether everything was seen, and `states` states.
    #[must_use]
    pub const fn is_complete(&self, states: u64) -> bool {
        self.states_received >= states
            && self.config_acknowledged
            && self.command_delivered
            && self.token_verified
    }

    /// One object, for scripts.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let mut object = json!({
            "mode": if self.image.is_some() { "image" } else { "native" },
            "states_received": self.states_received,
            "config_acknowledged": self.config_acknowledged,
            "command_delivered": self.command_delivered,
            "token_verified": self.token_verified,
            "connect_attempts": self.connect_attempts,
            "at_commands": self.at_commands,
            "uart_bytes": self.uart_bytes,
            "i2c_commands": self.i2c_commands,
            "virtual_seconds": self.virtual_time.as_secs_f64(),
            "wall_seconds": self.wall_time.as_secs_f64(),
        });
        if let Some(image) = &self.image {
            object["image"] = image.to_json();
        }
        object
    }
}

impl core::fmt::Display for Report {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let yes = |seen: bool| if seen { "yes" } else { "NO" };
        writeln!(f, "  token verified by the cloud     {}", yes(self.token_verified))?;
        writeln!(f, "  states received by the cloud    {}", self.states_received)?;
        writeln!(f, "  configuration acknowledged      {}", yes(self.config_acknowledged))?;
        writeln!(f, "  command shown by the device     {}", yes(self.command_delivered))?;
        writeln!(f, "  connect attempts                {}", self.connect_attempts)?;
        writeln!(f, "  commands to the modem           {}", self.at_commands)?;
        writeln!(f, "  bytes on the serial line        {}", self.uart_bytes)?;
        writeln!(f, "  commands to the secure element  {}", self.i2c_commands)?;
        writeln!(f, "  virtual time                    {:.1} s", self.virtual_time.as_secs_f64())?;
        write!(f, "  wall time                       {:.1} s", self.wall_time.as_secs_f64())?;
        let Some(image) = &self.image else { return Ok(()) };
        writeln!(f, "\n  image (SHA-256)                 {}", image.sha256)?;
        if let (Some(cycles), Some(awake)) = (image.cycles_to_first_state, image.awake_to_first_state) {
            writeln!(f, "  cycles to the first state       {cycles}, {awake} of them awake")?;
        }
        if let Some(share) = image.awake_share {
            writeln!(f, "  awake in the last minute        {:.2} %", share * 100.0)?;
        }
        write!(
            f,
            "  stack and static RAM            {} and {} bytes",
            image.stack_high_water, image.static_ram
        )
    }
}
