//! The programs that are measured, and their goals.

use crate::rows::Row;

/// One program of `examples/size-probes`.
#[derive(Debug)]
pub(crate) struct Probe {
    /// The program's name.
    pub(crate) name: &'static str,
    /// What it links.
    pub(crate) about: &'static str,
    /// The most flash over the empty program, in bytes.
    pub(crate) goal: Option<u64>,
    /// The most static RAM, in bytes.
    pub(crate) ram_goal: Option<u64>,
    /// What one part of it adds, where there is a goal for that.
    pub(crate) share: Option<Share>,
    /// A feature of the program whose cost is told.
    pub(crate) feature: Option<&'static str>,
}

/// What one crate adds to a program: the difference to another program that does the same without it.
///
/// It counts the code of `core` that the crate brings along too, which a breakdown by source file does not.
#[derive(Debug)]
pub(crate) struct Share {
    /// The crate.
    pub(crate) of: &'static str,
    /// The program without it.
    pub(crate) without: &'static str,
    /// The most bytes.
    pub(crate) goal: u64,
}

/// Every probe; the baseline is not one of them.
pub(crate) const PROBES: &[Probe] = &[
    Probe {
        name: "jwt",
        about: "claims, base64url, SHA-256, one token; signed by a register",
        ..Probe::NO_GOAL
    },
    Probe {
        name: "token",
        about: "the same, signed by the secure element",
        goal: Some(8 * 1024),
        share: Some(Share { of: "eccx08", without: "jwt", goal: 4 * 1024 }),
        ..Probe::NO_GOAL
    },
    Probe {
        name: "element",
        about: "the secure element alone: one signature over a digest",
        ..Probe::NO_GOAL
    },
    Probe {
        name: "modem",
        about: "power-up, attach, root certificate, one TLS socket",
        goal: Some(11 * 1024),
        ram_goal: Some(1024),
        ..Probe::NO_GOAL
    },
    Probe {
        name: "mqtt",
        about: "CONNECT, SUBSCRIBE, PUBLISH at QoS 0 and 1 both ways, keep-alive, re-send",
        goal: Some(6 * 1024),
        feature: Some("qos2"),
        ..Probe::NO_GOAL
    },
    Probe {
        name: "minimq",
        about: "the same packets with minimq, which speaks MQTT 5, for comparison",
        ..Probe::NO_GOAL
    },
    Probe {
        name: "session",
        about: "the session of the tutorial on any stream and signer: token, MQTT, topics, renewal, back-off",
        goal: Some(12 * 1024),
        ..Probe::NO_GOAL
    },
    Probe {
        name: "outbox",
        about: "the same session with an outbox on flash: push, flush, acknowledge, mount",
        ..Probe::NO_GOAL
    },
    Probe {
        name: "tutorial",
        about: "the whole application: provisioning and the cloud, on element, modem and a console",
        ..Probe::NO_GOAL
    },
];

impl Probe {
    const NO_GOAL: Self =
        Self { name: "", about: "", goal: None, ram_goal: None, share: None, feature: None };

    /// Returns the row for its flash.
    pub(crate) fn flash_row(&self, value: Option<u64>) -> Row {
        Row { name: format!("{}: flash", self.name), value, unit: "B", goal: self.goal, ..Row::default() }
    }
}
