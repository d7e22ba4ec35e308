//! The secure element alone: one signature over a digest.

#![no_std]
#![no_main]

use eccx08::{Eccx08, Slot};
use size_probes::{Bus, Room, Ticks, keep, unknown_bytes};

static ELEMENT: Room<Eccx08<Bus, Ticks>> = Room::new();

#[cortex_m_rt::entry]
fn main() -> ! {
    let element = ELEMENT.fill(Eccx08::new(Bus, Ticks));
    loop {
        let mut digest = [0; 32];
        unknown_bytes(&mut digest);
        if let Ok(signature) = element.key(Slot::S0).sign(&digest) {
            keep(&signature);
        }
    }
}
