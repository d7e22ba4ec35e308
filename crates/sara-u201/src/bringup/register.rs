//! Registration on the way up: waited for, judged, given up with a reason.

use monoclock::{Instant, Millis};

use super::{Bringup, Phase};
use crate::config::Config;
use crate::device::Device;
use crate::fault::Fault;
use crate::registration::RegistrationStatus;

/// A refusal by the network that lasts so long is believed.
const DENIED: Millis = Millis::from_secs(20);
/// Packet data is demanded when calls are registered for so long and packet data is not.
const ATTACH_DELAY: Millis = Millis::from_secs(15);

impl Bringup {
    /// Judges the registration: where to go on, or nowhere yet.
    pub(super) fn registration(
        &mut self,
        device: &Device,
        config: &Config<'_>,
        now: Instant,
    ) -> Result<Option<Phase>, Fault> {
        let (calls, data) = (device.circuit_switched.status, device.packet_switched.status);
        if data.is_registered() {
            self.denied_since = None;
            return Ok(Some(Phase::Active));
        }
        let waited = now - self.since;
        if calls.is_registered() && waited >= ATTACH_DELAY {
            return Ok(Some(Phase::Attach));
        }
        let denied = calls == RegistrationStatus::Denied || data == RegistrationStatus::Denied;
        let denied_for = if denied {
            now - *self.denied_since.get_or_insert(now)
        } else {
            self.denied_since = None;
            Millis::ZERO
        };
        if denied_for >= DENIED || waited >= config.registration_timeout {
            return Err(Fault::Unregistered);
        }
        Ok(None)
    }
}
