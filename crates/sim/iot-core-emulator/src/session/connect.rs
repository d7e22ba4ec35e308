//! CONNECT: protocol level, client id, token. (MQTT 3.1.1, section 3.1)

use core::time::Duration;

use super::online::Online;
use crate::cloud::{Code, Context};
use crate::codec::{Codec, Connect, Incoming, ReturnCode};
use crate::frame::packet_type;
use crate::journal::{Event, Refusal};
use crate::{
    CloseReason, Device, DevicePath, PathError, Profile, RegistryError, Takeover, TokenError, frame, token,
};

/// Offset of the connect flags, after the protocol name "MQTT" and its level.
const FLAGS: usize = 7;
/// Offset of the payload, after the keep alive.
const PAYLOAD: usize = 10;
/// Connect flags. (section 3.1.2.3)
const USER_NAME: u8 = 0x80;
const PASSWORD: u8 = 0x40;
const WILL: u8 = 0x04;
const CLEAN_SESSION: u8 = 0x02;
const RESERVED: u8 = 0x01;

/// Answers CONNECT. On success CONNACK 0 is in the output and the connection is online.
pub(super) fn connect(packet: &[u8], limit: usize, context: &mut Context<'_>) -> Result<Online, CloseReason> {
    let mqtt5 = protocol_level(packet, context)?;
    // The codec of the connection takes larger packets than the one that reads CONNECT.
    let mut codec = Codec::new(mqtt5, limit.max(context.cloud.settings.limits.telemetry * 2));
    let packet = as_the_codec_wants(packet, mqtt5, context);
    let Incoming::Connect(connect) = super::decode(&mut codec, &packet)? else {
        return Err(CloseReason::NotConnect);
    };
    let (client_id, keep_alive) = (connect.client_id.clone(), connect.keep_alive);
    context.record(None, Event::Connect { client_id, keep_alive });
    if connect.will && context.cloud.settings.rules.refuse_will {
        return Err(CloseReason::Will);
    }
    match admit(&connect, context) {
        Ok(admitted) => {
            context.output.extend(codec.accept());
            context.cloud.route(&admitted.device.path, context.connection);
            context.record(Some(&admitted.name), Event::Connected);
            Ok(Online::new(codec, connect.keep_alive, admitted, context.now))
        }
        Err(reason) => {
            let code = return_code(&reason, context.cloud.settings.profile);
            context.output.extend(codec.refuse(code));
            context.record(None, Event::Refused { code: code as u8, reason });
            Err(CloseReason::Refused)
        }
    }
}

/// Who was let in.
pub(super) struct Admitted {
    pub(super) device: Device,
    /// The id by which the client named itself, which is the one in its topics.
    pub(super) name: String,
    /// When the connection is cut, in virtual time.
    pub(super) cut: Duration,
}

fn admit(connect: &Connect, context: &mut Context<'_>) -> Result<Admitted, Refusal> {
    if context.cloud.faults.unavailable_until.is_some_and(|until| context.now < until) {
        return Err(Refusal::Unavailable);
    }
    let path = client_path(&connect.client_id, context)?;
    let device = context.cloud.registry.device(&path).map_err(|error| match error {
        RegistryError::NoDevice => Refusal::NoDevice,
        RegistryError::NoRegistry => Refusal::NoRegistry,
        _ => Refusal::Unavailable,
    })?;
    if device.settings.blocked {
        context.record_error(&device.path, Code::PermissionDenied, "the device is blocked");
        return Err(Refusal::Blocked);
    }
    let now = context.timestamp();
    let settings = &context.cloud.settings;
    let project = device.path.registry().project();
    let token = token::verify(&connect.password, project, &device.settings.credentials, settings, now);
    let token = token.map_err(|error: TokenError| {
        context.record_error(&device.path, Code::Unauthenticated, &error);
        Refusal::Token(error)
    })?;
    let verified = Event::TokenVerified { issued: token.issued, expires: token.expires };
    context.record(Some(path.device()), verified);
    let settings = &context.cloud.settings;
    if settings.rules.takeover == Takeover::RefuseSecond && context.cloud.routes.contains_key(&device.path) {
        return Err(Refusal::IdInUse);
    }
    let expires = (token.expires + settings.limits.clock_skew).since_epoch();
    let cut = expires.saturating_sub(settings.start.since_epoch());
    Ok(Admitted { device, name: path.device().into(), cut })
}

