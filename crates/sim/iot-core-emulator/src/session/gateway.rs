//! Attach and detach: a gateway speaks for devices that cannot connect themselves. ("Using gateways")

use serde::{Deserialize, Serialize};

use super::online::Online;
use crate::cloud::{Code, Context};
use crate::codec::Publish;
use crate::journal::Event;
use crate::{CloseReason, DevicePath, GatewayAuth, RegistryError, token};

/// What attach carries: a token of the device where the gateway's method asks for one.
#[derive(Default, Deserialize)]
struct Attach {
    authorization: Option<String>,
}

/// What the errors topic carries.
#[derive(Serialize)]
struct GatewayError<'a> {
    error_type: &'static str,
    device_id: &'a str,
    message_type: &'static str,
    packet_id: u16,
    description: &'a str,
}

impl Online {
    /// Attaches a device; `false` if it was refused and the gateway was told so on its errors topic.
    pub(super) fn attach(
        &mut self,
        name: &str,
        publish: &Publish,
        context: &mut Context<'_>,
    ) -> Result<bool, CloseReason> {
        match self.admit(name, &publish.payload, context) {
            Ok(path) => {
                context.cloud.route(&path, context.connection);
                self.attached.insert(name.into(), path);
                context.record(Some(&self.name), Event::Attached { device: name.into() });
                Ok(true)
            }
            Err(reason) => {
                let refused = Event::AttachRefused { device: name.into(), reason: reason.clone() };
                context.record(Some(&self.name), refused);
                let error = GatewayError {
                    error_type: "GATEWAY_ATTACHMENT_ERROR",
                    device_id: name,
                    message_type: "PUBLISH",
                    packet_id: publish.packet_id.unwrap_or_default(),
                    description: &reason,
                };
                let payload = serde_json::to_vec(&error).unwrap_or_default();
                if self.push_error(&payload, context) {
                    return Ok(false);
                }
                let reason = CloseReason::GatewayError(reason);
                self.refuse(Code::FailedPrecondition, reason, context).map(|()| false)
            }
        }
    }

    pub(super) fn detach(&mut self, name: &str, context: &mut Context<'_>) {
        let Some(path) = self.attached.remove(name) else { return };
        context.cloud.unroute(&path, context.connection);
        self.forget(name, &path, context);
        context.record(Some(&self.name), Event::Detached { device: name.into() });
    }

    /// Another connection speaks for `device` now: this one ends, or loses the attached device.
    pub(super) fn displace(
        &mut self,
        device: &DevicePath,
        context: &mut Context<'_>,
    ) -> Result<(), CloseReason> {
        if *device == self.path {
            return Err(CloseReason::TakenOver);
        }
        if let Some(name) = self.name_of(device) {
            self.attached.remove(&name);
            self.forget(&name, device, context);
            context.record(Some(&self.name), Event::Detached { device: name });
        }
        Ok(())
    }

    /// Checks binding and token as the gateway's method asks; says in words what is wrong.
    fn admit(&self, name: &str, payload: &[u8], context: &Context<'_>) -> Result<DevicePath, String> {
        let limits = &context.cloud.settings.limits;
        if self.attached.len() >= limits.attached_devices && !self.attached.contains_key(name) {
            return Err(format!("{} devices are attached already", limits.attached_devices));
        }
        let attach = match payload {
            [] => Attach::default(),
            payload => serde_json::from_slice(payload).map_err(|error| format!("payload: {error}"))?,
        };
        let registry = &context.cloud.registry;
        let path = self.path.registry().device(name).map_err(|error| error.to_string())?;
        let device = registry.device(&path).map_err(|error: RegistryError| error.to_string())?;
        if device.settings.blocked {
            return Err("the device is blocked".into());
        }
        let (by_binding, by_token) = match self.gateway {
            Some(GatewayAuth::AssociationOnly) => (true, false),
            Some(GatewayAuth::DeviceAuthTokenOnly) => (false, true),
            Some(GatewayAuth::AssociationAndDeviceAuthToken) => (true, true),
            None => return Err("not a gateway".into()),
        };
        if by_binding && !registry.is_bound(&self.path, &device.path).map_err(|error| error.to_string())? {
            return Err("the device is not bound to this gateway".into());
        }
        if by_token {
            let password = attach.authorization.unwrap_or_default();
            let (project, keys) = (device.path.registry().project(), &device.settings.credentials);
            let (settings, now) = (&context.cloud.settings, context.timestamp());
            token::verify(password.as_bytes(), project, keys, settings, now)
                .map_err(|error| error.to_string())?;
        }
        Ok(device.path)
    }

    /// Drops the subscriptions and deliveries of a device that is not attached any more.
    fn forget(&mut self, name: &str, path: &DevicePath, context: &mut Context<'_>) {
        self.subscriptions.remove(name);
        self.abandon(path, context);
    }
}
