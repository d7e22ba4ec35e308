//! Behaviour that the references leave open, each as a switch with a documented default.

use serde::{Deserialize, Serialize};

/// What becomes of data sent less than 50 ms after the `@` prompt.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EarlyData {
    /// It is taken (a driver in production did without the pause).
    #[default]
    Accept,
    /// It is lost, so that the command waits for more.
    Drop,
    /// The command ends in an error.
    Error,
}

/// What an empty socket answers to a read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EmptyRead {
    /// `+USORD: 0,0,""`.
    #[default]
    Quotes,
    /// `+USORD: 0,0`.
    Bare,
}

/// How the module refuses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Refusal {
    /// `+CME ERROR: <number>` when AT+CMEE asks for it.
    #[default]
    Cme,
    /// `ERROR` whatever AT+CMEE says; AT+USOER tells the cause.
    Plain,
}

/// What happens to characters that arrive while a command runs which they cannot abort.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TypedAhead {
    /// They wait until the command is over.
    #[default]
    Keep,
    /// They are lost.
    Discard,
}

/// At which rate the `OK` of AT+IPR is sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RateChange {
    /// At the old rate; the change follows.
    #[default]
    AfterResult,
    /// At the new rate.
    BeforeResult,
}

/// Switches for uncertain behaviour.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "a list of independent switches")]
pub struct Quirks {
    /// Data within 50 ms of the prompt.
    pub early_data: EarlyData,
    /// The answer of an empty socket.
    pub empty_read: EmptyRead,
    /// How a command on a closed socket is refused.
    pub closed_socket: Refusal,
    /// Whether AT+USOCTL tells type 0 of a number without a socket; otherwise it is refused.
    pub unused_socket_type: bool,
    /// How a failed connect, send or look-up is refused.
    pub network_failure: Refusal,
    /// Whether an unknown command answers `+CME ERROR: 100` when AT+CMEE is on.
    pub unknown_command_cme: bool,
    /// Whether +UUSOCL is sent although data is left to be read (the data is lost then).
    pub close_before_drain: bool,
    /// Whether a TLS socket that the peer closes announces 4294967295 bytes.
    pub tls_close_announces: bool,
    /// Whether each open socket gets a +UUSOCL when the data context is lost.
    pub context_loss_closes: bool,
    /// Whether a synchronous AT+USOCL is followed by a +UUSOCL.
    pub close_announces: bool,
    /// Whether hexadecimal mode also holds for data sent after the prompt.
    pub hex_after_prompt: bool,
    /// The rate of the result of AT+IPR.
    pub rate_change: RateChange,
    /// Milliseconds after a change of rate in which the module hears nothing.
    pub rate_change_deaf: u32,
    /// Whether the rate set by AT+IPR survives RESET_N.
    pub rate_survives_reset: bool,
    /// Command lines swallowed by automatic rate detection.
    pub autobaud_swallows: u32,
    /// Characters that arrive while a command runs.
    pub typed_ahead: TypedAhead,
    /// Milliseconds from the byte that wakes a sleeping module (AT+UPSV=1) until it hears.
    pub wake_time: u32,
    /// Milliseconds from DTR (AT+UPSV=3) or RTS (AT+UPSV=2) until a sleeping module hears.
    pub dtr_wake_time: u32,
    /// Whether an URC may slip out after the host has begun to send a command.
    pub urc_race: bool,
    /// Milliseconds between a result and the next URC.
    pub urc_gap: u32,
    /// Whether the line feed after a carriage return is echoed.
    pub echo_line_feed: bool,
    /// Whether the module has AT+USECPRF operation 10 (server name indication).
    pub server_name_indication: bool,
    /// AT+USOER after a failed TLS handshake.
    pub handshake_error: u16,
    /// Milliseconds from the failure of a handshake to its +UUSOCL.
    pub handshake_close: u32,
    /// Whether the resolver remembers answers until the next reset.
    pub resolver_cache: bool,
    /// At most so many bytes of a write are taken (0: no limit).
    pub write_limit: usize,
    /// Whether AT+CCLK? leaves the time zone out while the clock is unset.
    pub unset_clock_without_zone: bool,
    /// Whether AT+CCLK? never tells the time zone.
    pub clock_without_zone: bool,
    /// The year of the unset clock, two digits.
    pub unset_clock_year: u8,
    /// Whether the clock survives RESET_N.
    pub clock_survives_reset: bool,
}

impl Default for Quirks {
    fn default() -> Self {
        Self {
            early_data: EarlyData::Accept,
            empty_read: EmptyRead::Quotes,
            closed_socket: Refusal::Cme,
            unused_socket_type: false,
            network_failure: Refusal::Plain,
            unknown_command_cme: true,
            close_before_drain: false,
            tls_close_announces: false,
            context_loss_closes: false,
            close_announces: false,
            hex_after_prompt: false,
            rate_change: RateChange::AfterResult,
            rate_change_deaf: 100,
            rate_survives_reset: true,
            autobaud_swallows: 1,
            typed_ahead: TypedAhead::Keep,
            wake_time: 20,
            dtr_wake_time: 5,
            urc_race: false,
            urc_gap: 5,
            echo_line_feed: false,
            server_name_indication: false,
            handshake_error: 104,
            handshake_close: 1000,
            resolver_cache: true,
            write_limit: 0,
            unset_clock_without_zone: false,
            clock_without_zone: false,
            unset_clock_year: 80,
            clock_survives_reset: false,
        }
    }
}
