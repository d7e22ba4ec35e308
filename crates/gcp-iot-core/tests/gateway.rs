//! A gateway speaks for the devices that are bound to it.

mod support;

use gcp_iot_core::{Error, Event, QoS, Subscription};
use iot_core_emulator as cloud;
use jwt_signer::{IotCoreClaims, Payload, Token};
use monoclock::{Clock, Millis};
use support::{DEVICE, EPOCH, World, signer};

const SENSOR: &str = "Sensor-1";

/// Makes the world's device a gateway, and binds a sensor to it.
fn with_gateway() -> (World, cloud::DevicePath) {
    with_authentication(cloud::GatewayAuth::AssociationOnly)
}

fn with_authentication(method: cloud::GatewayAuth) -> (World, cloud::DevicePath) {
    let world = World::new();
    let mut gateway = cloud::DeviceSettings::with_pem(world.signer.0.public_key().to_pem().as_str()).unwrap();
    gateway.gateway = Some(method);
    world.cloud.delete_device(&world.device, world.now()).unwrap();
    world.cloud.create_device(&world.device, gateway, world.now()).unwrap();
    let sensor: cloud::DevicePath = world.device.to_string().replace("MyMKRGSM1400", SENSOR).parse().unwrap();
    // The sensor has a key of its own.
    let pem = signer(9).0.public_key().to_pem();
    world.cloud.create_device_with_pem(&sensor, pem.as_str(), world.now()).unwrap();
    world.cloud.bind_device(&world.device, &sensor).unwrap();
    (world, sensor)
}

#[test]
fn an_attached_device_has_its_own_state_events_configuration_and_commands() {
    let (world, sensor) = with_gateway();
    world.cloud.set_config(&sensor, b"every 10 s", world.now()).unwrap();
    let mut buffers = [[0; 512]; 2];
    let mut session = world.session(&mut buffers);
    let mut gateway = session.connect(world.open(), &mut world.signer.clone(), world.unix_now()).unwrap();
    gateway.subscribe_errors().unwrap();
    let attached = gateway.attach(SENSOR, None).unwrap().unwrap();
    let mut seen = Vec::new();
    while let Some(event) = gateway.wait(world.clock.now() + Millis(200)).unwrap() {
        match event {
            Event::Published(number) if number == attached => {
                gateway.subscribe_of(SENSOR).unwrap();
                gateway.publish_state_of(SENSOR, b"ready", QoS::AtMostOnce).unwrap();
                gateway.publish_event_of(SENSOR, "t", b"20.1", QoS::AtMostOnce).unwrap();
            }
            Event::Config(config) if config.device == SENSOR => seen.push(config.payload.to_vec()),
            _ => {}
        }
    }
    world.cloud.send_command(&sensor, "", b"blink", world.now()).unwrap();
    while let Some(event) = gateway.wait(world.clock.now() + Millis(200)).unwrap() {
        if let Event::Command(command) = event {
            assert_eq!(command.device, SENSOR);
            seen.push(command.payload.to_vec());
        }
    }
    assert_eq!(seen, [b"every 10 s".to_vec(), b"blink".to_vec()]);
    assert_eq!(world.cloud.states(&sensor).unwrap()[0].text(), Some("ready"));
    assert_eq!(world.cloud.telemetry().len(), 1);
    gateway.detach(SENSOR).unwrap();
    gateway.disconnect().unwrap();
}

#[test]
fn a_device_that_is_not_bound_is_reported() {
    let (world, sensor) = with_gateway();
    world.cloud.unbind_device(&world.device, &sensor).unwrap();
    let mut buffers = [[0; 512]; 2];
    let mut session = world.session(&mut buffers);
    let mut gateway = session.connect(world.open(), &mut world.signer.clone(), world.unix_now()).unwrap();
    gateway.subscribe_errors().unwrap();
    gateway.attach(SENSOR, None).unwrap();
    let mut reports = 0;
    while let Some(event) = gateway.wait(world.clock.now() + Millis(200)).unwrap() {
        if let Event::ErrorReport { payload, .. } = event {
            assert!(payload.starts_with(b"{"));
            reports += 1;
        }
    }
    assert_eq!(reports, 1);
}

#[test]
fn a_subscription_for_a_stranger_is_refused_by_name() {
    let (world, _) = with_gateway();
    let mut buffers = [[0; 512]; 2];
    let mut session = world.session(&mut buffers);
    let mut gateway = session.connect(world.open(), &mut world.signer.clone(), world.unix_now()).unwrap();
    assert_eq!(gateway.subscribe_of("a/b"), Err(Error::DeviceId));
    let too_long = "t".repeat(400);
    assert_eq!(gateway.attach(SENSOR, Some(&too_long)), Err(Error::AuthorizationTooLong));
    gateway.subscribe_of("Stranger").unwrap();
    let error = loop {
        match gateway.wait(world.clock.now() + Millis(200)) {
            Ok(event) => assert!(event.is_some(), "never refused"),
            Err(error) => break error,
        }
    };
    assert_eq!(error, Error::SubscriptionRefused(Subscription::Config));
}

/// What becomes of an attachment with the token that a key signs for the sensor.
fn attaches(method: cloud::GatewayAuth, seed: u8) -> bool {
    let (world, sensor) = with_authentication(method);
    let claims = IotCoreClaims::new(DEVICE.project(), u32::try_from(EPOCH).unwrap(), 3600);
    let claims: Payload = Payload::new(&claims).unwrap();
    let mut token = [0; 256];
    let token = Token::new(claims.as_bytes()).sign(&mut signer(seed), &mut token).unwrap();
    let mut buffers = [[0; 512]; 2];
    let mut session = world.session(&mut buffers);
    let mut gateway = session.connect(world.open(), &mut world.signer.clone(), world.unix_now()).unwrap();
    gateway.subscribe_errors().unwrap();
    let attached = gateway.attach(SENSOR, Some(token)).unwrap().unwrap();
    let mut answer = None;
    while let Some(event) = gateway.wait(world.clock.now() + Millis(200)).unwrap() {
        match event {
            Event::Published(number) if number == attached => answer = Some(true),
            Event::ErrorReport { .. } => answer = Some(false),
            _ => {}
        }
    }
    let attached = answer.expect("no answer");
    if attached {
        gateway.publish_state_of(SENSOR, b"ready", QoS::AtMostOnce).unwrap();
        assert_eq!(world.cloud.states(&sensor).unwrap()[0].text(), Some("ready"));
    }
    attached
}

#[test]
fn a_bound_device_attaches_with_a_token_of_its_own() {
    use cloud::GatewayAuth::{AssociationAndDeviceAuthToken, DeviceAuthTokenOnly};
    for method in [DeviceAuthTokenOnly, AssociationAndDeviceAuthToken] {
        assert!(attaches(method, 9));
        assert!(!attaches(method, 7), "the gateway's key is not the sensor's");
    }
}
