//! The whole application: provisioning and the cloud, on element, modem and a console.

#![no_std]
#![no_main]

use core::fmt;

use eccx08::{Eccx08, Slot};
use gcp_iot_core::{DevicePath, Endpoint};
use sara_u201::{Apn, Certificate, Modem, NoWiring};
use size_probes::{Bus, Room, Serial, Ticks, keep, unknown_bytes, unknown_word};
use tutorial::{Console, Settings};

static ELEMENT: Room<Eccx08<Bus, Ticks>> = Room::new();
static MODEM: Room<Modem<Serial, NoWiring, Ticks>> = Room::new();

struct Monitor;

impl fmt::Write for Monitor {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        keep(text.as_bytes());
        Ok(())
    }
}

impl Console for Monitor {
    fn read_line<'b>(&mut self, buffer: &'b mut [u8]) -> &'b str {
        unknown_bytes(buffer);
        core::str::from_utf8(buffer).unwrap_or_default()
    }
}

#[cortex_m_rt::entry]
fn main() -> ! {
    let Ok(device) = DevicePath::new("mkr-gcp-tutorial", "us-central1", "MKR_GCP_Tutorial", "MyMKRGSM1400")
    else {
        loop {}
    };
    let settings = Settings {
        pin: Some("1234"),
        apn: Apn::new("internet"),
        device,
        endpoint: Endpoint::GOOGLE,
        root: Certificate::root("root", &[0x30; 64]),
        slot: Slot::S0,
        state_interval: Settings::STATE_INTERVAL,
        attempts: None,
    };
    let element = ELEMENT.fill(Eccx08::new(Bus, Ticks));
    let modem = MODEM.fill(Modem::new(Serial, NoWiring, Ticks));
    loop {
        let provisioned = tutorial::provision::run(element, &mut Monitor).is_ok();
        let ended =
            tutorial::cloud::run(element, modem, &Ticks, &settings, &mut Monitor, || unknown_word() != 0)
                .is_ok();
        keep(&[provisioned.into(), ended.into()]);
    }
}
