//! Messages and bytes per second of one connection. ("Quotas and limits")

use core::time::Duration;

use super::online::Online;
use crate::cloud::{Code, Context};
use crate::journal::{Event, Rate};
use crate::{CloseReason, DevicePath, RateRule};

const WINDOW: Duration = Duration::from_secs(1);

/// What arrived within the current second.
#[derive(Debug, Default)]
pub(super) struct Rates {
    since: Duration,
    messages: u32,
    bytes: usize,
}

impl Online {
    /// Counts a message of `length` bytes against the rates of the connection.
    pub(super) fn count_message(
        &mut self,
        length: usize,
        context: &mut Context<'_>,
    ) -> Result<(), CloseReason> {
        if context.now >= self.rates.since + WINDOW {
            self.rates = Rates { since: context.now, ..Rates::default() };
        }
        let rates = &mut self.rates;
        let (limits, rules) = (&context.cloud.settings.limits, &context.cloud.settings.rules);
        let before = (rates.messages, rates.bytes);
        rates.messages = rates.messages.saturating_add(1);
        rates.bytes = rates.bytes.saturating_add(length);
        // Only the first message over a limit is noted in each second.
        let messages = before.0 <= limits.messages_per_second && rates.messages > limits.messages_per_second;
        let bytes = before.1 <= limits.bytes_per_second && rates.bytes > limits.bytes_per_second;
        let (message_rule, byte_rule, path) = (rules.message_rate, rules.byte_rate, self.path.clone());
        if messages {
            self.exceeded(&path, Rate::Messages, message_rule, context)?;
        }
        if bytes {
            self.exceeded(&path, Rate::Bytes, byte_rule, context)?;
        }
        Ok(())
    }

    /// Applies the rule for a rate that `device` has exceeded.
    pub(super) fn exceeded(
        &self,
        device: &DevicePath,
        rate: Rate,
        rule: RateRule,
        context: &mut Context<'_>,
    ) -> Result<(), CloseReason> {
        if rule == RateRule::Ignore {
            return Ok(());
        }
        context.record(Some(device.device()), Event::RateExceeded { rate });
        context.record_error(device, Code::ResourceExhausted, CloseReason::Rate(rate));
        if rule == RateRule::Close { Err(CloseReason::Rate(rate)) } else { Ok(()) }
    }
}
