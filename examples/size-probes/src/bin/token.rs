//! A token signed by the secure element: claims, base64url, SHA-256, Random, Nonce, Sign.

#![no_std]
#![no_main]

use eccx08::{Eccx08, Slot};
use size_probes::{Bus, Room, Ticks, keep, sign_token};

static ELEMENT: Room<Eccx08<Bus, Ticks>> = Room::new();

#[cortex_m_rt::entry]
fn main() -> ! {
    let element = ELEMENT.fill(Eccx08::new(Bus, Ticks));
    loop {
        keep(&[sign_token(&mut element.key(Slot::S0)).into()]);
    }
}
