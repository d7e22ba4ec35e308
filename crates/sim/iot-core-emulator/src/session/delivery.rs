//! PUBLISH to the device: configurations, commands and errors, with QoS 1 until they are acknowledged.

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};

use super::online::Online;
use crate::cloud::{Context, storage};
use crate::frame;
use crate::journal::{CommandId, Event};
use crate::{CloseReason, DevicePath};

/// A command on its way to a device.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Command<'a> {
    pub(crate) id: CommandId,
    pub(crate) subfolder: &'a str,
    pub(crate) payload: &'a [u8],
}

/// QoS 1 messages that the device has not acknowledged, by packet identifier.
#[derive(Debug, Default)]
pub(super) struct Deliveries {
    in_flight: BTreeMap<u16, Delivery>,
    /// Messages that are not sent again; their PUBACK may still come.
    retired: BTreeSet<u16>,
}

#[derive(Debug)]
struct Delivery {
    topic: String,
    payload: Vec<u8>,
    content: Content,
    /// When it is sent again.
    due: Duration,
    /// When it is given up.
    until: Option<Duration>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Content {
    Config { device: DevicePath, version: u64 },
    Command { device: DevicePath, id: CommandId },
    Error,
}

impl Deliveries {
    /// When something is to be sent again or given up. In MQTT 5 nothing is sent again within a connection.
    pub(super) fn deadline(&self, mqtt5: bool) -> Option<Duration> {
        let next = |delivery: &Delivery| match delivery.until {
            Some(until) if mqtt5 => Some(until),
            Some(until) => Some(until.min(delivery.due)),
            None if mqtt5 => None,
            None => Some(delivery.due),
        };
        self.in_flight.values().filter_map(next).min()
    }

    fn retire(&mut self, which: impl Fn(&Delivery) -> bool) -> Vec<Delivery> {
        let ids: Vec<u16> =
            self.in_flight.iter().filter(|(_, value)| which(value)).map(|(id, _)| *id).collect();
        self.retired.extend(&ids);
        ids.iter().filter_map(|id| self.in_flight.remove(id)).collect()
    }
}

impl Online {
    /// Sends the newest configuration of `device`, if it is subscribed to.
    pub(super) fn push_config(
        &mut self,
        device: &DevicePath,
        context: &mut Context<'_>,
    ) -> Result<(), CloseReason> {
        let Some(name) = self.name_of(device) else { return Ok(()) };
        let Some(qos) = self.subscriptions.get(&name).and_then(|granted| granted.config) else {
            return Ok(());
        };
        let Some(config) = context.cloud.registry.configs(device).map_err(storage)?.into_iter().next() else {
            return Ok(());
        };
        if config.version == 1 && config.payload.is_empty() && !context.cloud.settings.rules.push_empty_config
        {
            return Ok(());
        }
        let version = config.version;
        let topic = format!("/devices/{name}/config");
        // A newer version replaces one that is not acknowledged; a repeated subscription begins anew.
        self.stop_config(device);
        let sent_before = context.cloud.unacknowledged.get(device) == Some(&version);
        let duplicate = qos > 0 && sent_before && context.cloud.settings.rules.dup_after_reconnect;
        let content = Content::Config { device: device.clone(), version };
        if self.deliver(&topic, &config.payload, qos, content, duplicate, context) {
            if qos > 0 {
                context.cloud.unacknowledged.insert(device.clone(), version);
            }
            context.record(Some(device.device()), Event::ConfigSent { version, qos, duplicate });
        }
        Ok(())
    }

    /// Sends a command; `false` if commands of `device` are not subscribed to.
    pub(super) fn push_command(
        &mut self,
        device: &DevicePath,
        command: &Command<'_>,
        context: &mut Context<'_>,
    ) -> bool {
        let Some(name) = self.name_of(device) else { return false };
        let Some(qos) = self.subscriptions.get(&name).and_then(|granted| granted.commands) else {
            return false;
        };
        let topic = match command.subfolder {
            "" => format!("/devices/{name}/commands"),
            subfolder => format!("/devices/{name}/commands/{subfolder}"),
        };
        let content = Content::Command { device: device.clone(), id: command.id };
        if !self.deliver(&topic, command.payload, qos, content, false, context) {
            return false;
        }
        let sent = Event::CommandSent { command: command.id, qos, duplicate: false };
        context.record(Some(device.device()), sent);
        true
    }

    /// Sends an error to a gateway; `false` if it does not subscribe to errors.
    pub(super) fn push_error(&mut self, payload: &[u8], context: &mut Context<'_>) -> bool {
        let Some(qos) = self.subscriptions.get(&self.name).and_then(|granted| granted.errors) else {
            return false;
        };
        let topic = format!("/devices/{}/errors", self.name);
        self.deliver(&topic, payload, qos, Content::Error, false, context)
    }

