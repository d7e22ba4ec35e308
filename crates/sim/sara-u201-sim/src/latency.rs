//! How long the module takes over its commands.

use core::time::Duration;

use rand_core::Rng;
use serde::{Deserialize, Serialize};

/// A range of times in milliseconds, from which each use draws one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span(pub u32, pub u32);

impl Span {
    /// Draws a time from the range, to the microsecond.
    pub fn draw(self, rng: &mut impl Rng) -> Duration {
        let (least, most) = (u64::from(self.0) * 1000, u64::from(self.1.max(self.0)) * 1000);
        Duration::from_micros(least + rng.next_u64() % (most - least + 1))
    }
}

/// Command latencies by group; the names of the fields are those of the manual's chapters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Latencies {
    /// Settings and other commands that touch neither card nor network.
    pub local: Span,
    /// Identification of the module.
    pub identity: Span,
    /// `AT+CIMI` and other reads from the card.
    pub card: Span,
    /// `AT+CPIN=` and the card's locks.
    pub pin: Span,
    /// `AT+COPS=` once the network is found.
    pub operator: Span,
    /// `AT+COPS=?`.
    pub operator_scan: Span,
    /// `AT+CGATT=`.
    pub attach: Span,
    /// `AT+UPSDA=`.
    pub activate: Span,
    /// `AT+UPSD`, `AT+UPSND`.
    pub packet_settings: Span,
    /// Socket commands that stay inside the module.
    pub socket: Span,
    /// `AT+USOWR` and `AT+USOST`, from the last byte to the result.
    pub socket_write: Span,
    /// From the command to the `@` prompt.
    pub prompt: Span,
    /// `AT+USORD` and `AT+USORF`.
    pub socket_read: Span,
    /// What a TLS handshake costs beside its round trips.
    pub handshake: Span,
    /// `AT+UDNSRN` beside the round trip.
    pub resolve: Span,
    /// `AT+USECMNG`: the flash file system.
    pub certificate: Span,
    /// `AT+USECPRF`.
    pub security_profile: Span,
    /// Files.
    pub file: Span,
    /// `AT+CMGS`, from the end of the text to the reference.
    pub message_send: Span,
    /// Stored messages.
    pub message_store: Span,
    /// `AT+CFUN=`.
    pub functionality: Span,
    /// `AT+CPWROFF`.
    pub power_off: Span,
    /// From dialling to the far end's answer.
    pub call: Span,
    /// A position fix.
    pub location: Span,
    /// An HTTP request inside the module beside the network.
    pub http: Span,
}

impl Default for Latencies {
    fn default() -> Self {
        Self {
            local: Span(5, 15),
            identity: Span(20, 20),
            card: Span(100, 3000),
            pin: Span(300, 900),
            operator: Span(500, 3000),
            operator_scan: Span(30_000, 120_000),
            attach: Span(1000, 3000),
            activate: Span(1000, 5000),
            packet_settings: Span(10, 40),
            socket: Span(10, 80),
            socket_write: Span(30, 60),
            prompt: Span(5, 15),
            socket_read: Span(10, 30),
            handshake: Span(1000, 2500),
            resolve: Span(200, 1000),
            certificate: Span(50, 500),
            security_profile: Span(50, 150),
            file: Span(20, 200),
            message_send: Span(1500, 5000),
            message_store: Span(100, 500),
            functionality: Span(1000, 6000),
            power_off: Span(1000, 3000),
            call: Span(3000, 6000),
            location: Span(2000, 8000),
            http: Span(200, 800),
        }
    }
}

impl Latencies {
    /// A module that answers at once: what is left is the line and the network.
    #[must_use]
    pub const fn zero() -> Self {
        const NONE: Span = Span(0, 0);
        Self {
            local: NONE,
            identity: NONE,
            card: NONE,
            pin: NONE,
            operator: NONE,
            operator_scan: NONE,
            attach: NONE,
            activate: NONE,
            packet_settings: NONE,
            socket: NONE,
            socket_write: NONE,
            prompt: NONE,
            socket_read: NONE,
            handshake: NONE,
            resolve: NONE,
            certificate: NONE,
            security_profile: NONE,
            file: NONE,
            message_send: NONE,
            message_store: NONE,
            functionality: NONE,
            power_off: NONE,
            call: NONE,
            location: NONE,
            http: NONE,
        }
    }
}
