//! The asynchronous faces: the same bus, the same time.

mod support;

use core::pin::pin;
use core::task::{Context, Poll, Waker};
use core::time::Duration;
use std::rc::Rc;

use eccx08_sim::{Profile, Sim};
use embedded_hal_async::delay::DelayNs;
use embedded_hal_async::i2c::I2c;
use monoclock::ManualClock;
use support::{ADDRESS, command, hex};

/// Runs a future that never has to wait: virtual time moves by itself.
fn ready<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("the model never waits"),
    }
}

#[test]
fn the_chip_answers_asynchronously() {
    let clock = Rc::new(ManualClock::new());
    let sim = Sim::builder(Profile::Atecc508a).build(Rc::clone(&clock));
    let (mut bus, mut delay) = (sim.bus(), sim.delay());
    let reply = ready(async {
        let _ = bus.write(0, &[1]).await;
        delay.delay_us(1500).await;
        bus.write(ADDRESS, &command(0x30, 0, 0, &[])).await.unwrap();
        while bus.write(ADDRESS, &[0]).await.is_err() {
            delay.delay_ms(1).await;
        }
        let mut reply = [0; 7];
        bus.read(ADDRESS, &mut reply).await.unwrap();
        reply
    });
    assert_eq!(reply, hex("07 00 00 50 00 03 91"));
    assert!(clock.elapsed() > Duration::from_millis(3));
}
