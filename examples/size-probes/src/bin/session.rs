//! The session of the tutorial, on any stream and any signer: token, MQTT, topics, renewal, back-off.

#![no_std]
#![no_main]

use core::convert::Infallible;

use gcp_iot_core::{ConnectError, DevicePath, Endpoint, Event, MqttLink, MqttLite, QoS, Session};
use size_probes::{Failed, Serial, Signer, Ticks, keep, unknown_bytes, unknown_word};

type LinkError = <MqttLite<'static> as MqttLink>::Error<Failed>;

#[cortex_m_rt::entry]
fn main() -> ! {
    let mut receive = [0; 512];
    let mut transmit = [0; 512];
    let Ok(device) = DevicePath::new("mkr-gcp-tutorial", "us-central1", "MKR_GCP_Tutorial", "MyMKRGSM1400")
    else {
        loop {}
    };
    let link = MqttLite::new(&mut receive, &mut transmit);
    let mut session = Session::new(device, Endpoint::GOOGLE, link, Ticks).with_seed(unknown_word());
    loop {
        if run(&mut session).is_err() {
            let next = session.next_attempt();
            monoclock::Clock::wait(&Ticks, next);
        }
    }
}

fn run(session: &mut Session<'_, MqttLite<'_>, Ticks>) -> Result<(), ConnectError<LinkError, Infallible>> {
    let mut cloud = session.connect(Serial, &mut Signer, u64::from(unknown_word()))?;
    loop {
        let mut payload = [0; 16];
        unknown_bytes(&mut payload);
        let qos = if unknown_word() & 1 == 0 { QoS::AtMostOnce } else { QoS::AtLeastOnce };
        if cloud.publish_state(&payload, qos).is_err() || cloud.publish_event("", &payload, qos).is_err() {
            return Ok(());
        }
        match cloud.poll() {
            Ok(Some(Event::Config(config))) => keep(config.payload),
            Ok(Some(Event::Command(command))) => {
                keep(command.subfolder.as_bytes());
                keep(command.payload);
            }
            Ok(_) if unknown_word() == 0 => {
                let _ = cloud.disconnect();
                return Ok(());
            }
            Ok(_) => {}
            Err(_) => return Ok(()),
        }
    }
}
