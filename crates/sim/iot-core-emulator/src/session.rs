//! One MQTT connection: bytes and time in, bytes and the next deadline out.

use core::time::Duration;

use crate::cloud::{Cloud, Context};
use crate::codec::{Codec, Incoming};
use crate::frame::{self, Framer, packet_type};
use crate::journal::{ConnectionId, Event};
use crate::{CloseReason, DevicePath};

mod connect;
mod delivery;
mod gateway;
mod online;
mod publish;
mod rates;
mod subscribe;

pub(crate) use delivery::Command;
use online::Online;

#[derive(Debug)]
pub(crate) struct Session {
    connection: ConnectionId,
    opened: Duration,
    framer: Framer,
    output: Vec<u8>,
    phase: Phase,
    /// The transport has not been told yet that the connection is over.
    untold: bool,
}

#[derive(Debug)]
enum Phase {
    /// Before CONNECT.
    Opening,
    /// After CONNACK 0.
    Online(Box<Online>),
    /// Over; output may be left.
    Closed,
}

impl Session {
    pub(crate) fn new(connection: ConnectionId, now: Duration) -> Self {
        let (framer, output) = (Framer::default(), Vec::new());
        Self { connection, opened: now, framer, output, phase: Phase::Opening, untold: false }
    }

    /// A connection that is over as soon as it begins.
    pub(crate) fn turned_away(connection: ConnectionId, now: Duration) -> Self {
        Self { phase: Phase::Closed, untold: true, ..Self::new(connection, now) }
    }

    pub(crate) const fn opened(&self) -> Duration {
        self.opened
    }

    pub(crate) const fn is_closed(&self) -> bool {
        matches!(self.phase, Phase::Closed)
    }

    /// Takes what is to be sent.
    pub(crate) fn take_output(&mut self) -> Vec<u8> {
        self.untold = false;
        core::mem::take(&mut self.output)
    }

    /// Takes bytes from the device; they are understood by `advance`.
    pub(crate) fn receive(&mut self, bytes: &[u8]) {
        if !self.is_closed() {
            self.framer.push(bytes);
        }
    }

    /// Does what is due by `now`, then what the bytes ask for.
    pub(crate) fn advance(&mut self, cloud: &mut Cloud, now: Duration) {
        self.check_time(cloud, now);
        self.read_packets(cloud, now);
    }

    /// Goes on after a silence: what came during it came in time.
    pub(crate) fn catch_up(&mut self, cloud: &mut Cloud, now: Duration) {
        self.read_packets(cloud, now);
        self.check_time(cloud, now);
    }

    fn read_packets(&mut self, cloud: &mut Cloud, now: Duration) {
        while !self.is_closed() {
            let mqtt5 = match &self.phase {
                Phase::Online(online) => online.codec.mqtt5(),
                _ => cloud.settings.rules.mqtt5,
            };
            match self.framer.pop(self.limit(cloud), mqtt5) {
                Ok(Some(packet)) => self.packet(cloud, &packet, now),
                Ok(None) => break,
                Err(error) => self.close(cloud, CloseReason::Frame(error), now),
            }
        }
    }

    fn check_time(&mut self, cloud: &mut Cloud, now: Duration) {
        let due = match &mut self.phase {
            Phase::Opening if now >= self.opened + cloud.settings.limits.connect_timeout => {
                Err(CloseReason::ConnectTimeout)
            }
            Phase::Online(online) => {
                let (connection, output) = (self.connection, &mut self.output);
                online.advance(&mut Context { cloud, output, connection, now })
            }
            _ => Ok(()),
        };
        if let Err(reason) = due {
            self.close(cloud, reason, now);
        }
    }

    /// When `advance` has something to do next.
    pub(crate) fn deadline(&self, cloud: &Cloud) -> Option<Duration> {
        match &self.phase {
            Phase::Opening => Some(self.opened + cloud.settings.limits.connect_timeout),
            Phase::Online(online) => Some(online.deadline(&cloud.settings)),
            Phase::Closed => None,
        }
    }

    /// Whether there is something to tell the transport.
    pub(crate) const fn has_output(&self) -> bool {
        !self.output.is_empty() || self.untold
    }

