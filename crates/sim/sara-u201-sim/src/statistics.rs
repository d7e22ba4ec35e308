//! What a run has cost: counters and the log of commands.

use core::time::Duration;

/// Counters of one run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Statistics {
    /// Command lines that the module has taken.
    pub at_commands: u64,
    /// Bytes from the host to the module, on the wire.
    pub bytes_to_module: u64,
    /// Bytes from the module to the host, on the wire.
    pub bytes_to_host: u64,
    /// Bytes lost because the host's receiver was full.
    pub host_overruns: u64,
    /// Bytes lost because the module's receiver was full.
    pub module_overruns: u64,
    /// URCs sent.
    pub urcs: u64,
    /// Times that data followed the `@` prompt in less than 50 ms.
    pub prompt_rule_violations: u64,
    /// Times that a command line began less than 20 ms after a result or a URC.
    pub pacing_violations: u64,
    /// Commands aborted by a character.
    pub aborts: u64,
    /// Bytes lost because the module slept.
    pub bytes_lost_asleep: u64,
    /// PINs rejected by the card.
    pub pins_rejected: u64,
    /// Times that a fault has struck.
    pub faults: u64,
    /// Times that the module has started.
    pub boots: u64,
}

impl Statistics {
    /// Adds up the bytes of both directions.
    #[must_use]
    pub const fn uart_bytes(&self) -> u64 {
        self.bytes_to_module + self.bytes_to_host
    }
}

/// One command line, as it was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandRecord {
    /// Virtual time of its last character.
    pub at: Duration,
    /// The line, with secrets and long payloads replaced.
    pub line: String,
}
