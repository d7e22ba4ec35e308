//! minimq, for comparison: MQTT 5 where `mqtt` speaks 3.1.1, with the same packets.

#![no_std]
#![no_main]

use core::future::Future;
use core::pin::pin;
use core::task::{Context, Poll, Waker};

use embassy_time_driver::{Driver, time_driver_impl};
use minimq::{Buffers, ConfigBuilder, Publication, QoS, Session, TopicFilter};
use size_probes::{Serial, keep, unknown_bytes, unknown_word};

const CONFIG: &str = "/devices/d/config";
const STATE: &str = "/devices/d/state";

struct Timer;

impl Driver for Timer {
    fn now(&self) -> u64 {
        u64::from(unknown_word())
    }

    fn schedule_wake(&self, at: u64, waker: &Waker) {
        keep(&at.to_le_bytes());
        waker.wake_by_ref();
    }
}

time_driver_impl!(static TIMER: Timer = Timer);

#[cortex_m_rt::entry]
fn main() -> ! {
    let mut context = Context::from_waker(Waker::noop());
    loop {
        let mut running = pin!(run());
        while let Poll::Pending = running.as_mut().poll(&mut context) {}
    }
}

async fn run() -> Option<()> {
    let mut receive = [0; 512];
    let mut transmit = [0; 512];
    let mut token = [b'a'; 204];
    unknown_bytes(&mut token);
    let config = ConfigBuilder::new(Buffers::new(&mut receive, &mut transmit));
    let config = config.client_id("d").ok()?.auth("unused", &token).ok()?.keepalive_interval(60);
    let mut session = Session::new(config);
    let mut connection = session.connect(Serial).await.ok()?;
    connection.subscribe(&[TopicFilter::new(CONFIG)], &[]).await.ok()?;
    loop {
        let mut payload = [0; 64];
        unknown_bytes(&mut payload);
        let qos = if unknown_word() & 1 == 0 { QoS::AtMostOnce } else { QoS::AtLeastOnce };
        connection.publish(Publication::bytes(STATE, &payload).qos(qos)).await.ok()?;
        match connection.poll().await.ok()? {
            Some(message) => {
                keep(message.topic().as_bytes());
                keep(message.payload());
            }
            None if unknown_word() == 0 => break,
            None => {}
        }
    }
    connection.disconnect().await.ok()
}
