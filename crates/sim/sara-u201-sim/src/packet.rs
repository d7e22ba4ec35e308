//! Packet data contexts (AT+UPSD, AT+UPSDA, AT+UPSND).

use core::time::Duration;
use std::collections::BTreeMap;

use crate::modem::{ModemCore, Urc};
use crate::result::FinalResult;
use crate::sockets::SocketState;

/// How many profiles there are.
pub(crate) const PROFILES: usize = 7;

/// One profile of AT+UPSD.
#[derive(Clone, Debug, Default)]
pub(crate) struct Context {
    pub(crate) parameters: BTreeMap<u32, String>,
    pub(crate) active: bool,
}

/// One context of AT+CGDCONT.
#[derive(Clone, Debug, Default)]
pub(crate) struct Definition {
    pub(crate) name: String,
    pub(crate) active: bool,
}

/// All profiles.
#[derive(Clone, Debug, Default)]
pub(crate) struct Contexts {
    pub(crate) profiles: [Context; PROFILES],
    /// Those of AT+CGDCONT, by number.
    pub(crate) definitions: BTreeMap<usize, Definition>,
}

impl Contexts {
    pub(crate) fn any_active(&self) -> bool {
        self.profiles.iter().any(|profile| profile.active)
    }
}

impl Context {
    /// A parameter with its default.
    pub(crate) fn parameter(&self, tag: u32) -> String {
        let default = match tag {
            0 | 6 | 8 | 9 => "0",
            4 | 5 | 7 => "0.0.0.0",
            _ => "",
        };
        self.parameters.get(&tag).cloned().unwrap_or_else(|| default.to_owned())
    }
}

impl ModemCore {
    /// What the network says to an activation with these parameters.
    pub(crate) fn admission(&self, profile: usize) -> Result<(), FinalResult> {
        let network = self.cellular();
        let Some(context) = self.contexts.profiles.get(profile) else { return Err(FinalResult::Cme(50)) };
        if network.access_points.is_empty() {
            return Ok(());
        }
        let name = context.parameter(1);
        let known = network.access_points.iter().find(|point| point.name.eq_ignore_ascii_case(&name));
        let Some(point) = known else {
            return Err(FinalResult::Cme(if name.is_empty() { 127 } else { network.refusal_code }));
        };
        let authenticates = context.parameter(6) != "0";
        let asked = !point.user.is_empty() || !point.password.is_empty();
        let same = context.parameter(2) == point.user && context.parameter(3) == point.password;
        if asked && !(authenticates && same) { Err(FinalResult::Cme(149)) } else { Ok(()) }
    }

    /// Ends every active context, told by URC when the network did it.
    pub(crate) fn lose_contexts(&mut self, now: Duration, by_network: bool) {
        for index in 0..PROFILES {
            self.lose_context(index, now, by_network);
        }
    }

    /// Ends one context: its sockets are dead.
    pub(crate) fn lose_context(&mut self, index: usize, now: Duration, by_network: bool) {
        let Some(context) = self.contexts.profiles.get_mut(index).filter(|context| context.active) else {
            return;
        };
        context.active = false;
        if by_network {
            if self.settings.packet_event_urc > 0 {
                let address = self.cellular().address;
                self.announce(format!("+CGEV: NW DEACT \"IP\",\"{address}\",{}", index + 1));
            }
            self.announce(format!("+UUPSDD: {index}"));
        }
        if self.contexts.any_active() {
            return;
        }
        for definition in self.contexts.definitions.values_mut() {
            definition.active = false;
        }
        self.network.drop_all(now);
        let mut closed = Vec::new();
        for (number, slot) in self.sockets.iter_mut().enumerate() {
            let Some(mut socket) = slot.take() else { continue };
            if self.profile.quirks.context_loss_closes && socket.state == SocketState::Open {
                socket.handle = None;
                socket.state = SocketState::Ended;
                socket.received.clear();
                socket.end_queued = true;
                closed.push(Urc::Closed { socket: number, generation: socket.generation });
                *slot = Some(socket);
            }
        }
        closed.into_iter().for_each(|urc| self.queue_urc(urc));
    }
}
