//! How many configurations and commands a device is sent. ("Quotas and limits")

use core::time::Duration;

use crate::cloud::Cloud;
use crate::journal::{Event, Rate};
use crate::{DevicePath, RateRule};

const WINDOW: Duration = Duration::from_secs(1);

/// What a device was sent of late.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Orders {
    configured: Option<Duration>,
    since: Duration,
    commands: u32,
}

impl Cloud {
    /// Counts a configuration or a command; `false` when it is too much and the rule refuses it.
    pub(crate) fn admits(&mut self, device: &DevicePath, rate: Rate, now: Duration) -> bool {
        let (limits, rules) = (&self.settings.limits, &self.settings.rules);
        let before = self.orders.get(device).copied().unwrap_or_default();
        let mut orders = before;
        let (exceeded, rule) = if rate == Rate::Configs {
            orders.configured = Some(now);
            let early = before.configured.is_some_and(|last| now < last + limits.config_interval);
            (early, rules.config_rate)
        } else {
            if now >= orders.since + WINDOW {
                (orders.since, orders.commands) = (now, 0);
            }
            orders.commands = orders.commands.saturating_add(1);
            (orders.commands > limits.commands_per_second, rules.command_rate)
        };
        let refused = exceeded && rule == RateRule::Close;
        if exceeded && rule != RateRule::Ignore {
            self.journal.record(now, None, Some(device.device()), Event::RateExceeded { rate });
        }
        // What is refused does not count.
        if !refused {
            self.orders.insert(device.clone(), orders);
        }
        !refused
    }
}