    /// Sends again what was not acknowledged in time, with DUP; gives up commands that are too old.
    pub(super) fn redeliver(&mut self, context: &mut Context<'_>) {
        let now = context.now;
        for lost in self.deliveries.retire(|delivery| delivery.until.is_some_and(|until| until <= now)) {
            if let Content::Command { device, id } = lost.content {
                context.record(Some(device.device()), Event::CommandLost { command: id });
            }
        }
        if self.codec.mqtt5() {
            return;
        }
        let redelivery = context.cloud.settings.limits.redelivery;
        for (packet_id, delivery) in
            self.deliveries.in_flight.iter_mut().filter(|(_, value)| value.due <= now)
        {
            delivery.due = now + redelivery;
            let bytes = self.codec.publish(&delivery.topic, &delivery.payload, Some(*packet_id), true);
            context.output.extend(bytes);
            let (device, sent) = match &delivery.content {
                Content::Config { device, version } => {
                    (device, Event::ConfigSent { version: *version, qos: 1, duplicate: true })
                }
                Content::Command { device, id } => {
                    (device, Event::CommandSent { command: *id, qos: 1, duplicate: true })
                }
                Content::Error => continue,
            };
            context.record(Some(device.device()), sent);
        }
    }

    /// Whether a PUBACK, still undecoded, answers something that was sent.
    pub(super) fn expects_puback(&self, packet: &[u8]) -> bool {
        match frame::body_of(packet) {
            [high, low, ..] => {
                let packet_id = u16::from_be_bytes([*high, *low]);
                self.deliveries.in_flight.contains_key(&packet_id)
                    || self.deliveries.retired.contains(&packet_id)
            }
            // Too short to be one; the codec says so.
            _ => true,
        }
    }

    pub(super) fn unexpected_puback(
        &self,
        packet: &[u8],
        context: &mut Context<'_>,
    ) -> Result<(), CloseReason> {
        let [high, low, ..] = frame::body_of(packet) else { return Ok(()) };
        let packet_id = u16::from_be_bytes([*high, *low]);
        context.record(Some(&self.name), Event::UnexpectedPuback { packet_id });
        if context.cloud.settings.rules.strict_puback { Err(CloseReason::UnexpectedPuback) } else { Ok(()) }
    }

    /// PUBACK: notes what the device has.
    pub(super) fn acknowledged(
        &mut self,
        packet_id: u16,
        context: &mut Context<'_>,
    ) -> Result<(), CloseReason> {
        self.deliveries.retired.remove(&packet_id);
        match self.deliveries.in_flight.remove(&packet_id).map(|delivery| delivery.content) {
            Some(Content::Config { device, version }) => {
                let at = context.timestamp();
                context.cloud.registry.acknowledge_config(&device, version, at).map_err(storage)?;
                if context.cloud.unacknowledged.get(&device) == Some(&version) {
                    context.cloud.unacknowledged.remove(&device);
                }
                context.record(Some(device.device()), Event::ConfigAcknowledged { version });
            }
            Some(Content::Command { device, id }) => {
                context.record(Some(device.device()), Event::CommandAcknowledged { command: id });
            }
            Some(Content::Error) | None => {}
        }
        Ok(())
    }

    /// Stops sending the configuration of `device`.
    fn stop_config(&mut self, device: &DevicePath) {
        self.deliveries.retire(
            |delivery| matches!(&delivery.content, Content::Config { device: of, .. } if of == device),
        );
    }

    /// Stops sending anything of `device`: this connection does not speak for it any more.
    pub(super) fn abandon(&mut self, device: &DevicePath, context: &mut Context<'_>) {
        self.stop_config(device);
        let commands = self.deliveries.retire(
            |delivery| matches!(&delivery.content, Content::Command { device: of, .. } if of == device),
        );
        for lost in commands {
            if let Content::Command { device, id } = lost.content {
                context.record(Some(device.device()), Event::CommandLost { command: id });
            }
        }
    }

    /// Sends a message; `false` if no packet identifier is free.
    fn deliver(
        &mut self,
        topic: &str,
        payload: &[u8],
        qos: u8,
        content: Content,
        duplicate: bool,
        context: &mut Context<'_>,
    ) -> bool {
        let packet_id = if qos > 0 { self.codec.acquire_packet_id() } else { None };
        if qos > 0 && packet_id.is_none() {
            return false;
        }
        let bytes = self.codec.publish(topic, payload, packet_id, duplicate);
        if bytes.is_empty() {
            return false;
        }
        context.output.extend(bytes);
        if let Some(packet_id) = packet_id {
            let limits = &context.cloud.settings.limits;
            let until =
                matches!(content, Content::Command { .. }).then(|| context.now + limits.command_timeout);
            let (topic, payload, due) = (topic.into(), payload.into(), context.now + limits.redelivery);
            self.deliveries.in_flight.insert(packet_id, Delivery { topic, payload, content, due, until });
        }
        true
    }
}
