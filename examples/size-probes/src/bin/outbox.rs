//! The session of the tutorial with an outbox on flash.

#![no_std]
#![no_main]

use core::convert::Infallible;

use gcp_iot_core::{
    ConnectError, DevicePath, DropPolicy, Endpoint, Event, FlashOutbox, MqttLink, MqttLite, QoS, Session,
};
use size_probes::{Failed, Flash, Serial, Signer, Ticks, keep, unknown_bytes, unknown_word};

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
    let mut event = [0; 128];
    let Ok(mut outbox) = FlashOutbox::mount(Flash, 0x3_8000..0x3_C000, &mut event, DropPolicy::Oldest) else {
        loop {}
    };
    loop {
        if run(&mut session, &mut outbox).is_err() {
            let next = session.next_attempt();
            monoclock::Clock::wait(&Ticks, next);
        }
    }
}

fn run(
    session: &mut Session<'_, MqttLite<'_>, Ticks>,
    outbox: &mut FlashOutbox<'_, Flash>,
) -> Result<(), ConnectError<LinkError, Infallible>> {
    let mut cloud = session.connect(Serial, &mut Signer, u64::from(unknown_word()))?;
    loop {
        let mut payload = [0; 16];
        unknown_bytes(&mut payload);
        let qos = if unknown_word() & 1 == 0 { QoS::AtMostOnce } else { QoS::AtLeastOnce };
        if cloud.publish_state(&payload, qos).is_err() || cloud.publish_event("", &payload, qos).is_err() {
            return Ok(());
        }
        if outbox.push("probe", &payload).is_err() || cloud.flush_from(outbox).is_err() {
            return Ok(());
        }
        match cloud.poll() {
            Ok(Some(Event::Published(number))) => {
                if outbox.acknowledge(number).is_err() {
                    return Ok(());
                }
            }
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
