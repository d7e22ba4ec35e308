//! SUBSCRIBE and UNSUBSCRIBE: three filters, and nothing else.

use super::online::Online;
use crate::CloseReason;
use crate::cloud::Context;
use crate::codec::Granted;
use crate::journal::Event;
use crate::topic::Filter;

impl Online {
    /// Answers SUBACK, then sends the configuration of each device whose configuration was subscribed to.
    pub(super) fn subscribe(
        &mut self,
        packet_id: u16,
        filters: &[(String, u8)],
        context: &mut Context<'_>,
    ) -> Result<(), CloseReason> {
        let mut configs = Vec::new();
        let granted: Vec<Granted> = filters
            .iter()
            .map(|(filter, qos)| {
                // QoS 2 is granted as 1.
                let qos = (*qos).min(1);
                if self.grant(filter, Some(qos)) {
                    if let Some(Filter::Config { device }) = Filter::parse(filter) {
                        configs.extend(self.path_of(device).cloned());
                    }
                    context.record(Some(&self.name), Event::Subscribed { filter: filter.clone(), qos });
                    Granted::Qos(qos)
                } else {
                    context.record(Some(&self.name), Event::SubscriptionRefused { filter: filter.clone() });
                    Granted::Refused
                }
            })
            .collect();
        context.output.extend(self.codec.suback(packet_id, &granted));
        configs.iter().try_for_each(|device| self.push_config(device, context))
    }

    pub(super) fn unsubscribe(&mut self, packet_id: u16, filters: &[String], context: &mut Context<'_>) {
        for filter in filters {
            if self.grant(filter, None) {
                context.record(Some(&self.name), Event::Unsubscribed { filter: filter.clone() });
            }
        }
        context.output.extend(self.codec.unsuback(packet_id, filters.len()));
    }

    /// Sets the QoS of a subscription; `false` if there can be none with this filter.
    fn grant(&mut self, filter: &str, qos: Option<u8>) -> bool {
        let Some(filter) = Filter::parse(filter) else { return false };
        let (Filter::Config { device } | Filter::Commands { device } | Filter::Errors { device }) = filter;
        if self.path_of(device).is_none() {
            return false;
        }
        let subscriptions = self.subscriptions.entry(device.into()).or_default();
        match filter {
            Filter::Config { .. } => subscriptions.config = qos,
            Filter::Commands { .. } => subscriptions.commands = qos,
            Filter::Errors { .. } => subscriptions.errors = qos,
        }
        true
    }
}
