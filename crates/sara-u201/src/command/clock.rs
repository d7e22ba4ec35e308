//! The modem's clock.

use super::{Command, Reply, Spec};
use crate::at::Fields;
use crate::time::ClockReading;

/// `AT+CCLK?`: what does the clock show? Whether that is the time is for [`ClockReading`] to judge.
#[derive(Clone, Copy, Debug)]
pub struct ReadClock;

impl Command for ReadClock {
    type Response = ClockReading;

    fn spec(&self) -> &'static Spec {
        const { &Spec::new("+CCLK?").reply(Reply::Line) }
    }

    fn decode(&self, mut answer: Fields<'_>) -> Option<ClockReading> {
        ClockReading::parse(answer.bytes()?)
    }
}