    /// Sends the newest configuration of `device`, if that is subscribed to.
    pub(crate) fn push_config(&mut self, cloud: &mut Cloud, device: &DevicePath, now: Duration) {
        self.with_online(cloud, now, |online, context| online.push_config(device, context));
    }

    /// Sends a command; `false` if commands of `device` are not subscribed to.
    pub(crate) fn push_command(
        &mut self,
        cloud: &mut Cloud,
        device: &DevicePath,
        command: &Command<'_>,
        now: Duration,
    ) -> bool {
        let mut sent = false;
        self.with_online(cloud, now, |online, context| {
            sent = online.push_command(device, command, context);
            Ok(())
        });
        sent
    }

    /// Learns that another connection speaks for `device` now.
    pub(crate) fn displace(&mut self, cloud: &mut Cloud, device: &DevicePath, now: Duration) {
        self.with_online(cloud, now, |online, context| online.displace(device, context));
    }

    /// Ends the connection of a device that was blocked or deleted; a gateway only loses it.
    pub(crate) fn expel(&mut self, cloud: &mut Cloud, device: &DevicePath, now: Duration) {
        self.with_online(cloud, now, |online, context| {
            online.displace(device, context).map_err(|_| CloseReason::DeviceGone)
        });
    }

    /// Ends the connection. What is in the output may still be sent.
    pub(crate) fn close(&mut self, cloud: &mut Cloud, reason: CloseReason, now: Duration) {
        if self.is_closed() {
            return;
        }
        self.framer.clear();
        self.untold = true;
        let (connection, output) = (self.connection, &mut self.output);
        let mut context = Context { cloud, output, connection, now };
        let device = match core::mem::replace(&mut self.phase, Phase::Closed) {
            Phase::Online(online) => Some(online.end(&mut context)),
            _ => None,
        };
        context.record(device.as_deref(), Event::Closed { reason });
    }

    /// Ends the connection without a word: output is lost too.
    pub(crate) fn drop_silently(&mut self, cloud: &mut Cloud, reason: CloseReason, now: Duration) {
        self.close(cloud, reason, now);
        self.output.clear();
    }

    fn limit(&self, cloud: &Cloud) -> usize {
        /// Room for the fixed header, a topic of 64 KB and MQTT 5 properties around the largest payload.
        const AROUND_PAYLOAD: usize = 80 * 1024;
        match self.phase {
            Phase::Online(_) => cloud.settings.limits.telemetry + AROUND_PAYLOAD,
            _ => cloud.settings.limits.connect,
        }
    }

    fn packet(&mut self, cloud: &mut Cloud, packet: &[u8], now: Duration) {
        let limit = self.limit(cloud);
        let (connection, output) = (self.connection, &mut self.output);
        let mut context = Context { cloud, output, connection, now };
        let outcome = match &mut self.phase {
            Phase::Opening if frame::type_of(packet) != packet_type::CONNECT => Err(CloseReason::NotConnect),
            Phase::Opening => match connect::connect(packet, limit, &mut context) {
                Ok(online) => {
                    self.phase = Phase::Online(Box::new(online));
                    Ok(())
                }
                Err(reason) => Err(reason),
            },
            Phase::Online(online) => online.packet(packet, &mut context),
            Phase::Closed => Ok(()),
        };
        if let Err(reason) = outcome {
            self.close(cloud, reason, now);
        }
    }

    fn with_online(
        &mut self,
        cloud: &mut Cloud,
        now: Duration,
        act: impl FnOnce(&mut Online, &mut Context<'_>) -> Result<(), CloseReason>,
    ) {
        let Phase::Online(online) = &mut self.phase else { return };
        let (connection, output) = (self.connection, &mut self.output);
        let outcome = act(online, &mut Context { cloud, output, connection, now });
        if let Err(reason) = outcome {
            self.close(cloud, reason, now);
        }
    }
}

/// Decodes a packet; an error of the codec closes the connection.
fn decode(codec: &mut Codec, packet: &[u8]) -> Result<Incoming, CloseReason> {
    codec.decode(packet).map_err(|error| CloseReason::Protocol(error.to_string()))
}
