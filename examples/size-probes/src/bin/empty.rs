//! Nothing: what start-up costs. It is subtracted from every other probe.

#![no_std]
#![no_main]

use size_probes as _;

#[cortex_m_rt::entry]
fn main() -> ! {
    loop {}
}
