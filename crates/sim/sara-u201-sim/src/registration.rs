//! Registration with the mobile network, circuit and packet switched.

use core::time::Duration;

use crate::card::CardState;
use crate::modem::{ModemCore, Timer};
use crate::profile::{Nitz, RegistrationOutcome};
use crate::rtc::QUARTER;

/// The end of the year 9999.
const LAST_SECOND: i64 = 253_402_300_799;

/// How the module chooses its network (AT+COPS).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Selection {
    #[default]
    Automatic,
    Manual(String),
    Deregistered,
}

/// What AT+CREG and AT+CGREG tell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Registration {
    /// 0 idle, 1 home, 2 searching, 3 denied, 5 roaming.
    pub(crate) circuit: u8,
    pub(crate) packet: u8,
    pub(crate) selection: Selection,
    /// AT+CGATT=1 has been asked for.
    pub(crate) wants_packet: Option<bool>,
}

impl Registration {
    pub(crate) const fn is_registered(&self) -> bool {
        matches!(self.circuit, 1 | 5)
    }

    pub(crate) const fn is_attached(&self) -> bool {
        matches!(self.packet, 1 | 5)
    }
}

impl ModemCore {
    /// The card can be used: without a lock, the search begins.
    pub(crate) fn card_ready(&mut self, now: Duration) {
        self.card.become_ready();
        self.start_search(now);
    }

    /// Begins to look for a network, where radio, card and selection allow it.
    pub(crate) fn start_search(&mut self, now: Duration) {
        let allowed = self.functionality == 1 && self.card.state == CardState::Ready;
        if !allowed || self.registration.selection == Selection::Deregistered {
            return;
        }
        self.cancel_search();
        self.set_circuit(2);
        self.set_packet(2);
        self.schedule(now + self.cellular().search, Timer::Registered);
    }

    pub(crate) fn cancel_search(&mut self) {
        self.cancel(|timer| {
            matches!(timer, Timer::Registered | Timer::PacketRegistered | Timer::NetworkTime)
        });
    }

    /// The search has come to its end.
    pub(crate) fn registered(&mut self, now: Duration) {
        let only_2g = matches!(self.cellular().access_technology, 0 | 1 | 3);
        let unheard = self.stored.access.0 == 2 && only_2g;
        let other = match &self.registration.selection {
            Selection::Manual(plmn) => *plmn != self.cellular().plmn,
            _ => unheard,
        };
        let outcome = if other { RegistrationOutcome::NoNetwork } else { self.cellular().registration };
        match outcome {
            RegistrationOutcome::Home => self.set_circuit(1),
            RegistrationOutcome::Roaming => self.set_circuit(5),
            RegistrationOutcome::Denied => {
                self.set_circuit(3);
                self.set_packet(3);
            }
            RegistrationOutcome::NoNetwork => {
                self.set_circuit(0);
                self.set_packet(0);
            }
            RegistrationOutcome::Searching => {}
        }
        if !self.registration.is_registered() {
            return;
        }
        if self.registration.wants_packet.unwrap_or(self.cellular().attach_automatically) {
            self.schedule(now + self.cellular().packet_delay, Timer::PacketRegistered);
        } else {
            self.set_packet(0);
        }
        if let Nitz::After { delay } = self.cellular().nitz {
            self.schedule(now + Duration::from_millis(delay), Timer::NetworkTime);
        }
    }

    pub(crate) fn packet_registered(&mut self) {
        self.set_packet(self.registration.circuit);
    }

    /// The network has told the time; AT+CTZU decides whether the module listens.
    pub(crate) fn network_time(&mut self, now: Duration) {
        let utc = self.profile.unix_time_at_start.saturating_add(now.as_secs());
        let utc = i64::try_from(utc).unwrap_or(i64::MAX).min(LAST_SECOND);
        let zone = i64::from(self.cellular().time_zone);
        // The clock keeps the network's seconds.
        let now = Duration::from_secs(now.as_secs());
        match self.stored.zone_update {
            1 => self.rtc.set(utc + zone * QUARTER, zone, now),
            2 => self.rtc.set(utc, 0, now),
            _ => {}
        }
        if self.settings.remembered.get("+CTZR").is_some_and(|mode| mode == "1") {
            self.announce(format!("+CTZV: {zone:+03}"));
        }
    }

    /// Leaves the network; nothing is looked for.
    pub(crate) fn leave_network(&mut self, now: Duration) {
        self.cancel_search();
        self.tell_detachment("ME");
        self.lose_contexts(now, false);
        self.set_circuit(0);
        self.set_packet(0);
    }

    pub(crate) fn set_circuit(&mut self, status: u8) {
        if core::mem::replace(&mut self.registration.circuit, status) != status {
            match self.settings.registration_urc {
                1 => self.announce(format!("+CREG: {status}")),
                2 => {
                    let place = self.place(status, false);
                    self.announce(format!("+CREG: {status}{place}"));
                }
                _ => {}
            }
        }
    }

    pub(crate) fn set_packet(&mut self, status: u8) {
        if core::mem::replace(&mut self.registration.packet, status) != status {
            self.tell_indicator(status);
            match self.settings.packet_registration_urc {
                1 => self.announce(format!("+CGREG: {status}")),
                2 => {
                    let place = self.place(status, true);
                    self.announce(format!("+CGREG: {status}{place}"));
                }
                _ => {}
            }
        }
    }

    /// Tells the end of the attachment, and who ended it, where AT+CGEREP asks for it.
    pub(crate) fn tell_detachment(&mut self, who: &str) {
        if self.registration.is_attached() && self.settings.packet_event_urc > 0 {
            self.announce(format!("+CGEV: {who} DETACH"));
        }
    }

    /// The access technology in use: the network's, unless AT+URAT allows 2G only.
    pub(crate) const fn access_technology(&self) -> u8 {
        if self.stored.access.0 == 0 { 0 } else { self.profile.network.access_technology }
    }

    /// Tells the attachment by the indicator event that AT+CMER asks for.
    fn tell_indicator(&mut self, status: u8) {
        let asked = self.settings.remembered.get("+CMER");
        if asked.is_some_and(|set| set.split(',').nth(3).is_some_and(|mode| mode != "0")) {
            let value = if matches!(status, 1 | 5) { 2 } else { 0 };
            self.announce(format!("+CIEV: 9,{value}"));
        }
    }

    /// Location area, cell and access technology, where there are any.
    pub(crate) fn place(&self, status: u8, packet: bool) -> String {
        if !matches!(status, 1 | 5) {
            return String::new();
        }
        let network = self.cellular();
        let routing_area = if packet { ",\"01\"" } else { "" };
        format!(
            ",\"{:04X}\",\"{:08X}\",{}{routing_area}",
            network.location_area,
            network.cell,
            self.access_technology()
        )
    }
}
