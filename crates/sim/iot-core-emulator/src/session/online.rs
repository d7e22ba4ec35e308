//! A device that is connected: its subscriptions, its timers, its packets.

use core::time::Duration;
use std::collections::{BTreeMap, VecDeque};

use super::connect::Admitted;
use super::delivery::Deliveries;
use super::rates::Rates;
use crate::cloud::Context;
use crate::codec::{Codec, Incoming};
use crate::frame::{self, packet_type};
use crate::journal::Event;
use crate::{Activity, CloseReason, DevicePath, GatewayAuth, Settings};

#[derive(Debug)]
pub(super) struct Online {
    pub(super) codec: Codec,
    pub(super) path: DevicePath,
    /// The id in this device's topics.
    pub(super) name: String,
    pub(super) gateway: Option<GatewayAuth>,
    /// Subscriptions by the device id in their filters.
    pub(super) subscriptions: BTreeMap<String, Subscriptions>,
    /// Devices attached to this gateway, by the id in their topics.
    pub(super) attached: BTreeMap<String, DevicePath>,
    pub(super) deliveries: Deliveries,
    pub(super) rates: Rates,
    /// PUBACKs that a fault holds back, with the time at which they leave.
    pub(super) held_pubacks: VecDeque<(Duration, u16)>,
    keep_alive: Option<Duration>,
    connected: Duration,
    heard: Duration,
    cut: Duration,
}

/// The granted QoS of a device's subscriptions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Subscriptions {
    pub(super) config: Option<u8>,
    pub(super) commands: Option<u8>,
    pub(super) errors: Option<u8>,
}

impl Online {
    pub(super) fn new(codec: Codec, keep_alive: u16, admitted: Admitted, now: Duration) -> Self {
        Self {
            codec,
            path: admitted.device.path,
            name: admitted.name,
            gateway: admitted.device.settings.gateway,
            subscriptions: BTreeMap::new(),
            attached: BTreeMap::new(),
            deliveries: Deliveries::default(),
            rates: Rates::default(),
            held_pubacks: VecDeque::new(),
            // One and a half times the keep alive. (MQTT 3.1.1, section 3.1.2.10)
            keep_alive: (keep_alive > 0).then(|| Duration::from_millis(u64::from(keep_alive) * 1500)),
            connected: now,
            heard: now,
            cut: admitted.cut,
        }
    }

    /// Takes a whole packet.
    pub(super) fn packet(&mut self, packet: &[u8], context: &mut Context<'_>) -> Result<(), CloseReason> {
        self.heard = context.now;
        if frame::type_of(packet) == packet_type::PUBACK && !self.expects_puback(packet) {
            return self.unexpected_puback(packet, context);
        }
        match super::decode(&mut self.codec, packet)? {
            Incoming::Publish(publish) => self.publish(&publish, context),
            Incoming::Puback(packet_id) => self.acknowledged(packet_id, context),
            Incoming::Subscribe { packet_id, filters } => self.subscribe(packet_id, &filters, context),
            Incoming::Unsubscribe { packet_id, filters } => {
                self.unsubscribe(packet_id, &filters, context);
                Ok(())
            }
            Incoming::Pingreq => {
                context.output.extend(self.codec.pingresp());
                let at = context.timestamp();
                let recorded = context.cloud.registry.record_activity(&self.path, Activity::Heartbeat, at);
                recorded.map_err(crate::cloud::storage)?;
                context.record(Some(&self.name), Event::Ping);
                Ok(())
            }
            Incoming::Disconnect => Err(CloseReason::Disconnect),
            Incoming::Connect(_) => Err(CloseReason::Protocol("a second CONNECT".into())),
            Incoming::Unsupported(what) => Err(CloseReason::Protocol(format!("{what} is not supported"))),
        }
    }

    /// Does what is due.
    pub(super) fn advance(&mut self, context: &mut Context<'_>) -> Result<(), CloseReason> {
        self.check_time(context)?;
        while self.held_pubacks.front().is_some_and(|(at, _)| *at <= context.now) {
            if let Some((_, packet_id)) = self.held_pubacks.pop_front() {
                context.output.extend(self.codec.puback(packet_id));
            }
        }
        self.redeliver(context);
        Ok(())
    }

    pub(super) fn deadline(&self, settings: &Settings) -> Duration {
        let held = self.held_pubacks.front().map(|(at, _)| *at);
        let deadlines = self.time_limits(settings).map(|(at, _)| at);
        let deadlines = deadlines.into_iter().chain([held, self.deliveries.deadline(self.codec.mqtt5())]);
        deadlines.flatten().min().unwrap_or(self.cut)
    }

    /// Whether `name` in a topic is this device or one attached to it.
    pub(super) fn path_of(&self, name: &str) -> Option<&DevicePath> {
        if name == self.name { Some(&self.path) } else { self.attached.get(name) }
    }

    /// The id in the topics of `device`, if this connection speaks for it.
    pub(super) fn name_of(&self, device: &DevicePath) -> Option<String> {
        if *device == self.path {
            return Some(self.name.clone());
        }
        self.attached.iter().find(|(_, path)| *path == device).map(|(name, _)| name.clone())
    }

    /// Takes leave of the cloud; answers the device's id.
    pub(super) fn end(mut self, context: &mut Context<'_>) -> String {
        let attached = core::mem::take(&mut self.attached);
        for device in attached.values().chain([&self.path.clone()]) {
            self.abandon(device, context);
            context.cloud.unroute(device, context.connection);
        }
        self.name
    }

    fn check_time(&self, context: &Context<'_>) -> Result<(), CloseReason> {
        let limits = self.time_limits(&context.cloud.settings);
        let over = |(at, _): &(Option<Duration>, CloseReason)| at.is_some_and(|at| context.now >= at);
        // Of several limits that have passed, the one that passed first counts.
        match limits.into_iter().filter(over).min_by_key(|(at, _)| *at) {
            Some((_, reason)) => Err(reason),
            None => Ok(()),
        }
    }

    fn time_limits(&self, settings: &Settings) -> [(Option<Duration>, CloseReason); 4] {
        [
            (self.keep_alive.map(|span| self.heard + span), CloseReason::KeepAlive),
            (Some(self.heard + settings.limits.idle), CloseReason::Idle),
            (Some(self.cut), CloseReason::TokenExpired),
            (settings.limits.connection.map(|span| self.connected + span), CloseReason::TooOld),
        ]
    }
}
