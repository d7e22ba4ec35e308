//! Switching on and off, resets.

use core::time::Duration;

use super::{ModemCore, Timer};
use crate::packet::Contexts;
use crate::profile::CellularNetwork;
use crate::registration::Registration;
use crate::rtc::Rtc;
use crate::settings::Settings;

/// Whether the module runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Power {
    Off,
    Booting,
    On,
}

impl ModemCore {
    /// Sets the board's reset line to a level. A pulse shorter than the profile's `reset_hold` does
    /// nothing to a running module; a module that is off starts at the release.
    pub(crate) fn set_reset_line(&mut self, high: bool, now: Duration) {
        let asserted = high == self.profile.reset_active_high;
        match (self.reset_asserted, asserted) {
            (false, true) => self.schedule(now + self.profile.reset_hold, Timer::ResetTaken),
            (true, false) if self.power == Power::Off => self.start_up(now),
            (true, false) => self.cancel(|timer| *timer == Timer::ResetTaken),
            _ => {}
        }
        self.reset_asserted = asserted;
    }

    /// RESET_N has been held long enough: everything stops.
    pub(super) fn reset_taken(&mut self, now: Duration) {
        self.forget(now);
        if !self.profile.quirks.clock_survives_reset {
            self.rtc = Rtc::unset(self.profile.quirks.unset_clock_year, now);
        }
        if !self.profile.quirks.rate_survives_reset {
            self.stored.rate = self.profile.uart.stored_rate;
        }
        self.power = Power::Off;
    }

    /// The module begins to start.
    pub(super) fn start_up(&mut self, now: Duration) {
        self.forget(now);
        self.power = Power::Booting;
        self.schedule(now + self.profile.boot, Timer::BootDone);
    }

    /// The module listens.
    pub(super) fn boot_done(&mut self, now: Duration) {
        self.power = Power::On;
        (self.awake_since, self.last_activity) = (now, now);
        self.statistics.boots += 1;
        self.schedule(now + self.profile.sim.busy, Timer::CardReady);
        if self.stored.greeting.0 {
            self.announce(self.stored.greeting.1.clone());
        }
    }

    /// The module switches off after AT+CPWROFF.
    pub(super) fn power_down(&mut self, now: Duration) {
        self.forget(now);
        self.power = Power::Off;
    }

    /// Whether the module listens to its host.
    pub(super) fn is_on(&self) -> bool {
        self.power == Power::On
    }

    /// Whether the byte that arrives now is lost in sleep; under AT+UPSV=1 it wakes the module.
    pub(super) fn is_lost_asleep(&mut self, now: Duration) -> bool {
        // One GSM frame takes 60/13 ms.
        let idle = Duration::from_micros(u64::from(self.stored.power_saving_frames) * 60_000 / 13);
        match self.stored.power_saving {
            1 if self.job.is_none() && now.saturating_sub(self.last_activity) >= idle => {
                let wake = Duration::from_millis(u64::from(self.profile.quirks.wake_time));
                self.awake_since = now + wake;
            }
            2 if !self.rts_asserted => return true,
            3 if !self.dtr_asserted => return true,
            0 => return false,
            _ => {}
        }
        self.last_activity = now;
        now < self.awake_since
    }

    /// Loses everything that is not in flash.
    fn forget(&mut self, now: Duration) {
        for socket in self.sockets.iter_mut().filter_map(Option::take) {
            drop(socket);
        }
        self.network.drop_all(now);
        self.settings = Settings::default();
        if let Some(profile) = self.stored.profiles.get(self.stored.profile_at_start) {
            self.settings.take_personal(profile);
        }
        self.contexts = Contexts::default();
        self.registration = Registration::default();
        self.card.restart();
        self.resolver_cache.clear();
        self.connecting.clear();
        self.call = None;
        self.request = None;
        self.http_profiles = Default::default();
        self.socket_error = 0;
        self.functionality = if self.stored.airplane { 4 } else { 1 };
        self.rate = Some(self.stored.rate).filter(|rate| *rate != 0);
        self.restarts += 1;
        // What the world has in store for the module comes all the same.
        self.timers.retain(|(_, _, timer)| matches!(timer, Timer::Fault(..)));
        self.job = None;
        self.line.clear();
        self.input.clear();
        self.output.clear();
        self.urcs.clear();
        self.last_received = 0;
    }

    /// The network as the profile has it.
    pub(crate) const fn cellular(&self) -> &CellularNetwork {
        &self.profile.network
    }
}
