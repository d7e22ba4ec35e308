//! PUBLISH from the device: events, states, and what is not allowed. ("Publishing over MQTT")

use super::online::Online;
use crate::cloud::{Code, Context, storage};
use crate::codec::Publish;
use crate::journal::{Event, Rate};
use crate::topic::PublishTopic;
use crate::{Activity, CloseReason, DevicePath, Faults, Telemetry};

impl Online {
    pub(super) fn publish(
        &mut self,
        publish: &Publish,
        context: &mut Context<'_>,
    ) -> Result<(), CloseReason> {
        if publish.qos > 1 {
            return self.refuse(Code::InvalidArgument, CloseReason::Qos2, context);
        }
        let foreign = || CloseReason::ForeignTopic(publish.topic.clone());
        let Some(topic) = PublishTopic::parse(&publish.topic) else {
            return self.refuse(Code::InvalidArgument, foreign(), context);
        };
        self.count_message(publish.payload.len(), context)?;
        if Faults::hit(&mut context.cloud.faults.lose_publishes) {
            return Ok(());
        }
        match topic {
            PublishTopic::Events { device, subfolder } => match self.path_of(device).cloned() {
                Some(path) => self.event(&path, subfolder, publish, context)?,
                None => return self.refuse(Code::PermissionDenied, foreign(), context),
            },
            PublishTopic::State { device } => match self.path_of(device).cloned() {
                Some(path) => self.state(&path, publish, context)?,
                None => return self.refuse(Code::PermissionDenied, foreign(), context),
            },
            PublishTopic::Attach { .. } | PublishTopic::Detach { .. } if self.gateway.is_none() => {
                return self.refuse(Code::PermissionDenied, CloseReason::NotGateway, context);
            }
            PublishTopic::Attach { device } => {
                if !self.attach(device, publish, context)? {
                    return Ok(());
                }
            }
            PublishTopic::Detach { device } => self.detach(device, context),
        }
        self.acknowledge(publish, context);
        Ok(())
    }

    /// Closes with `reason`, which becomes the device's last error.
    pub(super) fn refuse(
        &self,
        code: Code,
        reason: CloseReason,
        context: &mut Context<'_>,
    ) -> Result<(), CloseReason> {
        context.record_error(&self.path, code, &reason);
        Err(reason)
    }

    fn event(
        &self,
        path: &DevicePath,
        subfolder: &str,
        publish: &Publish,
        context: &mut Context<'_>,
    ) -> Result<(), CloseReason> {
        let length = publish.payload.len();
        if length > context.cloud.settings.limits.telemetry {
            return self.refuse(Code::InvalidArgument, CloseReason::PayloadTooLarge(length), context);
        }
        let registry = context.cloud.registry.registry(path.registry()).map_err(storage)?;
        let Some(topic) = registry.event_topic(subfolder) else {
            return self.refuse(Code::NotFound, CloseReason::NoEventTopic, context);
        };
        let number = context.device(path)?.number;
        let at = context.timestamp();
        context.cloud.registry.record_activity(path, Activity::Event, at).map_err(storage)?;
        context.cloud.publish(Telemetry {
            at,
            topic: topic.into(),
            device: path.clone(),
            number,
            subfolder: subfolder.into(),
            payload: publish.payload.clone(),
        });
        let received = Event::EventReceived {
            topic: topic.into(),
            subfolder: subfolder.into(),
            qos: publish.qos,
            length,
            duplicate: publish.duplicate,
        };
        context.record(Some(path.device()), received);
        Ok(())
    }

    fn state(
        &self,
        path: &DevicePath,
        publish: &Publish,
        context: &mut Context<'_>,
    ) -> Result<(), CloseReason> {
        let length = publish.payload.len();
        if length > context.cloud.settings.limits.state {
            return self.refuse(Code::InvalidArgument, CloseReason::PayloadTooLarge(length), context);
        }
        let at = context.timestamp();
        let interval = context.cloud.settings.limits.state_interval;
        if context.device(path)?.last_state.is_some_and(|last| at < last + interval) {
            self.exceeded(path, Rate::State, context.cloud.settings.rules.state_rate, context)?;
        }
        context.cloud.registry.add_state(path, &publish.payload, at).map_err(storage)?;
        let received = Event::StateReceived { qos: publish.qos, length, duplicate: publish.duplicate };
        context.record(Some(path.device()), received);
        Ok(())
    }

    /// Sends PUBACK for a message that was taken, unless a fault has it otherwise.
    fn acknowledge(&mut self, publish: &Publish, context: &mut Context<'_>) {
        let Some(packet_id) = publish.packet_id else { return };
        if Faults::hit(&mut context.cloud.faults.lose_pubacks) {
            return;
        }
        let delay = context.cloud.faults.puback_delay;
        if delay.is_zero() && self.held_pubacks.is_empty() {
            context.output.extend(self.codec.puback(packet_id));
        } else {
            self.held_pubacks.push_back((context.now + delay, packet_id));
        }
    }
}
