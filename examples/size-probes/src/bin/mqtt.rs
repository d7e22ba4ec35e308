//! MQTT: CONNECT, SUBSCRIBE, PUBLISH at QoS 0 and 1 both ways, keep-alive, re-send.

#![no_std]
#![no_main]

use core::convert::Infallible;

use mqtt_lite::{Connect, ConnectError, Event, Filter, Publish, QoS, Session};
use size_probes::{Failed, Serial, Ticks, keep, unknown_bytes, unknown_word};

const CLIENT_ID: &[&str] = &["projects/", "p", "/locations/", "l", "/registries/", "r", "/devices/", "d"];
const CONFIG: &[&str] = &["/devices/", "d", "/config"];
const STATE: &[&str] = &["/devices/", "d", "/state"];

#[cortex_m_rt::entry]
fn main() -> ! {
    let mut receive = [0; 512];
    let mut transmit = [0; 512];
    let mut session = Session::new(&mut receive, &mut transmit);
    loop {
        if let Err(error) = run(&mut session) {
            keep(&[matches!(error, ConnectError::Link(_)).into()]);
        }
    }
}

fn run(session: &mut Session<'_>) -> Result<(), ConnectError<Failed, Infallible>> {
    let mut token = [b'a'; 204];
    unknown_bytes(&mut token);
    let connect = Connect::new(CLIENT_ID).login("unused", &token[..]).keep_alive(60);
    let mut connection = session.connect(Serial, Ticks, connect)?;
    connection.subscribe(&[Filter { topic: CONFIG, qos: QoS::AtLeastOnce }])?;
    loop {
        let payload = [unknown_word() as u8; 64];
        let qos = if unknown_word() & 1 == 0 { QoS::AtMostOnce } else { QoS::AtLeastOnce };
        #[cfg(feature = "qos2")]
        let qos = if unknown_word() & 2 == 0 { qos } else { QoS::ExactlyOnce };
        connection.publish(&Publish::new(STATE, &payload).qos(qos))?;
        match connection.poll()? {
            Some(Event::Message(message)) => {
                keep(message.topic.as_bytes());
                keep(message.payload);
            }
            Some(Event::Subscribed(_, granted)) => keep(&[granted.all().into()]),
            Some(_) => {}
            None if unknown_word() == 0 => break,
            None => {}
        }
    }
    connection.disconnect()?;
    Ok(())
}
