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

/// The longest line shown in full.
const LONG: usize = 120;

/// Commands whose quoted arguments are secrets.
const SECRET: [&str; 4] = ["+CPIN=", "+CPWD=", "+CLCK=", "+UHTTP="];

/// Replaces what must not be seen in a log.
pub(crate) fn redact(line: &str) -> String {
    let upper = line.to_ascii_uppercase();
    let password = upper.contains("+UPSD=") && upper.split(',').nth(1).is_some_and(|tag| tag.trim() == "3");
    if password || SECRET.iter().any(|command| upper.contains(command)) {
        return hide_quoted(line);
    }
    let write = upper.contains("+USOWR=") || upper.contains("+USOST=");
    if write && let Some(open) = line.find(",\"").filter(|open| line.len() - open > 70) {
        return format!("{},\"({} characters)\"", &line[..open], line.len() - open - 3);
    }
    if line.len() > LONG {
        let shown: String = line.chars().take(LONG).collect();
        return format!("{shown}({} more)", line.len().saturating_sub(shown.len()));
    }
    line.to_owned()
}

fn hide_quoted(line: &str) -> String {
    let mut inside = false;
    let mut shown = String::new();
    for character in line.chars() {
        if character == '"' {
            inside = !inside;
            shown.push('"');
            if inside {
                shown.push_str("***");
            }
        } else if !inside {
            shown.push(character);
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::redact;

    #[test]
    fn secrets_are_not_shown() {
        assert_eq!(redact("AT+CPIN=\"1234\""), "AT+CPIN=\"***\"");
        assert_eq!(redact("AT+UPSD=0,3,\"pw\""), "AT+UPSD=0,3,\"***\"");
        assert_eq!(redact("AT+UPSD=0,1,\"apn\""), "AT+UPSD=0,1,\"apn\"");
        let write = format!("AT+USOWR=0,100,\"{}\"", "41".repeat(100));
        assert_eq!(redact(&write), "AT+USOWR=0,100,\"(200 characters)\"");
    }
}