/// Reads the client id: a device path, or in the lab with MQTT 5 a device id that is unique.
fn client_path(client_id: &str, context: &Context<'_>) -> Result<DevicePath, Refusal> {
    match client_id.parse() {
        Err(PathError::Form) if context.cloud.settings.rules.mqtt5 => {
            context.cloud.registry.find_device(client_id).ok().flatten().ok_or(Refusal::NoDevice)
        }
        path => path.map_err(Refusal::ClientId),
    }
}

/// Google answered 5 to every bad token and id; ClearBlade answers 4. Both mean: a new token, or another id.
const fn return_code(reason: &Refusal, profile: Profile) -> ReturnCode {
    match (reason, profile) {
        (Refusal::ProtocolLevel(_), _) => ReturnCode::UnacceptableProtocolVersion,
        (Refusal::Unavailable, _) => ReturnCode::ServerUnavailable,
        (Refusal::IdInUse, _) => ReturnCode::IdentifierRejected,
        (_, Profile::Google) => ReturnCode::NotAuthorized,
        (_, Profile::ClearBlade) => ReturnCode::BadUserNameOrPassword,
    }
}

/// Checks the protocol name and level and the reserved flag; tells whether MQTT 5 is to be spoken.
fn protocol_level(packet: &[u8], context: &mut Context<'_>) -> Result<bool, CloseReason> {
    let malformed = || CloseReason::Protocol("malformed CONNECT".into());
    let body = frame::body_of(packet);
    let (level, mqtt) = match body {
        [0, 4, b'M', b'Q', b'T', b'T', level, ..] => (*level, true),
        // MQTT 3.1 had another name.
        [0, 6, b'M', b'Q', b'I', b's', b'd', b'p', level, ..] => (*level, false),
        _ => return Err(malformed()),
    };
    match (level, mqtt) {
        (4, true) => {
            let flags = *body.get(FLAGS).ok_or_else(malformed)?;
            if flags & RESERVED == 0 { Ok(false) } else { Err(malformed()) }
        }
        (5, true) if context.cloud.settings.rules.mqtt5 => Ok(true),
        _ => {
            // CONNACK of MQTT 3.1.1 (section 3.2), which every level understands.
            let code = ReturnCode::UnacceptableProtocolVersion as u8;
            context.output.extend([0x20, 2, 0, code]);
            context.record(None, Event::Refused { code, reason: Refusal::ProtocolLevel(level) });
            Err(CloseReason::Refused)
        }
    }
}

/// Rewrites what the bridge takes and the codec does not, or takes otherwise.
///
/// The bridge keeps no session, so that CleanSession 0 means the same as 1. The user name is ignored, and
/// may be missing where there is a password, which MQTT 3.1.1 forbids [MQTT-3.1.2-22].
fn as_the_codec_wants(packet: &[u8], mqtt5: bool, context: &Context<'_>) -> Vec<u8> {
    let mut body = frame::body_of(packet).to_vec();
    let Some(flags) = body.get_mut(FLAGS).filter(|_| !mqtt5) else { return packet.to_vec() };
    *flags |= CLEAN_SESSION;
    let (will, bare_password) = (*flags & WILL != 0, *flags & (USER_NAME | PASSWORD) == PASSWORD);
    if bare_password && context.cloud.settings.rules.password_alone {
        *flags |= USER_NAME;
        // The user name comes after the client id and, where there is a will, its topic and message.
        let before = if will { 3 } else { 1 };
        let at = (0..before).fold(PAYLOAD, |at, _| at + 2 + length_at(&body, at));
        if at <= body.len() {
            body.splice(at..at, [0, 0]);
        }
    }
    frame::packet(packet_type::CONNECT << 4, &body)
}

/// The length of the field that begins at `at`; 0 past the end, where the codec finds the field missing.
fn length_at(body: &[u8], at: usize) -> usize {
    match body.get(at..at + 2) {
        Some([high, low]) => usize::from(u16::from_be_bytes([*high, *low])),
        _ => 0,
    }
}
