//! From a device that answers at address 0 to one that is configured.

use super::control::{Control, Request};
use super::{ADDRESS, CdcHost, PACKET, Pending, Phase, RECOVERY, RESET, Waiting, descriptors};
use crate::time::Time;

/// The requests of an enumeration, in the order of usual hosts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    FirstDescriptor,
    Address,
    Descriptor,
    ConfigurationHead,
    Configuration,
    Language,
    Text(u8),
    Configure,
}

impl CdcHost {
    pub(super) fn begin(&mut self, request: Request, now: Time) {
        // bMaxPacketSize0; before it is known, what comes first is all.
        let max_packet = self.device.get(7).map_or(PACKET, |size| usize::from(*size));
        self.control = Some(Control::new(request, max_packet));
        self.control_began = now;
        self.waiting.control = false;
    }

    pub(super) fn request_of(&self, step: Step) -> Request {
        match step {
            Step::FirstDescriptor => Request::descriptor(1, 0, 0, 64),
            Step::Address => Request::set_address(ADDRESS),
            Step::Descriptor => Request::descriptor(1, 0, 0, 18),
            Step::ConfigurationHead => Request::descriptor(2, 0, 0, 9),
            Step::Configuration => {
                Request::descriptor(2, 0, 0, descriptors::total_length(&self.configuration).unwrap_or(9))
            }
            Step::Language => Request::descriptor(3, 0, 0, 255),
            Step::Text(index) => Request::descriptor(3, self.string_index(index), 0x0409, 255),
            Step::Configure => Request::set_configuration(self.configuration.get(5).copied().unwrap_or(1)),
        }
    }

    /// iManufacturer, iProduct and iSerialNumber are bytes 14 to 16 of the device descriptor.
    pub(super) fn string_index(&self, which: u8) -> u8 {
        self.device.get(14 + usize::from(which)).copied().unwrap_or(0)
    }

    pub(super) fn next_string(&self, from: u8) -> Step {
        (from..3).find(|which| self.string_index(*which) != 0).map_or(Step::Configure, Step::Text)
    }

    /// A control transfer is over.
    pub(super) fn finished(&mut self, data: Vec<u8>, now: Time) {
        let Phase::Enumerate(step) = self.phase else { return };
        let next = match step {
            Step::FirstDescriptor => {
                if data.len() < 8 {
                    return self.give_up("the device descriptor has less than eight bytes");
                }
                self.device = data;
                self.pending = Some((Pending::Reset(Step::Address), now + RESET));
                return;
            }
            Step::Address => {
                self.address = ADDRESS;
                self.pending = Some((Pending::Begin(Step::Descriptor), now + RECOVERY));
                return;
            }
            Step::Descriptor => {
                let Some(identity) = descriptors::identity(&data) else {
                    return self.give_up("the device descriptor is no device descriptor");
                };
                (self.identity, self.device) = (identity, data);
                Step::ConfigurationHead
            }
            Step::ConfigurationHead => {
                self.configuration = data;
                Step::Configuration
            }
            Step::Configuration => {
                if descriptors::total_length(&data).map(usize::from) != Some(data.len()) {
                    return self.give_up("the configuration descriptor has another length than it says");
                }
                self.function = descriptors::function(&data);
                self.configuration = data;
                if (0..3).any(|which| self.string_index(which) != 0) {
                    Step::Language
                } else {
                    Step::Configure
                }
            }
            Step::Language => self.next_string(0),
            Step::Text(which) => {
                self.identity.strings[usize::from(which)] = descriptors::text(&data);
                self.next_string(which + 1)
            }
            Step::Configure => {
                self.phase = Phase::Configured;
                (self.toggle_out, self.toggle_in, self.toggle_notify) = (false, false, false);
                self.waiting = Waiting::default();
                self.told = None;
                let mut shared = self.console.0.borrow_mut();
                shared.identity = Some(self.identity.clone());
                shared.configured_at = Some(now);
                shared.failure = None;
                return;
            }
        };
        self.phase = Phase::Enumerate(next);
        self.begin(self.request_of(next), now);
    }

    /// A stalled string is no reason to give the device up.
    pub(super) fn stalled(&mut self, now: Time) {
        match self.phase {
            Phase::Enumerate(step @ (Step::Text(_) | Step::Language)) => {
                let next = match step {
                    Step::Text(which) => self.next_string(which + 1),
                    _ => Step::Configure,
                };
                self.phase = Phase::Enumerate(next);
                self.begin(self.request_of(next), now);
            }
            Phase::Enumerate(step) => self.give_up(&format!("the device stalls in step {step:?}")),
            _ => {}
        }
    }
}
